"""Which dates and timestamps are learned in parts; apart from the calendar, which travels to executors without this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.codecs.numeric_fit import true_ends
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.engine.temporal.calendar_parts import DAY, Calendar, CalendarColumn, Days
from synthohive_spark.engine.temporal.periodicity import association, excess

SAMPLE_ROWS = 100_000
_FEW_DAYS = 60
_FEW_TIMES = 200
_SHORTEST = 3 * DAY
_SHORTEST_SPAN = {"week": 8 * 7, "month": 180}  # in days; in less, a preference shows itself too few times
_MOST_CATEGORIES = 50
_FAR_MORE = 10  # times as many rows as the fifth most frequent day
_PLACEHOLDER_SHARE = 0.05

Categories = Callable[[], Sequence[npt.NDArray[np.int64]]]


def find_calendar(
    table: pa.Table, columns: tuple[Column, ...], privacy: Privacy, statistics: TableStatistics
) -> Calendar:
    """The dates and timestamps among ``columns`` whose parts show what the whole hides, and how each is cut.

    Days are cut by week or by month where rows prefer some weekdays or days of month, or where another column goes with
    them. The time of day is a part of its own wherever it varies. Patterns are looked for in 100,000 rows.

    Args:
        table: The training rows.
        columns: Columns that may be cut, and columns of few values that may go with their weekday.
        privacy: Says at which rank from either end the range of a column ends.
        statistics: Statistics of all rows.
    """
    temporal = [c for c in columns if c.type.is_temporal]
    rows = _sampled(table.num_rows)
    few = {c.name: one_array(table.column(c.name)).take(rows) for c in temporal}

    @cache
    def categories() -> Sequence[npt.NDArray[np.int64]]:
        counted = [c.name for c in columns if c.type.is_string or c.type.is_integer or c.type.name == "boolean"]
        found = (_category_codes(one_array(table.column(name)).take(rows)) for name in counted)
        return [codes for codes in found if codes is not None]

    cut = []
    for column in temporal:
        numbers = to_numbers(table.column(column.name).drop_null().combine_chunks(), column.type)
        ends = _ends(column, numbers, statistics.columns.get(column.name, ColumnStatistics(0)), privacy)
        if ends is not None:
            cut.append(_cut(column, numbers, few[column.name], categories, ends))
    return Calendar(tuple(own for own in cut if own is not None))


def calendar_statistics(calendar: Calendar, statistics: TableStatistics) -> TableStatistics:
    """The statistics of the virtual columns in place of those of the columns that are cut."""
    columns = dict(statistics.columns)
    for own in calendar.columns:
        known = columns.get(own.column.name)
        if known is None:
            continue
        first, *others = own.parts
        ends = own.split(pa.array([known.minimum, known.maximum], own.column.type.arrow))[0].to_pylist()
        columns[first.name] = replace(known, minimum=ends[0], maximum=ends[1], frequencies=None)
        columns.update((part.name, ColumnStatistics(known.nulls)) for part in others)
    return replace(statistics, columns=columns)


def _cut(
    column: Column, numbers: Days, few: pa.Array, categories: Categories, ends: tuple[int, int]
) -> CalendarColumn | None:
    """How one column is cut, given its numbers without nulls and a sample of its values; None if it is not."""
    present = ~null_mask(few)
    sample = to_numbers(few, column.type)[present]
    is_date = column.type.name == "date"
    if not is_date and ends[1] - ends[0] < _SHORTEST:
        return None
    time = not is_date and _times_differ(numbers, ends)
    if time and len(np.unique(sample)) <= _FEW_TIMES:
        return None
    days = sample if is_date else sample // DAY
    usual, placeholders = _usual_days(days)
    # A placeholder such as 9999-12-31 is one value to the codec of the whole column; its parts could come apart.
    if placeholders >= _PLACEHOLDER_SHARE:
        return None
    there = np.flatnonzero(present)[usual]
    every = len(there) == len(present)
    day = _cut_of_days(days[usual], cache(lambda: categories() if every else [own[there] for own in categories()]))
    return CalendarColumn(column, day, time, *ends) if day != "day" or time else None


def _cut_of_days(days: Days, categories: Categories) -> str:
    """How days are cut: by what they follow most, in their own number or in another column."""
    if len(np.unique(days)) <= _FEW_DAYS:
        return "day"
    span = int(days.max() - days.min())
    strengths = {
        by: max(excess(days, by), association(days, by, categories()))
        for by, shortest in _SHORTEST_SPAN.items()
        if span >= shortest
    }
    best = max(strengths, key=strengths.__getitem__, default="day")
    return best if strengths.get(best) else "day"


def _usual_days(days: Days) -> tuple[npt.NDArray[np.bool_], float]:
    """Which rows are left without those of days that stand out, and the share of the latter."""
    values, rows, counts = np.unique(days, return_inverse=True, return_counts=True)
    if len(values) <= _FEW_DAYS:
        return np.ones(len(days), np.bool_), 0.0
    stands_out = (counts > _FAR_MORE * np.sort(counts)[-5])[rows]
    return ~stands_out, float(stands_out.mean())


def _times_differ(numbers: Days, ends: tuple[int, int]) -> bool:
    """Whether timestamps have more than one time of day, those at the ends of the range among them."""
    times = numbers % DAY
    return bool((times != ends[0] % DAY).any()) or ends[1] % DAY != ends[0] % DAY


def _ends(column: Column, numbers: Days, statistics: ColumnStatistics, privacy: Privacy) -> tuple[int, int] | None:
    """The ends of the range as the codec of the whole column would have them; None if there are too few rows."""
    trim = privacy.trim
    last = len(numbers) - 1 - trim
    if last < trim:
        return None
    ordered = np.partition(numbers, [trim, last])
    low, high = int(ordered[trim]), int(ordered[last])
    known: Any = true_ends(column.type, statistics, privacy, 0)
    return (low, high) if known is None else (min(low, int(known[0])), max(high, int(known[1])))


def _sampled(rows: int) -> npt.NDArray[np.int64]:
    """At most `SAMPLE_ROWS` rows that lie evenly, though never in step with a cycle in the order of the rows."""
    if rows <= SAMPLE_ROWS:
        return np.arange(rows)
    starts = np.arange(SAMPLE_ROWS + 1) * rows // SAMPLE_ROWS
    return starts[:-1] + (np.random.default_rng(0).random(SAMPLE_ROWS) * np.diff(starts)).astype(np.int64)


def _category_codes(values: pa.Array) -> npt.NDArray[np.int64] | None:
    """Codes from 0 of a column of few values, null among them; None if it has many values or only one."""
    encoded = values.dictionary_encode(null_encoding="encode")
    if not 1 < len(encoded.dictionary) <= _MOST_CATEGORIES:
        return None
    return np.asarray(encoded.indices).astype(np.int64)
