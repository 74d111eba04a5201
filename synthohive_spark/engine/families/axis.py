"""A column as parts that rows fall into, and as a number where it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.numbers import floats_of
from synthohive_spark.engine.integrity import check_distinct, check_increasing

_QUANTILES, _CATEGORIES = 20, 60
_FARTHEST = 2.0
_BETWEEN = "\x1f"
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """How a column is cut into parts: numbers at edges, strings by value.

    Attributes:
        column: The column.
        edges: Where numbers are cut.
        values: The strings that have a part of their own.
        centre: The mean of numbers.
        spread: Their standard deviation.
        least: The smallest number that is told apart.
        most: The largest.
        beside: A string of an ancestor: parts are of both strings. Empty for none.
    """

    column: Column
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    centre: float = 0.0
    spread: float = 0.0
    least: float = 0.0
    most: float = 0.0
    beside: str = ""

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_increasing(self.edges, "edges")
        check_distinct(self.values, "values")
        if self.least > self.most or self.spread < 0:
            raise ValueError(f"{self.column.name} has no such range")

    @classmethod
    def of(cls, column: Column, rows: pa.Table, at_least: int, beside: str = "") -> Axis:
        """The parts of a column of training rows, of which each is held by at least so many."""
        bare = cls(column, beside=beside)
        values = bare.values_of(rows)
        if _is_text(column):
            counted = pc.value_counts(values.drop_null().cast(pa.string())).to_pylist()
            held = sorted(counted, key=lambda e: (-e["counts"], e["values"]))
            return replace(bare, values=tuple(e["values"] for e in held[:_CATEGORIES] if e["counts"] >= at_least))
        numbers = floats_of(values, column.type)
        known = np.sort(numbers[~np.isnan(numbers)])
        if len(known) < 2:
            return cls(column)
        parts = max(1, min(_QUANTILES, len(known) // at_least))
        edges = np.quantile(known, np.linspace(0, 1, parts + 1))[1:-1]
        if (known == known[-1]).sum() >= at_least:  # what many rows share at the end is a part of its own
            edges = np.append(edges, np.nextafter(known[-1], -np.inf))
        edges = np.unique(edges)
        least, most = (known[at_least - 1], known[-at_least]) if len(known) >= 2 * at_least else (known[0], known[0])
        within = np.clip(known, least, most)
        ends = float(within.mean()), float(within.std()), float(least), float(most)
        return cls(column, tuple(edges.tolist()), (), *ends)

    @property
    def name(self) -> str:
        """What tells it from others."""
        return f"{self.column.name} {self.beside}" if self.beside else self.column.name

    def values_of(self, rows: pa.Table) -> pa.ChunkedArray:
        """What rows hold in it."""
        values = rows.column(self.column.name)
        return pc.binary_join_element_wise(values, rows.column(self.beside), _BETWEEN) if self.beside else values

    @property
    def codes(self) -> int:
        """How many parts there are, one for what is in none and one for null among them."""
        return (len(self.values) if _is_text(self.column) else len(self.edges) + 1) + 2

    def coarse_codes(self, parts: int) -> int:
        """How many parts there are where numbers have so many, and one for null."""
        return self.codes if _is_text(self.column) else parts + 1

    def coarse(self, codes: Codes, parts: int) -> Codes:
        """Parts of numbers taken together to so many; strings as they are."""
        if _is_text(self.column):
            return codes
        held = self.codes - 2
        return np.where(codes >= held, parts, codes * parts // max(held, 1))

    def code(self, rows: pa.Table) -> Codes:
        """The part of each row."""
        values = self.values_of(rows)
        if _is_text(self.column):
            text = one_array(values.cast(pa.string()))
            places = pc.index_in(text, pa.array(self.values, pa.string()))
            codes = pc.fill_null(places, len(self.values)).to_numpy(zero_copy_only=False).astype(np.int64)
            return np.where(text.is_null().to_numpy(zero_copy_only=False), self.codes - 1, codes)
        numbers = floats_of(values, self.column.type)
        return np.where(np.isnan(numbers), self.codes - 1, np.searchsorted(self.edges, numbers, "left"))

    def scaled(self, rows: pa.Table) -> Floats:
        """Numbers in standard deviations from their mean, at most two, so that no single row decides a mean."""
        within = np.clip(floats_of(self.values_of(rows), self.column.type), self.least, self.most)
        return np.clip(np.nan_to_num((within - self.centre) / self.spread), -_FARTHEST, _FARTHEST)

    def ranked(self, codes: Codes) -> Floats:
        """Parts of numbers as ranks, in standard deviations from their mean; numbers with a long tail go by these."""
        held = self.codes - 2
        return np.where(codes >= held, 0.0, ((codes + 0.5) / held - 0.5) * 12**0.5)

    def to_json(self) -> dict[str, Any]:
        """The axis as plain values."""
        return {**vars(self), "column": self.column.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Axis:
        """The axis that `to_json` described."""
        lists = {name: tuple(data[name]) for name in ("edges", "values")}
        return cls(**{**data, **lists, "column": Column.from_json(data["column"])})


def _is_text(column: Column) -> bool:
    return column.type.is_string or column.type.name == "boolean"
