"""Columns that often hold what a given one does: found by value, and kept where the rest of what is given is new."""

import json

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Autoregressive, Metadata, Privacy
from synthohive_spark.engine.encoded_table import Layout

WORDS = np.array([f"w{i:02d}" for i in range(20)])
ROWS = 1200


def sequence(often, seed=0):
    """Rows that hold the word of the row before in this share of cases, and a town that goes with that word."""
    rng = np.random.default_rng(seed)
    before = rng.integers(0, len(WORDS), ROWS)
    word = np.where(rng.random(ROWS) < often, before, rng.integers(0, len(WORDS), ROWS))
    return pd.DataFrame(
        {
            "word": WORDS[word],
            "size": np.where(rng.random(ROWS) < often, before, 7) * 3,
            "other": rng.choice(["a", "b"], ROWS),
            "before": WORDS[before],
            "town": [f"t{i}" for i in before],
            "sum": before * 3,
        }
    )


def fitted(rows, **settings):
    given = Metadata().add_table("t", context=["before", "town", "sum"])
    model = Autoregressive(given, progress=False, privacy=Privacy(0, 0), **settings)
    return model.fit(rows, table_name="t", seed=1)


@pytest.fixture(scope="module")
def model():
    return fitted(sequence(0.9))


def echoes_of(model):
    layout = model.model.layout
    return {layout.columns[e.column].name: layout.context[e.given].name for e in layout.echoes}


def test_echoes_are_found_by_value_not_by_association(model):
    assert echoes_of(model) == {"word": "before", "size": "sum"}  # the town says as much, and is no word


def test_what_seldom_repeats_is_no_echo():
    assert echoes_of(fitted(sequence(0.1), epochs=1)) == {}


def test_an_echo_is_kept_where_the_rest_is_new(model):
    """Towns that never went with these words must not make a sequence jump."""
    context = sequence(0.9, seed=5)[["before", "town", "sum"]]
    context["town"] = np.roll(context["town"], 3)
    drawn = model.sample(ROWS, context=context, seed=2)
    assert (drawn["word"] == context["before"]).mean() > 0.8
    assert (drawn["size"] == context["sum"]).mean() > 0.8


def test_shares_of_echoes_are_the_real_ones(model):
    context = sequence(0.9, seed=6)[["before", "town", "sum"]]
    drawn = model.sample(ROWS, context=context, seed=3)
    assert abs((drawn["word"] == context["before"]).mean() - 0.905) < 0.04


def test_echoes_come_back_from_json(model):
    layout = model.model.layout
    again = Layout.from_json(json.loads(json.dumps(layout.to_json())))
    assert [(e.given, e.column) for e in again.echoes] == [(e.given, e.column) for e in layout.echoes]
    for own, other in zip(again.echoes, layout.echoes, strict=True):
        np.testing.assert_array_equal(own.table, other.table)


def test_a_model_with_echoes_is_saved_and_loaded(model, tmp_path):
    model.save(str(tmp_path / "m"))
    context = sequence(0.9, seed=6)[["before", "town", "sum"]]
    loaded = Autoregressive().load(str(tmp_path / "m"))
    pd.testing.assert_frame_equal(
        loaded.sample(ROWS, context=context, seed=3), model.sample(ROWS, context=context, seed=3)
    )
