"""Dates and timestamps as parts: week and weekday, or month and day of month, and time of day.

An engine learns that orders rest on Sundays, or that bills are due on the 1st, only where the weekday or the day of
month is a column. A temporal column is replaced by virtual columns of such parts before the codecs see a table, and the
parts of generated rows are put together again. Instants are cut in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Long

Days = npt.NDArray[np.int64]
DAY = 86_400_000_000  # microseconds
_SUFFIXES = {"day": (), "week": ("weekday",), "month": ("day",)}
_MONDAY = 3  # 1970-01-01 was a Thursday, three days after a Monday


@dataclass(frozen=True)
class CalendarColumn:
    """How one date or timestamp column is cut into parts.

    Attributes:
        column: The column.
        day: How days are cut: "day" (days since 1970), "week" (week and weekday) or "month" (month and day of month).
        time: Whether the time of day is a part, too; without it all timestamps have the time of day of ``low``.
        low: Smallest value allowed: days of a date, microseconds of a timestamp.
        high: Largest value allowed.

    Raises:
        ValueError: If ``day`` is not one of the three.
    """

    column: Column
    day: str
    time: bool
    low: Long
    high: Long

    def __post_init__(self) -> None:
        if self.day not in _SUFFIXES:
            raise ValueError(f"days are cut by {', '.join(_SUFFIXES)}, got {self.day!r}")

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        most = 1 << 31 if self.column.type.name == "date" else 1 << 63
        if not (self.column.type.is_temporal and -most <= self.low <= self.high < most):
            raise ValueError(f"there are no such days of {self.column.type}")

    @property
    def parts(self) -> tuple[Column, ...]:
        """The virtual columns; the first has the column's own name, and a name with a zero byte is nobody else's."""
        name, nullable = self.column.name, self.column.nullable
        smaller = [Column(f"{name}\x00{suffix}", ColumnType("int"), nullable) for suffix in _SUFFIXES[self.day]]
        if self.time:
            smaller.append(Column(f"{name}\x00time", ColumnType("bigint"), nullable))
        return (Column(name, ColumnType("int"), nullable), *smaller)

    def split(self, values: pa.Array) -> list[pa.Array]:
        """The parts of ``values``, all of them null where the value is."""
        days, times = _floor_divide(to_numbers(values, self.column.type), self._unit)
        numbers = [*cut_days(days, self.day), *([times] if self.time else [])]
        missing = null_mask(values)
        return [from_numbers(n, missing, part.type) for n, part in zip(numbers, self.parts, strict=True)]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The values that the parts make, within [low, high].

        There is no value where the first part is null. A later part never makes a null: a weekday, day of month or time
        that is null or too small counts as the first one, and one that is too large as the last one there is.
        """
        numbers = [to_numbers(part, own.type) for part, own in zip(parts, self.parts, strict=True)]
        (first, first_time), (last, last_time) = divmod(self.low, self._unit), divmod(self.high, self._unit)
        times = np.clip(numbers.pop(), 0, self._unit - 1) if self.time else np.int64(first_time)
        days = _days(self.day, numbers)
        # Days beyond the range may overflow as microseconds, so what lies outside is found before.
        before = (days < first) | ((days == first) & (times < first_time))
        after = (days > last) | ((days == last) & (times > last_time))
        values = np.where(before, self.low, np.where(after, self.high, days * self._unit + times))
        return from_numbers(values, null_mask(parts[0]), self.column.type)

    def describe(self) -> str:
        """How the column is cut, as a sentence."""
        parts = {"day": ["day"], "week": ["week", "weekday"], "month": ["month", "day of month"]}[self.day]
        return f"{self.column.name} is learned by {', '.join([*parts, 'time of day'] if self.time else parts)}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {**vars(self), "column": self.column.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CalendarColumn:
        """The column that `to_json` described."""
        return cls(Column.from_json(data["column"]), data["day"], data["time"], data["low"], data["high"])

    @property
    def _unit(self) -> int:
        """How many of the column's numbers make a day."""
        return 1 if self.column.type.name == "date" else DAY


@dataclass(frozen=True)
class Calendar:
    """The columns of a table that are cut into parts."""

    columns: tuple[CalendarColumn, ...] = ()

    def virtual(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The columns with the parts of each one that is cut at its place."""
        cut = {own.column.name: own.parts for own in self.columns}
        return tuple(part for column in columns for part in cut.get(column.name, (column,)))

    def split(self, table: pa.Table) -> pa.Table:
        """The table with the parts of each column that is cut at its place."""
        cut = {own.column.name: own for own in self.columns if own.column.name in table.column_names}
        if not cut:
            return table
        arrays: list[Any] = []
        fields: list[pa.Field] = []
        for field, values in zip(table.schema, table.columns, strict=True):
            if field.name in cut:
                own = cut[field.name]
                arrays += own.split(one_array(values))
                fields += [pa.field(part.name, part.type.arrow, field.nullable) for part in own.parts]
            else:
                arrays.append(values)
                fields.append(field)
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def join(self, arrays: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The arrays with the column itself in place of its parts, where all of them are there."""
        joined = dict(arrays)
        for own in self.columns:
            first, *others = (part.name for part in own.parts)
            if all(name in joined for name in (first, *others)):
                joined[first] = own.join([joined[first], *(joined.pop(name) for name in others)])
        return joined

    def to_json(self) -> dict[str, Any]:
        """The calendar as plain values."""
        return {"columns": [own.to_json() for own in self.columns]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calendar:
        """The calendar that `to_json` described."""
        return cls(tuple(CalendarColumn.from_json(own) for own in data["columns"]))


def cut_days(days: Days, by: str) -> list[Days]:
    """Days since 1970 as they are, as week and weekday (Monday is 0), or as month since 1970 and day of month."""
    if by == "week":
        return list(_floor_divide(days + _MONDAY, 7))
    if by == "month":
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return [months, days - month_starts(months) + 1]
    return [days]


def month_starts(months: Days) -> Days:
    """The first day of each month."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _days(by: str, parts: Sequence[Days]) -> Days:
    """The days that `cut_days` cut into ``parts``, whose smaller one may lie beyond what there is."""
    if by == "week":
        return parts[0] * 7 - _MONDAY + np.clip(parts[1], 0, 6)
    if by == "month":
        starts, ends = month_starts(parts[0]), month_starts(parts[0] + 1)
        return np.asarray(np.clip(starts + parts[1] - 1, starts, ends - 1))
    return parts[0]


def _floor_divide(numbers: Days, by: int) -> tuple[Days, Days]:
    # Twice as fast as np.divmod, and the remainder cannot be negative either.
    quotients = numbers // by
    return quotients, numbers - quotients * by
