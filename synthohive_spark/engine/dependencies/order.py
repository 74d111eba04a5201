"""Columns that never lie below, or above, others: learned as their distance from the nearest, and so kept in order.

A drawn distance is never negative, so no drawn row breaks the order, and how far two columns lie apart, and how often
they are equal, is learned as what it is instead of being what is left between two values. Numbers that other columns
tell better than their distance are learned as they are, and put on the right side of the bound where they are not;
where they often equal it, it is learned beside them in which rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.codecs.numeric_common import check_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Bounds, Digits

Mask = npt.NDArray[np.bool_]
DAY = 86_400_000_000
"""Microseconds."""
_NOISE = 1e-12
FARTHEST = 1 << 61
"""Whole numbers up to here can be subtracted without a thought to overflow."""


@dataclass(frozen=True)
class OrderedColumn:
    """A column that lies on one side of others in every row.

    Attributes:
        column: The column.
        bounds: The columns that it never lies below, or above.
        above: Whether it lies above them.
        digits: Decimal digits of a floating point column; -1 for any.
        daily: Whether an instant is learned by the days to it and its time of day; by the distance on the same day.
        low: Smallest value that may come out, as `to_numbers` makes it, unless a bound asks for less.
        high: Largest value, unless a bound asks for more.
        alone: From where the distance counts in rows in which every bound is null.
        touching: Whether the column is learned as it is, and beside it, in which rows it equals the nearest bound.
        unit: Values lie a multiple of so many whole numbers apart, or of floats with digits, of their last digit.
    """

    column: Column
    bounds: Annotated[tuple[Column, ...], Bounds(1)]
    above: bool
    digits: Digits
    daily: bool
    low: int | float
    high: int | float
    alone: int | float
    touching: bool = False
    unit: Annotated[int, Bounds(1, FARTHEST)] = 1

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_numbers(self.column.type, (self.low, self.high), "ends of a range", strictly=False)
        check_numbers(self.column.type, (self.alone,), "the start of a distance", strictly=False)
        if not all(own.type.is_quantitative for own in (self.column, *self.bounds)):
            raise ValueError("an order is of no numbers")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the column; the first part has its name."""
        name, nullable = self.column.name, self.column.nullable
        if self.touching:
            return self.column, Column(f"{name}\x00equal", ColumnType("boolean"))
        distance = Column(name, ColumnType("double" if self.column.type.is_float else "bigint"), nullable)
        return (distance, Column(f"{name}\x00time", ColumnType("bigint"))) if self.daily else (distance,)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the bounds."""
        return tuple(bound.name for bound in self.bounds)

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, null where the column is.

        Args:
            arrays: The column and its bounds, by name.
        """
        values = arrays[self.column.name]
        numbers, missing = to_numbers(values, self.column.type), null_mask(values)
        start, known = self.bound(arrays)
        if self.touching:
            return [values, pa.array(numbers == start, mask=missing | ~known)]
        if not self.daily:
            return [from_numbers(self._distance(numbers, start), missing, self.parts[0].type)]
        days, whole = self._distance(numbers // DAY, start // DAY), ColumnType("bigint")
        time = np.where(days == 0, np.abs(numbers - start), numbers % DAY)
        # Whole days apart: at the same time of day, whatever that is.
        same = (numbers - start) % DAY == 0
        return [from_numbers(days, missing, whole), from_numbers(time, missing | same, whole)]

    def join(self, parts: Sequence[pa.Array], arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The column, in order and within its range, null where the first part is.

        Args:
            parts: What `split` made.
            arrays: The bounds, by name.
        """
        start, known = self.bound(arrays)
        if self.touching:
            equal = known & np.asarray(parts[1].fill_null(False))
            numbers = np.where(equal, self.beyond(start), to_numbers(parts[0], self.column.type))
            return from_numbers(self.mirrored(numbers, start, known), null_mask(parts[0]), self.column.type)
        distance = to_numbers(parts[0], self.parts[0].type)
        distance = np.where(known, np.maximum(distance, 0), distance)
        if self.daily:
            numbers = self._on_days(start, distance, parts[1])
        else:
            numbers = start + distance if self.above else start - distance
        numbers = np.clip(self.stepped(numbers), self.low, self.high)
        return from_numbers(self.ordered(numbers, start, known), null_mask(parts[0]), self.column.type)

    def _on_days(self, start: Numbers, days: Numbers, time: pa.Array) -> Numbers:
        """Instants so many days from others."""
        apart, clock = days * DAY, np.clip(to_numbers(time, ColumnType("bigint")), 0, DAY - 1)
        sign = 1 if self.above else -1
        made = np.where(days == 0, start + sign * clock, start // DAY * DAY + sign * apart + clock)
        made = np.where(null_mask(time), start + sign * apart, made)
        # Beyond the range a row goes back by whole days, so that its time of day stays.
        over = np.abs(np.maximum(made - self.high, 0) if self.above else np.minimum(made - self.low, 0))
        back: Numbers = made + sign * (-over // DAY) * DAY
        return back

    def ordered(self, numbers: Numbers, start: Numbers, known: Mask) -> Numbers:
        """Values of the column, moved to the bound where they lie on its wrong side."""
        wrong = known & (numbers < start if self.above else numbers > start)
        return np.where(wrong, self.beyond(start), numbers)

    def mirrored(self, numbers: Numbers, start: Numbers, known: Mask) -> Numbers:
        """Values of the column, as far on the right side of the bound as they lay on its wrong side, in its range."""
        wrong = known & (numbers < start if self.above else numbers > start)
        with np.errstate(invalid="ignore"):
            mirrored = np.clip(self.stepped(2 * start - numbers), self.low, self.high)
        return self.ordered(np.where(wrong, mirrored, numbers), start, known)

    def bound(self, arrays: Mapping[str, pa.Array]) -> tuple[Numbers, Mask]:
        """The nearest bound of each row as a number like those of the column, and where there is one."""
        best = np.full(len(arrays[self.bounds[0].name]), self.alone, np.float64 if self._is_float else np.int64)
        known = np.zeros(len(best), bool)
        for column in self.bounds:
            values = arrays[column.name]
            numbers = to_numbers(values, column.type)
            there = ~null_mask(values) & np.isfinite(numbers)
            numbers = like(np.where(there, numbers, 0), column.type, self.column.type, up=self.above)
            nearer = numbers > best if self.above else numbers < best
            best = np.where(there & (nearer | ~known), numbers, best)
            known |= there
        return best, known

    def room(self, numbers: Numbers) -> Numbers:
        """How far bounds may come to values of the column."""
        return numbers

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows break the order; one with a null or NaN breaks nothing."""
        values = arrays[self.column.name]
        numbers, (start, known) = to_numbers(values, self.column.type), self.bound(arrays)
        wrong = numbers < start if self.above else numbers > start
        return np.asarray(wrong & known & ~null_mask(values))

    def describe(self) -> str:
        """The order as a sentence, such as ``end >= start``."""
        return f"{self.column.name} {'>=' if self.above else '<='} {' and '.join(self.sources)}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {**vars(self), "column": self.column.to_json(), "bounds": [c.to_json() for c in self.bounds]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OrderedColumn:
        """The column that `to_json` described."""
        bounds = tuple(Column.from_json(c) for c in data["bounds"])
        return cls(**{**data, "column": Column.from_json(data["column"]), "bounds": bounds})

    @property
    def _is_float(self) -> bool:
        return self.column.type.is_float

    def _distance(self, numbers: Numbers, start: Numbers) -> Numbers:
        with np.errstate(invalid="ignore"):
            return self.rounded(numbers - start if self.above else start - numbers)

    def rounded(self, numbers: Numbers) -> Numbers:
        """The nearest numbers of as many digits as the column has."""
        return np.round(numbers, self.digits) if self._is_float and self.digits >= 0 else numbers

    def stepped(self, numbers: Numbers) -> Numbers:
        """The nearest numbers that may be values of the column: whole steps from the end of its range."""
        if self.unit == 1:
            return self.rounded(numbers)
        if not self._is_float:
            return self.low + (numbers - self.low + self.unit // 2) // self.unit * self.unit
        apart = self.unit * 10.0**-self.digits
        return self.rounded(self.low + np.round((numbers - self.low) / apart) * apart)

    def beyond(self, start: Numbers) -> Numbers:
        """The first such numbers that lie on the right side of a bound."""
        if self._is_float and self.digits < 0:
            return start
        near, apart = self.stepped(start), self.unit * 10.0**-self.digits if self._is_float else self.unit
        wrong = near < start if self.above else near > start
        return np.where(wrong, self.rounded(near + apart if self.above else near - apart), near)


def like(numbers: Numbers, from_: ColumnType, to: ColumnType, *, up: bool) -> Numbers:
    """Numbers of one type as numbers of another that can be compared with it, the next ones ``up`` or down.

    Of instants beside dates, the day counts.
    """
    if from_.is_temporal:
        if (from_.name == "date") == (to.name == "date"):
            return numbers
        return numbers // DAY if to.name == "date" else np.clip(numbers, -FARTHEST // DAY, FARTHEST // DAY) * DAY
    if from_.is_float or to.is_float:
        numbers = numbers / 10.0**from_.scale
        if to.is_float:
            return numbers
        numbers = np.clip(numbers * 10.0**to.scale, -FARTHEST, FARTHEST)
        whole = np.rint(numbers)  # 1.1 times 100 is a little more than 110
        near = np.abs(numbers - whole) <= _NOISE * np.abs(whole)
        return np.where(near, whole, np.ceil(numbers) if up else np.floor(numbers)).astype(np.int64)
    return np.clip(numbers, -FARTHEST, FARTHEST)


def comparable(one: ColumnType, other: ColumnType) -> bool:
    """Whether columns of two types can be in order: times with times, numbers with numbers of as many digits."""
    if one.is_temporal or other.is_temporal:
        return one.is_temporal and other.is_temporal
    if not (one.is_number and other.is_number and one.fits_int64 and other.fits_int64):
        return False
    return one.is_float or other.is_float or one.scale == other.scale
