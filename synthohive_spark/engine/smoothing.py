"""The shares of cells in few rows, smoothed by as much as the rows themselves bear out.

Counts of few rows are smoothed, by as much as makes each row likeliest given the others (Habbema, Hermans and van den
Broek, "A stepwise discriminant analysis program using density estimation", 1974).
"""

from __future__ import annotations

import math

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
    total, safe = counts.sum(axis=1, keepdims=True), np.maximum(shares, _TINY)
    best, made = np.zeros(len(counts)), np.tile(safe, (len(counts), 1))
    smooth = _by_kernel(counts, safe, smoothers, at_least)
    for i, (told, left) in enumerate(smooth[:-1]):
        for wide, wide_left in smooth[i + 1 :]:
            base = (1 - _REST) * wide / total + _REST * safe
            without = (1 - _REST) * wide_left / (total - 1) + _REST * safe
            for prior in _PRIORS:
                others = np.maximum((left + prior * without) / (total - 1 + prior), _TINY)
                gain = (counts * np.log(others / safe)).sum(axis=1)
                better = gain > best
                best[better] = gain[better]
                made[better] = ((told + prior * base) / (total + prior))[better]
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
            near, own = near + np.where(told, rest, 0) @ kernel, np.where(told, np.diag(kernel), own)
            rest = np.where(told, 0, rest)
        near = near + rest.sum(axis=1, keepdims=True) * shares
        # Without one of so few rows, the next kernel would tell the others.
        wider = np.diag(smoothers[first + 1]) if first + 1 < len(smoothers) else shares
        fewer = near - at_least * own + (at_least - 1) * wider
        left = np.where(around[first] == at_least, np.maximum(fewer, 0), near - own)
        made.insert(0, (near, left))
    return made
