import numpy as np
import pandas as pd

from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def hhmm(minutes, late=False):
    hour, minute = minutes // 60, minutes % 60
    number = hour * 100 + minute
    return np.where((number == 0) & late, 2400, number)


def minutes(numbers):
    return (numbers // 100 * 60 + numbers % 100) % 1440


def flights(late=True):
    scheduled, delay = rng(1).integers(0, 1440, ROWS), rng(2).integers(-30, 400, ROWS)
    delay[:40] = (-scheduled[:40] + 120) % 1440 - 120  # these leave at midnight
    gone = rng(3).random(ROWS) < 0.05
    left = pd.Series(hhmm((scheduled + delay) % 1440, late), dtype="Int64").mask(gone)
    return {
        "left": ("int", left),
        "scheduled": ("int", hhmm(scheduled)),
        "delay": ("int", pd.Series(delay, dtype="Int64").mask(gone)),
        "distance": ("int", rng(4).integers(100, 3000, ROWS)),
    }


def test_a_delay_is_the_difference_of_two_clock_times_across_midnight_too():
    found, table, drawn = scrambled(flights())
    text = "left = scheduled + delay on the clock"
    assert count_broken(found, table) == count_broken(found, drawn) == {text: 0}
    d = drawn.to_pandas().dropna()
    assert ((minutes(d.left) - minutes(d.scheduled) - d.delay) % 1440 == 0).all()
    assert (d.left < d.scheduled).sum() > 100
    assert (d.left % 100 < 60).all()
    assert d.left.min() > 0
    assert drawn["left"].null_count == table["left"].null_count


def test_midnight_is_written_as_it_was():
    assert 2400 in scrambled(flights(late=True))[2]["left"].to_pylist()
    drawn = scrambled(flights(late=False))[2]["left"].to_pylist()
    assert 0 in drawn
    assert 2400 not in drawn


def test_a_given_time_moves_the_delay():
    _, _, drawn = scrambled(flights(), given={"left": [1815] * ROWS})
    d = drawn.to_pandas().dropna()
    assert (d.left == 1815).all()
    assert ((minutes(d.left) - minutes(d.scheduled) - d.delay) % 1440 == 0).all()
    assert d.delay.nunique() > 100


def test_one_flight_that_is_a_minute_off_is_enough_to_find_none():
    values = flights()
    values["delay"][1][7] += 1
    assert scrambled(values)[0].relations.differences == ()
