"""How strongly two columns of codes go together, and how likely chance makes it look so."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def cramers_v(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], chance: float = 1.0) -> float:
    """Cramer's V of two columns of codes, less the bias of few rows; 0 if its p-value is not below ``chance``."""
    (a_size, a), (b_size, b) = _packed(a), _packed(b)
    least, freedom = min(a_size, b_size) - 1, (a_size - 1) * (b_size - 1)
    if least < 1:
        return 0.0
    table = np.bincount(a * b_size + b, minlength=a_size * b_size).reshape(a_size, b_size)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / len(a)
    squares = float(((table - expected) ** 2 / expected).sum())
    if squares <= freedom or chi_square_chance(squares, freedom) >= chance:
        return 0.0
    return math.sqrt((squares - freedom) / len(a) / least)


def chi_square_chance(squares: float, freedom: int) -> float:
    """The chance of a chi-square value of at least ``squares``; an odd number of degrees of freedom counts as the next.

    >>> round(chi_square_chance(22.46, 6), 4)
    0.001
    """
    if squares <= 0:
        return 1.0
    half = squares / 2
    terms = [k * math.log(half) - math.lgamma(k + 1) for k in range((freedom + 1) // 2)]
    return math.exp(min(0.0, max(terms) + math.log(sum(math.exp(t - max(terms)) for t in terms)) - half))


def _packed(codes: npt.NDArray[np.int64]) -> tuple[int, npt.NDArray[np.int64]]:
    """How many codes occur, and the codes numbered from 0 without gaps."""
    real_values = np.bincount(codes) > 0
    return int(real_values.sum()), (np.cumsum(real_values) - 1)[codes]
