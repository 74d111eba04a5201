"""Finding the columns that lie on one side of another one, or of 0, where a category has some values."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.levels import Category
from synthohive_spark.engine.dependencies.order import comparable, like
from synthohive_spark.engine.dependencies.order_fit import OrderedPairs
from synthohive_spark.engine.dependencies.order_values import FEWEST_ROWS, ReadColumn
from synthohive_spark.engine.dependencies.order_where import OrderedWhere

_SOME, _MOST_COLUMNS, _MOST_TRIED = 2_000, 60, 400
_CHANCE = 1e-6
_MISSING = 2

Side = tuple[int, int | None]
"""Positions of two columns, or of one and None, which stands for 0."""
Edge = tuple[int | None, int | None]
"""The lower and the upper one of them."""
Signs = npt.NDArray[np.int8]
"""-1, 0 or 1 where the first is below, equal to or above the second, 2 where one is null."""


def find_orders_by_level(
    pairs: OrderedPairs, categories: Sequence[Category], given: frozenset[str]
) -> tuple[OrderedWhere, ...]:
    """The columns that lie on one side of another one, or of 0, in all rows in which a category has some values.

    Chance is excluded twice. Had the category nothing to do with it, all rows of one value would lie on one side with a
    probability below one millionth, divided by the number of tries, and those of further values below one millionth,
    divided by that of the values. And so they would if the two columns had nothing to do with each other in these rows.
    Of several categories, that of the most rows counts. At most 60 columns are looked at.

    Args:
        pairs: Columns, and what is known of their order.
        categories: See `find_categories`; integers, which may be quantities, do not count.
        given: Columns that will be given, not drawn.
    """
    categories = [own for own in categories if not own.column.type.is_integer]
    search = _Search(pairs, categories)
    best: dict[Side, _Told] = {}
    for own in search.told() if search.sides and categories else ():
        if own.side not in best or own.rows > best[own.side].rows:
            best[own.side] = own
    return tuple(order for own in _direct(pairs, best.values()) for order in _orders(pairs, own, given))


@dataclass(frozen=True)
class _Told:
    """What a category tells of two columns, or of one and 0.

    Attributes:
        side: The columns.
        category: The category.
        levels: Its levels, by whether the first column lies above, and whether the two are never equal.
        rows: How many rows have one of these.
    """

    side: Side
    category: Category
    levels: dict[tuple[bool, bool], list[int]]
    rows: int


@dataclass(frozen=True)
class _Search:
    """Columns and categories."""

    pairs: OrderedPairs
    categories: Sequence[Category]

    @cached_property
    def places(self) -> list[int]:
        """The columns that are looked at."""
        return [i for i, own in enumerate(self.pairs.read) if own.usable][:_MOST_COLUMNS]

    @cached_property
    def sides(self) -> list[Side]:
        """All that may be on one side of something."""
        read, made_of = self.pairs.read, self.pairs.made_of
        alone: list[Side] = [(i, None) for i in self.places if read[i].column.type.is_number]
        for i, j in combinations(self.places, 2):
            one, other = read[i].column, read[j].column
            apart = other.name not in made_of.get(one.name, ()) and one.name not in made_of.get(other.name, ())
            alike = not one.type.is_temporal or (one.type.name == "date") == (other.type.name == "date")
            if apart and alike and comparable(one.type, other.type):
                alone.append((i, j))
        return alone

    @property
    def _chance(self) -> float:
        return math.log(_CHANCE / (4 * len(self.sides) * len(self.categories)))

    def told(self) -> Iterator[_Told]:
        """What categories tell, beyond chance, in all rows."""
        rows = len(self.pairs.read[0].numbers)
        chosen = np.linspace(0, rows - 1, min(rows, _SOME)).astype(np.intp)
        some: Signs = np.stack([self.signs(side, chosen) for side in self.sides])
        tried = [(sure, place, own) for own in self.categories for sure, place in self._likely(some, own, chosen)]
        for _, place, category in sorted(tried, key=lambda one: one[0])[:_MOST_TRIED]:
            side = self.sides[place]
            names = {self.pairs.read[i].column.name for i in side if i is not None}
            if names & {category.column.name, *self.pairs.made_of.get(category.column.name, ())}:
                continue
            if (own := self._levels(side, category)) is not None:
                yield own

    def signs(self, side: Side, rows: npt.NDArray[np.intp] | slice) -> Signs:
        """The signs of two columns in some rows."""
        one, other = self.pairs.read[side[0]], None if side[1] is None else self.pairs.read[side[1]]
        numbers, valid = one.numbers[rows], one.valid[rows]
        against: Numbers = np.zeros_like(numbers)
        if other is not None:
            numbers, against = _alike(one, other, rows)
            valid = valid & other.valid[rows]
        signs = (numbers > against).astype(np.int8) - (numbers < against)
        return np.where(valid, signs, _MISSING).astype(np.int8)

    def _likely(self, some: Signs, category: Category, chosen: npt.NDArray[np.intp]) -> Iterator[tuple[float, int]]:
        """Which signs of some rows, shape (sides, rows), a level tells beyond chance, and by how much."""
        codes = category.codes[chosen]
        order = np.argsort(codes, kind="stable")[(codes < 0).sum() :]
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        if not len(starts):
            return
        sizes = np.diff(starts, append=len(order))
        ordered, there = some[:, order], some != _MISSING
        lowest = np.minimum.reduceat(ordered, starts, axis=1)
        highest = np.maximum.reduceat(np.where(ordered == _MISSING, -_MISSING, ordered), starts, axis=1)
        surest = np.zeros(len(some))
        count = np.maximum(there.sum(axis=1), 1)
        for limit in (0, 1):
            up, down = (some >= limit) & there, some <= -limit
            for share, holds in ((up, lowest >= limit), (down, highest <= -limit)):
                log_share = np.log(np.maximum(share.sum(axis=1) / count, 1e-9))
                surest = np.minimum(surest, (np.where(holds, sizes, 0) * log_share[:, None]).min(axis=1))
        yield from ((float(surest[place]), place) for place in np.flatnonzero(surest < self._chance).tolist())

    def _levels(self, side: Side, category: Category) -> _Told | None:
        """What a category tells of the two in all rows; None where it tells nothing."""
        signs = self.signs(side, slice(None))
        rows = np.flatnonzero((signs != _MISSING) & (category.codes >= 0))
        counts = np.zeros((len(category.levels), 3))
        np.add.at(counts, (category.codes[rows], signs[rows] + 1), 1)
        found: dict[tuple[bool, bool], list[tuple[float, int]]] = {}
        shares = counts.sum(axis=0) / max(counts.sum(), 1)
        for code, (below, equal, above) in enumerate(counts):
            for is_above, wrong, right in ((True, below, above), (False, above, below)):
                if wrong or not right + equal:
                    continue
                share = shares[2 if is_above else 0] + (shares[1] if equal else 0)
                by_chance = (right + equal) * math.log(share)
                if side[1] is not None:
                    by_chance = max(by_chance, self._in_order(side, category.codes == code, above=is_above))
                found.setdefault((is_above, not equal), []).append((by_chance, code))
        every = [own for levels in found.values() for own in levels]
        if not every or min(every)[0] >= self._chance:
            return None
        enough = math.log(_CHANCE / (4 * len(category.levels)))
        told = {how: [code for sure, code in own if sure < enough] for how, own in found.items()}
        told = {how: codes for how, codes in told.items() if codes}
        return _Told(side, category, told, int(counts[[*{c for own in told.values() for c in own}]].sum()))

    def _in_order(self, side: Side, rows: npt.NDArray[np.bool_], *, above: bool) -> float:
        """The logarithm of how likely rows are in order whose two values have nothing to do with each other."""
        one, other = self.pairs.read[side[0]], self.pairs.read[side[1] or 0]
        chosen = np.flatnonzero(rows & one.valid & other.valid)
        numbers, against = _alike(one, other, chosen)
        upper, lower = (numbers, against) if above else (against, numbers)
        share = np.searchsorted(np.sort(lower), upper, side="right").mean() / len(chosen)
        return len(chosen) * math.log(share) if len(chosen) >= FEWEST_ROWS and share else 0.0


def _alike(one: ReadColumn, other: ReadColumn, rows: npt.NDArray[np.intp] | slice) -> tuple[Numbers, Numbers]:
    """Numbers of two columns that can be compared."""
    to = one.column.type if one.column.type.is_float else other.column.type
    read = (like(own.numbers[rows], own.column.type, to, up=False) for own in (one, other))
    first, second = read
    return first, second


def _direct(pairs: OrderedPairs, told: Collection[_Told]) -> Iterator[_Told]:
    """What is told, but for what follows from two others, or from one and an order in all rows."""
    known: dict[tuple[str, int], dict[Edge, bool]] = {}
    for own in told:
        for (above, strict), codes in own.levels.items():
            for code in codes:
                edges = known.setdefault((own.category.column.name, code), dict.fromkeys(pairs.below, False))
                edges[own.side[::-1] if above else own.side] = strict
    for own in told:
        levels = {}
        for (above, strict), codes in own.levels.items():
            edge = own.side[::-1] if above else own.side
            every = {code: known[own.category.column.name, code] for code in codes}
            levels[above, strict] = [code for code in codes if not _follows(pairs, edge, strict, every[code])]
            for code in set(codes).difference(levels[above, strict]):
                del every[code][edge]
        if left := {how: codes for how, codes in levels.items() if codes}:
            yield replace(own, levels=left)


def _follows(
    pairs: OrderedPairs,
    edge: Edge,
    strict: bool,
    edges: dict[Edge, bool],
) -> bool:
    """Whether an order follows from two others, by a column that is null in no row in which the two are not."""
    low, high = edge
    valid = [np.True_ if place is None else pairs.read[place].valid for place in edge]
    for (first, middle), sharp in edges.items():
        if first == low and middle not in edge and (middle, high) in edges and sharp + edges[middle, high] >= strict:
            there = np.True_ if middle is None else pairs.read[middle].valid
            if not (valid[0] & valid[1] & ~there).any():
                return True
    return False


def _orders(pairs: OrderedPairs, own: _Told, given: frozenset[str]) -> Iterator[OrderedWhere]:
    """The orders of one of two columns: of a drawn one, which is not computed and has fewer values that many share."""
    free = [i for i in own.side if i is not None and pairs.read[i].column.name not in given]
    if not free:
        return
    moved = min(free, key=lambda i: (pairs.read[i].column.name in pairs.made_of, pairs.read[i].shared, -i))
    column = pairs.read[moved]
    bounds = tuple(pairs.read[i].column for i in own.side if i not in (moved, None))
    unit = 10.0**-column.digits if column.column.type.is_float else 1
    for (above, strict), codes in own.levels.items():
        yield OrderedWhere(
            column.column,
            above if moved == own.side[0] else not above,
            column.digits,
            False,
            column.low,
            column.high,
            0.0 if column.column.type.is_float else 0,
            unit=column.unit,
            bounds=bounds,
            category=own.category.column,
            levels=tuple(own.category.levels[code] for code in codes),
            gap=unit if strict and column.digits >= 0 else 0,
        )
