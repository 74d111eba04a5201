"""Statistics of all rows of a table, known before a sample of them is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.real_values import RealValueFilter


@dataclass(frozen=True)
class ColumnStatistics:
    """What is true of one column over all rows.

    Attributes:
        nulls: How many rows hold no value.
        minimum: Smallest value, NaN and infinities aside; None where there is none or the type has no order here.
        maximum: Largest value, likewise.
        frequencies: Rows by value, where all values were counted; None where they were not.
        real_values: The values of nearly unique strings, vaguely; None where the training rows are all rows.
    """

    nulls: int
    minimum: Any = None
    maximum: Any = None
    frequencies: Mapping[Any, int] | None = None
    real_values: RealValueFilter | None = None


@dataclass(frozen=True)
class TableStatistics:
    """What is true of a table over all rows."""

    rows: int
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)

    @classmethod
    def of(cls, table: pa.Table, columns: tuple[Column, ...]) -> TableStatistics:
        """The statistics of a table that is here as a whole; ranges and frequencies are then found in the rows."""
        return cls(table.num_rows, {c.name: ColumnStatistics(table.column(c.name).null_count) for c in columns})


def finite(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values that are not null, NaN or infinite."""
    values = values.drop_null()
    return values.filter(pc.is_finite(values)) if pa.types.is_floating(values.type) else values
