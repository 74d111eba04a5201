"""Cells: a partition of the rows of a table that others refer to, by what the rows and those that refer to them hold.

A reference then is learned as the cell of the row that it names, and which row of the cell it is, is decided when rows
are matched. The idea is that of a latent label of ClavaDDPM (Pang et al., NeurIPS 2024), learned for references.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from synthohive_spark.engine.arrays import null_mask, one_array

_ROWS_PER_CELL = 12
_FEWEST, _MOST = 4, 48
_CATEGORIES = 12
_RANK_WIDTH, _CATEGORY_WIDTH, _COUNT_WIDTH = 3.4, 1.2, 1.5
_LEARNED_ROWS = 20_000
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Axis:
    """How one column becomes coordinates: a count by its logarithm, a number by its rank, a string by its values."""

    name: str
    count: bool
    sorted_values: Points | None
    values: tuple[str, ...]

    @classmethod
    def of(cls, name: str, values: pa.ChunkedArray, count: bool) -> _Axis:
        if pa.types.is_string(values.type):
            counted = pc.value_counts(values.drop_null()).to_pylist()
            ranked = sorted(counted, key=lambda entry: (-entry["counts"], entry["values"]))
            return cls(name, False, None, tuple(entry["values"] for entry in ranked[:_CATEGORIES]))
        numbers = _numbers(values)
        return cls(name, count, np.sort(numbers[~np.isnan(numbers)]), ())

    def coordinates(self, values: pa.ChunkedArray) -> Points:
        """Shape (rows, width)."""
        if self.sorted_values is None:
            text = one_array(values)
            return np.stack(
                [
                    _CATEGORY_WIDTH * pc.fill_null(pc.equal(text, v), False).to_numpy(zero_copy_only=False)
                    for v in self.values
                ]
                or [np.zeros(len(text))],
                axis=1,
            ).astype(np.float64)
        numbers = _numbers(values)
        if self.count:
            known = np.log1p(self.sorted_values)
            scaled = _COUNT_WIDTH * (np.log1p(numbers) - known.mean()) / (known.std() + 1e-9)
            return np.asarray(scaled[:, None])
        rank = np.searchsorted(self.sorted_values, numbers, "right") / max(len(self.sorted_values), 1) - 0.5
        return np.where(np.isnan(numbers), 0.0, _RANK_WIDTH * rank)[:, None]


@dataclass(frozen=True)
class Cells:
    """A partition of rows.

    Attributes:
        axes: How rows become points.
        centres: The centre of each cell, shape (cells, width), neighbours along their main axis next to each other.
    """

    axes: tuple[_Axis, ...]
    centres: Points

    @classmethod
    def fit(cls, rows: pa.Table, counts: Sequence[str], at_least: int, seed: int) -> Cells:
        """Partition rows by k-means.

        Args:
            rows: Numbers and strings that say what the rows are like.
            counts: Which of them count rows that refer to a row.
            at_least: Fewest rows of a cell.
            seed: Fixes the cells.
        """
        rng = np.random.default_rng(seed)
        if rows.num_rows > _LEARNED_ROWS:
            rows = rows.take(pa.array(np.sort(rng.choice(rows.num_rows, _LEARNED_ROWS, replace=False))))
        axes = tuple(_Axis.of(name, rows.column(name), name in counts) for name in rows.column_names)
        points = _points(axes, rows)
        weight = 1.0 + sum((np.nan_to_num(_numbers(rows.column(name))) for name in counts), np.zeros(len(points)))
        cells = min(max(rows.num_rows // _ROWS_PER_CELL, _FEWEST), _MOST, max(rows.num_rows // max(at_least, 1), 1))
        cells = min(cells, len(np.unique(points, axis=0)))
        with threadpool_limits(1):
            fitted = KMeans(cells, n_init=1, max_iter=50, random_state=seed % 2**32).fit(points, sample_weight=weight)
        centres = _of_enough_rows(fitted.cluster_centers_, points, at_least)
        return cls(axes, centres[_along_main_axis(centres)])

    def assign(self, rows: pa.Table) -> npt.NDArray[np.int64]:
        """The cell of each row."""
        return _nearest(_points(self.axes, rows), self.centres)


def _points(axes: Sequence[_Axis], rows: pa.Table) -> Points:
    return np.concatenate([axis.coordinates(rows.column(axis.name)) for axis in axes], axis=1)


def _nearest(points: Points, centres: Points) -> npt.NDArray[np.int64]:
    away = -2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.asarray(away.argmin(axis=1), np.int64)


def _of_enough_rows(centres: Points, points: Points, at_least: int) -> Points:
    """The centres without those of too few rows, whose rows go to the nearest other ones."""
    while len(centres) > 1:
        sizes = np.bincount(_nearest(points, centres), minlength=len(centres))
        if sizes.min() >= at_least:
            break
        centres = np.delete(centres, sizes.argmin(), axis=0)
    return centres


def _along_main_axis(centres: Points) -> npt.NDArray[np.int64]:
    away = centres - centres.mean(axis=0)
    return np.asarray(np.argsort(away @ np.linalg.svd(away, full_matrices=False)[2][0], kind="stable"))


def _numbers(values: pa.ChunkedArray) -> Points:
    array = one_array(values)
    numbers = np.asarray(pc.fill_null(array.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False), np.float64).copy()
    numbers[null_mask(array)] = np.nan
    return numbers
