"""Calibration: after training, make the marginals of what is drawn those of the table.

The generator's logits get a bias for each code, found by repeatedly adding the damped logarithm of wanted over drawn
frequency (iterative proportional fitting on one margin at a time); then the quantiles of the scores drawn with each
code are mapped to those of the ranks of its real rows. Both are small tables in the model. Of a column that counts
beside another one, both are found for each group of that one's codes: sums of the two come out as they are, not only
each of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.categories import sample_categories
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


def calibrate(
    sampler: CTGANSampler,
    table: EncodedTable,
    context: EncodedTable,
    layout: Layout,
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
        seed: Fixes the rows that are drawn.
        rows: How many to draw, in whole batches, fewer where the network's output is wide; 8 for each of ``table`` when
            None, within `FEWEST_ROWS` and `ROWS`.
    """
    if rows is None:
        rows = min(max(_ROWS_PER_ROW * len(table) // _BATCH * _BATCH, FEWEST_ROWS), ROWS)
    rows = min(rows, max(8, _LARGEST_OUTPUT // (_BATCH * sampler.slots.width)) * _BATCH)
    words = row_words(seed, np.arange(rows), sampler.noise_words)
    given = context.take(np.random.default_rng(seed).integers(0, len(table), rows))
    raw, read = np.empty((sampler.slots.width, rows), np.float32), []
    for part in (slice(start, start + _BATCH) for start in range(0, rows, _BATCH)):
        dense, ones = sampler.inputs(words[part], given.take(part))
        raw[:, part] = sampler.forward(dense, ones)
        read.append(ones)
    places = [np.concatenate(own) for own in zip(*read, strict=True)]
    columns = len(layout.columns)
    draws = uniforms(words[:, -columns - len(sampler.groups) :].T).astype(np.float32)
    codes, biases = np.full((columns, rows), -1), list(sampler.biases)
    for column, logits in sampler.logits(raw, codes, places):
        change = _biases(sampler, column, logits, codes, places[0], table, layout)
        biases[column] = biases[column] + change
        codes[column] = sample_categories(logits + change[:, sampler.part(column, codes)], draws[column])
    tables, ranked, real = [], [i for i, is_ranked in enumerate(sampler.ranked) if is_ranked], table.codes.T
    for place, (column, score) in enumerate(zip(ranked, sampler.scores(raw), strict=True)):
        drawn, held = ((own[column], sampler.part(column, own)) for own in (codes, real))
        size = sampler.slots.codes[column], sampler.parts(column)
        tables.append(_rank_table_of_parts(score, drawn, held, table.ranks[:, place], size, layout.at_least))
    return replace(sampler, biases=tuple(biases), rank_tables=tuple(tables))


def uncalibrated_rank_table(codes: int) -> RankTable:
    """A table that takes every score for the rank it stands for."""
    ranks = np.linspace(1e-4, 1 - 1e-4, _KNOTS, dtype=np.float32)
    return RankTable(*(np.repeat(knots[:, None], codes, axis=1) for knots in (_scores(ranks), ranks)))


def _biases(
    sampler: CTGANSampler,
    column: int,
    logits: Floats,
    codes: npt.NDArray[np.int64],
    conditions: npt.NDArray[np.int64],
    table: EncodedTable,
    layout: Layout,
) -> Floats:
    """The biases of a column's codes in each of its groups of rows, shape (codes, groups)."""
    rare, slots, every = sampler.conditions.rare, sampler.slots, np.array(layout.columns[column].frequencies)
    parts = sampler.parts(column)
    made = np.repeat(_bias(logits, rare.wanted(every, column, slots, conditions)), parts, axis=1)
    drawn, real = sampler.part(column, codes), sampler.part(column, table.codes.T)
    for part in range(parts if parts > 1 else 0):
        own, held = drawn == part, table.codes[real == part, column]
        if own.sum() >= _FEWEST_OF_PART and len(held) >= layout.at_least:
            # A rare code comes with its condition, whatever the group.
            shares = np.where(
                rare.codes_of(column, slots), every, _shares(held, every, layout.columns[column].bins, layout.at_least)
            )
            made[:, part : part + 1] = _bias(logits[:, own], rare.wanted(shares, column, slots, conditions[own]))
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
    scores: Floats,
    drawn: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]],
    real: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]],
    real_ranks: Floats,
    size: tuple[int, int],
    at_least: int,
) -> RankTable:
    """The table of a column; codes and groups of the rows are drawn and real ones, ``size`` is how many there are."""
    whole = _rank_table(scores, drawn[0], real[0], real_ranks, size[0], at_least)
    if size[1] == 1:
        return whole
    cells = size[0] * size[1]
    made, held = (codes + size[0] * part for codes, part in (drawn, real))
    own = _rank_table(scores, made, held, real_ranks, cells, at_least)
    many = np.minimum(*(np.bincount(c, minlength=cells) for c in (made, held))) >= max(2 * _ROWS_PER_KNOT, at_least)
    return RankTable(
        np.where(many, own.scores, np.tile(whole.scores, size[1])),
        np.where(many, own.real, np.tile(whole.real, size[1])),
    )


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
        knots = min(_KNOTS, len(drawn[code]) // _ROWS_PER_KNOT)
        table.scores[:, code] = _quantiles(drawn[code], knots) if knots >= 2 else _scores(table.real[:, code])
    return table


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
