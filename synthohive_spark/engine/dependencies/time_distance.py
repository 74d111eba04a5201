"""Numbers that tell how far two dates or times of their row lie apart: in seconds, days, whole years and so on.

They are computed once a row is drawn, and left out of what is learned wherever the times tell their nulls, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock import DAY, HOUR
from synthohive_spark.engine.dependencies.linear import type_range
from synthohive_spark.engine.dependencies.time_part import TimePart
from synthohive_spark.engine.integrity import Bounds, check_distinct

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
LARGEST = 1 << 61
UNITS = {
    "milliseconds": 1_000,
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": HOUR,
    "days": DAY,
    "weeks": 7 * DAY,
    "months of 30 days": 30 * DAY,
    "years of 365 days": 365 * DAY,
    "years of 365.25 days": 1461 * DAY // 4,
}
"""In microseconds."""
CALENDAR = ("midnights", "full years", "calendar years", "full months", "calendar months")
"""Units of a calendar."""
ROUNDINGS = ("down", "nearest", "up")


@dataclass(frozen=True)
class TimeDistance:
    """``column`` as the distance from ``start`` to ``end``, wherever none of them is null.

    Attributes:
        column: The column, a number.
        start: A column of dates or times.
        end: Another one.
        unit: One of `UNITS` or `CALENDAR`.
        rounding: One of `ROUNDINGS`; which one means nothing for units of a calendar.
        digits: Decimal digits of the column; -1 for floats of any value, which are not rounded.
        shift: What is added, such as 1 where both days count.
        learned: Whether the column is learned, since others do not tell in which rows it is null, or it is given.
    """

    column: Column
    start: Column
    end: Column
    unit: str
    rounding: str
    digits: Annotated[int, Bounds(-1, 9)]
    shift: Annotated[int, Bounds(-10_000, 10_000)] = 0
    learned: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct(self.columns, "columns of a distance")
        if self.unit not in (*UNITS, *CALENDAR) or self.rounding not in ROUNDINGS:
            raise ValueError(f"there are no {self.unit!r} that are rounded {self.rounding!r}")
        if not (self.column.type.is_number and self.column.type.fits_int64):
            raise ValueError("a distance is no number")
        if not (self.start.type.is_temporal and self.end.type.is_temporal):
            raise ValueError("a distance is between no times")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all three columns."""
        return self.column.name, self.start.name, self.end.name

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the column: nothing."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the columns of times."""
        return self.start.name, self.end.name

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """Nothing, see `parts`."""
        return []

    def computed(self, start: Numbers, end: Numbers) -> npt.NDArray[Any]:
        """The distances between instants in microseconds, in units of the column's last digit; floats of any value."""
        ten = 10 ** max(self.digits, 0)
        if self.unit in CALENDAR:
            return np.asarray((between(start, end, self.unit) + self.shift) * ten)
        unit, far = UNITS[self.unit], end - start
        if self.digits < 0:
            return np.asarray(far / unit + self.shift)
        whole, rest = np.divmod(far, unit)
        more = {"down": 0, "nearest": unit // 2, "up": unit - 1}[self.rounding]
        return np.asarray((whole + self.shift) * ten + (rest * ten + more) // unit)

    def applied(self, arrays: Mapping[str, pa.Array], given: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed where it is not given."""
        name = self.column.name
        if not all(n in arrays for n in (*self.sources, *((name,) if self.learned else ()))):
            return dict(arrays)
        missing = null_mask(arrays[self.start.name]) | null_mask(arrays[self.end.name])
        drawn = arrays.get(name, pa.nulls(len(missing), self.column.type.arrow))
        asked = given.get(name, np.zeros(len(missing), bool)) if name in arrays else np.zeros(len(missing), bool)
        made = self._numbers(self.computed(*self._instants(arrays)))
        gone = null_mask(drawn)
        numbers = np.where(asked | missing, to_numbers(drawn, self.column.type), made)
        nulls = gone if self.learned else np.where(asked, gone, missing)
        return {**arrays, name: from_numbers(numbers, nulls, self.column.type)}

    def suited(
        self, arrays: dict[str, pa.Array], given: Mapping[str, Mask], computed: Collection[str]
    ) -> dict[str, Mask]:
        """Move the end, in place, or where that may not be, the start to where a given distance is right.

        Args:
            arrays: The columns by name.
            given: The rows in which a column must not change.
            computed: Columns that others determine, and that do not move.

        Returns:
            The rows in which a time is told by the distance.
        """
        rows = given[self.column.name] & ~np.logical_or.reduce([null_mask(arrays[name]) for name in self.columns])
        told = {}
        for moving in (self.end, self.start):
            free = rows & ~given.get(moving.name, np.zeros(len(rows), bool))
            if moving.name not in computed and free.any():
                self._move(arrays, moving, free)
                told[moving.name] = free
                rows = rows & ~free
        return told

    def _move(self, arrays: dict[str, pa.Array], moving: Column, rows: Mask) -> None:
        """Move one of the times in those of ``rows`` in which the distance is another one."""
        sign, unit = (1 if moving == self.end else -1), DAY if moving.type.name == "date" else 1
        wanted = to_numbers(arrays[self.column.name], self.column.type).astype(np.float64)
        values, asked = arrays[moving.name], rows
        for _ in range(3):  # months are of several lengths
            rows = rows & self.broken(arrays)
            start, end = self._instants(arrays)
            more = wanted - self._numbers(self.computed(start, end)).astype(np.float64)
            moved = later(end if sign > 0 else start, sign * more / 10.0**self.column.type.scale, self.unit)
            numbers = np.where(rows, moved // unit, to_numbers(arrays[moving.name], moving.type))
            arrays[moving.name] = from_numbers(numbers, null_mask(values), moving.type)
        start, end = self._instants(arrays)
        # Of no full unit, the times of day may be the wrong way round.
        numbers = np.where(asked & (wanted >= 0) & (end < start), (start if sign > 0 else end) // unit, numbers)
        turned = {**arrays, moving.name: from_numbers(numbers, null_mask(values), moving.type)}
        if not (self.broken(turned) & ~self.broken(arrays)).any():
            arrays.update(turned)

    def _instants(self, arrays: Mapping[str, pa.Array]) -> tuple[Numbers, Numbers]:
        start, end = (
            to_numbers(arrays[own.name], own.type) * (DAY if own.type.name == "date" else 1)
            for own in (self.start, self.end)
        )
        return start, end

    def _numbers(self, made: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Distances as `to_numbers` makes them of the column."""
        type_ = self.column.type
        if type_.is_float:
            return np.asarray(made / 10.0 ** max(self.digits, 0))
        return np.asarray(np.clip(made * 10 ** max(type_.scale - max(self.digits, 0), 0), *type_range(type_)))

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold another distance; one with a null breaks nothing, nor does the other rounding of a half."""
        column, start, end = (arrays[own.name] for own in (self.column, self.start, self.end))
        values = to_numbers(column, self.column.type)
        there = ~null_mask(column) & ~null_mask(start) & ~null_mask(end)
        instants = self._instants(arrays)
        made = self._numbers(self.computed(*instants))
        if self.digits < 0 or self.column.type.is_float:
            single = self.column.type.name == "float"
            with np.errstate(invalid="ignore"):
                same = np.abs(values - made) <= (1e-6 if single else 1e-9) * np.maximum(np.abs(made), 1e-3)
        else:
            same = values == made
        if self.rounding == "nearest" and self.digits >= 0 and self.unit in UNITS:
            unit = UNITS[self.unit]
            halves = 2 * ((instants[1] - instants[0]) % unit * 10**self.digits % unit) == unit
            with np.errstate(invalid="ignore"):
                over = (made - values) / 10.0**self.column.type.scale
            same |= halves & (over >= 0) & (over <= 10.0**-self.digits * (1 + 1e-6))
        return np.asarray(there & ~same)

    def describe(self) -> str:
        """The distance as a sentence, such as ``nights = days from admitted to discharged, rounded down``."""
        exact = self.unit in CALENDAR or self.digits < 0
        how = "" if exact else {"down": ", rounded down", "nearest": ", rounded", "up": ", rounded up"}[self.rounding]
        shift = "" if not self.shift else f" {'-' if self.shift < 0 else '+'} {abs(self.shift)}"
        return f"{self.column.name} = {self.unit} from {self.start.name} to {self.end.name}{shift}{how}"

    def to_json(self) -> dict[str, Any]:
        """The distance as plain values."""
        return {**vars(self), **{n: getattr(self, n).to_json() for n in ("column", "start", "end")}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TimeDistance:
        """The distance that `to_json` described."""
        return cls(**{**data, **{n: Column.from_json(data[n]) for n in ("column", "start", "end")}})


Timed = TimePart | TimeDistance
"""What is computed from times."""


def timed_from_json(data: Mapping[str, Any]) -> Timed:
    """What `to_json` of either described."""
    return TimeDistance.from_json(data) if "unit" in data else TimePart.from_json(data)


def between(start: Numbers, end: Numbers, unit: str) -> Numbers:
    """How many of a unit of `CALENDAR` lie between instants."""
    if unit == "midnights":
        return np.asarray(end // DAY - start // DAY)
    (first, day), (last, other) = _months(start), _months(end)
    if unit == "calendar months":
        return np.asarray(last - first)
    if unit == "full months":
        return np.asarray(last - first - (other < day))
    years = last // 12 - first // 12
    if unit == "calendar years":
        return np.asarray(years)
    return np.asarray(years - (last % 12 * 100 + other < first % 12 * 100 + day))


def later(instants: Numbers, more: npt.NDArray[np.float64], unit: str) -> Numbers:
    """Instants so many units later."""
    if unit in UNITS or unit == "midnights":
        moved = np.clip(np.rint(more * UNITS.get(unit, DAY)), -LARGEST, LARGEST).astype(np.int64)
        return np.clip(instants, -LARGEST, LARGEST) + moved
    months, day = _months(instants)
    wanted = months + np.rint(np.clip(more, -1e5, 1e5)).astype(np.int64) * (1 if "month" in unit else 12)
    starts, ends = (m.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for m in (wanted, wanted + 1))
    return np.asarray(np.minimum(starts + day, ends - 1) * DAY + instants % DAY)


def _months(instants: Numbers) -> tuple[Numbers, Numbers]:
    """Months since 1970, and the day of the month from 0."""
    days = instants // DAY
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64), days - months.astype("datetime64[D]").astype(np.int64)
