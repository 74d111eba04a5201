"""Finding the groups of a column's categories: those that go together with the same values of the other columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.groups import Groups

GROUPS = 64
_PRIOR_ROWS = 10.0
_WIDTH = 256
_NO_ROWS = 1e-9


def fit_groups(
    table: EncodedTable, blocks: tuple[Block, ...], column: int, *, narrow: tuple[int, ...], seed: int
) -> Groups:
    """Group the codes of ``column`` by what the ``narrow`` columns hold beside them; a null stays by itself."""
    block, codes = blocks[column], table.codes[:, column].astype(np.int64)
    rng = np.random.default_rng(seed)
    counts = np.bincount(codes, minlength=block.codes).astype(np.float64)
    points = profiles(codes, counts, table, [(i, blocks[i].codes) for i in narrow], rng)
    first = int(block.null)
    group_of = np.zeros(block.codes, np.int16)
    group_of[first:] = first + _cluster(points[first:], counts[first:], rng)
    return Groups(np.unique(group_of, return_inverse=True)[1].astype(np.int16), np.array(block.frequencies))


def profiles(
    codes: npt.NDArray[np.int64],
    counts: npt.NDArray[np.float64],
    table: EncodedTable,
    narrow: list[tuple[int, int]],
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """For each code, how the other columns differ beside it, in the chi-square metric of correspondence analysis.

    A code of few rows is taken for an average one as far as its rows say little, and many columns are thrown onto
    `_WIDTH` random directions, which keeps distances (Johnson and Lindenstrauss, 1984).
    """
    total = sum(size for _, size in narrow)
    made = np.zeros((len(counts), min(total, _WIDTH)))
    start = 0
    for column, size in narrow:
        pair = np.bincount(codes * size + table.codes[:, column], minlength=len(counts) * size)
        joint = pair.reshape(len(counts), size).astype(np.float64)
        share = joint.sum(axis=0) / max(joint.sum(), 1)
        own = (joint + _PRIOR_ROWS * share) / (counts[:, None] + _PRIOR_ROWS)
        away = (own - share) / np.sqrt(np.maximum(share, 1e-9))
        if total <= _WIDTH:
            made[:, start : start + size] = away
        else:
            made += away @ (rng.standard_normal((size, made.shape[1])) * made.shape[1] ** -0.5)
        start += size
    return made


def _cluster(
    points: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """The group of each point: k-means, with points weighted by their rows."""
    different = len(np.unique(points.round(9), axis=0))
    if different <= 1 or points.shape[1] == 0:
        return np.zeros(len(points), np.int64)
    kmeans = KMeans(min(GROUPS, different), n_init=1, random_state=int(rng.integers(2**31)))
    # With more threads, sums are added up in another order, and the groups are no longer those of the seed.
    with threadpool_limits(1):
        return np.asarray(kmeans.fit_predict(points, sample_weight=counts + _NO_ROWS), np.int64)
