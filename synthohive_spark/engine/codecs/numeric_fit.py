"""Fitting a numeric codec: spikes, quantile table, step."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import (
    BY_VALUE,
    Numbers,
    decimal_shift,
    to_numbers,
    unscaled,
    with_exponent,
    without_exponent,
    zeros_of,
)
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.numeric_common import SPECIALS, is_special
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.table_statistics import ColumnStatistics

SPIKE_SHARE = 0.01
BINS = 8
KNOTS = 1024
_ROWS_PER_BIN = 10
_NEARLY_ALL = 0.95
_MANY, MOST_OF_THINGS = 0.9, 0.5
"""Share of the rows of names whose values enough rows hold; less will do of what is called a zip code or the like."""
_ROWS_OF_A_NAME, ROWS_OF_A_CODE = 20, 5
"""Rows of a value on average, from which on numbers are names; fewer will do of what is called a code."""
_ROOM = 10
OF_THINGS = re.compile(r"zip|post_?(al|code)|plz|fips|naics|isic|icd", re.IGNORECASE)
"""In names of columns whose values, however few rows hold each, are not those of people."""
_CODE = re.compile(f"{OF_THINGS.pattern}|code", re.IGNORECASE)
_KEY = re.compile(r"(^|_)(id|key|no|nr|number|ID|KEY|NO|NR|NUMBER)$|[a-z](Id|ID|Key|No|Nr|Number)$")
_DIGITS = 8
_EXACT = 2.0**53


def fit_numeric(sample: ColumnSample) -> NumericCodec:
    """Fit a codec; one without any code means that the settings left no value."""
    type_, statistics, privacy = sample.column.type, sample.statistics, sample.privacy
    numbers, fields = read_numbers(type_, sample.values, privacy)
    values, counts = np.unique(numbers, return_counts=True)
    held = values[counts >= max(privacy.min_rows, 3)]
    named = len(held) > 0 and (sample.named or _are_names(sample.column, numbers, counts, privacy.min_rows))
    spikes = held if named else _spikes(numbers, privacy.min_rows, sample.most_values)
    rest = numbers[:0] if named else numbers[~np.isin(numbers, spikes)]
    knots, grid = _quantile_table(rest, privacy, true_ends(type_, statistics, privacy, fields["shift"]))
    step = step_of(numbers, knots, type_)
    bins = max(1, min(BINS, len(rest) // _ROWS_PER_BIN)) if len(knots) else 0
    by_value = fields["shift"] == BY_VALUE
    return NumericCodec(
        spikes=tuple(spikes.tolist()),
        exact=_exact(sample.values.drop_null(), spikes, privacy.min_rows) if by_value else (),
        zeros=zeros_of(rest) if by_value else 0,
        knots=tuple(knots.tolist()),
        grid=tuple(grid.tolist()),
        bins=bins,
        step=step,
        unit=unit_of(numbers, knots, step) if type_.is_float else 1,
        **fields,
    )


def read_numbers(type_: ColumnType, values: pa.Array, privacy: Privacy) -> tuple[Numbers, dict[str, Any]]:
    """The finite numbers among ``values``, sorted, and the fields that all codecs of numbers have."""
    present = values.drop_null()
    shift = decimal_shift(present) if type_.name == "decimal" else 0
    numbers = to_numbers(present, type_, shift)
    specials: tuple[str, ...] = ()
    if type_.is_float:
        at_least = privacy.min_rows
        specials = tuple(name for name in SPECIALS if np.count_nonzero(is_special(numbers, name)) >= at_least)
        apart = is_special(numbers, "-0.0") if "-0.0" in specials else False
        numbers = numbers[np.isfinite(numbers) & ~np.asarray(apart)] + 0.0  # a seldom minus zero becomes zero
    return np.sort(numbers), {
        "type": type_,
        "has_null": bool(null_mask(values).any()),
        "specials": specials,
        "shift": shift,
        "bounds": _bounds(present, privacy) if shift else None,
    }


def _are_names(column: Column, numbers: Numbers, counts: npt.NDArray[np.int64], at_least: int) -> bool:
    """Whether numbers repeat though there is room for many more between them, such as zip codes and price points.

    At most a tenth of the rows hold rare ones, of what is called a zip code or the like half of them: these are left
    out, where of numbers any between two others would come out.

    Of what is called a key nothing is said: its values may be those of people.
    """
    rows = ROWS_OF_A_CODE if _CODE.search(column.name) else _ROWS_OF_A_NAME
    if rows * len(counts) > len(numbers) or len(counts) < 2 or _KEY.search(column.name):
        return False
    enough = MOST_OF_THINGS if OF_THINGS.search(column.name) else _MANY
    kept = counts[counts >= at_least].sum() >= enough * len(numbers)
    return bool(kept and _ROOM * len(counts) <= _places(numbers, column.type))


def _spikes(numbers: Numbers, at_least: int, most_values: int) -> Numbers:
    """Values that hold a noticeable share of the column; the only value of a column is one, too.

    All values that enough rows hold are, where they are few and nearly the whole column.
    """
    values, counts = np.unique(numbers, return_counts=True)
    if len(values) == 1:
        return values[counts >= at_least]
    held = counts >= max(at_least, 3)
    if held.sum() <= most_values and counts[held].sum() >= _NEARLY_ALL * len(numbers):
        return values[held]
    # A handful of rows may agree by chance, so a share alone would make spikes of everything in a short column.
    return values[counts >= max(SPIKE_SHARE * len(numbers), at_least, 3)]


def _exact(values: pa.Array, spikes: Numbers, at_least: int) -> tuple[int, ...]:
    """The unscaled value that most rows hold of those that count as each spike; the spike's own if too few do."""
    counts = Counter(unscaled(values))
    found: dict[int, int] = {}
    for value, rows in counts.most_common():
        if rows >= at_least:
            found.setdefault(with_exponent(value), value)
    return tuple(found.get(spike, without_exponent(spike)) for spike in spikes.tolist())


def _places(numbers: Numbers, type_: ColumnType) -> float:
    """How many values there could be in the range of numbers; 0 of floats of any value."""
    if not len(numbers):
        return 0
    step = step_of(numbers, numbers[:0], type_)
    if type_.is_float:
        apart = unit_of(numbers, numbers[:0], step) * 10.0**-step if step >= 0 else np.inf
        return float((numbers[-1] - numbers[0]) / apart)
    return (int(numbers[-1]) - int(numbers[0])) / step


def true_ends(
    type_: ColumnType, statistics: ColumnStatistics, privacy: Privacy, shift: int
) -> tuple[float | int, float | int] | None:
    """The true ends of the range over all rows, where the settings allow to keep them and they are known."""
    if privacy.extreme_rows or shift or statistics.minimum is None or statistics.maximum is None:
        return None
    low, high = to_numbers(pa.array([statistics.minimum, statistics.maximum], type_.arrow), type_)
    return low, high


def _quantile_table(
    rest: Numbers, privacy: Privacy, ends: tuple[float | int, float | int] | None
) -> tuple[Numbers, npt.NDArray[np.float64]]:
    """Knots at quantiles of sorted values, with their ranks.

    Knots lie evenly in rank and, towards both ends, ever closer, since a sparse tail bends most there. Neighbours have
    at least ``rare_category_rows`` rows between them, and the first and the last are the values of rank
    ``extreme_rows`` from the ends. What lies beyond counts as these, so both come twice, and between them lie the ranks
    of all such rows.
    """
    trim = privacy.trim
    last = len(rest) - 1 - trim
    if last < trim:
        return rest[:0], np.empty(0)
    width = last - trim
    tail = width / KNOTS * 2.0 ** -np.arange(0, 12)
    wanted = np.concatenate([np.linspace(0, width, KNOTS), tail, width - tail])
    rows = np.unique(np.floor(wanted).astype(np.int64))
    rows = _spread(rows, privacy.min_rows) + trim
    knots = rest[rows].copy()
    if ends is not None:
        knots[0], knots[-1] = min(knots[0], ends[0]), max(knots[-1], ends[1])
    if not width:
        return knots, np.zeros(1)
    if trim:
        knots, rows = knots[[0, *range(len(knots)), -1]], np.array([0, *rows, len(rest) - 1])
    return knots, rows / (len(rest) - 1)


def _spread(rows: npt.NDArray[np.int64], gap: int) -> npt.NDArray[np.int64]:
    """Drop rows until neighbours are more than ``gap`` apart; the first and, if there is room, the last one stay."""
    kept = [int(rows[0])]
    for row in rows[1:]:
        if row - kept[-1] > gap:
            kept.append(int(row))
    if kept[-1] != rows[-1] and len(kept) > 1:
        kept[-1] = int(rows[-1])
    return np.array(kept)


def step_of(numbers: Numbers, others: Numbers, type_: ColumnType) -> int:
    """The step of `NumericCodec`, for ``numbers`` and ``others`` that its codec can make."""
    return _digits(numbers, type_) if type_.is_float else _step(numbers, others)


def unit_of(numbers: Numbers, knots: Numbers, digits: int) -> int:
    """How many of their last digit all distances between floats are a multiple of."""
    units = np.concatenate([numbers, knots]) * 10.0 ** max(digits, 0)
    return _step(np.rint(units).astype(np.int64), knots[:0]) if digits >= 0 and _all_exact(units) else 1


def _all_exact(units: Numbers) -> bool:
    return bool(len(units)) and float(np.abs(units).max()) < _EXACT


def _step(numbers: Numbers, knots: Numbers) -> int:
    """The greatest whole number that divides all distances between values."""
    every = np.concatenate([numbers, knots]).astype(np.int64)
    if not len(every):
        return 1
    distances = np.unique(every.view(np.uint64) - every.min().view(np.uint64))
    return int(np.gcd.reduce(distances)) or 1


def _digits(numbers: Numbers, type_: ColumnType) -> int:
    """Fewest decimal digits that show every value exactly; -1 if more than eight are needed."""
    small = np.float32 if type_.name == "float" else np.float64
    for digits in range(_DIGITS + 1):
        with np.errstate(over="ignore"):
            if np.array_equal(np.round(numbers, digits).astype(small), numbers.astype(small)):
                return digits
    return -1


def _bounds(values: pa.Array, privacy: Privacy) -> tuple[int, int] | None:
    exact = sorted(unscaled(values))
    trim = privacy.trim
    if len(exact) <= 2 * trim:
        return (exact[0], exact[-1]) if exact and exact[0] == exact[-1] else None
    return exact[trim], exact[len(exact) - 1 - trim]
