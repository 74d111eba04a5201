"""Rows drawn given a value: do they have it, and does the target follow?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.quality.tables import FEW

_FEWEST_DRAWN = 2_000
_PARTS = 10
Shares = npt.NDArray[np.float64]


def conditions_honoured(model: Any, train: pd.DataFrame, target: str, least: int, seed: int) -> dict[str, Any]:
    """For each value that enough training rows have: how far its drawn rows are from the training rows that have it.

    Args:
        model: A model that learned the training rows.
        train: These rows.
        target: The column whose shares are compared; a number of many values is cut into ten parts of as many rows.
        least: How many training rows must have a value.
        seed: Of the draws.
    """
    classes = _Classes(train[target])
    rng = np.random.default_rng(seed)
    found = []
    for column, value, real in _conditions(train, target, least):
        rows = max(len(real), _FEWEST_DRAWN)
        drawn = model.sample(rows, seed=seed, given={column: value})
        wanted = classes.shares(real[target])
        gaps = np.abs(classes.shares(drawn[target]) - wanted)
        by_chance = np.abs(rng.multinomial(rows, wanted) / rows - wanted)
        honoured = len(drawn) == rows and bool(drawn[column].eq(value).fillna(False).all())
        found.append(
            {
                "column": column,
                "value": value,
                "rows": len(real),
                "drawn": rows,
                "honoured": honoured,
                "gaps": gaps.tolist(),
                "by_chance": by_chance.tolist(),
            }
        )
    return {"target": target, "classes": classes.names, "conditions": found}


def _conditions(train: pd.DataFrame, target: str, least: int) -> list[tuple[str, Any, pd.DataFrame]]:
    """Column, value and training rows of all conditions."""
    found = []
    for column in train.columns.drop(target):
        counts = train[column].value_counts()
        for value in counts.index[counts >= least]:
            plain = value.item() if isinstance(value, np.generic) else value
            found.append((str(column), plain, train[train[column] == value]))
    return found


class _Classes:
    """The values of the target, null among them, or its ten parts."""

    def __init__(self, values: pd.Series[Any]) -> None:
        self._edges: Shares | None = None
        if pd.api.types.is_numeric_dtype(values) and values.nunique() > FEW:
            self._edges = np.unique(values.quantile(np.arange(1, _PARTS) / _PARTS))
        counts = self._cut(values).value_counts(dropna=False)
        self._known = counts.index
        self.names = [str(name) for name in counts.index]

    def _cut(self, values: pd.Series[Any]) -> pd.Series[Any]:
        if self._edges is None:
            return values
        parts = pd.Series(np.searchsorted(self._edges, values.to_numpy(float, na_value=np.nan), side="left"))
        return parts.where(values.notna().to_numpy())

    def shares(self, values: pd.Series[Any]) -> Shares:
        counts = self._cut(values).value_counts(normalize=True, dropna=False)
        return np.asarray(counts.reindex(self._known, fill_value=0.0), np.float64)
