"""Months and years by number, and where in them a day lies.

A year has twelve months of 31 days here, so that the same date lies at the same place of every year.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from synthohive_spark.engine.families.numbers import Numbers

LONGEST = MappingProxyType({"month": 31, "year": 372})
"""How many places a period has for days."""
_MONTHS = MappingProxyType({"month": 1, "year": 12})
MOST_PERIODS = 1_000_000


def period_of(days: Numbers, period: str) -> Numbers:
    """The number of the month or year in which each day lies, days and all from 1970 on."""
    return _months_of(days) // _MONTHS[period]


def place_of(days: Numbers, period: str) -> Numbers:
    """Where in its month or year each day lies, from 0 on."""
    months = _months_of(days)
    return months % _MONTHS[period] * LONGEST["month"] + days - _first_days(months)


def day_at(numbers: Numbers, places: Numbers, period: str) -> Numbers:
    """The day at a place of each month or year; where a month has fewer days, its last one."""
    months_after, days = np.divmod(np.clip(places, 0, LONGEST[period] - 1), LONGEST["month"])
    months = np.clip(numbers, -MOST_PERIODS, MOST_PERIODS) * _MONTHS[period] + months_after
    return np.minimum(_first_days(months) + days, _first_days(months + 1) - 1)


def _months_of(days: Numbers) -> Numbers:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_days(months: Numbers) -> Numbers:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
