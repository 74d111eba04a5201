"""Columns in order with others: what may still be drawn of a column beside what is known of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.parts import Codes, Parts
from synthohive_spark.engine.code_orders import CodeOrder, CodeOrders, Ends

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]
_MOST = np.iinfo(np.int32).max - 1


@dataclass(frozen=True)
class InOrder:
    """The orders of a table's generated columns, for their parts.

    Attributes:
        parts: How columns are cut.
        orders: The orders.
    """

    parts: Parts
    orders: CodeOrders

    def beside(self, parts: Codes) -> BesideKnown:
        """The orders beside rows of parts that are being drawn, shape (parts, rows); -1 where one is not known."""
        return BesideKnown(self, parts)

    @cached_property
    def of_column(self) -> dict[int, list[CodeOrder]]:
        """The orders that each column is part of."""
        columns = {column for own in self.orders.orders for column in own.columns}
        return {column: [own for own in self.orders.orders if column in own.columns] for column in columns}

    @cached_property
    def told(self) -> dict[int, CodeOrder]:
        """By column that says where another one equals its bound, the order of these."""
        return {own.equality.column: own for own in self.orders.orders if own.equality is not None}

    @cached_property
    def ends(self) -> dict[int, Ends]:
        """The ends of the categories of each column, and of those linked to them, shape (sizes[0], sizes[1] or 1)."""
        made = {}
        for column, own in self.orders.ends.items():
            cut = self.parts.columns[self.parts.given + column]
            made[column] = Ends(cut.spread(own.first, last=False), cut.spread(own.last, last=True))
        return made


@dataclass(frozen=True)
class BesideKnown:
    """What orders rule out beside what is known of rows.

    Attributes:
        of: The orders.
        rows: The rows' parts, shape (parts, rows); -1 where one is not known.
        found: The first and last place of each column that is known in all rows, once asked for.
        limits: Between which places a column lies, once its first part was asked for.
    """

    of: InOrder
    rows: Codes
    found: dict[int, tuple[Places, Places]] = field(default_factory=dict)
    limits: dict[int, tuple[Places, Places]] = field(default_factory=dict)

    def ruled_out(self, column: int, parent: Codes | None) -> Mask | None:
        """Categories that what is known of other columns rules out, shape (categories, rows); None for none.

        Args:
            column: The column to draw, by its position among the generated ones.
            parent: The first part of each row, where the one that is linked to it is asked for.
        """
        if column in self.of.told:
            return self._no_equality(self.of.told[column])
        if column not in self.of.of_column:
            return None
        if parent is None:
            self.limits[column] = self._limits(column)
        low, high = self.limits[column]
        ends = self.of.ends[column]
        if parent is None:
            first, last = ends.first.min(axis=1)[:, None], ends.last.max(axis=1)[:, None]
        else:
            first, last = ends.first[parent].T, ends.last[parent].T
        return np.asarray((last < low) | (first > high))

    def _limits(self, column: int) -> tuple[Places, Places]:
        """Between which places a column's values lie in each row."""
        rows = self.rows.shape[1]
        low, high = np.zeros(rows, np.int32), np.full(rows, _MOST, np.int32)
        for own in self.of.of_column[column]:
            equal, different = self._equality(own)
            own_side = column == own.column
            first, last = self._nearest(own) if own_side else self._known(own.column)
            if own.above == own_side:
                low = np.maximum(low, first + (different & (first > 0)))
                high = np.minimum(high, np.where(equal, last, _MOST)) if own_side or len(own.bounds) == 1 else high
            else:
                high = np.minimum(high, last - (different & (last < _MOST)))
                low = np.maximum(low, np.where(equal, first, 0)) if own_side or len(own.bounds) == 1 else low
        return low, high

    def _no_equality(self, own: CodeOrder) -> Mask:
        """Which of the two answers are ruled out to whether a column equals its nearest bound."""
        assert own.equality is not None
        (first, last), (low, high) = self._known(own.column), self._nearest(own)
        codes = self.of.parts.columns[self.of.parts.given + own.equality.column].codes
        made = np.zeros((codes, self.rows.shape[1]), bool)
        made[own.equality.yes] = (first > high) | (last < low)
        made[own.equality.no] = (first == last) & (low == high) & (first == low)
        return made

    def _equality(self, own: CodeOrder) -> tuple[Mask, Mask]:
        """In which rows a column is known to equal its nearest bound, and in which it is known not to."""
        if own.equality is None:
            none = np.zeros(self.rows.shape[1], bool)
            return none, none
        (place,) = self.of.parts.of_column[self.of.parts.given + own.equality.column]
        return self.rows[place] == own.equality.yes, self.rows[place] == own.equality.no

    def _nearest(self, own: CodeOrder) -> tuple[Places, Places]:
        """The first and last place of a column's nearest bound, as far as bounds are known."""
        nearest = np.maximum if own.above else np.minimum
        first, last = zip(*(self._known(bound) for bound in own.bounds), strict=True)
        return nearest.reduce(first), nearest.reduce(last)

    def _known(self, column: int) -> tuple[Places, Places]:
        """The first and last place of a column in each row: all, where it is not known or no number."""
        if column in self.found:
            return self.found[column]
        parts = self.of.parts
        first, *linked = (self.rows[part] for part in parts.of_column[parts.given + column])
        inside = linked[0] if linked else np.zeros_like(first)
        unknown, ends = (first < 0) | (inside < 0), self.of.ends[column]
        if unknown.all():
            return np.zeros(len(first), np.int32), np.full(len(first), _MOST, np.int32)
        low, high = ends.first[first, inside], ends.last[first, inside]
        if not unknown.any():
            self.found[column] = low, high
            return low, high
        return np.where(unknown, 0, low), np.where(unknown, _MOST, high)
