"""What a user declared to hold in a table, as what keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.dependencies import (
    Dependency,
    FixedCombinations,
    Formula,
    Inequality,
    OneHot,
    named_by,
)
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.combinations import Combinations, combinations_of
from synthohive_spark.engine.dependencies.flag_words import FlagColumn
from synthohive_spark.engine.dependencies.flag_words_fit import flag_of
from synthohive_spark.engine.dependencies.flags import FlagSet, flags_of
from synthohive_spark.engine.dependencies.formula import FormulaColumn
from synthohive_spark.engine.dependencies.linear_fit import digits_of
from synthohive_spark.engine.dependencies.order import OrderedColumn, comparable
from synthohive_spark.engine.dependencies.relations import reached
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class Declared:
    """Declared dependencies.

    Attributes:
        orders: Pairs of columns of which the first never lies above the second.
        flags: Sets of flags of which exactly one is set.
        combinations: Columns of which only known combinations come out.
        formulas: Columns that are computed, each after those that it is made of.
        types: The type of each column of orders.
    """

    orders: tuple[tuple[str, str], ...] = ()
    flags: tuple[FlagSet, ...] = ()
    combinations: tuple[Combinations, ...] = ()
    formulas: tuple[FormulaColumn, ...] = ()
    types: Mapping[str, ColumnType] = field(default_factory=dict)

    @property
    def ordered(self) -> frozenset[str]:
        """The columns of orders."""
        return frozenset(name for pair in self.orders for name in pair)

    def broken_orders(self, table: pa.Table) -> frozenset[str]:
        """The columns of orders that some rows break."""
        found: set[str] = set()
        for low, high in self.orders:
            lower, upper = Column(low, self.types[low]), Column(high, self.types[high])
            order = OrderedColumn(upper, (lower,), True, -1, False, 0, 0, 0)
            if order.broken({name: one_array(table.column(name)) for name in (low, high)}).any():
                found |= {low, high}
        return frozenset(found)

    @property
    def rewritten(self) -> frozenset[str]:
        """The columns that are learned as something else, or computed."""
        return frozenset([*self._several, *(own.column.name for own in self.formulas)])

    @property
    def _several(self) -> list[str]:
        """The columns that are learned together as one."""
        return [n for own in self.flags for n in own.names] + [n for own in self.combinations for n in own.names]

    @classmethod
    def of(
        cls, dependencies: Sequence[Dependency], table: pa.Table, columns: Sequence[Column], at_least: int
    ) -> Declared:
        """What was declared, of the rows.

        Args:
            dependencies: What was declared.
            table: The rows.
            columns: Their columns.
            at_least: Fewest rows of a combination that may be kept.

        Raises:
            SchemaError: If a column is not there, has another type than is needed, or is decided by two of them; if
                orders lead back to where they began.
        """
        known = {c.name: c for c in columns}
        for name in named_by(dependencies):
            if name not in known:
                raise SchemaError(f"dependencies name {name!r}, which is not a learned column{nearest(name, known)}")
        orders = tuple((own.low, own.high) for own in dependencies if isinstance(own, Inequality))
        for low, high in orders:
            if not comparable(known[low].type, known[high].type):
                kinds = f"{known[low].type} and {known[high].type}"
                raise SchemaError(f"inequality of {low!r} and {high!r} needs two numbers or two times, got {kinds}")
        _check_no_circle(orders)
        flags = tuple(_flags(own, table, known) for own in dependencies if isinstance(own, OneHot))
        combined = [own.columns for own in dependencies if isinstance(own, FixedCombinations)]
        combinations = tuple(combinations_of(table, tuple(known[n] for n in own), at_least) for own in combined)
        for kept in combinations:
            if not kept.rows:
                raise SchemaError(f"no combination of {', '.join(kept.names)} is held by {at_least} rows")
        formulas = _in_order([_formula(own, table, known) for own in dependencies if isinstance(own, Formula)])
        types = {name: known[name].type for pair in orders for name in pair}
        made = cls(orders, flags, combinations, formulas, types)
        decided = [*made._several, *(own.column.name for own in formulas)]
        for name in decided:
            if decided.count(name) > 1:
                raise SchemaError(f"column {name!r} is decided by two of the declared dependencies; leave one out")
        return made


def _check_no_circle(orders: Sequence[tuple[str, str]]) -> None:
    above: dict[str, set[str]] = {}
    for low, high in orders:
        above.setdefault(low, set()).add(high)
    if circle := [f"{low!r} <= {high!r}" for low, high in orders if low in reached(high, above)]:
        raise SchemaError(f"inequalities {', '.join(circle)} say that these columns are equal; leave one of them out")


def declared_flags(
    dependencies: Sequence[Dependency], table: pa.Table, columns: Sequence[Column]
) -> tuple[FlagColumn, ...]:
    """Columns of declared flags that are not zeros and ones, as flags.

    Raises:
        SchemaError: If a column has no two values, or the columns of a set have not the same two.
    """
    known = {c.name: c for c in columns}
    return tuple(
        flag
        for own in dependencies
        if isinstance(own, OneHot) and known.keys() >= set(own.columns)
        for flag in _read_flags([known[name] for name in own.columns], table)
    )


def _read_flags(columns: Sequence[Column], table: pa.Table) -> list[FlagColumn]:
    """The columns as flags; none of zeros and ones, and of booleans."""
    read = [c for c in columns if not _zeros_and_ones(table, c)]
    flags = []
    for column in read:
        own = flag_of(column, one_array(table.column(column.name)))
        if own is None:
            raise SchemaError(
                f"one_hot needs columns of two values, which say whether they are set; {column.name!r} has others: "
                "recode it, or leave it out"
            )
        flags.append(own)
    if not flags:
        return []
    words = {own.off for own in flags} | {own.on for own in flags}
    if len(read) < len(columns) or len(words) > 2:
        names = ", ".join(repr(own.column.name) for own in flags)
        raise SchemaError(f"one_hot needs the same two values in all of its columns; recode {names}")
    set_ = [own.split({own.column.name: one_array(table.column(own.column.name))})[0] for own in flags]
    # Of a set, most flags are not set.
    many = 2 * sum(pc.sum(own).as_py() or 0 for own in set_) > len(flags) * len(table)
    return [replace(own, off=own.on, on=own.off) for own in flags] if many else flags


def _zeros_and_ones(table: pa.Table, column: Column) -> bool:
    if column.type.name == "boolean":
        return True
    if not (column.type.is_integer or column.type.is_float):
        return False
    return set(pc.unique(table.column(column.name)).to_pylist()) <= {0, 1, None}


def _flags(own: OneHot, table: pa.Table, known: dict[str, Column]) -> FlagSet:
    counts = {name: int(flags_of(one_array(table.column(name))).sum()) for name in own.columns}
    return FlagSet(tuple(known[n] for n in sorted(own.columns, key=lambda n: -counts[n])), always=True)


def _formula(own: Formula, table: pa.Table, known: dict[str, Column]) -> FormulaColumn:
    for name in own.columns:
        if not known[name].type.is_number or not known[name].type.fits_int64:
            raise SchemaError(f"formula {own.expression!r} needs numbers, {name!r} is {known[name].type}")
    column = known[own.column]
    digits = digits_of(one_array(table.column(own.column)), column.type)
    return FormulaColumn(column, own.expression, {n: known[n].type for n in own.names}, digits)


def _in_order(formulas: list[FormulaColumn]) -> tuple[FormulaColumn, ...]:
    """Formulas, each after those that it is made of."""
    placed: list[FormulaColumn] = []
    left = list(formulas)
    while left:
        open_ = {own.column.name for own in left}
        ready = [own for own in left if not open_ & set(own.types)]
        if not ready:
            raise SchemaError(f"formulas of {', '.join(sorted(open_))} are made of each other")
        placed += ready
        left = [own for own in left if own not in ready]
    return tuple(placed)
