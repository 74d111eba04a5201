"""Drawing a category for each row."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def sample_categories(logits: Floats, uniform: Floats) -> npt.NDArray[np.int64]:
    """A code for each row, by inverting the distribution function of softmax(logits) at its uniform number.

    Args:
        logits: Shape (codes, rows); overwritten.
        uniform: Numbers in (0, 1), shape (rows,).
    """
    logits -= logits.max(axis=0)
    cumulative = np.exp(logits, out=logits)
    for before, after in pairwise(cumulative):  # many times faster here than numpy's cumsum along this axis
        np.add(before, after, out=after)
    below = (cumulative <= uniform * cumulative[-1]).sum(axis=0)
    return np.asarray(np.minimum(below, len(logits) - 1))
