"""The columns of a table that are in order with others, put in order together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import Mask, OrderedColumn, like
from synthohive_spark.engine.dependencies.order_where import OrderedWhere
from synthohive_spark.engine.dependencies.rewriting import replaced


@dataclass(frozen=True)
class Orders:
    """The columns of a table that are in order with others.

    Attributes:
        columns: Those that are learned as something else, each after those that bound it.
        kept: Those that are learned as they are.
        partial: Those that are so in some rows only.
    """

    columns: tuple[OrderedColumn, ...] = ()
    kept: tuple[OrderedColumn, ...] = ()
    partial: tuple[OrderedWhere, ...] = ()

    @property
    def every(self) -> tuple[OrderedColumn, ...]:
        """Those that are in order in all rows."""
        return (*self.columns, *self.kept)

    def among(self, kept: Callable[[OrderedColumn], bool]) -> Orders:
        """Those of which something is so."""
        columns, plain = (tuple(filter(kept, own)) for own in (self.columns, self.kept))
        return Orders(columns, plain, tuple(filter(kept, self.partial)))

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
        for own in (*self.partial, *reversed(self.every)):
            if own.column.name in firm and {*own.sources} <= arrays.keys():
                distance = None if own in self.partial else distances.get(own.column.name)
                self._make_room(own, arrays, distance, firm)
        for name in {own.category.name: None for own in self.partial}:
            self._suit(name, arrays, firm)
        return arrays, firm

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows break one of them, of those whose columns are there."""
        every = (*self.every, *self.partial)
        there = [own for own in every if arrays.keys() >= {own.column.name, *own.sources}]
        rows = len(next(iter(arrays.values()), ()))
        return np.asarray(np.logical_or.reduce([np.zeros(rows, bool), *(own.broken(arrays) for own in there)]))

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

        for own in (*self.partial, *self.kept, *self.columns):
            if enforce(own, OrderedColumn.mirrored):
                for other in self._ladder:
                    if other.column == own.column:
                        enforce(other, OrderedColumn.ordered)
        for own in (*self.partial, *self._ladder):
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
            least = like(np.where(wrong, own.room(numbers), 0), own.column.type, bound.type, up=not own.above)
            move = wrong & ~firm.get(bound.name, np.zeros(len(wrong), bool)) & ~null_mask(values)
            move &= old > least if own.above else old < least
            if move.any():
                new = np.where(move, least, old).astype(old.dtype)
                arrays[bound.name] = from_numbers(new, null_mask(values), bound.type)
                firm[bound.name] = firm.get(bound.name, np.zeros(len(wrong), bool)) | move

    def _suit(self, category: str, arrays: dict[str, pa.Array], firm: Mapping[str, Mask]) -> None:
        """Make a category suit numbers that are given, the value that most rows have first."""
        own = [o for o in self.partial if o.category.name == category]
        own = [o for o in own if firm.keys() >= {o.column.name, *(bound.name for bound in o.bounds)}]
        if not own or not all({o.column.name, *o.sources} <= arrays.keys() for o in own):
            return
        levels = dict.fromkeys(level for o in own for level in o.levels)
        left = _broken_where_firm(own, arrays, firm) & ~firm.get(category, np.zeros(len(arrays[category]), bool))
        for level in levels if left.any() else ():
            tried = pa.array([level] * len(left), arrays[category].type)
            good = left & ~_broken_where_firm(own, {**arrays, category: tried}, firm)
            arrays[category] = pc.if_else(pa.array(good), tried, arrays[category])
            left &= ~good

    def to_json(self) -> dict[str, Any]:
        """The orders as plain values."""
        return {name: [own.to_json() for own in getattr(self, name)] for name in ("columns", "kept", "partial")}

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Orders:
        """The orders that `to_json` described."""
        columns, kept = (tuple(map(OrderedColumn.from_json, data[name])) for name in ("columns", "kept"))
        return cls(columns, kept, tuple(map(OrderedWhere.from_json, data["partial"])))


def _broken_where_firm(
    orders: Sequence[OrderedWhere], arrays: Mapping[str, pa.Array], firm: Mapping[str, Mask]
) -> Mask:
    """Which rows break one of the orders, of columns that must not change in them."""
    still = [np.logical_and.reduce([firm[c.name] for c in (own.column, *own.bounds)]) for own in orders]
    every = [own.broken(arrays) & mask for own, mask in zip(orders, still, strict=True)]
    return np.asarray(np.logical_or.reduce(every))


_Place = Callable[[OrderedColumn, Numbers, Numbers, Mask], Numbers]
