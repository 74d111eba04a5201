"""Calibration: after training, make the marginals of what is drawn those of the table.

The generator's logits get a bias for each code, found by repeatedly adding the damped logarithm of wanted over drawn
frequency (iterative proportional fitting on one margin at a time); then the scores drawn with each code are spread over
the ranks that the code's real rows fill. Both are small tables in the model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.ctgan.sampling import CTGANSampler, Floats, RankTable, pick, ranks_of_scores
from synthohive_spark.engine.interface import EncodedTable, Layout
from synthohive_spark.engine.noise import row_words, uniforms

ROWS = 20_480
_BATCH = 512
_ROUNDS = 12
_DAMPING = 0.8
_LARGEST_BLOCK = 40_000_000
_KNOTS = 17
_ROWS_PER_KNOT = 20


def calibrate(
    sampler: CTGANSampler, table: EncodedTable, context: EncodedTable, layout: Layout, *, seed: int
) -> CTGANSampler:
    """The sampler with biases and rank tables fitted.

    Args:
        sampler: A trained one.
        table: The training rows.
        context: Their given columns; rows are drawn under a sample of them.
        layout: The true frequencies.
        seed: Fixes the rows that are drawn.
    """
    words = row_words(seed, np.arange(ROWS), sampler.noise_words)
    rows = np.random.default_rng(seed).integers(0, len(table), ROWS)
    parts = [slice(start, start + _BATCH) for start in range(0, ROWS, _BATCH)]
    raw = np.concatenate(
        [sampler.forward(*sampler.inputs(words[part], context.take(rows[part]))) for part in parts], axis=1
    )
    biases = []
    for column, block in enumerate(layout.columns):
        drawn = max(2048, min(ROWS, _LARGEST_BLOCK // block.codes))
        wanted = np.array(block.frequencies, np.float32)
        biases.append(_bias(sampler.logits(raw[:, :drawn], column), wanted, sampler.biases[column]))
    sampler = replace(sampler, biases=tuple(biases))
    draws = uniforms(words[:, -len(layout.columns) :]).astype(np.float32)
    scores, tables = sampler.scores(raw), []
    for place, column in enumerate(i for i, ranked in enumerate(sampler.ranked) if ranked):
        codes = pick(sampler.logits(raw, column), draws[:, column])
        real = table.codes[:, column], table.ranks[:, place]
        tables.append(_rank_table(scores[place], codes, *real, len(layout.columns[column].frequencies)))
    return replace(sampler, rank_tables=tuple(tables))


def uncalibrated_rank_table(codes: int) -> RankTable:
    """A table that takes every score for the rank it stands for."""
    ranks = np.linspace(1e-4, 1 - 1e-4, _KNOTS)
    grid = np.linspace(-1, 1, 4097, dtype=np.float32)
    scores = np.interp(ranks, ranks_of_scores(grid), grid).astype(np.float32)
    return RankTable(np.repeat(scores[:, None], codes, axis=1), np.zeros(codes, np.float32), np.ones(codes, np.float32))


def _bias(logits: Floats, wanted: Floats, start: Floats) -> Floats:
    # Half a row, so that a code that was never drawn gets a finite push.
    least = np.float32(0.5 / logits.shape[1])
    change = np.zeros((len(wanted), 1), np.float32)
    for _ in range(_ROUNDS):
        odds = np.exp(logits + change - (logits + change).max(axis=0))
        drawn = (odds / odds.sum(axis=0)).mean(axis=1)
        step = np.log((wanted + least) / (drawn + least))
        change += _DAMPING * step[:, None]
    return np.asarray(start + change, np.float32)


def _rank_table(
    scores: Floats, codes: npt.NDArray[np.int64], real_codes: npt.NDArray[np.integer], real_ranks: Floats, size: int
) -> RankTable:
    table = uncalibrated_rank_table(size)
    for code in range(size):
        real = real_ranks[real_codes == code]
        if not len(real):
            continue
        table.low[code], table.high[code] = real.min(), real.max()
        own = scores[codes == code]
        knots = min(_KNOTS, len(own) // _ROWS_PER_KNOT)
        if knots >= 2:
            marks = np.quantile(own, np.linspace(0, 1, knots))
            table.quantiles[:, code] = np.interp(np.linspace(0, 1, _KNOTS), np.linspace(0, 1, knots), marks)
        else:
            table.quantiles[:, code] = _scores_between(table.low[code], table.high[code])
    return table


def _scores_between(low: float, high: float) -> Floats:
    grid = np.linspace(-1, 1, 4097, dtype=np.float32)
    return np.interp(np.linspace(low, high, _KNOTS), ranks_of_scores(grid), grid).astype(np.float32)
