"""Moving times to where what is computed from them has the values that are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.dependencies.clock import DAY, HOUR, part_of
from synthohive_spark.engine.dependencies.time_distance import Timed, TimeDistance, later
from synthohive_spark.engine.dependencies.time_part import (
    BEGINS,
    FEW,
    Mask,
    Numbers,
    TimePart,
    begin,
    instants_of,
    same,
)

Join = Callable[
    [Mapping[str, pa.Array], Mapping[str, pa.Array], Mapping[str, Mask]], tuple[dict[str, pa.Array], dict[str, Mask]]
]
_TIMES = {"hour": HOUR, "minute": 60_000_000, "second": 1_000_000}
_ABSOLUTE = ("year", "year and month", *BEGINS)
_LENGTHS = {"start of year": 366, "start of quarter": 92, "start of month": 31, "start of week": 7, "date": 1}
"""Days that lie, at most, after what begins a time."""
_STARTS = {"year": "start of year", "year and month": "start of month", "end of month": "start of month"}
_FARTHEST = 2_200
"""Days within which each week and each day of a year comes."""


def _both_ways(farthest: int, by: int = 1) -> tuple[int, ...]:
    return tuple(sign * step * by for step in range(1, farthest + 1) for sign in (1, -1))


_STEPS = {
    "hour": _both_ways(12),
    "quarter": _both_ways(4, 3),
    "month": _both_ways(12),
    "day": _both_ways(30),
    "weekday": _both_ways(13),
    "weekday from Sunday": _both_ways(13),
}
_PERIODS = {"hour": 24, "quarter": 4, "month": 12, "weekday": 7, "weekday from Sunday": 7}


def joined_times(
    join: Join,
    apart: Collection[str],
    timed: Sequence[Timed],
    drawn: Mapping[str, pa.Array],
    given: Mapping[str, pa.Array],
    fixed: Mapping[str, Mask],
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """Drawn columns in order, with times that suit the parts and distances that are given, and parts that were drawn.

    Args:
        join: Puts columns in order.
        apart: The columns that it puts in place.
        timed: What is computed from times.
        drawn: The drawn columns by name.
        given: Given columns by name.
        fixed: By given column, in which rows it is given.

    Returns:
        The columns, and the rows in which they must not change any more.
    """
    if not timed:
        return join(drawn, given, fixed)
    loose = [own for own in timed if isinstance(own, TimePart) and own.of.name not in apart]
    bound = [own for own in timed if own not in loose]
    moved, firm = suit_times(drawn, loose, fixed)
    start = _suit_drawn({**drawn, **moved}, loose, {**fixed, **firm})
    arrays, firm = join(start, given, {**fixed, **firm})
    moved, more = suit_times(arrays, bound, firm)
    if moved:
        firm |= more
        start |= {name: values for name, values in moved.items() if name not in apart}
        arrays, _ = join(start, {**given, **moved}, {name: firm[name] for name in (*given, *moved)})
    return _suit_drawn(arrays, bound, firm), firm


def told_by_times(
    arrays: Mapping[str, pa.Array], timed: Sequence[Timed], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns with what times tell, where it is not given."""
    made = dict(arrays)
    for own in timed:
        made = own.applied(made, given)
    return made


def suit_relations(
    arrays: dict[str, pa.Array],
    timed: Sequence[Timed],
    given: dict[str, Mask],
    related: Callable[[Mapping[str, pa.Array], Mapping[str, Mask]], dict[str, pa.Array]],
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """The columns with times that suit what is given, also of what parts and distances are in a relation with.

    Args:
        arrays: The columns by name.
        timed: What is computed from times.
        given: The rows in which a column must not change.
        related: Makes relations hold, changing what is not given.

    Returns:
        The columns, and the rows in which they must not change any more.
    """
    if not timed:
        return arrays, given
    told = told_by_times(arrays, timed, given)
    asked, fixed, start = related(told, given), dict(given), dict(arrays)
    for name in {own.column.name for own in timed} & told.keys():
        changed = ~same(told[name], asked[name]) & ~null_mask(told[name])
        if changed.any():
            start[name] = asked[name]
            fixed[name] = fixed.get(name, np.zeros_like(changed)) | changed
    moved, firm = suit_times(start, timed, fixed)
    return {**start, **moved}, {**fixed, **firm}


def _suit_drawn(
    arrays: Mapping[str, pa.Array], timed: Sequence[Timed], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns with times moved, within their range, to where the parts that were drawn have their values.

    A part is no longer met where a later one could not be met otherwise, nor where no time nearby meets it.
    """
    result = dict(arrays)
    parts = [own for own in timed if isinstance(own, TimePart) and own.learned and own.part in FEW]
    for name in dict.fromkeys(own.of.name for own in parts if own.of.name in arrays):
        values = result[name]
        of_one = sorted((own for own in parts if own.of.name == name), key=lambda own: FEW.index(own.part))
        of_one = [own for own in of_one if own.column.name in arrays]
        rows = np.flatnonzero(~null_mask(values) & ~given.get(name, np.zeros(len(values), bool)))
        if len(rows) and of_one:
            drawn = {own: arrays[own.column.name].take(pa.array(rows)) for own in of_one}
            times = to_numbers(values, of_one[0].of.type).copy()
            times[rows] = _near_drawn(times[rows], drawn)
            result[name] = from_numbers(times, null_mask(values), of_one[0].of.type)
    return result


def _near_drawn(times: Numbers, drawn: Mapping[TimePart, pa.Array]) -> Numbers:
    best, done = times.copy(), list[TimePart]()
    for own, wanted in drawn.items():
        left = np.flatnonzero(~null_mask(wanted) & ~(same(own.computed(best), wanted) & own.known(best)))
        if (straight := _straight(own, best[left], wanted.take(pa.array(left)), done)) is not None:
            left = _stepped_to(drawn, own, done, best, left, straight[:, None])
        _stepped_to(drawn, own, done, best, left, np.tile(_STEPS[own.part], (len(left), 1)))
        done.append(own)
    return best


def _stepped_to(
    drawn: Mapping[TimePart, pa.Array],
    own: TimePart,
    done: Sequence[TimePart],
    times: Numbers,
    rows: npt.NDArray[np.intp],
    steps: Numbers,
) -> npt.NDArray[np.intp]:
    """Move times, in place, by the first of some steps that leads to a part's drawn value and changes no part before.

    Args:
        drawn: The values of all parts.
        own: The part.
        done: Parts that stay.
        times: All times.
        rows: Those to move.
        steps: To be tried for each of these, shape (rows, steps).

    Returns:
        The rows for which none does.
    """
    if not len(rows):
        return rows
    every = np.repeat(rows, steps.shape[1])
    local = own.local(times[every])
    moved = (_stepped(local, own.part, steps.ravel()) - local) // own.unit + times[every]
    good = same(own.computed(moved), drawn[own].take(pa.array(every))) & (moved >= own.low) & (moved <= own.high)
    for part in drawn:
        good &= part.known(moved)
    for part in done:
        good &= same(part.computed(moved), part.computed(times[every]))
    good, moved = good.reshape(steps.shape), moved.reshape(steps.shape)
    first, met = good.argmax(axis=1), good.any(axis=1)
    times[rows[met]] = moved[met, first[met]]
    left: npt.NDArray[np.intp] = rows[~met]
    return left


def _straight(own: TimePart, times: Numbers, wanted: pa.Array, done: Sequence[TimePart]) -> Numbers | None:
    """The step that leads each time to the nearest one with a part's value, where arithmetic tells it."""
    if own.part == "day" and not any(part.part == "month" for part in done):
        return None
    away = own.number_of(wanted) - part_of(own.local(times), own.part)
    if own.part == "day":
        return away
    period = _PERIODS[own.part]
    nearest = period // 2 - (period // 2 - away) % period
    return nearest * 3 if own.part == "quarter" else nearest


def _stepped(local: Numbers, part: str, steps: Numbers) -> Numbers:
    """Times of clocks some hours, days or months away: another hour of the same day, another day of the same month."""
    if part == "hour":
        return local // DAY * DAY + (local + steps * HOUR) % DAY
    if part in ("month", "quarter"):
        return later(local, steps.astype(np.float64), "calendar months")
    return local + steps * DAY


def suit_times(
    arrays: Mapping[str, pa.Array], timed: Sequence[Timed], given: Mapping[str, Mask]
) -> tuple[dict[str, pa.Array], dict[str, Mask]]:
    """Times, each as near as can be to where the parts and distances that are given have their values.

    All parts of a time that are given are met together. Of a distance, the end moves, or where it may not, the start.
    A time whose part has no known value moves to the next that has one.

    Args:
        arrays: The columns by name.
        timed: What is computed from times.
        given: The rows in which a column must not change.

    Returns:
        The times that moved or that what is given speaks of, and the rows in which they must not change any more.
    """
    result, firm = dict(arrays), dict(given)
    told = {own.column.name for own in timed}
    parts: dict[str, list[TimePart]] = {}
    for own in timed:
        if isinstance(own, TimePart) and own.of.name in arrays:
            parts.setdefault(own.of.name, []).append(own)
    changed: dict[str, Mask] = {}
    for name, of_one in parts.items():
        rows = _suit_parts(result, of_one, firm)
        if rows.any():
            changed[name] = rows
            firm[name] = firm.get(name, np.zeros_like(rows)) | rows
    for own in timed:
        if isinstance(own, TimeDistance) and own.column.name in given and own.column.name in arrays:
            for name, rows in own.suited(result, firm, told).items():
                changed[name] = changed.get(name, np.zeros_like(rows)) | rows
                firm[name] = firm.get(name, np.zeros_like(rows)) | rows
    return {name: result[name] for name in changed}, {name: firm[name] for name in changed}


def _suit_parts(result: dict[str, pa.Array], parts: Sequence[TimePart], given: Mapping[str, Mask]) -> Mask:
    """Move one time, in place, and say in which rows it moved or is told by what is given."""
    of = parts[0].of
    values = result[of.name]
    missing, none = null_mask(values), np.zeros(len(values), bool)
    times = to_numbers(values, of.type).copy()
    unknown = np.logical_or.reduce([~own.known(times) for own in parts])
    asked = [
        (own, result[own.column.name], given[own.column.name] & ~null_mask(result[own.column.name]))
        for own in parts
        if own.column.name in given and own.column.name in result
    ]
    told = np.logical_or.reduce([none, unknown, *(mask for _, _, mask in asked)])
    told &= ~missing & ~given.get(of.name, none)
    rows = np.flatnonzero(told)
    if len(rows):
        chosen = [(own, wanted.take(pa.array(rows)), mask[rows]) for own, wanted, mask in asked]
        times[rows] = _moved(times[rows], parts, chosen)
        result[of.name] = from_numbers(times, missing, of.type)
    return np.asarray(told)


Asked = Sequence[tuple[TimePart, pa.Array, Mask]]


def _moved(times: Numbers, parts: Sequence[TimePart], asked: Asked) -> Numbers:
    """Times where all parts have known values, and those that are asked for."""
    local, clock = parts[0].local(times), parts[0]
    ahead = local - times * clock.unit
    # Coarse parts say from where finer ones are looked for.
    coarse = sorted((a for a in asked if a[0].part in _ABSOLUTE and not a[0].at), key=lambda a: _days(a[0].part))
    base = local
    for own, wanted, mask in reversed(coarse):
        base = np.where(mask, _into(base, _begins(own, wanted), _STARTS.get(own.part, own.part)), base)
    for own, wanted, mask in asked:
        if own.part in _TIMES and not own.at:
            more = to_numbers(wanted, own.column.type) // 10**own.column.type.scale
            off = more.astype(np.int64) - own.shift - base // _TIMES[own.part] % (24 if own.part == "hour" else 60)
            base = np.where(mask, base + off * _TIMES[own.part], base)
    named = any(own.at and own.part == "hour" for own in parts)
    hours = [sign * k * HOUR for k in range(1, 24) for sign in (1, -1)] if named else []
    days = (sign * k * DAY for k in range(1, _FARTHEST) for sign in (1, -1))
    best, left = (base - ahead) // clock.unit, np.ones(len(times), bool)
    for step in chain([0], hours, _with_hours(days, hours)):
        rows = np.flatnonzero(left)
        if not len(rows):
            break
        own_times = (base + step - ahead)[rows] // clock.unit
        good = _meets(own_times, parts, asked, rows)
        best[rows[good]] = own_times[good]
        left[rows[good]] = False
    return best


def _with_hours(days: Iterator[int], hours: Sequence[int]) -> Iterator[int]:
    for day in days:
        yield day
        yield from (day + hour for hour in hours if abs(day) == DAY)


def _meets(times: Numbers, parts: Sequence[TimePart], asked: Asked, rows: Numbers) -> Mask:
    good = np.logical_and.reduce([own.known(times) for own in parts])
    for own, wanted, mask in asked:
        good &= ~mask[rows] | same(own.computed(times), wanted.take(pa.array(rows)))
    return np.asarray(good)


def _days(part: str) -> int:
    return _LENGTHS.get(_STARTS.get(part, part), 0)


def _begins(own: TimePart, wanted: pa.Array) -> Numbers:
    """When the years, months or days that a part asks for begin, in microseconds."""
    type_ = own.column.type
    numbers = to_numbers(wanted, type_)
    if own.part in BEGINS:
        return numbers * (DAY if type_.name == "date" else 1)
    numbers = np.clip(numbers // 10**type_.scale - own.shift, 0, 999_912).astype(np.int64)
    months = numbers * 12 if own.part == "year" else numbers // 100 * 12 + numbers % 100 - 1
    return instants_of((months - 1970 * 12).astype("datetime64[M]"))


def _into(local: Numbers, times: Numbers, start: str) -> Numbers:
    """Times as far behind the start of others as they lie behind their own, or at the latest possible."""
    first, after = begin(times, start), local - begin(local, start)
    made = first + after
    for _ in range(3):  # the last days of a longer month are those of a shorter one
        made = np.where(begin(made, start) > first, made - DAY, made)
    return np.where(begin(made, start) == first, made, first)
