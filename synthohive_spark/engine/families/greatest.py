"""The greatest of many counts, made anew: who has most children must not be known by how many they are."""

from __future__ import annotations

import numpy as np

from synthohive_spark.engine.families.numbers import Numbers

_LARGEST = 1e6
_HALVINGS = 60


def soften_greatest(counts: Numbers, rows: int, seed: int) -> Numbers:
    """Counts of which the greatest rise by one factor from the greatest of the others, and keep their sum.

    Which of them gets which is left to chance, so that none shows whose it was.

    Args:
        counts: Whole numbers from 0 on.
        rows: How many are made anew; below 2 none is, nor where there are fewer counts.
        seed: Fixes who gets which.
    """
    if rows < 2 or len(counts) < rows:
        return counts
    order = np.argsort(-counts, kind="stable")
    top, base = order[:rows], float(counts[order[rows]] if len(counts) > rows else 0)
    made = np.maximum(np.round(_tail(base, float(counts[top].sum()), rows)).astype(np.int64), int(base))
    made[-1] += max(int(counts[top].sum() - made.sum()), int(made[-2] - made[-1]))
    softened = counts.copy()
    softened[top] = np.random.default_rng(seed).permutation(made)
    return softened


def _tail(base: float, total: float, rows: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Numbers that rise by one factor, each one more than it said, up to a sum; found by halving."""
    steps, low, high = np.arange(1, rows + 1), 1.0, _LARGEST
    for _ in range(_HALVINGS):
        factor = (low * high) ** 0.5
        if ((base + 1) * factor**steps - 1).sum() < total:
            low = factor
        else:
            high = factor
    return np.asarray((base + 1) * low**steps - 1)
