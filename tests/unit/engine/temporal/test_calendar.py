import datetime
import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.engine.temporal.calendar_fit import calendar_statistics, find_calendar
from synthohive_spark.engine.temporal.calendar_parts import DAY, Calendar, CalendarColumn
from synthohive_spark.engine.temporal.periodicity import association, excess

STRATEGIES = {
    "date": st.dates(),
    "timestamp": st.datetimes(timezones=st.just(datetime.UTC)),
    "timestamp_ntz": st.datetimes(),
}
UTC = datetime.UTC
TWO_YEARS = np.arange(18_000, 18_730)


def column(type_, name="d"):
    return Column(name, ColumnType.parse(type_))


def cut(type_, day, time=None):
    """A calendar column without bounds that matter."""
    unit = 1 if type_ == "date" else DAY
    ends = -719_162 * unit, 2_932_897 * unit - 1
    return CalendarColumn(column(type_), day, type_ != "date" if time is None else time, *ends)


def ints(*parts):
    return [pa.array([part], pa.int32()) for part in parts]


def date(*parts):
    return datetime.date(*parts)


@pytest.mark.parametrize("day", ["day", "week", "month"])
@pytest.mark.parametrize("type_", STRATEGIES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_parts_make_the_value_again(type_, day, data):
    own = cut(type_, day)
    values = pa.array(data.draw(st.lists(st.none() | STRATEGIES[type_], max_size=20)), own.column.type.arrow)
    parts = own.split(values)
    assert [part.type for part in parts] == [c.type.arrow for c in own.parts]
    assert all(part.is_null().equals(values.is_null()) for part in parts)
    assert own.join(parts).equals(values)


@settings(max_examples=100, deadline=None)
@given(moment=st.datetimes())
def test_parts_are_what_the_calendar_says(moment):
    own = cut("timestamp_ntz", "week")
    values = pa.array([moment], own.column.type.arrow)
    week, weekday, time = (part[0].as_py() for part in own.split(values))
    month, day, _ = (part[0].as_py() for part in cut("timestamp_ntz", "month").split(values))
    midnight = datetime.datetime.combine(moment.date(), datetime.time())
    assert weekday == moment.weekday()
    assert date(1969, 12, 29).toordinal() + 7 * week + weekday == moment.toordinal()
    assert (month, day) == ((moment.year - 1970) * 12 + moment.month - 1, moment.day)
    assert time == (moment - midnight) // datetime.timedelta(microseconds=1)


def test_moments_before_1970_belong_to_the_day_they_lie_in():
    last = datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999)
    parts = cut("timestamp_ntz", "day").split(pa.array([last], pa.timestamp("us")))
    assert [part[0].as_py() for part in parts] == [-1, DAY - 1]


def test_names_and_types_of_parts():
    named = [(c.name, str(c.type)) for c in cut("timestamp", "week").parts]
    assert named == [("d", "int"), ("d\x00weekday", "int"), ("d\x00time", "bigint")]
    assert [c.name for c in cut("date", "month").parts] == ["d", "d\x00day"]
    strict = CalendarColumn(Column("d", ColumnType("date"), nullable=False), "week", False, 0, 1)
    assert [c.nullable for c in strict.parts] == [False, False]


@pytest.mark.parametrize(
    ("month", "day", "expected"),
    [
        (1, 31, date(1970, 2, 28)),
        (25, 31, date(1972, 2, 29)),
        (3, 31, date(1970, 4, 30)),
        (0, 99, date(1970, 1, 31)),
        (0, 0, date(1970, 1, 1)),
        (0, None, date(1970, 1, 1)),
        (None, 5, None),
    ],
)
def test_a_day_that_its_month_lacks_is_the_nearest_one(month, day, expected):
    assert cut("date", "month").join(ints(month, day))[0].as_py() == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((0, None), date(1969, 12, 29)),
        ((0, 9), date(1970, 1, 4)),
        ((0, -4), date(1969, 12, 29)),
        ((None, None), None),
    ],
)
def test_only_the_first_part_makes_a_null(parts, expected):
    assert cut("date", "week").join(ints(*parts))[0].as_py() == expected


def test_a_time_of_day_that_is_null_or_not_of_the_day():
    own = cut("timestamp", "day")
    made = own.join([pa.array([1, 1, 1], pa.int32()), pa.array([None, -5, 2 * DAY], pa.int64())]).to_pylist()
    second = datetime.datetime(1970, 1, 2, tzinfo=UTC)
    assert made == [second, second, datetime.datetime(1970, 1, 2, 23, 59, 59, 999_999, tzinfo=UTC)]


def test_no_value_leaves_the_range():
    low, high = datetime.datetime(2020, 1, 6, 8), datetime.datetime(2020, 1, 20, 17)
    ends = to_numbers(pa.array([low, high], pa.timestamp("us")), ColumnType("timestamp_ntz")).tolist()
    own = CalendarColumn(column("timestamp_ntz"), "day", True, *ends)
    first, hour = low.toordinal() - date(1970, 1, 1).toordinal(), DAY // 24
    days = [first - 1, first, first, first + 14, first + 14, 2**31 - 1, -(2**31)]
    hours = [12, 7, 9, 16, 18, 12, 12]
    made = own.join([pa.array(days, pa.int32()), pa.array([h * hour for h in hours], pa.int64())]).to_pylist()
    assert made == [low, low, low.replace(hour=9), high.replace(hour=16), high, high, low]


@pytest.mark.parametrize("day", ["week", "month"])
def test_parts_beyond_64_bits_of_microseconds_are_clipped(day):
    own = cut("timestamp_ntz", day)
    wild = pa.array([2**31 - 1, -(2**31)], pa.int32())
    made = own.join([wild, pa.array([3, 3], pa.int32()), pa.array([0, 0], pa.int64())])
    assert made.to_pylist() == [datetime.datetime.max, datetime.datetime.min]


def test_without_a_part_for_it_the_time_of_day_is_that_of_the_range():
    noon = pa.array([datetime.datetime(2020, 1, d, 12) for d in range(1, 30)], pa.timestamp("us"))
    ends = to_numbers(noon, ColumnType("timestamp_ntz"))
    own = CalendarColumn(column("timestamp_ntz"), "week", False, int(ends[0]), int(ends[-1]))
    assert len(own.parts) == 2 and own.join(own.split(noon)).equals(noon)


def test_a_way_of_cutting_that_is_not_known():
    with pytest.raises(ValueError, match="day, week, month, got 'year'"):
        CalendarColumn(column("date"), "year", False, 0, 1)


def example():
    columns = (column("int", "a"), column("date"), column("string", "d weekday"), column("timestamp", "t"))
    table = pa.table(
        {
            "a": pa.array([1, 2, None], pa.int32()),
            "d": pa.array([date(2024, 2, 29), None, date(1969, 7, 20)]),
            "d weekday": pa.array(["x", "y", "z"]),
            "t": pa.array([datetime.datetime(2024, 1, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC")),
        }
    )
    own = cut("timestamp", "day")
    return columns, table, Calendar((cut("date", "week"), CalendarColumn(columns[3], "day", True, own.low, own.high)))


def test_a_table_has_the_parts_at_the_columns_place_beside_the_users_columns():
    columns, table, calendar = example()
    split = calendar.split(table)
    names = ["a", "d", "d\x00weekday", "d weekday", "t", "t\x00time"]
    assert split.column_names == [c.name for c in calendar.virtual(columns)] == names
    assert [field.type for field in split.schema] == [c.type.arrow for c in calendar.virtual(columns)]
    assert split.column("d\x00weekday").to_pylist() == [3, None, 6]
    assert split.column("d weekday").to_pylist() == ["x", "y", "z"]
    joined = calendar.join({name: split.column(name).combine_chunks() for name in names})
    assert set(joined) == set(table.column_names)
    assert all(table.column(name).combine_chunks().equals(joined[name]) for name in joined)


def test_columns_that_a_table_lacks_are_left_alone():
    _, table, calendar = example()
    assert calendar.split(table.select(["a"])).equals(table.select(["a"]))
    assert calendar.split(table.select(["t", "a"])).column_names == ["t", "t\x00time", "a"]
    whole = {"d": table.column("d").combine_chunks()}
    assert calendar.join(whole) == whole
    assert Calendar().split(table) is table


def test_a_calendar_travels_and_is_plain_values():
    _, table, calendar = example()
    assert Calendar.from_json(json.loads(json.dumps(calendar.to_json()))) == calendar
    assert pickle.loads(pickle.dumps(calendar)) == calendar
    assert Calendar.from_json(Calendar().to_json()) == Calendar()


def test_sliced_and_chunked_columns_are_read_right():
    _, table, calendar = example()
    chunked = pa.concat_tables([table, table]).slice(1, 4)
    assert calendar.split(chunked).column("d\x00weekday").to_pylist() == [None, 6, 3, None]


def draw(weights, rows=4000, seed=1):
    """Days of two years."""
    return np.random.default_rng(seed).choice(TWO_YEARS, rows, p=weights / weights.sum())


def found(days, *, type_="date", micros=None, privacy=None, statistics=None, **others):
    """The cut of a column of days, or None."""
    columns = [column(type_)]
    if type_ == "date":
        values = pa.array(np.asarray(days).astype("datetime64[D]"))
    else:
        values = pa.array(np.asarray(days) * DAY + (0 if micros is None else micros)).cast(columns[0].type.arrow)
    for name, other in others.items():
        columns.append(column("string" if pa.types.is_string(other.type) else "int", name))
    table = pa.table({"d": values, **others})
    calendar = find_calendar(
        table, tuple(columns), privacy or Privacy(), statistics or TableStatistics.of(table, tuple(columns))
    )
    return calendar.columns[0] if calendar.columns else None


WEEKDAYS = (TWO_YEARS + 3) % 7
DAYS_OF_MONTH = np.array([d.day for d in TWO_YEARS.astype("datetime64[D]").tolist()])
EVEN = np.ones(730)
WORKDAYS = (WEEKDAYS < 5) * 1.0
BILLS = np.where(np.isin(DAYS_OF_MONTH, (1, 15)), 8.0, 1.0)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (WORKDAYS, "week"),
        (np.where(WEEKDAYS == 5, 3.0, 1.0), "week"),
        (BILLS, "month"),
        (BILLS * np.where(WEEKDAYS < 5, 1.0, 0.9), "month"),
        (EVEN, None),
        (np.linspace(0.01, 1, 730), None),
        (1.1 + np.sin(TWO_YEARS / 58), None),
    ],
    ids=["workdays", "saturdays", "bills", "bills, few at weekends", "even", "growing", "seasons"],
)
def test_days_are_cut_by_what_they_prefer(weights, expected):
    own = found(draw(weights))
    assert (own and own.day) == expected
    assert own is None or not own.time


@pytest.mark.parametrize(
    ("first", "last"), [("2020-03-10", "2020-10-14"), ("2020-01-01", "2020-09-20")], ids=["both cut off", "one cut off"]
)
def test_months_that_the_range_cuts_off_are_no_preference(first, last):
    days = np.arange(np.datetime64(first), np.datetime64(last)).astype(np.int64)
    assert found(np.random.default_rng(1).choice(days, 20_000)) is None


def test_a_last_month_of_most_rows_that_is_cut_off_is_no_preference():
    days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-10-13")).astype(np.int64)
    weights = np.exp(np.arange(len(days)) / 20)
    assert found(np.random.default_rng(1).choice(days, 20_000, p=weights / weights.sum())) is None


def test_outliers_do_not_make_a_short_range_long():
    days = np.append(draw(EVEN * (TWO_YEARS < 18_075), rows=20_000), [-25_000, 60_000])
    assert found(days) is None


@pytest.mark.parametrize("by", ["week", "month"])
def test_few_rows_prefer_nothing_by_chance(by):
    for seed in range(30):
        days = draw(EVEN, rows=150, seed=seed)
        assert excess(days, by) == 0
        assert association(days, by, [np.random.default_rng(seed + i).integers(0, 2, 150) for i in range(5)]) == 0


@pytest.mark.parametrize("seed", range(5))
def test_many_rows_on_days_of_chance_prefer_nothing(seed):
    rng = np.random.default_rng(seed)
    days = rng.choice(TWO_YEARS, 100, replace=False)
    assert found(rng.choice(days, 50_000)) is None


def test_another_column_that_goes_with_the_weekday_or_the_day_of_month():
    days = draw(EVEN, rows=20_000)
    rng = np.random.default_rng(2)
    noise = pa.array(rng.integers(0, 5, len(days)), pa.int32())
    weekend = pa.array(np.where(rng.random(len(days)) < np.where((days + 3) % 7 > 4, 0.7, 0.3), "a", "b"))
    early = pa.array((DAYS_OF_MONTH[days - 18_000] > 10).astype(np.int32))
    batch = pa.array(rng.integers(0, 3, 730)[days - 18_000].astype(np.int32))
    season = pa.array((days // 91 % 4).astype(np.int32))
    assert found(days, noise=noise, batch=batch, season=season) is None
    assert found(days, noise=noise, weekend=weekend).day == "week"
    assert found(days, noise=noise, early=early).day == "month"
    assert found(days, many=pa.array([f"{d % 7} {i % 8}" for i, d in enumerate(days)])) is None


def test_nulls_among_the_days_do_not_shift_the_other_column():
    days = draw(EVEN)
    weekend = pa.array(np.where((days + 3) % 7 > 4, "a", "b"))
    values = pa.array(days.astype("datetime64[D]"), mask=np.arange(len(days)) % 3 == 0)
    columns = (column("date"), column("string", "w"))
    table = pa.table({"d": values, "w": weekend})
    own = find_calendar(table, columns, Privacy(), TableStatistics.of(table, columns)).columns[0]
    present = np.arange(len(days)) % 3 != 0
    assert own.day == "week" and own.low == np.sort(days[present])[4]


def test_a_sample_keeps_no_step_with_the_order_of_the_rows():
    days = np.tile(np.arange(18_000, 18_700), 1000)  # 700,000 rows: each seventh one is of the same weekday
    assert found(days) is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (draw(WORKDAYS)[:49], None),
        (draw(WORKDAYS * (TWO_YEARS < 18_075)), None),
        (np.append(draw(WORKDAYS), [2_932_896] * 600), None),
        (np.append(draw(np.where(WEEKDAYS > 4, 0.7, 1.0), rows=20_000), [2_932_896] * 900), "week"),
        (np.append(draw(WORKDAYS), [-25_000, 0, 2_932_896]), "week"),
    ],
    ids=["few rows", "few days", "a placeholder of many rows", "one of few rows", "outliers"],
)
def test_when_days_are_left_whole(days, expected):
    own = found(days)
    assert (own and own.day) == expected


def test_timestamps():
    days = draw(EVEN)
    micros = np.random.default_rng(3).integers(0, DAY, len(days))
    own = found(days, type_="timestamp", micros=micros)
    assert (own.day, own.time) == ("day", True)
    busy = found(draw(WORKDAYS), type_="timestamp_ntz", micros=micros)
    assert (busy.day, busy.time) == ("week", True)
    noons = found(draw(WORKDAYS), type_="timestamp", micros=DAY // 2)
    assert (noons.day, noons.time, noons.low % DAY) == ("week", False, DAY // 2)
    assert found(days, type_="timestamp") is None  # at midnight on days of no pattern
    assert found(days % 2, type_="timestamp", micros=micros) is None  # two days
    assert found(days % 100, type_="timestamp", micros=days % 2 * 60) is None  # a hundred moments
    assert found(days % 30, type_="timestamp", micros=micros).day == "day"


def test_the_range_ends_where_the_settings_say():
    days = np.sort(draw(WORKDAYS))
    own = found(days)
    assert (own.low, own.high) == (days[4], days[-5])
    assert found(days, privacy=Privacy(extreme_rows=60)).low == days[59]
    ends = [datetime.date(1960, 1, 1), datetime.date(2060, 1, 1)]
    statistics = TableStatistics(10_000, {"d": ColumnStatistics(0, *ends)})
    true = found(days, privacy=Privacy(extreme_rows=0), statistics=statistics)
    assert [true.low, true.high] == [(end - datetime.date(1970, 1, 1)).days for end in ends]
    assert found(days, statistics=statistics).low == days[4]
    sample_only = found(days, privacy=Privacy(extreme_rows=0))
    assert (sample_only.low, sample_only.high) == (days[0], days[-1])
    assert found(days, privacy=Privacy(extreme_rows=3000)) is None


@pytest.mark.parametrize("hours", [(7, 0), (0, 7)])
def test_a_time_of_day_seen_outside_the_sample_only_is_one_more(hours):
    ends = (datetime.datetime(year, 1, 1, hour, tzinfo=UTC) for year, hour in zip((2010, 2030), hours, strict=True))
    statistics = TableStatistics(10_000, {"d": ColumnStatistics(0, *ends)})
    assert found(draw(WORKDAYS), type_="timestamp", privacy=Privacy(extreme_rows=0), statistics=statistics).time


@pytest.mark.parametrize("rows", [0, 10, 4000])
def test_columns_without_values_are_left_out(rows):
    columns = (column("date"),)
    table = pa.table({"d": pa.nulls(rows, pa.date32())})
    assert find_calendar(table, columns, Privacy(), TableStatistics.of(table, columns)) == Calendar()


def test_facts_of_parts():
    _, table, calendar = example()
    statistics = TableStatistics(
        3, {"a": ColumnStatistics(1), "d": ColumnStatistics(1, date(1969, 12, 28), date(1970, 1, 5))}
    )
    made = calendar_statistics(calendar, statistics)
    assert made.rows == 3 and made.columns["a"] == ColumnStatistics(1)
    assert made.columns["d"] == ColumnStatistics(1, -1, 1)
    assert made.columns["d\x00weekday"] == ColumnStatistics(1)
    assert "t" not in made.columns
    unknown = calendar_statistics(calendar, TableStatistics(3, {"d": ColumnStatistics(2)}))
    assert unknown.columns["d"] == ColumnStatistics(2)


def test_measures_of_patterns():
    assert excess(draw(WORKDAYS), "week") == pytest.approx(2 / 7, abs=0.03)
    assert excess(draw(WORKDAYS, rows=300), "week") < 2 / 7 - 0.04  # what chance makes of so few rows is taken off
    days = draw(EVEN)
    assert association(days, "week", [(days + 3) % 7 // 5]) == pytest.approx(1, abs=0.01)
    many = draw(EVEN, rows=100_000)
    hardly = np.random.default_rng(5).random(len(many)) < np.where((many + 3) % 7 > 4, 0.33, 0.3)
    assert association(many, "week", [hardly.astype(np.int64)]) == 0
    assert association(days, "week", [np.zeros(len(days), np.int64), days // 91 % 4]) == 0
