"""How strongly two columns of codes go together, and how likely chance makes it look so."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

Counts = npt.NDArray[np.int64]


def contingency(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Counts:
    """How many rows hold each pair of codes, shape (codes of ``a``, codes of ``b``)."""
    shape = int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1
    return np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape)


def cramers_v(table: Counts, chance: float = 1.0) -> float:
    """Cramér's V of a contingency table, corrected for bias, from 0 to 1.

    Uncorrected, V of independent columns grows as rows get fewer. W. Bergsma, "A bias-correction for Cramér's V and
    Tschuprow's T", J. of the Korean Statistical Society 42 (2013).

    Returns:
        V; 0 where a side has a single code, or the p-value is not below ``chance``.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return 0.0
    n, freedom = table.sum(), (rows - 1) * (columns - 1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    squares = float(((table - expected) ** 2 / expected).sum())
    beyond = squares / n - freedom / (n - 1)
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    if beyond <= 0 or smaller <= 0 or (chance < 1 and chi_square_chance(squares, freedom) >= chance):
        return 0.0
    return min(1.0, math.sqrt(beyond / smaller))


def chi_square_chance(squares: float, freedom: int) -> float:
    """The chance of a chi-square value of at least ``squares``.

    >>> round(chi_square_chance(22.46, 6), 4)
    0.001
    """
    return float(chdtrc(freedom, squares))
