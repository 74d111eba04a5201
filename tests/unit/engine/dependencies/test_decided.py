"""What codes keep, as sentences of whole columns: only where the codes are those of the values that come out."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Autoregressive
from synthohive_spark.engine.dependencies.decided import decided, null_within

ROWS = 1200


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    city, lag = rng.integers(0, 40, ROWS), rng.integers(0, 9, ROWS)
    ordered = rng.integers(0, 700, ROWS)
    quantity, price = rng.integers(1, 4, ROWS), rng.choice([7.0, 11.0, 13.0], ROWS)
    won = np.where(rng.random(ROWS) < 0.2, np.nan, rng.integers(0, 11, ROWS))
    rows = pd.DataFrame(
        {
            "city": [f"city{c}" for c in city],
            "state": [f"state{c // 8}" for c in city],
            "quantity": quantity,
            "price": price,
            "amount": quantity * price,  # no two products are alike, so each amount tells both
            "ordered": pd.to_datetime("2023-01-01") + pd.to_timedelta(ordered, unit="D"),
            "shipped": pd.to_datetime("2023-01-01") + pd.to_timedelta(ordered + lag, unit="D"),
            "lag": [f"lag{n}" for n in lag],  # tells how far shipped lies from ordered, which is what is learned of it
            "won": won,
            "odds": np.where(np.isnan(won), np.nan, rng.random(ROWS)),
        }
    )
    return Autoregressive(progress=False, epochs=1).fit(rows, seed=1)


@pytest.fixture(scope="module")
def dependencies(model):
    return model.model.dependencies


def test_what_is_kept_in_values_is_told(dependencies):
    names = ["city", "state", "won", "odds"]
    (own,) = decided(dependencies, names)
    assert (own.text, own.columns, own.attributes, own.known) == ("city decides state", ("city",), ("state",), True)
    assert {one.text for one in null_within(dependencies, names)} == {"odds is null exactly where won is"}


def test_what_is_computed_or_learned_as_a_distance_is_not(dependencies):
    sentences = set(dependencies.describe())
    assert {"amount decides quantity", "lag decides shipped"} & sentences
    everything = [*dependencies.blocks, "amount", "shipped"]
    assert {one.columns for one in decided(dependencies, everything)} == {("city",)}
    assert "city decides state" not in {one.text for one in decided(dependencies, ["city"])}


def test_sentences_say_nothing_of_a_column_that_is_learned_as_something_else(model):
    links = {told for told in model.dependencies if " decides " in told}
    assert links == {"city decides state in all 1,200 rows"}
