import datetime

import numpy as np
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.keys import key_codec


def made(codec, numbers=range(5)):
    words = np.array(numbers, np.uint64)[:, None]
    return codec.decode(np.zeros(len(words), np.int32), np.full(len(words), 0.5, np.float32), words).to_pylist()


def test_numbers_count_from_0_in_their_type():
    for name in ("tinyint", "int", "bigint", "double", "decimal(10,2)"):
        codec = key_codec(ColumnType.parse(name), ["7", "12"], Privacy())
        assert [int(value) for value in made(codec)] == [0, 1, 2, 3, 4]
    assert key_codec(ColumnType("tinyint"), [], Privacy()).capacity == 128


def test_dates_and_timestamps_go_on_by_their_own_step_from_a_value_that_is_no_extreme():
    hours = [f"2013-01-{d:02d} {h:02d}:00:00" for d in range(1, 9) for h in range(24)]
    codec = key_codec(ColumnType("timestamp_ntz"), hours[::-1], Privacy(extreme_rows=5))
    assert made(codec)[:2] == [datetime.datetime(2013, 1, 1, 4), datetime.datetime(2013, 1, 1, 5)]
    weeks = [str(datetime.date(2020, 1, 6) + datetime.timedelta(weeks=i)) for i in range(30)]
    codec = key_codec(ColumnType("date"), weeks, Privacy(extreme_rows=0))
    assert made(codec)[:2] == [datetime.date(2020, 1, 6), datetime.date(2020, 1, 13)]


@pytest.mark.parametrize("sample", [[], ["2020-01-01"], ["+12020-01-01 00:00:00"]])
def test_where_nothing_is_known_they_count_from_2000(sample):
    assert made(key_codec(ColumnType("date"), sample, Privacy()))[0] == datetime.date(2000, 1, 1)
    assert made(key_codec(ColumnType("timestamp_ntz"), sample, Privacy()))[1] == datetime.datetime(2000, 1, 1, 0, 1)


def test_strings_follow_their_pattern():
    codec = key_codec(ColumnType("string"), [f"CUST-{i:05d}" for i in range(300)], Privacy())
    keys = made(codec, range(20_000))
    assert len(set(keys)) == 20_000 and all(key.startswith("CUST-") and len(key) == 10 for key in keys)
