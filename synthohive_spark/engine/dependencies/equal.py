"""Columns that often hold what others hold: a shipping address, that of the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.rewriting import replaced
from synthohive_spark.engine.integrity import Bounds, check_distinct, check_equal

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EqualColumns:
    """Columns that often equal others, all in the same rows: learned as they are, and beside them, in which rows.

    Attributes:
        columns: The columns, that of the most values first; nullable where they hold nulls.
        of: What each of them equals.
    """

    columns: Annotated[tuple[Column, ...], Bounds(1)]
    of: tuple[Column, ...]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.columns), len(self.of), "columns and what they equal")
        check_distinct(self.names, "columns that equal each other")
        if any(one.type.arrow != other.type.arrow for one, other in zip(self.columns, self.of, strict=True)):
            raise ValueError("columns of different types are equal")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return tuple(column.name for column in (*self.columns, *self.of))

    @property
    def column(self) -> Column:
        """The first of the columns."""
        return self.columns[0]

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the first column: itself, and whether all are equal."""
        return self.column, Column(f"{self.column.name}\x00equal", ColumnType("boolean"))

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of what the first column equals."""
        return (self.of[0].name,)

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts; whether they are equal is null where either is."""
        values = arrays[self.column.name]
        return [values, pc.equal(values, arrays[self.of[0].name])]

    def join(
        self, arrays: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns, equal where they are said to be; where only one of two is given, the other equals it.

        Args:
            arrays: The columns by name, parts among them.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.
        """
        result = dict(arrays)
        first, flag = (part.name for part in self.parts)
        equal = result.pop(flag, None)
        if first in given:
            result[first] = replaced(result.get(first), given[first], fixed[first])
        if equal is None or not all(name in result for name in (first, *self.sources)):
            return result
        same = np.asarray(equal.fill_null(False)) & ~null_mask(result[first]) & ~null_mask(result[self.of[0].name])
        none = np.zeros(len(same), bool)
        for column, of in zip(self.columns, self.of, strict=True):
            if {column.name, of.name} <= result.keys():
                one, other = result[column.name], result[of.name]
                firm, still = fixed.get(column.name, none), fixed.get(of.name, none)
                copied = same & ~firm if column.nullable else same & ~firm & ~null_mask(other)
                result[column.name] = pc.if_else(pa.array(copied), other, one)
                result[of.name] = pc.if_else(pa.array(same & firm & ~still & ~null_mask(one)), one, other)
        return result

    def count(self, table: pa.Table) -> int:
        """How many rows are equal, of columns that are learned as they are written."""
        equal = pc.equal(table.column(self.column.name), table.column(self.of[0].name))
        return int(pc.sum(equal).as_py() or 0)

    def describe(self) -> str:
        """The equality as a sentence, but for how often it holds."""
        columns, of = (" and ".join(column.name for column in own) for own in (self.columns, self.of))
        return f"{columns} equal{'' if len(self.columns) > 1 else 's'} {of}"

    def to_json(self) -> dict[str, Any]:
        """The columns as plain values."""
        return {name: [own.to_json() for own in getattr(self, name)] for name in ("columns", "of")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EqualColumns:
        """The columns that `to_json` described."""
        return cls(*(tuple(map(Column.from_json, data[name])) for name in ("columns", "of")))
