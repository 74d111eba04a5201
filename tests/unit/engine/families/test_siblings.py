import datetime

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.rules import BLOCK
from synthohive_spark.engine.families.siblings import Siblings

EPOCH = datetime.date(2020, 1, 1)
LINE = Column("line", ColumnType("int"))
DAY = Column("day", ColumnType("date"))


def families(sizes, **columns):
    """Rows of families of these sizes, put out of order, with their owners."""
    owner = np.repeat(np.arange(len(sizes)) * 1000 + 5, sizes)
    mixed = np.random.default_rng(0).permutation(len(owner))
    table = pa.table({name: pa.array(values) for name, values in columns.items()} or {"x": owner})
    return table.take(pa.array(mixed)), pa.array(owner[mixed]), mixed


def places(sizes):
    return np.concatenate([np.arange(k) for k in sizes])


def test_rows_lie_family_by_family_in_the_order_of_the_key():
    sizes = [3, 1, 4]
    rows, owner, mixed = families(sizes)
    key = np.array([30, 20, 10, 7, 1, 2, 3, 4])
    siblings = Siblings.of(rows, [], owner, [key[mixed]])
    np.testing.assert_array_equal(key[mixed][siblings.order], [10, 20, 30, 7, 1, 2, 3, 4])
    np.testing.assert_array_equal(siblings.family, [0, 0, 0, 1, 2, 2, 2, 2])
    np.testing.assert_array_equal(siblings.place, [0, 1, 2, 0, 0, 1, 2, 3])
    np.testing.assert_array_equal(siblings.left, [2, 1, 0, 0, 3, 2, 1, 0])
    np.testing.assert_array_equal(siblings.firsts, siblings.place == 0)
    assert siblings.owned.all() and siblings.many and siblings.pairs == 3 + 6


def test_a_key_of_several_parts_orders_by_the_first_of_them_first():
    rows, owner, mixed = families([4])
    parts = [np.array([2, 1, 2, 1])[mixed], np.array([1, 9, 0, 3])[mixed]]
    order = Siblings.of(rows, [], owner, parts).order
    np.testing.assert_array_equal(mixed[order], [3, 1, 2, 0])


def test_rows_without_an_owner_are_families_of_their_own():
    owner = pa.array([7, None, 7, None], pa.int64())
    siblings = Siblings.of(pa.table({"x": [0, 1, 2, 3]}), [], owner, [np.array([3, 2, 1, 0])])
    assert sorted(siblings.order[~siblings.owned]) == [1, 3]
    np.testing.assert_array_equal(siblings.order[siblings.owned], [2, 0])
    assert (siblings.left[~siblings.owned] == 0).all() and (siblings.place[~siblings.owned] == 0).all()
    assert siblings.pairs == 1


def test_a_column_that_counts_the_siblings_orders_them_before_the_key_does():
    sizes = [3] * 30 + [1] * 10
    rows, owner, mixed = families(sizes, line=places(sizes) + 1)
    against = -places(sizes)[mixed]
    siblings = Siblings.of(rows, [LINE], owner, [against])
    ordered = rows.take(pa.array(siblings.order))
    np.testing.assert_array_equal(ordered.column("line").to_numpy(), siblings.place + 1)
    assert siblings.counts(ordered, LINE) == 1


@pytest.mark.parametrize(("first", "found"), [(0, 0), (1, 1), (100, 100)])
def test_the_number_of_the_first_sibling_is_found(first, found):
    sizes = [4] * 25
    rows, owner, _ = families(sizes, line=places(sizes) + first)
    siblings = Siblings.of(rows, [LINE], owner, [])
    assert siblings.counts(rows.take(pa.array(siblings.order)), LINE) == found


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a gap in some families", places([4] * 30) + (np.arange(120) % 4 == 3) * (np.arange(120) < 20)),
        ("one number twice", np.where(places([4] * 30) == 3, 2, places([4] * 30))),
        ("another start in each family", places([4] * 30) + np.repeat(np.arange(30), 4)),
        ("chance", np.random.default_rng(1).integers(0, 4, 120)),
    ],
)
def test_what_does_not_count_in_nearly_all_families_is_no_place(name, values):
    rows, owner, _ = families([4] * 30, line=values)
    siblings = Siblings.of(rows, [LINE], owner, [])
    assert siblings.counts(rows.take(pa.array(siblings.order)), LINE) is None


def test_few_families_do_not_show_that_a_column_counts():
    rows, owner, _ = families([4] * 19, line=places([4] * 19))
    siblings = Siblings.of(rows, [LINE], owner, [])
    assert siblings.counts(rows.take(pa.array(siblings.order)), LINE) is None


def test_text_and_numbers_with_nulls_count_nothing():
    sizes = [4] * 30
    numbers = [None if i == 0 else int(p) for i, p in enumerate(places(sizes))]
    rows, owner, _ = families(sizes, line=numbers, text=[str(p) for p in places(sizes)])
    siblings = Siblings.of(rows, [LINE], owner, [])
    ordered = rows.take(pa.array(siblings.order))
    assert siblings.counts(ordered, LINE) is None
    assert siblings.counts(ordered, Column("text", ColumnType("string"))) is None


@pytest.mark.parametrize(("size", "by_date"), [(4, True), (40, False)])
def test_without_a_key_small_families_are_ordered_by_a_date(size, by_date):
    sizes = [size] * 10
    days = np.random.default_rng(2).integers(0, 999, size * 10)
    rows, owner, _ = families(sizes, day=[EPOCH + datetime.timedelta(int(d)) for d in days])
    siblings = Siblings.of(rows, [DAY], owner, [])
    made = rows.take(pa.array(siblings.order)).column("day").to_numpy().astype(int)
    rises = (np.diff(made)[~siblings.firsts[1:]] >= 0).all()
    assert rises == by_date


def test_a_date_that_is_the_same_in_each_family_or_missing_orders_nothing():
    sizes = [3] * 10
    same = [EPOCH + datetime.timedelta(int(d)) for d in np.repeat(np.arange(10), 3)]
    some = [None, *[EPOCH] * 29]
    rows, owner, _ = families(sizes, day=same, other=some)
    siblings = Siblings.of(rows, [DAY, Column("other", ColumnType("date"))], owner, [])
    for family in range(10):  # as the rows came
        own = siblings.order[siblings.family == family]
        assert (np.diff(own) > 0).all()


def test_every_so_many_siblings_begin_anew():
    rows = 2 * BLOCK + 88
    siblings = Siblings.of(pa.table({"x": np.zeros(rows)}), [], pa.array(np.zeros(rows, int)), [np.arange(rows)])
    np.testing.assert_array_equal(np.flatnonzero(siblings.starts), [0, BLOCK, 2 * BLOCK])
    assert siblings.firsts.sum() == 1
    assert not Siblings.of(pa.table({"x": [1, 2]}), [], pa.array([1, 2]), []).many
