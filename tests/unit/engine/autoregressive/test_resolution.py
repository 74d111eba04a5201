"""Into how many parts the columns of a table are cut."""

import numpy as np
import pytest

from synthohive_spark.engine.autoregressive.resolution import BINS, FINE, cut_columns
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from tests.helpers.encoded_examples import block, nothing


def ranked_table(ranks):
    """Columns of ranks in four bins."""
    codes = (ranks * 4).astype(np.int16)
    layout = Layout(tuple(block(f"r{i}", codes[:, i], 4, ranked=True, bins=4) for i in range(ranks.shape[1])))
    return EncodedTable(codes, ranks.astype(np.float32)), layout


def cut(table, layout, context=None, threshold=256, seed=1):
    return cut_columns(table, nothing(len(table)) if context is None else context, layout, threshold, seed)


def test_ranks_that_others_tell_get_fine_cells():
    rng = np.random.default_rng(0)
    own = rng.uniform(0.001, 0.999, (6000, 3))
    own[:, 1] = (own[:, 0] * 0.97 + 0.01 + rng.normal(0, 0.003, 6000)).clip(0.001, 0.999)
    table, layout = ranked_table(own)
    parts = cut(table, layout)
    assert [column.fine for column in parts.columns] == [FINE, FINE, 1]
    # A short table does not say enough.
    assert [column.fine for column in cut(table.take(slice(4000)), layout).columns] == [1, 1, 1]


def test_given_columns_are_cut_by_themselves():
    rng = np.random.default_rng(0)
    own = np.repeat(rng.uniform(0.001, 0.999, (6000, 1)), 2, axis=1)
    table, layout = ranked_table(own)
    layout = Layout(layout.columns[:1], layout.columns[1:])
    parts = cut(EncodedTable(table.codes[:, :1], table.ranks[:, :1]), layout, table.take(slice(None)))
    assert parts.given == 1 and parts.ranked == (True, True)
    assert [column.fine for column in parts.columns] == [1, 1]


@pytest.mark.parametrize(("rows", "cells"), [(1, 4), (100, 4), (500, 8), (2000, 20), (20_000, 64)])
def test_a_short_table_gets_fewer_bins(rows, cells):
    table, layout = ranked_table(np.random.default_rng(0).uniform(0.001, 0.999, (rows, 1)))
    (column,) = cut(table, layout).columns
    assert column.sizes == (cells,) and cells <= BINS


def test_only_the_rows_in_bins_count_for_how_many_there_are():
    codes = np.where(np.arange(2000) % 4 == 0, 1 + np.arange(2000) % 3, 0)
    layout = Layout((block("r", codes, 4, ranked=True, bins=3),))
    table = EncodedTable(codes[:, None], np.full((2000, 1), 0.5, np.float32))
    (column,) = cut(table, layout).columns
    assert (column.bins, column.cuts) == (3, 3)  # 500 rows: 11 parts, at most


@pytest.mark.parametrize("null", [False, True])
def test_many_categories_become_about_as_many_groups_as_members(null):
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(20_000), rng.integers(0, 20_000, 20_000)])
    other = codes % 7
    layout = Layout((block("w", codes, 20_000, null=null), block("o", other, 7)))
    table = EncodedTable(np.stack([codes, other], axis=1), np.zeros((40_000, 0), np.float32))
    column, plain = cut(table, layout).columns
    assert plain.places is None and plain.sizes == (7,)
    groups, members = column.sizes
    assert members == 142 and 141 <= groups <= 150
    assert len(np.unique(column.places)) == 20_000 and column.places.min() == 0
    held = np.bincount(column.places // members, minlength=groups)
    assert held.max() <= members
    if null:
        assert column.places[0] == 0 and held[0] == 1
    assert (column.join(column.cut(codes, None), np.zeros(40_000))[0] == codes).all()


def test_codes_that_go_with_the_same_values_share_groups():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 400, 20_000)
    other = codes * 7919 % 400 % 4  # nothing that the order of the codes tells
    layout = Layout((block("w", codes, 400), block("o", other, 4)))
    table = EncodedTable(np.stack([codes, other], axis=1), np.zeros((20_000, 0), np.float32))
    column = cut(table, layout).columns[0]
    groups, members = column.sizes
    assert (groups, members) == (20, 20)
    kind = np.arange(400) * 7919 % 400 % 4
    kinds = [len(np.unique(kind[column.places // members == group])) for group in range(groups)]
    assert sum(kinds) <= 24  # 20 at best; by chance nearly all groups would hold all four kinds


def test_frequent_codes_come_first_in_their_group():
    codes = np.minimum(np.random.default_rng(0).geometric(0.05, 5000) - 1, 99)
    layout = Layout((block("w", codes, 100),))
    column = cut(EncodedTable(codes[:, None], np.zeros((5000, 0), np.float32)), layout, threshold=50).columns[0]
    counts, (groups, members) = np.bincount(codes, minlength=100), column.sizes
    for group in range(groups):
        own = np.flatnonzero(column.places // members == group)
        assert (np.diff(counts[own[np.argsort(column.places[own])]]) <= 0).all()


def test_ranked_columns_and_those_at_the_threshold_have_no_groups():
    codes = np.random.default_rng(0).integers(0, 50, 1000)
    table = EncodedTable(np.stack([codes] * 2, axis=1), np.full((1000, 1), 0.5, np.float32))
    layout = Layout((block("w", codes, 50), block("r", codes, 50, ranked=True, bins=4)))
    assert [c.places is None for c in cut(table, layout, threshold=50).columns] == [True, True]
    assert [c.places is None for c in cut(table, layout, threshold=49).columns] == [False, True]


def test_the_seed_decides_alone():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 300, (3000, 2))
    layout = Layout(tuple(block(f"w{i}", codes[:, i], 300) for i in range(2)))
    table = EncodedTable(codes, np.zeros((3000, 0), np.float32))
    first, again = (cut(table, layout) for _ in range(2))
    for one, other in zip(first.columns, again.columns, strict=True):
        np.testing.assert_array_equal(one.places, other.places)


def test_a_table_of_one_row_and_many_codes():
    layout = Layout((Block("w", tuple([1.0] + [0.0] * 299), False),))
    (column,) = cut(EncodedTable(np.zeros((1, 1), np.int16), np.zeros((1, 0), np.float32)), layout).columns
    assert column.sizes == (17, 18) and len(np.unique(column.places)) == 300
