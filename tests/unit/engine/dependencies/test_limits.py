"""Numbers in text beside limits: laboratory values below or above what can be measured."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.formats import NumberFormat
from synthohive_spark.engine.dependencies.several_formats import SeveralFormats
from tests.helpers.scrambled import find, scrambled, table_of

TESTS = {"TSH": (2, 0.1, 50, 2), "CRP": (8, 1, 200, 1), "GLU": (95, 20, 400, 0), "FER": (100, 10, 1000, 1)}


def results(rows=3000, seed=1):
    """Results of tests, each with limits and decimals of its own."""
    rng = np.random.default_rng(seed)
    test = rng.choice(list(TESTS), rows)
    value = [TESTS[t][0] * np.exp(rng.normal(0, 1.2)) for t in test]
    text = [
        f"<{low}" if v < low else f">{high}" if v > high else f"{v:.{digits}f}"
        for v, (_, low, high, digits) in zip(value, (TESTS[t] for t in test), strict=True)
    ]
    return pd.DataFrame({"test": test, "result": text, "ward": rng.choice(["a", "b"], rows)})


def limits_of(texts):
    found = texts[texts.str.match("[<>≤≥]", na=False)]
    return found.value_counts(normalize=False)


def number_of(texts):
    return pd.to_numeric(texts, errors="coerce").dropna()


def test_words_and_limits_are_read_and_written_again():
    own = SeveralFormats(
        Column("x", ColumnType("string")), (NumberFormat(digits=1), NumberFormat(digits=2)), ("<0.5", ">= 90", "n/a")
    )
    assert SeveralFormats.from_json(own.to_json()) == own
    texts = pa.array(["1.5", "<0.5", None, ">= 90", "n/a", "2.25", "<0.2", ">7"])
    numbers, which = own.split({"x": texts})
    assert numbers.to_pylist() in ([1.5, 0.5, None, 90.0, other, 2.25, 0.2, 7.0] for other in (1.5, 2.25))
    # A limit that is not kept is the next one of its sign, or else a number.
    expected = ["1.5", "<0.5", None, ">= 90", "n/a", "2.25", "<0.5", "7.0"]
    assert own.join([numbers, which]).to_pylist() == expected


@pytest.mark.parametrize("rows", [400, 3000])
def test_limits_keep_their_share_and_none_of_few_rows_comes_out(rows):
    real = results(rows)
    found, _, drawn = scrambled({"result": ("string", real["result"].tolist())})
    counts = limits_of(real["result"])
    kept = set(counts[counts >= 5].index)
    assert set(found.written[0].words) == kept
    made = drawn["result"].to_pandas()
    assert set(limits_of(made).index) == kept
    common = counts[counts >= 5]
    assert (limits_of(made)[common.index] - common).abs().max() <= counts[counts < 5].sum()
    assert made.str.fullmatch(r"[<>]?\d+(\.\d+)?").all()
    assert number_of(made).median() == pytest.approx(number_of(real["result"]).median(), rel=0.1)


def test_words_of_many_rows_stand_beside_limits_and_rare_ones_leave_all_as_it_is():
    real = results()["result"].copy()
    real[::20], real[::29] = "pending", None
    found, _, drawn = scrambled({"result": ("string", real.tolist())})
    assert "pending" in found.written[0].words
    made = drawn["result"].to_pandas()
    assert made.isna().sum() == real.isna().sum()
    # Where there is a number and how it is written are shuffled apart.
    assert (made == "pending").sum() == pytest.approx((real == "pending").sum(), rel=0.15)
    for texts in (real.where(np.arange(3000) > 3, "spilled"), [re.sub("[<>]", "", t) for t in results()["result"]]):
        table, columns = table_of({"result": ("string", list(texts))})
        assert not [own for own in find(table, columns).written if getattr(own, "words", ())]


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_an_engine_draws_limits_and_numbers(engine, tmp_path):
    real = results()
    real.loc[::11, "result"] = None
    model = engine(epochs=20, progress=False).fit(real, seed=1)
    made = model.sample(3000, seed=2)
    assert set(limits_of(made["result"]).index) <= {"<0.1", "<1", "<20", "<10", ">400", ">1000", ">200", ">50"}
    share = made["result"].str.match("[<>]", na=False).mean()
    assert share == pytest.approx(real["result"].str.match("[<>]", na=False).mean(), abs=0.04)
    assert made["result"].dropna().str.fullmatch(r"[<>]?\d+(\.\d+)?").all()
    assert 0.04 < made["result"].isna().mean() < 0.15
    if engine is Autoregressive:
        for test in TESTS:
            own = [number_of(frame.loc[frame["test"] == test, "result"]).median() for frame in (real, made)]
            assert own[1] == pytest.approx(own[0], rel=0.35), test
    model.save(str(tmp_path / "m"))
    again = engine(progress=False).load(str(tmp_path / "m")).sample(500, seed=3)
    pd.testing.assert_frame_equal(again, model.sample(500, seed=3))
