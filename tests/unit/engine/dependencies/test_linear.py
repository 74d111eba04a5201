import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm
from synthohive_spark.engine.dependencies.linear_applied import apply_linear_relations
from synthohive_spark.engine.dependencies.linear_fit import find_linear_relations

INT, LONG, DOUBLE, CENTS = (ColumnType.parse(t) for t in ("int", "bigint", "double", "decimal(9,2)"))
ROWS = 1000


def whole_part(name, low=0, high=1000, type_=LONG, digits=0):
    return LinearTerm(name, type_, digits, low, high)


def found(columns, extreme_rows=5):
    """Relations among columns given as {name: (type, values)}."""
    table = pa.table({name: pa.array(values, type_.arrow) for name, (type_, values) in columns.items()})
    return find_linear_relations(
        table, tuple(Column(name, type_) for name, (type_, _) in columns.items()), Privacy(extreme_rows=extreme_rows)
    )


def brief(sums):
    return [(s.column, s.of, tuple(map(float, s.factors)), float(s.offset)) for s in sums]


def cents(units):
    return [None if u is None else Decimal(int(u)).scaleb(-2) for u in units]


def numbers(rng=None, low=0, high=1000, rows=ROWS):
    return (rng or np.random.default_rng(0)).integers(low, high, rows)


def everywhere(name, rows=1):
    return {name: np.ones(rows, bool)}


def test_a_clock_time_is_made_of_hour_and_minute_wherever_its_column_stands():
    rng = np.random.default_rng(0)
    hour, minute = numbers(rng, 0, 24), numbers(rng, 0, 60)
    columns = {"time": (INT, 100 * hour + minute), "hour": (INT, hour), "minute": (INT, minute)}
    expected = [("time", ("hour", "minute"), (100.0, 1.0), 0.0)]
    assert brief(found(columns)) == expected
    assert brief(found(dict(reversed(columns.items())))) == [("time", ("minute", "hour"), (1.0, 100.0), 0.0)]


def test_decimals_of_different_scales_and_whole_numbers_are_exact():
    rng = np.random.default_rng(1)
    net, count = numbers(rng, 100, 90000), numbers(rng, -5, 900)
    total = [n - 300 * int(k) + 1250 for n, k in zip(net, count, strict=True)]
    columns = {"net": (CENTS, cents(net)), "count": (INT, count), "total": (CENTS, cents(total))}
    (relation,) = found(columns)
    assert brief([relation]) == [("total", ("net", "count"), (1.0, -3.0), 12.5)]
    assert relation.exact and not relation.rough
    arrays = {name: pa.array(values, type_.arrow) for name, (type_, values) in columns.items()}
    values, valid = relation.read(arrays)
    assert valid.all() and relation.holds(values).all()
    total[17] += 1  # one row that differs by a cent
    assert found({**columns, "total": (CENTS, cents(total))}) == ()


def test_floats_of_two_digits_add_up_and_measures_are_rounded():
    rng = np.random.default_rng(2)
    net, tax = numbers(rng, 0, 99999) / 100, numbers(rng, 0, 9999) / 100
    total = np.round(net + tax, 2)
    assert not (total == net + tax).all()  # so the sum is one of digits, not of floats
    celsius = numbers(rng, -200, 400) / 10
    fahrenheit = np.round(celsius * 1.8 + 32, 1)
    sums = found({k: (DOUBLE, v) for k, v in {"n": net, "t": tax, "s": total, "c": celsius, "f": fahrenheit}.items()})
    assert brief(sums) == [("s", ("n", "t"), (1.0, 1.0), 0.0), ("f", ("c",), (1.8,), 32.0)]
    assert [s.rough for s in sums] == [False, True]


def test_a_result_rounded_to_its_digits_is_found_and_made():
    pounds = numbers(None, 100, 3000) / 10
    kilos = np.round(pounds * 0.4536, 1)
    (relation,) = found({"pounds": (DOUBLE, pounds), "kilos": (DOUBLE, kilos)})
    assert relation.column == "kilos" and relation.rough
    again = apply_linear_relations(
        {"pounds": pa.array(pounds), "kilos": pa.array(np.full(ROWS, 50.0))}, [relation], {}
    )["kilos"]
    inside = (kilos >= relation.parts[0].low / 10) & (kilos <= relation.parts[0].high / 10)
    inside &= pounds != 187.5  # half way between two values
    assert np.array_equal(np.asarray(again)[inside], kilos[inside]) and inside.sum() > 950


def test_floats_of_any_value_and_single_ones():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=ROWS), rng.normal(size=ROWS)
    single = ColumnType.parse("float")
    for type_, c in ((DOUBLE, 2 * a - b + 0.5), (single, (2 * a - b + 0.5).astype(np.float32))):
        (relation,) = found({"a": (DOUBLE, a), "b": (DOUBLE, b), "c": (type_, c)})
        assert brief([relation]) == [("c", ("a", "b"), (2.0, -1.0), 0.5)]
        made = apply_linear_relations(
            {"a": pa.array(a[:50]), "b": pa.array(b[:50]), "c": pa.array(np.zeros(50), type_.arrow)}, [relation], {}
        )
        assert made["c"].type == type_.arrow
        assert np.allclose(
            np.asarray(made["c"]), np.clip(2 * a - b + 0.5, relation.parts[0].low, relation.parts[0].high)[:50]
        )
        assert found({"a": (DOUBLE, a), "b": (DOUBLE, b), "c": (type_, c + 1e-4 * rng.normal(size=ROWS))}) == ()


def test_nothing_is_said_of_rows_with_nulls_nan_or_infinity():
    rng = np.random.default_rng(4)
    a, b = numbers(rng), numbers(rng)
    c = [None if i % 3 == 0 else int(x + y) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    wrong = [float("nan"), float("inf"), *(a[2:].astype(float))]
    assert brief(found({"a": (LONG, a), "b": (LONG, b), "c": (LONG, c)})) == [("c", ("a", "b"), (1.0, 1.0), 0.0)]
    assert brief(found({"a": (DOUBLE, wrong), "b": (LONG, b), "c": (LONG, c)})) == [("c", ("a", "b"), (1.0, 1.0), 0.0)]
    few = [v if i < 49 else None for i, v in enumerate((a + b).tolist())]
    assert found({"a": (LONG, a), "b": (LONG, b), "c": (LONG, few)}) == ()
    enough = [v if i < 50 else None for i, v in enumerate((a + b).tolist())]
    assert [s.column for s in found({"a": (LONG, a), "b": (LONG, b), "c": (LONG, enough)})] == ["c"]


def test_accidents_are_none():
    rng = np.random.default_rng(5)
    a, b = numbers(rng, 0, 3), numbers(rng, 0, 4)
    assert found({"a": (LONG, a), "b": (LONG, b), "c": (LONG, a + b)}) == ()  # 12 different rows
    assert found({"a": (LONG, numbers(rng, 0, 19)), "b": (LONG, np.full(ROWS, 7))}) == ()
    wide = numbers(rng)
    assert found({"a": (LONG, wide), "b": (LONG, numbers(rng)), "c": (LONG, wide > 500)}) == ()
    nineteen = np.arange(ROWS) % 19
    assert found({"a": (LONG, nineteen), "b": (LONG, 2 * nineteen)}) == ()
    twenty = np.arange(ROWS) % 20
    assert brief(found({"a": (LONG, twenty), "b": (LONG, 2 * twenty)})) == [("b", ("a",), (2.0,), 0.0)]


def test_each_column_is_determined_once_and_none_by_itself():
    rng = np.random.default_rng(6)
    a, b = numbers(rng), numbers(rng)
    columns = {"a": a, "b": b, "sum": a + b, "copy": a, "diff": a - b, "wide": 5 * (a + b) + a - 3, "twice": 2 * a}
    sums = found({name: (LONG, values) for name, values in columns.items()})
    assert sorted(s.column for s in sums) == ["copy", "diff", "sum", "twice", "wide"]
    settled = {"a", "b"}
    for relation in sums:
        assert set(relation.of) <= settled
        settled.add(relation.column)
    assert all(len(s.of) == 1 for s in sums if s.column in ("copy", "twice"))


def test_whole_factors_are_preferred():
    half = numbers()
    (relation,) = found({"double": (LONG, 2 * half), "half": (LONG, half)})
    assert brief([relation]) == [("double", ("half",), (2.0,), 0.0)]


def test_ranges_end_at_the_rank_from_either_end():
    a = np.concatenate([np.arange(100), [-9000]])
    columns = {"a": (LONG, a), "b": (LONG, -a)}
    for rows, low, high in ((5, 3, 95), (1, -9000, 99), (0, -9000, 99), (2, 0, 98)):
        (relation,) = found(columns, rows)
        assert (relation.parts[1].low, relation.parts[1].high) == (low, high)
        assert (relation.parts[0].low, relation.parts[0].high) == (-high, -low)
    assert found(columns, 60) == ()


def test_large_numbers_do_not_overflow():
    rng = np.random.default_rng(7)
    start = 1_700_000_000_000_000 + rng.integers(0, 10**12, ROWS)
    lasts = numbers(rng, 1, 10**6)
    (relation,) = found({"start": (LONG, start), "lasts": (LONG, lasts), "end": (LONG, start + lasts)})
    assert brief([relation]) == [("end", ("start", "lasts"), (1.0, 1.0), 0.0)]
    huge = rng.integers(2**61, 2**62, ROWS)
    assert found({"a": (LONG, huge), "b": (LONG, lasts), "c": (LONG, huge + lasts)}) == ()
    noise = rng.integers(0, 2, ROWS)  # nearly a sum, of fractions with enormous denominators
    assert found({"a": (LONG, start), "b": (LONG, start[::-1]), "c": (LONG, start + start[::-1] // 3 + noise)}) == ()
    far = {"start": pa.array([2**62]), "lasts": pa.array([5]), "end": pa.array([1])}
    assert apply_linear_relations(far, [relation], {}) == far


def test_many_columns_are_searched_for_plain_sums():
    rng = np.random.default_rng(8)
    columns = {f"c{i}": (LONG, numbers(rng)) for i in range(80)}
    holes = rng.random(ROWS) < 0.2
    total = columns["c3"][1] + columns["c70"][1] - 12
    columns["total"] = (LONG, [None if h else int(t) for h, t in zip(holes, total, strict=True)])
    money, more = numbers(rng), numbers(rng)
    columns |= {"x": (CENTS, cents(money)), "y": (DOUBLE, more / 10), "z": (CENTS, cents(10 * more - money))}
    columns["minus"] = (LONG, 7 - columns["c5"][1])
    columns["rest"] = (LONG, 40 - columns["c10"][1] - columns["c20"][1])
    sums = {s.column: s for s in found(columns)}
    assert len(sums) == 4 and "minus" in sums
    for triple in ({"total", "c3", "c70"}, {"x", "y", "z"}, {"rest", "c10", "c20"}):
        (column,) = triple & set(sums)
        assert {column, *sums[column].of} == triple
    assert set(map(float, sums["minus"].factors)) == {-1.0}


def test_json_and_pickle_keep_a_relation():
    for relation in (
        LinearRelation((whole_part("f"), whole_part("c", -5, 2**55, CENTS, 2)), (Fraction(9, 5),), Fraction(32)),
        LinearRelation(
            (LinearTerm("x", DOUBLE, -1, -0.1, 0.3), whole_part("y")), (Fraction(1, 3),), Fraction(-1, 7), True
        ),
    ):
        assert LinearRelation.from_json(json.loads(json.dumps(relation.to_json()))) == relation
        assert relation.equation and pickle.loads(pickle.dumps(relation)) == relation


ADD = LinearRelation(
    (whole_part("c", 0, 100), whole_part("a", 0, 80), whole_part("b", 0, 80)), (Fraction(1),) * 2, Fraction(0)
)


@pytest.mark.parametrize(
    "values, given, expected",
    [
        ((5, 3, 4), "", (7, 3, 4)),
        ((7, 3, 4), "", (7, 3, 4)),
        ((5, 3, 4), "c", (5, 3, 2)),
        ((5, 3, 4), "cb", (5, 1, 4)),
        ((5, 3, 4), "cab", (5, 3, 4)),
        ((5, 3, 4), "ab", (7, 3, 4)),
        ((5, 70, 60), "", (100, 70, 30)),  # c ends at 100, b makes up for it
        ((5, 70, 60), "b", (100, 40, 60)),
        ((5, 70, 60), "ab", (130, 70, 60)),  # nothing can make up for it
        ((95, 3, 4), "c", (95, 15, 80)),  # b ends at 80, a makes up for it
        ((95, 3, 4), "ca", (95, 3, 80)),
        ((170, 3, 4), "c", (170, 3, 80)),  # too much for both
        ((2, 3, 4), "ca", (2, 3, 0)),
        ((2, 3, 4), "c", (2, 2, 0)),
    ],
)
def test_one_free_column_is_computed_within_the_ranges(values, given, expected):
    arrays = {name: pa.array([value], pa.int64()) for name, value in zip("cab", values, strict=True)}
    made = apply_linear_relations(arrays, [ADD], {name: np.ones(1, bool) for name in given})
    assert tuple(made[name][0].as_py() for name in "cab") == expected


def test_rows_differ_in_what_is_given_and_nulls_stay():
    arrays = {"c": pa.array([1, 1, None, 1]), "a": pa.array([10, 0, 3, None]), "b": pa.array([20, 20, 4, 6])}
    made = apply_linear_relations(arrays, [ADD], {"c": np.array([False, True, False, False])})
    assert made["c"].to_pylist() == [30, 1, None, 1]
    assert made["a"].to_pylist() == [10, 0, 3, None]
    assert made["b"].to_pylist() == [20, 1, 4, 6]
    assert arrays["c"].to_pylist() == [1, 1, None, 1]


def test_a_value_that_a_column_cannot_take_is_avoided():
    third = LinearRelation(
        (whole_part("c"), whole_part("a", 0, 50), whole_part("b", 0, 50)), (Fraction(1, 3),) * 2, Fraction(0)
    )
    arrays = {name: pa.array([v], pa.int64()) for name, v in (("c", 9), ("a", 5), ("b", 6))}
    made = apply_linear_relations(arrays, [third], {})
    assert [made[n][0].as_py() for n in "cab"] == [4, 5, 7]
    stuck = apply_linear_relations(arrays, [third], everywhere("a") | everywhere("b"))
    assert [stuck[n][0].as_py() for n in "cab"] == [9, 5, 6]
    half = LinearRelation((whole_part("c"), whole_part("a")), (Fraction(-2),), Fraction(100))
    made = apply_linear_relations({"c": pa.array([10, 11]), "a": pa.array([1, 1])}, [half], everywhere("c", 2))
    assert (made["c"].to_pylist(), made["a"].to_pylist()) == ([10, 11], [45, 1])


def test_decimals_and_narrow_types_come_back_as_they_were():
    types = {"c": CENTS, "a": CENTS, "b": ColumnType.parse("tinyint")}
    parts = tuple(LinearTerm(n, t, t.scale, -20000, 20000) for n, t in types.items())
    minus = LinearRelation(parts, (Fraction(1), Fraction(-1)), Fraction(1, 4))
    arrays = {
        "c": pa.array([Decimal("0.00"), None, Decimal("1.00")], CENTS.arrow).slice(0, 2),
        "a": pa.array([Decimal("1.10"), Decimal("2.00"), Decimal("9.99")], CENTS.arrow).slice(0, 2),
        "b": pa.array([3, 4], pa.int8()),
    }
    made = apply_linear_relations(arrays, [minus], {})
    assert made["c"].to_pylist() == [Decimal("-1.65"), None]
    assert {n: a.type for n, a in made.items()} == {n: t.arrow for n, t in types.items()}


def test_a_given_result_is_passed_down_a_chain():
    outer = LinearRelation((whole_part("e"), whole_part("d"), whole_part("c")), (Fraction(1),) * 2, Fraction(0))
    arrays = {name: pa.array([v], pa.int64()) for name, v in zip("abcde", (1, 2, 9, 4, 50), strict=True)}
    made = apply_linear_relations(arrays, [ADD, outer], {})
    assert [made[n][0].as_py() for n in "abcde"] == [1, 2, 3, 4, 7]
    made = apply_linear_relations(arrays, [ADD, outer], everywhere("e"))
    assert [made[n][0].as_py() for n in "abcde"] == [1, 45, 46, 4, 50]


def test_floats_without_a_number_stay_and_missing_columns_do_not_matter():
    part = [LinearTerm(n, DOUBLE, 2, 0, 100_000) for n in "cab"]
    plus = LinearRelation(tuple(part), (Fraction(1),) * 2, Fraction(0))
    nan = float("nan")
    arrays = {"c": pa.array([0.0, nan, -0.0]), "a": pa.array([0.1, 1.0, nan]), "b": pa.array([0.2, 2.0, 1.0])}
    made = apply_linear_relations(arrays, [plus], {})
    assert made["c"][0].as_py() == 0.3 and np.isnan(made["c"][1].as_py()) and str(made["c"][2]) == "-0.0"
    assert made["c"].null_count == 0
    assert apply_linear_relations({"c": arrays["c"]}, [plus], {}) == {"c": arrays["c"]}


def test_made_rows_obey_what_was_found_and_stay_in_range():
    rng = np.random.default_rng(9)
    a, b = numbers(rng, 0, 500), numbers(rng, 0, 500)
    columns = {"a": a, "b": b, "sum": a + b, "diff": b - a, "far": 3 * a + 7}
    sums = found({name: (LONG, values) for name, values in columns.items()})
    shuffled = {name: pa.array(rng.permutation(values)) for name, values in columns.items()}
    made = apply_linear_relations(shuffled, sums, {})
    for relation in sums:
        values, valid = relation.read(made)
        assert valid.all()
        assert relation.holds(values).all()
        for part, numbers_ in zip(relation.parts, values, strict=True):
            original = np.asarray(shuffled[part.name])
            changed = numbers_ != original
            assert (((numbers_ < part.low) | (numbers_ > part.high)) & changed).mean() < 0.01
