"""Columns that are the greatest, or the least, of others: the highest of three readings, the first of some dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import OrderedColumn, comparable, like
from synthohive_spark.engine.integrity import Bounds, check_distinct

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Extreme:
    """``column`` as the greatest or the least of others, wherever it is not null.

    Attributes:
        column: The column.
        of: The others.
        greatest: Whether it is the greatest.
        beside_nulls: Whether it is that of the others where one is null; else nothing is said there.
        null: Whether it is null exactly where nothing is said.
    """

    column: Column
    of: Annotated[tuple[Column, ...], Bounds(2)]
    greatest: bool
    beside_nulls: bool
    null: bool

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct(self.columns, "columns of an extreme")
        if not all(comparable(self.column.type, own.type) for own in self.of):
            raise ValueError("an extreme is of columns that cannot be compared")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return self.column.name, *(own.name for own in self.of)

    def expected(self, arrays: Mapping[str, pa.Array]) -> tuple[Numbers, Mask]:
        """The greatest or least number of each row, and in which rows it is said."""
        numbers, known = self._order.bound(arrays)
        nulls = np.logical_or.reduce([null_mask(arrays[own.name]) for own in self.of])
        return numbers, known if self.beside_nulls else known & ~nulls

    def applied(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed; where it is given, the others move to suit it.

        Args:
            arrays: The columns by name.
            fixed: The rows in which a column must not change; nowhere, for a name that is missing.
        """
        result = dict(arrays)
        if not all(name in arrays for name in self.columns):
            return result
        values = result[self.column.name]
        firm = fixed.get(self.column.name, np.zeros(len(values), bool))
        if (wrong := firm & ~null_mask(values) & self.broken(result)).any():
            self._suit(result, wrong, fixed)
        numbers, known = self.expected(result)
        missing = np.where(firm, null_mask(values), ~known if self.null else null_mask(values))
        made = np.where(known & ~firm, numbers, to_numbers(values, self.column.type))
        result[self.column.name] = from_numbers(made, missing, self.column.type)
        return result

    def _suit(self, result: dict[str, pa.Array], rows: Mask, fixed: Mapping[str, Mask]) -> None:
        """Bring what lies beyond the column's value back to it, where it is not given, and one where none has it."""
        wanted = to_numbers(result[self.column.name], self.column.type)
        free = [rows & ~fixed.get(o.name, np.zeros(len(rows), bool)) & ~null_mask(result[o.name]) for o in self.of]
        read = [to_numbers(result[own.name], own.type) for own in self.of]
        alike = [like(n, own.type, self.column.type, up=self.greatest) for n, own in zip(read, self.of, strict=True)]
        equal = [(n == wanted) & ~null_mask(result[own.name]) for n, own in zip(alike, self.of, strict=True)]
        sign = 1.0 if self.greatest else -1.0
        far = np.stack(
            [np.where(own, sign * n.astype(np.float64), -np.inf) for own, n in zip(free, alike, strict=True)]
        )
        none = ~np.logical_or.reduce(equal)
        for place, own in enumerate(self.of):
            beyond = alike[place] > wanted if self.greatest else alike[place] < wanted
            moved = free[place] & (beyond | (none & (far.argmax(axis=0) == place)))
            target = like(wanted, self.column.type, own.type, up=self.greatest)
            numbers = np.where(moved, target, read[place]).astype(read[place].dtype)
            result[own.name] = from_numbers(numbers, null_mask(result[own.name]), own.type)

    @cached_property
    def _order(self) -> OrderedColumn:
        return OrderedColumn(self.column, self.of, self.greatest, -1, False, 0, 0, 0)

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold something else; one in which it is null breaks nothing."""
        numbers, known = self.expected(arrays)
        values = arrays[self.column.name]
        return np.asarray(known & ~null_mask(values) & (to_numbers(values, self.column.type) != numbers))

    def describe(self) -> str:
        """The column as a sentence."""
        names = ", ".join(own.name for own in self.of[:-1]) + f" and {self.of[-1].name}"
        return f"{self.column.name} is the {'greatest' if self.greatest else 'least'} of {names}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {**self._plain, "column": self.column.to_json(), "of": [own.to_json() for own in self.of]}

    @property
    def _plain(self) -> dict[str, bool]:
        return {"greatest": self.greatest, "beside_nulls": self.beside_nulls, "null": self.null}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Extreme:
        """The column that `to_json` described."""
        return cls(
            **{**data, "column": Column.from_json(data["column"]), "of": tuple(map(Column.from_json, data["of"]))}
        )


def apply_extremes(
    arrays: Mapping[str, pa.Array], extremes: Sequence[Extreme], fixed: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns with those computed that are the greatest or the least of others.

    Args:
        arrays: The columns by name.
        extremes: Each after those that it is made of.
        fixed: The rows in which a column must not change; nowhere, for a name that is missing.
    """
    made = dict(arrays)
    for own in extremes:
        made = own.applied(made, fixed)
    return made
