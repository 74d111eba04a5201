"""Columns that are computed from others once a row is drawn, whatever the kind of relation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.dependencies import derived, linear, product
from synthohive_spark.engine.dependencies.clock_difference import ClockDifference
from synthohive_spark.engine.dependencies.comparison import Comparison
from synthohive_spark.engine.dependencies.extreme import Extreme, apply_extremes
from synthohive_spark.engine.dependencies.formula import FormulaColumn
from synthohive_spark.engine.dependencies.linear_applied import apply_linear_relations
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.dependencies.time_distance import Timed, timed_from_json
from synthohive_spark.engine.dependencies.time_moves import joined_times, suit_relations, told_by_times

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Relations:
    """What computes columns, each first among the ``columns`` of what computes it.

    Attributes:
        timed: Columns that are a part of a time, or the distance of two, each after those of its times that are parts.
        linear: Columns that are a linear function of others.
        products: Columns that are a product or a quotient of others.
        differences: Times of day that are a delay after another.
        formulas: Columns that are computed as a user says.
        derived: Columns that follow a number.
        comparisons: Columns that say which of two others is larger.
        extremes: Columns that are the greatest or the least of others.
    """

    timed: tuple[Timed, ...] = ()
    linear: tuple[linear.LinearRelation, ...] = ()
    products: tuple[product.Product, ...] = ()
    differences: tuple[ClockDifference, ...] = ()
    formulas: tuple[FormulaColumn, ...] = ()
    derived: tuple[derived.DerivedColumn, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    extremes: tuple[Extreme, ...] = ()

    @property
    def every(self) -> tuple[Any, ...]:
        """All of them, kind by kind."""
        return tuple(own for kind in fields(self) for own in getattr(self, kind.name))

    def among(self, kept: Callable[[Any], bool]) -> Relations:
        """Those of which something is so."""
        return Relations(**{kind.name: tuple(filter(kept, getattr(self, kind.name))) for kind in fields(self)})

    @cached_property
    def made_of(self) -> dict[str, frozenset[str]]:
        """By column that is computed, all that it is made of, directly or by others."""
        made: dict[str, frozenset[str]] = {}
        for target, *sources in (own.columns for own in self.every):
            made[target] = made.get(target, frozenset()) | set(sources)
        for _ in made:  # so many steps at most lead from a column to what it is made of
            made = {name: own.union(*(made.get(source, ()) for source in own)) for name, own in made.items()}
        return made

    def applied(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with what times tell, and what relations of others say, but for those of `followed`."""
        made = told_by_times(apply_extremes(arrays, self.extremes, fixed), self.timed, fixed)
        rows = len(next(iter(made.values()), ()))
        made = self._related(made, {**fixed, **{own.column.name: np.ones(rows, bool) for own in self.timed}})
        for difference in self.differences:
            made = difference.applied(made, fixed)
        for formula in self.formulas:
            made = formula.applied(made, fixed)
        return made

    def _related(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns such that linear relations, products and extremes hold, of which any may be made of others."""
        made = self._summed(arrays, fixed)
        if self.extremes:
            firm = {own.column.name: np.ones(len(made[own.column.name]), bool) for own in self._there(made)}
            made = self._summed(apply_extremes(made, self.extremes, fixed), {**fixed, **firm})
            made = apply_extremes(made, self.extremes, fixed)
        return made

    def _there(self, arrays: Mapping[str, pa.Array]) -> list[Extreme]:
        return [own for own in self.extremes if own.column.name in arrays]

    def _summed(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns such that linear relations and products hold, of which either may be made of the other."""
        made = apply_linear_relations(arrays, self.linear, fixed)
        computed = frozenset([*(own.column for own in self.linear), *(own.column.name for own in self.products)])
        # A product does not change for a sum that it is part of.
        rows = len(next(iter(made.values()), ()))
        firm = {**fixed, **{own.column.name: np.ones(rows, bool) for own in self.products}}
        for _ in range(2 if self.products else 0):
            made = product.apply_products(made, self.products, fixed, computed)
            made = apply_linear_relations(made, self.linear, firm)
        return self._mended(made, fixed) if self.products else made

    def _mended(self, arrays: dict[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns, all that is computed anew from what is not, whatever its range, where else a relation breaks."""
        broken = self._count_broken(arrays)
        if not broken.any():
            return arrays
        made, every = arrays, dict.fromkeys(arrays, np.ones(len(broken), bool))
        for own in sorted(self._sums_and_products, key=lambda own: len(self.made_of[own.columns[0]])):
            target = own.columns[0]
            firm = {**every, target: fixed.get(target, np.zeros(len(broken), bool))}
            if isinstance(own, product.Product):
                made = product.apply_products(made, (own,), firm, frozenset(arrays))
            else:
                made = apply_linear_relations(made, (own,), firm)
        mended = pa.array(self._count_broken(made) < broken)
        return {name: pc.if_else(mended, made[name], old) for name, old in arrays.items()}

    @property
    def _sums_and_products(self) -> tuple[Any, ...]:
        return *self.linear, *self.products

    def _count_broken(
        self, arrays: Mapping[str, pa.Array], names: Collection[str] | None = None
    ) -> npt.NDArray[np.int64]:
        """How many linear relations and products each row breaks, of those with one of ``names``."""
        count = np.zeros(len(next(iter(arrays.values()), ())), np.int64)
        for own in self._sums_and_products:
            if arrays.keys() >= set(own.columns) and (names is None or set(names) & set(own.columns)):
                count += own.broken(arrays)
        return count

    def moved(
        self, arrays: dict[str, pa.Array], fixed: dict[str, Mask], decided: frozenset[str]
    ) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
        """The columns, what is followed where what follows it is given being moved to suit, and relations of it again.

        Args:
            arrays: The columns by name.
            fixed: The rows in which a column must not change; nowhere, for a name that is missing.
            decided: Columns that follow a number which suits what was drawn of them.

        Returns:
            All columns, and the rows in which they must not change any more.
        """
        if not self._following & {*fixed, *decided}:
            return arrays, fixed
        for own in self.comparisons:
            arrays = own.applied(arrays, fixed)
        arrays, fixed = derived.move_determinants(arrays, self.derived, fixed, decided)
        arrays, fixed = suit_relations(arrays, self.timed, fixed, self._related)
        return self.applied(arrays, fixed), fixed

    def followed(self, arrays: dict[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with those computed that follow a number, or say which of two is larger."""
        arrays = self._followed(arrays, fixed)
        if led := self._following & self._in_relations & arrays.keys():
            arrays = self._related(arrays, {**fixed, **{name: np.ones(len(arrays[name]), bool) for name in led}})
            arrays = self._followed(self._mended(self._followed(arrays, fixed), fixed), fixed)
        return arrays

    def _followed(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        made = derived.apply_derived_columns(arrays, self.derived, fixed)
        for own in self.comparisons:
            made = own.applied(made, fixed)
        return made

    @property
    def _following(self) -> set[str]:
        return {own.column for own in self.derived} | {own.column.name for own in self.comparisons}

    @property
    def _in_relations(self) -> set[str]:
        return {name for own in self._sums_and_products for name in own.columns}

    def placed(
        self, orders: Orders, arrays: dict[str, pa.Array], given: Mapping[str, pa.Array], fixed: dict[str, Mask]
    ) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
        """The columns with those in place that are in order with others, and times that suit what is given of them.

        Args:
            orders: The orders.
            arrays: Drawn columns by name, parts among them.
            given: Given columns by name.
            fixed: The rows in which a column must not change; nowhere, for a name that is missing.

        Returns:
            All columns, and where they must not change: also what was moved for a given value.
        """
        apart = {own.column.name for own in orders.columns}
        arrays, fixed = joined_times(partial(self._placed_in_order, orders), apart, self.timed, arrays, given, fixed)
        if fixed.keys() & self._in_relations:
            arrays, fixed = suit_relations(arrays, self.timed, fixed, self._related)
        return arrays, fixed

    def in_order(
        self, orders: Orders, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns such that relations hold, and orders with them: what is computed may move what bounds another.

        What moves for an order stays, and others make up for it, but in rows in which they cannot.
        """
        made, computed = self._computed(arrays, fixed), self.made_of.keys()
        related = {name for own in self.every for name in own.columns}
        # Computed columns move only where that is the last that can be done: what they are made of makes up for it.
        # What is still out of order then moves if it is in no relation.
        for still in (computed, computed, (), (), related):
            if not (rows := orders.broken(made)).any():
                break
            some, of_some = _filtered(made, rows), {name: mask[rows] for name, mask in fixed.items()}
            moved, firm = orders.enforced(some, of_some, still)
            if still is not related:
                moved = self._held(moved, firm, of_some)
            made |= {name: _put_in(made[name], rows, own) for name, own in moved.items() if own is not some[name]}
        # What was drawn of columns that follow a number may still move it.
        return {name: arrays[name] if name in self._following else own for name, own in made.items()}

    def _computed(self, arrays: Mapping[str, pa.Array], fixed: Mapping[str, Mask]) -> dict[str, pa.Array]:
        return self.followed(self.applied(arrays, fixed), fixed)

    def _held(
        self, placed: Mapping[str, pa.Array], firm: Mapping[str, Mask], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns such that relations hold; what is firm, but not fixed, moves in rows in which they cannot."""
        made = self._computed(placed, firm)
        if (rows := self._count_broken(made, firm.keys()) > 0).any():
            other = self._computed(placed, fixed)
            made = {name: pc.if_else(pa.array(rows), other[name], own) for name, own in made.items()}
        return made

    def _placed_in_order(
        self, orders: Orders, drawn: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
        """The columns in order; where a computed one bounds, it comes before what it bounds."""
        arrays, fixed = dict(drawn), dict(fixed)
        made_of, left, computed = self.made_of, list(orders.columns), set[str]()
        while left:
            waiting, ready = {own.column.name for own in left}, list[OrderedColumn]()
            for own in left:
                if not {*own.sources} & (waiting | made_of.keys() - computed):
                    ready.append(own)
                    waiting.remove(own.column.name)
            arrays, firm = Orders(tuple(ready)).join(arrays, given, fixed)
            fixed = {**fixed, **{name: mask for name, mask in firm.items() if name in made_of}}
            left = [own for own in left if own.column.name in waiting]
            more = {name for name, sources in made_of.items() if not sources & waiting}
            if left and more > computed:
                computed, some = more, self._of(more)
                arrays = some._computed(arrays, fixed)
            elif not ready:
                break
        arrays, firm = replace(orders, columns=()).join(arrays, given, fixed)
        return arrays, {**fixed, **{name: mask for name, mask in firm.items() if name in made_of}}

    def _of(self, names: Collection[str]) -> Relations:
        """Those that compute some columns."""
        return self.among(lambda own: own.columns[0] in names)

    def to_json(self) -> dict[str, Any]:
        """The relations as plain values, by their kind."""
        return {kind.name: [own.to_json() for own in getattr(self, kind.name)] for kind in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Relations:
        """The relations that `to_json` described."""
        return cls(
            tuple(map(timed_from_json, data["timed"])),
            tuple(map(linear.LinearRelation.from_json, data["linear"])),
            tuple(map(product.Product.from_json, data["products"])),
            tuple(map(ClockDifference.from_json, data["differences"])),
            tuple(map(FormulaColumn.from_json, data["formulas"])),
            tuple(map(derived.DerivedColumn.from_json, data["derived"])),
            tuple(map(Comparison.from_json, data["comparisons"])),
            tuple(map(Extreme.from_json, data["extremes"])),
        )


def _filtered(arrays: Mapping[str, pa.Array], rows: Mask) -> dict[str, pa.Array]:
    mask = pa.array(rows)
    return {name: own.filter(mask) for name, own in arrays.items()}


def _put_in(values: pa.Array, rows: Mask, own: pa.Array) -> pa.Array:
    """Values with others in some rows; a column whose bound never came is still a distance, of another type."""
    places = np.arange(len(values))
    places[rows] = len(values) + np.arange(len(own))
    return pa.concat_arrays([values.cast(own.type, safe=False), own]).take(pa.array(places))


def reached(name: str, needs: Mapping[str, Collection[str]]) -> set[str]:
    """All that a column needs, directly or by others; itself among them only if that leads back to it."""
    found, edge = set[str](), {name}
    while edge := {source for own in edge for source in needs.get(own, ())} - found:
        found |= edge
    return found
