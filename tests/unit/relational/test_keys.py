import datetime

import numpy as np
import pytest

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.keys import key_codec
from synthohive_spark.relational.profile import ColumnProfile


def made(codec, numbers=range(5)):
    words = np.array(numbers, np.uint64)[:, None]
    return codec.decode(np.zeros(len(words), np.int32), np.full(len(words), 0.5, np.float32), words).to_pylist()


def of_text(sample):
    return ColumnProfile(len(sample), 0, len(sample), tuple(sample))


def of_numbers(numbers):
    sample = tuple(map(str, numbers))
    return ColumnProfile(len(sample), 0, len(sample), sample, ends=(min(numbers), max(numbers)))


def test_numbers_count_from_0_in_their_type():
    for name in ("tinyint", "int", "bigint", "double", "decimal(10,2)"):
        codec = key_codec(ColumnType.parse(name), of_text(["7", "12"]), Privacy())
        assert [int(value) for value in made(codec)] == [0, 1, 2, 3, 4]
    assert key_codec(ColumnType("tinyint"), of_text([]), Privacy()).capacity == 128


@pytest.mark.parametrize(
    ("real", "least", "made_keys"),
    [
        (range(1, 400), None, [1, 2, 3, 4, 5]),
        (range(10_010, 12_000, 10), None, [10_010, 10_020, 10_030, 10_040, 10_050]),
        (range(-4, 90, 2), None, [-4, -2, 0, 2, 4]),
        (range(1, 400, 3), 5.5, [7, 10, 13, 16, 19]),
        ([1, 2, 3, 5], None, [0, 1, 2, 3, 4]),  # a gap
        ([7, 12], None, [0, 1, 2, 3, 4]),
        ([2**31 - 5, 2**31 - 4, 2**31 - 3], None, [0, 1, 2, 3, 4]),  # no room for more
        ([2**31 - 5, 2**31 - 4, 2**31 - 3], 9, [9, 10, 11, 12, 13]),
    ],
)
def test_integers_start_and_step_as_the_real_ones_where_these_have_no_gaps(real, least, made_keys):
    bounds = None if least is None else Constraint(min=least)
    assert made(key_codec(ColumnType("int"), of_numbers(real), Privacy(), bounds)) == made_keys


def test_dates_and_timestamps_go_on_by_their_own_step_from_a_value_that_is_no_extreme():
    hours = [f"2013-01-{d:02d} {h:02d}:00:00" for d in range(1, 9) for h in range(24)]
    codec = key_codec(ColumnType("timestamp_ntz"), of_text(hours[::-1]), Privacy(extreme_rows=5))
    assert made(codec)[:2] == [datetime.datetime(2013, 1, 1, 4), datetime.datetime(2013, 1, 1, 5)]
    weeks = [str(datetime.date(2020, 1, 6) + datetime.timedelta(weeks=i)) for i in range(30)]
    codec = key_codec(ColumnType("date"), of_text(weeks), Privacy(extreme_rows=0))
    assert made(codec)[:2] == [datetime.date(2020, 1, 6), datetime.date(2020, 1, 13)]


@pytest.mark.parametrize("sample", [[], ["2020-01-01"], ["+12020-01-01 00:00:00"]])
def test_where_nothing_is_known_they_count_from_2000(sample):
    assert made(key_codec(ColumnType("date"), of_text(sample), Privacy()))[0] == datetime.date(2000, 1, 1)
    assert made(key_codec(ColumnType("timestamp_ntz"), of_text(sample), Privacy()))[1] == datetime.datetime(
        2000, 1, 1, 0, 1
    )


def test_strings_follow_their_pattern():
    codec = key_codec(ColumnType("string"), of_text([f"CUST-{i:05d}" for i in range(300)]), Privacy())
    keys = made(codec, range(20_000))
    assert len(set(keys)) == 20_000 and all(key.startswith("CUST-") and len(key) == 10 for key in keys)
