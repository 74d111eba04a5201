"""Conditions that are the same for many rows, as Spark expressions."""

from __future__ import annotations

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F

from synthohive_spark.engine.table.conditions import Conditions
from synthohive_spark.spark.schema import spark_type


def condition_values(conditions: Conditions, number: Expression, n: int) -> list[Expression]:
    """The value of each given column in the row of this ``number``, from 0 to n-1, as `Conditions.table` has it."""
    place = F.pmod(number * F.lit(conditions.step(n)), F.lit(max(n, 1)))
    made = []
    for i, column in enumerate(conditions.columns):
        literals = [F.lit(case[i]).cast(spark_type(column.type)) for case in conditions.cases]
        value = literals[-1]
        for literal, end in reversed(list(zip(literals[:-1], conditions.ends(n)[:-1], strict=True))):
            value = F.when(place < F.lit(end), literal).otherwise(value)
        made.append(value.alias(column.name))
    return made
