"""Aggregates of children as Spark computes them."""

from __future__ import annotations

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F

from synthohive_spark.engine.families.aggregates import AVG, COUNT, DRAWN, MAX, MIN, SUM, ZERO, Aggregate
from synthohive_spark.spark.schema import quote, spark_type

_FUNCTIONS = {SUM: F.sum, MAX: F.max, MIN: F.min, AVG: F.avg}


def aggregate(own: Aggregate) -> Expression:
    """What the children of one parent come to."""
    if own.of is None:
        return F.count(F.lit(1))
    values = F.col(quote(own.of))
    if own.column.type.is_float and own.function in (SUM, AVG):
        # In the order of the values: floats added in another order, as partitions come, differ in their last digits.
        total = F.aggregate(F.sort_array(F.collect_list(values.cast("double"))), F.lit(0.0), lambda a, b: a + b)
        return F.when(F.count(values) > 0, total / F.count(values) if own.function == AVG else total)
    return _FUNCTIONS[own.function](values)


def of_parent(own: Aggregate, found: Expression, is_parent: Expression, drawn: Expression | None = None) -> Expression:
    """The value of a parent's column.

    Args:
        own: The aggregate.
        found: What the children come to.
        is_parent: Whether there are any.
        drawn: What the column holds otherwise where nothing is known of parents without children; null without it.
    """
    type_ = spark_type(own.column.type)
    rounded = F.round(found, own.digits) if own.half_step else found
    empty = F.lit(0).cast(type_) if own.empty == ZERO or own.function == COUNT else F.lit(None).cast(type_)
    if own.empty == DRAWN and own.function != COUNT and drawn is not None:
        empty = drawn
    return F.when(is_parent, rounded.try_cast(type_)).otherwise(empty)


def breaks_aggregate(own: Aggregate, found: Expression, is_parent: Expression) -> Expression:
    """Whether a parent's row holds something else."""
    value, wanted = F.col(quote(own.column.name)), of_parent(own, found, is_parent)
    broken = ~value.eqNullSafe(wanted)
    if own.half_step or own.column.type.is_float:
        near = F.abs(value - found) <= own.half_step + 1e-9 * F.greatest(F.abs(found), F.lit(1.0))
        broken = F.when(is_parent, ~F.coalesce(near, value.isNull() & found.isNull())).otherwise(broken)
    return broken & is_parent if own.empty == DRAWN else broken
