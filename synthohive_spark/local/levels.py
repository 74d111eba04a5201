"""The levels of ordered categories of pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthohive_spark.engine.integrity import check_distinct, check_loaded
from synthohive_spark.logs import get_logger

Level = str | bool | int | float
Levels = dict[str, list[Level]]
"""By column, its levels from the lowest to the highest."""
_log = get_logger(__name__)


def levels_of(pdf: pd.DataFrame, at_least: int) -> Levels:
    """The levels of the columns of ordered categories, those of no row among them, but for those of too few rows.

    Args:
        pdf: The rows.
        at_least: Fewest rows that hold a level which is used.
    """
    found: Levels = {}
    for name, dtype in pdf.dtypes.items():
        if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered:
            continue
        levels = dtype.categories.tolist()
        if not all(isinstance(level, Level) for level in levels):
            _log.warning("order_dropped", column=name, reason="only text, numbers and truth values are kept as levels")
            continue
        counts = pdf[name].value_counts()
        kept = [level for level in levels if not 0 < counts[level] < at_least]
        if len(kept) < len(levels):
            _log.warning("levels_dropped", column=name, levels=len(levels) - len(kept), fewest_rows=at_least)
        found[str(name)] = kept
    return found


def with_levels(values: pd.Series[Any], kind: pd.CategoricalDtype) -> pd.Series[Any]:
    """Values as categories; a number that is none, such as a computed one, as the nearest."""
    levels = kind.categories
    if len(levels) and pd.api.types.is_numeric_dtype(levels) and not pd.api.types.is_bool_dtype(levels):
        there, known = values.notna().to_numpy(), levels.to_numpy(np.float64)
        distance = np.abs(values[there].to_numpy(np.float64)[:, None] - known)
        values = pd.Series(levels.take(distance.argmin(axis=1)), np.flatnonzero(there)).reindex(range(len(values)))
    return pd.Series(pd.Categorical(values, dtype=kind))


def check_levels(levels: Mapping[str, list[Any]], types: Mapping[str, pa.DataType]) -> None:
    """Check that levels that were read from files are those of columns of these types.

    Raises:
        ValueError: If one is of no column, comes twice, or is no value of its column; whatever else is raised says so.
    """
    check_loaded(levels, Mapping[str, Sequence[Level]], "levels")
    for name, own in levels.items():
        if name not in types:
            raise ValueError(f"levels are of {name!r}, which is no column")
        check_distinct(own, f"levels of {name!r}")
        pa.array(own, types[name])
