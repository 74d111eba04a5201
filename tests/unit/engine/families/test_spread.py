"""Counts spread along the distribution that was learned of them."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.families.spread import even_values, spread_counts

WHOLE = ColumnType("bigint")
KNOTS = NumericCodec(WHOLE, False, (), (0, 90), (10, 20, 40), (0.0, 0.5, 1.0), 2, 1, frequencies=(0.2, 0.1, 0.35, 0.35))
"""A fifth of zeros, a tenth of 90, the others evenly from 10 to 20 and from 20 to 40."""


def test_every_value_has_its_share():
    values = even_values(KNOTS, 100)
    assert (values == 0).sum() == 20 and (values == 90).sum() == 10
    assert (values[20:55] <= 20).all() and (values[55:90] >= 20).all() and values[20] == 10 and values[89] == 40
    assert (np.diff(values) >= 0).all()
    assert np.abs(values[20:55] - np.linspace(10, 20, 35)).max() <= 1


@pytest.mark.parametrize("rows", [1, 2, 7, 301])
def test_few_rows_have_the_same_mean(rows):
    values = even_values(KNOTS, rows)
    assert len(values) == rows
    assert abs(values.mean() - (9 + 0.35 * 15 + 0.35 * 30)) < 60 / rows


def test_rows_keep_their_order_and_other_columns():
    rng = np.random.default_rng(0)
    had = rng.permutation(50)
    rows = pa.table({"n": had, "word": [f"w{i}" for i in range(50)]})
    made = spread_counts(rows, {"n": even_values(KNOTS, 50).mean()}, {"n": KNOTS})
    values = made.column("n").to_numpy()
    assert sorted(values) == even_values(KNOTS, 50).tolist()
    assert (np.diff(values[np.argsort(had)]) >= 0).all()
    assert made.column("word").equals(rows.column("word")) and made.column("n").type == pa.int64()


def test_of_equal_counts_those_have_more_that_have_more_of_others():
    rows = pa.table({"n": [5] * 10, "m": np.arange(10)[::-1]})
    made = spread_counts(rows, {"n": 25.0, "m": 4.5}, {"n": KNOTS})
    assert (np.diff(made.column("n").to_numpy()) <= 0).all() and made.column("m").equals(rows.column("m"))


def test_what_has_nulls_stays():
    codec = NumericCodec(WHOLE, True, (), (1, 2), (), (), 0, 1, frequencies=(0.5, 0.25, 0.25))
    rows = pa.table({"n": [2, 2, 2, None]})
    assert spread_counts(rows, {"n": 1.5}, {"n": codec}).equals(rows)
    assert spread_counts(rows.slice(0, 0), {"n": 25.0}, {"n": KNOTS}).num_rows == 0


@pytest.mark.parametrize("mean", [0, 22, 25.5, 30])
def test_a_mean_is_kept_by_those_that_have_most(mean):
    rows = pa.table({"n": np.random.default_rng(0).permutation(70)})
    values = np.sort(spread_counts(rows, {"n": mean}, {"n": KNOTS}).column("n").to_numpy())
    assert values.sum() == round(mean * 70) and values.min() == 0
    if mean:
        plain = even_values(KNOTS, 70)
        assert (values[plain == 0] == 0).all()
        assert np.abs(values / np.maximum(plain, 1) - mean / plain.mean())[plain > 0].max() < 0.12
