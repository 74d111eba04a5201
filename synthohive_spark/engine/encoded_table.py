"""A table as an engine sees it: small integer codes and ranks in (0, 1), never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_orders import RANK_CELLS, CodeOrders
from synthohive_spark.engine.integrity import Bounds, Share, Whole, check_distinct, check_equal

Codes = npt.NDArray[np.int32]


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

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of all its columns, the one that is decided last."""
        return self.determinant, self.dependent


@dataclass(frozen=True, eq=False)
class CompositeDependency:
    """The codes of two columns say together which code a third one has.

    Only combinations that enough rows hold are drawn, as only values of enough rows have codes.

    Attributes:
        determinants: Positions of the columns that decide.
        dependent: Position of the column that is decided.
        combinations: Codes of the three, shape (combinations, 3); no two of the same first two.
        free: Of each of the three whether its null, code 0, goes with anything and says nothing.
    """

    determinants: tuple[Whole, Whole]
    dependent: Whole
    combinations: Codes
    free: tuple[bool, bool, bool] = (False, False, False)

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of all its columns, the one that is decided last."""
        return *self.determinants, self.dependent


Function = FunctionalDependency | CompositeDependency


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
        functional: Generated columns that are a function of another one, or of two; an engine keeps to the latter.
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
    functional: tuple[Function, ...] = ()
    null_inclusions: tuple[NullInclusion, ...] = ()
    echoes: tuple[Echo, ...] = ()
    first: tuple[int, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    orders: CodeOrders = field(default_factory=CodeOrders)

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
        single = [own for own in self.functional if isinstance(own, FunctionalDependency)]
        links = [(own.determinant, own.dependent, self.columns, drawn, own.table) for own in single]
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
        codes = [block.codes for block in self.columns]
        self.orders.check_beside([b.codes - b.bins + RANK_CELLS * (b.bins > 0) for b in self.columns], codes)
        for composite in (own for own in self.functional if isinstance(own, CompositeDependency)):
            self._check_composite(composite)

    def _check_composite(self, own: CompositeDependency) -> None:
        check_distinct(own.columns, "columns of a dependency")
        if max(own.columns) >= len(self.columns) or any(self.columns[place].ranked for place in own.columns):
            raise ValueError("a dependency names columns that are not there, or have ranks")
        check_distinct(map(tuple, own.combinations[:, :2].tolist()), "combinations that decide")
        if (own.combinations < 0).any() or (own.combinations >= [self.columns[p].codes for p in own.columns]).any():
            raise ValueError("a dependency names codes that are not there")
        if any(free and not self.columns[place].null for place, free in zip(own.columns, own.free, strict=True)):
            raise ValueError("a dependency frees nulls of a column without nulls")

    def to_json(self) -> dict[str, Any]:
        """The layout as plain values."""
        parts: dict[str, Any] = {
            part: [{**vars(b), "frequencies": list(b.frequencies)} for b in blocks]
            for part, blocks in (("columns", self.columns), ("context", self.context))
        }
        return {
            **parts,
            "at_least": self.at_least,
            "functional": [_function_to_json(own) for own in self.functional],
            "echoes": _with_lists(self.echoes),
            "null_inclusions": [dict(vars(own)) for own in self.null_inclusions],
            "first": list(self.first),
            "exclusions": _with_lists(self.exclusions),
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
            tuple(map(_function_from_json, data["functional"])),
            tuple(NullInclusion(**own) for own in data["null_inclusions"]),
            tuple(Echo(**own) for own in _with_arrays(data["echoes"])),
            tuple(data.get("first", ())),
            tuple(Exclusion(**own) for own in _with_arrays(data.get("exclusions", ()))),
            CodeOrders.from_json(data["orders"]),
        )


def _function_to_json(own: Function) -> dict[str, Any]:
    if isinstance(own, FunctionalDependency):
        return _with_lists([own])[0]
    plain = {"determinants": list(own.determinants), "free": list(own.free)}
    return {**plain, "dependent": own.dependent, "combinations": own.combinations.tolist()}


def _function_from_json(data: Mapping[str, Any]) -> Function:
    if "determinants" not in data:
        return FunctionalDependency(**_with_arrays([data])[0])
    (one, other), free = data["determinants"], data["free"]
    rows = data["combinations"]
    if any(len(row) != 3 for row in rows):
        raise ValueError("a combination is not of three codes")
    codes = _codes([code for row in rows for code in row]).reshape(-1, 3)
    return CompositeDependency((one, other), data["dependent"], codes, tuple(free))


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
