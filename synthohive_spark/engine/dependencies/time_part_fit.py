"""Finding the columns that are a part of a date or time in every row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock import CLOCKS, DAY, PARTS, WEST, Clock, clock_of_hours, part_of
from synthohive_spark.engine.dependencies.combinations import plain
from synthohive_spark.engine.dependencies.time_part import BEGINS, FEW, Mask, Numbers, TimePart, begin

_ROWS, _FIRST, _FEW = 50, 12, 200
_CHANCE = 1e-9
_MOST_TIMES, _MOST_LABELS = 12, 60
_MOST_LOST = 0.5
_LABELLED = ("quarter", "weekday", "month", "hour", "day")
"""Parts of few numbers, those of fewest first: each may be known by a name."""


def find_time_parts(
    table: pa.Table, columns: Sequence[Column], given: frozenset[str], kept: frozenset[str], privacy: Privacy
) -> tuple[TimePart, ...]:
    """The columns that are a part of a time in all rows in which neither is null, at least 50 of them.

    A part is a number (up to a constant), a date or time that begins or ends what the time lies in, or any value that
    each hour, day of month, weekday, month or quarter has one of. Instants' parts are those of one clock, which is read
    off the rows. Chance is excluded: a column that has nothing to do with a time would agree with a part of it in all
    rows with a probability below one billionth. Of more than 12 times only the first are looked at.

    Args:
        table: The rows.
        columns: The columns to look at.
        given: Columns that will be given, not drawn.
        kept: Columns that are no part of a time whatever the rows say.
        privacy: How many rows a value needs that is kept.

    Returns:
        Parts of columns that are no parts themselves.
    """
    if table.num_rows < _ROWS:
        return ()
    read = {c.name: _Read(c, one_array(table.column(c.name))) for c in columns}
    times = sorted(
        (c for c in columns if c.type.is_temporal), key=lambda c: (c.type.name == "date", -read[c.name].size)
    )
    found: dict[str, TimePart] = {}
    sources: set[str] = set()
    for of in times[:_MOST_TIMES]:
        if of.name in found or read[of.name].size <= 2 * privacy.trim:
            continue
        low, high = np.sort(read[of.name].numbers[~read[of.name].missing])[[privacy.trim, -1 - privacy.trim]].tolist()
        others = [own for name, own in read.items() if name not in {of.name, *found, *kept, *sources}]
        for part in _parts_of(read[of.name], others, privacy.rare_category_rows):
            nulls = bool((read[part.column.name].missing != read[of.name].missing).any())
            learned = nulls or part.column.name in given or part.part in FEW
            found[part.column.name] = replace(part, low=low, high=high, learned=learned, nulls=nulls)
            sources.add(of.name)
    return tuple(found.values())


def may_be_months(values: pa.ChunkedArray) -> bool:
    """Whether integers may be years and months, such as 202403."""
    least, most = pc.min_max(values).as_py().values()
    return least is not None and 190_000 < least <= most < 220_000


@dataclass
class _Read:
    """A column's values."""

    column: Column
    values: pa.Array

    @cached_property
    def missing(self) -> Mask:
        return null_mask(self.values) | (~np.isfinite(self.numbers) if self.column.type.is_float else False)

    @cached_property
    def size(self) -> int:
        return int((~null_mask(self.values)).sum())

    @cached_property
    def numbers(self) -> Numbers:
        return np.asarray(to_numbers(self.values, self.column.type))

    @cached_property
    def whole(self) -> Numbers | None:
        """The values of a column of whole numbers."""
        type_ = self.column.type
        if not (type_.is_number and type_.fits_int64):
            return None
        numbers = np.where(self.missing, 0, self.numbers)
        if (np.abs(numbers.astype(np.float64)) >= 2.0**53).any() or (numbers % 10**type_.scale).any():
            return None
        return np.asarray(numbers // 10**type_.scale).astype(np.int64)

    @cached_property
    def codes(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.values.dictionary_encode(null_encoding="encode").indices).astype(np.int64)

    def is_no_accident(self, rows: Mask, free: int = 0) -> bool:
        """Whether another column would hardly ever have the same values in these rows, of which some are free."""
        shares = np.bincount(self.codes[rows]) / max(int(rows.sum()), 1)
        enough = rows.sum() >= max(_ROWS, (1 - _MOST_LOST) * (~self.missing).sum())
        return bool(enough and (rows.sum() - free) * np.log(float((shares**2).sum())) < np.log(_CHANCE))


def _parts_of(of: _Read, others: Sequence[_Read], least: int) -> Iterator[TimePart]:
    """The columns that are parts of one."""
    few = np.linspace(0, len(of.values) - 1, min(_FEW, len(of.values))).astype(np.intp)
    few = few[~of.missing[few]]
    instants = of.numbers * (DAY if of.column.type.name == "date" else 1)
    numbers = [own for own in others if own.whole is not None]
    sample = _Sample.of(numbers, few)
    best: tuple[Clock, dict[str, str]] = (Clock(), {})
    for clock in _clocks(of, instants, numbers) if numbers else ():
        fitting = sample.fitting(clock.local(instants[few]))
        if len(fitting) > len(best[1]):
            best = clock, fitting
    clock = best[0]
    local = clock.local(instants)
    shown = {part: part_of(local[few], part) for part in _LABELLED}
    begun = {part: begin(local[few], part) for part in BEGINS}
    for own in others:
        rows = ~own.missing & ~of.missing
        part = None
        if own.column.name in best[1]:
            part = _number(of, own, best[1][own.column.name], clock, local)
        if part is None and own.column.type.is_temporal:
            part = _begun(of, own, clock, few, begun)
        elif part is None and _may_be_labelled(own, few, shown):
            part = _labelled(of, own, clock, local, least)
        if part is not None and own.is_no_accident(rows, len(part.at)):
            yield part


@dataclass(frozen=True)
class _Sample:
    """Some rows of columns of whole numbers: their values, and where there is one, of shape (rows, columns)."""

    names: tuple[str, ...]
    values: Numbers
    valid: Mask

    @classmethod
    def of(cls, numbers: Sequence[_Read], rows: npt.NDArray[np.intp]) -> _Sample:
        values = np.array([own.whole[rows] for own in numbers if own.whole is not None], np.int64)
        valid = np.array([~own.missing[rows] for own in numbers], bool)
        shape = len(numbers), len(rows)
        return cls(tuple(own.column.name for own in numbers), values.reshape(shape).T, valid.reshape(shape).T)

    def fitting(self, local: Numbers) -> dict[str, str]:
        """By column, the part that it is up to a constant in these rows."""
        left = np.arange(len(self.names))
        found: dict[str, str] = {}
        for count in (_FIRST, len(local)):  # hardly a column is left after the first rows
            found = {}
            for part in PARTS if len(local) else ():
                fits = self._fits(part_of(local[:count], part), left, count)
                found |= {self.names[left[i]]: part for i in np.flatnonzero(fits) if self.names[left[i]] not in found}
            left = np.array([place for place in left if self.names[place] in found], np.intp)
            if not len(left):
                return {}
        return found

    def _fits(self, shown: Numbers, columns: npt.NDArray[np.intp], count: int) -> Mask:
        values, valid = self.values[:count, columns], self.valid[:count, columns]
        first, each = valid.argmax(axis=0), np.arange(len(columns))
        off = values - shown[:, None]
        same = ((off == off[first, each]) | ~valid).all(axis=0)
        varies = ((values != values[first, each]) & valid).any(axis=0)
        return np.asarray(same & (varies | (count < len(self.values))))


def _clocks(of: _Read, instants: Numbers, numbers: Sequence[_Read]) -> Iterator[Clock]:
    """Clocks that may show the parts, UTC first."""
    yield Clock()
    if of.column.type.name == "date":
        return
    yield from (Clock((), (ahead,)) for ahead in sorted(CLOCKS, key=abs) if ahead)
    for own in numbers:
        rows = ~own.missing & ~of.missing
        if rows.sum() >= 2 * _ROWS and own.whole is not None and len(np.unique(own.whole[rows][:_FEW])) > 2:
            shown = (clock_of_hours(instants[rows], own.whole[rows], west) for west in WEST)
            yield from (clock for clock in shown if clock is not None and clock.changes)


def _number(of: _Read, own: _Read, part: str, clock: Clock, local: Numbers) -> TimePart | None:
    rows = ~own.missing & ~of.missing
    assert own.whole is not None
    off = own.whole[rows] - part_of(local[rows], part)
    if (off != off[0]).any() or abs(int(off[0])) > 10_000:
        return None
    return TimePart(own.column, of.column, part, clock, int(off[0]))


def _begun(
    of: _Read, own: _Read, clock: Clock, few: npt.NDArray[np.intp], begun: Mapping[str, Numbers]
) -> TimePart | None:
    """A date or time that begins, or ends, what the time lies in, and is not always the time itself."""
    valid, unit = ~own.missing[few], DAY if own.column.type.name == "date" else 1
    arrays = {own.column.name: own.values, of.column.name: of.values}
    for part, starts in begun.items():
        if (own.numbers[few] != starts // unit)[valid].any():
            continue
        made = TimePart(own.column, of.column, part, clock)
        if not made.broken(arrays).any():
            both = ~own.missing & ~of.missing
            same = own.column.type == of.column.type and (own.numbers == of.numbers)[both].all()
            return None if same else made
    return None


def _may_be_labelled(own: _Read, few: npt.NDArray[np.intp], shown: Mapping[str, Numbers]) -> bool:
    """Whether a few rows show one value for each number of a part."""
    valid, codes = ~own.missing[few], own.codes[few]
    for numbers in shown.values():
        first = np.full(100, -1, np.int64)
        first[numbers[valid]] = codes[valid]
        if (first[numbers[valid]] == codes[valid]).all():
            return True
    return False


def _labelled(of: _Read, own: _Read, clock: Clock, local: Numbers, least: int) -> TimePart | None:
    """A column of which each number of a part has one value; those of too few rows are not known."""
    type_ = own.column.type
    if not (type_.is_string or type_.name == "boolean" or (type_.is_number and type_.fits_int64)):
        return None
    rows = np.flatnonzero(~own.missing & ~of.missing)
    if len(np.unique(own.codes[rows])) > _MOST_LABELS:
        return None
    for part in _LABELLED:
        if part == "hour" and of.column.type.name == "date":
            continue
        shown, firsts, places, counts = np.unique(
            part_of(local[rows], part), return_index=True, return_inverse=True, return_counts=True
        )
        codes = own.codes[rows]
        known = counts >= least
        if (codes != codes[firsts][places]).any() or len(np.unique(codes[firsts][known])) < 2:
            continue
        values = plain(own.values.take(pa.array(rows[firsts[known]])), type_)
        return TimePart(own.column, of.column, part, clock, at=tuple(shown[known].tolist()), values=tuple(values))
    return None
