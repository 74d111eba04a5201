"""Constraints, checked by Spark: one aggregate over the constrained columns, and the rows that keep them all."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.constraint import Constraint, instant
from synthohive_spark.declarations.violations import Violation
from synthohive_spark.spark.schema import quote


@dataclass(frozen=True)
class BoundCheck:
    """One bound of one column.

    Attributes:
        column: The column.
        bound: The bound as messages name it, such as ``min=0``.
        breaks: Whether a row breaks it; null breaks none.
        worst: The value furthest out, over the rows that break it.
    """

    column: str
    bound: str
    breaks: Expression
    worst: Expression


def bound_checks(constraints: Mapping[str, Constraint]) -> list[BoundCheck]:
    """A check for each bound, in the order of declaration."""
    checks = []
    for name, bounds in constraints.items():
        value = F.col(quote(name))
        if bounds.min is not None:
            seen, bound = _comparable(value, bounds.min)
            below = F.coalesce(seen < bound, F.lit(False))
            checks.append(BoundCheck(name, f"min={bounds.min}", below, F.min(F.when(below, value))))
        if bounds.max is not None:
            seen, bound = _comparable(value, bounds.max)
            above = F.coalesce(seen > bound, F.lit(False))
            checks.append(BoundCheck(name, f"max={bounds.max}", above, F.max(F.when(above, value))))
        if bounds.dtype is not None:
            lost = value.isNotNull() & value.try_cast(bounds.dtype).isNull()
            checks.append(BoundCheck(name, f"dtype={bounds.dtype}", lost, F.min(F.when(lost, value))))
    return checks


def _comparable(value: Expression, bound: Any) -> tuple[Expression, Expression]:
    """A value and a bound as what can be compared; times as the wall clock in UTC, whatever zone the session has."""
    if not isinstance(bound, datetime.date):
        return value, F.lit(bound)
    clock = value.cast("timestamp_ntz")
    in_utc = F.convert_timezone(F.current_timezone(), F.lit("UTC"), clock)
    seen = F.when(F.typeof(value) == "timestamp", in_utc).otherwise(clock)
    return seen, F.lit(instant(bound).replace(tzinfo=None).isoformat()).cast("timestamp_ntz")


def find_violations(df: DataFrame, constraints: Mapping[str, Constraint]) -> tuple[list[Violation], int]:
    """The broken bounds, each with its worst value and its rows, and how many rows break any: one aggregate."""
    checks = bound_checks(constraints)
    if not checks:
        return [], 0
    asked = [F.count_if(~kept(constraints)).alias("rows")]
    for i, check in enumerate(checks):
        asked += [F.count_if(check.breaks).alias(f"n{i}"), check.worst.cast("string").alias(f"w{i}")]
    row = df.agg(*asked).collect()[0]
    found = [
        Violation(check.column, row[f"w{i}"], check.bound, row[f"n{i}"])
        for i, check in enumerate(checks)
        if row[f"n{i}"]
    ]
    return found, row["rows"]


def kept(constraints: Mapping[str, Constraint]) -> Expression:
    """Whether a row keeps all constraints."""
    valid = F.lit(True)
    for check in bound_checks(constraints):
        valid = valid & ~check.breaks
    return valid
