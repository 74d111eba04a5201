"""How far a chi-square value lies above chance; without scipy, which is not there where rows are drawn."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def chi_square_deviations(table: npt.NDArray[np.float64]) -> float:
    """By how many standard deviations the chi-square of a table, all sums above 0, is larger than chance makes it.

    The cube root of a chi-square value is nearly normal: E. Wilson and M. Hilferty, "The distribution of chi-square",
    Proceedings of the National Academy of Sciences 17 (1931).

    Returns:
        The deviations; negative infinity where a side has a single code.
    """
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    if not freedom:
        return -math.inf
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    squares, spread = float(((table - expected) ** 2 / expected).sum()), 2 / (9 * freedom)
    return float(((squares / freedom) ** (1 / 3) - 1 + spread) / math.sqrt(spread))
