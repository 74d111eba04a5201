"""The encoded row as parts, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.encoded_table import EncodedTable

PLACES = np.array([7, 2, 1, 0, 4, 5, 3], np.int32)  # of 7 codes, in groups of three places; places 6 and 8 are empty


def grouped(places=PLACES, members=3):
    return ColumnParts(len(places), places=np.asarray(places, np.int32), members=members)


PLAIN = ColumnParts(5)
COLUMNS = {
    "plain": PLAIN,
    "ranked": ColumnParts(6, bins=4),
    "cuts": ColumnParts(6, bins=4, cuts=3),
    "fine": ColumnParts(6, bins=4, cuts=1, fine=8),
    "cuts and fine": ColumnParts(7, bins=4, cuts=3, fine=5),
    "only bins": ColumnParts(8, bins=8, cuts=8, fine=8),
    "groups": grouped(),
    "groups with null": grouped([0, 3, 6, 4, 8, 7, 5], 3),
}
SIZES = {
    "plain": (5,),
    "ranked": (6,),
    "cuts": (2 + 12,),
    "fine": (6, 8),
    "cuts and fine": (3 + 12, 5),
    "only bins": (64, 8),
    "groups": (3, 3),
    "groups with null": (3, 3),
}


def rows_of(column, rows=2000):
    """Codes, and ranks that lie in the bins of those codes that are bins."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, column.codes, rows)
    first = column.codes - column.bins
    ranks = np.where(codes >= first, (codes - first + rng.random(rows)) / max(column.bins, 1), 0.5)
    return codes, ranks.clip(1e-6, 1 - 1e-6).astype(np.float32)


@pytest.mark.parametrize("name", COLUMNS)
def test_what_was_cut_is_joined_again(name):
    column = COLUMNS[name]
    codes, ranks = rows_of(column)
    parts = column.cut(codes, ranks if column.bins else None)
    assert column.sizes == SIZES[name] and len(parts) == len(column.sizes)
    for part, size in zip(parts, column.sizes, strict=True):
        assert part.min() >= 0 and part.max() < size
    inside = np.random.default_rng(1).random(len(codes))
    again, again_ranks = column.join(parts, inside)
    np.testing.assert_array_equal(again, codes)
    if column.bins:
        cells = column.bins * column.cuts * column.fine
        inner = codes >= column.codes - column.bins
        assert (np.abs(again_ranks - ranks)[inner] <= 1 / cells + 1e-6).all()
        # In the very cell, at the place in it that was asked for.
        np.testing.assert_allclose((again_ranks[inner] * cells) % 1, inside[inner], atol=2e-4)
        for one, other in zip(column.cut(again, again_ranks), parts, strict=True):
            np.testing.assert_array_equal(one, other)
        assert (again_ranks[~inner] == 0.5).all()
    assert again_ranks.dtype == np.float32 and (again_ranks > 0).all() and (again_ranks < 1).all()


@given(st.data())
def test_cut_and_join_are_inverse_for_any_cut(data):
    bins, cuts, fine = (data.draw(st.integers(1, most)) for most in (9, 9, 9))
    first = data.draw(st.integers(0, 4))
    column = ColumnParts(first + bins, bins, cuts, fine)
    codes = np.array(data.draw(st.lists(st.integers(0, first + bins - 1), min_size=1, max_size=20)))
    shares = data.draw(st.lists(st.floats(0, 1), min_size=len(codes), max_size=len(codes)))
    ranks = ((codes - first + np.array(shares)) / bins).clip(1e-6, 1 - 1e-6).astype(np.float32)
    parts = column.cut(codes, ranks)
    inside = np.array(data.draw(st.lists(st.floats(0.01, 0.99), min_size=len(codes), max_size=len(codes))))
    again, again_ranks = column.join(parts, inside)
    np.testing.assert_array_equal(again, codes)
    inner = codes >= first
    assert (np.abs(again_ranks - ranks)[inner] <= 1 / (bins * cuts * fine) + 1e-5).all()


@given(st.permutations(range(11)), st.integers(1, 11))
def test_each_code_has_its_place_in_any_groups(places, members):
    column = grouped(places, members)
    codes = np.arange(11)
    groups, inside = column.cut(codes, None)
    assert (groups == np.array(places) // members).all() and (inside == np.array(places) % members).all()
    np.testing.assert_array_equal(column.join([groups, inside], np.zeros(11))[0], codes)


@pytest.mark.parametrize("name", ["ranked", "cuts", "fine", "cuts and fine", "only bins"])
def test_a_rank_on_the_edge_of_its_bin_stays_in_it(name):
    column = COLUMNS[name]
    first = column.codes - column.bins
    codes = np.repeat(np.arange(first, column.codes), 2)
    edges = np.stack([np.arange(column.bins), np.arange(1, column.bins + 1)], axis=1).ravel() / column.bins
    for ranks in (edges, np.nextafter(edges.astype(np.float32), 0), np.nextafter(edges.astype(np.float32), 1)):
        parts = column.cut(codes, ranks.astype(np.float32))
        np.testing.assert_array_equal(column.join(parts, np.full(len(codes), 0.5))[0], codes)
        cell = (parts[0] - first) * column.fine + (parts[1] if column.fine > 1 else 0)
        each = column.cuts * column.fine
        low = (codes - first) * each
        np.testing.assert_array_equal(cell, np.where(np.arange(len(codes)) % 2, low + each - 1, low))


def test_a_place_that_no_code_has_counts_as_the_first_of_its_group():
    empty = [np.array([2, 2]), np.array([0, 2])]  # places 6 and 8; the group's first place is empty, too
    column = grouped([0, 1, 2, 3, 4, 5, 6], 3)
    np.testing.assert_array_equal(column.join([np.array([2, 2, 2]), np.arange(3)], np.zeros(3))[0], [6, 6, 6])
    assert (grouped([0, 3, 4, 5, 1, 6, 7]).join(empty, np.zeros(2))[0] == [5, 5]).all()


def test_codes_of_parts_that_are_not_known():
    unknown = np.array([-1, 1, -1])
    np.testing.assert_array_equal(PLAIN.codes_of([unknown]), unknown)
    np.testing.assert_array_equal(grouped().codes_of([unknown, np.array([-1, 1, -1])]), [-1, 4, -1])


def test_allowed_codes_allow_groups_and_then_places():
    column, codes = grouped(), np.zeros((3, 7), bool)
    codes[0, [0, 4]] = codes[1, 2] = codes[2] = True
    groups = column.allowed(codes, None)
    np.testing.assert_array_equal(groups, [[False, True, True], [True, False, False], [True, True, True]])
    places = column.allowed(codes, np.array([1, 0, 2]))
    np.testing.assert_array_equal(places, [[False, True, False], [False, True, False], [False, True, False]])
    np.testing.assert_array_equal(PLAIN.allowed(codes[:, :5], None), codes[:, :5])


def parts_of(given_columns=2):
    names = ("fine", "groups", "plain", "cuts", "cuts and fine")
    return Parts(tuple(COLUMNS[name] for name in names), (True, False, False, True, True), given_columns)


def test_parts_know_their_column_and_the_one_they_are_linked_to():
    parts = parts_of()
    assert parts.sizes == (6, 8, 3, 3, 5, 14, 15, 5)
    assert parts.column_of == (0, 0, 1, 1, 2, 3, 4, 4)
    assert parts.parents == (-1, 0, -1, 2, -1, -1, -1, 6)
    assert parts.of_column == ((0, 1), (2, 3), (4,), (5,), (6, 7))
    assert [parts_of(count).first_drawn for count in range(6)] == [0, 2, 4, 5, 6, 8]


@pytest.mark.parametrize("count", range(6))
def test_rows_of_given_and_drawn_columns_are_cut_and_joined(count):
    parts = parts_of(count)
    codes, ranks = zip(*(rows_of(column) for column in parts.columns), strict=True)
    tables = []
    for own in (slice(0, count), slice(count, None)):
        kept = [r for r, ranked in zip(ranks[own], parts.ranked[own], strict=True) if ranked]
        empty = np.zeros((2000, 0))
        tables.append(
            EncodedTable(
                np.stack(codes[own], axis=1) if codes[own] else empty.astype(int),
                np.stack(kept, axis=1) if kept else empty.astype(np.float32),
            )
        )
    context, table = tables
    cut = parts.cut(context, table)
    assert cut.shape == (2000, 8) and (cut.max(axis=0) < parts.sizes).all() and cut.min() == 0
    for column, own in enumerate(parts.of_column):
        expected = parts.columns[column].cut(codes[column], ranks[column] if parts.ranked[column] else None)
        np.testing.assert_array_equal(cut[:, own].T, expected)
    made = parts.join(cut.T.astype(np.int64), np.full((table.ranks.shape[1], 2000), 0.5))
    np.testing.assert_array_equal(made.codes, table.codes)
    np.testing.assert_allclose(made.ranks, table.ranks, atol=1 / 8)
