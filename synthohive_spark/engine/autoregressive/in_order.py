"""Columns in order with others: what may still be drawn of a column beside what is known of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.parts import Codes, Parts
from synthohive_spark.engine.encoded_table import OrderedCodes

Mask = npt.NDArray[np.bool_]
_NONE = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Ends:
    """The first and the last place, in order, that the values of a column's parts have.

    Attributes:
        first: Of each category of the first part, and of each of the part that is linked to it, shape (first, linked).
        last: Likewise.
    """

    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Limits:
    """Between which places, in order, the values of a column lie in each row, shape (rows,)."""

    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]

    def rule_out(self, ends: Ends, parent: Codes | None) -> Mask:
        """Categories of which no value lies there, shape (categories, rows): of the first part, or of the linked one.

        Args:
            ends: The ends of the column's parts.
            parent: The first part of each row, where the linked one is asked for.
        """
        if parent is None:
            first, last = ends.first.min(axis=1)[:, None], ends.last.max(axis=1)[:, None]
        else:
            first, last = ends.first[parent].T, ends.last[parent].T
        return np.asarray((last < self.low) | (first > self.high))


@dataclass(frozen=True)
class InOrder:
    """The orders of a table's generated columns.

    Attributes:
        parts: How columns are cut.
        orders: The columns in order with others.
    """

    parts: Parts
    orders: Sequence[OrderedCodes]

    def limits(self, column: int, parts: Codes) -> Limits | None:
        """The limits of a generated column beside what is known of others; None where it has none.

        Args:
            column: Its position among the generated columns.
            parts: Shape (parts, rows); -1 where one is not known.
        """
        if column not in self.ends:
            return None
        rows = parts.shape[1]
        low, high = np.zeros(rows, np.int32), np.full(rows, _NONE, np.int32)
        for own in self.orders:
            if own.column == column:
                for other in own.above:
                    low = np.maximum(low, self._known(other, parts, self.ends[other].first, 0))
            elif column in own.above:
                high = np.minimum(high, self._known(own.column, parts, self.ends[own.column].last, _NONE))
        return Limits(low, high)

    @cached_property
    def ends(self) -> dict[int, Ends]:
        """The ends of each column that is in order with others, by its position."""
        found = {}
        for own in self.orders:
            cut = self.parts.columns[self.parts.given + own.column]
            found[own.column] = Ends(cut.spread(own.first, last=False), cut.spread(own.last, last=True))
        return found

    def _known(self, column: int, parts: Codes, ends: npt.NDArray[np.int32], otherwise: int) -> npt.NDArray[np.int32]:
        first, *linked = (parts[part] for part in self.parts.of_column[self.parts.given + column])
        inside = linked[0] if linked else np.zeros_like(first)
        return np.where((first < 0) | (inside < 0), otherwise, ends[first, inside]).astype(np.int32)
