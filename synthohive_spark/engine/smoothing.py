"""The shares of cells in few rows, smoothed by as much as the rows themselves bear out.

Counts of few rows are smoothed, by as much as makes each row likeliest given the others (Habbema, Hermans and van den
Broek, "A stepwise discriminant analysis program using density estimation", 1974).
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import numpy.typing as npt

_WIDTHS = (0.0003, 0.0009, 0.0025, 0.006, 0.015, 0.04, 0.1, 0.3)
"""Of kernels over cells in order, as shares of the rows."""
_PRIORS = (0.5, 2.0, 10.0)
"""How many rows what a wider kernel tells counts as."""
_REST = 0.02
"""Share of these that is as all rows are."""
_NEAR = 0.1
"""How much of a cell's own weight a kernel gives to those that count as near it."""
_GAIN = 6.0
"""By how much the logarithm of the likelihood of some rows has to grow, beside that of what is tried."""
_PARTS, _GLANCE = 16, 1.0
_TINY = 1e-12

Weights = npt.NDArray[np.float64]


def least_gain(pairs: int) -> float:
    """By how much the logarithm of a likelihood has to grow, so that chance hardly does it, where so many are tried."""
    return _GAIN + math.log(max(1, pairs))


def kernels(shares: Weights, in_order: list[slice]) -> list[Weights]:
    """Matrices that smooth counts of cells by those of their neighbours in order, from none on ever more."""
    made = [np.eye(len(shares))]
    for width in _WIDTHS if in_order else ():
        kernel = np.eye(len(shares))
        for cells in in_order:
            own = shares[cells]
            places = np.cumsum(own) - own / 2
            near = np.exp(-(((places[:, None] - places) / width) ** 2) / 2) * own + np.eye(len(own)) * _TINY
            kernel[cells, cells] = near / near.sum(axis=1, keepdims=True)
        made.append(kernel)
    return made


def _stand_out(counts: Weights, shares: Weights) -> npt.NDArray[np.bool_]:
    """Whether rows of each category lie otherwise than all rows do, at first sight: by parts of cells, or in one.

    Args:
        counts: How many rows of each category each cell holds, shape (categories, cells).
        shares: Of the cells, in all rows.
    """
    part = np.minimum(((np.cumsum(shares) - shares / 2) * _PARTS).astype(np.int64), _PARTS - 1)
    in_parts = np.zeros((len(counts), _PARTS))
    np.add.at(in_parts.T, part, counts.T)
    usual, total = np.maximum(np.bincount(part, shares, _PARTS), _TINY), counts.sum(axis=1, keepdims=True)
    others = np.maximum((in_parts - 1 + _PRIORS[1] * usual) / (total - 1 + _PRIORS[1]), _TINY)
    by_parts = (in_parts * np.log(others / usual)).sum(axis=1)
    wanted = total * shares
    in_one = (counts * np.log(np.maximum(counts, _TINY) / wanted) - counts + wanted).max(axis=1)
    return np.asarray((by_parts > _GLANCE) | (in_one > _GAIN))


def smoothed(counts: Weights, shares: Weights, smoothers: list[Weights], at_least: int) -> tuple[Weights, Weights]:
    """The shares of cells in some rows, smoothed by a kernel and, beside it, by a wider one, as fits best.

    Args:
        counts: How many rows of each category each cell holds, shape (categories, cells).
        shares: Of the cells, in all rows.
        smoothers: What smooths counts, from none on; see `kernels`.
        at_least: Rows with fewer than so many near them are told by a wider kernel, or as any rows.

    Returns:
        By how much the logarithm of the likelihood of each category's rows grows, and its shares of the cells.
    """
    safe = np.maximum(shares, _TINY)
    gains, told = np.zeros(len(counts)), np.tile(safe, (len(counts), 1))
    if (likely := _stand_out(counts, safe)).any():
        gains[likely], told[likely] = _smoothed(counts[likely], safe, smoothers, at_least)
    return gains, told


def _smoothed(counts: Weights, safe: Weights, smoothers: list[Weights], at_least: int) -> tuple[Weights, Weights]:
    total = counts.sum(axis=1, keepdims=True)
    smooth = _by_kernel(counts, safe, smoothers, at_least)
    held = category, cell = np.nonzero(counts)
    rows, usual, others = counts[held], safe[cell], total[category, 0] - 1
    best, chosen = np.zeros(len(counts)), np.full((len(counts), 3), -1)
    lefts = [left[held] for _, left in smooth]
    for i, j in combinations(range(len(smooth)), 2):
        without = (1 - _REST) * lefts[j] / others + _REST * usual
        for k, prior in enumerate(_PRIORS):
            told = np.maximum((lefts[i] + prior * without) / (others + prior), _TINY)
            gain = np.bincount(category, rows * np.log(told / usual), len(counts))
            better = gain > best
            best[better], chosen[better] = gain[better], (i, j, k)
    made = np.tile(safe, (len(counts), 1))
    for which in np.unique(chosen[best > 0], axis=0):
        own = (chosen == which).all(axis=1)
        told, wide = (smooth[place][0][own] for place in which[:2])
        base, prior = (1 - _REST) * wide / total[own] + _REST * safe, _PRIORS[which[2]]
        made[own] = (told + prior * base) / (total[own] + prior)
    return best, made


def _by_kernel(
    counts: Weights, shares: Weights, smoothers: list[Weights], at_least: int
) -> list[tuple[Weights, Weights]]:
    """Counts smoothed by each kernel or, of rows that have too few near them, by the next one; at last as any rows.

    Returns:
        For each kernel and the last, the counts and those that each cell would have without one of its rows.
    """
    total = counts.sum(axis=1, keepdims=True)
    made = [(shares * total, shares * (total - 1))]
    around = [counts @ (kernel >= _NEAR * np.diag(kernel)[:, None]).T.astype(np.float64) for kernel in smoothers]
    for first in reversed(range(len(smoothers))):
        near, own, rest = np.zeros_like(counts), np.broadcast_to(shares, counts.shape), counts
        for kernel, held in zip(smoothers[first:], around[first:], strict=True):
            told = (rest > 0) & (held >= at_least)
            some = told.any(axis=1)
            near[some] += np.where(told[some], rest[some], 0) @ kernel
            own, rest = np.where(told, np.diag(kernel), own), np.where(told, 0, rest)
        near = near + rest.sum(axis=1, keepdims=True) * shares
        # Without one of so few rows, the next kernel would tell the others.
        wider = np.diag(smoothers[first + 1]) if first + 1 < len(smoothers) else shares
        fewer = near - at_least * own + (at_least - 1) * wider
        left = np.where(around[first] == at_least, np.maximum(fewer, 0), near - own)
        made.insert(0, (near, left))
    return made
