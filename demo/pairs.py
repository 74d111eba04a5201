"""How strongly each pair of columns hangs together: 0 where they are independent, 1 or -1 where one decides the other.

Two numbers: their correlation. A label and a number: the correlation ratio, the square root of the share of the
number's variance that lies between the labels. Two labels: Cramér's V. The last two are corrected for the strength that
independent columns of many labels show by chance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo.flights import FEATURES, LABELS, numbers

Pair = tuple[str, str]
Codes = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def strengths(rows: pd.DataFrame) -> dict[Pair, float]:
    """The strength of every pair of columns."""
    columns = {name: _encoded(rows[name], name in LABELS) for name in FEATURES}
    measures: dict[str, Callable[[Any, Any], float]] = {
        "correlation": correlation,
        "correlation ratio": correlation_ratio,
        "Cramér's V": cramers_v,
    }
    return {
        pair: measures[measure_of(pair)](columns[pair[0]], columns[pair[1]])
        for pair in itertools.combinations(FEATURES, 2)
    }


def differences(real: dict[Pair, float], others: dict[Pair, float]) -> dict[Pair, float]:
    """How far the strength of each pair is from the real one, the largest first."""
    found = {pair: abs(others[pair] - strength) for pair, strength in real.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def measure_of(pair: Pair) -> str:
    """What the strength of a pair is called; a label comes before a number."""
    labels = sum(name in LABELS for name in pair)
    return ("correlation", "correlation ratio", "Cramér's V")[labels]


def correlation(first: Values, second: Values) -> float:
    """Pearson's correlation of two columns of numbers, NaN where null; 0 where one of them does not vary."""
    known = ~(np.isnan(first) | np.isnan(second))
    first, second = first[known], second[known]
    if len(first) < 2 or not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def correlation_ratio(labels: Codes, values: Values) -> float:
    """The square root of the share of the variance that labels explain (Kelley's epsilon squared, at least 0).

    Args:
        labels: Codes, negative where null.
        values: Numbers, NaN where null.
    """
    known = (labels >= 0) & ~np.isnan(values)
    labels, values = _renumbered(labels[known]), values[known]
    rows, groups = len(values), int(labels.max(initial=-1)) + 1
    total = values.var() * rows if rows else 0.0
    if groups < 2 or rows <= groups or not total:
        return 0.0
    means = np.bincount(labels, values) / np.bincount(labels)
    within = float(((values - means[labels]) ** 2).sum())
    return math.sqrt(max(0.0, 1 - within / (rows - groups) / (total / (rows - 1))))


def cramers_v(first: Codes, second: Codes) -> float:
    """Cramér's V of two columns of codes, negative where null, corrected for bias (W. Bergsma, 2013)."""
    known = (first >= 0) & (second >= 0)
    first, second, rows = _renumbered(first[known]), _renumbered(second[known]), int(known.sum())
    sizes = np.bincount(first), np.bincount(second)
    if min(map(len, sizes)) < 2:
        return 0.0
    cells, counts = np.unique(first * len(sizes[1]) + second, return_counts=True)
    expected = sizes[0][cells // len(sizes[1])] * sizes[1][cells % len(sizes[1])].astype(float)
    by_chance = math.prod(len(size) - 1 for size in sizes) / (rows - 1)
    phi2 = max(0.0, float((counts.astype(float) ** 2 / expected).sum()) - 1 - by_chance)
    smaller = min(len(size) - (len(size) - 1) ** 2 / (rows - 1) for size in sizes) - 1
    return min(1.0, math.sqrt(phi2 / smaller)) if smaller > 0 else 0.0


def _renumbered(codes: Codes) -> Codes:
    """The same labels numbered from 0 without a gap."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _encoded(values: pd.Series, label: bool) -> npt.NDArray[Any]:
    if label:
        return pd.factorize(values)[0].astype(np.int64)
    return numbers(values).reindex(values.index).to_numpy()
