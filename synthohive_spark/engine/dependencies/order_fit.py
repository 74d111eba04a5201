"""Finding the columns that lie on one side of others in every row of a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.linear_fit import digits_of
from synthohive_spark.engine.dependencies.order import DAY, FARTHEST, Mask, OrderedColumn, Orders, comparable, like

_ROWS = 50
_STAGES = (200, 2_000)
_QUANTILES = 1_001
_CHANCE = 1e-6
_OFTEN = 0.002
_SELDOM, _SELDOM_BESIDE, _TOUCHING, _NARROW = 0.05, 0.02, 0.01, 0.5
_MOST_LOST = 0.3
"""Share of the rows that may lose a value which many rows share, since the distance from a bound is learned instead."""

Pair = tuple[int, int]


def find_orders(
    table: pa.Table,
    columns: Sequence[Column],
    given: frozenset[str],
    taken: frozenset[str],
    privacy: Privacy,
    declared: Sequence[tuple[str, str]] = (),
) -> Orders:
    """The columns that never lie below, or never above, others in rows in which neither is null, at least 50 of them.

    Chance is excluded: had two columns nothing to do with each other, all rows would be in order with a probability
    below one millionth, divided by the number of pairs that are tried. Columns whose ranges lie apart are in order by
    themselves; numbers that hardly ever would be out of order, whatever they are drawn beside, are learned as they are.
    Of an order of several columns those are learned by distances that lose least by it: values that many rows share,
    and rows whose bounds are null.

    Args:
        table: The rows.
        columns: The columns to look at; numbers and times count.
        given: Columns that will be given, not drawn.
        taken: Columns that are computed from others once a row is drawn, and so are left out.
        privacy: Where the ranges of the columns end.
        declared: Pairs of columns, lower and upper, that are kept in order whatever the rows say.
    """
    found = find_pairs(table, [c for c in columns if c.name not in taken], privacy, declared)
    made: list[OrderedColumn] = []
    for group in _groups(found.below):
        ways = [_Way(found, group, given, above) for above in (True, False)]
        made += min(ways, key=lambda way: way.lost).columns()
    return Orders(tuple(made))


def find_pairs(
    table: pa.Table, columns: Sequence[Column], privacy: Privacy, declared: Sequence[tuple[str, str]] = ()
) -> OrderedPairs:
    """The pairs of columns that `find_orders` finds, with arguments as there."""
    read = [
        _Read(c, one_array(table.column(c.name)), privacy)
        for c in columns
        if c.type.is_quantitative and c.type.fits_int64
    ]
    asked = {name for pair in declared for name in pair}
    read = [own for own in read if own.usable or own.column.name in asked]
    places = {own.column.name: place for place, own in enumerate(read)}
    known = {(places[low], places[high]) for low, high in declared if low in places and high in places}
    if len(read) < 2 or (table.num_rows < _ROWS and not known):
        return OrderedPairs(read, set(), set())
    return OrderedPairs(read, _pairs(read, known), known)


@dataclass(frozen=True)
class OrderedPairs:
    """Columns, and which of them are in order.

    Attributes:
        read: The columns.
        below: Pairs of their positions, lower and upper.
        known: Those of them that were declared.
    """

    read: Sequence[_Read]
    below: set[Pair]
    known: set[Pair]

    def left_open(self, place: int) -> float:
        """The standard deviation that a line along the column that tells most leaves of a column's numbers."""
        own = self.read[place]
        told = np.abs(self._scaled[:, place] @ self._scaled) / max(int(own.valid[self._few].sum()), 1)
        told[place] = 0.0
        spread = float(own.numbers[own.valid].astype(np.float64).std())
        return spread * math.sqrt(1 - min(float(told.max()), 1.0) ** 2)

    @cached_property
    def _few(self) -> npt.NDArray[np.intp]:
        rows = len(self.read[0].numbers)
        return np.linspace(0, rows - 1, min(rows, _STAGES[-1])).astype(np.intp)

    @cached_property
    def _scaled(self) -> npt.NDArray[np.float64]:
        """Some rows in standard deviations from the mean, 0 where they are null."""
        made = np.zeros((len(self._few), len(self.read)))
        for place, own in enumerate(self.read):
            valid = own.valid[self._few]
            numbers = own.numbers[self._few][valid].astype(np.float64)
            if len(numbers) and numbers.std() > 0:
                made[valid, place] = (numbers - numbers.mean()) / numbers.std()
        return made

    def learned(self, *, above: bool) -> list[OrderedColumn]:
        """All that can be learned by distances from those below, or else from those above; each after its bounds."""
        ways = (_Way(self, group, frozenset(), above, plain=False) for group in _groups(self.below))
        return [column for way in ways for column in way.columns()]


class _Read:
    """A column's values."""

    def __init__(self, column: Column, values: pa.Array, privacy: Privacy) -> None:
        self.column, self.values = column, values
        self.numbers = to_numbers(values, column.type)
        self.valid: Mask = ~null_mask(values) & np.isfinite(self.numbers)
        some = self.numbers[self.valid]
        trim = min(privacy.trim, max((len(some) - 1) // 2, 0))
        self.low = self.high = 0
        self.usable = len(some) >= max(_ROWS, 2 * privacy.trim + 1)
        self.usable &= bool((np.abs(some.astype(np.float64)) < FARTHEST).all())
        if len(some):
            ordered = np.sort(some)
            self.low, self.high = ordered[trim].item(), ordered[-1 - trim].item()
            self.usable &= self.low < self.high
            self.quantiles = ordered[np.linspace(0, len(some) - 1, _QUANTILES).astype(np.intp)]


def _pairs(read: Sequence[_Read], known: set[Pair]) -> set[Pair]:
    """Pairs of positions (lower, upper) of columns that are in order in all rows, and those that are known to be."""
    tried = [
        (i, j) for i, j in permutations(range(len(read)), 2) if comparable(read[i].column.type, read[j].column.type)
    ]
    found = set(known)
    rows = len(read[0].numbers)
    stages = [np.linspace(0, rows - 1, size).astype(np.intp) for size in (*_STAGES, rows) if size <= rows]
    for lower, upper in tried:
        one, other = read[lower], read[upper]
        if (upper, lower) in found or not (one.usable and other.usable) or not _is_no_accident(one, other, len(tried)):
            continue
        if any(_breaks(one, other, chosen) for chosen in stages):
            continue
        found.add((lower, upper))
    return found


def _breaks(lower: _Read, upper: _Read, rows: npt.NDArray[np.intp]) -> bool:
    there = lower.valid[rows] & upper.valid[rows]
    theirs = like(lower.numbers[rows], lower.column.type, upper.column.type, up=True)
    return bool(((theirs > upper.numbers[rows]) & there).any())


def _in_order(lower: _Read, upper: _Read) -> float:
    """The share of rows that chance would put in order, by the quantiles of the two columns."""
    ones = like(lower.quantiles, lower.column.type, upper.column.type, up=True)
    return float(np.searchsorted(ones, upper.quantiles, side="right").mean() / len(ones))


def _is_no_accident(lower: _Read, upper: _Read, tried: int) -> bool:
    """Whether chance would not put so many rows in order."""
    rows, share = int((lower.valid & upper.valid).sum()), _in_order(lower, upper)
    return rows >= _ROWS and 0 < share < 1 and rows * np.log(share) < np.log(_CHANCE / tried)


def _groups(below: set[Pair]) -> Iterator[list[int]]:
    """Columns that are in order with each other, directly or by others."""
    left = {place for pair in below for place in pair}
    while left:
        group, edge = set[int](), {min(left)}
        while edge:
            group |= edge
            edge = {p for pair in below for p in pair if group & set(pair)} - group
        left -= group
        yield sorted(group)


@dataclass
class _Way:
    """Learning a group's columns by their distance from those below them, or from those above."""

    found: OrderedPairs
    group: list[int]
    given: frozenset[str]
    above: bool
    plain: bool = True

    def columns(self) -> list[OrderedColumn]:
        """The columns that are learned by distances, each after its bounds."""
        made = []
        for place in sorted(self.group, key=lambda p: (self._depth(p), p)):
            bounds = self._bounds(place)
            if not bounds:
                continue
            if self._is_seldom_broken(place, bounds):
                made.append(replace(self._ordered(place, bounds), plain=True))
            elif self._is_declared(place) or self._lost(place, bounds) <= _MOST_LOST:
                made.append(self._ordered(place, bounds))
        return made

    @property
    def lost(self) -> float:
        """What is lost by it, and orders that are not kept by it."""
        lost = 0.0
        for place in self.group:
            bounds = self._bounds(place)
            if not bounds or not self._is_seldom_broken(place, bounds):
                lost += self._lost(place, bounds) if bounds else bool(self._all_bounds(place))
        return lost

    def _is_seldom_broken(self, place: int, bounds: list[int]) -> bool:
        """Whether numbers that hardly ever equal a bound would hardly ever be on its wrong side.

        They would not by chance, or since they are far from it beside what other columns leave open of them. Where the
        distance is narrower than the number itself, it is what the rows are about.
        """
        own, others = self.found.read[place], [self.found.read[bound] for bound in bounds]
        if not (self.plain and own.column.type.is_number and all(column.usable for column in (own, *others))):
            return False
        start, known = self._ordered(place, bounds).bound({other.column.name: other.values for other in others})
        numbers = own.numbers[own.valid & known].astype(np.float64)
        far = np.abs(numbers - start[own.valid & known])
        if not len(far) or (far == 0).mean() >= _TOUCHING or far.std() < _NARROW * numbers.std():
            return False
        chance = min(_in_order(other, own) if self.above else _in_order(own, other) for other in others)
        beside = float(ndtr(-far / max(self.found.left_open(place), 1e-300)).mean())
        return 1 - chance < _SELDOM or beside < _SELDOM_BESIDE

    def _is_declared(self, place: int) -> bool:
        return any(place in pair for pair in self.found.known)

    def _depth(self, place: int) -> int:
        return 1 + max(map(self._depth, self._all_bounds(place)), default=0)

    def _all_bounds(self, place: int) -> list[int]:
        pairs = self.found.below if self.above else {(upper, lower) for lower, upper in self.found.below}
        return [bound for bound, of in pairs if of == place]

    def _bounds(self, place: int) -> list[int]:
        """The bounds of a column that are not further bounds of other ones; none of a column that is given."""
        if self.found.read[place].column.name in self.given:
            return []
        bounds = self._all_bounds(place)
        further = {b for other in bounds for b in self._all_bounds(other)}
        return sorted(set(bounds) - further)

    def _lost(self, place: int, bounds: list[int]) -> float:
        """The share of rows that lose a value many rows share, or whose bounds are all null."""
        own, ordered = self.found.read[place], self._ordered(place, bounds)
        start, known = ordered.bound({self.found.read[b].column.name: self.found.read[b].values for b in bounds})
        rows = own.valid & known
        distances = np.round((own.numbers - start)[rows].astype(np.float64), max(ordered.digits, 0) or 9)
        shared = _shared(own.numbers[rows]) - _shared(distances)
        return max(shared, 0.0) + float((own.valid & ~known).sum() / own.valid.sum())

    def _ordered(self, place: int, bounds: list[int]) -> OrderedColumn:
        own = self.found.read[place]
        digits = digits_of(own.values, own.column.type) if own.column.type.is_float else 0
        columns = tuple(self.found.read[b].column for b in bounds)
        alone = np.median(own.numbers[own.valid]).astype(own.numbers.dtype).item()
        ordered = OrderedColumn(own.column, columns, self.above, digits, False, own.low, own.high, alone)
        if own.column.type.name.startswith("timestamp"):
            start, known = ordered.bound({self.found.read[b].column.name: self.found.read[b].values for b in bounds})
            rows = own.valid & known
            far = np.abs(own.numbers - start)[rows]
            daily = bool(np.median(far) >= DAY and (own.numbers[rows] % DAY != own.numbers[rows][0] % DAY).any())
            ordered = OrderedColumn(own.column, columns, self.above, digits, daily, own.low, own.high, alone)
        return ordered


def _shared(numbers: Numbers) -> float:
    """The share of rows whose value many rows have."""
    counts = np.unique(numbers, return_counts=True)[1]
    return float(counts[counts >= max(_OFTEN * len(numbers), 5)].sum() / max(len(numbers), 1))
