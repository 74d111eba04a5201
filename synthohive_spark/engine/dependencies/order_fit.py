"""Finding the columns that lie on one side of others in every row of a table."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import DAY, Mask, OrderedColumn, comparable, like
from synthohive_spark.engine.dependencies.order_values import FEWEST_ROWS, ReadColumn, shared_share
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.dependencies.relations import reached

_STAGES = (200, 2_000)
_CHANCE = 1e-6
_SELDOM, _SELDOM_BESIDE = 0.05, 0.02
_TOUCHING, _NARROW = 0.01, 0.2
_CLEARER, _CLEARER_OF_MANY = 0.95, 1.25
"""How much of a number other columns may leave open, for each part of its distance, where it is learned itself.

The distance from the nearest of many columns, which change places, is hard to learn.
"""
_MANY = 3
_MOST_LOST = 0.3
"""Share of the rows that may lose a value which many rows share, since the distance from a bound is learned instead."""
_LOST_BY_EACH = 0.05
"""What each further bound counts as: the nearest of several is only as right as what they have in common is."""

Pair = tuple[int, int]


def find_orders(found: OrderedPairs, given: frozenset[str], *, in_codes: bool = False) -> Orders:
    """The columns that never lie below, or never above, others in rows in which neither is null, at least 50 of them.

    Columns whose ranges lie apart are in order by themselves; numbers that hardly ever would be out of order, or that
    others tell better than their distance, are learned as they are. Of an order of several columns those are learned by
    distances that lose least by it: values that many rows share, and rows whose bounds are null. What would lose too
    much is learned as it is, too.

    Args:
        found: The columns that are in order; see `find_pairs`.
        given: Columns that will be given, not drawn.
        in_codes: Whether columns that are learned as they are will be drawn in order, so that few are out of it.
    """
    firm = given | found.made_of.keys()
    made: list[OrderedColumn] = []
    for group in _groups(found.below):
        ways = [_Way(found, group, firm, above, in_codes=in_codes) for above in (True, False)]
        made += min(ways, key=lambda way: way.lost).columns()
    return Orders(tuple(made), tuple(_kept(found, made, firm)))


def find_pairs(
    table: pa.Table, columns: Sequence[Column], privacy: Privacy, declared: Sequence[tuple[str, str]] = ()
) -> OrderedPairs:
    """The pairs of columns of which one never lies below the other in rows in which neither is null.

    Chance is excluded: had two columns nothing to do with each other, all rows would be in order with a probability
    below one millionth, divided by the number of pairs that are tried.

    Args:
        table: The rows.
        columns: The columns to look at; numbers and times count.
        privacy: Where the ranges of the columns end.
        declared: Pairs of columns, lower and upper, that are kept in order whatever the rows say.
    """
    read = [
        ReadColumn(c, one_array(table.column(c.name)), privacy)
        for c in columns
        if c.type.is_quantitative and c.type.fits_int64
    ]
    asked = {name for pair in declared for name in pair}
    read = [own for own in read if own.usable or own.column.name in asked]
    places = {own.column.name: place for place, own in enumerate(read)}
    known = {(places[low], places[high]) for low, high in declared if low in places and high in places}
    if len(read) < 2 or (table.num_rows < FEWEST_ROWS and not known):
        return OrderedPairs(read, set())
    return OrderedPairs(read, _pairs(read, known))


@dataclass(frozen=True)
class OrderedPairs:
    """Columns, and which of them are in order.

    Attributes:
        read: The columns.
        below: Pairs of their positions, lower and upper.
        made_of: By column that is computed, all that it is made of.
    """

    read: Sequence[ReadColumn]
    below: set[Pair]
    made_of: Mapping[str, Collection[str]] = field(default_factory=dict)

    def beside(self, made_of: Mapping[str, Collection[str]]) -> OrderedPairs:
        """Those of which at most one column is computed, and not from the other: that could not follow from it.

        Args:
            made_of: By column that is computed from others once a row is drawn, all that it is made of.
        """
        names = [own.column.name for own in self.read]
        free = {
            (i, j)
            for i, j in self.below
            if not (names[i] in made_of and names[j] in made_of)
            and names[j] not in made_of.get(names[i], ())
            and names[i] not in made_of.get(names[j], ())
        }
        return OrderedPairs(self.read, free, made_of)

    @cached_property
    def direct(self) -> set[Pair]:
        """The pairs that do not follow from others, in rows whose column between the two may be null."""
        return {pair for pair in self.below if not any(self._follows(*pair, m) for m in range(len(self.read)))}

    def _follows(self, lower: int, upper: int, between: int) -> bool:
        if not {(lower, between), (between, upper)} <= self.below:
            return False
        both = self.read[lower].valid & self.read[upper].valid
        return not (both & ~self.read[between].valid).any()

    def left_open(self, numbers: Numbers, rows: Mask, place: int) -> float:
        """The standard deviation that a line along the column that tells most leaves of numbers.

        Args:
            numbers: A number for each row.
            rows: In which rows they count.
            place: The position of a column that is not asked.
        """
        chosen = rows[self._few]
        some = numbers[self._few][chosen].astype(np.float64)
        if len(some) < 2 or some.std() == 0:
            return 0.0
        scaled = np.zeros(len(chosen))
        scaled[chosen] = (some - some.mean()) / some.std()
        told = np.abs(scaled @ self._scaled) / len(some)
        told[place] = 0.0
        return float(some.std()) * math.sqrt(1 - min(float(told.max()), 1.0) ** 2)

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


def _pairs(read: Sequence[ReadColumn], known: set[Pair]) -> set[Pair]:
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
        # In rows of different nulls, and with what is declared, several may be in order in a circle.
        if any(_breaks(one, other, chosen) for chosen in stages) or lower in _above(upper, found):
            continue
        found.add((lower, upper))
    return found


def _above(place: int, below: set[Pair]) -> set[int]:
    """The columns that lie above one, directly or by others."""
    found, edge = set[int](), {place}
    while edge := {upper for lower, upper in below if lower in edge} - found:
        found |= edge
    return found


def _breaks(lower: ReadColumn, upper: ReadColumn, rows: npt.NDArray[np.intp]) -> bool:
    there = rows[lower.valid[rows] & upper.valid[rows]]
    theirs = like(lower.numbers[there], lower.column.type, upper.column.type, up=True)
    return bool((theirs > upper.numbers[there]).any())


def _in_order(lower: ReadColumn, upper: ReadColumn) -> float:
    """The share of rows that chance would put in order, by the quantiles of the two columns."""
    ones = like(lower.quantiles, lower.column.type, upper.column.type, up=True)
    return float(np.searchsorted(ones, upper.quantiles, side="right").mean() / len(ones))


def _is_no_accident(lower: ReadColumn, upper: ReadColumn, tried: int) -> bool:
    """Whether chance would not put so many rows in order."""
    rows, share = int((lower.valid & upper.valid).sum()), _in_order(lower, upper)
    return rows >= FEWEST_ROWS and 0 < share < 1 and rows * np.log(share) < np.log(_CHANCE / tried)


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
    firm: frozenset[str]
    above: bool
    plain: bool = True
    in_codes: bool = False
    judged: dict[tuple[int, tuple[int, ...]], bool | None] = field(default_factory=dict, init=False)

    def columns(self) -> list[OrderedColumn]:
        """The columns that are learned as something else, each after its bounds."""
        places = sorted(self.group, key=lambda p: (self._depth(p), p))
        made = (self._learned(place, self._bounds(place)) for place in places)
        return [own for own in made if own]

    def _learned(self, place: int, bounds: list[int]) -> OrderedColumn | None:
        """What is learned in place of a column; None where it is learned as it is."""
        if not bounds:
            return None
        if (touching := self._touching(place, bounds)) is not None:
            return replace(self._ordered(place, bounds), daily=False, touching=True) if touching else None
        return self._ordered(place, bounds) if self._lost(place, bounds) <= _MOST_LOST else None

    @property
    def lost(self) -> float:
        """What is lost by it, and orders that are not kept by it."""
        lost = 0.0
        for place in self.group:
            bounds = self._bounds(place)
            if not bounds:
                lost += bool(self._all_bounds(place))
                continue
            if not self.in_codes:
                lost += _LOST_BY_EACH * (len(bounds) - 1)
            if self._touching(place, bounds) is None:
                lost += self._lost(place, bounds)
        return lost

    def _touching(self, place: int, bounds: list[int]) -> bool | None:
        """Whether a number that is learned as it is often equals its bound; None where its distance is learned.

        Where the distance is much narrower than the number, it is what the rows are about. Any other number is learned
        as it is if an engine draws it in order with bounds that are so as well. Else it is where it hardly ever equals
        the bound and hardly ever would be on its wrong side, by chance or since it is far from it beside what other
        columns leave open of it; and where these tell it better than its distance.
        """
        asked = place, tuple(bounds)
        if asked not in self.judged:
            self.judged[asked] = self._judged(place, bounds)
        return self.judged[asked]

    def _judged(self, place: int, bounds: list[int]) -> bool | None:
        own, others = self.found.read[place], [self.found.read[bound] for bound in bounds]
        if not (self.plain and own.column.type.is_number and all(column.usable for column in (own, *others))):
            return None
        start, known = self._ordered(place, bounds).bound({other.column.name: other.values for other in others})
        rows = own.valid & known
        far = np.abs(own.numbers.astype(np.float64) - start)
        if not rows.any() or far[rows].std() < _NARROW * own.numbers[rows].astype(np.float64).std():
            return None
        touching = bool((far[rows] == 0).mean() >= _TOUCHING)
        if self.in_codes and all(map(self._has_codes, bounds)):
            return touching
        left, left_of_far = (self.found.left_open(numbers, rows, place) for numbers in (own.numbers, far))
        if not touching:
            chance = min(_in_order(other, own) if self.above else _in_order(own, other) for other in others)
            beside = float(ndtr(-far[rows] / max(left, 1e-300)).mean())
            if 1 - chance < _SELDOM or beside < _SELDOM_BESIDE:
                return False
        clearer = _CLEARER_OF_MANY if len(bounds) >= _MANY and not touching else _CLEARER
        return touching if left < clearer * left_of_far else None

    def _has_codes(self, bound: int) -> bool:
        """Whether codes stand for a bound's values: it is neither given nor computed, nor learned by a distance."""
        if self.found.read[bound].column.name in self.firm:
            return False
        bounds = self._all_bounds(bound)
        return not bounds or self._touching(bound, bounds) is not None

    def _depth(self, place: int) -> int:
        return 1 + max(map(self._depth, self._all_bounds(place)), default=0)

    def _all_bounds(self, place: int) -> list[int]:
        pairs = self.found.direct if self.above else {(upper, lower) for lower, upper in self.found.direct}
        return sorted(bound for bound, of in pairs if of == place)

    def _bounds(self, place: int) -> list[int]:
        """The bounds of a column that can be there before it; none of one that is given or computed."""
        name = self.found.read[place].column.name
        return [] if name in self.firm else [b for b in self._all_bounds(place) if not self._waits(b, name)]

    def _waits(self, bound: int, name: str) -> bool:
        """Whether a bound is computed from what is not there before a column is."""
        own = self.found.read[bound].column.name
        return own in self.found.made_of and name in reached(own, self._needs)

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        """By column, what must be there before it: what it is made of, or its bounds."""
        names, made_of = [own.column.name for own in self.found.read], self.found.made_of
        needs = {name: set(sources) for name, sources in made_of.items()}
        for place, name in enumerate(names):
            if name in self.firm:
                continue
            # The columns of other groups may be learned either way.
            ways = [self] if place in self.group else [replace(self, above=above) for above in (True, False)]
            bounds = [b for way in ways for b in way._all_bounds(place)]
            plain = [b for b in bounds if names[b] not in made_of]
            if place in self.group and not self._learned(place, plain):
                bounds = [b for b in bounds if b not in plain]
            needs[name] = {names[b] for b in bounds}
        return needs

    def _lost(self, place: int, bounds: list[int]) -> float:
        """The share of rows that lose a value many rows share, or whose bounds are all null."""
        own, ordered = self.found.read[place], self._ordered(place, bounds)
        start, known = ordered.bound({self.found.read[b].column.name: self.found.read[b].values for b in bounds})
        rows = own.valid & known
        distances = np.round((own.numbers - start)[rows].astype(np.float64), max(ordered.digits, 0) or 9)
        shared = shared_share(own.numbers[rows]) - shared_share(distances)
        return max(shared, 0.0) + float((own.valid & ~known).sum() / own.valid.sum())

    def _ordered(self, place: int, bounds: list[int]) -> OrderedColumn:
        own = self.found.read[place]
        columns = tuple(self.found.read[b].column for b in bounds)
        alone = np.median(own.numbers[own.valid]).astype(own.numbers.dtype).item()
        ordered = OrderedColumn(
            own.column, columns, self.above, own.digits, False, own.low, own.high, alone, unit=own.unit
        )
        start, known = ordered.bound({self.found.read[b].column.name: self.found.read[b].values for b in bounds})
        low, high = own.reached(start, known)
        ordered, rows = replace(ordered, low=low, high=high), own.valid & known
        if own.column.type.name.startswith("timestamp"):
            far = np.abs(own.numbers - start)[rows]
            daily = bool(np.median(far) >= DAY and (own.numbers[rows] % DAY != own.numbers[rows][0] % DAY).any())
            ordered = replace(ordered, daily=daily and shared_share(far) < _MOST_LOST)
        return ordered


def _kept(found: OrderedPairs, made: Sequence[OrderedColumn], firm: frozenset[str]) -> Iterator[OrderedColumn]:
    """Columns that are learned as they are and kept in order: what columns learned as something else do not keep.

    Of two columns the one moves that has fewer values which many rows share.
    """
    kept = {(own.column.name, bound, own.above) for own in made for bound in own.sources}
    bounds: dict[tuple[int, bool], list[int]] = {}
    for pair in sorted(found.direct):
        low, high = (found.read[place].column.name for place in pair)
        if (high, low, True) in kept or (low, high, False) in kept:
            continue
        free = [place for place in pair if found.read[place].column.name not in firm]
        if free:
            moved = min(free, key=lambda place: (found.read[place].shared, -place))
            bound = pair[0] if moved == pair[1] else pair[1]
            bounds.setdefault((moved, moved == pair[1]), []).append(bound)
    for (place, above), others in bounds.items():
        yield replace(_Way(found, [], firm, above)._ordered(place, others), daily=False)
