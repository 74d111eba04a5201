"""Columns of which only combinations that the rows hold come out, learned as one column that says which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.rewriting import replaced
from synthohive_spark.engine.integrity import check_distinct

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Combinations:
    """Some columns with the combinations of their values.

    Attributes:
        columns: The columns.
        rows: The combinations that enough rows hold, as plain values; the place of each is its name.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct(self.names, "columns of combinations")
        check_distinct(self.rows, "combinations")
        if not self.columns or not self.rows or any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("combinations are not of their columns")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def learned(self) -> tuple[str, ...]:
        """The values of the column that is learned."""
        return tuple(map(str, range(len(self.rows))))

    def split(self, arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The name of each row's combination, null where it is not kept."""
        read = [plain(arrays[c.name], c.type) for c in self.columns]
        return pa.array([self._places.get(row) for row in zip(*read, strict=True)], pa.string())

    def join(
        self, arrays: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns; where one is given, the first combination with it stands for one without it.

        Args:
            arrays: What `split` made, under the name of the first column, and others.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.
        """
        result, first = dict(arrays), self.names[0]
        if first in arrays:
            drawn = arrays[first].fill_null("0").cast(pa.int64()).to_numpy(zero_copy_only=False)
            drawn = self._suited(drawn, given, fixed)
            for column, table in zip(self.columns, self._tables, strict=True):
                result[column.name] = table.take(pa.array(drawn))
        for name in self.names:
            if name in given:
                result[name] = replaced(result.get(name), given[name], fixed[name])
        return result

    def _suited(
        self, drawn: npt.NDArray[np.int64], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> npt.NDArray[np.int64]:
        asked = [
            (place, plain(given[c.name], c.type), fixed[c.name])
            for place, c in enumerate(self.columns)
            if c.name in given
        ]
        made = drawn.copy()
        for row in range(len(drawn)) if asked else ():
            wanted = {place: values[row] for place, values, mask in asked if mask[row]}
            if any(self.rows[drawn[row]][place] != value for place, value in wanted.items()):
                fitting = [i for i, own in enumerate(self.rows) if all(own[p] == v for p, v in wanted.items())]
                made[row] = fitting[drawn[row] % len(fitting)] if fitting else drawn[row]
        return made

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold another combination."""
        return null_mask(self.split(arrays))

    def describe(self) -> str:
        """The combinations as a sentence."""
        return f"{', '.join(self.names)} come in {len(self.rows):,} combinations"

    def to_json(self) -> dict[str, Any]:
        """The combinations as plain values."""
        return {"columns": [c.to_json() for c in self.columns], "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Combinations:
        """The combinations that `to_json` described."""
        return cls(tuple(Column.from_json(c) for c in data["columns"]), tuple(map(tuple, data["rows"])))

    @cached_property
    def _places(self) -> dict[tuple[Any, ...], str]:
        return {row: str(place) for place, row in enumerate(self.rows)}

    @cached_property
    def _tables(self) -> list[pa.Array]:
        """For each column its value in every combination."""
        return [of_plain([row[i] for row in self.rows], c.type) for i, c in enumerate(self.columns)]


def plain(values: pa.Array, type_: ColumnType) -> list[Any]:
    """Values that JSON knows: strings and booleans, and numbers as `to_numbers` makes them."""
    if type_.is_string or type_.name == "boolean":
        return list(values.to_pylist())
    numbers, missing = to_numbers(values, type_).tolist(), null_mask(values)
    return [None if gone else number for number, gone in zip(numbers, missing, strict=True)]


def of_plain(values: Sequence[Any], type_: ColumnType) -> pa.Array:
    """What `plain` was given."""
    if type_.is_string or type_.name == "boolean":
        return pa.array(values, type_.arrow)
    missing = np.array([value is None for value in values], bool)
    numbers = np.array([0 if value is None else value for value in values], np.float64 if type_.is_float else np.int64)
    return from_numbers(numbers, missing, type_)


def combinations_of(table: pa.Table, columns: tuple[Column, ...], at_least: int) -> Combinations:
    """The combinations that enough rows of a table hold, those of most rows first."""
    read = [plain(table.column(c.name).combine_chunks(), c.type) for c in columns]
    counts: dict[tuple[Any, ...], int] = {}
    for row in zip(*read, strict=True):
        counts[row] = counts.get(row, 0) + 1
    kept = [row for row, count in counts.items() if count >= at_least]
    return Combinations(columns, tuple(sorted(kept, key=lambda row: -counts[row])))
