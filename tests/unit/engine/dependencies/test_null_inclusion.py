from itertools import permutations

import numpy as np

from synthohive_spark.engine.code_links import Block, NullInclusion
from synthohive_spark.engine.dependencies.null_inclusion import (
    broken,
    drawing_order,
    find_null_inclusions,
    mask_nulls,
    telling,
)
from synthohive_spark.engine.encoded_table import EncodedTable


def table(rows=4000):
    """Columns: null in a third of the rows; in half of those; exactly there; anywhere; never."""
    rng = np.random.default_rng(0)
    outer = rng.random(rows) < 0.3
    inner = outer & (rng.random(rows) < 0.5)
    codes = np.stack([~inner, ~outer, ~inner, rng.random(rows) > 0.01, np.ones(rows)], axis=1).astype(np.int16)
    blocks = [Block(name, (0.5, 0.5), False, null=name != "never") for name in ("in", "out", "same", "any", "never")]
    return EncodedTable(codes, np.zeros((rows, 0), np.float32)), blocks


def test_links_are_those_that_hold_in_every_row():
    assert set(find_null_inclusions(*table())) == {
        NullInclusion(0, 1, False),
        NullInclusion(2, 1, False),
        NullInclusion(2, 0, True),
    }


def test_a_link_that_chance_would_make_is_none():
    codes = np.ones((4000, 2), np.int16)
    codes[:1300, 0], codes[:5, 1] = 0, 0  # five nulls lie in a third of the rows by chance in 0.4 % of all tables
    blocks = [Block(name, (0.5, 0.5), False, null=True) for name in "ab"]
    assert find_null_inclusions(EncodedTable(codes, np.zeros((4000, 0), np.float32)), blocks) == ()
    codes[:60, 1] = 0
    assert find_null_inclusions(EncodedTable(codes, np.zeros((4000, 0), np.float32)), blocks) == (
        NullInclusion(1, 0, False),
    )


def test_a_column_is_drawn_after_those_its_nulls_lie_within():
    links = find_null_inclusions(*table())
    order = drawing_order(5, links)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert all(order.index(link.within) < order.index(link.column) for link in links)


def test_logits_that_a_link_forbids_are_ruled_out():
    codes = np.array([[0, 0, 1], [0, 1, 0]])  # the outer column, then one that is never null by itself
    logits = np.zeros((3, 3), np.float32)
    mask_nulls(logits, 2, [NullInclusion(2, 0, True)], codes)
    assert np.isinf(logits).tolist() == [[False, False, True], [True, True, False], [True, True, False]]
    logits = np.zeros((3, 3), np.float32)
    mask_nulls(logits, 2, [NullInclusion(2, 1, False)], codes)
    assert np.isinf(logits).tolist() == [[False, True, False], [False, False, False], [False, False, False]]


def test_what_follows_from_two_links_is_one_so_that_any_order_leaves_something_to_draw():
    rng = np.random.default_rng(0)
    outer = rng.random(400) < 0.9
    middle = outer & (rng.random(400) < 0.5)
    inner = np.zeros(400, bool)
    inner[np.flatnonzero(middle)[:20]] = True
    rows = EncodedTable(np.stack([~inner, ~middle, ~outer], 1).astype(np.int32), np.zeros((400, 0), np.float32))
    blocks = [Block(name, (0.5, 0.5), False, null=True) for name in ("inner", "middle", "outer")]
    assert 20 * np.log(outer.mean()) > np.log(1e-6)  # chance might put so few nulls within so many
    links = find_null_inclusions(rows, blocks)
    assert set(links) == {NullInclusion(1, 2, False), NullInclusion(0, 1, False), NullInclusion(0, 2, False)}
    assert set(telling(links)) == {NullInclusion(1, 2, False), NullInclusion(0, 1, False)}
    for order in permutations(range(3)):
        codes = np.full((3, 400), -1)
        for column in order:
            logits = np.zeros((2, 400))
            mask_nulls(logits, column, links, codes)
            assert np.isfinite(logits).any(axis=0).all()
            codes[column] = (np.where(np.isfinite(logits), rng.random((2, 400)), -1)).argmax(axis=0)
        assert not any(broken(link, EncodedTable(codes.T, rows.ranks)).any() for link in links)
