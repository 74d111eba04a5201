import json
import pickle
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.derived import DerivedColumn, Number, apply_derived_columns, move_determinants
from synthohive_spark.engine.dependencies.derived_fit import find_derived_columns, roundest
from synthohive_spark.engine.dependencies.linear_fit import find_linear_relations
from synthohive_spark.engine.table.fit import fit_table
from synthohive_spark.engine.table.registry import make_engine
from synthohive_spark.engine.table.request import FitRequest

INT, LONG, DOUBLE, STRING, DATE = (ColumnType.parse(t) for t in ("int", "bigint", "double", "string", "date"))
BOOLEAN, CENTS, TIMESTAMP = (ColumnType.parse(t) for t in ("boolean", "decimal(9,2)", "timestamp"))
ROWS = 2000
RNG = np.random.default_rng


def found(columns, privacy=Privacy(), computed=()):  # noqa: B008
    """Curves among columns given as {name: (type, values)}."""
    table = pa.table({name: pa.array(values, type_.arrow) for name, (type_, values) in columns.items()})
    curves = find_derived_columns(
        table, tuple(Column(name, type_) for name, (type_, _) in columns.items()), privacy, frozenset(computed)
    )
    made = apply_derived_columns({name: table[name].combine_chunks() for name in columns}, curves, {})
    return curves, made


def brief(curves):
    return [(c.column, c.of.name, c.line, c.at, c.values) for c in curves]


def test_a_flag_has_its_edge_where_the_number_is_roundest():
    delay = RNG(0).integers(-30, 90, ROWS)
    late = delay > 15
    columns = {"late": (BOOLEAN, late), "delay": (INT, delay), "any": (INT, RNG(1).integers(0, 50, ROWS))}
    curves, made = found(columns)
    assert brief(curves) == [("late", "delay", False, (16,), (False, True))]
    assert made["late"].to_pylist() == late.tolist()
    share = RNG(2).random(ROWS)
    curves, _ = found({"share": (DOUBLE, share), "most": (STRING, np.where(share > 0.5, "yes", "no"))})
    assert brief(curves) == [("most", "share", False, (0.5,), ("no", "yes"))]


@pytest.mark.parametrize(
    ("low", "high", "type_", "expected"),
    [
        (14, 17, INT, 15),
        (15, 16, INT, 16),
        (-7, 3, INT, 0),
        (88, 1234, LONG, 1000),
        (0.4987, 0.5003, DOUBLE, 0.5),
        (-0.013, -0.0111, DOUBLE, -0.012),
        (1.0, float(np.nextafter(1.0, 2)), DOUBLE, float(np.nextafter(1.0, 2))),
        (0.0, 3e-7, DOUBLE, 3e-7),
        (10955, 10970, DATE, 10957),  # 2000-01-01
        (11000, 11010, DATE, 11010),
        (10, 3_700_000_000, TIMESTAMP, 3_600_000_000),
    ],
)
def test_the_roundest_number_of_a_gap(low, high, type_, expected):
    assert roundest(low, high, type_) == expected and type(roundest(low, high, type_)) is type(high)


def test_what_a_shared_day_decides_is_kept_and_what_a_number_that_may_be_a_key_does_is_not():
    days = RNG(0).permutation(np.resize(np.arange(19_000, 19_080), ROWS))
    rates = RNG(1).normal(100, 20, 80).round(2)
    values = {"rate": (DOUBLE, rates[days - 19_000])}
    (curve,), made = found({"day": (DATE, [date(1970, 1, 1) + timedelta(int(d)) for d in days]), **values})
    assert curve.column == "rate" and not curve.line and curve.values == tuple(rates.tolist())
    np.testing.assert_array_equal(made["rate"], rates[days - 19_000])
    assert found({"customer": (INT, days), **values})[0] == ()
    few = RNG(0).permutation(np.resize(np.arange(19_000, 19_200), ROWS))  # ten rows a day
    dates = [date(1970, 1, 1) + timedelta(int(d)) for d in few]
    assert found({"day": (DATE, dates), "rate": (DOUBLE, RNG(1).normal(100, 20, 200)[few - 19_000])})[0] == ()


def test_bands_of_few_rows_are_left_to_their_neighbours():
    age = np.repeat(np.arange(100), 20)
    band = np.select([age < 18, age < 65, age < 97], ["child", "adult", "old"], "oldest")
    columns = {"age": (INT, age), "band": (STRING, band)}
    curves, made = found(columns)
    assert brief(curves) == [("band", "age", False, (18, 65, 97), ("child", "adult", "old", "oldest"))]
    assert made["band"].to_pylist() == band.tolist()
    rare = np.where(age == 50, np.where(np.arange(ROWS) % 20 < 20, "fifty", band), band)
    curves, made = found({"age": (INT, age), "band": (STRING, rare)}, Privacy(rare_category_rows=21))
    assert "fifty" not in made["band"].to_pylist() and "fifty" not in json.dumps([c.to_json() for c in curves])
    assert curves[0].at == (18, 65, 97)
    assert found({"age": (INT, age), "band": (STRING, band)}, Privacy(rare_category_rows=400))[0] == ()


def test_one_row_that_differs_is_enough_to_find_none():
    number = RNG(0).permutation(ROWS)
    for row in (1, ROWS // 2, ROWS - 2):
        flag = number >= 700
        flag[row] = not flag[row]
        assert found({"number": (INT, number), "flag": (BOOLEAN, flag)})[0] == ()
    twice = np.repeat(np.arange(ROWS // 2), 2)  # a value in both bands
    assert found({"number": (INT, twice), "flag": (BOOLEAN, np.arange(ROWS) >= 701)})[0] == ()


def test_chance_makes_no_curve():
    rng = RNG(0)
    number = rng.normal(size=ROWS)
    seldom = np.zeros(ROWS, bool)
    seldom[np.argsort(number)[[5, 6]]] = True
    columns = {
        "number": (DOUBLE, number),
        "near": (DOUBLE, number + 1e-3 * rng.normal(size=ROWS)),
        "coin": (BOOLEAN, rng.random(ROWS) < 0.5),
        "rare": (BOOLEAN, rng.random(ROWS) < 0.005),
        "seldom": (BOOLEAN, seldom),
        "few": (INT, rng.integers(0, 3, ROWS)),
        "one": (INT, np.ones(ROWS, int)),
        "none": (INT, [None] * ROWS),
    }
    assert found(columns)[0] == ()
    assert found({"a": (INT, range(99)), "b": (BOOLEAN, np.arange(99) > 50)})[0] == ()  # too few rows


def test_a_line_is_exact_where_enough_rows_are_and_near_elsewhere():
    income = np.round(RNG(0).lognormal(10, 1, 4000), 2)
    income[:2000] = RNG(1).integers(20, 60, 2000) * 1000.0
    log = np.log(income)
    curves, made = found({"income": (DOUBLE, income), "log": (DOUBLE, log)})
    assert [(c.column, c.of.name, c.line) for c in curves] == [("log", "income", True)]
    assert np.array_equal(np.asarray(made["log"])[:2000], log[:2000])
    inside = (income > np.sort(income)[20]) & (income < np.sort(income)[-20])
    assert np.abs(np.asarray(made["log"]) - log)[inside].max() < 0.02
    ordered = np.sort(income)
    assert ordered[4] <= curves[0].at[0] and curves[0].at[-1] <= ordered[-5]
    between = np.diff(np.searchsorted(ordered, curves[0].at))
    assert between.min() >= 1 and len(curves[0].at) <= len(income) / 5


def test_between_knots_lie_as_many_rows_as_asked_for():
    number = np.sort(RNG(0).geometric(0.02, 1000) + RNG(1).integers(0, 2, 1000) / 2)  # some values in several rows
    (curve,), _ = found({"n": (DOUBLE, number), "root": (DOUBLE, np.sqrt(number))})
    firsts, lasts = np.searchsorted(number, curve.at), np.searchsorted(number, curve.at, side="right") - 1
    assert curve.line and lasts[0] >= 4 and firsts[-1] <= 995 and (lasts[1:] - firsts[:-1] >= 5).all()


@pytest.mark.parametrize("extreme", [50, 75, 76, 400])
def test_a_range_that_ends_beyond_the_rows_makes_no_curve(extreme):
    number = np.arange(150)
    columns = {"n": (INT, number), "high": (BOOLEAN, number >= 75)}
    curves, _ = found(columns, Privacy(extreme_rows=extreme))
    assert len(curves) == (extreme <= 75)


def test_lines_that_fall_and_other_types():
    day = RNG(0).integers(0, 900, ROWS)
    days = [date(2020, 1, 1) + timedelta(int(d)) for d in day]
    key = [d.year * 10_000 + d.month * 100 + d.day for d in days]
    left = [Decimal(90_000 - 100 * int(d) + int(d) % 3).scaleb(-2) for d in day]
    year = [d.year for d in days]
    columns = {"day": (DATE, days), "key": (INT, key), "left": (CENTS, left), "year": (INT, year)}
    curves, made = found(columns, Privacy(rare_category_rows=1, extreme_rows=1))
    assert [(c.column, c.of.name, c.line) for c in curves] == [
        ("key", "day", True),
        ("left", "day", True),
        ("year", "day", False),
    ]
    assert curves[2].at == tuple((date(y, 1, 1) - date(1970, 1, 1)).days for y in (2021, 2022))
    for name, (type_, values) in columns.items():
        assert made[name].to_pylist() == values and made[name].type == type_.arrow


def test_an_instant_begins_a_year_at_midnight():
    start = datetime(2019, 6, 1)
    times = [start + timedelta(minutes=int(m)) for m in RNG(0).integers(0, 2 * 365 * 1440, ROWS)]
    curves, _ = found({"time": (TIMESTAMP, times), "year": (INT, [t.year for t in times])})
    assert [datetime(1970, 1, 1) + timedelta(microseconds=at) for at in curves[0].at] == [
        datetime(2020, 1, 1),
        datetime(2021, 1, 1),
    ]


def test_columns_follow_without_a_circle_and_in_order():
    number = RNG(0).permutation(ROWS)
    root, band = np.sqrt(number), (number > 300).astype(int)
    columns = {"band": (INT, band), "root": (DOUBLE, root), "number": (INT, number)}
    curves, _ = found(columns)
    assert [(c.column, c.of.name) for c in curves] == [("band", "root"), ("number", "root")]
    hundred = number // 100
    curves, made = found({"h": (INT, hundred), "n": (INT, number), "even": (BOOLEAN, hundred >= 10)})
    assert [(c.column, c.of.name) for c in curves] == [("h", "n"), ("even", "n")]
    assert made["h"].to_pylist() == hundred.tolist()


def test_a_column_of_a_sum_follows_nothing():
    net = RNG(0).integers(100, 90_000, ROWS)
    table = {"net": (LONG, net), "total": (LONG, net + 7), "large": (BOOLEAN, net > 50_000)}
    arrays = pa.table({name: pa.array(values, type_.arrow) for name, (type_, values) in table.items()})
    sums = find_linear_relations(arrays, tuple(Column(n, t) for n, (t, _) in table.items()), Privacy())
    assert [s.column for s in sums] == ["total"] or [s.column for s in sums] == ["net"]
    assert [c.column for c in found(table, computed=[p.name for s in sums for p in s.parts])[0]] == ["large"]


def test_nulls_have_no_part_in_a_curve_and_stay():
    rng = RNG(0)
    number = rng.normal(size=ROWS)
    number[:50] = np.nan
    flag = [None if r < 0.2 else bool(n > 0) for r, n in zip(rng.random(ROWS), number, strict=True)]
    given = [None if r < 0.1 else n for r, n in zip(rng.random(ROWS), number.tolist(), strict=True)]
    columns = {"number": (DOUBLE, given), "flag": (BOOLEAN, flag)}
    curves, _ = found(columns)
    assert brief(curves) == [("flag", "number", False, (0.0,), (False, True))]
    arrays = {
        "number": pa.array([1.0, None, float("nan"), -1.0, 2.0]),
        "flag": pa.array([None, True, True, True, False]),
    }
    made = apply_derived_columns(arrays, curves, {})
    assert made["flag"].to_pylist() == [None, True, True, False, True]
    assert made["number"] is arrays["number"]


@pytest.fixture(scope="module")
def both():
    """A flag and a logarithm of a number of two digits, in chains."""
    amount = np.round(RNG(0).gamma(2, 50, ROWS) + 1, 2)
    flag = np.where(amount > 120, "large", "small")
    return found({"amount": (DOUBLE, amount), "log": (DOUBLE, np.log(amount)), "flag": (STRING, flag)})[0]


def test_a_given_flag_moves_its_number_and_what_follows_it(both):
    amount = np.array([10.0, 119.0, 150.0, 300.0, 50.0])
    arrays = {
        "amount": pa.array(amount),
        "log": pa.array([9.0] * 5),
        "flag": pa.array(["large", "large", "large", "small", "x"]),
    }
    everywhere = np.ones(5, bool)
    moved, fixed = move_determinants(arrays, both, {"flag": everywhere})
    made = apply_derived_columns(moved, both, fixed)
    assert made["flag"].equals(arrays["flag"])
    assert fixed["amount"].tolist() == [True, True, False, True, False]  # what was not moved still may be
    result = np.asarray(made["amount"])
    assert (result[:2] > 120).all() and result[1] < 122 and result[2] == 150 and result[3] < 120 and result[4] == 50
    assert np.array_equal(result, np.round(result, 2))
    np.testing.assert_allclose(np.asarray(made["log"]), np.log(result), atol=0.05)
    # What is given as well stays, and so does everything where nothing is given.
    kept, _ = move_determinants(arrays, both, {"flag": everywhere, "amount": everywhere})
    assert kept["amount"].equals(arrays["amount"])
    kept, fixed = move_determinants(arrays, both, {})
    assert kept == arrays and fixed == {}
    some = np.array([True, False, False, False, False])
    kept, _ = move_determinants(arrays, both, {"flag": some})
    assert (np.asarray(kept["amount"]) != amount).tolist() == some.tolist()


def test_a_given_end_of_a_line_moves_its_number(both):
    log = np.array([2.0, 4.0, 5.0, -50.0])
    arrays = {"amount": pa.array([80.0] * 4), "log": pa.array(log), "flag": pa.array(["small"] * 4)}
    moved, fixed = move_determinants(arrays, both, {"log": np.ones(4, bool)})
    made = apply_derived_columns(moved, both, fixed)
    np.testing.assert_allclose(np.asarray(made["amount"])[:3], np.exp(log[:3]), rtol=0.02)
    assert made["amount"][3].as_py() == both[0].of.low
    assert made["log"].equals(arrays["log"]) and made["flag"].to_pylist() == ["small", "small", "large", "small"]


def test_mirrored_numbers_do_not_gather_at_the_edge():
    number = RNG(0).integers(0, 1000, ROWS)
    (curve,), _ = found({"number": (INT, number), "high": (BOOLEAN, number >= 400)})
    arrays = {"number": pa.array(np.arange(300, 400), pa.int32()), "high": pa.array([True] * 100)}
    moved, _ = move_determinants(arrays, (curve,), {"high": np.ones(100, bool)})
    assert len(set(moved["number"].to_pylist())) == 100 and min(moved["number"].to_pylist()) == 401
    far = {"number": pa.array([0, 390], pa.int32()), "high": pa.array([True, True])}
    assert move_determinants(far, (curve,), {"high": np.ones(2, bool)})[0]["number"].to_pylist() == [800, 410]


def test_of_two_given_columns_both_are_suited():
    age = RNG(0).integers(0, 100, ROWS)
    band = np.array(["child", "young", "old"])[np.digitize(age, [18, 40])]
    curves, _ = found({"band": (STRING, band), "minor": (BOOLEAN, age < 18), "age": (INT, age)})
    arrays = {
        "age": pa.array(RNG(1).integers(0, 100, 600), pa.int32()),
        "band": pa.array(np.repeat(["child", "young", "old"], 200)),
        "minor": pa.array(np.repeat([True, False, False], 200)),
    }
    moved, _ = move_determinants(arrays, curves, dict.fromkeys(("band", "minor"), np.ones(600, bool)))
    made = apply_derived_columns(moved, curves, {})
    assert made["band"].equals(arrays["band"]) and made["minor"].equals(arrays["minor"])


def test_what_no_curve_speaks_of_stays():
    rng = RNG(0)
    x = rng.integers(0, 50, ROWS).astype(float)
    with np.errstate(divide="ignore"):
        log = np.where(x < 40, np.log(x), np.nan)  # infinite at 0
    curves, _ = found({"x": (DOUBLE, x), "log": (DOUBLE, log)})
    arrays = {"x": pa.array([0.0, 3.0, 3.0, 49.0]), "log": pa.array([-np.inf, 1.0, np.nan, np.nan])}
    made = np.asarray(apply_derived_columns(arrays, curves, {})["log"])
    assert made[0] == -np.inf and made[1] == pytest.approx(np.log(3), abs=1e-9) and np.isnan(made[2:]).all()
    assert move_determinants(arrays, curves, {"log": np.ones(4, bool)})[0]["x"].to_pylist() == [0.0, 3.0, 3.0, 49.0]

    forever = datetime(9999, 12, 31)
    ends = [forever if r < 0.3 else datetime(2019, 1, 1) + timedelta(int(r * 1000)) for r in rng.random(ROWS)]
    curves, made = found({"end": (TIMESTAMP, ends), "year": (INT, [e.year for e in ends])})
    assert [c.column for c in curves] == ["year"] and made["year"].to_pylist() == [e.year for e in ends]

    wide = ColumnType.parse("decimal(30,2)")
    prices = [Decimal("12345678901234567890.25") if a < 20 else Decimal("1.5") for a in x]
    assert found({"x": (DOUBLE, x), "price": (wide, prices)})[0] == ()


def test_a_column_that_rises_in_steps_takes_no_other_value_and_suits_all_of_a_step():
    number = RNG(0).integers(0, 10_000, 20_000)
    curves, made = found({"number": (INT, number), "step": (INT, 5 * (number // 100))})
    assert made["step"].to_pylist() == (5 * (number // 100)).tolist()
    assert not curves[0].line and curves[0].at == tuple(range(100, 10_000, 100))
    arrays = {"number": pa.array(number, pa.int32()), "step": pa.array(np.full(20_000, 250), pa.int32())}
    moved = np.asarray(move_determinants(arrays, curves, {"step": np.ones(20_000, bool)})[0]["number"])
    assert (moved // 100 == 50).all() and np.bincount(moved - 5000, minlength=100).max() < 1000
    # Steps that too few rows hold are learned like any other column.
    assert found({"number": (INT, number[:300]), "step": (INT, 5 * (number[:300] // 25))})[0] == ()


def test_a_moved_single_precision_number_stays_on_its_side():
    single = ColumnType.parse("float")
    x = RNG(0).random(ROWS).astype(np.float32)
    band = np.array(["a", "b", "c"])[np.digitize(x, [0.25, 0.3])]
    (curve,), _ = found({"x": (single, x), "band": (STRING, band)})
    arrays = {"x": pa.array(RNG(1).random(500).astype(np.float32)), "band": pa.array(np.repeat(["b", "a"], 250))}
    moved, _ = move_determinants(arrays, (curve,), {"band": np.ones(500, bool)})
    assert moved["x"].type == pa.float32() and apply_derived_columns(moved, (curve,), {})["band"].equals(arrays["band"])


def test_a_filled_total_stays_the_sum_and_its_flag_follows():
    rng = RNG(0)
    table = pd.DataFrame({"net": rng.integers(100, 900, ROWS), "tax": rng.integers(0, 300, ROWS)}).astype("Int64")
    table["total"] = table["net"] + table["tax"]
    table["large"] = (table["total"] > 700).astype(bool)
    holes = table.assign(total=table["total"].mask(rng.random(ROWS) < 0.3))
    model = Autoregressive(epochs=2, progress=False).fit(holes, seed=1)
    filled = model.impute(holes)
    assert (filled["total"] == filled["net"] + filled["tax"]).mean() > 0.98
    assert filled["large"].equals(table["large"])
    made = model.sample(200, seed=2, given={"net": 500, "tax": 100})
    assert (made["total"].dropna() == 600).all() and not made["large"][made["total"].notna()].any()


def test_curves_survive_files_and_pickle(both):
    for curve in both:
        again = DerivedColumn.from_json(json.loads(json.dumps(curve.to_json())))
        assert again == curve == pickle.loads(pickle.dumps(curve))
        assert again.computed(np.array([7.5, 200.0])).equals(curve.computed(np.array([7.5, 200.0])))


@pytest.mark.parametrize("engine", [CTGAN, Autoregressive])
def test_what_follows_a_number_does_so_in_what_is_drawn(engine):
    rng = RNG(0)
    age, spent = rng.integers(10, 90, ROWS), np.round(rng.lognormal(4, 1, ROWS), 2)
    table = pd.DataFrame({"minor": age < 18, "age": age, "spent": spent, "log_spent": np.log(spent)})
    model = engine(epochs=2, progress=False).fit(table, seed=1)
    made = model.sample(3000, seed=2)
    assert (made["minor"] == (made["age"] < 18)).all() and made["minor"].any()
    inside = made["spent"].between(*np.quantile(spent, [0.02, 0.98]))
    np.testing.assert_allclose(made["log_spent"][inside], np.log(made["spent"][inside]), atol=0.02)
    if engine is Autoregressive:
        minors = model.sample(500, seed=2, given={"minor": True})
        assert minors["minor"].all() and (minors["age"] < 18).all() and minors["age"].nunique() > 4
        holes = table.assign(age=table["age"].astype("Int64").mask(rng.random(ROWS) < 0.3))
        filled = engine(epochs=2, progress=False).fit(holes, seed=1).impute(holes)
        assert (filled["minor"] == table["minor"]).all() and ((filled["age"] < 18) == filled["minor"]).all()


def test_a_column_that_is_imitated_follows_nothing():
    """Its values would come out as they are."""
    age = RNG(0).integers(0, 100, 400)
    table = pa.table({"age": pa.array(age, pa.int32()), "band": np.where(age < 40, "Anna Smith", "Bob Jones")})
    columns = (Column("age", INT), Column("band", STRING))
    for imitated in (frozenset(), frozenset({"band"})):
        engine = make_engine("autoregressive", {"epochs": 1})
        model = fit_table(table, engine, FitRequest(columns, seed=1, rules=ColumnRules(imitated=imitated)))
        assert [c.column for c in model.dependencies.relations.derived] == ([] if imitated else ["band"])
        assert ("Anna Smith" in json.dumps(model.to_files())) == (not imitated)


def test_what_is_null_in_most_rows_of_a_column_is_not_what_it_follows():
    day = RNG(0).integers(0, 300, ROWS)
    died = pd.Series(day, dtype="Int64").mask(RNG(1).random(ROWS) < 0.8)
    left = {"left": (ColumnType.parse("date"), pa.array(day, pa.int32()).cast(pa.date32()))}
    died_on = {"died": (ColumnType.parse("date"), pa.array(died.astype("Int32"), pa.int32()).cast(pa.date32()))}
    assert "left" not in [c.column for c in found(left | died_on)[0]]
    assert [c.column for c in found({"large": (INT, (day > 99).astype(int)), **died_on})[0]] == []


def test_what_another_column_decides_moves_the_number_it_follows():
    rng = RNG(0)
    fraud = rng.random(ROWS) < 0.1
    amount = np.where(fraud, rng.integers(900, 1500, ROWS), rng.integers(0, 600, ROWS))
    hour = np.where(fraud, rng.integers(1, 5, ROWS), rng.integers(6, 24, ROWS))
    table = pd.DataFrame({"amount": amount, "hour": hour, "fraud": fraud})
    model = Autoregressive(epochs=2, progress=False).fit(table, seed=1)
    assert {text.split(" in all")[0] for text in model.dependencies} >= {
        "fraud follows amount, in 2 bands",
        "hour decides fraud",
    }
    made = model.sample(2000, seed=2)
    assert made["amount"][made["fraud"]].min() >= 600
    assert made["amount"][~made["fraud"]].max() < 900
    assert ((made["hour"] < 6) == made["fraud"]).all()
    assert made["fraud"].sum() > 50


def test_a_line_that_leads_beyond_what_a_type_holds_ends_there():
    of = Number("n", ColumnType("bigint"), 0, 0, 1 << 40)
    own = DerivedColumn("day", ColumnType("date"), of, True, (0, 10), (0, 10))
    assert own.computed(np.array([5, 1 << 40])).cast(pa.int32()).to_pylist() == [5, (1 << 31) - 1]


def test_what_a_name_decides_does_not_follow_a_number_that_it_decides_too():
    """A city decides its county and its latitude; a grade that follows points still follows them beside a label."""
    rng = RNG(5)
    at = np.sort(rng.choice(2000, 150, replace=False)) / 1000 + 50
    city = rng.integers(0, 150, ROWS)
    names = [
        f"{a}{b}" for a in "ABCDEFGHIJKLMNO" for b in ("by", "ton", "ham", "ford", "ley", "den", "well", "u", "e", "a")
    ]
    names = rng.permutation(names)
    told = {"county": (STRING, [f"County {c // 20}" for c in city]), "lat": (DOUBLE, at[city])}
    named = {"city": (STRING, [names[c] for c in city])}
    assert [(c.column, c.of.name) for c in found(told)[0]] == [("county", "lat")]
    assert found({**named, **told})[0] == ()
    personal = {"city": (STRING, [f"guest{c}@post.org" for c in city])}
    assert [(c.column, c.of.name) for c in found({**personal, **told})[0]] == [("county", "lat")]
    points = rng.integers(0, 9, ROWS)
    graded = {"grade": (STRING, [f"grade {p}" for p in points]), "passed": (STRING, np.where(points > 4, "yes", "no"))}
    curves, _ = found({"points": (INT, points), **graded})
    assert {(c.column, c.of.name) for c in curves} == {("grade", "points"), ("passed", "points")}
