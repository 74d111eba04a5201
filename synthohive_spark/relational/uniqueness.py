"""Rows that declared columns tell apart: where two would hold the same, one is moved to the next free value."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from synthohive_spark.declarations.dependencies import Unique
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import columns_of
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import col, spark_type

Range = tuple[int, int]


def moved_column(own: Unique, declared: TableDeclaration, model: TableModel) -> Column:
    """The column that rows are told apart by: the last whole number or date of which nothing else depends.

    Raises:
        SchemaError: If there is none.
    """
    bound = {name for one in model.dependencies.in_values for name in columns_of(one)}
    bound |= {name for one in model.dependencies.entities for name in one.columns}
    bound |= {*declared.pk, *(name for link in declared.fk for name in link.columns)}
    free = [c for c in model.columns if c.name in own.columns and c.name not in bound]
    able = [c for c in free if c.type.is_integer or c.type.name == "date"]
    if not able:
        raise SchemaError(
            f"{own.describe()} cannot be kept: of {', '.join(own.columns)}, none is a whole number or a date that is "
            f"learned by itself (keys, and what is computed from others or bounds them, cannot be moved); declare them "
            f"as the key (pk), or leave Unique out"
        )
    return max(able, key=lambda c: own.columns.index(c.name))


def told_apart(rows: DataFrame, own: Unique, column: Column, range_: Range | None, step: int) -> DataFrame:
    """Rows of which no two hold the same in the columns of ``own``; lazy, by one shuffle.

    Within rows that agree in the other columns, values are taken in order, and each is raised as far as the one before
    asks, or lowered where the end of the range does. A row with a null is as it was.

    Args:
        rows: The rows.
        own: The columns.
        column: Which of them is moved.
        range_: Its smallest and largest value, as numbers; None for any.
        step: How far its values lie apart.
    """
    others = [col(name) for name in own.columns if name != column.name]
    whole = F.unix_date if column.type.name == "date" else _as_is
    back = F.date_from_unix_date if column.type.name == "date" else _as_is
    value = whole(col(column.name)).cast("bigint")
    group = Window.partitionBy(*others)
    order = group.orderBy(value.asc_nulls_first(), F.xxhash64(*[col(name) for name in rows.columns]))
    place = F.row_number().over(order) * F.lit(step)
    raised = place + F.max(value - place).over(order)
    if range_ is not None:
        low, high = range_
        size = F.count(value).over(group) * F.lit(step)
        nulls = F.count_if(value.isNull()).over(group) * F.lit(step)
        last = F.lit(high) - (size + nulls - place)
        raised = F.when(size - F.lit(step) <= F.lit(high - low), F.least(raised, last)).otherwise(raised)
    known = value.isNotNull()
    for other in others:
        known = known & other.isNotNull()
    kind = spark_type(column.type)
    moved = F.when(known, back(raised.cast("int") if column.type.name == "date" else raised).cast(kind))
    # In one selection, so that every window sees the values as they were.
    return rows.select(
        *[F.coalesce(moved, col(name)).alias(name) if name == column.name else col(name) for name in rows.columns]
    )


def range_of(model: TableModel, column: Column) -> tuple[Range | None, int]:
    """The learned range of a column of whole numbers or dates, and how far its values lie apart."""
    for own in model.dependencies.calendar.columns:
        if own.column.name == column.name:
            return (own.low, own.high), 1
    codec = model.codecs.get(column.name)
    if not isinstance(codec, NumericCodec) or not (codec.knots or codec.spikes):
        return None, 1
    numbers = [int(number) for number in (*codec.knots, *codec.spikes)]
    return (min(numbers), max(numbers)), codec.step


def _as_is(value: Expression) -> Expression:
    return value


def several(dependencies: Sequence[object]) -> list[Unique]:
    """Of what is declared, what says that several columns tell rows apart."""
    return [own for own in dependencies if isinstance(own, Unique) and len(own.columns) > 1]
