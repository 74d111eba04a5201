"""Bounds that generated values must keep."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.errors import SchemaError

CONSTRAINT_TYPES = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "date", "timestamp")
Bound = int | float | datetime.datetime | datetime.date


@dataclass(frozen=True)
class Constraint:
    """Bounds that generated values of a column must keep.

    Attributes:
        min: Smallest value allowed: a number; of dates and timestamps a date (midnight) or a datetime (UTC if it has no
            zone), also as ISO text such as ``"2024-01-31"``; None for no bound.
        max: Largest value allowed; None for no bound.
        dtype: Name of the Spark type a value must be castable to, such as ``"int"``; None for the column's own.

    Raises:
        SchemaError: If a bound is no number and no time, the bounds cross, or ``dtype`` is not known.
    """

    min: Bound | None = None
    max: Bound | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        for name in ("min", "max"):
            object.__setattr__(self, name, _bound(name, getattr(self, name)))
        if self.min is not None and self.max is not None:
            if isinstance(self.min, datetime.date) != isinstance(self.max, datetime.date):
                raise SchemaError(f"constraint has min={self.min} and max={self.max}, of which only one is a time")
            low, high = (instant(b) if isinstance(b, datetime.date) else b for b in (self.min, self.max))
            if low > high:  # type: ignore[operator]
                raise SchemaError(f"constraint has min={self.min} above max={self.max}")
        if self.dtype is not None and self.dtype not in CONSTRAINT_TYPES:
            raise SchemaError(f"constraint dtype {self.dtype!r} is not known{nearest(self.dtype, CONSTRAINT_TYPES)}")

    def to_json(self) -> dict[str, Any]:
        """The attributes as plain values, times as ISO text."""
        return {
            name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in vars(self).items()
        }


def instant(bound: datetime.date) -> datetime.datetime:
    """A date or datetime as an instant: a date is midnight, a datetime without a zone is UTC."""
    if not isinstance(bound, datetime.datetime):
        bound = datetime.datetime.combine(bound, datetime.time())
    return bound.replace(tzinfo=datetime.UTC) if bound.tzinfo is None else bound.astimezone(datetime.UTC)


def time_of(text: str) -> datetime.date | None:
    """A date or datetime written as ISO says; None for other text."""
    for read in (datetime.date.fromisoformat, datetime.datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _bound(name: str, value: Any) -> Bound | None:
    if isinstance(value, str) and (time := time_of(value)) is not None:
        return time
    if value is None or isinstance(value, datetime.date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise SchemaError(f"constraint {name} must be a number or a date, got {value!r}")
    return value
