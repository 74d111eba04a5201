"""What a codec is fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.table_statistics import ColumnStatistics
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class ColumnSample:
    """A column's training values, and what is known and asked of it.

    Attributes:
        column: The column.
        values: Its training values.
        statistics: Its statistics over all rows, of which ``values`` may be a sample.
        privacy: What a codec may keep.
        seed: Fixes what is drawn while fitting.
        most_values: See `synthohive_spark.engine.interface.Encoding`.
        named: Whether numbers are names: then only those that are kept come out, however many there are.
    """

    column: Column
    values: pa.Array
    statistics: ColumnStatistics
    privacy: Privacy
    seed: int = 0
    most_values: int = 0
    named: bool = False

    @property
    def at_least(self) -> int:
        """Fewest rows of what is kept."""
        return self.privacy.min_rows

    @cached_property
    def counts(self) -> Mapping[Any, int]:
        """Rows by value, over all rows where they were counted there."""
        if self.statistics.frequencies is not None:
            return self.statistics.frequencies
        counted = pc.value_counts(self.values.drop_null())
        return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))

    def take(self, rows: npt.NDArray[np.int64]) -> ColumnSample:
        """Some of the training values, as if there were no others."""
        some = self.values.take(pa.array(rows))
        return replace(self, values=some, statistics=ColumnStatistics(some.null_count))

    @property
    def nulls(self) -> int:
        """Rows without a value, of those that `counts` counts."""
        return self.values.null_count if self.statistics.frequencies is None else self.statistics.nulls


def nothing_left(names: Sequence[str], privacy: Privacy) -> SchemaError:
    """The error that says that the privacy settings leave no value of some columns."""
    shown = ", ".join(map(repr, names))
    column, has, it = ("column", "has", "the column") if len(names) == 1 else ("columns", "have", "them")
    return SchemaError(
        f"{column} {shown} {has} too few rows of any one value to be learned with "
        f"rare_category_rows={privacy.rare_category_rows} and extreme_rows={privacy.extreme_rows} "
        f"(rareCategoryRows, extremeRows): lower them, or exclude {it}"
    )
