"""Tables as the judges of quality see them: a float64 column for numbers, strings or None for anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

FEW = 20


def plain(table: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The columns of ``like``: numbers as float64, anything else as labels, that is strings or None."""
    columns: dict[str, Any] = {}
    for name in like:
        if pd.api.types.is_numeric_dtype(like[name]) and not pd.api.types.is_bool_dtype(like[name]):
            values = table[name].to_numpy(float, na_value=np.nan)
            columns[name] = np.where(np.isfinite(values), values, np.nan)
        else:
            columns[name] = np.array([None if pd.isna(v) else str(v) for v in table[name]], object)
    return pd.DataFrame(columns)


def some(table: pd.DataFrame, rows: int, seed: int = 0) -> pd.DataFrame:
    """So many rows, chosen at random, in the order of the table."""
    if rows < len(table):
        table = table.iloc[np.sort(np.random.default_rng(seed).permutation(len(table))[:rows])]
    return table.reset_index(drop=True)


def numbers(table: pd.DataFrame) -> list[str]:
    return [name for name in table if table[name].dtype == float]


def labels(table: pd.DataFrame) -> list[str]:
    return [name for name in table if table[name].dtype == object]
