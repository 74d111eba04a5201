"""Rare classes: their share stays, and what goes with them is learned."""

import numpy as np
import pandas as pd
import pytest
import torch

from synthohive_spark import Autoregressive
from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.autoregressive.rare import rare_categories, rare_rows

ROWS, RARE = 8000, 30


def test_what_is_rare():
    assert rare_categories(np.array([9_900, 60, 40]), 5).tolist() == [False, True, True]
    assert rare_categories(np.array([9_996, 4]), 5).tolist() == [False, False]
    assert rare_categories(np.full(100, 100), 5).tolist() == [False] * 100


def test_rows_of_the_rarest_category_come_most_often():
    codes = np.zeros((10_000, 2), np.int16)
    codes[:50, 0], codes[40:140, 1] = 1, 1
    found = rare_rows(codes, Parts((ColumnParts(2), ColumnParts(2)), (False, False), 0), 5)
    assert found.times[:50].tolist() == [4] * 50 and found.times[50:140].tolist() == [2] * 90
    assert found.times[140:].max() == 1 and bool(found)
    assert set(found.part[:50]) == {0} and set(found.part[50:140]) == {1}


def test_many_rare_categories_take_little_from_the_others():
    codes = np.zeros((10_000, 1), np.int16)
    codes[:400, 0] = 1 + np.arange(400) // 8
    found = rare_rows(codes, Parts((ColumnParts(51),), (False,), 0), 5)
    assert found.times.min() == 1 and (found.times - 1).sum() <= 300


@pytest.fixture(scope="module")
def claims():
    rng = np.random.default_rng(0)
    rare = np.zeros(ROWS, bool)
    rare[rng.choice(ROWS, RARE, replace=False)] = True
    return pd.DataFrame(
        {
            "amount": rng.normal(0, 1, ROWS) + 5 * rare,
            "other": rng.normal(size=ROWS),
            "label": np.where(rare, "fraud", "ok"),
        }
    )


def test_the_share_of_a_rare_class_stays_and_its_mean_follows(claims):
    model = Autoregressive(epochs=12, batch_size=256, progress=False).fit(claims, seed=1)
    made = model.sample(60_000, seed=2)
    fraud = made[made["label"] == "fraud"]
    assert len(fraud) / len(made) == pytest.approx(RARE / ROWS, rel=1 / 3)
    real = claims[claims["label"] == "fraud"]["amount"]
    assert fraud["amount"].mean() == pytest.approx(real.mean(), abs=0.5 * real.std())
    plain = made[made["label"] == "ok"]["amount"]
    assert plain.mean() == pytest.approx(0, abs=0.05) and plain.std() == pytest.approx(1, abs=0.05)


def test_a_head_that_knows_what_is_rare_counts_a_row_in_full():
    from synthohive_spark.engine.autoregressive.settings import AutoregressiveSettings
    from synthohive_spark.engine.autoregressive.training import AutoregressiveTrainer

    rows = np.zeros((2_000, 2), np.int16)
    rows[:20, 0], rows[::2, 1] = 1, 1
    parts = Parts((ColumnParts(2), ColumnParts(2)), (False, False), 0)
    trainer = AutoregressiveTrainer(rows, parts, AutoregressiveSettings(epochs=1), 1)
    times = trainer.times[torch.tensor([0, 1_000])]
    assert times.tolist() == [2, 1]
    counts = trainer._counts(torch.tensor([0, 1_000]), trainer._known(np.array([0, 1])))
    assert counts.tolist() == [[0.5, 1.0], [1.0, 1.0]]
    assert trainer._counts(torch.tensor([0]), trainer._known(np.array([1, 0]))).tolist() == [[0.5], [0.5]]
    assert np.bincount(trainer.order)[:20].sum() == 2 * np.isin(np.arange(20), trainer.learned).sum()
