"""Columns that say which of two others is the larger: whether an order was late, who won, whether it made a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.order import comparable, like
from synthohive_spark.engine.integrity import Bounds

Mask = npt.NDArray[np.bool_]
_DATE = ColumnType("date")
_HOUR = 3_600_000_000
"""Microseconds."""


@dataclass(frozen=True)
class Comparison:
    """``column`` as a function of which of two columns is the larger, wherever none of the three is null.

    Attributes:
        column: The column.
        one: A number or a time.
        other: Another one.
        values: What the column holds where ``one`` is below, equal to and above ``other``; None where nothing is known.
    """

    column: Column
    one: Column
    other: Column
    values: Annotated[tuple[Any, ...], Bounds(3, 3)]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if not comparable(self.one.type, self.other.type) or not says(self.column.type):
            raise ValueError("a comparison is of columns that cannot be compared, or in one that cannot say it")
        pa.array(self.values, self.column.type.arrow)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all three columns."""
        return self.column.name, self.one.name, self.other.name

    def applied(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed; where it is given, the two that it compares change places.

        Args:
            arrays: The columns by name.
            fixed: The rows in which a column must not change; nowhere, for a name that is missing.
        """
        if not all(name in arrays for name in self.columns):
            return dict(arrays)
        result, none = dict(arrays), np.zeros(len(arrays[self.column.name]), bool)
        firm = fixed.get(self.column.name, none)
        if firm.any():
            self._suit(result, firm, fixed.get(self.one.name, none), fixed.get(self.other.name, none))
        expected, known = self._expected(result)
        told = known & ~firm & ~null_mask(result[self.column.name])
        result[self.column.name] = pc.if_else(pa.array(told), expected, result[self.column.name])
        return result

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows say something else than the two columns; one with a null breaks nothing."""
        expected, known = self._expected(arrays)
        same = np.asarray(pc.equal(expected, arrays[self.column.name]).fill_null(True))
        return np.asarray(known & ~same)

    def _suit(self, result: dict[str, pa.Array], given: Mask, one_firm: Mask, other_firm: Mask) -> None:
        """Make the two, where they are not given, what the column says of them: they change places, or one moves."""
        wrong = given & self.broken(result)
        one, other, _ = self._read(result)
        asked = pc.index_in(result[self.column.name], pa.array(self.values, self.column.type.arrow), skip_nulls=True)
        sign = np.asarray(asked.fill_null(1)) - 1
        wrong &= ~null_mask(asked)
        turned = wrong & ~one_firm & ~other_firm & (one != other) & (sign != 0)
        moved = wrong & ~turned & ~one_firm
        back = wrong & ~turned & ~moved & ~other_firm
        apart = (_HOUR if self._type.is_temporal and self._type != _DATE else 10**self._type.scale) * sign
        self._put(result, self.one, np.select([turned, moved], [other, other + apart], one), one)
        self._put(result, self.other, np.select([turned, back], [one, one - apart], other), other)

    def _put(self, result: dict[str, pa.Array], column: Column, new: Numbers, old: Numbers) -> None:
        changed = new != old
        if changed.any():
            numbers = to_numbers(result[column.name], column.type)
            own = np.where(changed, like(new, self._type, column.type, up=False), numbers)
            result[column.name] = from_numbers(own, null_mask(result[column.name]), column.type)

    @property
    def _type(self) -> ColumnType:
        """The type in which the two are compared: the day of a date, the float of a number."""
        types = (self.one.type, self.other.type)
        return next((t for t in types if t == _DATE or t.is_float), self.one.type)

    def _read(self, arrays: Mapping[str, pa.Array]) -> tuple[Numbers, Numbers, Mask]:
        """Both columns as numbers that can be compared, and where both have one."""
        read, there = [], np.ones(len(arrays[self.one.name]), bool)
        for own in (self.one, self.other):
            numbers = to_numbers(arrays[own.name], own.type)
            valid = ~null_mask(arrays[own.name]) & np.isfinite(numbers)
            read.append(like(np.where(valid, numbers, 0), own.type, self._type, up=False))
            there &= valid
        return read[0], read[1], there

    def signs(self, arrays: Mapping[str, pa.Array]) -> npt.NDArray[np.int64]:
        """-1, 0 or 1 where the first is below, equal to or above the second; 2 where one of them is null."""
        one, other, there = self._read(arrays)
        return np.where(there, (one > other).astype(np.int64) - (one < other), 2)

    def _expected(self, arrays: Mapping[str, pa.Array]) -> tuple[pa.Array, Mask]:
        """What the column should hold, and where that is known."""
        known = pa.array([*self.values, None], self.column.type.arrow)
        made = known.take(pa.array(self.signs(arrays) + 1))
        return made, ~null_mask(made)

    def describe(self) -> str:
        """The dependency as a sentence."""
        return f"{self.column.name} says whether {self.one.name} or {self.other.name} is larger"

    def to_json(self) -> dict[str, Any]:
        """The dependency as plain values."""
        columns = {"column": self.column, "one": self.one, "other": self.other}
        return {**{name: own.to_json() for name, own in columns.items()}, "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """The dependency that `to_json` described."""
        column, one, other = (Column.from_json(data[name]) for name in ("column", "one", "other"))
        return cls(column, one, other, tuple(data["values"]))


def says(type_: ColumnType) -> bool:
    """Whether a column of this type can hold words for a comparison."""
    return type_.is_string or type_.is_integer or type_.name == "boolean"
