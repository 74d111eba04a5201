"""Whether rows follow the weekday or the day of month, more than chance makes it look so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.association import chi_square_chance, contingency, cramers_v
from synthohive_spark.engine.temporal.calendar_parts import Days, cut_days, month_starts

_CHANCE = 1e-6
_NOTICED = 0.05
_ALIKE = 28  # days that every month has
_ROWS_PER_CELL = 10
_PLACES = {"week": 7, "month": 31}
# Cycles of days that mean nothing: what is found in weeks or months must be far stronger than in any of these.
_OTHER_CYCLES = {"week": (4, 5, 6, 8, 9, 10, 11, 12, 13), "month": (23, 25, 27, 29, 33, 34, 36)}


def excess(days: Days, by: str) -> float:
    """How far rows are from lying evenly on the weekdays (``by`` "week") or days of month ("month"), beyond chance.

    Returns:
        Total variation less what chance is expected to make, from 0 to 1; 0 if it is not noticeable or not significant.
    """
    periods, places = cut_days(days, by)
    if by == "month":
        places = places - 1
    own, rows = np.unique(periods, return_inverse=True)
    here = _days_there_are(own, by, int(days.min()), int(days.max()))
    table = np.bincount(rows * here.shape[1] + places, minlength=here.size).reshape(here.shape)
    found = table.sum(axis=0)
    # By period, so that neither a trend, nor gaps, nor a period that the range cuts off look like a preference.
    expected = (table.sum(axis=1, keepdims=True) / here.sum(axis=1, keepdims=True) * here).sum(axis=0)
    spread = _spread(table[:, :_ALIKE], here[:, :_ALIKE])
    squares = float(((found - expected) ** 2 / np.maximum(expected, 1e-9)).sum()) / spread
    by_chance = np.sqrt(2 / np.pi * spread * expected).sum() / 2
    beyond = float(np.abs(found - expected).sum() / 2 - by_chance) / len(days)
    return beyond if beyond > _NOTICED and chi_square_chance(squares, len(found) - 1) < _CHANCE else 0.0


def association(days: Days, by: str, categories: Iterable[npt.NDArray[np.int64]]) -> float:
    """How strongly one of some columns, given as codes from 0, goes with the weekday or the day of month.

    Returns:
        The largest Cramer's V, from 0 to 1; 0 if none is noticeable and beyond chance.
    """
    strongest, places = 0.0, cut_days(days, by)[1]
    for codes in categories:
        table = contingency(places, codes)
        kept = table.sum(axis=0) >= _ROWS_PER_CELL * _PLACES[by]
        if kept.sum() < 2:
            continue
        strength = cramers_v(table[:, kept], _CHANCE)
        # Days of a batch or a season have much in common, so the rows' number says nothing about chance.
        if strength > max(_NOTICED, strongest) and all(
            strength > 2 * cramers_v(contingency(days % cycle, codes)[:, kept]) for cycle in _OTHER_CYCLES[by]
        ):
            strongest = strength
    return strongest


def _days_there_are(periods: Days, by: str, first: int, last: int) -> npt.NDArray[np.bool_]:
    """Which days of each week or month there are between the first and the last day, shape (periods, 7 or 31)."""
    if by == "week":
        starts = periods * 7 - 3
        ends = starts + 7
    else:
        starts, ends = month_starts(periods), month_starts(periods + 1)
    days = starts[:, None] + np.arange(_PLACES[by])
    return np.asarray((days < ends[:, None]) & (days >= first) & (days <= last))


def _spread(table: npt.NDArray[np.int64], here: npt.NDArray[np.bool_]) -> float:
    """How many times more the rows of a day vary than those of independent rows do.

    It is taken from the same place in neighbouring periods, where a preference for a place makes no difference. A table
    with a thousand rows on each of a hundred days of chance varies like a hundred rows, not like a hundred thousand.
    """
    both = here[1:] & here[:-1]
    differences, sums = (table[1:] - table[:-1])[both], (table[1:] + table[:-1])[both]
    return max(1.0, float((differences**2).sum() / max(sums.sum(), 1)))
