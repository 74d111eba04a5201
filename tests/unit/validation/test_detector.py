import numpy as np
import pytest

from synthohive_spark.validation.detector import Feature, detect
from synthohive_spark.validation.figures import DetectorReport, TellingColumn

FEATURES = [Feature("size"), Feature("price"), Feature("kind", is_category=True), Feature("noise")]
HASHES = np.array([-7e15, 3.5, 8e15])


def rows(n, seed):
    """Sizes, prices that follow them, kinds that follow both, written as hashes are, and a column for itself."""
    random = np.random.default_rng(seed)
    size = random.normal(size=n)
    price = 100 * size + random.normal(0, 5, n)
    kind = HASHES[np.digitize(size, [-0.5, 0.5])]
    kind[random.random(n) < 0.1] = np.nan
    return np.column_stack([size, price, kind, random.random(n)])


def shuffled(values, seed=9):
    return np.column_stack([np.random.default_rng(seed + i).permutation(column) for i, column in enumerate(values.T)])


@pytest.mark.parametrize("seed", [1, 2])
def test_halves_of_one_table_cannot_be_told_apart(seed):
    found = detect(rows(3000, seed), rows(3000, seed + 100), FEATURES)
    assert found.auc == pytest.approx(0.5, abs=0.03)
    assert (found.rows, found.columns) == (3000, ())


def test_columns_that_no_longer_go_together_give_rows_away_whatever_order_they_come_in():
    real, synthetic = rows(2000, 1), shuffled(rows(2000, 2))
    found = detect(real, synthetic, FEATURES)
    assert found.auc > 0.98
    assert [c.name for c in found.columns][:2] in (["size", "price"], ["price", "size"])
    assert "noise" not in [c.name for c in found.columns]
    assert all(c.auc_drop > 0.1 for c in found.columns[:2])
    again = np.random.default_rng(3)
    assert detect(again.permutation(real), again.permutation(synthetic), FEATURES) == found


def test_one_column_that_goes_with_nothing_is_named():
    synthetic = rows(2000, 2)
    synthetic[:, 2] = np.random.default_rng(4).permutation(synthetic[:, 2])
    found = detect(rows(2000, 1), synthetic, FEATURES)
    assert 0.6 < found.auc < 0.9
    assert found.columns[0].name == "kind"


def test_as_many_rows_are_taken_of_both_sides():
    found = detect(rows(900, 1), rows(5000, 2), FEATURES)
    assert found.rows == 900
    assert found.auc == pytest.approx(0.5, abs=0.03)


def test_too_few_rows_or_no_column_is_no_figure():
    few = detect(rows(199, 1), rows(3000, 2), FEATURES)
    assert few == DetectorReport(None, 199)
    assert few.sentence == "Not measured: it takes 200 rows of each side, and there are 199."
    bare = detect(np.empty((300, 0)), np.empty((300, 0)), [])
    assert bare == DetectorReport(None, 300)
    assert bare.sentence == "Not measured: no column is left to compare beside keys, personal columns and texts."
    assert detect(rows(200, 1), rows(200, 2), FEATURES).auc is not None


def test_rows_that_are_copies_are_far_below_chance():
    real = rows(2000, 1)
    found = detect(real, real, FEATURES)
    assert found.auc < 0.4
    assert found.sentence.endswith("So far below chance, rows are copies or nearly.")


def test_columns_without_values_and_numbers_without_end():
    real, synthetic = np.full((400, 2), np.nan), np.full((400, 2), np.nan)
    real[:, 1] = np.inf
    synthetic[:, 1] = np.where(np.arange(400) % 2, np.inf, -np.inf)
    for is_category in (False, True):
        found = detect(real, synthetic, [Feature("a", is_category), Feature("b", is_category)])
        assert found.auc == pytest.approx(0.75, abs=0.01)
        assert [c.name for c in found.columns] == ["b"]


def test_rare_categories_that_no_model_may_know_give_no_row_away():
    random = np.random.default_rng(5)
    real, synthetic = (random.integers(0, 3, (3000, 1)).astype(float) for _ in range(2))
    real[:600, 0] = 1000 + np.arange(600) // 4
    told = detect(real, synthetic, [Feature("kind", is_category=True)])
    assert told.auc > 0.58
    assert [c.name for c in told.columns] == ["kind"]
    # A category of which the synthetic side has too many does, though.
    fair = Feature("kind", is_category=True, left_out=0.2)
    assert detect(real, synthetic, [fair]).auc == pytest.approx(0.5, abs=0.03)
    synthetic[:1500, 0] = 77
    assert detect(real, synthetic, [fair]).auc > 0.65


def test_the_sentence_names_columns():
    columns = TellingColumn("a", 0.2), TellingColumn("b", 0.1), TellingColumn("c", 0.1)
    begun = "A classifier finds the synthetic one of two rows in 87.3% of cases (chance: 50%)"
    assert DetectorReport(0.873, 500, columns).sentence == f"{begun}, most of all by a, b and c."
    assert DetectorReport(0.873, 500, columns[:1]).sentence == f"{begun}, most of all by a."
    assert DetectorReport(0.873, 500).sentence == f"{begun}."
