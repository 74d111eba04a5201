import numpy as np
import pytest

from synthohive_spark.declarations.dependencies import FixedCombinations, Formula, Inequality, OneHot
from synthohive_spark.engine.dependencies.loose_orders import loose_orders
from synthohive_spark.errors import SchemaError
from tests.helpers.scrambled import find, scrambled, table_of

ROWS = 1000


def rng(seed=0):
    return np.random.default_rng(seed)


def messy():
    """Rows that keep what is known of them only as a rule."""
    start, which = rng(1).integers(0, 100, ROWS), rng(2).integers(0, 3, ROWS)
    quantity, price = rng(3).integers(1, 9, ROWS), np.round(rng(4).uniform(1, 9, ROWS), 2)
    city = rng(5).choice(["Rome", "Bari", "Lyon"], ROWS)
    values = {
        "start": ("int", start),
        "end": ("int", start + rng(6).integers(-2, 20, ROWS)),
        "city": ("string", city),
        "zone": ("int", np.where(city == "Lyon", 2, rng(7).integers(0, 2, ROWS))),
        "quantity": ("int", quantity),
        "unit price": ("double", price),
        "total": ("double", np.round(quantity * price, 2) + (rng(8).random(ROWS) < 0.1)),
    }
    return values | {f"f{i}": ("int", (which == i).astype(int) | (rng(9 + i).random(ROWS) < 0.02)) for i in range(3)}


ALL = (
    Inequality("start", "end"),
    FixedCombinations(["city", "zone"]),
    OneHot(["f0", "f1", "f2"]),
    Formula("total", "quantity * `unit price`"),
)


def test_what_is_declared_holds_in_every_drawn_row_whatever_the_rows_show():
    found, table, drawn = scrambled(messy(), declared=ALL)
    d = drawn.to_pandas()
    assert (d.start <= d.end).all()
    assert (d[["f0", "f1", "f2"]].sum(axis=1) == 1).all()
    assert set(zip(d.city, d.zone, strict=True)) == {(c, z) for c in ("Rome", "Bari") for z in (0, 1)} | {("Lyon", 2)}
    assert np.abs(d.total - d.quantity * d["unit price"]).max() < 0.0051
    told = found.told(table)
    assert sum("as declared" in text for text in told) == 3
    broken = int((table.to_pandas().start > table.to_pandas().end).sum())
    assert f"start <= end, as declared; {broken} of 1,000 rows break it" in told or (
        f"end >= start, as declared; {broken} of 1,000 rows break it" in told
    )
    assert not any("as declared" in text for text in scrambled(messy())[0].told(table))


def test_given_values_choose_among_combinations():
    _, _, drawn = scrambled(messy(), declared=ALL, given={"zone": [2] * ROWS})
    assert set(drawn["city"].to_pylist()) == {"Lyon"}
    _, _, drawn = scrambled(messy(), declared=ALL, given={"city": ["Bari"] * ROWS})
    assert set(drawn["zone"].to_pylist()) == {0, 1}
    _, _, drawn = scrambled(messy(), declared=ALL, given={"quantity": [3] * ROWS})
    d = drawn.to_pandas()
    assert np.abs(d.total - 3 * d["unit price"]).max() < 0.0051


def test_combinations_of_few_rows_are_not_kept():
    values = messy()
    values["zone"][1][:3] = 9
    found, _, drawn = scrambled(values, declared=ALL[1:2])
    assert len(found.combinations[0].rows) == 5
    assert 9 not in drawn["zone"].to_pylist()


def test_formulas_of_formulas_and_types():
    net, rate = rng(1).integers(100, 900, ROWS), rng(2).choice([7, 19], ROWS)
    tax = np.round(net * rate / 100).astype(int)
    values = {
        "net": ("int", net),
        "rate": ("tinyint", rate),
        "tax": ("int", tax),
        "gross": ("bigint", net + tax),
    }
    declared = (Formula("gross", "net + tax"), Formula("tax", "net * rate / 100"))
    _, _, drawn = scrambled(values, declared=declared, unrelated=frozenset(values))
    d = drawn.to_pandas()
    assert (d.tax == np.round(d.net * d.rate / 100)).all()
    assert (d.gross == d.net + d.tax).all()


def two_sums(type_, broken=0.0):
    """Two sums of two, of which the first is no larger but in some rows."""
    a, b, c, d = rng(1).integers(1, 500, (4, ROWS))
    turned = (a + b > c + d) & (rng(2).random(ROWS) >= broken)
    a, b, c, d = (np.where(turned, own, other) for own, other in ((c, a), (d, b), (a, c), (b, d)))
    numbers = {"a": a, "b": b, "one": a + b, "c": c, "d": d, "two": c + d}
    return {name: (type_, own if type_ == "int" else np.round(own / 100, 2)) for name, own in numbers.items()}


def loose(found, values, declared, given=()):
    pairs = [own.columns for own in declared if isinstance(own, Inequality)]
    return loose_orders(found, *table_of(values), pairs, given)


@pytest.mark.parametrize("type_", ["int", "double"])
@pytest.mark.parametrize("broken", [0.0, 0.1])
@pytest.mark.parametrize("given", [None, "one", "a"])
def test_of_two_sums_in_order_one_is_learned_and_what_it_is_made_of_computed(type_, broken, given):
    values, declared = two_sums(type_, broken), (Inequality("one", "two"),)
    asked = {given: values[given][1][::-1]} if given else None
    found, _, drawn = scrambled(values, declared=declared, given=asked)
    assert len(found.relations.linear) == 2 and loose(found, values, declared) == {}
    d = drawn.to_pandas()
    assert (d.one <= d.two).all() and np.allclose(d.one, d.a + d.b) and np.allclose(d.two, d.c + d.d)


def test_an_order_of_what_formulas_compute_is_loose_unless_it_follows_from_what_they_are_made_of():
    sums = (Formula("one", "a + b"), Formula("two", "c + d"))
    values, declared = two_sums("int"), (*sums, Inequality("one", "two"), Inequality("a", "one"))
    found = find(*table_of(values), declared=declared)
    (((pair, share)),) = loose(found, values, declared).items()
    assert pair == ("one", "two") and 0.1 < share < 0.25
    assert loose(found, values, declared[:3], given=("one", "two")) == {}
    part = np.array(values["one"][1])
    values = {n: values[n] for n in ("a", "b", "one")} | {"tax": ("double", np.round(part * 0.2, 2))}
    declared = (Inequality("tax", "one"), Inequality("b", "one"))
    found = find(*table_of(values), declared=declared)
    assert len(found.relations.linear) == 2 and loose(found, values, declared) == {}


def test_independent_columns_are_left_alone():
    start = rng(1).integers(0, 1000, ROWS)
    values = {"start": ("int", start), "end": ("int", start + rng(2).integers(0, 50, ROWS))}
    assert len(find(*table_of(values)).orders.columns) == 1
    assert find(*table_of(values), unrelated=frozenset(["end"])).orders.columns == ()


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (
            [Inequality("start", "city")],
            "inequality of 'start' and 'city' needs two numbers or two times, got int and string",
        ),
        ([Inequality("start", "ends")], "dependencies name 'ends', which is not a learned column; did you mean 'end'?"),
        (
            [OneHot(["f0", "city"])],
            "one_hot needs columns of two values, which say whether they are set; 'city' has others",
        ),
        (
            [OneHot(["f0", "end"])],
            "one_hot needs columns of two values, which say whether they are set; 'end' has others",
        ),
        ([Formula("total", "city * 2")], "formula 'city * 2' needs numbers, 'city' is string"),
        ([Formula("start", "end - 1"), Formula("end", "start + 1")], "formulas of end, start are made of each other"),
        ([OneHot(["f0", "f1"]), OneHot(["f1", "f2"])], "column 'f1' is decided by two of the declared dependencies"),
        ([FixedCombinations(["start", "end", "total"])], "no combination of start, end, total is held by 5 rows"),
    ],
)
def test_what_cannot_be_kept_is_refused(declared, text):
    with pytest.raises(SchemaError) as error:
        find(*table_of(messy()), declared=tuple(declared))
    assert text in str(error.value)


@pytest.mark.parametrize("off, on", [("N", "Y"), ("", "x"), (None, "x"), (1, 2), ("no", "yes")])
def test_declared_flags_may_be_any_two_values(off, on):
    which = rng(4).choice(3, ROWS, p=[0.6, 0.3, 0.1])
    type_ = "int" if off == 1 else "string"
    values = {f"f{i}": (type_, [on if k == i else off for k in which]) for i in range(3)}
    values["f0"][1][7], values["f1"][1][7] = on, on
    found, _, drawn = scrambled(values, declared=(OneHot(["f0", "f1", "f2"]),))
    assert [own.always for own in found.flags] == [True]
    assert all(row.count(on) == 1 and row.count(off) == 2 for row in zip(*drawn.to_pydict().values(), strict=True))


def test_declared_flags_have_the_same_two_values():
    values = {"f0": ("string", ["Y", "N"] * 50), "f1": ("string", ["no", "yes"] * 50)}
    with pytest.raises(SchemaError, match="the same two values in all of its columns; recode 'f0', 'f1'"):
        find(*table_of(values), declared=(OneHot(["f0", "f1"]),))
