"""Ranges and bounds: numbers, dates, instants."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark import Between, Constraint, Metadata, SchemaError
from synthohive_spark.engine.domain import Domain, bound_as, broken

DAY = dt.date(2024, 1, 31)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((None, None), "Between needs a low or a high bound"),
        ((5, 3), "low=5 above high=3"),
        ((dt.date(2024, 2, 1), dt.date(2024, 1, 1)), "above high"),
        (("a", "b"), "Between takes numbers, dates and datetimes, got 'a'; list texts instead"),
        ((True, 3), "got True"),
        ((float("nan"), 3), "got nan"),
        ((DAY, 3), "of which only one is a time"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(bounds, message):
    with pytest.raises(SchemaError, match=message):
        Between(*bounds)


def test_a_range_takes_iso_text_for_times():
    assert Between("2024-01-31", "2024-02-01T10:30:00") == Between(DAY, dt.datetime(2024, 2, 1, 10, 30))


def test_constraints_on_times_go_through_files():
    bounds = Constraint(min=DAY, max=dt.datetime(2024, 12, 31, 10, tzinfo=dt.UTC))
    metadata = Metadata().add_table("t", constraints={"d": bounds})
    for again in (Metadata.from_json(metadata.to_json()), Metadata.from_yaml(metadata.to_yaml())):
        assert again.table("t").constraints == {"d": bounds}
    with pytest.raises(SchemaError, match="of which only one is a time"):
        Constraint(min=3, max=DAY)
    with pytest.raises(SchemaError, match="above max"):
        Constraint(min="2024-02-01", max=DAY)


@pytest.mark.parametrize(
    ("values", "bounds", "kept"),
    [
        (pa.array([1, 2, None, 3], pa.int8()), Constraint(min=1.5, max=1000), [False, True, False, True]),
        (pa.array([1.0, float("nan"), 2.0]), Constraint(max=1.5), [True, False, False]),
        (pa.array([DAY, dt.date(2024, 2, 1)]), Constraint(max=DAY), [True, False]),
        (
            pa.array([dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 0, 0, 1)], pa.timestamp("us")),
            Constraint(max=DAY),
            [True, False],
        ),
        (
            pa.array([dt.datetime(2024, 1, 31, 1, tzinfo=dt.UTC)], pa.timestamp("us", tz="UTC")),
            Constraint(min=dt.datetime(2024, 1, 31, 3, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
            [True],
        ),
    ],
)
def test_which_values_a_range_holds(values, bounds, kept):
    assert Domain(bounds).holds(values).tolist() == kept
    moved = Domain(bounds).nearest(values)
    assert moved.type == values.type and Domain(bounds).holds(moved).all()
    assert moved.filter(pa.array(kept)).equals(values.filter(pa.array(kept)))
    nulls = Domain(bounds, nulls=True).holds(values)
    assert nulls.tolist() == [k or v is None for k, v in zip(kept, values.to_pylist(), strict=True)]
    assert all(mask.dtype == bool for mask in broken(pa.chunked_array([values]), bounds).values())


def test_which_values_a_list_holds():
    values = pa.array(["a", None, "b", "c"])
    assert Domain(values=("a", "c")).holds(values).tolist() == [True, False, False, True]
    assert Domain(values=("a", None)).holds(values).tolist() == [True, True, False, False]
    assert Domain(values=("a", "c")).nearest(values).to_pylist() == ["a", "a", "a", "c"]


@pytest.mark.parametrize(
    ("bound", "type_", "up", "down"),
    [
        (1.5, pa.int32(), 2, 1),
        (1e20, pa.int64(), 2**63 - 1, 2**63 - 1),
        (0.125, pa.decimal128(5, 2), "0.13", "0.12"),
        (dt.datetime(2024, 1, 31, 12), pa.date32(), "2024-02-01", "2024-01-31"),
        (DAY, pa.timestamp("us"), "2024-01-31 00:00:00", "2024-01-31 00:00:00"),
    ],
)
def test_a_bound_in_the_type_of_a_column(bound, type_, up, down):
    assert [str(bound_as(bound, type_, up=u).as_py()) for u in (True, False)] == [str(up), str(down)]
    assert not bound_as(None, type_, up=True).is_valid
    assert np.array(bound_as(bound, type_, up=True).type == type_).all()
