"""The order in which the rows of a cell are given the rows that they refer to.

Rows that name the same row often have something in common, a driver's races the years. In the order of that, with as
much noise as keeps them as alike as they really are, they are given rows one after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import spearmanr

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.names import is_ancestor_name
from synthohive_spark.engine.families.numbers import floats_of

_FEWEST = 100
"""Rows that share what they refer to, so that it can be seen what they have in common."""
_BESIDE = 0.5
"""The least correlation of ranks with what rows that are referred to are sorted by."""
_ALIKE = 0.8
"""What is left of the variance in a cell where rows are alike."""
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SortKey:
    """A column that rows are sorted by.

    Attributes:
        column: The column, the row's own or an ancestor's.
        least: Smallest value that is told apart.
        most: Largest value that is told apart.
        noise: Standard deviation of the noise that is added, in units of the range.
    """

    column: str
    least: float
    most: float
    noise: float

    @classmethod
    def fit(cls, rows: pa.Table, columns: Sequence[Column], cells: Codes, keys: Codes, at_least: int) -> SortKey | None:
        """The column that rows with the same key are most alike in, beyond what their cell says; None for none.

        Args:
            rows: Training rows.
            columns: Columns to choose from.
            cells: The cell of the row that each refers to; negative for none.
            keys: A code of that row.
            at_least: How many rows lie beyond the range on either side, itself counted; of what several rows have from
                one ancestor, how many values.
        """
        best, found = _ALIKE, None
        for column in columns:
            if not column.type.is_quantitative:
                continue
            values = floats_of(rows.column(column.name), column.type)
            known = np.flatnonzero(~np.isnan(values) & (cells >= 0))
            if len(known) < max(_FEWEST, 2 * at_least):
                continue
            ordered = np.unique(values[known]) if is_ancestor_name(column.name) else np.sort(values[known])
            if len(ordered) < 2 * at_least:
                continue
            least, most = float(ordered[at_least - 1]), float(ordered[-at_least])
            if most <= least:
                continue
            at = (np.clip(values[known], least, most) - least) / (most - least)
            among, repeats = _variance(at, keys[known])
            within = _variance(at, cells[known])[0]
            if repeats >= _FEWEST and among < best * within:
                best = among / within
                # Rows given out one after another spread over a key's share of its cell, and by the noise.
                rest = max(among - within * _mean_square_share(keys[known], cells[known]), 0.0)
                noise = np.sqrt(rest * within / (within - rest))
                found = cls(column.name, least, most, round(float(noise), 6))
        return found

    @classmethod
    def beside(
        cls, key: SortKey, rows: pa.Table, columns: Mapping[str, Column], type_: ColumnType, at_least: int
    ) -> SortKey | None:
        """The column of the rows that are referred to that goes most with a key of those that refer; None for none.

        Where it falls as the other rises, its range is from its largest value to its smallest.

        Args:
            key: What rows are sorted by.
            rows: Training rows, each with what the row holds that it refers to, as numbers.
            columns: Columns of the latter, by the names that they have there.
            type_: The type of the key's column.
            at_least: How many of its values lie beyond the range on either side, itself counted.
        """
        own = floats_of(rows.column(key.column), type_)
        best, found = _BESIDE, None
        for name, column in columns.items():
            if not column.type.is_quantitative:
                continue
            theirs = np.asarray(one_array(rows.column(name)).to_numpy(zero_copy_only=False), float)
            known = np.flatnonzero(~np.isnan(own) & ~np.isnan(theirs))
            if len(known) < max(_FEWEST, 2 * at_least) or min(np.ptp(own[known]), np.ptp(theirs[known])) <= 0:
                continue
            together = float(spearmanr(own[known], theirs[known]).statistic)
            ordered = np.unique(theirs[known])  # one row may be referred to by many
            if len(ordered) < 2 * at_least:
                continue
            least, most = float(ordered[at_least - 1]), float(ordered[-at_least])
            if abs(together) > best and least < most:
                best = abs(together)
                found = cls(column.name, *((least, most) if together > 0 else (most, least)), 0.0)
        return found

    def to_json(self) -> dict[str, Any]:
        """The key as plain values."""
        return vars(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The key that `to_json` described."""
        return cls(**data)


def _mean_square_share(keys: Codes, cells: Codes) -> float:
    """The mean, over rows, of the square of a key's share of the rows of its cell."""
    _, key, in_key = np.unique(keys, return_inverse=True, return_counts=True)
    _, cell, in_cell = np.unique(cells, return_inverse=True, return_counts=True)
    return float(((in_key[key] / in_cell[cell]) ** 2).mean())


def _variance(values: npt.NDArray[np.float64], groups: Codes) -> tuple[float, int]:
    """The variance within groups, and over how many rows beyond the first of each it is known."""
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    mean = np.bincount(group, values) / sizes
    free = len(values) - len(sizes)
    return float(((values - mean[group]) ** 2).sum()) / max(free, 1), free
