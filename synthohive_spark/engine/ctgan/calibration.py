"""Calibration: after training, make the marginals of what is drawn those of the table.

The generator's logits get a bias for each code, found by repeatedly adding the damped logarithm of wanted over drawn
frequency (iterative proportional fitting on one margin at a time); then the quantiles of the scores drawn with each
code are mapped to those of the ranks of its real rows. Both are small tables in the model. Of a column that counts
beside another one, both are found for each group of that one's codes: sums of the two come out as they are, not only
each of them. In rows of a rare code they are found apart for the columns of which it says much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.categories import sample_categories
from synthohive_spark.engine.ctgan.rare_fit import Told
from synthohive_spark.engine.ctgan.sampling import CTGANSampler, Floats, RankTable, ranks_of_scores
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.noise import row_words, uniforms

ROWS, FEWEST_ROWS = 81_920, 8_192
_ROWS_PER_ROW = 8
_BATCH = 512
_LARGEST_OUTPUT = 25_000_000
_ROUNDS = 40
_DAMPING = 0.8
_CLOSE = 2e-4
_FARTHEST = np.float32(1e20)
_KNOTS = 17
_ROWS_PER_KNOT = 20
_FEWEST_OF_PART = 100
_ROWS_OF_RARE = 128, 512

_Scored = tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Scores of drawn rows or ranks of real ones, with their codes and their groups."""


def calibrate(
    sampler: CTGANSampler,
    table: EncodedTable,
    context: EncodedTable,
    layout: Layout,
    told: Mapping[int, Told],
    *,
    seed: int,
    rows: int | None = None,
) -> CTGANSampler:
    """The sampler with biases and rank tables fitted.

    Args:
        sampler: A trained one.
        table: The training rows.
        context: Their given columns; rows are drawn under a sample of them.
        layout: The true frequencies.
        told: What rare codes say of columns; some more rows are drawn under each of them.
        seed: Fixes the rows that are drawn.
        rows: How many to draw, in whole batches, fewer where the network's output is wide; 8 for each of ``table`` when
            None, within `FEWEST_ROWS` and `ROWS`.
    """
    if rows is None:
        rows = min(max(_ROWS_PER_ROW * len(table) // _BATCH * _BATCH, FEWEST_ROWS), ROWS)
    rows = min(rows, max(8, _LARGEST_OUTPUT // (_BATCH * sampler.slots.width)) * _BATCH)
    rare = sampler.conditions.rare
    asked = np.unique(np.concatenate([np.zeros(0, np.int64), *(own.which for own in told.values())]))
    asked = np.repeat(rare.places[asked], _rows_of_each(rows, len(asked)))
    words = row_words(seed, np.arange(rows + len(asked)), sampler.noise_words)
    given = context.take(np.random.default_rng(seed).integers(0, len(table), len(words)))
    raw, read = np.empty((sampler.slots.width, len(words)), np.float32), []
    for start in range(0, len(words), _BATCH):
        part = slice(start, start + _BATCH)
        dense, ones = sampler.inputs(words[part], given.take(part))
        if start + len(dense) > rows:
            ones[0][max(0, rows - start) :] = asked[max(0, start - rows) : start + len(dense) - rows]
        raw[:, part] = sampler.forward(dense, ones)
        read.append(ones)
    places = [np.concatenate(own) for own in zip(*read, strict=True)]
    drawn = _Rows(np.full((len(layout.columns), len(words)), -1), places[0], rare.of_conditions(places[0]), rows)
    real = _Rows(table.codes.T.astype(np.int64), places[0][:0], rare.of_rows(table.codes, sampler.slots), len(table))
    columns = len(layout.columns)
    draws = uniforms(words[:, -columns - len(sampler.groups) :].T).astype(np.float32)
    biases = list(sampler.biases)
    for column, logits in sampler.logits(raw, drawn.codes, places):
        change = _biases(sampler, column, logits, drawn, real, layout, told.get(column))
        biases[column] = biases[column] + change
        part_of = sampler.part(column, drawn.codes, drawn.rare)
        drawn.codes[column] = sample_categories(logits + change[:, part_of], draws[column])
    ranked, tables = [i for i, is_ranked in enumerate(sampler.ranked) if is_ranked], []
    for column, score, ranks in zip(ranked, sampler.scores(raw), table.ranks.T, strict=True):
        tables.append(_rank_table_of_parts(sampler, column, (score, ranks), drawn, real, layout, told.get(column)))
    return replace(sampler, biases=tuple(biases), rank_tables=tuple(tables))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that were drawn, or real ones.

    Attributes:
        codes: Shape (columns, rows).
        conditions: The place of the condition of each; none of real rows.
        rare: The rare code that each is of, -1 for none.
        usual: How many of them, the first ones, are as many of each kind as there should be.
    """

    codes: npt.NDArray[np.int64]
    conditions: npt.NDArray[np.int64]
    rare: npt.NDArray[np.int64]
    usual: int

    def parts(self, sampler: CTGANSampler, column: int) -> npt.NDArray[np.int64]:
        """The part of each by which a column is calibrated, -1 where it is one of too many."""
        made = sampler.part(column, self.codes, self.rare)
        made[self.usual :] = np.where(made[self.usual :] < sampler.parts_beside(column), -1, made[self.usual :])
        return made


def _rows_of_each(rows: int, rare: int) -> int:
    """How many rows to draw under each of so many rare codes."""
    return int(np.clip(rows // max(rare, 1), *_ROWS_OF_RARE))


def uncalibrated_rank_table(codes: int) -> RankTable:
    """A table that takes every score for the rank it stands for."""
    ranks = np.linspace(1e-4, 1 - 1e-4, _KNOTS, dtype=np.float32)
    return RankTable(*(np.repeat(knots[:, None], codes, axis=1) for knots in (_scores(ranks), ranks)))


def _biases(
    sampler: CTGANSampler, column: int, logits: Floats, drawn: _Rows, real: _Rows, layout: Layout, told: Told | None
) -> Floats:
    """The biases of a column's codes in each of its groups of rows, shape (codes, groups)."""
    rare, slots, block = sampler.conditions.rare, sampler.slots, layout.columns[column]
    every, parts, first = np.array(block.frequencies), sampler.parts(column), sampler.parts_beside(column)
    usual = slice(drawn.usual)
    whole = _bias(logits[:, usual], rare.wanted(every, column, slots, drawn.conditions[usual]))
    made = np.repeat(whole, parts, axis=1)
    part_of, real_part = drawn.parts(sampler, column), real.parts(sampler, column)
    for part in range(first if parts > 1 else 0):
        own, held = part_of == part, real.codes[column, real_part == part]
        if own.sum() >= _FEWEST_OF_PART and len(held) >= layout.at_least:
            # A rare code comes with its condition, whatever the group.
            shares = np.where(rare.codes_of(column, slots), every, _shares(held, every, block.bins, layout.at_least))
            made[:, part : part + 1] = _bias(logits[:, own], rare.wanted(shares, column, slots, drawn.conditions[own]))
    for part in range(first, parts):
        assert told is not None
        own = part_of == part
        shares = np.where(np.isneginf(logits[:, own]).all(axis=1), 0, told.codes(part - first))
        if shares.sum() > 0:
            made[:, part : part + 1] = _bias(logits[:, own], (shares / shares.sum()).astype(np.float32))
    return made


def _shares(
    codes: npt.NDArray[np.integer], every: npt.NDArray[np.float64], bins: int, at_least: int
) -> npt.NDArray[np.float64]:
    """The share of each code in some rows; what few rows hold is told together, as in ``every`` row."""
    counts = np.bincount(codes, minlength=len(every)).astype(np.float64)
    is_bin = np.arange(len(every)) >= len(every) - bins
    for few in (is_bin & (counts < at_least), ~is_bin & (counts < at_least)):
        rest = counts[few].sum()
        counts[few] = rest * every[few] / max(every[few].sum(), 1e-300) if rest >= at_least else 0.0
    return np.asarray(counts / counts.sum())


def _bias(logits: Floats, wanted: Floats) -> Floats:
    # Half a row, so that a code that was never drawn gets a finite push.
    least = np.float32(0.5 / logits.shape[1])
    odds = np.exp(logits - logits.max(axis=0))
    change = np.ones((len(wanted), 1), np.float32)
    for _ in range(_ROUNDS):
        total = change[:, 0] @ odds
        drawn = (odds @ (1 / total)) * change[:, 0] / logits.shape[1]
        if np.abs(drawn - wanted).sum() / 2 < _CLOSE:
            break
        change *= (((wanted + least) / (drawn + least)) ** np.float32(_DAMPING))[:, None]
        # A code that no row may hold would be pushed without end.
        np.clip(change, 1 / _FARTHEST, _FARTHEST, out=change)
    return np.asarray(np.log(change), np.float32)


def _rank_table_of_parts(
    sampler: CTGANSampler,
    column: int,
    values: tuple[Floats, Floats],
    drawn: _Rows,
    real: _Rows,
    layout: Layout,
    told: Told | None,
) -> RankTable:
    """The table of a column, given its drawn scores and its real ranks."""
    codes, groups = sampler.slots.codes[column], sampler.parts_beside(column)
    every = [
        (own, rows.codes[column], rows.parts(sampler, column)) for own, rows in zip(values, (drawn, real), strict=True)
    ]
    usual = [_where((part >= 0) & (part < groups), (own, c, part)) for own, c, part in every]
    tables = [_rank_table_of_groups(usual[0], usual[1], (codes, groups), layout.at_least)]
    for rare in range(len(told.which) if told is not None else 0):
        assert told is not None
        scores, ranks = (
            _by_code(own[part == groups + rare], c[part == groups + rare], codes) for own, c, part in every
        )
        tables.append(_told_rank_table(scores, ranks, told, rare, tables[0], layout.at_least))
    return _beside_each_other(tables)


def _where(kept: npt.NDArray[np.bool_], rows: _Scored) -> _Scored:
    return rows[0][kept], rows[1][kept], rows[2][kept]


def _rank_table_of_groups(drawn: _Scored, real: _Scored, size: tuple[int, int], at_least: int) -> RankTable:
    """The table of a column in usual rows; ``size`` is how many codes and groups there are."""
    (scores, made, made_group), (ranks, held, held_group) = drawn, real
    whole = _rank_table(scores, made, held, ranks, size[0], at_least)
    if size[1] == 1:
        return whole
    cells = size[0] * size[1]
    made, held = made + size[0] * made_group, held + size[0] * held_group
    own = _rank_table(scores, made, held, ranks, cells, at_least)
    many = np.minimum(*(np.bincount(c, minlength=cells) for c in (made, held))) >= max(2 * _ROWS_PER_KNOT, at_least)
    return RankTable(
        np.where(many, own.scores, np.tile(whole.scores, size[1])),
        np.where(many, own.real, np.tile(whole.real, size[1])),
    )


def _told_rank_table(
    scores: list[Floats], ranks: list[Floats], told: Told, rare: int, usual: RankTable, at_least: int
) -> RankTable:
    """The table of a column in rows of a rare code; of codes that are no bins and that few rows hold, the usual one.

    Args:
        scores: Sorted scores of drawn rows of each code.
        ranks: Sorted ranks of real rows of each code.
        told: What rare codes say of the column.
        rare: The rare code, by its place in ``told``.
        usual: The table of rows of no rare code.
        at_least: Fewest rows that tell something.
    """
    size, bins = told.cells.codes, told.cells.bins
    table = RankTable(usual.scores[:, :size].copy(), usual.real[:, :size].copy())
    for code in range(size):
        if code < size - bins and len(ranks[code]) < at_least:
            continue
        is_bin = code >= size - bins
        table.real[:, code] = told.ranks(rare, code, _KNOTS) if is_bin else _real_quantiles(ranks[code], at_least)
        table.scores[:, code] = _score_quantiles(scores[code], table.real[:, code])
    return table


def _beside_each_other(tables: Sequence[RankTable]) -> RankTable:
    return RankTable(*(np.concatenate([getattr(own, part) for own in tables], axis=1) for part in ("scores", "real")))


def _rank_table(
    scores: Floats,
    codes: npt.NDArray[np.integer],
    real_codes: npt.NDArray[np.integer],
    real_ranks: Floats,
    size: int,
    at_least: int,
) -> RankTable:
    table = uncalibrated_rank_table(size)
    drawn, real = _by_code(scores, codes, size), _by_code(real_ranks, real_codes, size)
    for code in range(size):
        if len(real[code]):
            table.real[:, code] = _real_quantiles(real[code], at_least)
        table.scores[:, code] = _score_quantiles(drawn[code], table.real[:, code])
    return table


def _score_quantiles(ordered: Floats, ranks: Floats) -> Floats:
    """Quantiles of sorted scores; of too few, the scores that stand for ``ranks``."""
    knots = min(_KNOTS, len(ordered) // _ROWS_PER_KNOT)
    return _quantiles(ordered, knots) if knots >= 2 else _scores(ranks)


def _by_code(values: Floats, codes: npt.NDArray[np.integer], size: int) -> list[Floats]:
    """The sorted values of the rows of each code."""
    order = np.lexsort((values, codes))
    return np.split(values[order], np.searchsorted(codes[order], np.arange(1, size)))


def _quantiles(ordered: Floats, knots: int) -> Floats:
    """`_KNOTS` evenly spaced quantiles, of which only as many as ``knots`` are of the values themselves."""
    coarse = np.linspace(0, 1, knots)
    marks = np.interp(coarse * (len(ordered) - 1), np.arange(len(ordered)), ordered)
    return np.asarray(np.interp(np.linspace(0, 1, _KNOTS), coarse, marks), np.float32)


def _real_quantiles(ordered: Floats, at_least: int) -> Floats:
    """Quantiles of real ranks, with ``at_least`` rows between neighbours and beyond the outermost ones.

    The ends go on from the outermost quantile as steeply as the ranks do on average; of too few rows for two
    quantiles, mean and deviation are told alone.
    """
    trim = min(at_least - 1, (len(ordered) - 1) // 2)
    inner = ordered[trim : len(ordered) - trim]
    if len(inner) <= at_least:
        ends = ordered.mean() + np.sqrt(3) * ordered.std() * np.linspace(-1, 1, _KNOTS)
        return np.asarray(np.clip(ends, 0, 1), np.float32)
    marks = _quantiles(inner, min(_KNOTS, max(2, len(inner) // max(_ROWS_PER_KNOT, at_least + 1))))
    beyond = trim * (inner[-1] - inner[0]) / (len(inner) - 1)
    marks[0], marks[-1] = marks[0] - beyond, marks[-1] + beyond
    return np.asarray(np.clip(marks, 0, 1), np.float32)


def _scores(ranks: Floats) -> Floats:
    """The scores in tanh's range that stand for ranks."""
    grid = np.linspace(-1, 1, 4097, dtype=np.float32)
    return np.interp(ranks, ranks_of_scores(grid), grid).astype(np.float32)
