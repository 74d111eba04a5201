"""How alike children of one parent are, and how far apart in time, from rows that come parent by parent."""

from __future__ import annotations

import numpy as np

from synthohive_spark.validation.cells import Counts, Nulls, Values
from synthohive_spark.validation.links.coding import GAPS, Coding

SUMS = 5


def alike_numbers(ranks: Values, group: Counts) -> Values:
    """Sums over children with siblings: n, families, squares within families, ranks, and squares of ranks.

    Args:
        ranks: A rank for each child, NaN for none.
        group: The number of its parent, rising.
    """
    there = ~np.isnan(ranks)
    x, g = ranks[there], group[there]
    if not len(x):
        return np.zeros(SUMS)
    starts = np.flatnonzero(np.diff(g, prepend=g[0] - 1))
    n = np.diff(starts, append=len(g))
    sums, squares = np.add.reduceat(x, starts), np.add.reduceat(x * x, starts)
    many = n > 1
    within = (squares - sums * sums / n)[many]
    return np.array([n[many].sum(), many.sum(), within.sum(), sums[many].sum(), squares[many].sum()])


def alike_categories(values: Values, nulls: Nulls, group: Counts) -> Values:
    """Sums over families of two and more: pairs of siblings that agree, and all pairs; both ways round."""
    found = np.zeros(SUMS)
    if not len(values):
        return found
    # Null is a value like any other, but NaN would equal nothing.
    _, codes = np.unique(np.where(nulls, np.inf, values), return_inverse=True)
    family = np.cumsum(np.diff(group, prepend=group[0]) > 0)
    _, same = np.unique(family * (codes.max() + 1) + codes, return_counts=True)
    sizes = np.bincount(family)
    found[0], found[1] = (same * (same - 1.0)).sum(), (sizes * (sizes - 1.0)).sum()
    return found


def gap_codes(coding: Coding, values: Values, group: Counts) -> Counts:
    """How many gaps there are of each length, between siblings in the order of time."""
    there = ~np.isnan(values)
    seconds, g = np.floor(coding.seconds(values[there])), group[there]
    order = np.lexsort((seconds, g))
    seconds, g = seconds[order], g[order]
    gaps = np.diff(seconds)[np.diff(g) == 0]
    return np.bincount(GAPS.codes(gaps), minlength=GAPS.size)


def alike(sums: Values, numeric: bool, chance: float) -> float | None:
    """How alike siblings are, from what the functions above added up; None where hardly any child has a sibling.

    Args:
        sums: The sums.
        numeric: Whether they are those of numbers: the share of the variance of ranks that lies between families, from
            -1 to 1; else the share of siblings that agree, above what chance gives.
        chance: The chance that two rows of the table agree, for categories.
    """
    if not numeric:
        if not sums[1]:
            return None
        return float((sums[0] / sums[1] - chance) / (1 - chance)) if chance < 1 else 0.0
    n, families, within, total, squares = sums
    if families < 2:
        return None
    variance = squares / n - (total / n) ** 2
    if variance <= 1e-15:
        return 0.0
    return float(np.clip(1 - within / (n - families) / variance, -1, 1))
