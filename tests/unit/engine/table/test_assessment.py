"""Every fit is judged by the rows that it draws, and says so."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.pairs import cells_of, pair_score

RNG = np.random.default_rng(0)


def people(rows=3000):
    age = RNG.integers(18, 80, rows)
    return pd.DataFrame(
        {
            "band": np.where(age < 30, "young", np.where(age < 60, "middle", "old")),
            "income": (age * 900 + RNG.normal(0, 4000, rows)).round(),
            "city": np.array(["a", "b", "c"])[RNG.integers(0, 3, rows)],
            "club": np.where(age < 30, np.where(RNG.random(rows) < 0.9, "y", "n"), "n"),
        }
    )


def cells(codes):
    blocks = tuple(Block(str(i), (0.25,) * 4, False) for i in range(codes.shape[1]))
    return cells_of(EncodedTable(codes, np.zeros((len(codes), 0), np.float32)), blocks)


def test_the_score_is_1_for_real_rows_and_0_for_independent_columns():
    def real(seed):
        rng = np.random.default_rng(seed)
        a = rng.integers(0, 4, 4000)
        return np.stack([a, (a + (rng.random(4000) < 0.1)) % 4, rng.integers(0, 4, 4000)], axis=1)

    some, other, more = (cells(real(seed)) for seed in range(3))
    assert pair_score(some, other, more, 3, 0) == pytest.approx(1, abs=0.05)
    assert pair_score(some, other, cells(RNG.permuted(real(3), axis=0)), 3, 0) == pytest.approx(0, abs=0.05)
    half = np.concatenate([real(4)[:2000], RNG.permuted(real(5), axis=0)[2000:]])
    assert pair_score(some, other, cells(half), 3, 0) == pytest.approx(0.5, abs=0.1)


def test_columns_that_have_nothing_to_do_with_each_other_have_no_score():
    some, other, drawn = (cells(RNG.integers(0, 4, (4000, 3))) for _ in range(3))
    assert pair_score(some, other, drawn, 3, 0) is None


def test_a_fit_that_learned_says_so():
    summary = Autoregressive(epochs=30, progress=False).fit(people(), seed=1).training_summary
    assert summary.pair_score > 0.8 and summary.warnings == ()
    assert summary.ended_by in ("epochs", "converged") and summary.threads == 1
    assert summary.steps > 0 and 0 < summary.training_seconds <= summary.seconds


def test_a_fit_of_a_step_warns_that_it_learned_nothing():
    summary = CTGAN(epochs=1, progress=False).fit(people(400), seed=1).training_summary
    assert summary.pair_score < 0.3
    assert len(summary.warnings) == 1 and "hardly better than independent ones" in summary.warnings[0]
    assert "train longer" in summary.warnings[0]


def test_a_budget_that_ends_too_early_warns_with_its_figures():
    summary = Autoregressive(max_seconds=0.05, progress=False).fit(people(), seed=1).training_summary
    assert summary.ended_by == "time" and not summary.levelled_off
    assert "the time budget of 0.05 s ended training after" in summary.warnings[0]
    assert "raise max_seconds" in summary.warnings[0]
