"""How far each column of one table is from the same column of another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.flights import LABELS, NUMBERS, numbers


def column_distances(real: pd.DataFrame, others: pd.DataFrame) -> dict[str, float]:
    """A distance for each column, 0 (equal) to 1: of labels the share of rows that would have to change.

    Returns:
        Total variation distance of labels, null among them; Kolmogorov-Smirnov statistic of numbers.
    """
    labels = {name: total_variation(real[name], others[name]) for name in LABELS}
    return labels | {name: kolmogorov_smirnov(real[name], others[name]) for name in NUMBERS}


def total_variation(real: pd.Series, others: pd.Series) -> float:
    """Half the summed differences of the shares of all values, null among them."""
    shares = [values.value_counts(normalize=True, dropna=False) for values in (real, others)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def kolmogorov_smirnov(real: pd.Series, others: pd.Series) -> float:
    """The largest difference of the shares of rows up to any value, or that of the shares of nulls if it is larger."""
    ours, theirs = np.sort(numbers(real)), np.sort(numbers(others))
    grid = np.union1d(ours, theirs)
    upto = [np.searchsorted(v, grid, side="right") / max(len(v), 1) for v in (ours, theirs)]
    nulls = abs(real.isna().mean() - others.isna().mean())
    return float(max(np.abs(upto[0] - upto[1]).max(), nulls))
