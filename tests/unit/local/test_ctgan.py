import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import (
    CTGAN,
    Constraint,
    Metadata,
    SchemaError,
    SerializationError,
    SynthoHiveError,
    TrainingError,
)

SMALL = {"epochs": 2, "batch_size": 100, "generator_dim": (32,), "discriminator_dim": (32,), "progress": False}


def people(rows=500):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": np.arange(rows) + 100,
            "age": rng.integers(18, 90, rows).astype("int16"),
            "income": np.round(rng.lognormal(10, 1, rows), 2),
            "city": rng.choice(["Bonn", "Kiel", None], rows),
            "active": rng.random(rows) < 0.3,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, rows), unit="D"),
            "born": [
                datetime.date(1950, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, 20_000, rows)
            ],
            "kind": pd.Categorical(rng.choice(["x", "y"], rows)),
            "visits": pd.array(rng.choice([1, 2, None], rows), dtype="Int32"),
            "price": [Decimal(int(p)) / 100 for p in rng.integers(0, 10_000, rows)],
            "note": "secret",
        }
    )


def fitted(pdf=None, **settings):
    metadata = Metadata().add_table(
        "people", pk="id", exclude=["note"], constraints={"age": Constraint(min=30, max=50)}
    )
    return CTGAN(metadata, **{**SMALL, **settings}).fit(people() if pdf is None else pdf, "people", seed=1)


def test_columns_order_dtypes_and_range_are_those_of_the_table():
    real = people()
    model = fitted(real)
    made = model.sample(400, seed=2, keys=True)
    assert list(made.columns) == [c for c in real.columns if c != "note"]
    assert list(model.sample(4, seed=2).columns) == [c for c in real.columns if c not in ("id", "note")]
    for name in made.columns:
        assert made[name].dtype == real[name].dtype, name
    assert made.id.tolist() == list(range(400))
    assert made.age.between(real.age.min(), real.age.max()).all()
    assert set(made.city.dropna()) <= {"Bonn", "Kiel"} and made.city.isna().any()
    assert not made.income.isna().any() and (made.income == made.income.round(2)).all()
    assert isinstance(made.born[0], datetime.date) and isinstance(made.price[0], Decimal)


def test_seeds_fix_fit_and_rows(tmp_path):
    first, again = fitted().sample(300, seed=2), fitted().sample(300, seed=2)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(fitted().sample(300, seed=3))


def test_saved_and_loaded_it_draws_the_same_rows(tmp_path):
    model = fitted()
    model.save(str(tmp_path / "m"))
    loaded = CTGAN()
    assert loaded.load(str(tmp_path / "m")) is loaded
    pd.testing.assert_frame_equal(loaded.sample(300, seed=2), model.sample(300, seed=2))
    with pytest.raises(SerializationError, match="overwrite=True"):
        model.save(str(tmp_path / "m"))
    model.save(str(tmp_path / "m"), overwrite=True)


def test_without_a_seed_one_is_drawn_and_logged():
    with capture_logs() as logs:
        model = CTGAN(**SMALL).fit(people()[["age", "city"]])
        model.sample(3)
    assert {"training_seed", "sampling_seed"} <= {entry["event"] for entry in logs}


def test_rows_that_break_a_constraint_are_left_out_and_counted():
    model = fitted()
    every = model.sample(400, seed=2)
    with capture_logs() as logs:
        kept = model.sample(400, seed=2, enforce_constraints=True)
    valid = every.age.between(30, 50)
    pd.testing.assert_frame_equal(kept, every[valid].reset_index(drop=True))
    assert [(e["event"], e["log_level"], e["rows_left_out"]) for e in logs] == [
        ("constraint_violations", "warning", int((~valid).sum()))
    ]
    assert (
        logs[0]["violations"]
        == f"2 violations — age: got {every.age.min()} (min=30); age: got {every.age.max()} (max=50)"
    )


def test_context_columns_are_given():
    metadata = Metadata().add_table("t", context=["city"])
    model = CTGAN(metadata, **SMALL).fit(people()[["age", "city"]].dropna(), "t", seed=1)
    made = model.sample(4, context=pd.DataFrame({"city": ["Kiel", "Bonn", "Kiel", "Bonn"]}), seed=1)
    assert made.city.tolist() == ["Kiel", "Bonn", "Kiel", "Bonn"]
    with pytest.raises(SchemaError, match="needs a context with the columns city"):
        model.sample(4)
    with pytest.raises(SchemaError, match="context has 1 rows for n=4"):
        model.sample(4, context=pd.DataFrame({"city": ["Kiel"]}))


@pytest.mark.parametrize(
    ("work", "error", "message"),
    [
        (lambda: CTGAN().sample(3), SynthoHiveError, "call fit or load first"),
        (lambda: CTGAN(epochs=0), SchemaError, "epochs must be a whole number of at least 1, got 0"),
        (lambda: CTGAN(**SMALL).fit(people()[["age"]].head(0)), TrainingError, "no rows"),
        (lambda: fitted(people().drop(columns="age")), SchemaError, "column 'age' is declared but not in the table"),
        (lambda: CTGAN(Metadata(), **SMALL).fit(people(), "nope"), SchemaError, "table 'nope' is not declared"),
        (
            lambda: CTGAN(**SMALL).fit(pd.DataFrame({"a": [[1]] * 9})),
            SchemaError,
            "column 'a' of type object cannot be learned",
        ),
        (
            lambda: CTGAN(**SMALL).fit(pd.DataFrame({"a": [1, "x"] * 9})),
            SchemaError,
            "'a' holds values of several types",
        ),
        (lambda: fitted().sample(-1), SchemaError, "n must be a whole number of at least 0, got -1"),
    ],
)
def test_what_a_user_gets_wrong(work, error, message):
    with pytest.raises(error, match=message):
        work()
