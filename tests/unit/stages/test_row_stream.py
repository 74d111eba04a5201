"""Which rows of a stream are due, by a clock that the test holds."""

import pytest
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxRows

from synthohive_spark.stages.row_stream import RowStream


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def stream(clock, rows=None):
    return RowStream(b"", rows, per_second=100, per_trigger=250, parts=3, clock=clock)


def due(reader, first, limit=None):
    return reader.latestOffset({"row": first}, limit or reader.getDefaultReadLimit())["row"]


def test_rows_fall_due_by_the_clock_and_a_micro_batch_has_so_many(clock):
    reader = stream(clock)
    assert reader.initialOffset() == {"row": 0} and due(reader, 0) == 0
    clock.now += 0.5
    assert due(reader, 0) == 50
    clock.now += 9.5
    assert due(reader, 50) == 300 and due(reader, 300) == 550
    assert due(reader, 300, ReadAllAvailable()) == 1000


def test_a_restarted_query_goes_on_from_its_row_and_makes_up_for_nothing(clock):
    before = stream(clock)
    due(before, 0)
    clock.now += 3600
    after = stream(clock)
    assert due(after, 700) == 700
    clock.now += 1
    assert due(after, 700) == 800


def test_it_ends(clock):
    reader = stream(clock, rows=120)
    due(reader, 0)
    clock.now += 60
    assert due(reader, 0) == 120 and due(reader, 120) == 120
    assert reader.partitions({"row": 120}, {"row": 120}) == []
    assert [p.value for p in reader.partitions({"row": 20}, {"row": 120})] == [(20, 53), (53, 86), (86, 120)]


def test_all_rows_are_due_at_once_where_there_are_so_many(clock):
    reader = stream(clock, rows=400)
    reader.prepareForTriggerAvailableNow()
    assert due(reader, 0, ReadMaxRows(250)) == 250 and due(reader, 250) == 400
    with pytest.raises(ValueError, match="has no end for trigger"):
        stream(clock).prepareForTriggerAvailableNow()
