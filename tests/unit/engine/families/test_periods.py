import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthohive_spark.engine.families.periods import LONGEST, day_at, period_of, place_of

DATES = st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31))


def number(date):
    return np.array([(date - datetime.date(1970, 1, 1)).days])


@given(date=DATES, period=st.sampled_from(["month", "year"]))
def test_a_day_comes_back_from_its_period_and_its_place(date, period):
    found, place = period_of(number(date), period), place_of(number(date), period)
    assert found[0] == (date.year - 1970 if period == "year" else 12 * (date.year - 1970) + date.month - 1)
    assert place[0] == date.day - 1 + (31 * (date.month - 1) if period == "year" else 0)
    np.testing.assert_array_equal(day_at(found, place, period), number(date))


@pytest.mark.parametrize(
    ("period", "at", "place", "expected"),
    [
        ("month", 1, 30, datetime.date(1970, 2, 28)),
        ("month", 25, 30, datetime.date(1972, 2, 29)),
        ("year", 1, 31 + 28, datetime.date(1971, 2, 28)),
        ("year", 2, 31 + 28, datetime.date(1972, 2, 29)),
        ("year", 0, 10**6, datetime.date(1970, 12, 31)),
        ("month", 0, -5, datetime.date(1970, 1, 1)),
    ],
)
def test_a_place_that_a_month_does_not_have_is_its_last_day(period, at, place, expected):
    np.testing.assert_array_equal(day_at(np.array([at]), np.array([place]), period), number(expected))


def test_places_rise_with_the_days_of_a_period():
    days = np.arange(-1000, 1000)
    for period, most in LONGEST.items():
        places, numbers = place_of(days, period), period_of(days, period)
        assert (np.diff(places)[np.diff(numbers) == 0] > 0).all() and places.min() == 0 and places.max() == most - 1
