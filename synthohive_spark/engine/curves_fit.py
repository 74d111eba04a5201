"""Finding the columns that follow a number in every row of a table.

What is kept of a number and the column that follows it is what two tables of quantiles hold: edges between runs of many
rows, or knots with as many rows between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.config import Privacy
from synthohive_spark.engine.codecs.numbers import Numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.curves import Curve, Number, usable
from synthohive_spark.engine.encoder import whole
from synthohive_spark.engine.sums import Mask, Sum
from synthohive_spark.engine.sums_fit import digits_of

_ROWS = 100
_FEWEST = 3
_LOOKED_AT = 20_000
_FIRST = 500
_MOST_BANDS = 64
_MOST_KNOTS = 2_000
_DIFFERENT = 20
_BY_CHANCE = 0.1
_SMALL_BANDS = 0.01
_LARGEST = 2.0**53

Codes = npt.NDArray[np.int64]


def find_curves(
    table: pa.Table, columns: tuple[Column, ...], privacy: Privacy, sums: tuple[Sum, ...]
) -> tuple[Curve, ...]:
    """The columns that follow a number in all rows in which neither is null, at least 100 of them.

    A column that is constant between a few edges of the number (at most 64 bands) has its edges kept, each where the
    number between the rows on either side is roundest. One that never falls, or never rises, as the number grows has
    at most 2,000 knots. Of several numbers, a column follows the one of most different values; none follows itself over
    others, and a column of a sum follows nothing.

    Args:
        table: The rows.
        columns: The columns to look at.
        privacy: How many rows a band needs, and lie between knots; bands of fewer rows are left to their neighbours
            where they are rare.
        sums: Columns that are already known to be computed from others.

    Returns:
        Each after the one that determines the number it follows.
    """
    if table.num_rows < _ROWS:
        return ()
    taken = {part.name for own in sums for part in own.parts}
    few = _evenly(table.num_rows, _LOOKED_AT)
    names = list(dict.fromkeys(c.name for c in columns))
    some = table.select(names).take(pa.array(few))
    read = {c.name: _Read(whole(some.column(c.name)), c.type) for c in columns}
    numbers = [c for c in columns if read[c.name].is_number and read[c.name].different >= _FEWEST]
    numbers.sort(key=lambda c: -read[c.name].different)
    trim = max(privacy.extreme_rows, 1) - 1
    least = max(privacy.rare_category_rows, trim + 1)
    found: dict[str, Curve] = {}
    for of in numbers:
        order = _in_order(read[of.name])
        for column in columns:
            if column.name in taken or column.name in found or _root(found, of.name) == column.name:
                continue
            if (
                not _may_follow(read[column.name], order)
                or _curve(of, read[of.name], column, read[column.name]) is None
            ):
                continue
            sides = (_Read(whole(table.column(c.name)), c.type) for c in (of, column))
            curve = _curve(of, next(sides), column, next(sides), least, trim)
            if curve is not None:
                found[column.name] = curve
    return tuple(sorted(found.values(), key=lambda curve: _depth(found, curve.column)))


@dataclass
class _Read:
    """A column's values, read in several ways."""

    values: pa.Array
    type: ColumnType
    is_number: bool = field(init=False)

    def __post_init__(self) -> None:
        wide = self.type.name == "decimal" and self.type.precision > 18
        self.is_number = not (self.type.is_string or self.type.name == "boolean" or wide)

    @cached_property
    def numbers(self) -> Numbers:
        return to_numbers(self.values, self.type)

    @cached_property
    def valid(self) -> Mask:
        if not self.is_number:
            return np.asarray(self.values.is_valid())
        valid = usable(self.values, self.type)[1]
        return np.asarray(valid & (np.abs(self.numbers.astype(np.float64)) < _LARGEST))

    @cached_property
    def codes(self) -> Codes:
        """A number for each different value; the order of numbers is that of the values."""
        if self.is_number:
            return np.unique(np.where(self.valid, self.numbers, 0), return_inverse=True)[1].astype(np.int64)
        return np.asarray(self.values.dictionary_encode(null_encoding="encode").indices).astype(np.int64)

    @cached_property
    def different(self) -> int:
        return len(np.unique(self.codes[self.valid]))

    def plain(self, rows: npt.NDArray[np.intp]) -> list[Any]:
        """The values of these rows as they are kept: numbers as `to_numbers` makes them."""
        found = self.numbers[rows].tolist() if self.is_number else self.values.take(pa.array(rows)).to_pylist()
        return list(found)


def _root(found: dict[str, Curve], name: str) -> str:
    while name in found:
        name = found[name].of.name
    return name


def _depth(found: dict[str, Curve], name: str) -> int:
    return 1 + _depth(found, found[name].of.name) if name in found else 0


def _evenly(rows: int, most: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, rows - 1, min(most, rows)).astype(np.intp)


def _in_order(number: _Read) -> npt.NDArray[np.intp]:
    """A few of the rows, in the order of the number."""
    rows = np.flatnonzero(number.valid)
    rows = rows[_evenly(len(rows), _FIRST)] if len(rows) else rows
    return rows[np.argsort(number.numbers[rows], kind="stable")]


def _may_follow(column: _Read, order: npt.NDArray[np.intp]) -> bool:
    """Whether these rows, in the order of a number, are in few runs, or never rise or never fall."""
    order = order[column.valid[order]]
    changes = np.diff(column.codes[order])
    if np.count_nonzero(changes) < min(_MOST_BANDS, len(order) // 2):
        return True
    return column.is_number and len(order) >= _DIFFERENT and bool((changes >= 0).all() or (changes <= 0).all())


def _curve(of: Column, number: _Read, column: Column, own: _Read, least: int = 1, trim: int = 0) -> Curve | None:
    """The curve, if all rows lie on one and that is no accident.

    Args:
        of: The number's column.
        number: Its values.
        column: The column that may follow it.
        own: Its values.
        least: Fewest rows of a band, and between knots.
        trim: Rank of the ends of the number's range, counted from 0.
    """
    rows = np.flatnonzero(number.valid & own.valid)
    present = np.sort(number.numbers[number.valid])
    if len(rows) < _ROWS or present[trim] >= present[-1 - trim]:
        return None
    rows = rows[np.argsort(number.numbers[rows], kind="stable")]
    at, codes = number.numbers[rows], own.codes[rows]
    steps = np.diff(codes)
    changes = np.flatnonzero(steps)
    if not len(changes) or (at[changes] == at[changes + 1]).any():
        return None
    digits = digits_of(number.values, of.type) if of.type.is_float else 0
    root = Number(of.name, of.type, digits, present[trim].item(), present[-1 - trim].item())
    shares = np.bincount(codes) / len(codes)
    if len(changes) < min(_MOST_BANDS, _BY_CHANCE * len(rows) * (1 - float((shares**2).sum())) + 1):
        return _bands(root, column, own, rows, at, changes, least)
    if own.is_number and ((steps >= 0).all() or (steps <= 0).all()):
        return _line(root, column, own, rows, at, least)
    return None


def _bands(
    of: Number, column: Column, own: _Read, rows: npt.NDArray[np.intp], at: Numbers, changes: Any, least: int
) -> Curve | None:
    """The column between edges of the number, small bands left to their neighbours."""
    starts, ends = np.concatenate([[0], changes + 1]), np.concatenate([changes, [len(rows) - 1]])
    sizes = ends - starts + 1
    codes = own.codes[rows[starts]]
    small = sizes < least
    # A small band is none of a value that is kept, unless it is cut off with the end of the number's range.
    kept = np.bincount(codes, weights=sizes) >= least
    if (small & kept[codes])[1:-1].any() or sizes[small].sum() > _SMALL_BANDS * len(rows):
        return None
    large = np.flatnonzero(~small)
    codes = codes[large]
    new = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    if not len(new):
        return None
    edges = [roundest(at[ends[large[i - 1]]].item(), at[starts[large[i]]].item(), of.type) for i in new]
    firsts = starts[large[np.concatenate([[0], new])]]
    return Curve(column.name, column.type, of, False, tuple(edges), tuple(own.plain(rows[firsts])))


def _line(of: Number, column: Column, own: _Read, rows: npt.NDArray[np.intp], at: Numbers, least: int) -> Curve | None:
    """The column along a line through knots."""
    places = _knots(at, least)
    if len(places) < _DIFFERENT or own.different < _DIFFERENT:
        return None
    digits = digits_of(own.values, column.type) if column.type.is_float else 0
    return Curve(column.name, column.type, of, True, tuple(at[places].tolist()), tuple(own.plain(rows[places])), digits)


def _knots(at: Numbers, least: int) -> npt.NDArray[np.intp]:
    """Places, in ascending numbers, of the knots: every value of enough rows, and of others one for as many rows."""
    _, firsts, counts = np.unique(at, return_index=True, return_counts=True)
    ends = np.cumsum(counts)
    knots = firsts[(np.diff(ends // least, prepend=0) > 0) & (len(at) - firsts >= least)]
    return np.asarray(knots[_evenly(len(knots), _MOST_KNOTS)]) if len(knots) else np.asarray(knots)


def roundest(low: Any, high: Any, type_: ColumnType) -> Any:
    """The roundest number above ``low`` and not above ``high``; of times, a beginning of a year, month, day and so on.

    >>> roundest(14, 17, ColumnType.parse("int")), roundest(0.4987, 0.5003, ColumnType.parse("double"))
    (15, 0.5)
    """
    if type_.is_float:
        largest = math.floor(math.log10(max(abs(low), abs(high), 1e-300))) + 1
        for power in range(largest, largest - 17, -1):
            near = float(f"{math.floor(high / 10.0**power) * 10.0**power:.15g}")
            if low < near <= high:
                return near
        return high
    if type_.is_temporal:
        base = "D" if type_.name == "date" else "us"
        for unit in ("Y", "M", "D", "h", "m", "s"):
            time = np.array([high], np.int64).astype(f"datetime64[{base}]")
            start = int(time.astype(f"datetime64[{unit}]").astype(f"datetime64[{base}]").astype(np.int64)[0])
            if low < start:
                return start
        return high
    for power in range(18, -1, -1):
        for unit in (10**power, 10**power // 2):
            if unit and low < (near := high // unit * unit):
                return near
    return high
