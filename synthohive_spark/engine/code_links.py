"""What an engine is told of the codes of an encoded row: its columns, and which codes go with which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, eq=False)
class Beside:
    """What becomes of ``column`` is told by it and ``other`` together: how far an end lies from a start.

    Attributes:
        column: Position of the column.
        other: Position of the other one.
        table: The group of each code of ``other``, from 0 on; codes of a group stand for values that are near.
    """

    column: Whole
    other: Whole
    table: Codes


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


def check_nulls(inclusions: Sequence[NullInclusion], blocks: Sequence[Block]) -> None:
    """Check that null inclusions are of columns that are there.

    Raises:
        ValueError: If they are not.
    """
    for own in inclusions:
        if own.column == own.within or max(own.column, own.within) >= len(blocks):
            raise ValueError("a null inclusion names columns that are not there")
        if not (blocks[own.column].null and blocks[own.within].null):
            raise ValueError("a null inclusion is of columns without nulls")


def check_beside(pairs: Sequence[Beside], blocks: Sequence[Block]) -> None:
    """Check that columns that count beside others are there.

    Raises:
        ValueError: If they are not.
    """
    check_distinct((own.column for own in pairs), "columns beside others")
    for own in pairs:
        if own.column == own.other or max(own.column, own.other) >= len(blocks):
            raise ValueError("a column beside another one is not there")
        check_equal(len(own.table), blocks[own.other].codes, "groups of codes and a column's codes")
        check_equal(set(own.table.tolist()), set(range(own.table.max() + 1)), "groups and their numbers")


def check_tables(links: Sequence[tuple[int, int, Codes]], from_: Sequence[Block], to: Sequence[Block]) -> None:
    """Check that tables lead from codes of one column to those of another.

    Args:
        links: Positions of the two, and the table.
        from_: The columns that the former is one of.
        to: The columns that the latter is one of.

    Raises:
        ValueError: If they do not.
    """
    for one, other, table in links:
        if one >= len(from_) or other >= len(to) or (from_ is to and one == other):
            raise ValueError("a dependency names columns that are not there")
        check_equal(len(table), from_[one].codes, "a dependency and its column's codes")
        if from_[one].ranked or to[other].ranked:
            raise ValueError("a dependency is of columns with ranks")
        if table.min() < -1 or table.max() >= to[other].codes:
            raise ValueError("a dependency names codes that are not there")


def check_composites(functions: Sequence[CompositeDependency], blocks: Sequence[Block]) -> None:
    """Check that what two columns decide together is of columns and codes that are there.

    Raises:
        ValueError: If it is not.
    """
    for own in functions:
        check_distinct(own.columns, "columns of a dependency")
        if max(own.columns) >= len(blocks) or any(blocks[place].ranked for place in own.columns):
            raise ValueError("a dependency names columns that are not there, or have ranks")
        check_distinct(map(tuple, own.combinations[:, :2].tolist()), "combinations that decide")
        if (own.combinations < 0).any() or (own.combinations >= [blocks[p].codes for p in own.columns]).any():
            raise ValueError("a dependency names codes that are not there")
        if any(free and not blocks[place].null for place, free in zip(own.columns, own.free, strict=True)):
            raise ValueError("a dependency frees nulls of a column without nulls")


def function_to_json(own: Function) -> dict[str, Any]:
    """A function as plain values."""
    if isinstance(own, FunctionalDependency):
        return with_lists([own])[0]
    plain = {"determinants": list(own.determinants), "free": list(own.free)}
    return {**plain, "dependent": own.dependent, "combinations": own.combinations.tolist()}


def function_from_json(data: Mapping[str, Any]) -> Function:
    """The function that `function_to_json` described."""
    if "determinants" not in data:
        return FunctionalDependency(**with_arrays([data])[0])
    (one, other), free = data["determinants"], data["free"]
    rows = data["combinations"]
    if any(len(row) != 3 for row in rows):
        raise ValueError("a combination is not of three codes")
    codes = _codes([code for row in rows for code in row]).reshape(-1, 3)
    return CompositeDependency((one, other), data["dependent"], codes, tuple(free))


def with_lists(links: Sequence[FunctionalDependency | Echo | Exclusion | Beside]) -> list[dict[str, Any]]:
    """Links with tables as plain values."""
    return [{**vars(own), "table": own.table.tolist()} for own in links]


def with_arrays(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `with_lists` made, with arrays."""
    return [{**own, "table": _codes(own["table"])} for own in links]


def _codes(table: list[int]) -> Codes:
    if not table or any(type(code) is not int for code in table):
        raise ValueError("a table of codes holds something else")
    return np.array(table, np.int32)
