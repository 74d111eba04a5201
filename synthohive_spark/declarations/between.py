"""A range of values, for conditions."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from synthohive_spark.declarations.constraint import instant, time_of
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class Between:
    """Values from ``low`` to ``high``, both included, as in SQL: ``given={"age": Between(18, 30)}``.

    Attributes:
        low: The smallest value: a number, a date (midnight) or a datetime (UTC if it has no zone), also as ISO text,
            such as ``"2024-01-31"``; None for no bound.
        high: The largest value; None for no bound.

    Raises:
        SchemaError: If both bounds are None, one is no number or time, or they cross.
    """

    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise SchemaError("Between needs a low or a high bound, such as Between(18, 30) or Between(low=18)")
        for name in ("low", "high"):
            bound = getattr(self, name)
            if isinstance(bound, str) and (time := time_of(bound)) is not None:
                object.__setattr__(self, name, bound := time)
            if bound is None or isinstance(bound, datetime.date):
                continue
            if isinstance(bound, bool) or not isinstance(bound, int | float | Decimal) or math.isnan(bound):
                raise SchemaError(f"Between takes numbers, dates and datetimes, got {bound!r}; list texts instead")
        if self.low is not None and self.high is not None:
            times = [isinstance(bound, datetime.date) for bound in (self.low, self.high)]
            if times[0] != times[1]:
                raise SchemaError(f"Between has low={self.low!r} and high={self.high!r}, of which only one is a time")
            low, high = (instant(b) if times[0] else b for b in (self.low, self.high))
            if low > high:
                raise SchemaError(f"Between has low={self.low!r} above high={self.high!r}")
