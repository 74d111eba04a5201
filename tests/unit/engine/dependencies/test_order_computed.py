"""Orders whose bounds are computed from other columns, that lie between two others, or whose values lie steps apart."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark.declarations.dependencies import Inequality
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.loose_orders import without_lossy_orders
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.errors import SchemaError
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 1200


def rng(seed=0):
    return np.random.default_rng(seed)


def doubles(own):
    return {name: ("double", np.round(np.asarray(v, float), 2)) for name, v in own.items()}


def comes_back(found, table):
    """The rows whose values are not what splitting them and putting them together again makes."""
    split = found.split(table)
    made = found.restore({n: one_array(split.column(n)) for n in split.column_names}, {}, frozenset())
    return sum(int((made[n].to_pandas() != table[n].to_pandas()).sum()) for n in table.column_names)


def quotes(seed=0):
    opened = np.round(rng(seed).lognormal(4, 1, ROWS), 2)
    close = np.round(opened * rng(seed + 1).normal(1, 0.015, ROWS), 2)
    room = [np.round(opened * abs(rng(seed + k).normal(0, 0.008, ROWS)), 2) for k in (2, 3)]
    high, low = np.maximum(opened, close) + room[0], np.maximum(np.minimum(opened, close) - room[1], 0.01)
    spread = np.maximum(0.01, np.round(opened * 0.0005, 2))
    bid = np.round(close - spread / 2, 2)
    own = {"open": opened, "high": high, "low": low, "close": close, "limit": close}
    return doubles({**own, "bid": bid, "spread": spread, "ask": bid + spread})


@pytest.mark.parametrize("seed", [0, 10])
def test_a_price_is_bound_by_none_that_is_computed_from_it(seed):
    found, table, drawn = scrambled(quotes(seed))
    assert "limit = close" in found.describe()
    assert "ask = bid + spread" in found.describe()
    assert not any(count_broken(found, drawn).values())
    real, made = table.to_pandas(), drawn.to_pandas()
    assert (made.bid <= made.close).all()
    assert (made.close <= made.ask).all()
    for name in table.column_names:
        assert 0.9 < made[name].median() / real[name].median() < 1.1
    assert comes_back(found, table) <= 200  # of 9,600: those beyond the ends of the ranges, and what follows them


@pytest.mark.parametrize("kind", ["double", "int", "decimal(7,1)"])
@pytest.mark.parametrize("nulls", [0, 0.2])
def test_a_mean_lies_between_two_ends_of_which_one_is_computed(kind, nulls):
    mean = np.round(rng(1).normal(90, 80, ROWS)).astype(int)
    low = mean - np.round(rng(2).gamma(3, 13, ROWS)).astype(int)
    high = mean + np.round(rng(3).gamma(3, 15, ROWS)).astype(int)
    own = {"low": low, "mean": mean, "high": high, "range": high - low}
    gone = rng(4).random(ROWS) < nulls

    def values(numbers, where):
        made = [None if g else n for n, g in zip(numbers.tolist(), where, strict=True)]
        if kind == "int":
            return pa.array(made, pa.int32())
        if kind == "double":
            return pa.array([None if n is None else n / 10 for n in made], pa.float64())
        return pa.array([None if n is None else Decimal(n) / 10 for n in made], pa.decimal128(7, 1))

    table = {n: (kind, values(v, gone if n == "mean" else np.zeros(ROWS, bool))) for n, v in own.items()}
    found, real, drawn = scrambled(table)
    assert not any(count_broken(found, drawn).values())
    real, made = (t.to_pandas().astype(float) for t in (real, drawn))
    assert (made.low <= made["mean"])[made["mean"].notna()].all()
    assert (made["mean"] <= made.high)[made["mean"].notna()].all()
    assert (abs(made.low + made.range - made.high) < 0.01).all()
    for name in own:
        ends = np.sort(np.concatenate([real[name].dropna(), made[name].dropna()]))
        shares = [
            np.searchsorted(np.sort(t[name].dropna()), ends, side="right") / t[name].count() for t in (real, made)
        ]
        assert abs(shares[0] - shares[1]).max() < 0.12


def test_what_follows_a_number_bounds_with_the_value_that_it_will_have():
    high = rng(1).choice([45_000, 60_000, 80_000], ROWS)
    low = np.select([high == 45_000, high == 60_000], [30_000, 40_000], 60_000)
    own = {"low": low, "pay": low + (rng(3).random(ROWS) * (high - low) // 500).astype(int) * 500, "high": high}
    found, _, drawn = scrambled({name: ("int", v) for name, v in own.items()})
    assert not any(count_broken(found, drawn).values())
    d = drawn.to_pandas()
    assert ((d.low <= d.pay) & (d.pay <= d.high)).all()
    assert (d.pay % 500 == 0).all()


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("start", "end"), ("end", "start")], ["'start' <= 'end'", "'end' <= 'start'"]),
        ([("start", "end"), ("end", "paid"), ("paid", "start")], ["'start' <= 'end'", "'paid' <= 'start'"]),
    ],
)
def test_inequalities_in_a_circle_are_refused(pairs, named):
    values = {name: ("int", np.arange(200) + k) for k, name in enumerate(("start", "end", "paid", "late"))}
    declared = (*(Inequality(*pair) for pair in pairs), Inequality("start", "late"))
    with pytest.raises(SchemaError, match="equal") as error:
        find(*table_of(values), declared=declared)
    assert all(text in str(error.value) for text in named)
    assert "late" not in str(error.value)


def test_columns_that_different_rows_put_in_a_circle_are_no_circle():
    start, turn = rng(1).integers(0, 1000, ROWS), np.arange(ROWS) % 3
    gap = rng(2).integers(0, 300, ROWS)
    # a <= b where c is null, b <= c where a is, and c <= a where b is.
    own = {
        "a": (start, 1),
        "b": (start + np.where(turn == 2, gap, 0), 0),
        "c": (start + np.where(turn == 1, gap, 0), 2),
    }
    own["c"] = (np.where(turn == 0, start - gap, own["c"][0]), 2)
    table = {n: ("int", pd.Series(v, dtype="Int64").mask(turn == gone).array) for n, (v, gone) in own.items()}
    found, real, drawn = scrambled(table)
    assert not any(count_broken(found, real).values())
    assert len(found.orders.every) == 2
    assert all(drawn[n].null_count == real[n].null_count for n in table)


def of(name, type_="int"):
    return Column(name, ColumnType(type_))


def order(name, bounds, *, above, unit=1, low=0, high=100):
    return OrderedColumn(of(name), tuple(map(of, bounds)), above, 0, False, low, high, 50, unit=unit)


def test_rows_in_which_one_of_three_cannot_be_placed_are_put_in_order():
    orders = Orders((order("b", ["a"], above=True),), (order("b", ["c"], above=False),))
    arrays = {n: pa.array(v, pa.int32()) for n, v in {"a": [70, 5, 90], "b": [75, 9, 40], "c": [30, 7, 20]}.items()}
    made, firm = orders.enforced(arrays, {})
    d = pa.table(made).to_pandas()
    assert ((d.a <= d.b) & (d.b <= d.c)).all()
    assert d.iloc[1].tolist() == [5, 5, 7]  # mirrored below its upper bound, and the others stay
    assert firm["b"].tolist() == [False, True, True] or firm["b"].all()
    for given in ("a", "b", "c"):
        made, _ = orders.enforced(arrays, {given: np.ones(3, bool)})
        d = pa.table(made).to_pandas()
        assert d[given].tolist() == arrays[given].to_pylist()
        assert ((d.a <= d.b) & (d.b <= d.c)).all()
    ends = {"a": np.array([False, True, False]), "c": np.array([False, True, True])}
    made, _ = orders.enforced({**arrays, "b": pa.array([75, None, 40], pa.int32())}, ends)
    d = pa.table(made).to_pandas()
    assert d.b.isna().tolist() == [False, True, False]
    assert (d.a <= d.b)[[0, 2]].all()
    assert (d.b <= d.c)[[0, 2]].all()
    assert d.c[2] == 20


def test_a_number_between_two_others_is_in_order_with_both():
    age = rng(1).integers(18, 61, ROWS)
    total = np.minimum(np.round((age - 18) * rng(2).beta(2, 2, ROWS)).astype(int), age - 18)
    here = np.where(rng(3).random(ROWS) < 0.4, total, np.round(total * rng(4).random(ROWS)).astype(int))
    here[:40], total[:40], age[:40] = 40, 41, 60  # so that few are drawn above an age
    values = {"age": ("int", age), "total": ("int", total), "here": ("int", here)}
    for seed in range(3):
        found, _, drawn = scrambled(values, seed=seed)
        assert not any(count_broken(found, drawn).values())
        d = drawn.to_pandas()
        assert ((d.here <= d.total) & (d.total <= d.age)).all()


@pytest.mark.parametrize(("kind", "scale"), [("int", 1), ("double", 1), ("double", 0.01), ("decimal(12,2)", 0.01)])
def test_a_distance_from_a_bound_leads_to_whole_steps(kind, scale):
    planned = rng(1).integers(5, 1_000, ROWS) * 50 + 25
    made = (planned * rng(2).beta(20, 2, ROWS)).astype(int) // 777 * 777
    own = {"planned": planned, "made": made}
    if kind.startswith("decimal"):
        table = {n: (kind, pa.array([Decimal(int(v)) / 100 for v in own[n]], pa.decimal128(12, 2))) for n in own}
    else:
        table = {n: (kind, np.round(v * scale, 2) if kind == "double" else v) for n, v in own.items()}
    found, real, drawn = scrambled(table)
    d = drawn.to_pandas().astype(float)
    assert [order.column.name for order in found.orders.columns] == ["planned"]
    steps = (d.planned / scale - 25) / 50
    assert (abs(steps - steps.round()) < 1e-6).all()
    assert (d.made <= d.planned).all()
    assert comes_back(found, real) <= 40


def test_a_value_moved_to_its_bound_lies_on_its_steps_and_on_the_right_side():
    above, below = order("a", ["b"], above=True, unit=50), order("a", ["b"], above=False, unit=50)
    assert above.beyond(np.array([-1, 0, 1, 50, 51, 99])).tolist() == [0, 0, 50, 50, 100, 100]
    assert below.beyond(np.array([-1, 0, 1, 50, 51, 99])).tolist() == [-50, 0, 0, 50, 50, 50]
    price = OrderedColumn(of("a", "double"), (of("b", "double"),), True, 2, False, 0.25, 9.0, 1.0, unit=25)
    assert price.beyond(np.array([0.3, 0.5, 0.50001, 1.2345])).tolist() == [0.5, 0.5, 0.75, 1.25]
    cents = OrderedColumn(of("a", "double"), (of("b", "double"),), False, 2, False, 0.0, 9.0, 1.0)
    assert cents.beyond(np.array([0.1, 0.129, 0.30000000000000004])).tolist() == [0.1, 0.12, 0.3]


def test_sums_and_products_that_share_columns_hold_where_a_range_ends():
    principal, rate = rng(1).integers(10, 800, ROWS) * 500, rng(2).choice(np.arange(10, 90) / 10, ROWS)
    months = rng(3).choice([12, 24, 36, 60, 120, 240, 360], ROWS)
    own = {"principal": principal, "rate": rate, "months": months, "interest": np.round(principal * rate / 1200, 2)}
    own["payment"] = np.round(principal * rate / 1200 / (1 - (1 + rate / 1200) ** -months), 2)
    own["redeemed"], own["paid"] = own["payment"] - own["interest"], own["payment"] * months
    own["cost"] = own["paid"] - principal
    for seed in range(3):
        found, _, drawn = scrambled(doubles(own), seed=seed)
        assert len(found.relations.every) == 4
        assert not any(count_broken(found, drawn).values())


def test_an_order_that_does_not_give_the_values_of_real_rows_back_is_left_out():
    low, gaps = rng(1).integers(0, 9_000, ROWS), [rng(k).integers(0, 90, ROWS) for k in (2, 3)]
    own = {"low": low, "mean": low + gaps[0], "high": low + gaps[0] + gaps[1], "range": gaps[0] + gaps[1]}
    table, columns = table_of({name: ("int", v) for name, v in own.items()})
    found = find(table, columns)
    assert without_lossy_orders(found, table, columns, ()) == found
    (linear,) = found.relations.linear
    ends = {name: {"low": int(np.sort(v)[5]), "high": int(np.sort(v)[-6])} for name, v in own.items()}
    assert linear.column == "high"
    # The mean waits for what is computed from the end that waits for the mean.
    waiting = tuple(order(n, [bound], above=False, **ends[n]) for n, bound in (("mean", "high"), ("low", "mean")))
    kept = order("range", ["high"], above=False, **ends["range"])
    spoilt = replace(found, orders=Orders(waiting, (kept,)))
    left = without_lossy_orders(spoilt, table, columns, ()).orders
    assert left == Orders((), (kept,))


@pytest.mark.parametrize("name", ["low", "mean", "high", "range"])
def test_a_given_value_moves_computed_columns_that_would_not_be_in_order_with_it(name):
    mean = rng(1).normal(90, 80, ROWS).astype(int)
    low, high = mean - rng(2).gamma(3, 13, ROWS).astype(int), mean + rng(3).gamma(3, 15, ROWS).astype(int)
    own = {"low": low, "mean": mean, "high": high, "range": high - low}
    value = int(np.median(own[name]))
    found, _, drawn = scrambled({n: ("int", v) for n, v in own.items()}, given={name: [value] * ROWS})
    assert set(drawn[name].to_pylist()) == {value}
    assert not any(count_broken(found, drawn).values())
