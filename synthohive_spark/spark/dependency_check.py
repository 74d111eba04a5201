"""What holds in every row, found or declared, checked by Spark."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add, and_, mul, sub, truediv
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.dependencies import Dependency, Formula, Inequality, OneHot, Unique
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.spark.generation import as_text, drawing_function, from_text
from synthohive_spark.spark.schema import quote, spark_type

_OPERATIONS: dict[type, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}
_ROUNDED = 0.5
_EXACT = 1e-9


def breaks(own: Dependency) -> Expression | None:
    """Whether a row breaks a declared dependency, null where it says nothing of it; None where no row can.

    What a formula says counts as kept to half a unit, since the digits of its column are not known here.
    """
    if isinstance(own, Inequality):
        return F.col(quote(own.low)) > F.col(quote(own.high))
    if isinstance(own, OneHot):
        return reduce(add, (F.col(quote(name)).cast("double") for name in own.columns)) != 1
    if isinstance(own, Formula):
        made, value = _expression(own.tree), F.col(quote(own.column)).cast("double")
        return F.abs(value - made) > F.lit(_ROUNDED) + F.lit(_EXACT) * F.abs(value)
    return None


def rows_that_break(own: Dependency) -> Expression | None:
    """How many rows break a declared dependency, as an aggregate; None where no row can.

    Of rows that are not told apart, all but one do.
    """
    if isinstance(own, Unique):
        columns = [F.col(quote(name)) for name in own.columns]
        known = reduce(and_, (column.isNotNull() for column in columns))
        return F.count_if(known) - F.count_distinct(F.when(known, F.struct(*columns)))
    mask = breaks(own)
    return None if mask is None else F.count_if(mask)


def _expression(node: ast.expr) -> Expression:
    if isinstance(node, ast.Name):
        return F.col(quote(node.id)).cast("double")
    if isinstance(node, ast.Constant):
        return F.lit(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        return -_expression(node.operand)
    assert isinstance(node, ast.BinOp)
    right = _expression(node.right)
    if isinstance(node.op, ast.Div):
        right = F.nullif(right, F.lit(0.0))
    made: Expression = _OPERATIONS[type(node.op)](_expression(node.left), right)
    return made


def count_broken(frames: Sequence[tuple[DataFrame, Dependencies, Sequence[Column]]]) -> list[dict[str, int]]:
    """How many rows of each frame break what holds in values, by the sentence that describes it; one job.

    Args:
        frames: Frames, with what holds in the columns that are named; at least one thing in each.
    """
    asked = []
    for place, (df, dependencies, columns) in enumerate(frames):
        texts = [own.describe() for own in dependencies.in_values]
        made = [Column(str(i), ColumnType("int")) for i in range(len(texts))]
        function = drawing_function(df.sparkSession, _Check(dependencies, tuple(columns), texts), made)
        seat = F.struct(
            *[as_text(F.col(quote(c.name)).cast(spark_type(c.type)), c).alias(f"c{i}") for i, c in enumerate(columns)]
        )
        rows = df.select(function(seat).alias("row"))
        sums = F.array(*[F.coalesce(F.sum(f"row.c{i}"), F.lit(0)).cast("bigint") for i in range(len(texts))])
        asked.append(rows.agg(sums.alias("sums")).select(F.lit(place).alias("place"), "sums"))
    counted = {row.place: row.sums for row in reduce(DataFrame.unionAll, asked).collect()}
    return [
        dict(zip((own.describe() for own in dependencies.in_values), counted[place], strict=True))
        for place, (_, dependencies, _) in enumerate(frames)
    ]


class _Check:
    """Rows to zeros and ones, a one for each thing that a row breaks."""

    def __init__(self, dependencies: Dependencies, columns: tuple[Column, ...], texts: Sequence[str]) -> None:
        self.dependencies, self.columns, self.texts = dependencies, columns, tuple(texts)

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """See `synthohive_spark.spark.generation.Work.draw`."""
        return map(self._checked, batches)

    def _checked(self, batch: pd.DataFrame) -> pd.DataFrame:
        arrays = [from_text(batch[f"c{i}"], c.type.name, c.type.arrow) for i, c in enumerate(self.columns)]
        table = pa.table(arrays, names=[c.name for c in self.columns])
        broken = self.dependencies.broken_in_values(table)
        return pd.DataFrame({f"c{i}": broken[text].astype(np.int32) for i, text in enumerate(self.texts)})
