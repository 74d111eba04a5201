"""A table as an engine sees it: small integer codes and ranks in (0, 1), never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import (
    Beside,
    Block,
    CompositeDependency,
    Echo,
    Exclusion,
    Function,
    FunctionalDependency,
    NullInclusion,
    check_beside,
    check_composites,
    check_nulls,
    check_tables,
    function_from_json,
    function_to_json,
    with_arrays,
    with_lists,
)
from synthohive_spark.engine.code_orders import RANK_CELLS, CodeOrders
from synthohive_spark.engine.integrity import Whole, check_distinct

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Layout:
    """The encoded row.

    Attributes:
        columns: The generated columns.
        context: The given ones.
        at_least: Fewest rows that a number which an engine stores about the rows may stand for.
        functional: Generated columns that are a function of another one, or of two; an engine keeps to the latter.
        null_inclusions: Generated columns that are null only where another one is; an engine keeps to them.
        echoes: Generated columns that often hold what a given one does; an engine need not look at them.
        exclusions: Generated columns that never hold the same value; an engine keeps to them.
        beside: Generated columns whose values count beside those of another one; an engine need not look at them.
        first: Positions of generated columns of which others will be drawn as if they were given; an engine that draws
            one column after the other begins with them.
        orders: Generated columns that are in order with others; an engine may keep to them.
    """

    columns: tuple[Block, ...]
    context: tuple[Block, ...] = ()
    at_least: Whole = 5
    functional: tuple[Function, ...] = ()
    null_inclusions: tuple[NullInclusion, ...] = ()
    echoes: tuple[Echo, ...] = ()
    first: tuple[int, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    beside: tuple[Beside, ...] = ()
    orders: CodeOrders = field(default_factory=CodeOrders)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        for blocks in (self.columns, self.context):
            check_distinct((block.name for block in blocks), "encoded columns")
            if any(block.bins > block.codes for block in blocks):
                raise ValueError("a column has more bins than codes")
        check_distinct(self.first, "columns that are drawn first")
        if any(not 0 <= place < len(self.columns) for place in self.first):
            raise ValueError("a column that is drawn first is not there")
        check_nulls(self.null_inclusions, self.columns)
        check_beside(self.beside, self.columns)
        single = [own for own in self.functional if isinstance(own, FunctionalDependency)]
        within = [(own.determinant, own.dependent, own.table) for own in single]
        within += [(own.one, own.other, own.table) for own in self.exclusions]
        check_tables(within, self.columns, self.columns)
        check_tables([(own.given, own.column, own.table) for own in self.echoes], self.context, self.columns)
        check_composites([own for own in self.functional if isinstance(own, CompositeDependency)], self.columns)
        codes = [block.codes for block in self.columns]
        self.orders.check_beside([b.codes - b.bins + RANK_CELLS * (b.bins > 0) for b in self.columns], codes)

    def to_json(self) -> dict[str, Any]:
        """The layout as plain values."""
        parts: dict[str, Any] = {
            part: [{**vars(b), "frequencies": list(b.frequencies)} for b in blocks]
            for part, blocks in (("columns", self.columns), ("context", self.context))
        }
        return {
            **parts,
            "at_least": self.at_least,
            "functional": [function_to_json(own) for own in self.functional],
            "echoes": with_lists(self.echoes),
            "null_inclusions": [dict(vars(own)) for own in self.null_inclusions],
            "first": list(self.first),
            "exclusions": with_lists(self.exclusions),
            "beside": with_lists(self.beside),
            "orders": self.orders.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        """The layout that `to_json` described."""

        def blocks(part: str) -> tuple[Block, ...]:
            return tuple(Block(**{**b, "frequencies": tuple(b["frequencies"])}) for b in data[part])

        return cls(
            blocks("columns"),
            blocks("context"),
            data["at_least"],
            tuple(map(function_from_json, data["functional"])),
            tuple(NullInclusion(**own) for own in data["null_inclusions"]),
            tuple(Echo(**own) for own in with_arrays(data["echoes"])),
            tuple(data.get("first", ())),
            tuple(Exclusion(**own) for own in with_arrays(data.get("exclusions", ()))),
            tuple(Beside(**own) for own in with_arrays(data.get("beside", ()))),
            CodeOrders.from_json(data["orders"]),
        )


@dataclass(frozen=True)
class EncodedTable:
    """Rows as an engine sees them.

    Attributes:
        codes: Integers of shape (rows, columns), each below its block's number of codes.
        ranks: float32 of shape (rows, ranked columns), in column order, each in (0, 1).
    """

    codes: npt.NDArray[Any]
    ranks: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def concat(cls, parts: Sequence[EncodedTable]) -> EncodedTable:
        """The rows of all parts."""
        return cls(np.concatenate([p.codes for p in parts]), np.concatenate([p.ranks for p in parts]))

    def take(self, rows: npt.NDArray[Any] | slice) -> EncodedTable:
        """The chosen rows."""
        return EncodedTable(self.codes[rows], self.ranks[rows])

    def batch(self, start: int, rows: int) -> EncodedTable:
        """So many rows from ``start`` on, filled up at the end."""
        own = self.take(slice(start, start + rows))
        fill = ((0, rows - len(own)), (0, 0))
        return EncodedTable(np.pad(own.codes, fill), np.pad(own.ranks, fill, constant_values=0.5))


@dataclass(frozen=True, eq=False)
class Allowed:
    """What a column may be drawn as.

    Attributes:
        weights: The share of each code's values that are allowed, shape (codes,).
        low: The smallest rank.
        high: The largest rank.
        frequencies: Share of the training rows that hold each code.
    """

    weights: npt.NDArray[np.float64]
    low: float = 0.0
    high: float = 1.0
    frequencies: tuple[float, ...] = ()

    def both(self, other: Allowed) -> Allowed:
        """What both allow."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Allowed(np.minimum(self.weights, other.weights), low, high, self.frequencies)

    @property
    def share(self) -> float:
        """About how many of the training rows it leaves, from 0 to 1."""
        return float(np.dot(self.weights, self.frequencies))


@dataclass(frozen=True)
class Known:
    """What is known of generated columns before a row is drawn.

    Attributes:
        rows: The generated columns; what it holds where nothing is known does not matter.
        mask: Where a value is known, shape (rows, columns).
        filled: Columns of which an unknown value is never drawn as null, shape (columns,).
        allowed: What columns of which no value is known may be, by their positions.
        columns: Positions of the columns of which values may be known; None for any.
    """

    rows: EncodedTable
    mask: npt.NDArray[np.bool_]
    filled: npt.NDArray[np.bool_]
    allowed: Mapping[int, Allowed] = field(default_factory=dict)
    columns: frozenset[int] | None = None

    def take(self, rows: npt.NDArray[Any]) -> Known:
        """The chosen rows."""
        return replace(self, rows=self.rows.take(rows), mask=self.mask[rows])

    def beside(self, other: Known, ranked: npt.NDArray[Any]) -> Known:
        """This, and what only ``other`` knows; ``ranked`` are the positions of the columns with a rank."""
        codes = np.where(self.mask, self.rows.codes, other.rows.codes)
        ranks = np.where(self.mask[:, ranked], self.rows.ranks, other.rows.ranks)
        return replace(self, rows=EncodedTable(codes, ranks), mask=self.mask | other.mask)

    def batch(self, start: int, rows: int) -> Known:
        """So many rows from ``start`` on, filled up at the end."""
        own = self.mask[start : start + rows]
        mask = np.pad(own, ((0, rows - len(own)), (0, 0)))
        return replace(self, rows=self.rows.batch(start, rows), mask=mask)


def stack(codes: list[Any], ranks: list[Any], rows: int) -> EncodedTable:
    """Columns of codes and ranks as one encoded table, in the smallest integers that hold the codes."""
    largest = max((int(c.max(initial=0)) for c in codes), default=0)
    small = np.int16 if largest < np.iinfo(np.int16).max else np.int32
    return EncodedTable(
        np.stack(codes, axis=1).astype(small) if codes else np.zeros((rows, 0), small),
        np.stack(ranks, axis=1).astype(np.float32) if ranks else np.zeros((rows, 0), np.float32),
    )
