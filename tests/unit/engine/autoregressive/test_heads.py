"""The network on torch, on numpy, and the two together."""

import dataclasses

import numpy as np
import pytest
import torch

from synthohive_spark.engine.autoregressive import networks
from synthohive_spark.engine.autoregressive.calibration import calibrate
from synthohive_spark.engine.autoregressive.networks import Heads, known_parts
from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.autoregressive.sampling import sampler_of
from synthohive_spark.engine.autoregressive.training import odds_of, shares_of
from synthohive_spark.engine.code_links import Block, Echo, NullInclusion
from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from tests.helpers.encoded_examples import nothing

# Plain, ranked with cuts, ranked with linked cells, groups, plain: eight parts with the last two columns' links.
COLUMNS = (
    ColumnParts(4),
    ColumnParts(6, bins=4, cuts=3),
    ColumnParts(5, bins=4, cuts=2, fine=3),
    ColumnParts(7, places=np.array([7, 2, 1, 0, 4, 5, 3], np.int32), members=3),
    ColumnParts(3),
)
RANKED = (False, True, True, False, False)
ROWS = 24


def parts_of(given):
    """The last column echoes the first, where that is given."""
    echo = Echo(0, 4 - given, np.array([2, -1, 0, 1], np.int32))
    return Parts(COLUMNS, RANKED, given, (echo,) if given else ())


def encoded(rows=ROWS, given=0, seed=0):
    """Rows of all columns as (context, table)."""
    rng = np.random.default_rng(seed)
    codes, ranks = np.stack([rng.integers(0, c.codes, rows) for c in COLUMNS], axis=1), []
    for i in (1, 2):
        first = COLUMNS[i].codes - 4
        ranks.append(np.where(codes[:, i] >= first, (codes[:, i] - first + rng.random(rows)) / 4, 0.5))
    ranks = np.stack(ranks, axis=1).clip(1e-6, 1 - 1e-6).astype(np.float32)
    split = sum(RANKED[:given])
    return EncodedTable(codes[:, :given], ranks[:, :split]), EncodedTable(codes[:, given:], ranks[:, split:])


def network(parts, given, seed=0, widths=(8, 16)):
    """Heads with weights that all matter."""
    context, table = encoded(500, given, seed=9)
    rng = torch.Generator().manual_seed(seed)
    rows = parts.cut(context, table)
    heads = Heads(parts, shares_of(rows, parts), odds_of(rows, parts), widths, rng, torch.float32)
    with torch.no_grad():
        for name, weight in heads.named_parameters():
            weight.normal_(std=0.3 if "read" in name or "inner" in name or name == "summary" else 1.0, generator=rng)
    return heads


def numpy_of(heads, order, links=(), nulls=None, functional=()):
    arrays = {name: array.numpy() for name, array in heads.state_dict().items()}
    drawn = len(heads.parts.columns) - heads.parts.given
    return sampler_of(arrays, heads.parts, tuple(order), layout_of(nulls or (False,) * drawn, links, functional))


def layout_of(nulls, links=(), functional=()):
    blocks = tuple(Block(str(i), (1.0,), False, null=null) for i, null in enumerate(nulls))
    return Layout(blocks, null_inclusions=links, functional=functional)


def losses(heads, row, known):
    """What torch says of one row: minus the logarithm of the probability of each drawn part."""
    with torch.no_grad():
        mask = torch.from_numpy(known.astype(np.float32))
        return heads.losses(torch.from_numpy(row.astype(np.int64))[None], mask).numpy()


def numpy_losses(sampler, rows, start, known=None):
    """What numpy says of these rows when it has drawn them, shape (drawn parts, rows); NaN where nothing is drawn."""
    found = np.full((len(rows.T) - sampler.parts.first_drawn, len(rows)), np.nan)
    for part, logits in sampler.walk(start, known):
        np.subtract(logits, logits.max(axis=0), out=logits)
        own = np.log(np.exp(logits).sum(axis=0)) - logits[rows[:, part], np.arange(len(rows))]
        wanted = start[part] < 0
        found[part - sampler.parts.first_drawn, wanted] = own[wanted]
        start[part] = rows[:, part]
    return found


ORDERS = [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("given", [0, 1, 3])
def test_numpy_makes_what_torch_makes(given, order):
    parts = parts_of(given)
    order = [column for column in order if column >= given]
    heads = network(parts, given)
    sampler = numpy_of(heads, order)
    context, table = encoded(ROWS, given)
    rows = parts.cut(context, table)
    start = sampler.start(context)
    assert (rows[:, : parts.first_drawn] == start[: parts.first_drawn].T).all() and (
        start[parts.first_drawn :] < 0
    ).all()
    ours = numpy_losses(sampler, rows, start)
    known = known_parts(parts, np.array(order))
    theirs = np.stack([losses(heads, row, known) for row in rows], axis=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    other = np.stack([losses(heads, row, known_parts(parts, np.array(order[::-1]))) for row in rows], axis=1)
    assert np.abs(ours - other).max() > 0.1  # another order is another distribution, or the above says nothing


@pytest.fixture
def summed_up(monkeypatch):
    """What is given is summed up for however few parts, where heads are narrow enough."""
    monkeypatch.setattr(networks, "_FEWEST_SUMMARISED", 1)


@pytest.mark.parametrize(("given", "summed"), [(0, False), (2, True), (3, True)])
@pytest.mark.usefixtures("summed_up")
def test_numpy_sums_up_what_is_given_as_torch_does(given, summed):
    parts, order = parts_of(given), [column for column in (2, 4, 0, 3, 1) if column >= given]
    heads = network(parts, given, widths=(8, 4))
    assert (heads.summary is not None) == summed
    sampler = numpy_of(heads, order)
    context, table = encoded(ROWS, given)
    rows = parts.cut(context, table)
    ours = numpy_losses(sampler, rows, sampler.start(context))
    known = known_parts(parts, np.array(order))
    theirs = np.stack([losses(heads, row, known) for row in rows], axis=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    if summed:
        other = parts.cut(context.take(slice(None, None, -1)), table)
        moved = np.stack([losses(heads, row, known) for row in other], axis=1)
        assert np.abs(moved - ours).max() > 0.1  # what is given matters
        assert sampler.read_width == sampler.heads[parts.first_drawn].read.shape[1] < sum(map(len, sampler.embeddings))


def test_what_is_given_is_summed_up_where_it_is_much_for_many_parts():
    parts = parts_of(2)
    assert network(parts, 2, widths=(8, 4)).summary is None
    many = Parts((*COLUMNS, *[ColumnParts(3)] * 8), (*RANKED, *[False] * 8), 3)
    drawn = [(many.parents[part], many.sizes[part]) for part in range(many.first_drawn, len(many.sizes))]
    shares = [np.ones(size if parent < 0 else (many.sizes[parent], size)) for parent, size in drawn]
    for hidden, width in ((4, 4), (16, None)):
        heads = Heads(many, shares, {}, (8, hidden), torch.Generator(), torch.float32)
        assert (None if heads.summary is None else heads.summary.shape[1]) == width


@pytest.mark.parametrize(("given", "widths"), [(0, (8, 16)), (2, (8, 16)), (2, (8, 4))])
@pytest.mark.usefixtures("summed_up")
def test_numpy_makes_what_torch_makes_of_what_is_known(given, widths):
    parts, order = parts_of(given), [column for column in (2, 4, 0, 3, 1) if column >= given]
    heads = network(parts, given, widths=widths)
    sampler = numpy_of(heads, order)
    context, table = encoded(ROWS, given)
    rows = parts.cut(context, table)
    mask = np.random.default_rng(1).random((ROWS, len(order))) < 0.5
    mask[0], mask[1] = False, True
    junk = EncodedTable(np.where(mask, table.codes, 0), table.ranks)
    known = Known(junk, mask, np.zeros(len(order), bool))
    start = sampler.start(context, known)
    ours = numpy_losses(sampler, rows, start.copy(), known)
    for row, own in enumerate(mask):
        reads = known_parts(parts, np.array(order))
        for part, column in enumerate(parts.column_of):
            is_known = column >= given and own[column - given]
            assert (start[part, row] >= 0) == (is_known or column < given)
            for head in range(parts.first_drawn, len(parts.sizes)):
                target = parts.column_of[head]
                if is_known and target != column:
                    reads[part, head - parts.first_drawn] = True
        theirs = losses(heads, rows[row], reads)
        drawn = np.array([not own[parts.column_of[p] - given] for p in range(parts.first_drawn, len(parts.sizes))])
        np.testing.assert_array_equal(np.isnan(ours[:, row]), ~drawn)
        np.testing.assert_allclose(ours[drawn, row], theirs[drawn], atol=1e-4)


def test_a_head_reads_earlier_columns_and_the_first_part_of_its_own():
    parts = parts_of(1)
    known = known_parts(parts, np.array([3, 1, 4, 2]))
    # Parts: 0 given; 1 of column 1; 2, 3 of column 2; 4, 5 of column 3; 6 of column 4.
    expected = {1: [0, 4, 5], 2: [0, 1, 4, 5, 6], 3: [0, 1, 2, 4, 5, 6], 4: [0], 5: [0, 4], 6: [0, 1, 4, 5]}
    assert {head: np.flatnonzero(known[:, head - 1]).tolist() for head in range(1, 7)} == expected


def test_what_a_head_does_not_know_does_not_move_it():
    parts = parts_of(0)
    heads, order = network(parts, 0), np.array([2, 0, 3, 1, 4])
    known = known_parts(parts, order)
    rows = parts.cut(*encoded())
    before = losses(heads, rows[0], known)
    for part in range(len(parts.sizes)):
        changed = rows[0].copy()
        changed[part] = (changed[part] + 1) % parts.sizes[part]
        moved = np.abs(losses(heads, changed, known) - before) > 1e-6
        reads = known[part].copy()
        reads[part] = True  # its own loss is that of another category
        np.testing.assert_array_equal(moved, reads)


def test_shares_are_those_of_the_rows_and_none_is_zero():
    parts = parts_of(0)
    rows = parts.cut(*encoded(4000))
    rows[:, 0] = rows[:, 0] % 3  # the fourth category has no rows
    shares = shares_of(rows, parts)
    assert [own.shape for own in shares] == [(4,), (14,), (9,), (9, 3), (3,), (3, 3), (3,)]
    for own in shares:
        assert (own > 0).all()
        np.testing.assert_allclose(own.sum(axis=-1), 1)
    np.testing.assert_allclose(shares[0], np.bincount(rows[:, 0], minlength=4) / 4000, atol=1e-3)
    assert shares[0][3] < 1e-4
    own = rows[rows[:, 4] == 2, 5]  # places in the last group
    np.testing.assert_allclose(shares[5][2], np.bincount(own, minlength=3) / len(own), atol=0.01)


@pytest.mark.parametrize("given", [0, 2])
def test_calibration_brings_the_shares_of_the_table(given):
    parts, order = parts_of(given), [column for column in (2, 4, 0, 3, 1) if column >= given]
    rng = np.random.default_rng(3)
    context, table = encoded(6000, given)
    codes = table.codes.copy()
    codes[:, -1] = rng.choice(3, 6000, p=(0.4, 0.35, 0.25))
    table = EncodedTable(codes, table.ranks)
    rows = parts.cut(context, table)
    heads = network(parts, given)
    with torch.no_grad():  # a network that is wrong by not more than calibration may mend
        for weights, bias, own in zip(heads.out, heads.out_bias, shares_of(rows, parts), strict=True):
            weights.mul_(0.02)
            bias.copy_(torch.log(torch.from_numpy(own)) + 0.2 * bias.clamp(-1, 1))
    bare = numpy_of(heads, order)
    biases = calibrate(bare, rows, context, seed=1)
    linked = [p for p in range(parts.first_drawn, len(parts.sizes)) if parts.parents[p] >= 0]
    free = [p for p in range(parts.first_drawn, len(parts.sizes)) if p not in linked]
    assert sorted(biases) == sorted(f"calibration.{p - parts.first_drawn}" for p in free)
    arrays = {name: array.numpy() for name, array in heads.state_dict().items()}
    after = sampler_of({**arrays, **biases}, parts, bare.order, layout_of(bare.nulls))
    wrong = [misses(sampler, rows, context) for sampler in (bare, after)]
    assert wrong[0].max() > 0.03 and wrong[1].max() < 0.02


def misses(sampler, rows, context):
    """The distance of drawn shares to true ones, for each part that is not linked."""
    chosen = np.random.default_rng(0).integers(0, len(rows), 16_384)
    own = context.take(chosen) if len(context.codes.T) else nothing(16_384)
    words = np.random.default_rng(1).integers(0, 2**63, (16_384, sampler.noise_words), dtype=np.uint64) * np.uint64(2)
    made = sampler.parts.cut(own, sampler.sample(words, own))
    free = [p for p in range(sampler.parts.first_drawn, rows.shape[1]) if sampler.parts.parents[p] < 0]
    pairs = [[np.bincount(r[:, p], minlength=sampler.parts.sizes[p]) / len(r) for r in (made, rows)] for p in free]
    return np.array([np.abs(one - other).sum() / 2 for one, other in pairs])


def test_null_links_and_filled_columns_rule_out_codes():
    """The last column is null only where the first is: in both directions, and not where a column is filled."""
    parts = parts_of(0)
    heads = network(parts, 0)
    with torch.no_grad():
        for weights, bias in zip(heads.out, heads.out_bias, strict=True):
            weights.mul_(0.02)
            bias.zero_()
    link = (NullInclusion(4, 0, False),)
    words = np.random.default_rng(0).integers(0, 2**63, (4096, 9), dtype=np.uint64) * np.uint64(2)
    rows = encoded(4096)[1]
    for order in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0)):
        sampler = numpy_of(heads, order, link, (True, False, False, False, True))
        made = sampler.sample(words, nothing(4096)).codes
        assert (made[:, 4] == 0).mean() > 0.01 and not ((made[:, 4] == 0) & (made[:, 0] > 0)).any()
        free = dataclasses.replace(sampler, null_inclusions=()).sample(words, nothing(4096)).codes
        assert ((free[:, 4] == 0) & (free[:, 0] > 0)).any()
        known = Known(rows, np.zeros((4096, 5), bool), np.array([True, False, False, False, False]))
        filled = sampler.sample(words, nothing(4096), known).codes
        assert (filled[:, 0] > 0).all() and (filled[:, 4] == 0).any()
