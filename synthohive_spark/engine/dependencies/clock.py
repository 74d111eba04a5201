"""Columns that hold a part of a date or time beside it: its year, month, day, weekday, hour and so on.

An instant's parts are those of a clock that may be ahead of UTC or behind it, by more in one half of a year than in the
other: which clock it is, is read off the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Bounds, Long, check_equal, check_increasing

Numbers = npt.NDArray[np.int64]
DAY, HOUR, _MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000
_FEWEST_ROWS, _FEWEST_VALUES, _FEWEST_BETWEEN, _MOST_CHANGES = 100, 3, 20, 200
_GLANCE = 1_000
CLOCKS = range(-12 * 60, 14 * 60 + 1, 15)
"""Minutes that clocks are ahead of UTC."""
WEST = (12, 9)
_WEEKDAYS = {"weekday": 3, "weekday from Sunday": 4}
PARTS = (
    *("year", "quarter", "month", "week", "yearday", "day", *_WEEKDAYS, "hour", "minute", "second"),
    *("year and month", "year of the week"),
)


@dataclass(frozen=True)
class Clock:
    """How far a clock is ahead of UTC.

    Attributes:
        changes: Instants from which it is ahead by another time, in microseconds; ascending.
        ahead: By how many minutes it is ahead before the first, between them, and from the last on.
    """

    changes: tuple[Long, ...] = ()
    ahead: tuple[Annotated[int, Bounds(-1440, 1440)], ...] = (0,)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_increasing(self.changes, "changes of a clock")
        check_equal(len(self.ahead), len(self.changes) + 1, "changes of a clock")

    def local(self, instants: Numbers) -> Numbers:
        """What the clock shows at these instants, in microseconds."""
        at = np.searchsorted(np.array(self.changes, np.int64), instants, side="right")
        return instants + np.array(self.ahead, np.int64)[at] * _MINUTE


@dataclass(frozen=True)
class ClockPart:
    """``column`` as a part of a date or time.

    Attributes:
        column: The name of the column.
        type: Its type, an integer.
        of: The column of dates or times.
        part: One of `PARTS`.
        shift: What is added to the part: weekdays are counted from 0 or 1, for example.
        clock: What shows the part.
    """

    column: str
    type: ColumnType
    of: Column
    part: str
    shift: Annotated[int, Bounds(-1, 1)]
    clock: Clock

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.part not in PARTS or not self.of.type.is_temporal or not self.type.is_integer:
            raise ValueError(f"there is no part {self.part!r} of {self.of.type}")

    def computed(self, numbers: Numbers) -> pa.Array:
        """The column's values for dates in days or instants in microseconds."""
        local = self.clock.local(numbers * DAY if self.of.type.name == "date" else numbers)
        return pa.array(part_of(local, self.part) + self.shift).cast(self.type.arrow)

    def describe(self) -> str:
        """The dependency as a sentence."""
        return f"{self.column} is the {self.part} of {self.of.name}"

    def to_json(self) -> dict[str, Any]:
        """The dependency as plain values."""
        clock = {name: list(own) for name, own in vars(self.clock).items()}
        return {**vars(self), "type": str(self.type), "of": self.of.to_json(), "clock": clock}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClockPart:
        """The dependency that `to_json` described."""
        clock = Clock(**{name: tuple(own) for name, own in data["clock"].items()})
        own = {"type": ColumnType.parse(data["type"]), "of": Column.from_json(data["of"]), "clock": clock}
        return cls(**{**data, **own})


def find_clock_parts(of: Column, numbers: Numbers, columns: Mapping[Column, Numbers]) -> list[ClockPart]:
    """The columns that hold a part of a date or time in every row.

    Args:
        of: The column of dates or times.
        numbers: Its values, days of dates and microseconds of instants; no null is among them.
        columns: Columns of integers with their values, none of them null.
    """
    if len(numbers) < _FEWEST_ROWS:
        return []
    instants = numbers * DAY if of.type.name == "date" else numbers
    wanted = {c: v for c, v in columns.items() if c.type.is_integer and len(np.unique(v[:10_000])) >= _FEWEST_VALUES}
    if of.type.name == "date":
        return _parts_by(Clock(), of, instants, wanted)
    hours = [own for v in wanted.values() for west in WEST if (own := clock_of_hours(instants, v, west)) is not None]
    best: list[ClockPart] = []
    for clock in (*hours, *(Clock((), (ahead,)) for ahead in sorted(CLOCKS, key=abs))):
        if len(found := _parts_by(clock, of, instants, wanted)) > len(best):
            best = found
    return best


def _parts_by(clock: Clock, of: Column, instants: Numbers, columns: Mapping[Column, Numbers]) -> list[ClockPart]:
    few = np.unique(np.linspace(0, len(instants) - 1, 200).astype(np.int64))
    found = []
    some = clock.local(instants[few])
    for column, values in columns.items():
        for part in PARTS:
            shift = int(values[0] - part_of(some[:1], part)[0])
            if abs(shift) > 1 or (values[few] - part_of(some, part) != shift).any():
                continue
            if (values - part_of(clock.local(instants), part) == shift).all():
                found.append(ClockPart(column.name, column.type, of, part, shift, clock))
                break
    return found


def clock_of_hours(instants: Numbers, hours: Numbers, west: int) -> Clock | None:
    """The clock at most ``west`` hours behind UTC whose hours these are, where its time changes but seldom."""
    if hours.min() < 0 or hours.max() > 23:
        return None
    few = slice(None, None, len(hours) // _GLANCE + 1)
    if len(_changes(instants[few], hours[few], west)[2]) > _MOST_CHANGES:
        return None
    order, ahead, changes = _changes(instants, hours, west)
    starts = np.r_[0, changes]
    if len(changes) > _MOST_CHANGES or np.diff(starts, append=len(hours)).min() < _FEWEST_BETWEEN:
        return None
    return Clock(tuple((instants[order][changes] // HOUR * HOUR).tolist()), tuple((ahead[starts] * 60).tolist()))


def _changes(instants: Numbers, hours: Numbers, west: int) -> tuple[npt.NDArray[np.intp], Numbers, Numbers]:
    """The rows in their order in time, by how many hours a clock is ahead in each, and where that changes."""
    order = np.argsort(instants, kind="stable")
    ahead = (hours[order] - instants[order] // HOUR + west) % 24 - west
    return order, ahead, np.flatnonzero(np.diff(ahead)) + 1


def part_of(local: Numbers, part: str) -> Numbers:
    """A part, one of `PARTS`, of what clocks show, in microseconds."""
    days = local // DAY
    if part in ("hour", "minute", "second"):
        unit = {"hour": HOUR, "minute": _MINUTE, "second": 1_000_000}[part]
        return local % DAY // unit % (24 if part == "hour" else 60)
    if part in _WEEKDAYS:
        return (days + _WEEKDAYS[part]) % 7
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year, month = np.divmod(months.astype(np.int64), 12)
    if part in ("year", "quarter", "month", "year and month"):
        numbers = {"year": 1970 + year, "quarter": month // 3 + 1, "month": month + 1}
        return numbers.get(part, (1970 + year) * 100 + month + 1)
    if part in ("day", "yearday"):
        start = months if part == "day" else dates.astype("datetime64[Y]")
        return days - start.astype("datetime64[D]").astype(np.int64) + 1
    return _iso_week(days)[part == "week"]


def _iso_week(days: Numbers) -> tuple[Numbers, Numbers]:
    """The year by ISO 8601, and the week of it: those of the Thursday of the same week."""
    thursday = days - (days + 3) % 7 + 3
    year = thursday.astype("datetime64[D]").astype("datetime64[Y]")
    return year.astype(np.int64) + 1970, (thursday - year.astype("datetime64[D]").astype(np.int64)) // 7 + 1
