"""Texts of a few phrases with names and numbers in them: the phrases are kept, and what varies in them is drawn."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.text_fit import fit_text
from synthohive_spark.engine.codecs.text_phrases import by_phrase
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.table_statistics import ColumnStatistics

CITIES = ["Rome", "Paris", "Berlin", "Oslo", "Madrid"]
PHRASES = {
    "Disk fails on db-{n}": 0.3,
    "Fan stops at web-{n}": 0.2,
    "Order {n} shipped to {city}": 0.3,
    "Order {n} returned from {city}": 0.2,
}
LEVELS = dict(zip(PHRASES, ("ERROR", "WARN", "INFO", "INFO"), strict=True))


def messages(rows=2000, seed=1):
    rng = np.random.default_rng(seed)
    phrase = rng.choice(list(PHRASES), rows, p=list(PHRASES.values()))
    text = [p.format(n=rng.integers(10_000, 99_999), city=rng.choice(CITIES)) for p in phrase]
    return pd.DataFrame({"message": text, "level": [LEVELS[p] for p in phrase]})


def phrase_of(text):
    return re.sub(r"\d+", "{n}", re.sub("|".join(CITIES), "{city}", text))


def drawn(texts, rows=2000, **settings):
    values = pa.array(texts, pa.string())
    sample = ColumnSample(Column("x", ColumnType("string")), values, ColumnStatistics(values.null_count), Privacy())
    codec = fit_text(sample, **settings)
    words = row_words(1, np.arange(rows), codec.decode_words)
    codes = np.full(rows, codec.size - 1, np.int32)
    return pd.Series(
        type(codec).from_json(codec.to_json()).decode(codes, np.zeros(rows, np.float32), words).to_pylist()
    )


@pytest.mark.parametrize("rows", [500, 5000])
def test_phrases_are_kept_with_their_shares_and_hold_other_names(rows):
    real = messages(rows)["message"]
    made = drawn(real)
    shares = made.map(phrase_of).value_counts(normalize=True)
    assert set(shares.index) == set(PHRASES)
    for phrase, share in real.map(phrase_of).value_counts(normalize=True).items():
        assert shares[phrase] == pytest.approx(share, abs=0.05)
    assert not set(made) & set(real)
    of = made[made.str.contains("shipped")].str.split().str[-1].value_counts(normalize=True)
    assert of[CITIES].to_numpy() == pytest.approx([0.2] * 5, abs=0.1)


def test_lengths_that_go_together_stay_together():
    rng = np.random.default_rng(2)
    texts = [
        "A" * n + "".join(map(str, rng.integers(0, 10, m))) + "-" + "".join(rng.choice(list("XYZ"), 4))
        for n, m in rng.permutation([(1, 3), (2, 2), (3, 1)] * 300)
    ]
    shapes = {re.sub(r"\d", "9", text.split("-")[0]) for text in texts}
    assert (
        set(drawn(texts).str.split("-").str[0].str.replace(r"\d", "9", regex=True))
        == shapes
        == {"A999", "AA99", "AAA9"}
    )


def test_what_chance_makes_divides_nothing():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = rng.choice(["red", "green", "blue", "grey", "white", "black"], (400, 12)).tolist()
        assert [len(group) for group in by_phrase(rows)] == [400]
    assert by_phrase([["a"]] * 5) == [[["a"]] * 5]


def test_of_values_that_may_not_come_out_no_phrase_is_used():
    made = drawn(messages()["message"], imitated=True)
    assert made.str.contains("shipped|returned|fails|stops").mean() < 0.1


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_drawn_texts_hold_phrases_that_suit_their_row(engine):
    real = messages(3000)
    real["load"] = np.random.default_rng(3).normal(size=3000)
    real.loc[::9, "message"] = None
    made = engine(epochs=1, progress=False).fit(real, seed=1).sample(1500, seed=2).dropna()
    assert set(made["message"].map(phrase_of)) == set(PHRASES)
    assert (made["message"].map(phrase_of).map(LEVELS) == made["level"]).all()
    assert not set(made["message"]) & set(real["message"].dropna())
