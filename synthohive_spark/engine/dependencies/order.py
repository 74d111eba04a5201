"""Columns that never lie below, or above, others: learned as their distance from the nearest, and so kept in order.

A drawn distance is never negative, so no drawn row breaks the order, and how far two columns lie apart, and how often
they are equal, is learned as what it is instead of being what is left between two values. Numbers that are hardly ever
out of order, whatever they are drawn beside, are learned as they are, and moved to the bound where they are.
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
from synthohive_spark.engine.dependencies.rewriting import replaced
from synthohive_spark.engine.integrity import Bounds, Digits

Mask = npt.NDArray[np.bool_]
DAY = 86_400_000_000
"""Microseconds."""
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
        daily: Whether an instant is learned by days and its time of day.
        low: Smallest value that may come out, as `to_numbers` makes it, unless a bound asks for less.
        high: Largest value, unless a bound asks for more.
        alone: From where the distance counts in rows in which every bound is null.
        plain: Whether the column is learned as it is, and no distance.
    """

    column: Column
    bounds: Annotated[tuple[Column, ...], Bounds(1)]
    above: bool
    digits: Digits
    daily: bool
    low: int | float
    high: int | float
    alone: int | float
    plain: bool = False

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
        if self.plain:
            return (self.column,)
        distance = Column(name, ColumnType("double" if self.column.type.is_float else "bigint"), nullable)
        return (distance, Column(f"{name}\x00time", ColumnType("bigint"), nullable)) if self.daily else (distance,)

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
        if self.plain:
            return [values]
        numbers, missing = to_numbers(values, self.column.type), null_mask(values)
        start = self.bound(arrays)[0]
        if not self.daily:
            return [from_numbers(self._distance(numbers, start), missing, self.parts[0].type)]
        days = self._distance(numbers // DAY, start // DAY)
        return [from_numbers(own, missing, ColumnType("bigint")) for own in (days, numbers % DAY)]

    def join(self, parts: Sequence[pa.Array], arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The column, in order and within its range, null where the first part is.

        Args:
            parts: What `split` made.
            arrays: The bounds, by name.
        """
        start, known = self.bound(arrays)
        if self.plain:
            numbers = self.ordered(to_numbers(parts[0], self.column.type), start, known)
            return from_numbers(numbers, null_mask(parts[0]), self.column.type)
        distance = to_numbers(parts[0], self.parts[0].type)
        distance = np.where(known, np.maximum(distance, 0), distance)
        if self.daily:
            numbers = (start // DAY + (distance if self.above else -distance)) * DAY
            numbers = numbers + np.clip(to_numbers(parts[1], self.parts[1].type), 0, DAY - 1)
        else:
            numbers = start + distance if self.above else start - distance
        numbers = np.clip(self._rounded(numbers), self.low, self.high)
        return from_numbers(self.ordered(numbers, start, known), null_mask(parts[0]), self.column.type)

    def ordered(self, numbers: Numbers, start: Numbers, known: Mask) -> Numbers:
        """Values of the column, moved to the bound where they lie on its wrong side."""
        nearest = np.maximum(numbers, start) if self.above else np.minimum(numbers, start)
        return np.where(known, nearest, numbers)

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
            return self._rounded(numbers - start if self.above else start - numbers)

    def _rounded(self, numbers: Numbers) -> Numbers:
        return np.round(numbers, self.digits) if self._is_float and self.digits >= 0 else numbers


@dataclass(frozen=True)
class Orders:
    """The columns of a table that are learned by their distance from others.

    Attributes:
        columns: Each after those that bound it.
    """

    columns: tuple[OrderedColumn, ...] = ()

    def join(
        self, drawn: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """Drawn columns in order, those of which values are given with these values.

        Where a value is given and one that bounds it is not, the latter lies as far from it as was drawn.

        Args:
            drawn: The drawn columns by name, parts among them.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.
        """
        arrays, distances = dict(drawn), dict[str, pa.Array]()
        for own in self.columns:
            first, *others = (part.name for part in own.parts)
            if first in drawn:
                if not own.plain:
                    distances[first] = drawn[first]
                arrays[first] = own.join([drawn[first], *(arrays.pop(name) for name in others)], arrays)
            if first in given:
                arrays[first] = replaced(arrays.get(first), given[first], fixed[first])
        firm = {name: mask.copy() for name, mask in fixed.items()}
        for own in reversed(self.columns):
            if own.column.name in firm:
                self._make_room(own, arrays, distances.get(own.column.name), firm)
        return arrays

    def enforced(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns, those on the wrong side of a bound that has moved since at the bound; given ones stay."""
        result = dict(arrays)
        for own in self.columns:
            name = own.column.name
            if name in result and all(source in result for source in own.sources):
                wrong = own.broken(result) & ~fixed.get(name, np.zeros(len(result[name]), bool))
                if wrong.any():
                    numbers, (start, known) = to_numbers(result[name], own.column.type), own.bound(result)
                    moved = np.where(wrong, own.ordered(numbers, start, known), numbers)
                    result[name] = from_numbers(moved, null_mask(result[name]), own.column.type)
        return result

    def _make_room(
        self, own: OrderedColumn, arrays: dict[str, pa.Array], distance: pa.Array | None, firm: dict[str, Mask]
    ) -> None:
        """Move bounds that are not given to the right side of a value that is."""
        wrong = own.broken(arrays) & firm[own.column.name]
        if not wrong.any():
            return
        numbers = to_numbers(arrays[own.column.name], own.column.type)
        if distance is not None and not own.daily:
            far = np.maximum(to_numbers(distance, own.parts[0].type), 0)
            numbers = numbers - far if own.above else numbers + far
        for bound in own.bounds:
            values = arrays[bound.name]
            old = to_numbers(values, bound.type)
            least = like(numbers, own.column.type, bound.type, up=not own.above)
            move = wrong & ~firm.get(bound.name, np.zeros(len(wrong), bool)) & ~null_mask(values)
            move &= old > least if own.above else old < least
            if move.any():
                new = np.where(move, least, old).astype(old.dtype)
                arrays[bound.name] = from_numbers(new, null_mask(values), bound.type)
                firm[bound.name] = firm.get(bound.name, np.zeros(len(wrong), bool)) | move

    def to_json(self) -> list[dict[str, Any]]:
        """The orders as plain values."""
        return [own.to_json() for own in self.columns]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> Orders:
        """The orders that `to_json` described."""
        return cls(tuple(OrderedColumn.from_json(own) for own in data))


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
        return (np.ceil(numbers) if up else np.floor(numbers)).astype(np.int64)
    return np.clip(numbers, -FARTHEST, FARTHEST)


def comparable(one: ColumnType, other: ColumnType) -> bool:
    """Whether columns of two types can be in order: times with times, numbers with numbers of as many digits."""
    if one.is_temporal or other.is_temporal:
        return one.is_temporal and other.is_temporal
    if not (one.is_number and other.is_number and one.fits_int64 and other.fits_int64):
        return False
    return one.is_float or other.is_float or one.scale == other.scale
