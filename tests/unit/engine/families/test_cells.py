import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.families.cells import Cells


def rows(count=600, seed=0):
    """Two kinds of rows that differ in everything, and a number that says nothing."""
    rng = np.random.default_rng(seed)
    kind = np.arange(count) % 2
    return kind, pa.table(
        {
            "n": pa.array(np.where(kind, rng.poisson(30, count), rng.poisson(1, count))),
            "size": pa.array(kind * 100.0 + rng.normal(size=count)),
            "word": pa.array(np.where(kind, "big", "small")),
        }
    )


@pytest.mark.parametrize("at_least", [1, 5, 40])
def test_every_cell_has_enough_rows(at_least):
    _, table = rows()
    cells = Cells.fit(table, ["n"], at_least, seed=1)
    sizes = np.bincount(cells.assign(table), minlength=len(cells.centres))
    assert sizes.min() >= at_least and sizes.sum() == 600
    assert 2 <= len(cells.centres) <= min(48, 600 // at_least)


def test_rows_that_differ_lie_in_different_cells():
    kind, table = rows()
    cells = Cells.fit(table, ["n"], 5, seed=1)
    assigned = cells.assign(table)
    assert not set(assigned[kind == 0]) & set(assigned[kind == 1])
    again, more = rows(100, seed=9)
    assert set(cells.assign(more)[again == 1]) <= set(assigned[kind == 1])


def test_a_seed_gives_the_same_cells_whatever_numpys_own_state():
    _, table = rows()
    first = Cells.fit(table, ["n"], 5, seed=1)
    np.random.seed(5)
    again = Cells.fit(table, ["n"], 5, seed=1)
    np.testing.assert_array_equal(first.centres, again.centres)
    np.testing.assert_array_equal(first.assign(table), again.assign(table))


def test_a_row_lies_in_its_cell_whatever_other_rows_it_comes_with():
    _, table = rows()
    cells = Cells.fit(table, ["n"], 5, seed=1)
    whole = cells.assign(table)
    for start in (0, 1, 300, 599):
        np.testing.assert_array_equal(cells.assign(table.slice(start, 7)), whole[start : start + 7])


def test_neighbours_are_next_to_each_other():
    table = pa.table({"x": np.random.default_rng(0).normal(size=2000)})
    cells = Cells.fit(table, [], 5, seed=1)
    assigned = cells.assign(table)
    order = np.corrcoef(assigned, np.argsort(np.argsort(table["x"].to_numpy())))[0, 1]
    assert len(cells.centres) > 20 and abs(order) > 0.99


def test_rows_that_are_referred_to_often_are_told_apart_more_finely():
    rng = np.random.default_rng(0)
    heavy = np.arange(1200) < 120
    table = pa.table({"n": np.where(heavy, 500, 1), "x": rng.normal(size=1200)})
    with_counts = Cells.fit(table, ["n"], 5, seed=1).assign(table)
    without = Cells.fit(table.select(["x"]), [], 5, seed=1).assign(table)
    assert len(set(with_counts[heavy])) > 10 and not set(with_counts[heavy]) & set(with_counts[~heavy])
    assert np.bincount(with_counts[heavy]).max() < np.bincount(without).max()


def test_nulls_and_unknown_words_have_a_cell():
    _, table = rows(100)
    cells = Cells.fit(table, ["n"], 5, seed=1)
    odd = pa.table({"n": pa.array([0, None]), "size": pa.array([None, 1e300]), "word": pa.array([None, "never seen"])})
    assigned = cells.assign(odd)
    assert ((assigned >= 0) & (assigned < len(cells.centres))).all()
    empty = pa.table({"x": pa.nulls(30, pa.float64()), "s": pa.nulls(30, pa.string())})
    assert (Cells.fit(empty, [], 5, seed=1).assign(empty) == 0).all()


@pytest.mark.parametrize(("count", "at_least"), [(1, 5), (3, 5), (9, 5)])
def test_few_rows_are_one_cell(count, at_least):
    _, table = rows(count)
    cells = Cells.fit(table, ["n"], at_least, seed=1)
    assert len(cells.centres) == 1 and (cells.assign(table) == 0).all()


def test_rows_that_are_all_alike_are_one_cell():
    table = pa.table({"x": np.ones(500), "s": ["a"] * 500})
    assert len(Cells.fit(table, [], 1, seed=1).centres) == 1
