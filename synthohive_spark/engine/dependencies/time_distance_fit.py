"""Finding the numbers that tell how far two times lie apart in every row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock import DAY
from synthohive_spark.engine.dependencies.linear_fit import digits_of
from synthohive_spark.engine.dependencies.time_distance import (
    CALENDAR,
    LARGEST,
    ROUNDINGS,
    UNITS,
    TimeDistance,
    between,
)

_ROWS, _FEW = 50, 200
_CHANCE = 1e-9
_MOST_TIMES = 12
_MOST_LOST = 0.5
_MOST_DIGITS = 6
_FARTHEST = 10_000
"""The largest number that is added to distances."""

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def find_time_distances(
    table: pa.Table, columns: Sequence[Column], given: frozenset[str], kept: frozenset[str]
) -> tuple[TimeDistance, ...]:
    """The numbers that are a distance of two times in all rows in which none is null, at least 50 of them.

    Distances are rounded down, up or to the nearest number of the column's digits, or not at all, but for a whole
    number that is added to all, such as 1 where both ends count. Chance is excluded: a number that has nothing to do
    with the times would agree in all rows with a probability below one billionth. Of more than 12 times only the first
    are looked at.

    Args:
        table: The rows.
        columns: The columns to look at.
        given: Columns that will be given, not drawn.
        kept: Columns that are no distance whatever the rows say.
    """
    times = [c for c in columns if c.type.is_temporal][:_MOST_TIMES]
    numbers = [c for c in columns if c.type.is_number and c.type.fits_int64 and c.name not in kept]
    if table.num_rows < _ROWS or len(times) < 2 or not numbers:
        return ()
    every = {c.name: one_array(table.column(c.name)) for c in (*times, *numbers)}
    few = pa.array(np.linspace(0, table.num_rows - 1, min(_FEW, table.num_rows)).astype(np.intp))
    some = {name: values.take(few) for name, values in every.items()}
    values = np.stack([to_numbers(some[c.name], c.type) / 10.0**c.type.scale for c in numbers], axis=1)
    valid = np.stack([~null_mask(some[c.name]) for c in numbers], axis=1) & np.isfinite(values)
    found: dict[str, TimeDistance] = {}
    for start, end in permutations(times, 2):
        for place, unit in _near(values, valid, start, end, some):
            column = numbers[place]
            if column.name not in found and (own := _distance(every, column, start, end, unit)) is not None:
                found[column.name] = replace(own, learned=own.learned or column.name in given)
    return tuple(found.values())


def _near(
    values: Floats, valid: Mask, start: Column, end: Column, some: dict[str, pa.Array]
) -> Iterator[tuple[int, str]]:
    """Columns that are about a distance in a few rows, less than one apart but for a constant, with the unit."""
    there = ~null_mask(some[start.name]) & ~null_mask(some[end.name])
    first, last = (_instants(some[c.name], c) for c in (start, end))
    for unit in (*CALENDAR[1:], *UNITS, CALENDAR[0]):
        far = (last - first) / UNITS[unit] if unit in UNITS else between(first, last, unit)
        rows = valid & there[:, None]
        off = values - far[:, None]
        high, low = np.where(rows, off, -np.inf).max(axis=0), np.where(rows, off, np.inf).min(axis=0)
        enough = rows.sum(axis=0) >= min(_FEW // 10, len(rows))
        good = enough & (np.abs(low) <= _FARTHEST) & (high - low <= (1 + 1e-6 if unit in UNITS else 0))
        yield from ((int(place), unit) for place in np.flatnonzero(good))


def _distance(every: dict[str, pa.Array], column: Column, start: Column, end: Column, unit: str) -> TimeDistance | None:
    arrays = {c.name: every[c.name] for c in (column, start, end)}
    gone, missing = null_mask(arrays[column.name]), null_mask(arrays[start.name]) | null_mask(arrays[end.name])
    rows = ~gone & ~missing
    counts = np.unique(to_numbers(arrays[column.name], column.type)[rows], return_counts=True)[1]
    shares = counts / max(int(rows.sum()), 1)
    if rows.sum() < max(_ROWS, (1 - _MOST_LOST) * (~gone).sum()):
        return None
    if rows.sum() * np.log(max(float((shares**2).sum()), 1e-300)) > np.log(_CHANCE):
        return None
    if max(np.abs(_instants(arrays[c.name], c)[rows]).max() for c in (start, end)) > LARGEST:
        return None
    digits = digits_of(arrays[column.name], column.type)
    if digits > _MOST_DIGITS:
        return None
    roundings = ROUNDINGS if unit in UNITS and digits >= 0 else ROUNDINGS[:1]
    learned = bool((gone != missing).any())
    plain = [TimeDistance(column, start, end, unit, rounding, digits, learned=learned) for rounding in roundings]
    near = _shift(plain[0], {name: values.slice(int(rows.argmax()), 1) for name, values in arrays.items()})
    for shift in sorted((near - 1, near, near + 1), key=abs):
        for own in (replace(own, shift=shift) for own in plain):
            if not own.broken({n: v.slice(0, _FEW) for n, v in arrays.items()}).any() and not own.broken(arrays).any():
                return own
    return None


def _shift(own: TimeDistance, row: dict[str, pa.Array]) -> int:
    """The whole number next to what a row's number is larger by than the distance."""
    values, (start, end) = row[own.column.name], (_instants(row[c.name], c) for c in (own.start, own.end))
    number = float(to_numbers(values, own.column.type)[0]) / 10.0**own.column.type.scale
    off = number - float(own.computed(start, end)[0]) / 10.0 ** max(own.digits, 0)
    return round(off) if abs(off) <= _FARTHEST else 0


def _instants(values: pa.Array, column: Column) -> npt.NDArray[np.int64]:
    return to_numbers(values, column.type) * (DAY if column.type.name == "date" else 1)
