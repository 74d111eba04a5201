"""Columns that are parts of times, and numbers that are distances of two of them."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.clock import Clock
from synthohive_spark.engine.dependencies.time_distance import TimeDistance
from synthohive_spark.engine.dependencies.time_part import TimePart
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000
STAMP, DATE = "timestamp_ntz", "date"


def rng(seed=0):
    return np.random.default_rng(seed)


def stamps(seed=0, days=1200, start="2020-01-01"):
    return pd.Series(pd.Timestamp(start) + pd.to_timedelta(rng(seed).integers(0, days * 86_400, ROWS), "s"))


def as_stamps(values):
    return STAMP, pa.array(values.astype("datetime64[us]"), pa.timestamp("us"), from_pandas=True)


def as_dates(values):
    return DATE, pa.array([None if pd.isna(v) else v.date() for v in values], pa.date32())


PARTS = {
    "year": ("int", lambda t: t.dt.year, "y is the year of t"),
    "short year": ("tinyint", lambda t: t.dt.year - 2000, "y is the year of t"),
    "quarter": ("double", lambda t: t.dt.quarter.astype(float), "y is the quarter of t"),
    "month": ("decimal(12,0)", lambda t: t.dt.month, "y is the month of t"),
    "month from 0": ("int", lambda t: t.dt.month - 1, "y is the month of t"),
    "day": ("int", lambda t: t.dt.day, "y is the day of t"),
    "hour": ("int", lambda t: t.dt.hour, "y is the hour of t"),
    "minute": ("int", lambda t: t.dt.minute, "y is the minute of t"),
    "week": ("bigint", lambda t: t.dt.isocalendar().week.astype(int), "y is the week of t"),
    "yearday": ("int", lambda t: t.dt.dayofyear, "y is the yearday of t"),
    "weekday from 1": ("int", lambda t: t.dt.dayofweek + 1, "y is the weekday of t"),
    "weekday from Saturday": ("int", lambda t: (t.dt.dayofweek + 2) % 7, "y follows the weekday of t"),
    "weekday's name": ("string", lambda t: t.dt.day_name().str[:2], "y follows the weekday of t"),
    "weekend": ("boolean", lambda t: t.dt.dayofweek > 4, "y follows the weekday of t"),
    "month's name": ("string", lambda t: t.dt.month_name(), "y follows the month of t"),
    "shift": ("string", lambda t: np.where(t.dt.hour.between(6, 21), "day", "night"), "y follows the hour of t"),
    "yyyymm": ("int", lambda t: t.dt.year * 100 + t.dt.month, "y is the year and month of t"),
    "first of month": (None, lambda t: as_dates(t.dt.to_period("M").dt.to_timestamp()), "y is the start of month of t"),
    "last of month": (None, lambda t: as_dates(t + pd.offsets.MonthEnd(0)), "y is the end of month of t"),
    "Monday": (None, lambda t: as_dates(t - pd.to_timedelta(t.dt.dayofweek, "D")), "y is the start of week of t"),
    "full hour": (None, lambda t: as_stamps(t.dt.floor("h")), "y is the start of hour of t"),
    "date": (None, as_dates, "y is the date of t"),
}


PERIODS = {
    "ISO week": (lambda t: f"{t.isocalendar()[0]}-W{t.isocalendar()[1]:02d}", "week"),
    "week without zeros": (lambda t: f"KW {t.isocalendar()[1]}/{t.isocalendar()[0]}", "week"),
    "quarter": (lambda t: f"{t.year}-Q{t.quarter}", "quarter"),
    "French quarter": (lambda t: f"T{t.quarter} {t.year}", "quarter"),
    "month": (lambda t: f"{t:%m/%Y}", "month"),
    "year and month": (lambda t: f"{t.year}M{t.month:02d}", "month"),
}


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("kind", ["date", "stamp", "text"])
@pytest.mark.parametrize("nulls", [False, True])
def test_weeks_months_and_quarters_in_text_are_those_of_the_time_beside_them(name, kind, nulls):
    period, unit = PERIODS[name]
    times = stamps(days=25 * 365, start="1998-12-20")
    x = [period(t) for t in times]
    t = times.mask(rng(3).random(ROWS) < 0.1) if nulls else times
    x = [None if nulls and out else own for own, out in zip(x, rng(4).random(ROWS) < 0.2, strict=True)]
    text = ("string", [None if pd.isna(v) else f"{v:%d.%m.%Y}" for v in t])
    values = {"x": ("string", x), "t": {"date": as_dates, "stamp": as_stamps, "text": lambda _: text}[kind](t)}
    found, table, drawn = scrambled(values)
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    assert f"x is the start of {unit} of t" in count_broken(found, table)
    rows = [row for row in drawn.to_pylist() if None not in row.values()]
    assert len(rows) > ROWS / 2
    assert all(row["x"] == period(pd.to_datetime(row["t"], dayfirst=True)) for row in rows)
    _, _, drawn = scrambled(values, given={"x": [period(times[0])] * ROWS})
    made = [pd.to_datetime(row["t"], dayfirst=True) for row in drawn.to_pylist() if row["t"]]
    assert {period(t) for t in made} == {period(times[0])}


def test_periods_with_no_time_of_theirs_are_the_few_values_that_they_are():
    times, others = stamps(1), stamps(2)
    for t in (as_dates(times), ("string", [f"{v:%d.%m.%Y}" for v in times])):
        found, _, _ = scrambled({"x": ("string", [f"{v.year}-Q{v.quarter}" for v in others]), "t": t})
        assert not any(own.column.name == "x" for own in found.written)


def part_of(times, name):
    """The part of times that are there, by pandas."""
    kind, made, _ = PARTS[name]
    own = made(times.fillna(times.min()))
    own = own if kind is None else (kind, pa.array(np.asarray(own)).cast(ColumnType.parse(kind).arrow))
    return own[0], pc.if_else(pa.array(times.notna()), own[1], pa.scalar(None, own[1].type))


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("nulls", [False, True])
def test_a_part_of_a_time_is_found_and_made(name, nulls):
    t = stamps()
    t = t.mask(rng(3).random(ROWS) < 0.1) if nulls else t
    values = {"t": as_stamps(t), "y": part_of(t, name), "x": ("double", rng(1).normal(size=ROWS))}
    found, table, drawn = scrambled(values)
    assert PARTS[name][2] in count_broken(found, table)
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    assert drawn["y"].null_count == drawn["t"].null_count == t.isna().sum()
    assert drawn["y"].combine_chunks().equals(part_of(drawn["t"].to_pandas(), name)[1])


DISTANCES = {
    "seconds": ("bigint", lambda s, e: (e - s).dt.total_seconds(), "y = seconds from s to e, rounded down"),
    "minutes, rounded": (
        "int",
        lambda s, e: ((e - s).dt.total_seconds() / 60).round(),
        "y = minutes from s to e, rounded",
    ),
    "minutes, up": (
        "int",
        lambda s, e: np.ceil((e - s).dt.total_seconds() / 60),
        "y = minutes from s to e, rounded up",
    ),
    "hours": ("double", lambda s, e: ((e - s).dt.total_seconds() / 3600).round(1), "y = hours from s to e, rounded"),
    "hours, exact": ("double", lambda s, e: (e - s).dt.total_seconds() / 3600, "y = hours from s to e"),
    "days": ("int", lambda s, e: (e - s).dt.days, "y = days from s to e, rounded down"),
    "nights": ("int", lambda s, e: (e.dt.normalize() - s.dt.normalize()).dt.days, "y = midnights from s to e"),
    "both days": (
        "int",
        lambda s, e: (e.dt.normalize() - s.dt.normalize()).dt.days + 1,
        "y = midnights from s to e + 1",
    ),
    "days, from -2": ("int", lambda s, e: (e - s).dt.days - 2, "y = days from s to e - 2, rounded down"),
    "hours from 30": ("double", lambda s, e: (e - s).dt.total_seconds() / 3600 + 30, "y = hours from s to e + 30"),
}


@pytest.mark.parametrize("type_", ["int", "double", "decimal(10,2)"])
@pytest.mark.parametrize("more", [1, -1, 2, 30])
def test_a_number_that_is_added_to_whole_days_is_told(type_, more):
    start, far = stamps(days=300).dt.normalize(), rng(1).integers(0, 40, ROWS)
    values = {
        "s": as_dates(start),
        "e": as_dates(start + pd.to_timedelta(far, "D")),
        "y": (
            type_,
            pa.array(pd.Series(far + more).map(Decimal if "decimal" in type_ else float)).cast(
                ColumnType.parse(type_).arrow
            ),
        ),
    }
    found, table, drawn = scrambled(values)
    text = f"y = days from s to e {'+' if more > 0 else '-'} {abs(more)}, rounded down"
    assert count_broken(found, table) == count_broken(found, drawn) == {"e >= s": 0, text: 0}
    d = drawn.to_pandas()
    assert ((pd.to_datetime(d.e) - pd.to_datetime(d.s)).dt.days + more == d.y.astype(float)).all()
    asked, _, drawn = scrambled(values, given={"y": table["y"].take(pa.array([0] * ROWS))})
    assert set(count_broken(asked, drawn).values()) == {0}


def test_days_with_some_that_are_one_more_are_no_distance():
    start, far = stamps(days=300).dt.normalize(), rng(1).integers(0, 40, ROWS)
    values = {
        "s": as_dates(start),
        "e": as_dates(start + pd.to_timedelta(far, "D")),
        "y": ("int", far + (rng(2).random(ROWS) < 0.02)),
    }
    assert not scrambled(values)[0].relations.timed


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("nulls", [False, True])
def test_a_distance_of_times_is_found_and_made(name, nulls):
    start = stamps()
    end = start + pd.to_timedelta(rng(1).gamma(1.5, 200_000, ROWS).astype(int), "s")
    end = end.mask(rng(3).random(ROWS) < 0.2) if nulls else end
    type_, made, text = DISTANCES[name]
    own = pd.Series(np.asarray(made(start, end), float))
    found, table, drawn = scrambled(
        {"s": as_stamps(start), "e": as_stamps(end), "y": (type_, own.astype(object).where(own.notna(), None))}
    )
    assert count_broken(found, table) == count_broken(found, drawn) == {"e >= s": 0, text: 0}
    d = drawn.to_pandas()
    assert d.y.isna().equals(d.e.isna())
    assert d.y.isna().sum() == end.isna().sum()
    expected = np.asarray(made(d.s, d.e), float)
    tie = 0.1 if name == "hours" else 1.0 if "rounded" in name else 1e-6
    assert np.nanmax(np.abs(d.y - expected)) <= tie + 1e-9
    assert np.nanmean(np.abs(d.y - expected) > 1e-6) < 0.02


@pytest.mark.parametrize("as_times", [as_dates, as_stamps])
@pytest.mark.parametrize("days", [[5], [-3], [400], [10, 30, 60]])
@pytest.mark.parametrize("share", [0, 0.2, 0.7])
def test_a_few_distances_of_times_stay_at_the_ends_of_the_range(as_times, days, share):
    start = stamps(days=300)
    end = (start + pd.to_timedelta(rng(1).choice(days, ROWS), "D")).mask(rng(3).random(ROWS) < share)
    values = {"s": as_times(start), "e": as_times(end), "x": ("int", rng(4).integers(0, 5, ROWS))}
    found, table, drawn = scrambled(values)
    assert set(count_broken(found, table).values()) == {0}
    if len(days) == 1 and share < 0.5:
        assert f"e = s {'-' if days[0] < 0 else '+'} {abs(days[0])} days" in count_broken(found, table)
        asked, _, made = scrambled(
            values, given={"e": pa.array([pd.Timestamp("2031-02-03")] * ROWS).cast(table["e"].type)}
        )
        assert set(made["e"].to_pylist()) == set(pd.Series([pd.Timestamp("2031-02-03")]).pipe(as_times)[1].to_pylist())
        drawn = pa.concat_tables([drawn, made])
    d = drawn.to_pandas()
    assert set((pd.to_datetime(d.e) - pd.to_datetime(d.s)).dropna().dt.total_seconds() / 86_400) == set(days)


def test_days_until_one_day_are_counted_beyond_the_range():
    start = stamps(days=300).dt.normalize()
    left = (pd.Timestamp("2020-12-24") - start).dt.days
    found, table, drawn = scrambled({"s": as_dates(start), "y": ("int", left)}, given={"y": [-500] * ROWS})
    assert "y follows s, along a straight line" in count_broken(found, table)
    assert {str(day) for day in drawn["s"].to_pylist()} == {"2022-05-08"}


def test_a_last_day_is_not_passed_by_distances_that_many_rows_share():
    start = stamps(days=300).dt.normalize()
    end = (start + pd.to_timedelta(rng(1).integers(0, 9, ROWS), "D")).clip(upper=start.max())
    _, _, drawn = scrambled({"s": as_dates(start), "e": as_dates(end)})
    assert max(drawn["e"].to_pylist()) <= end.max().date()


def test_ages_are_counted_by_birthdays():
    born, seen = stamps(1, 90 * 365, "1920-01-01"), stamps(2, 700, "2020-01-01")
    keys = [(v.dt.month * 100 + v.dt.day) for v in (born, seen)]
    age = seen.dt.year - born.dt.year - (keys[1] < keys[0])
    values = {"born": as_dates(born), "seen": as_dates(seen), "age": ("int", age)}
    found, _, drawn = scrambled(values)
    assert "age = full years from born to seen" in count_broken(found, drawn)
    d = drawn.to_pandas()
    born, seen = pd.to_datetime(d.born), pd.to_datetime(d.seen)
    keys = [(v.dt.month * 100 + v.dt.day) for v in (born, seen)]
    assert (d.age == seen.dt.year - born.dt.year - (keys[1] < keys[0])).all()
    asked = scrambled(values, given={"age": [40] * ROWS})
    assert set(count_broken(asked[0], asked[2]).values()) == {0}
    assert set(asked[2]["age"].to_pylist()) == {40}


def stays():
    start = stamps()
    end = start + pd.to_timedelta(rng(1).gamma(1.5, 200_000, ROWS).astype(int), "s")
    nights = (end.dt.normalize() - start.dt.normalize()).dt.days
    rate = rng(4).choice([120.0, 250.5, 399.0], ROWS)
    return {
        "start": as_stamps(start),
        "end": as_stamps(end),
        "nights": ("int", nights),
        "hour": ("int", start.dt.hour),
        "weekday": ("string", start.dt.day_name()),
        "left": ("int", end.dt.day),
        "month": ("int", end.dt.month),
        "rate": ("double", rate),
        "cost": ("double", np.round(nights * rate, 2)),
    }


def test_what_is_computed_from_a_distance_is_computed_after_it():
    found, table, drawn = scrambled(stays())
    assert "cost = nights * rate" in count_broken(found, table)
    assert set(count_broken(found, drawn).values()) == {0}


GIVEN = [
    {"hour": 5},
    {"weekday": "Sunday"},
    {"hour": 5, "weekday": "Sunday"},
    {"left": 31},
    {"left": 29, "month": 2},
    {"nights": 4},
    {"nights": 0, "hour": 23},
    {"month": 7, "nights": 2},
    {"cost": 240.0},
]


@pytest.mark.parametrize("given", GIVEN)
def test_times_move_to_what_is_given_of_them(given):
    found, _, drawn = scrambled(stays(), given={name: [value] * ROWS for name, value in given.items()})
    assert set(count_broken(found, drawn).values()) == {0}
    for name, value in given.items():
        assert set(drawn[name].to_pylist()) == {value}
    assert len(set(drawn["start"].to_pylist())) > 100


def test_times_move_to_the_hours_and_weekdays_that_were_drawn():
    values = {name: own for name, own in stays().items() if name in ("start", "hour", "weekday")}
    _, table, drawn = scrambled(values)
    for name in ("hour", "weekday"):
        counts = [t[name].to_pandas().value_counts() for t in (table, drawn)]
        assert (counts[0] - counts[1]).abs().sum() <= 0.02 * ROWS
    assert max(drawn["start"].to_pylist()) <= max(table["start"].to_pylist())


@pytest.mark.parametrize("share", [0, 0.1])
def test_days_that_have_no_name_do_not_come_with_a_term_of_each_month(share):
    day = pd.Series(pd.Timestamp("2023-09-04") + pd.to_timedelta(rng(1).integers(0, 42, ROWS) * 7, "D"))
    day += pd.to_timedelta(rng(2).integers(0, 5, ROWS), "D")
    names, terms = day.dt.day_name(), np.where(day < "2024-02-01", "first", "second")
    values = {
        "t": as_dates(day.mask(rng(3).random(ROWS) < share)),
        "name": ("string", names),
        "term": ("string", terms),
    }
    for given in ({}, {"term": ["second"] * ROWS}, {"name": ["Friday"] * ROWS}):
        found, _, drawn = scrambled(values, given=given)
        assert len(found.relations.timed) == 2
        d = drawn.to_pandas().dropna()
        times = pd.to_datetime(d.t)
        assert (times.dt.day_name() == d.name).all()
        assert (times.dt.month.isin([9, 10, 11, 12, 1]) == (d.term == "first")).all()


def test_nulls_of_their_own_stay():
    values = stays()
    gone = rng(8).random(ROWS) < 0.3
    values["nights"] = ("int", pd.Series(values["nights"][1], dtype="Int64").mask(gone))
    values["hour"] = ("int", pd.Series(values["hour"][1], dtype="Int64").mask(gone))
    found, table, drawn = scrambled(values)
    assert drawn["nights"].null_count == drawn["hour"].null_count == gone.sum()
    assert "nights = midnights from start to end" in count_broken(found, table)
    assert set(count_broken(found, drawn).values()) == {0}


def test_the_clock_of_another_zone_is_read_off():
    t = stamps()
    local = t.dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")
    values = {"t": as_stamps(t), "hour": ("int", local.dt.hour), "day": ("string", local.dt.day_name())}
    found, _, drawn = scrambled(values)
    assert set(count_broken(found, drawn)) == {"hour is the hour of t", "day follows the weekday of t"}
    again = drawn["t"].to_pandas().dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")
    assert (again.dt.day_name() == drawn["day"].to_pandas()).all()
    assert (again.dt.hour == drawn["hour"].to_pandas()).all()


def test_values_of_few_rows_are_not_kept():
    t = stamps(days=6 * 7)
    late = t[t.dt.dayofweek == 6].index[3:]
    keep = ~t.index.isin(late)
    names = t.dt.day_name()
    t, names = t[keep].reset_index(drop=True), names[keep].reset_index(drop=True)
    found, _, drawn = scrambled({"t": as_stamps(t), "day": ("string", names)})
    (own,) = found.relations.timed
    assert own.at == (0, 1, 2, 3, 4, 5)
    assert "Sunday" not in own.values
    assert set(drawn["day"].to_pylist()) <= set(own.values) | {"Sunday"}
    assert set(count_broken(found, drawn).values()) == {0}


def test_one_row_that_differs_is_enough_to_find_none():
    values = stays()
    changed = {name: np.array(values[name][1]) for name in ("nights", "hour", "weekday")}
    changed["nights"][7] += 1
    changed["hour"][7] = (changed["hour"][7] + 1) % 24
    changed["weekday"][8] = "Holiday"
    values |= {name: (values[name][0], own) for name, own in changed.items()}
    found, _, _ = scrambled(values)
    assert {own.column.name for own in found.relations.timed} == {"left", "month"}


def test_chance_makes_no_part_and_no_distance():
    for seed in range(5):
        r = rng(seed)
        values = {f"d{i}": as_dates(stamps(10 * seed + i)) for i in range(3)}
        values |= {f"n{i}": ("int", r.integers(0, 2 + 3 * i, ROWS)) for i in range(8)}
        values |= {"rare": ("boolean", r.random(ROWS) < 0.005), "name": ("string", r.choice(["a", "b"], ROWS))}
        assert scrambled(values)[0].relations.timed == ()


BROKEN = [
    {"part": "fortnight"},
    {"part": "date"},
    {"at": (3, 1), "values": ("a", "b")},
    {"at": (1, 2), "values": (1, 2)},
    {"at": (1,), "values": ("a", "b")},
    {"of": Column("t", ColumnType("int"))},
    {"shift": 10**6},
]


@pytest.mark.parametrize("change", BROKEN)
def test_parts_that_no_fit_leaves_are_refused(change):
    part = TimePart(
        Column("y", ColumnType("string")), Column("t", ColumnType(DATE)), "weekday", Clock(), at=(0,), values=("a",)
    )
    check_loaded(part)
    with pytest.raises(ValueError):
        check_loaded(TimePart(**{**vars(part), **change}))


@pytest.mark.parametrize(
    "change", [{"unit": "fortnights"}, {"rounding": "away"}, {"digits": 30}, {"shift": 20_000}, {"end": None}]
)
def test_distances_that_no_fit_leaves_are_refused(change):
    names = [Column(n, ColumnType(t)) for n, t in (("y", "int"), ("s", DATE), ("e", DATE))]
    own = TimeDistance(*names, "days", "down", 0)
    check_loaded(own)
    change = {"end": names[1]} if "end" in change else change
    with pytest.raises(ValueError):
        check_loaded(TimeDistance(**{**vars(own), **change}))


@pytest.mark.filterwarnings("error")
def test_a_part_that_is_no_number_has_any_number():
    own = TimePart(
        Column("hour", ColumnType("double")), Column("at", ColumnType("timestamp")), "hour", Clock(), shift=1
    )
    assert own.number_of(pa.array([3.0, float("nan"), None], pa.float64()))[0] == 2
