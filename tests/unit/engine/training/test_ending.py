"""How trainings end, and what their budgets count."""

import time

import numpy as np
import pytest

from synthohive_spark.engine.ending import levelled_off
from synthohive_spark.engine.limits import Limits, TimeBudget
from synthohive_spark.engine.training.progress import FEWEST_STEPS, Progress


def progress(**settings):
    plain = {"steps": 4, "epochs": 10, "limits": Limits(), "patience": None, "losses": ("loss",), "check_steps": 4}
    made = Progress(**{**plain, **settings})
    made.start()
    return made


def walk(state, scores):
    """Steps with a check every four, until training is finished or the scores are used up."""
    for score in scores:
        for _ in range(4):
            state.add(np.zeros(1))
        state.end_epoch()
        state.checked(score, {})
        if state.finished:
            break
    return state


def test_all_epochs_are_made():
    state = walk(progress(), np.linspace(-9, -1, 10))
    assert (state.ending.by, state.ending.steps, state.ending.levelled_off) == ("epochs", 40, False)


def test_a_score_that_stays_ends_a_training_and_has_levelled_off():
    state = walk(progress(epochs=100, halvings=3), [-9, -5, *[-5.0] * 90])
    assert (state.ending.by, state.ending.levelled_off) == ("converged", True)
    assert state.epoch == 2 + 4 * 4


def test_patience_is_told_from_convergence():
    state = walk(progress(patience=3), [-9, -5, -5.5, -6, -7, -8])
    assert (state.ending.by, state.epoch) == ("patience", 5)


def test_a_flat_score_begins_the_second_half_at_once():
    rising = walk(progress(epochs=30, adaptive=True), np.linspace(-90, -1, 30))
    flat = walk(progress(epochs=30, adaptive=True), [-90, -20, -10, *np.linspace(-9, -8, 27)])
    assert rising.epoch == 30 and flat.epoch < 15
    assert flat.ending.by == "epochs" and flat.ending.levelled_off


def test_the_clock_begins_when_the_fit_was_asked_for():
    """A minute before training and a minute after it are none of training's."""
    asked = time.monotonic() - 60
    limits = Limits(TimeBudget(200, asked), after=6)
    state = progress(epochs=None, limits=limits)
    assert state.allowed == pytest.approx(140, abs=1)
    state.checked(0.5, {}, seconds=10)
    assert state.allowed == pytest.approx(80, abs=1)


def test_a_budget_that_is_used_up_before_training_still_ends_in_a_model():
    limits = Limits(TimeBudget(5, time.monotonic() - 60))
    state = walk(progress(epochs=None, limits=limits), np.linspace(-90, -1, 50))
    assert (state.ending.by, state.ending.steps, state.ending.levelled_off) == ("time", FEWEST_STEPS, False)
    assert state.ending.preparing_seconds == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    ("scores", "level"),
    [([-9, -5, -4, -3, -2], False), ([-9, -5, -4.02, -4.01, -4], True), ([-9, -9], False), ([-5, -5, -5], True)],
)
def test_a_score_levels_off(scores, level):
    assert levelled_off([{"step": i, "score": s} for i, s in enumerate(scores)]) == level
