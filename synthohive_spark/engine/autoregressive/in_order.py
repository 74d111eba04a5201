"""Columns in order with others: what may still be drawn of a column beside what is known of these."""

from __future__ import annotations

from dataclasses import dataclass
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

    def ruled_out(self, column: int, parts: Codes, parent: Codes | None) -> Mask | None:
        """Categories that what is known of other columns rules out, shape (categories, rows); None for none.

        Args:
            column: The column to draw, by its position among the generated ones.
            parts: Shape (parts, rows); -1 where one is not known.
            parent: The first part of each row, where the one that is linked to it is asked for.
        """
        found = [own for own in self.orders.orders if column in own.columns]
        told = [own for own in self.orders.orders if own.equality is not None and own.equality.column == column]
        if not (found or told):
            return None
        if told:
            return self._no_equality(told[0], parts)
        low, high = self._limits(column, found, parts)
        ends = self._ends[column]
        if parent is None:
            first, last = ends.first.min(axis=1)[:, None], ends.last.max(axis=1)[:, None]
        else:
            first, last = ends.first[parent].T, ends.last[parent].T
        return np.asarray((last < low) | (first > high))

    def _limits(self, column: int, orders: list[CodeOrder], parts: Codes) -> tuple[Places, Places]:
        """Between which places a column's values lie in each row."""
        rows = parts.shape[1]
        low, high = np.zeros(rows, np.int32), np.full(rows, _MOST, np.int32)
        for own in orders:
            equal, different = self._equality(own, parts)
            own_side = column == own.column
            first, last = self._nearest(own, parts) if own_side else self._known(own.column, parts)
            if own.above == own_side:
                low = np.maximum(low, first + (different & (first > 0)))
                high = np.minimum(high, np.where(equal, last, _MOST)) if own_side or len(own.bounds) == 1 else high
            else:
                high = np.minimum(high, last - (different & (last < _MOST)))
                low = np.maximum(low, np.where(equal, first, 0)) if own_side or len(own.bounds) == 1 else low
        return low, high

    def _no_equality(self, own: CodeOrder, parts: Codes) -> Mask:
        """Which of the two answers are ruled out to whether a column equals its nearest bound."""
        assert own.equality is not None
        (first, last), (low, high) = self._known(own.column, parts), self._nearest(own, parts)
        codes = self.parts.columns[self.parts.given + own.equality.column].codes
        made = np.zeros((codes, parts.shape[1]), bool)
        made[own.equality.yes] = (first > high) | (last < low)
        made[own.equality.no] = (first == last) & (low == high) & (first == low)
        return made

    def _equality(self, own: CodeOrder, parts: Codes) -> tuple[Mask, Mask]:
        """In which rows a column is known to equal its nearest bound, and in which it is known not to."""
        if own.equality is None:
            none = np.zeros(parts.shape[1], bool)
            return none, none
        (place,) = self.parts.of_column[self.parts.given + own.equality.column]
        return parts[place] == own.equality.yes, parts[place] == own.equality.no

    def _nearest(self, own: CodeOrder, parts: Codes) -> tuple[Places, Places]:
        """The first and last place of a column's nearest bound, as far as bounds are known."""
        nearest = np.maximum if own.above else np.minimum
        first, last = zip(*(self._known(bound, parts) for bound in own.bounds), strict=True)
        return nearest.reduce(first), nearest.reduce(last)

    def _known(self, column: int, parts: Codes) -> tuple[Places, Places]:
        """The first and last place of a column in each row: all, where it is not known or no number."""
        first, *linked = (parts[part] for part in self.parts.of_column[self.parts.given + column])
        inside = linked[0] if linked else np.zeros_like(first)
        unknown, ends = (first < 0) | (inside < 0), self._ends[column]
        return (
            np.where(unknown, 0, ends.first[first, inside]),
            np.where(unknown, _MOST, ends.last[first, inside]),
        )

    @cached_property
    def _ends(self) -> dict[int, Ends]:
        """The ends of the categories of each column, and of those linked to them, shape (sizes[0], sizes[1] or 1)."""
        made = {}
        for column, own in self.orders.ends.items():
            cut = self.parts.columns[self.parts.given + column]
            made[column] = Ends(cut.spread(own.first, last=False), cut.spread(own.last, last=True))
        return made
