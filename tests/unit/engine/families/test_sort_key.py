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


def test_ends_of_what_ancestors_hold_are_those_of_ancestors():
    table, cells, keys = races(300)
    days = table.column("raced").cast(pa.int32()).to_numpy() // 50 * 50
    shared = pa.table({"@up1.raced": pa.array(days.astype("int32")).cast(pa.date32())})
    key = SortKey.fit(shared, [Column("@up1.raced", DATE.type)], cells, keys, 5)
    ends = np.unique(days)
    assert (np.sort(days)[4] < ends[4]) and (key.least, key.most) == (ends[4], ends[-5])


def test_what_rows_do_not_share_is_no_key():
    table, cells, keys = races(300)
    assert SortKey.fit(table, [NUMBER, Column("name", ColumnType("string"))], cells, keys, 5) is None
    assert SortKey.fit(table, [DATE], keys, keys, 5) is None  # the cell says it all
    assert SortKey.fit(table, [DATE], cells, np.arange(ROWS), 5) is None  # no two rows refer to the same
    assert SortKey.fit(table, [DATE], np.full(ROWS, -1), keys, 5) is None


def test_a_key_comes_back_from_json_as_it_was():
    key = SortKey("raced", 1.0, 9.5, 0.25)
    assert SortKey.from_json(key.to_json()) == key


@pytest.mark.parametrize("falls", [False, True])
def test_what_is_referred_to_is_sorted_by_what_goes_with_the_key(falls):
    table, _, keys = races(300)
    rng = np.random.default_rng(3)
    day = table.column("raced").cast(pa.int32()).to_numpy().astype(float)
    born = np.bincount(keys, day)[keys] / np.bincount(keys)[keys] + rng.normal(0, 400, 120)[keys]
    beside = table.append_column("@a", pa.array(-born if falls else born)).append_column(
        "@b", pa.array(rng.random(ROWS))
    )
    columns = {"@b": Column("luck", ColumnType("double")), "@a": Column("born", DATE.type)}
    columns["name"] = Column("name", ColumnType("string"))
    key = SortKey("raced", 0, 1, 0)
    found = SortKey.beside(key, beside, columns, DATE.type, 5)
    ends = sorted(set(-born if falls else born))  # of drivers, not of their races
    assert (found.column, found.noise) == ("born", 0.0)
    assert (found.least, found.most) == ((ends[-5], ends[4]) if falls else (ends[4], ends[-5]))
    columns.pop("@a")
    assert SortKey.beside(key, beside, columns, DATE.type, 5) is None
