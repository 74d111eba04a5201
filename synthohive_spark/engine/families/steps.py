"""Finding the columns that rise among siblings, or from an ancestor's date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.numbers import DAY, Numbers, comparable, is_countable, numbers_of
from synthohive_spark.engine.families.periods import LONGEST, place_of
from synthohive_spark.engine.families.rules import BLOCK, Step
from synthohive_spark.engine.families.siblings import Siblings

_FEWEST = 50
_FEWEST_STEPS = 100
_FEWEST_LARGE = 10
_DAYS_OF_YEAR = 365.25
_MOSTLY, _NEAR = 0.75, 0.125
"""Shares of a month or year: of places that have nothing to do with each other, two lie a quarter apart."""
_LOOSE = 3.0
"""By how much a distance from an ancestor's date may vary more than the column."""
Flags = npt.NDArray[np.bool_]


def find_steps(
    rows: pa.Table, free: Sequence[Column], context: Sequence[Column], siblings: Siblings, privacy: Privacy
) -> tuple[list[Step], dict[str, str]]:
    """Columns that are learned by how much they rise, and ancestors' dates that others only keep to.

    The distance from a date says little where it varies far more than the column does: from a birth to an order.
    """
    found, floors = [], {}
    by_name = {c.name: c for c in context}
    for column in free:
        if not is_countable(column.type):
            continue
        base = _base(rows, column, context) if column.type.is_temporal else None
        rising = _is_rising(rows, column, siblings)
        numbers, valid = numbers_of(rows.column(column.name), column.type)
        if base is not None:
            gaps, there = rises_of(rows, Step(column, False, base, 1, 0, 0), by_name, siblings)
            if gaps[there].std() > _LOOSE * numbers[there].std():
                floors[column.name], base = base, None
        if base is None and not rising:
            continue
        step = Step(column, rising, base, 1, 0, 0)
        period = _period(numbers, column, siblings) if rising else ""
        is_daily = column.type.name != "date" if period else _is_daily(*rises_of(rows, step, by_name, siblings), column)
        step = replace(step, daily=is_daily, period=period)
        ends = np.sort(numbers[valid])
        rank = min(max(privacy.extreme_rows, 1), len(ends)) - 1
        step = step.between(int(ends[rank]), int(ends[-1 - rank]))
        numbers = step.of(numbers)
        rises, there = rises_of(rows, step, by_name, siblings)
        unit = max(int(np.gcd.reduce(np.abs(rises[there]))), 1) if there.any() else 1
        first = np.sort(numbers[siblings.firsts & valid])
        start = int(first[len(first) // 2]) if len(first) >= 2 * rank + 2 else step.least
        most = max(step.least, step.most)
        step = replace(step, unit=unit, most=most, start=min(max(start, step.least), most))
        found.append(_paced(step, numbers, siblings) if rising else step)
    return found, floors


def _period(numbers: Numbers, column: Column, siblings: Siblings) -> str:
    """By what a date or time rises, where siblings lie about as far apart and at nearly the same place of it."""
    if not column.type.is_temporal:
        return ""
    days = numbers if column.type.name == "date" else numbers // DAY
    after = np.flatnonzero(~siblings.firsts)
    rise = float(np.median(days[after] - days[after - 1]))
    for period, length in (("year", _DAYS_OF_YEAR), ("month", _DAYS_OF_YEAR / 12)):
        places = place_of(days, period)
        apart = np.abs(places[after] - places[after - 1])
        apart = np.minimum(apart, LONGEST[period] - apart)
        if rise > _MOSTLY * length and apart.mean() < _NEAR * LONGEST[period]:
            return period
    return ""


def _is_daily(rises: Numbers, there: Flags, column: Column) -> bool:
    """Whether instants rise by days rather than by hours, but not by whole days."""
    if not column.type.is_temporal or column.type.name == "date" or not there.any():
        return False
    return bool(np.median(rises[there]) >= DAY and (rises[there] % DAY != 0).any())


def _paced(step: Step, numbers: Numbers, siblings: Siblings) -> Step:
    """A rising step with how far apart siblings are, of large families where there are any."""
    strict = bool((np.diff(numbers, prepend=0)[~siblings.firsts] > 0).all())
    at = np.flatnonzero(siblings.firsts)
    sizes = np.diff(at, append=len(numbers))
    large = sizes > (BLOCK if (sizes > BLOCK).any() else 1)
    spans = (numbers[at + sizes - 1] - numbers[at])[large] / step.unit
    paces = spans / (sizes[large] - 1)
    pace = float(spans.sum() / (sizes[large] - 1).sum())
    steady = len(spans) >= _FEWEST_LARGE and _spread(spans) < _spread(paces)
    return replace(step, strict=strict, pace=round(pace, 6), span=round(float(spans.mean()), 6) if steady else 0.0)


def _spread(values: npt.NDArray[np.float64]) -> float:
    """The standard deviation in units of the mean."""
    return float(values.std() / max(values.mean(), 1e-9))


def _base(rows: pa.Table, column: Column, context: Sequence[Column]) -> str | None:
    """The ancestors' date or time that a column never lies before, the latest of several."""
    numbers, valid = numbers_of(rows.column(column.name), column.type)
    best: tuple[float, str] | None = None
    for other in context:
        if not other.type.is_temporal:
            continue
        theirs, there = numbers_of(rows.column(other.name), other.type)
        both = valid & there
        if both.sum() < _FEWEST or not there[valid].all():
            continue
        gaps = numbers[both] - comparable(theirs[both], other.type, column.type)
        if gaps.min() >= 0 and gaps.max() > 0 and (best is None or gaps.mean() < best[0]):
            best = float(gaps.mean()), other.name
    return None if best is None else best[1]


def _is_rising(rows: pa.Table, column: Column, siblings: Siblings) -> bool:
    numbers, valid = numbers_of(rows.column(column.name), column.type)
    if not valid.all():
        return False
    gaps = np.diff(numbers, prepend=0)[~siblings.firsts]
    return len(gaps) >= _FEWEST_STEPS and bool(gaps.min() >= 0) and bool((gaps > 0).mean() > 0.3)


def rises_of(rows: pa.Table, step: Step, context: Mapping[str, Column], siblings: Siblings) -> tuple[Numbers, Flags]:
    """How much each row lies above what it starts from, and where that is known."""
    numbers, valid = numbers_of(rows.column(step.column.name), step.column.type)
    base, known = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), bool)
    if step.base is not None:
        theirs, known = numbers_of(rows.column(step.base), context[step.base].type)
        base = comparable(theirs, context[step.base].type, step.column.type)
    if step.rising:
        base = np.where(siblings.firsts, base, np.roll(numbers, 1))
        known = np.where(siblings.firsts, known, True)
    return np.where(valid & known, step.of(numbers) - step.of(base), 0), valid & known
