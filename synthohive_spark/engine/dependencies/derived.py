"""Columns that follow a number: constant between edges of it (bands, flags), or along a line that rises or falls.

Like sums, they are computed once a row is drawn; only where such a column is given, the number is moved to suit it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.codecs.numeric_common import check_numbers
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.clock import DAY
from synthohive_spark.engine.dependencies.linear import Mask, type_range
from synthohive_spark.engine.integrity import Digits, check_equal

_LARGEST = 2.0**53


@dataclass(frozen=True)
class Number:
    """The number that a column follows.

    Attributes:
        name: Its column.
        type: The type of that.
        digits: Decimal digits of a floating point column; -1 for any.
        low: Smallest value it may take, as `to_numbers` makes it.
        high: Largest value.
    """

    name: str
    type: ColumnType
    digits: Digits
    low: int | float
    high: int | float

    def rounded(self, numbers: Numbers) -> Numbers:
        """The nearest values that the column can take."""
        numbers = np.clip(numbers, self.low, self.high)
        return _as_values(numbers, self.type, self.digits)


@dataclass(frozen=True)
class DerivedColumn:
    """``column`` as a function of a number, wherever neither is null, NaN or infinite.

    Attributes:
        column: The name of the column that follows.
        type: Its type.
        of: The number that it follows.
        line: Whether values between two knots lie on the line between them; else ``column`` is constant from edge to
            edge.
        at: Knots of a line, or the edges, at which every value but the first begins; ascending.
        values: The value at each knot, or between edges, one more than these.
        digits: Decimal digits of a floating point column that follows a line; -1 for any.
    """

    column: str
    type: ColumnType
    of: Number
    line: bool
    at: tuple[Any, ...]
    values: tuple[Any, ...]
    digits: Digits = 0

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_numbers(self.of.type, self.at, "edges", strictly=True)
        check_equal(len(self.values), len(self.at) + (not self.line), "edges and values")
        if not self.values or not self.of.type.is_quantitative or self.of.low > self.of.high:
            raise ValueError("there is nothing to follow")
        if self.line and not all(type(v) in (int, float) and math.isfinite(v) for v in self.values):
            raise ValueError("the values of a line are no finite numbers")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of both columns."""
        return self.column, self.of.name

    def computed(self, numbers: Numbers) -> pa.Array:
        """The column's values for these values of the number."""
        if not self.line:
            return self._values.take(pa.array(np.searchsorted(self._at, numbers, side="right")))
        if self.straight:
            between = self._heights[0] + (numbers - self._at[0]).astype(np.float64) * self._slope
        else:
            between = np.interp(numbers.astype(np.float64), self._at, self._heights)
        return from_numbers(_as_values(between, self.type, self.digits), np.zeros(len(numbers), bool), self.type)

    def moved(self, numbers: Numbers, values: pa.Array) -> Numbers:
        """Values of the number, each as near as it can be to where the column has the one asked for."""
        if self.straight:
            heights = to_numbers(values, self.type).astype(np.float64) - self._heights[0]
            return _as_values(self._at[0] + np.rint(heights / self._slope), self.of.type, self.of.digits)
        if self.line:
            return self.of.rounded(self._at_heights(to_numbers(values, self.type).astype(np.float64)))
        result = numbers.copy()
        asked = values.dictionary_encode()
        for code, value in enumerate(asked.dictionary.to_pylist()):
            rows = np.flatnonzero(np.asarray(asked.indices) == code)
            result[rows] = self._into(numbers[rows], self._bands.get(value, []))
        return result

    def _into(self, numbers: Numbers, bands: list[int]) -> Numbers:
        """Numbers folded at the edges of the nearest of some bands, so that they do not gather there."""
        best, distance = numbers, np.full(len(numbers), np.inf)
        for band in bands:
            low = self.at[band - 1] if band else self.of.low
            high = self._below(self.at[band]) if band < len(self.at) else self.of.high
            off = np.maximum(low - numbers, 0) + np.maximum(numbers - high, 0)
            turn = np.mod(off, 2 * (high - low)) if high > low else 0 * off
            inward = np.minimum(turn, 2 * (high - low) - turn)
            folded = self.of.rounded(
                np.where(numbers < low, low + inward, np.where(numbers > high, high - inward, numbers))
            )
            inside = np.searchsorted(self._at, folded, side="right") == band
            best = np.where(off < distance, np.where(inside, folded, low), best)
            distance = np.minimum(off, distance)
        return best

    def _below(self, edge: Any) -> Any:
        if not self.of.type.is_float:
            return edge - 1
        small = np.float32 if self.of.type.name == "float" else np.float64
        return float(np.nextafter(small(edge), small(-np.inf)))

    def _at_heights(self, heights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        order = np.argsort(self._heights, kind="stable")
        return np.interp(heights, self._heights[order], self._at[order].astype(np.float64))

    @property
    def straight(self) -> bool:
        """Whether the line goes on as it is beyond its two ends."""
        return self.line and len(self.at) == 2

    @property
    def _slope(self) -> float:
        return float((self._heights[1] - self._heights[0]) / float(self._at[1] - self._at[0]))

    @cached_property
    def _at(self) -> Numbers:
        return np.array(self.at, np.float64 if self.of.type.is_float else np.int64)

    @cached_property
    def _bands(self) -> dict[Any, list[int]]:
        """The bands of each value."""
        found: dict[Any, list[int]] = {}
        for band, value in enumerate(self._values.to_pylist()):
            found.setdefault(value, []).append(band)
        return found

    @cached_property
    def _heights(self) -> npt.NDArray[np.float64]:
        return np.array(self.values, np.float64)

    @cached_property
    def _values(self) -> pa.Array:
        if self.type.is_string or self.type.name == "boolean":
            return pa.array(self.values, self.type.arrow)
        numbers = np.array(self.values, np.float64 if self.type.is_float else np.int64)
        return from_numbers(numbers, np.zeros(len(numbers), bool), self.type)

    def describe(self) -> str:
        """The dependency as a sentence, such as ``due = billed + 30 days``."""
        if self.straight and self.type == self.of.type and self._slope == 1:
            far = round(float(self._heights[0] - self._at[0]))
            size = abs(far) * (DAY if self.type.name == "date" else 1)
            text = f"{size // DAY} days" if size % DAY == 0 else f"{size / 1_000_000} seconds"
            return f"{self.column} = {self.of.name} {'-' if far < 0 else '+'} {text}"
        if self.straight:
            return f"{self.column} follows {self.of.name}, along a straight line"
        how = f"along a line through {len(self.at)} points" if self.line else f"in {len(self.values)} bands"
        return f"{self.column} follows {self.of.name}, {how}"

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows have another value than their number decides; one with a null breaks nothing."""
        numbers, rows = _both(arrays, self)
        return np.asarray(rows & ~_equal(self.computed(numbers), arrays[self.column]))

    def to_json(self) -> dict[str, Any]:
        """The dependency as plain values."""
        plain = {"column": self.column, "type": str(self.type), "line": self.line, "digits": self.digits}
        of = {**vars(self.of), "type": str(self.of.type)}
        return {**plain, "of": of, "at": list(self.at), "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DerivedColumn:
        """The dependency that `to_json` described."""
        of = Number(**{**data["of"], "type": ColumnType.parse(data["of"]["type"])})
        at, values = tuple(data["at"]), tuple(data["values"])
        return cls(data["column"], ColumnType.parse(data["type"]), of, data["line"], at, values, data["digits"])


def _as_values(numbers: Numbers, type_: ColumnType, digits: int) -> Numbers:
    """Numbers as a column of this type holds them: whole, or rounded to ``digits`` where these are not negative."""
    if not type_.is_float:
        least, most = type_range(type_)
        return np.clip(np.rint(numbers), max(least, -_LARGEST), min(most, _LARGEST)).astype(np.int64)
    return np.round(numbers, digits) if digits >= 0 else numbers


def usable(values: pa.Array, type_: ColumnType) -> tuple[Numbers, Mask]:
    """Numbers of a numeric or temporal column, and the rows that have one that a float can hold exactly."""
    numbers = to_numbers(values, type_)
    return numbers, np.asarray((np.abs(numbers.astype(np.float64)) < _LARGEST) & ~null_mask(values))


def move_determinants(
    arrays: Mapping[str, pa.Array],
    curves: Sequence[DerivedColumn],
    given: Mapping[str, Mask],
    decided: Collection[str] = (),
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """Numbers moved to where the columns that follow them have the values that are given.

    Args:
        arrays: The columns by name, of equal length.
        curves: Each after those that determine the number it follows; as `find_derived_columns` returns them.
        given: The rows in which a column must not change; nowhere, for a name that is missing.
        decided: Columns that are not given, but whose numbers move as if they were.

    Returns:
        The columns, and the rows in which they must not change any more: also those that were moved.
    """
    result, fixed = dict(arrays), dict(given)
    known = [curve for curve in curves if curve.column in result and curve.of.name in result]
    for name in dict.fromkeys(curve.of.name for curve in reversed(known)):
        own = [curve for curve in known if curve.of.name == name and curve.column in {*fixed, *decided}]
        every = np.ones(len(result[name]), bool)
        # The finer one comes last, since it says more; what is given says more than what is not.
        for curve in sorted(own, key=lambda curve: (curve.column in fixed, len(curve.at))):
            _suit(result, curve, fixed.get(curve.column, every), given.get(name))
        if own:
            moved = ~_equal(result[name], arrays[name]) & ~null_mask(arrays[name])
            fixed[name] = fixed.get(name, np.zeros(len(moved), bool)) | moved
    return result, fixed


def apply_derived_columns(
    arrays: Mapping[str, pa.Array], curves: Sequence[DerivedColumn], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns that follow numbers, computed where they are neither given nor null; see `move_determinants`."""
    result = dict(arrays)
    for curve in curves:
        if curve.column in result and curve.of.name in result:
            numbers, rows = _both(result, curve)
            if curve.column in given:
                rows &= ~given[curve.column]
            if rows.any():
                result[curve.column] = pc.if_else(pa.array(rows), curve.computed(numbers), result[curve.column])
    return result


def _suit(result: dict[str, pa.Array], curve: DerivedColumn, given: Mask, fixed: Mask | None) -> None:
    """Move the number where the column that follows is given, and it is not."""
    numbers, rows = _both(result, curve)
    rows &= given if fixed is None else given & ~fixed
    wrong = np.flatnonzero(rows & ~_equal(curve.computed(numbers), result[curve.column]))
    if len(wrong):
        numbers = numbers.copy()
        numbers[wrong] = curve.moved(numbers[wrong], result[curve.column].take(pa.array(wrong)))
        result[curve.of.name] = from_numbers(numbers, null_mask(result[curve.of.name]), curve.of.type)


def _both(arrays: Mapping[str, pa.Array], curve: DerivedColumn) -> tuple[Numbers, Mask]:
    """The number, and the rows in which it and the column have values that the curve speaks of."""
    numbers, rows = usable(arrays[curve.of.name], curve.of.type)
    column = arrays[curve.column]
    return np.where(rows, numbers, 0), rows & (
        usable(column, curve.type)[1] if curve.type.is_quantitative and curve.type.fits_int64 else ~null_mask(column)
    )


def _equal(one: pa.Array, other: pa.Array) -> Mask:
    return np.asarray(pc.equal(one, other).fill_null(False).to_numpy(zero_copy_only=False), bool)
