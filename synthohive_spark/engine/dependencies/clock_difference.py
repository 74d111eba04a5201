"""Times of day that are another time of day and a number of minutes later, across midnight, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.integrity import Bounds

Mask = npt.NDArray[np.bool_]
_ROWS = 50
_DIFFERENT = 20


@dataclass(frozen=True)
class ClockDifference:
    """``column = start + delay`` on a clock, wherever none of them is null.

    Attributes:
        column: A time of day: minutes or seconds since midnight.
        start: Another one.
        delay: A column of whole numbers, negative ones among them, of the same unit.
        period: How many of them make a day.
    """

    column: Column
    start: Column
    delay: Column
    period: Annotated[int, Bounds(1, 86_400)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all three columns."""
        return self.column.name, self.start.name, self.delay.name

    def applied(self, arrays: Mapping[str, pa.Array], given: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed; where it is given and the delay is not, the delay, the nearest one."""
        result = dict(arrays)
        if not all(name in arrays for name in self.columns):
            return result
        there, (at, start, delay) = self._read(arrays)
        none = np.zeros(len(at), bool)
        asked = given.get(self.column.name, none)
        free = there & asked & ~given.get(self.delay.name, none)
        off = (at - start - delay + self.period // 2) % self.period - self.period // 2
        moved = np.where(free, delay + off, delay)
        result[self.delay.name] = _with(arrays[self.delay.name], self.delay, moved, free)
        made = (start + moved) % self.period
        result[self.column.name] = _with(arrays[self.column.name], self.column, made, there & ~asked)
        return result

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold another time; one with a null breaks nothing."""
        there, (at, start, delay) = self._read(arrays)
        return np.asarray(there & ((at - start - delay) % self.period != 0))

    def _read(self, arrays: Mapping[str, pa.Array]) -> tuple[Mask, list[npt.NDArray[np.int64]]]:
        own = [(arrays[c.name], c.type) for c in (self.column, self.start, self.delay)]
        there = np.logical_and.reduce([~null_mask(values) for values, _ in own])
        return there, [to_numbers(values, type_) for values, type_ in own]

    def describe(self) -> str:
        """The difference as a sentence."""
        return f"{self.column.name} = {self.start.name} + {self.delay.name} on the clock"

    def to_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {**{n: getattr(self, n).to_json() for n in ("column", "start", "delay")}, "period": self.period}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClockDifference:
        """The difference that `to_json` described."""
        column, start, delay = (Column.from_json(data[name]) for name in ("column", "start", "delay"))
        return cls(column, start, delay, data["period"])


def find_clock_differences(
    table: pa.Table, clocks: Mapping[str, int], columns: Sequence[Column]
) -> tuple[ClockDifference, ...]:
    """The times of day that are another one and a delay later in all rows, at least 50 of them, with 20 delays.

    By chance a row has the right time once in as many times as a day has minutes, so none is found by chance.

    Args:
        table: The rows.
        clocks: By name, the columns that hold times of day, with how many units make a day; in their order, later ones
            start a delay sooner than they end one.
        columns: The columns to look at.
    """
    known = {c.name: c for c in columns}
    numbers = [c for c in columns if c.type.is_integer and c.name not in clocks]
    found: dict[str, ClockDifference] = {}
    for name in clocks:
        for start in clocks:
            if start == name or clocks[start] != clocks[name] or start in found or name not in known:
                continue
            for delay in numbers:
                if name in found or start not in known or any(own.delay == delay for own in found.values()):
                    continue
                own = ClockDifference(known[name], known[start], delay, clocks[name])
                if _holds(own, table):
                    found[name] = own
    return tuple(found.values())


def _holds(own: ClockDifference, table: pa.Table) -> bool:
    some = {name: one_array(table.column(name).slice(0, 1_000)) for name in own.columns}
    if own.broken(some).any():
        return False
    arrays = {name: one_array(table.column(name)) for name in own.columns}
    there, (_, _, delay) = own._read(arrays)
    return bool(there.sum() >= _ROWS and len(np.unique(delay[there])) >= _DIFFERENT and not own.broken(arrays).any())


def _with(values: pa.Array, column: Column, made: npt.NDArray[np.int64], rows: Mask) -> pa.Array:
    numbers = np.where(rows, made, to_numbers(values, column.type))
    return from_numbers(numbers, null_mask(values), column.type) if rows.any() else values
