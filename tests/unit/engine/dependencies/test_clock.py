"""Columns that hold a part of a date or time beside it."""

import datetime
import json
import zoneinfo

import numpy as np
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.clock import PARTS, Clock, ClockPart, find_clock_parts

INSTANT, DATE = Column("at", ColumnType("timestamp")), Column("on", ColumnType("date"))
SECOND, DAY = 1_000_000, 86_400_000_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def instants(rows=3000, years=2, seed=0):
    """Whole seconds from 2012 on."""
    start = int(datetime.datetime(2012, 1, 1, tzinfo=datetime.UTC).timestamp())
    return start * SECOND + np.random.default_rng(seed).integers(0, years * 366 * 86_400, rows) * SECOND


def shown(numbers, zone):
    """What a clock in a zone shows, by the standard library."""
    zone = zoneinfo.ZoneInfo(zone)
    return [(EPOCH + datetime.timedelta(microseconds=int(n))).astimezone(zone) for n in numbers]


BY_LIBRARY = {
    "year": lambda t: t.year,
    "quarter": lambda t: (t.month - 1) // 3 + 1,
    "month": lambda t: t.month,
    "week": lambda t: t.isocalendar().week,
    "yearday": lambda t: t.timetuple().tm_yday,
    "day": lambda t: t.day,
    "weekday": lambda t: t.weekday(),
    "weekday from Sunday": lambda t: t.isoweekday() % 7,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "second": lambda t: t.second,
    "year and month": lambda t: t.year * 100 + t.month,
    "year of the week": lambda t: t.isocalendar().year,
}


def columns(times, names, shift=0):
    return {Column(n, ColumnType("int")): np.array([BY_LIBRARY[n](t) + shift for t in times]) for n in names}


def test_every_part_is_known():
    assert set(BY_LIBRARY) == set(PARTS)


@pytest.mark.parametrize("part", [p for p in PARTS if p != "weekday from Sunday"])
def test_a_part_is_found_and_computed_as_the_library_does(part):
    numbers = instants(years=5)
    wanted = columns(shown(numbers, "UTC"), [part])
    (found,) = find_clock_parts(INSTANT, numbers, wanted)
    assert (found.part, found.shift, found.clock) == (part, 0, Clock())
    other = instants(500, 40, seed=7)
    assert found.computed(other).to_pylist() == [BY_LIBRARY[part](t) for t in shown(other, "UTC")]


@pytest.mark.parametrize(("name", "shift"), [("weekday", 1), ("weekday from Sunday", 0), ("weekday from Sunday", 1)])
def test_weekdays_are_counted_in_several_ways(name, shift):
    numbers = instants()
    (found,) = find_clock_parts(INSTANT, numbers, columns(shown(numbers, "UTC"), [name], shift))
    other = instants(500, seed=3)
    assert found.computed(other).to_pylist() == [BY_LIBRARY[name](t) + shift for t in shown(other, "UTC")]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland"])
def test_the_clock_is_read_off_the_rows(zone):
    """Hourly rows of two years, as a station writes them; in between, the clock is put forward and back."""
    numbers = np.arange(instants(1)[0] // DAY * DAY, instants(1)[0] // DAY * DAY + 600 * DAY, 3600 * SECOND)
    found = find_clock_parts(INSTANT, numbers, columns(shown(numbers, zone), ["month", "day", "hour"]))
    assert {f.part for f in found} == {"month", "day", "hour"}
    if zone == "Asia/Kolkata":  # half an hour more shows nowhere in rows at full hours
        assert {f.clock for f in found} <= {Clock((), (330,)), Clock((), (345,)), Clock((), (315,)), Clock((), (300,))}
    else:
        assert len(found[0].clock.changes) in (3, 4)
    for own in found:
        assert own.computed(numbers).to_pylist() == [BY_LIBRARY[own.part](t) for t in shown(numbers, zone)]


def test_parts_of_dates_have_no_clock():
    days = np.random.default_rng(0).integers(10_000, 20_000, 500)
    times = shown(days * DAY, "UTC")
    found = find_clock_parts(DATE, days, columns(times, ["year", "month"]))
    assert [(f.column, f.part) for f in found] == [("year", "year"), ("month", "month")]
    assert found[0].computed(np.array([0, 364, 365])).to_pylist() == [1970, 1970, 1971]


def test_one_row_that_differs_is_enough():
    numbers = instants()
    wanted = columns(shown(numbers, "UTC"), ["month"])
    next(iter(wanted.values()))[1234] += 1
    assert find_clock_parts(INSTANT, numbers, wanted) == []


def test_no_clock_is_changed_for_a_few_rows():
    """It would say when these were."""
    numbers = np.sort(instants())
    wanted = columns(shown(numbers, "UTC"), ["hour"])
    (hours,) = wanted.values()
    hours[100:119] = (hours[100:119] + 1) % 24
    assert find_clock_parts(INSTANT, numbers, wanted) == []
    hours[119] = (hours[119] + 1) % 24
    assert len(find_clock_parts(INSTANT, numbers, wanted)[0].clock.changes) == 2


def test_nothing_is_found_by_chance():
    rng = np.random.default_rng(1)
    wanted = {Column(f"c{i}", ColumnType("int")): rng.integers(0, k, 3000) for i, k in enumerate((4, 12, 24, 60, 366))}
    assert find_clock_parts(INSTANT, instants(), wanted) == []
    few = instants(99)
    assert find_clock_parts(INSTANT, few, columns(shown(few, "UTC"), ["month"])) == []


def test_a_part_comes_back_from_json_as_it_was():
    part = ClockPart("hour", ColumnType("int"), INSTANT, "hour", 1, Clock((5, 9), (60, 120, 60)))
    assert ClockPart.from_json(json.loads(json.dumps(part.to_json()))) == part
    assert part.describe() == "hour is the hour of at"
