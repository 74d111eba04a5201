"""Rows of an engine that takes no conditions, near to what is known of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.dependencies.functional import settled
from synthohive_spark.engine.encoded_table import Block, EncodedTable, Function, Known
from synthohive_spark.engine.interface import Sampler
from synthohive_spark.engine.noise import mix

CANDIDATES = 8


def nearest_sample(
    sampler: Sampler,
    words: npt.NDArray[np.uint64],
    context: EncodedTable,
    known: Known,
    blocks: Sequence[Block],
    links: Sequence[Function],
) -> EncodedTable:
    """For each row, of several that are drawn, the one that is most like what is known of it.

    Each known column counts by whether its code is another and by how far its rank is away. What known codes decide
    follows from them.

    Args:
        sampler: Draws rows.
        words: Noise, shape (rows, words).
        context: The given columns.
        known: What is known of the others.
        blocks: The columns.
        links: Those that are a function of another, or of two.
    """
    ranked = np.flatnonzero([block.ranked for block in blocks])
    made = sampler.sample(words, context)
    best = _distance(made, known, ranked)
    for candidate in range(1, CANDIDATES):
        other = sampler.sample(mix(words + np.uint64(candidate)), context)
        away = _distance(other, known, ranked)
        nearer = (away < best)[:, None]
        made = EncodedTable(np.where(nearer, other.codes, made.codes), np.where(nearer, other.ranks, made.ranks))
        best = np.minimum(away, best)
    ranks = np.where(known.mask[:, ranked], known.rows.ranks, made.ranks)
    codes = np.where(known.mask, known.rows.codes, made.codes)
    return EncodedTable(settled(codes.T, links, [block.codes for block in blocks], known.mask.T).T, ranks)


def _distance(made: EncodedTable, known: Known, ranked: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    other = ((made.codes != known.rows.codes) & known.mask).sum(axis=1)
    return np.asarray(other + (np.abs(made.ranks - known.rows.ranks) * known.mask[:, ranked]).sum(axis=1))
