"""What rows that refer to the same row have in common, and how much noise keeps them as alike as they are."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.sort_key import SortKey

DATE, NUMBER = Column("raced", ColumnType("date")), Column("grid", ColumnType("int"))
ROWS = 6000


def races(spread, seed=0, keys=120):
    """Rows of drivers, ten to a cell, whose races lie around a day of their own."""
    rng = np.random.default_rng(seed)
    key = rng.integers(0, keys, ROWS)
    day = rng.uniform(0, 10_000, keys)[key] + rng.normal(0, spread, ROWS)
    table = pa.table(
        {
            "raced": pa.array(np.round(day).astype("int32")).cast(pa.date32()),
            "grid": pa.array(rng.integers(1, 25, ROWS), pa.int32()),
            "name": rng.choice(["a", "b"], ROWS),
        }
    )
    return table, key // 10, key


def within(table, groups):
    days = table.column("raced").cast(pa.int32()).to_numpy().astype(float)
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    mean = np.bincount(group, days) / size
    return np.sqrt(((days - mean[group]) ** 2).sum() / (len(days) - len(size)))


@pytest.mark.parametrize("spread", [300, 1500])
def test_rows_given_out_in_this_order_are_as_alike_as_the_real_ones(spread):
    table, cells, keys = races(spread)
    key = SortKey.fit(table, [NUMBER, DATE], cells, keys, 5)
    assert key.column == "raced"
    days = table.column("raced").cast(pa.int32()).to_numpy()
    place = (np.clip(days, key.least, key.most) - key.least) / (key.most - key.least)
    order = np.lexsort([place + np.random.default_rng(1).normal(0, key.noise, ROWS), cells])
    given = np.empty(ROWS, int)
    given[order] = np.sort(keys)  # the places of each cell's rows, as many as they really have
    assert within(table, given) == pytest.approx(within(table, keys), rel=0.2)
    by_chance = np.argsort(cells + np.random.default_rng(2).random(ROWS) / 2)
    given[by_chance] = np.sort(keys)
    assert within(table, given) > 1.3 * within(table, keys)


def test_ends_of_the_range_are_those_of_privacy():
    table, cells, keys = races(300)
    key = SortKey.fit(table, [DATE], cells, keys, 5)
    days = np.sort(table.column("raced").cast(pa.int32()).to_numpy())
    assert (key.least, key.most) == (days[4], days[-5])


def test_what_rows_do_not_share_is_no_key():
    table, cells, keys = races(300)
    assert SortKey.fit(table, [NUMBER, Column("name", ColumnType("string"))], cells, keys, 5) is None
    assert SortKey.fit(table, [DATE], keys, keys, 5) is None  # the cell says it all
    assert SortKey.fit(table, [DATE], cells, np.arange(ROWS), 5) is None  # no two rows refer to the same
    assert SortKey.fit(table, [DATE], np.full(ROWS, -1), keys, 5) is None


def test_a_key_comes_back_from_json_as_it_was():
    key = SortKey("raced", 1.0, 9.5, 0.25)
    assert SortKey.from_json(key.to_json()) == key
