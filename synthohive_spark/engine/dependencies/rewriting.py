"""Columns that are learned as something else, which tells them together with other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics


class Rewritten(Protocol):
    """A column that is learned as something else.

    Attributes:
        column: The column.
        parts: What is learned in its place, the first by its name.
        sources: Names of the columns that its parts are told by, itself aside or not.
    """

    @property
    def column(self) -> Column: ...  # noqa: D102
    @property
    def parts(self) -> tuple[Column, ...]: ...  # noqa: D102
    @property
    def sources(self) -> tuple[str, ...]: ...  # noqa: D102
    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, of the column and its sources by name."""
        ...


class Joint(Protocol):
    """Columns that are learned together, as one column of strings.

    Attributes:
        columns: The columns.
        names: Their names; the column that is learned has the first.
        learned: Its values.
    """

    @property
    def columns(self) -> tuple[Column, ...]: ...  # noqa: D102
    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def learned(self) -> tuple[str, ...]: ...  # noqa: D102
    def split(self, arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The column that is learned."""
        ...

    def join(
        self,
        arrays: Mapping[str, pa.Array],
        given: Mapping[str, pa.Array],
        fixed: Mapping[str, npt.NDArray[np.bool_]],
    ) -> dict[str, pa.Array]:
        """The columns, of the column that is learned and of those that are given."""
        ...


@dataclass(frozen=True)
class JointColumn:
    """One of the columns that are learned together: the first stands for all, the others are not learned."""

    column: Column
    of: Joint

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place."""
        first = self.of.columns[0]
        return (Column(first.name, ColumnType("string"), first.nullable),) if self.column == first else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """All columns that are learned together."""
        return self.of.names

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """See `Rewritten.split`."""
        return [self.of.split(arrays) for _ in self.parts]


def joint_columns(several: Sequence[Joint]) -> tuple[JointColumn, ...]:
    """All columns of what is learned together."""
    return tuple(JointColumn(column, own) for own in several for column in own.columns)


def virtual(rewritten: Sequence[Rewritten], columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with the parts of each rewritten one at its place."""
    cut = {own.column.name: own.parts for own in rewritten}
    return tuple(part for column in columns for part in cut.get(column.name, (column,)))


def split(rewritten: Sequence[Rewritten], table: pa.Table) -> pa.Table:
    """The table with the parts of each rewritten column at its place, without those whose sources are not there."""
    own = {o.column.name: o for o in rewritten if o.column.name in table.column_names}
    if not own:
        return table
    arrays = {name: one_array(table.column(name)) for name in table.column_names}
    made: dict[str, pa.Array] = {}
    for name, values in arrays.items():
        if name not in own:
            made[name] = values
        elif all(source in arrays for source in own[name].sources):
            made |= zip((part.name for part in own[name].parts), own[name].split(arrays), strict=True)
    return pa.table(list(made.values()), names=list(made))


def replaced(drawn: pa.Array | None, given: pa.Array, fixed: npt.NDArray[np.bool_]) -> pa.Array:
    """What is given where it is, else what was drawn."""
    if drawn is None or fixed.all():
        return given
    return pc.if_else(pa.array(fixed), given, drawn)


def part_statistics(rewritten: Sequence[Rewritten], statistics: TableStatistics) -> TableStatistics:
    """The statistics with those of parts, of which only nulls are known, in place of those of rewritten columns."""
    columns = dict(statistics.columns)
    for own in rewritten:
        if own.column.name in columns:
            nulls = ColumnStatistics(columns[own.column.name].nulls)
            columns |= {part.name: nulls for part in own.parts}
    return replace(statistics, columns=columns)
