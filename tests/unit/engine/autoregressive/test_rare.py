"""Rare classes: their share stays, and what goes with them is told from counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from synthohive_spark import Autoregressive
from synthohive_spark.engine.autoregressive.networks import TermTensors
from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.autoregressive.rare import terms_from_arrays, terms_to_arrays
from synthohive_spark.engine.autoregressive.rare_fit import rare_categories, rare_terms

ROWS, RARE = 8000, 30
PARTS = Parts((ColumnParts(2), ColumnParts(40, bins=40)), (False, True), 0)
LINKED = Parts((ColumnParts(2), ColumnParts(10, bins=10, fine=4)), (False, True), 0)


def test_what_is_rare():
    assert rare_categories(np.array([9_900, 60, 40]), 5).tolist() == [False, True, True]
    assert rare_categories(np.array([9_996, 4]), 5).tolist() == [False, False]
    assert rare_categories(np.full(100, 100), 5).tolist() == [False] * 100


def rare_rows(held, among):
    """Rows of which the first ``held`` have a rare category, and of the other column cells of ``among``."""
    rng = np.random.default_rng(0)
    rows = np.zeros((4_000, 2), np.int16)
    rows[:, 1] = rng.integers(0, 40, 4_000)
    rows[:held, 0], rows[:held, 1] = 1, rng.choice(among, held)
    return rows


def test_what_a_rare_class_holds_is_told_from_its_rows_and_smoothed():
    rows = rare_rows(24, np.repeat([34, 35, 36, 37, 39], [1, 4, 4, 2, 1]))
    (term,) = rare_terms(rows, PARTS, 5)
    assert (term.part, term.categories.tolist(), term.others) == (0, [1], (1,))
    shares = np.bincount(rows[:, 1], minlength=40) / len(rows)
    told = np.exp(term.logs[0]) * shares
    assert told.sum() == pytest.approx(1, abs=0.05)
    assert told[32:].sum() > 0.9 and told[38] > 20 * told[20]
    assert (term.logs[0, :28] < -1).all()


def test_a_row_that_has_none_of_its_class_near_it_is_not_told():
    rows = rare_rows(24, [37, 38])
    rows[:4, 1] = 5
    (term,) = rare_terms(rows, PARTS, 5)
    assert term.logs[0, 37] > 2 and np.ptp(term.logs[0, :30]) < 0.01
    (term,) = rare_terms(rows, PARTS, 4)
    assert term.logs[0, 5] > term.logs[0, 20] + 2


def test_what_a_rare_class_holds_by_chance_is_not_told():
    found = sum(len(rare_terms(rows, PARTS, 5)) for rows in (rare_rows(n, np.arange(40)) for n in range(5, 65)))
    assert found == 0


def linked_rows():
    """Rows of which the first 40 have a rare category, and all the last cell of the other column."""
    rng = np.random.default_rng(0)
    rows = np.zeros((4_000, 3), np.int16)
    rows[:, 1], rows[:, 2] = rng.integers(0, 10, 4_000), rng.integers(0, 4, 4_000)
    rows[:40] = [1, 9, 3]
    return rows


def test_a_linked_part_is_told_beside_what_its_first_part_says():
    rows = linked_rows()
    fine, coarse = rare_terms(rows, LINKED, 5)
    assert fine.others == (1, 2) and coarse.others == (1,)
    cells = np.bincount(rows[:, 1] * 4 + rows[:, 2], minlength=40).reshape(10, 4) / len(rows)
    told = np.exp(coarse.logs[0][:, None] + fine.logs[0]) * cells
    assert told[9, 3] > 0.9 and told.sum() == pytest.approx(1, abs=0.05)


def test_torch_and_numpy_add_the_same():
    rows = linked_rows()
    for term in rare_terms(rows, LINKED, 5):
        size = LINKED.sizes[term.others[-1]]
        linked = [rows[:, other] for other in term.others[:-1]]
        ours, theirs = term.logs[(np.full(len(rows), -1), *linked)].T.copy(), torch.zeros(len(rows), size)
        term.add(ours, rows.T.astype(np.int64))
        TermTensors(term, torch.device("cpu")).add(theirs, torch.from_numpy(rows).long(), torch.ones(3))
        np.testing.assert_allclose(ours.T, theirs.numpy(), atol=1e-6)
        assert np.abs(ours[:, :40]).max() > 1 > np.abs(ours[:, 40:]).max() > 0


def test_a_term_adds_nothing_where_its_part_is_not_known():
    rows = rare_rows(24, [38, 39])
    (term,) = rare_terms(rows, PARTS, 5)
    logits = np.tile(term.rest[:, None], 3)
    term.add(logits, np.array([[1, 0, -1], [-1, -1, -1]]))
    np.testing.assert_allclose(logits.T, [*term.logs, np.zeros(40)], atol=1e-6)


def test_terms_are_kept_as_arrays_and_what_is_none_is_refused():
    rows = rare_rows(24, [38, 39])
    (term,) = rare_terms(rows, PARTS, 5)
    (read,) = terms_from_arrays(terms_to_arrays([term]))
    assert (read.part, read.others) == (term.part, term.others)
    np.testing.assert_array_equal(read.logs, term.logs)
    np.testing.assert_array_equal(read.categories, term.categories)
    with pytest.raises(ValueError, match=r"rare\.0\.1\.logs is of no categories"):
        terms_from_arrays({"rare.0.1.logs": term.logs})
    with pytest.raises(ValueError, match="of parts that are not there"):
        read.check((2,))
    for sizes, wrong in (((2, 39), {}), ((2, 40), {"logs": term.logs * np.nan}), ((2, 40), {"categories": np.ones(1)})):
        with pytest.raises(ValueError, match="not of its categories"):
            replace(read, **wrong).check(sizes)


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


def forms(seed):
    """Temperatures of 4,000 forms, of which two rare defects, some 30 rows each, have the highest and the lowest."""
    rng = np.random.default_rng(seed)
    defect = rng.choice(["ok", "scratch", "crack", "porous"], 4_000, p=[0.97, 0.015, 0.0075, 0.0075])
    shift = np.select([defect == "crack", defect == "porous"], [14, -11], 0.0)
    return pd.DataFrame({"defect": defect, "temp": rng.normal(210, 4, 4_000) + shift})


@pytest.mark.parametrize("seed", [112, 113])
def test_two_rare_classes_of_some_thirty_rows_are_told_apart(seed):
    real = forms(seed)
    made = Autoregressive(progress=False).fit(real, seed=0).sample(40_000, seed=1)
    for defect in ("crack", "porous"):
        own, drawn = (table[table["defect"] == defect] for table in (real, made))
        assert len(drawn) / 10 == pytest.approx(len(own), rel=1 / 3)
        # What lies beyond the fifth value from an end is kept as that one.
        kept = own["temp"].clip(made["temp"].min(), made["temp"].max())
        assert drawn["temp"].mean() == pytest.approx(kept.mean(), abs=0.5 * kept.std())


def test_several_columns_that_go_with_a_rare_class_go_together():
    rng = np.random.default_rng(1)
    rare = np.zeros(4_000, bool)
    rare[rng.choice(4_000, 24, replace=False)] = True
    real = pd.DataFrame({"a": rng.normal(size=4_000) + 5 * rare, "b": rng.normal(size=4_000) - 3 * rare})
    real["label"] = np.where(rare, "fraud", "ok")
    made = Autoregressive(progress=False).fit(real, seed=0).sample(40_000, seed=1)
    fraud = made["label"] == "fraud"
    assert fraud.mean() == pytest.approx(24 / 4_000, rel=1 / 3)
    assert ((made["a"] > 2.5) & (made["b"] < -1.5))[fraud].mean() > 0.6
    assert ((made["a"] > 2.5) & (made["b"] < -1.5))[~fraud].mean() < 0.002
