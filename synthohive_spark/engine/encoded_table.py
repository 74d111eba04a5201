"""A table as an engine sees it: small integer codes and ranks in (0, 1), never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.integrity import Bounds, Share, Whole, check_distinct, check_equal

Codes = npt.NDArray[np.int32]
RANK_CELLS = 512


@dataclass(frozen=True)
class Block:
    """One column's part of an encoded row.

    Attributes:
        name: The column.
        frequencies: Share of the training rows that hold each code; its length is the number of codes.
        ranked: Whether the column has a rank beside its code.
        null: Whether code 0 stands for null.
        bins: How many of the codes, the last ones, are equal parts of the ranks; 0 where ranks have another meaning.
    """

    name: str
    frequencies: Annotated[tuple[Share, ...], Bounds(1)]
    ranked: bool
    null: bool = False
    bins: Whole = 0

    @property
    def codes(self) -> int:
        """How many codes the column has."""
        return len(self.frequencies)

    @property
    def values(self) -> range:
        """The codes that stand for no null."""
        return range(int(self.null), self.codes)


@dataclass(frozen=True, eq=False)
class FunctionalDependency:
    """The code of ``determinant`` says which code ``dependent`` has.

    Only values of enough rows have codes, so the table tells nothing about rarer ones.

    Attributes:
        determinant: Position of the column that decides.
        dependent: Position of the column that is decided.
        table: The code of ``dependent`` for each code of ``determinant``; -1 where it is not known.
    """

    determinant: Whole
    dependent: Whole
    table: Codes


@dataclass(frozen=True, eq=False)
class Exclusion:
    """Two columns never hold the same value.

    Attributes:
        one: Position of a column.
        other: Position of another one.
        table: The code of ``other`` for each code of ``one`` that stands for the same value; -1 where none does.
    """

    one: Whole
    other: Whole
    table: Codes

    @property
    def turned(self) -> Codes:
        """The code of ``one`` for each code of ``other``, up to the last that has one."""
        made = np.full(int(self.table.max(initial=-1)) + 1, -1, np.int32)
        there = np.flatnonzero(self.table >= 0)
        made[self.table[there]] = there
        return made


@dataclass(frozen=True, eq=False)
class OrderedCodes:
    """A column whose values never lie below those of others.

    Values are counted through in their order, over all columns that are in order with others: to each code belongs the
    first and the last place that its values have. The bins of a column with ranks are cut anew, into `RANK_CELLS` equal
    parts of its ranks, which are as good as codes here. What is no number has all places.

    Attributes:
        column: Position of the column.
        above: Positions of the columns that it never lies below.
        first: The first place of each code.
        last: The last place of each code.
    """

    column: Whole
    above: tuple[Whole, ...]
    first: Codes
    last: Codes


@dataclass(frozen=True)
class NullInclusion:
    """Where ``column`` is null, ``within`` is null, too.

    Attributes:
        column: Position of the column.
        within: Position of the other one, whose nulls contain those of ``column``.
        same: Whether the two are null in the same rows.
    """

    column: Whole
    within: Whole
    same: bool


@dataclass(frozen=True, eq=False)
class Echo:
    """A generated column that often holds what a given one does: a currency, that of the row before.

    Attributes:
        given: Position of the given column.
        column: Position of the generated one.
        table: The code of ``column`` for each code of ``given`` that stands for the same value; -1 where none does.
    """

    given: Whole
    column: Whole
    table: Codes


@dataclass(frozen=True)
class Layout:
    """The encoded row.

    Attributes:
        columns: The generated columns.
        context: The given ones.
        at_least: Fewest rows that a number which an engine stores about the rows may stand for.
        functional: Generated columns that are a function of another one; an engine need not look at them.
        null_inclusions: Generated columns that are null only where another one is; an engine keeps to them.
        echoes: Generated columns that often hold what a given one does; an engine need not look at them.
        exclusions: Generated columns that never hold the same value; an engine keeps to them.
        first: Positions of generated columns of which others will be drawn as if they were given; an engine that draws
            one column after the other begins with them.
        orders: Generated columns that are in order with others; an engine may keep to them.
    """

    columns: tuple[Block, ...]
    context: tuple[Block, ...] = ()
    at_least: Whole = 5
    functional: tuple[FunctionalDependency, ...] = ()
    null_inclusions: tuple[NullInclusion, ...] = ()
    echoes: tuple[Echo, ...] = ()
    first: tuple[int, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    orders: tuple[OrderedCodes, ...] = ()

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        for blocks in (self.columns, self.context):
            check_distinct((block.name for block in blocks), "encoded columns")
            if any(block.bins > block.codes for block in blocks):
                raise ValueError("a column has more bins than codes")
        drawn, given = len(self.columns), len(self.context)
        check_distinct(self.first, "columns that are drawn first")
        if any(not 0 <= place < drawn for place in self.first):
            raise ValueError("a column that is drawn first is not there")
        for own in self.null_inclusions:
            if own.column == own.within or max(own.column, own.within) >= drawn:
                raise ValueError("a null inclusion names columns that are not there")
            if not (self.columns[own.column].null and self.columns[own.within].null):
                raise ValueError("a null inclusion is of columns without nulls")
        links = [(own.determinant, own.dependent, self.columns, drawn, own.table) for own in self.functional]
        links += [(own.given, own.column, self.context, given, own.table) for own in self.echoes]
        links += [(own.one, own.other, self.columns, drawn, own.table) for own in self.exclusions]
        for one, other, blocks, most, table in links:
            if one >= most or other >= drawn or (blocks is self.columns and one == other):
                raise ValueError("a dependency names columns that are not there")
            check_equal(len(table), blocks[one].codes, "a dependency and its column's codes")
            if blocks[one].ranked or self.columns[other].ranked:
                raise ValueError("a dependency is of columns with ranks")
            if table.min() < -1 or table.max() >= self.columns[other].codes:
                raise ValueError("a dependency names codes that are not there")
        check_distinct((own.column for own in self.orders), "columns in order")
        places = {own.column: self._cells(own.column) for own in self.orders if own.column < drawn}
        for order in self.orders:
            if not {order.column, *order.above} <= places.keys() or order.column in order.above:
                raise ValueError("an order names columns that are not there")
            for cells in (order.first, order.last):
                check_equal(len(cells), places[order.column], "an order and its column's codes")

    def _cells(self, column: int) -> int:
        block = self.columns[column]
        return block.codes - block.bins + RANK_CELLS * (block.bins > 0)

    def to_json(self) -> dict[str, Any]:
        """The layout as plain values."""
        parts: dict[str, Any] = {
            part: [{**vars(b), "frequencies": list(b.frequencies)} for b in blocks]
            for part, blocks in (("columns", self.columns), ("context", self.context))
        }
        return {
            **parts,
            "at_least": self.at_least,
            "functional": _with_lists(self.functional),
            "echoes": _with_lists(self.echoes),
            "null_inclusions": [dict(vars(own)) for own in self.null_inclusions],
            "first": list(self.first),
            "exclusions": _with_lists(self.exclusions),
            "orders": [
                {**vars(o), "above": list(o.above), "first": o.first.tolist(), "last": o.last.tolist()}
                for o in self.orders
            ],
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
            tuple(FunctionalDependency(**own) for own in _with_arrays(data["functional"])),
            tuple(NullInclusion(**own) for own in data["null_inclusions"]),
            tuple(Echo(**own) for own in _with_arrays(data["echoes"])),
            tuple(data.get("first", ())),
            tuple(Exclusion(**own) for own in _with_arrays(data.get("exclusions", ()))),
            tuple(
                OrderedCodes(o["column"], tuple(o["above"]), _codes(o["first"]), _codes(o["last"]))
                for o in data.get("orders", ())
            ),
        )


def _with_lists(links: Sequence[FunctionalDependency | Echo | Exclusion]) -> list[dict[str, Any]]:
    return [{**vars(own), "table": own.table.tolist()} for own in links]


def _with_arrays(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**own, "table": _codes(own["table"])} for own in links]


def _codes(table: list[int]) -> Codes:
    if not table or any(type(code) is not int for code in table):
        raise ValueError("a table of codes holds something else")
    return np.array(table, np.int32)


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
