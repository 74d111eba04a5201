"""Bounds that generated values must keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.errors import SchemaError

CONSTRAINT_TYPES = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "date", "timestamp")


@dataclass(frozen=True)
class Constraint:
    """Bounds that generated values of a column must keep.

    Attributes:
        min: Smallest value allowed; None for no bound.
        max: Largest value allowed; None for no bound.
        dtype: Name of the Spark type a value must be castable to, such as ``"int"``; None for the column's own.

    Raises:
        SchemaError: If a bound is no number, the bounds cross, or ``dtype`` is not known.
    """

    min: int | float | None = None
    max: int | float | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        for name in ("min", "max"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value)
            ):
                raise SchemaError(f"constraint {name} must be a number, got {value!r}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise SchemaError(f"constraint has min={self.min} above max={self.max}")
        if self.dtype is not None and self.dtype not in CONSTRAINT_TYPES:
            raise SchemaError(f"constraint dtype {self.dtype!r} is not known{nearest(self.dtype, CONSTRAINT_TYPES)}")
