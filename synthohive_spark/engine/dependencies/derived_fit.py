"""Finding the columns that follow a number in every row of a table.

What is kept of a number and the column that follows it is what two tables of quantiles hold: edges between runs of many
rows, or knots with as many rows between them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.derived import DerivedColumn, Number, usable
from synthohive_spark.engine.dependencies.entities_fit import find_entity_names
from synthohive_spark.engine.dependencies.functional_fit import are_shared, numbered_values, value_functions
from synthohive_spark.engine.dependencies.linear import Mask
from synthohive_spark.engine.dependencies.linear_fit import MOST_BANDS, digits_of

_ROWS = 100
_FEWEST = 3
_LOOKED_AT = 20_000
_FIRST = (200, 2_000)
_MOST_KNOTS = 2_000
_DIFFERENT = 20
_ALL_DIFFERENT = 0.9
_BY_CHANCE, _AT_FIRST = 0.1, 0.3
_SMALL_BANDS = 0.1
_SMOOTH = 0.5
_SHARED = 20
_MOST_LOST = 0.5

Codes = npt.NDArray[np.int64]


def find_derived_columns(
    table: pa.Table,
    columns: tuple[Column, ...],
    privacy: Privacy,
    computed: frozenset[str] = frozenset(),
    made_of: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[DerivedColumn, ...]:
    """The columns that follow a number in all rows in which neither is null, at least 100 of them.

    A column that is constant between edges of the number (at most 64 bands; 2,000 if it never falls or never rises as
    the number grows, or the number is a time that 20 rows share on average) has its edges kept, each where the number
    between the rows on either side is roundest. One that never falls, or never rises, and has about as many values as
    the number, has at most 2,000 knots. Of several numbers, a column follows the one of most different values; none
    follows itself over others, nor a number that is but one more thing that a name decides (the latitude of a city).

    Args:
        table: The rows.
        columns: The columns to look at.
        privacy: How many rows a band needs, and lie between knots; bands of fewer rows are left to their neighbours
            where they are rare.
        computed: Columns that follow nothing, since they are part of what is already known.
        made_of: By column that is computed, all that it is made of, which does not follow it.

    Returns:
        Each after the one that determines the number it follows.
    """
    if table.num_rows < _ROWS:
        return ()
    few = _evenly(table.num_rows, _LOOKED_AT)
    names = list(dict.fromkeys(c.name for c in columns))
    some = table.select(names).take(pa.array(few))
    read = {c.name: _Read(one_array(some.column(c.name)), c.type) for c in columns}
    numbers = [c for c in columns if read[c.name].is_number and read[c.name].different >= _FEWEST]
    numbers.sort(key=lambda c: (-read[c.name].different, c.type.is_integer))
    followers = [c for c in columns if c.type.fits_int64 and c.name not in computed]
    trim = privacy.trim
    least = max(privacy.rare_category_rows, trim + 1)
    found: dict[str, DerivedColumn] = {}
    for of in numbers:
        number, every = read[of.name], None
        for column in followers:
            own = read[column.name]
            root = _root(found, of.name)
            if column.name in {*found, root, *made_of.get(root, ())} or not _may_follow(own, number):
                continue
            if _curve(of, number, column, own) is None:
                continue
            every = every or _Read(one_array(table.column(of.name)), of.type)
            curve = _curve(of, every, column, _Read(one_array(table.column(column.name)), column.type), least, trim)
            if curve is not None:
                found[column.name] = curve
    told = _told_by_names(table, columns, found, least)
    left = {name: own for name, own in found.items() if not told & {(name, own.of.name)}}
    return tuple(sorted(left.values(), key=lambda curve: _depth(left, curve.column)))


def _told_by_names(
    table: pa.Table, columns: Sequence[Column], found: Mapping[str, DerivedColumn], least: int
) -> set[tuple[str, str]]:
    """The columns that follow a number, with that, where strings that follow none decide both in all rows.

    Nearly all rows need to have a string that ``least`` rows share, or what it decides would not be learned.
    """
    pairs = {(own.column, own.of.name) for own in found.values()}
    keys = [c.name for c in columns if c.type.is_string and c.name not in found]
    if not (pairs and keys):
        return set()
    names = [*keys, *sorted({name for pair in pairs for name in pair} - {*keys})]
    values = [numbered_values(table, name) for name in names]
    shared = [are_shared(own, least) for own in values[: len(keys)]]
    eligible = [*shared, *(False for _ in names[len(keys) :])]
    personal = find_entity_names(table, columns) if any(shared) else frozenset[str]()
    decided: dict[str, set[str]] = {}
    for of, column in value_functions(values, eligible):
        if names[of] not in personal:
            decided.setdefault(names[of], set()).add(names[column])
    return {pair for pair in pairs if any(own.issuperset(pair) for own in decided.values())}


@dataclass
class _Read:
    """A column's values, read in several ways."""

    values: pa.Array
    type: ColumnType

    @cached_property
    def is_number(self) -> bool:
        return self.type.is_quantitative and self.type.fits_int64

    @cached_property
    def numbers(self) -> Numbers:
        return to_numbers(self.values, self.type)

    @cached_property
    def valid(self) -> Mask:
        return usable(self.values, self.type)[1] if self.is_number else np.asarray(self.values.is_valid())

    @cached_property
    def is_whole(self) -> bool:
        """Whether all rows have a value."""
        return bool(self.valid.all())

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The rows that have a number, in its order."""
        rows = np.flatnonzero(self.valid)
        return rows[np.argsort(self.numbers[rows], kind="stable")]

    @cached_property
    def digits(self) -> int:
        return digits_of(self.values, self.type) if self.type.is_float else 0

    @cached_property
    def codes(self) -> Codes:
        """A number for each different value; the order of numbers is that of the values."""
        if self.is_number:
            return np.unique(np.where(self.valid, self.numbers, 0), return_inverse=True)[1].astype(np.int64)
        return np.asarray(self.values.dictionary_encode(null_encoding="encode").indices).astype(np.int64)

    @cached_property
    def different(self) -> int:
        return len(np.unique(self.codes[self.valid]))

    @cached_property
    def is_shared_time(self) -> bool:
        """Whether it is a time that many rows share, such as a day that sets a price; numbers may be keys of people."""
        return self.type.is_temporal and self.valid.sum() >= _SHARED * self.different

    @cached_property
    def samples(self) -> list[npt.NDArray[np.intp]]:
        """Some rows in the order of the number, first few and then more; of a shared time rows of the same times."""
        if self.is_shared_time or not len(self.order):
            return [self.order[:count] for count in _FIRST]
        return [self.order[_evenly(len(self.order), count)] for count in _FIRST]

    def plain(self, rows: npt.NDArray[np.intp]) -> list[Any]:
        """The values of these rows as they are kept: numbers as `to_numbers` makes them."""
        found = self.numbers[rows].tolist() if self.is_number else self.values.take(pa.array(rows)).to_pylist()
        return list(found)


def _root(found: dict[str, DerivedColumn], name: str) -> str:
    while name in found:
        name = found[name].of.name
    return name


def _depth(found: dict[str, DerivedColumn], name: str) -> int:
    return 1 + _depth(found, found[name].of.name) if name in found else 0


def _evenly(rows: int, most: int) -> npt.NDArray[np.intp]:
    return np.linspace(0, rows - 1, min(most, rows)).astype(np.intp)


def _may_follow(column: _Read, number: _Read) -> bool:
    """Whether some rows, in the order of the number, are in few runs, or never rise or never fall."""
    for some in number.samples:
        order = some if column.is_whole else some[column.valid[some]]
        codes = column.codes[order]
        changes = np.diff(codes)
        runs, most = np.count_nonzero(changes), _AT_FIRST * len(order)
        if runs <= most + 2:  # next to no pair of columns comes here
            shares = np.unique(codes, return_counts=True)[1] / max(len(codes), 1)
            most *= 1 - float((shares**2).sum())
        if runs > min(_most_bands(number), most + 2) and not (column.is_number and _is_monotone(changes)):
            return False
    return True


def _most_bands(number: _Read) -> int:
    return _MOST_KNOTS if number.is_shared_time else MOST_BANDS


def _is_monotone(changes: npt.NDArray[Any]) -> bool:
    return bool((changes >= 0).all() or (changes <= 0).all())


def _curve(
    of: Column, number: _Read, column: Column, own: _Read, least: int = 1, trim: int = 0
) -> DerivedColumn | None:
    """The curve, if all rows lie on one and that is no accident.

    Args:
        of: The number's column.
        number: Its values.
        column: The column that may follow it.
        own: Its values.
        least: Fewest rows of a band, and between knots.
        trim: Rank of the ends of the number's range, counted from 0.
    """
    rows = number.order[own.valid[number.order]]
    # What is null in most rows that have the column is not what the column is made of.
    if len(rows) < max(_ROWS, 2 * trim + 1, (1 - _MOST_LOST) * own.valid.sum()):
        return None
    low, high = number.numbers[number.order[[trim, -1 - trim]]].tolist()
    at, codes = number.numbers[rows], own.codes[rows]
    steps = np.diff(codes)
    changes = np.flatnonzero(steps)
    if not len(changes) or (at[changes] == at[changes + 1]).any():
        return None
    root = Number(of.name, of.type, number.digits, low, high)
    shares = np.bincount(codes) / len(codes)
    monotone = own.is_number and _is_monotone(steps)
    if low < high and monotone and of.type.is_temporal and (straight := _straight(root, column, own, rows, at)):
        return straight
    flat = monotone and own.different < _ALL_DIFFERENT * (1 + np.count_nonzero(np.diff(at)))
    by_chance = len(rows) * (1 - float((shares**2).sum()))
    most = _MOST_KNOTS if flat else MOST_BANDS if monotone else _most_bands(number)
    if low < high and len(changes) < min(most, _BY_CHANCE * by_chance + 1):
        return _bands(root, column, own, rows, at, changes, least)
    return _line(root, column, own, rows, at, least) if monotone and not flat and low < high else None


def _bands(
    of: Number,
    column: Column,
    own: _Read,
    rows: npt.NDArray[np.intp],
    at: Numbers,
    changes: Any,
    least: int,
) -> DerivedColumn | None:
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
    return DerivedColumn(column.name, column.type, of, False, tuple(edges), tuple(own.plain(rows[firsts])))


def _line(
    of: Number, column: Column, own: _Read, rows: npt.NDArray[np.intp], at: Numbers, least: int
) -> DerivedColumn | None:
    """The column along a line through knots."""
    places = _knots(at, least)
    if len(places) < _DIFFERENT or own.different < _DIFFERENT or not _is_curve(at, own.numbers[rows]):
        return None
    return DerivedColumn(
        column.name, column.type, of, True, tuple(at[places].tolist()), tuple(own.plain(rows[places])), own.digits
    )


def _straight(of: Number, column: Column, own: _Read, rows: npt.NDArray[np.intp], at: Numbers) -> DerivedColumn | None:
    """The column along one straight line from end to end of a time's range, such as a day 30 days after another."""
    values = own.numbers[rows].astype(np.float64)
    if own.different < _DIFFERENT or own.digits < 0:
        return None
    slope = (values[-1] - values[0]) / float(at[-1] - at[0])
    slope = float(np.rint(slope)) if abs(slope) > 0.5 else 1 / float(np.rint(1 / slope)) if slope else 0.0
    off = values - slope * (at - at[0])
    if not slope or np.ptp(off) > (1e-6 if column.type.is_float else 0):
        return None
    ends = [float(off[0] + slope * (end - at[0])) for end in (of.low, of.high)]
    if not column.type.is_float:
        ends = [int(end) for end in ends]
    return DerivedColumn(column.name, column.type, of, True, (of.low, of.high), tuple(ends), own.digits)


def _is_curve(at: Numbers, heights: Numbers) -> bool:
    """Whether heights are a function: of numbers that repeat, or else one that neighbours tell better than one line."""
    x, y = (values.astype(np.float64) - float(values[0]) for values in (at, heights))
    new = np.flatnonzero(np.diff(x, prepend=-1.0) > 0)
    if len(new) < _ALL_DIFFERENT * len(x):
        return True
    x, y = x[new], y[new]
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-300))
    straight = y - y.mean() - slope * (x - x.mean())
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    off = y[1:-1] - (y[:-2] + share * (y[2:] - y[:-2]))
    return bool(np.sqrt((off**2).mean()) < _SMOOTH * np.sqrt((straight**2).mean()))


def _knots(at: Numbers, least: int) -> npt.NDArray[np.intp]:
    """Places, in ascending numbers, of the knots: one in ``least`` rows, so every value of as many rows has one."""
    places = np.arange(least - 1, len(at) - least + 1, least)
    knots = places[np.unique(at[places], return_index=True)[1]]
    return knots[_evenly(len(knots), _MOST_KNOTS)] if len(knots) else knots


def roundest(low: Any, high: Any, type_: ColumnType) -> Any:
    """The roundest number above ``low`` and not above ``high``; of times, a beginning of a year, month, day and so on.

    >>> roundest(14, 17, ColumnType.parse("int")), roundest(0.4987, 0.5003, ColumnType.parse("double"))
    (15, 0.5)
    """
    if type_.is_float:
        largest = math.floor(math.log10(max(abs(low), abs(high), 1e-300))) + 1
        for power in range(largest, largest - 17, -1):
            near = float(f"{math.floor(high / 10.0**power) * 10.0**power:.15g}")
            near = float(np.float32(near)) if type_.name == "float" else near
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
