"""Columns of parents that are aggregates of their children: what is found, and what is left for each child."""

import datetime
import json

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.aggregates_fit import find_aggregates, rests_of
from synthohive_spark.engine.families.siblings import Siblings
from synthohive_spark.engine.integrity import check_loaded

MONEY, DOUBLE, WHOLE, DATE = (ColumnType.parse(t) for t in ("decimal(12,2)", "double", "int", "date"))
DAY = datetime.date(2024, 1, 1)
FAMILIES = 120


class Shop:
    """Orders, in no order, and their lines; each keyword is a column of the orders, made of the lines of each."""

    def __init__(self, seed=0, families=FAMILIES, most=5, nulls=0.0, **above):
        rng = np.random.default_rng(seed)
        self.sizes = rng.integers(1, most, families)
        owner = np.repeat(np.arange(families), self.sizes)
        cents = rng.integers(100, 90_000, len(owner))
        gone = rng.random(len(owner)) < nulls
        lines = {
            "amount": pa.array([None if g else c / 100 for c, g in zip(cents, gone, strict=True)]).cast(MONEY.arrow),
            "weight": pa.array(rng.normal(2, 1, len(owner))),
            "day": pa.array([DAY + datetime.timedelta(int(d)) for d in rng.integers(0, 900, len(owner))]),
        }
        types = {"amount": MONEY, "weight": DOUBLE, "day": DATE}
        self.own = [Column(n, types[n]) for n in lines]
        groups = pa.table({**lines, "owner": owner}).to_pandas().groupby("owner")
        self.parents = [Column(name, type_) for name, (type_, _) in above.items()]
        for name, (type_, make) in above.items():
            values = [make(group, rng) for _, group in groups]
            lines[f"@up1.{name}"] = pa.array([values[o] for o in owner], type_.arrow, from_pandas=True)
        mixed = rng.permutation(len(owner))
        self.rows = pa.table(lines).take(pa.array(mixed))
        self.siblings = Siblings.of(self.rows, self.own, pa.array(owner[mixed]), [np.arange(len(owner))])

    def found(self):
        found = find_aggregates(self.rows, self.own, self.parents, self.siblings)
        return {a.column.name: (a.function, a.of, a.digits) for a in found}


def total(group, _):
    values = [v for v in group.amount if v is not None]
    return sum(values) if values else None


def test_counts_sums_extremes_and_averages_are_found():
    shop = Shop(
        lines=(WHOLE, lambda g, _: len(g)),
        goods=(MONEY, total),
        first=(DATE, lambda g, _: min(g.day)),
        last=(DATE, lambda g, _: max(g.day)),
        dearest=(MONEY, lambda g, _: max(g.amount)),
        mean=(DOUBLE, lambda g, _: round(float(sum(g.amount)) / len(g), 2)),
        weight=(DOUBLE, lambda g, _: float(sum(g.weight))),
        tons=(DOUBLE, lambda g, _: round(float(sum(g.weight)), 1)),
    )
    assert shop.found() == {
        "lines": ("count", None, 0),
        "goods": ("sum", "amount", 2),
        "first": ("min", "day", -1),
        "last": ("max", "day", -1),
        "dearest": ("max", "amount", 2),
        "mean": ("avg", "amount", 2),
        "weight": ("sum", "weight", -1),
        "tons": ("sum", "weight", 1),
    }


def test_a_sum_of_terms_above_0_says_so():
    shop = Shop(goods=(MONEY, total), weight=(DOUBLE, lambda g, _: float(sum(g.weight))))
    found = find_aggregates(shop.rows, shop.own, shop.parents, shop.siblings)
    assert [(a.column.name, a.positive) for a in found] == [("goods", True), ("weight", False)]


def test_nulls_are_left_out_of_a_sum_and_families_without_values_have_none():
    assert Shop(nulls=0.3, goods=(MONEY, total)).found() == {"goods": ("sum", "amount", 2)}
    assert Shop(nulls=0.3, goods=(MONEY, lambda g, r: total(g, r) or 0)).found() == {}


@pytest.mark.parametrize("families", [FAMILIES, 20])
def test_one_family_that_breaks_it_or_too_few_families_are_no_aggregate(families):
    whole = Shop(families=families, goods=(MONEY, total))
    assert whole.found() == ({"goods": ("sum", "amount", 2)} if families == FAMILIES else {})
    broken = iter([1] + [0] * FAMILIES)
    assert Shop(goods=(MONEY, lambda g, r: total(g, r) + next(broken))).found() == {}


def test_families_of_one_row_and_constants_show_no_aggregate():
    assert Shop(most=2, goods=(MONEY, total), lines=(WHOLE, lambda g, _: len(g))).found() == {}
    assert Shop(nothing=(MONEY, lambda g, _: 0)).found() == {}


def test_nothing_is_found_among_columns_that_have_nothing_to_do_with_the_children():
    found = 0
    for seed in range(40):
        some = {f"few{i}": (WHOLE, lambda _, r: int(r.integers(1, 4))) for i in range(5)}
        some |= {f"many{i}": (MONEY, lambda _, r: int(r.integers(1, 500))) for i in range(5)}
        found += len(Shop(seed, **some).found())
    assert found == 0


def test_what_is_left_falls_by_each_row_and_is_the_last_rows_own():
    shop = Shop(goods=(MONEY, total))
    (own,) = find_aggregates(shop.rows, shop.own, shop.parents, shop.siblings)
    rows = shop.rows.take(pa.array(shop.siblings.order))
    left = rests_of(rows, own, shop.own[0], shop.siblings).to_numpy()
    amounts = np.array(rows.column("amount").to_pylist(), float)
    goods = np.array(rows.column("@up1.goods").to_pylist(), float)
    firsts, lasts = shop.siblings.firsts, shop.siblings.left == 0
    np.testing.assert_allclose(left[firsts], goods[firsts])
    np.testing.assert_allclose(left[lasts], amounts[lasts], atol=1e-6)
    np.testing.assert_allclose(left[1:][~firsts[1:]], (left - amounts)[:-1][~firsts[1:]], atol=1e-6)


def test_an_aggregate_comes_back_from_json_and_says_what_it_is():
    goods = Aggregate(Column("goods", MONEY), "sum", "amount", 2, "zero")
    lines = Aggregate(Column("lines", WHOLE), "count", None, 0)
    for own, words in ((goods, "goods is the sum of items.amount"), (lines, "lines is the number of items")):
        assert Aggregate.from_json(json.loads(json.dumps(own.to_json()))) == own
        assert own.describe("items") == words
        check_loaded(own, Aggregate)


@pytest.mark.parametrize(
    "wrong",
    [
        {"function": "median"},
        {"of": None},
        {"empty": "none"},
        {"digits": 99},
        {"column": Column("a", ColumnType("string"))},
    ],
)
def test_what_is_no_aggregate_is_refused(wrong):
    own = {
        "column": Column("goods", MONEY),
        "function": "sum",
        "of": "amount",
        "digits": 2,
        "empty": "zero",
        "positive": True,
    }
    with pytest.raises(ValueError):
        check_loaded(Aggregate(**{**own, **wrong}), Aggregate)
