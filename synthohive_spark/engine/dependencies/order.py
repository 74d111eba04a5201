"""Columns that never lie below, or above, others: learned as their distance from the nearest, and so kept in order.

A drawn distance is never negative, so no drawn row breaks the order, and how far two columns lie apart, and how often
they are equal, is learned as what it is instead of being what is left between two values. Numbers that other columns
tell better than their distance are learned as they are, and put on the right side of the bound where they are not;
where they often equal it, it is learned beside them in which rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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


@dataclass(frozen=True)
class Orders:
    """The columns of a table that are in order with others.

    Attributes:
        columns: Those that are learned as something else, each after those that bound it.
        kept: Those that are learned as they are.
    """

    columns: tuple[OrderedColumn, ...] = ()
    kept: tuple[OrderedColumn, ...] = ()

    @property
    def every(self) -> tuple[OrderedColumn, ...]:
        """All of them."""
        return (*self.columns, *self.kept)

    def join(
        self, drawn: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
        """Drawn columns in order, those of which values are given with these values.

        Where a value is given and one that bounds it is not, the latter lies as far from it as was drawn.

        Args:
            drawn: The drawn columns by name, parts among them.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.

        Returns:
            All columns, and in which rows each is given or was moved for one that is.
        """
        arrays, distances = dict(drawn), dict[str, pa.Array]()
        for own in self.columns:
            first, *others = (part.name for part in own.parts)
            if first in drawn:
                if not own.touching:
                    distances[first] = drawn[first]
                arrays[first] = own.join([drawn[first], *(arrays.pop(name) for name in others)], arrays)
            if first in given:
                arrays[first] = replaced(arrays.get(first), given[first], fixed[first])
        firm = {name: mask.copy() for name, mask in fixed.items()}
        for own in reversed(self.every):
            if own.column.name in firm:
                self._make_room(own, arrays, distances.get(own.column.name), firm)
        return arrays, firm

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows break one of them, of those whose columns are there."""
        there = [own for own in self.every if arrays.keys() >= {own.column.name, *own.sources}]
        rows = len(next(iter(arrays.values()), ()))
        return np.logical_or.reduce([np.zeros(rows, bool), *(own.broken(arrays) for own in there)])

    def enforced(
        self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask], still: Collection[str] = ()
    ) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
        """The columns, those on the wrong side of a bound on its right side; given ones stay.

        A value is mirrored at its bound, but not past one on its other side. What is left is put in order unless what
        stays is not: upper columns rise to lower ones, and then lower ones fall to upper ones.

        Args:
            arrays: The columns by name.
            fixed: By column, in which rows it must not change.
            still: Columns that must not change in any row.

        Returns:
            All columns, and in which rows each must not change or was moved.
        """
        result, firm = dict(arrays), {name: mask.copy() for name, mask in fixed.items()}

        def enforce(own: OrderedColumn, place: _Place) -> bool:
            name = own.column.name
            if name in still or not (rows := self._enforce(own, place, result, fixed)).any():
                return False
            firm[name] = firm.get(name, np.zeros_like(rows)) | rows
            return True

        for own in (*self.kept, *self.columns):
            if enforce(own, OrderedColumn.mirrored):
                for other in self._ladder:
                    if other.column == own.column:
                        enforce(other, OrderedColumn.ordered)
        for own in self._ladder:
            enforce(own, OrderedColumn.ordered)
        return result, firm

    @cached_property
    def _ladder(self) -> tuple[OrderedColumn, ...]:
        """Every column above all that bound it from below, lower ones first; then below what bounds it, upper first."""
        sides: dict[bool, dict[str, dict[Column, None]]] = {True: {}, False: {}}
        columns, known = dict[str, Column](), {own.column.name: own for own in self.every}
        for own in self.every:
            for bound in own.bounds:
                columns |= {own.column.name: own.column, bound.name: bound}
                sides[own.above].setdefault(own.column.name, {})[bound] = None
                sides[not own.above].setdefault(bound.name, {})[own.column] = None
        placed, lower = list[str](), {n: {c.name for c in sides[True].get(n, ())} for n in columns}
        while ready := [n for n in columns if n not in placed and lower[n] <= {*placed}]:
            placed += ready
        plain = {n: OrderedColumn(c, (c,), True, -1, False, 0, 0, 0) for n, c in columns.items()}
        return tuple(
            replace(known.get(n, plain[n]), bounds=tuple(sides[above][n]), above=above, daily=False, touching=False)
            for above, names in ((True, placed), (False, reversed(placed)))
            for n in names
            if n in sides[above]
        )

    def _enforce(
        self,
        own: OrderedColumn,
        place: _Place,
        arrays: dict[str, pa.Array],
        fixed: Mapping[str, Mask],
    ) -> Mask:
        """Put a column, in place, on the right side of its bounds, and say in which rows it was not there."""
        name = own.column.name
        if not all(column in arrays for column in (name, *own.sources)):
            return np.zeros(0, bool)
        wrong = own.broken(arrays) & ~fixed.get(name, np.zeros(len(arrays[name]), bool))
        if wrong.any():
            numbers, (start, known) = to_numbers(arrays[name], own.column.type), own.bound(arrays)
            moved = np.where(wrong, place(own, numbers, start, known), numbers)
            arrays[name] = from_numbers(moved, null_mask(arrays[name]), own.column.type)
        return wrong

    def _make_room(
        self, own: OrderedColumn, arrays: dict[str, pa.Array], distance: pa.Array | None, firm: dict[str, Mask]
    ) -> None:
        """Move bounds that are not given to the right side of a value that is."""
        wrong = own.broken(arrays) & firm[own.column.name]
        if not wrong.any():
            return
        numbers = to_numbers(arrays[own.column.name], own.column.type)
        if distance is not None and not own.daily:
            far = np.fmax(to_numbers(distance, own.parts[0].type), 0)
            away = own.rounded(numbers - far if own.above else numbers + far)
            within = np.maximum(away, own.low) if own.above else np.minimum(away, own.high)
            numbers = np.minimum(numbers, within) if own.above else np.maximum(numbers, within)
        for bound in own.bounds:
            values = arrays[bound.name]
            old = to_numbers(values, bound.type)
            least = like(np.where(wrong, numbers, 0), own.column.type, bound.type, up=not own.above)
            move = wrong & ~firm.get(bound.name, np.zeros(len(wrong), bool)) & ~null_mask(values)
            move &= old > least if own.above else old < least
            if move.any():
                new = np.where(move, least, old).astype(old.dtype)
                arrays[bound.name] = from_numbers(new, null_mask(values), bound.type)
                firm[bound.name] = firm.get(bound.name, np.zeros(len(wrong), bool)) | move

    def to_json(self) -> dict[str, Any]:
        """The orders as plain values."""
        return {name: [own.to_json() for own in getattr(self, name)] for name in ("columns", "kept")}

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Orders:
        """The orders that `to_json` described."""
        return cls(*(tuple(map(OrderedColumn.from_json, data[name])) for name in ("columns", "kept")))


_Place = Callable[[OrderedColumn, Numbers, Numbers, Mask], Numbers]


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
