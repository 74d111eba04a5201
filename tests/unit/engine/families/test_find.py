"""What is found among siblings, and the form in which it is learned."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.find import learn_families
from synthohive_spark.engine.families.names import LEFT, PLACE, clock_name, previous_name, step_name, within_name
from synthohive_spark.engine.families.siblings import Siblings

EPOCH = datetime.date(2020, 1, 1)
TYPES = {"i": "bigint", "s": "string", "d": "date", "t": "timestamp_ntz", "f": "double"}
FAMILIES = 80


def column(name):
    """A column whose type its first letter tells, whatever ancestor holds it."""
    return Column(name, ColumnType(TYPES[name.rpartition(".")[2][0]]))


def days(numbers):
    return pa.array(np.asarray(numbers, "int32")).cast(pa.date32())


def learn(owner, values, *, untouched=(), privacy=Privacy(), extra=(), holders=None, held_by=None):  # noqa: B008
    """What is learned of rows that come in order, family by family; `@up` columns are the ancestors'."""
    arrays = {n: v if isinstance(v, pa.Array) else pa.array(v) for n, v in values.items()}
    rows = pa.table({n: a.cast(column(n).type.arrow) for n, a in arrays.items()})
    own = [column(n) for n in rows.column_names if not n.startswith("@")]
    context = [column(n) for n in rows.column_names if n.startswith("@up")]
    more = [Column(n, ColumnType("string")) for n in extra]
    owner = pa.array(owner)
    siblings = Siblings.of(rows, own, owner, [np.arange(rows.num_rows)])
    for name, ids in (holders or {}).items():
        rows = rows.append_column(name, pa.array(ids))
    given = {"untouched": frozenset(untouched), "privacy": privacy, "held_by": held_by or {}}
    return learn_families(rows, own, more, context, siblings, **given)


def sizes(seed=0, most=6):
    return np.random.default_rng(seed).integers(1, most, FAMILIES)


@pytest.fixture(scope="module")
def orders():
    """Orders of customers: everything that can hold, holds of some column."""
    rng = np.random.default_rng(0)
    n = sizes()
    owner = np.repeat(np.arange(FAMILIES), n)
    joined = rng.integers(0, 900, FAMILIES)
    gaps = 7 * rng.integers(1, 6, len(owner))
    before = np.cumsum(gaps) - np.repeat(np.cumsum(gaps)[np.cumsum(n) - n] - gaps[np.cumsum(n) - n], n)
    place = np.concatenate([np.arange(k) for k in n])
    region = rng.integers(0, 3, FAMILIES)
    regions = np.array(["north", "south", "west"])[region]
    # The price goes with the region, the place, and how many follow.
    price = rng.normal(size=len(owner)) / 4 + 3 * region[owner] + place - 2 * np.maximum(n[owner] - place, 2)
    return learn(
        owner,
        {
            "s_region": regions[owner],
            "i_line": place + 1,
            "d_ordered": days(joined[owner] + before),
            "s_currency": np.array(["EUR", "CHF", "USD"])[rng.integers(0, 3, FAMILIES)][owner],
            "i_sku": np.concatenate([rng.choice(10, k, replace=False) for k in n]),
            "s_note": [f"note {i}" for i in range(len(owner))],
            "f_price": price,
            "s_made": np.repeat("x", len(owner)),
            "@cell.s_sku": rng.choice(["a", "b"], len(owner)),
            "@up1.s_region": regions[owner],
            "@up1.d_joined": days(joined[owner]),
            "@up2.d_born": days(joined[owner] - 9000),
            "@up2.s_name": [f"name {o}" for o in owner],
        },
        untouched=["s_made"],
        extra=["@cell.s_sku"],
    )


def test_what_holds_in_all_families_is_found(orders):
    rules = orders.rules
    assert rules.copies == {"s_region": "@up1.s_region"}
    assert rules.places == {"i_line": 1}
    assert rules.constant == ("s_currency",)
    assert rules.distinct == ("i_sku",)
    (step,) = rules.steps
    assert (step.column.name, step.rising, step.base, step.unit) == ("d_ordered", True, "@up1.d_joined", 7)


def test_columns_come_out_in_their_order_and_what_is_made_is_among_them(orders):
    names = [c.name for c in orders.rules.columns]
    assert " ".join(names) == "s_region i_line d_ordered s_currency i_sku s_note f_price s_made @cell.s_sku"


def test_an_engine_learns_neither_copies_nor_places_and_steps_instead_of_dates(orders):
    generated = [c.name for c in orders.columns if c.name not in orders.conditions]
    assert generated == [step_name("d_ordered"), "s_currency", "i_sku", "s_note", "f_price", "s_made", "@cell.s_sku"]
    assert orders.table.column_names == [c.name for c in orders.columns]
    steps = orders.table.column(step_name("d_ordered")).to_numpy()
    assert steps.min() == 1 and steps.max() == 5  # in weeks


def test_conditions_are_what_says_something_of_a_row_of_ancestors_places_and_siblings(orders):
    telling = {"@up1.s_region", PLACE, LEFT, previous_name("s_currency"), previous_name("f_price")}
    assert telling <= set(orders.conditions)
    assert previous_name("s_note") not in orders.conditions  # no two are alike
    assert {previous_name(c) for c in orders.rules.previous} == {c for c in orders.conditions if "@prev." in c}
    needed = {"@up1.s_region", "@up1.d_joined"}  # what is copied, and from where dates rise
    assert {c.name for c in orders.rules.context} == {c for c in orders.conditions if "@up" in c} | needed


def test_the_sibling_before_is_read_and_the_first_has_none(orders):
    table = orders.table
    place = table.column(PLACE).to_numpy()
    left = table.column(LEFT).to_numpy()
    np.testing.assert_array_equal(place + left, np.repeat(sizes() - 1, sizes()))
    before = table.column(previous_name("f_price")).to_pylist()
    own = table.column("f_price").to_pylist()
    assert [b is None for b in before] == (place == 0).tolist()
    assert all(before[i] == own[i - 1] for i in range(len(own)) if place[i])


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_found_in_random_rows(seed):
    rng = np.random.default_rng(seed)
    n = sizes(seed)
    owner, rows = np.repeat(np.arange(FAMILIES), n), n.sum()
    found = learn(
        owner,
        {
            "i_few": rng.integers(0, 3, rows),
            "i_many": rng.integers(0, 10**9, rows),
            "s_few": rng.choice(["a", "b"], rows),
            "s_many": [f"{v:x}" for v in rng.integers(0, 2**60, rows)],
            "d_day": days(rng.integers(0, 2000, rows)),
            "t_time": pa.array(rng.integers(0, 10**15, rows)).cast(pa.timestamp("us")),
            "f_x": rng.normal(size=rows),
            "@up1.i_few": rng.integers(0, 3, FAMILIES)[owner],
            "@up1.s_few": rng.choice(["a", "b"], FAMILIES)[owner],
            "@up1.d_day": days(rng.integers(0, 2000, FAMILIES)[owner]),
        },
    )
    rules = found.rules
    assert (rules.copies, rules.places, rules.constant, rules.distinct, rules.steps) == ({}, {}, (), (), ())


def family_of_four(**values):
    return learn(np.repeat(np.arange(60), 4), values)


def test_one_family_that_breaks_it_is_enough():
    rng = np.random.default_rng(0)
    kept = np.repeat(rng.integers(0, 3, 60), 4)
    broken = np.where(np.arange(240) == 101, (kept + 1) % 3, kept)
    skus = np.concatenate([rng.choice(12, 4, replace=False) for _ in range(60)])
    twice = np.where(np.arange(240) == 101, skus[100], skus)
    rising = np.cumsum(rng.integers(1, 9, 240))
    falls = np.where(np.arange(240) == 101, rising[100] - 1, rising)
    rules = family_of_four(i_a=kept, i_b=broken, i_c=skus, i_d=twice, i_e=rising, i_f=falls).rules
    assert rules.constant == ("i_a",) and rules.distinct == ("i_c",) and [s.column.name for s in rules.steps] == ["i_e"]


def test_what_chance_explains_is_not_found():
    rng = np.random.default_rng(0)
    one = np.array(["x"] * 240, object)
    one[236:] = "y"  # the same in each family, but nearly always the same anyway
    unique = rng.permutation(10**6)[:240]
    rules = family_of_four(s_one=one, i_unique=unique, s_all=np.repeat("x", 240)).rules
    assert not (rules.constant or rules.distinct or rules.steps)


def test_a_copy_must_be_of_the_same_type_and_the_nearest_ancestors_is_taken():
    own = np.repeat(np.random.default_rng(0).integers(0, 9, 60), 4)
    rules = family_of_four(i_own=own, **{"@up1.f_own": own.astype(float), "@up1.i_own": own, "@up2.i_own": own}).rules
    assert rules.copies == {"i_own": "@up1.i_own"}
    other = np.where(np.arange(240) == 7, own + 1, own)
    assert family_of_four(i_own=own, **{"@up1.i_own": other}).rules.copies == {}


def test_a_copy_may_hold_nulls_where_the_ancestor_does_and_orphans_do_not_count():
    own = [None if i // 4 % 5 == 0 else i // 8 for i in range(240)]
    assert family_of_four(i_own=pa.array(own), **{"@up1.i_own": pa.array(own)}).rules.copies
    owner = pa.array([None if i < 8 else i // 4 for i in range(240)])
    theirs = pa.array([None if i < 8 else v for i, v in enumerate(own)])
    assert learn(owner, {"i_own": pa.array([9] * 8 + own[8:]), "@up1.i_own": theirs}).rules.copies


@pytest.mark.parametrize("distance", [-1, 30])
def test_a_date_that_is_always_as_far_from_an_ancestors_is_a_copy_at_a_distance(distance):
    day = np.random.default_rng(0).integers(0, 900, 60)[np.arange(240) // 4]
    rules = family_of_four(
        **{"d_due": days(day + distance), "@up1.d_made": days(day), "@up2.d_born": days(day - 9)}
    ).rules
    assert (rules.copies, rules.shifts) == ({"d_due": "@up1.d_made"}, {"d_due": distance})
    # The same is better than as far from a nearer one, and one row that differs ends it.
    rules = family_of_four(**{"d_due": days(day), "@up1.d_made": days(day - 9), "@up2.d_born": days(day)}).rules
    assert (rules.copies, rules.shifts) == ({"d_due": "@up2.d_born"}, {})
    moved = day + distance + (np.arange(240) == 77)
    assert not family_of_four(**{"d_due": days(moved), "@up1.d_made": days(day)}).rules.copies
    # One family of sixty that differs from the others in both may do so by chance.
    rare = 7 + (np.arange(240) // 4 == 9)
    assert not family_of_four(**{"d_due": days(rare + distance), "@up1.d_made": days(rare)}).rules.copies


def test_a_column_that_rises_without_an_ancestor_is_learned_as_start_and_steps():
    rng = np.random.default_rng(0)
    start, gaps = rng.integers(0, 10**6, 60), 5 * rng.integers(0, 4, (60, 4))
    numbers = (start[:, None] + np.cumsum(gaps, axis=1)).ravel()
    found = family_of_four(i_x=numbers)
    (step,) = found.rules.steps
    assert (step.rising, step.base, step.unit) == (True, None, 5)
    starts, steps = (found.table.column(n).to_pylist() for n in ("i_x", step_name("i_x")))
    first = np.arange(240) % 4 == 0
    assert [v is not None for v in starts] == first.tolist() and [v is None for v in steps] == first.tolist()
    assert [v for v in starts if v is not None] == numbers[first].tolist()
    assert [v for v in steps if v is not None] == (gaps[:, 1:] // 5).ravel().tolist()


def test_a_column_that_never_lies_before_an_ancestors_is_learned_from_there():
    rng = np.random.default_rng(0)
    far, near = rng.integers(0, 500, 60).repeat(4), rng.integers(600, 900, 60).repeat(4)
    after = near + rng.integers(0, 90, 240)
    values = {"d_day": days(after), "@up1.d_near": days(near), "@up2.d_far": days(far)}
    (step,) = family_of_four(**values).rules.steps
    assert (step.rising, step.base) == (False, "@up1.d_near")
    (step,) = family_of_four(**{"d_day": days(after), "@up1.d_far": days(far), "@up2.d_near": days(near)}).rules.steps
    assert step.base == "@up2.d_near"  # the latest, not the nearest ancestor's
    early = np.where(np.arange(240) == 5, near - 1, after)
    (step,) = family_of_four(**{**values, "d_day": days(early)}).rules.steps
    assert step.base == "@up2.d_far"
    assert family_of_four(d_day=values["d_day"], **{"@up1.d_after": days(after + 1)}).rules.steps == ()


def test_an_instant_is_compared_with_an_ancestors_day():
    rng = np.random.default_rng(0)
    day = rng.integers(0, 900, 60).repeat(4)
    seconds = rng.integers(0, 10**3, 240) * 60
    instants = pa.array((day * 86_400 + seconds) * 1_000_000).cast(pa.timestamp("us"))
    found = family_of_four(t_at=instants, **{"@up1.d_day": days(day)})
    (step,) = found.rules.steps
    assert (step.base, step.unit) == ("@up1.d_day", 60_000_000)
    np.testing.assert_array_equal(found.table.column(step_name("t_at")).to_numpy(), seconds // 60)


def test_instants_that_rise_by_days_have_a_time_of_day_of_their_own():
    rng = np.random.default_rng(0)
    day = np.cumsum(rng.integers(0, 9, 240))
    hour = rng.choice([9, 12, 17], 240)
    hour[np.diff(day, prepend=-1) == 0] = 17
    found = family_of_four(t_at=pa.array((day * 24 + hour) * 3_600_000_000).cast(pa.timestamp("us")))
    (step,) = found.rules.steps
    assert step.daily and step.unit == 1 and not step.strict and step.most < 3000
    in_order = np.sort(day * 24 + hour)  # no time of day leads out of the range, which ends at the fifth value
    assert step.least * 24 >= in_order[4] and step.most * 24 + 23 <= in_order[-5] and step.most - step.least > 800
    assert set(found.table.column(clock_name("t_at")).to_pylist()) == {h * 3_600_000_000 for h in (9, 12, 17)}
    steps = found.table.column(step_name("t_at")).to_pylist()
    assert [s for s in steps if s is not None] == np.diff(day)[np.arange(239) % 4 < 3].tolist()


@pytest.mark.parametrize("kind", ["date", "instant"])
@pytest.mark.parametrize(("period", "months"), [("year", 12), ("month", 1), ("month", 3)])
def test_dates_at_the_same_place_of_their_months_or_years_rise_by_these(kind, period, months):
    rng = np.random.default_rng(0)
    start, place = rng.integers(0, 240, 60), rng.integers(1, 26, 60)
    month = start[:, None] + months * np.cumsum(rng.choice([1, 1, 1, 2], (60, 4)), axis=1)
    day = (month.astype("datetime64[M]").astype("datetime64[D]").astype(int) + place[:, None]).ravel()
    day += rng.integers(0, 3, 240)
    hour = rng.choice([9, 17], 240)
    values = days(day) if kind == "date" else pa.array((day * 24 + hour) * 3_600_000_000).cast(pa.timestamp("us"))
    found = family_of_four(d_at=values) if kind == "date" else family_of_four(t_at=values)
    (step,) = found.rules.steps
    assert (step.period, step.daily, step.rising) == (period, kind == "instant", True)
    name = step.column.name
    rises = np.array(found.table.column(step_name(name)).to_pylist(), float).reshape(60, 4)
    expected = np.diff(month, axis=1) // (12 if period == "year" else 1)
    np.testing.assert_array_equal(rises[:, 1:] * step.unit, expected)
    places = found.table.column(within_name(name)).to_numpy()
    whole = day.astype("datetime64[D]")
    expected = (whole - whole.astype("datetime64[M]")).astype(int)
    expected += whole.astype("datetime64[M]").astype(int) % 12 * 31 if period == "year" else 0
    np.testing.assert_array_equal(places, expected)
    before = found.table.column(previous_name(within_name(name)))
    there = before.is_valid().to_numpy()
    assert there.sum() > 100
    np.testing.assert_array_equal(before.drop_null().to_numpy(), np.roll(places, 1)[there])


def test_dates_anywhere_in_months_and_years_rise_by_days():
    rng = np.random.default_rng(0)
    for most in (3, 60, 800):
        (step,) = family_of_four(d_at=days(np.cumsum(rng.integers(1, most, 240)))).rules.steps
        assert step.period == "", most


def test_columns_that_follow_what_rises_are_computed_and_not_learned():
    rng = np.random.default_rng(0)
    day = np.cumsum(rng.integers(1, 60, 240))
    dates = np.array(day, "datetime64[D]")
    year, month = dates.astype("datetime64[Y]").astype(int) + 1970, dates.astype("datetime64[M]").astype(int) % 12 + 1
    band = np.array(["old", "new", "last"])[np.searchsorted([3000, 5000], day, "right")]
    found = family_of_four(d_at=days(day), i_year=year, i_month=month, s_band=band, i_free=rng.integers(0, 9, 240))
    rules = found.rules
    assert [(p.column, p.part, p.of.name) for p in rules.clock] == [
        ("i_year", "year", "d_at"),
        ("i_month", "month", "d_at"),
    ]
    assert [(d.column, d.of.name) for d in rules.derived] == [("s_band", "d_at")]
    assert [s.column.name for s in rules.steps] == ["d_at"] and rules.computed == {"i_year", "i_month", "s_band"}
    made = [c.name for c in found.columns if c.name not in found.conditions]
    assert made == ["d_at", step_name("d_at"), "i_free"]


def test_the_pace_of_large_families_is_that_of_their_rows_or_of_their_span():
    rng = np.random.default_rng(0)
    sizes = rng.integers(300, 900, 12)
    owner = np.repeat(np.arange(12), sizes)
    hours = np.concatenate([np.arange(n) * 2 + 10 for n in sizes])
    (step,) = learn(owner, {"i_at": hours}).rules.steps
    assert step.strict and step.span == 0 and step.pace == pytest.approx(1, abs=0.01)  # in units of two hours
    year = np.concatenate([np.sort(rng.choice(100_000, n, replace=False)) for n in sizes])
    (step,) = learn(owner, {"i_at": year}).rules.steps
    assert step.strict and step.span == pytest.approx(100_000, rel=0.05)


def test_nulls_stay_nulls_where_a_column_follows_an_ancestors():
    rng = np.random.default_rng(0)
    day = rng.integers(0, 900, 60).repeat(4)
    after = [None if i % 3 == 0 else int(d + i % 7) for i, d in enumerate(day)]
    found = family_of_four(d_day=pa.array(after, pa.int32()).cast(pa.date32()), **{"@up1.d_day": days(day)})
    steps = found.table.column(step_name("d_day")).to_pylist()
    assert [s is None for s in steps] == [i % 3 == 0 for i in range(240)]


@pytest.mark.parametrize(("rows", "rank"), [(0, 0), (1, 0), (5, 4)])
def test_the_range_of_a_step_ends_as_the_settings_say(rows, rank):
    numbers = np.cumsum(np.random.default_rng(0).integers(1, 9, 240))
    found = learn(np.repeat(np.arange(60), 4), {"i_x": numbers}, privacy=Privacy(5, rows))
    (step,) = found.rules.steps
    assert (step.least, step.most) == (numbers[rank], numbers[-1 - rank])


def test_families_of_one_row_know_of_no_siblings():
    rng = np.random.default_rng(0)
    theirs = rng.integers(0, 9, 200)
    found = learn(np.arange(200), {"i_x": theirs + rng.integers(0, 3, 200), "@up1.i_y": theirs})
    assert found.conditions == ("@up1.i_y",) and found.rules.previous == ()
    assert not (found.rules.constant or found.rules.distinct or found.rules.steps or found.rules.places)


def test_what_says_nothing_of_a_row_is_no_condition():
    rng = np.random.default_rng(0)
    theirs = rng.normal(size=60).repeat(4)
    values = {"f_x": rng.normal(size=240), "@up1.f_y": theirs, "@up1.f_z": rng.normal(size=60).repeat(4)}
    found = family_of_four(**values)
    assert found.conditions == () and found.rules.context == () == found.rules.previous
    assert found.table.column_names == ["f_x"]
    found = family_of_four(**{**values, "f_x": values["f_x"] + theirs})
    assert "@up1.f_y" in found.conditions and "@up1.f_z" not in found.conditions
    assert [c.name for c in found.rules.context] == ["@up1.f_y"]


def test_too_few_rows_show_nothing():
    kept = np.repeat([1, 2, 3], 4)
    found = learn(np.repeat([0, 1, 2], 4), {"i_x": kept, "i_y": np.arange(12), "@up1.i_x": kept})
    rules = found.rules
    assert not (rules.constant or rules.distinct or rules.steps or rules.copies)


@pytest.mark.parametrize(("size", "share"), [(2, 0.5), (10, 0.15), (100, 0.15)])
def test_enough_rows_are_learned_without_the_sibling_before(size, share):
    """What ancestors alone say is learned of more rows than the first ones, where these are few."""
    owner = np.repeat(np.arange(4000 // size), size)
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 4000 // size)[owner]
    colour = np.where(rng.random(len(owner)) < 0.1, rng.integers(0, 3, len(owner)), kind)
    made = learn(owner, {"i_colour": colour, "@up1.i_kind": kind})
    before = made.table.column(previous_name("i_colour")).to_pylist()
    alone = np.array([b is None for b in before])
    assert abs(alone.mean() - share) < 0.02
    assert alone[np.diff(owner, prepend=-1) > 0].all()
    assert all(b == c for b, c in zip(before[1:], colour[:-1], strict=True) if b is not None)
    assert learn(owner, {"i_colour": colour, "@up1.i_kind": kind}).table.equals(made.table)


def test_siblings_that_refer_to_different_rows_have_different_cells():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(FAMILIES), 4)
    apart = np.concatenate([rng.choice(9, 4, replace=False) for _ in range(FAMILIES)])
    cells = {"@cell.s_apart": apart, "@cell.s_free": rng.integers(0, 9, len(owner)), "@cell": apart}
    values = {"i_n": rng.integers(0, 5, len(owner)), **{n: [f"{c:05d}" for c in v] for n, v in cells.items()}}
    arrays = {n: pa.array(v) for n, v in values.items()}
    rows = pa.table(arrays)
    siblings = Siblings.of(rows, [column("i_n")], pa.array(owner), [np.arange(rows.num_rows)])
    extra = [Column(n, ColumnType("string")) for n in cells]
    found = learn_families(rows, [column("i_n")], extra, [], siblings, untouched=frozenset(), privacy=Privacy())
    assert found.rules.distinct == ("@cell.s_apart",)


def test_numbers_of_ancestors_are_looked_at_once_for_each_row_that_holds_them():
    rng = np.random.default_rng(4)
    owner = np.repeat(np.arange(FAMILIES), sizes(4))
    x, above = rng.normal(size=FAMILIES), np.arange(FAMILIES) // 8
    y = rng.normal(size=10)
    values = {
        "f_own": x[owner] + 2 * y[above[owner]] + rng.normal(size=len(owner)) / 9,
        "@up1.f_x": x[owner],
        "@up1.s_x": np.where(x > 0, "high", "low")[owner],
        "@up2.f_y": y[above[owner]],
    }
    holders = {"@of": owner, "@above": above[owner]}
    held_by = {"@up1.f_x": "@of", "@up1.s_x": "@of", "@up2.f_y": "@above"}
    found = learn(owner, values, holders=holders, held_by=held_by)
    at = {n: found.table.column(n).take(pa.array(rows)).to_numpy() for n, rows in found.firsts.items()}
    assert set(at) == {"@up1.f_x", "@up2.f_y"}
    np.testing.assert_array_equal(np.sort(at["@up1.f_x"]), np.sort(x))
    np.testing.assert_array_equal(np.sort(at["@up2.f_y"]), np.sort(y))
    assert learn(owner, values).firsts == {}
