"""What a pandas DataFrame may hold that cannot be learned, and what comes back as it was."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from structlog.testing import capture_logs

from synthohive_spark import CTGAN, Autoregressive, SchemaError

ROWS = 300


def fitted(frame):
    return Autoregressive(progress=False, epochs=1).fit(frame, seed=1)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (pd.DataFrame(np.zeros((ROWS, 2))), "names of columns are no strings: [0, 1]"),
        (pd.DataFrame(np.zeros((ROWS, 2)), columns=["a", "a"]), "names of columns come twice: ['a']"),
        (
            pd.DataFrame(np.zeros((ROWS, 2)), columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
            "names of columns are no strings: [('a', 'b'), ('a', 'c')]",
        ),
        (pd.DataFrame({"z": np.full(ROWS, 1j)}), "column 'z' of type complex128 cannot be learned"),
        (pd.DataFrame({"i": pd.interval_range(0, ROWS)}), "column 'i' has type interval[int64, right]"),
        (pd.DataFrame({"u": np.full(ROWS, 2**63 + 1, np.uint64)}), "column 'u' holds whole numbers of 2**63 and more"),
        (pd.DataFrame({"o": [1, "a"] * (ROWS // 2)}), "column 'o' holds values of several types"),
        (pd.DataFrame({"o": [2**70] * ROWS}), "column 'o'"),
    ],
)
def test_what_cannot_be_learned_is_named_with_a_way_out_before_training(frame, text):
    with pytest.raises(SchemaError) as error:
        fitted(frame)
    assert text in str(error.value)


def test_whole_floats_with_gaps_are_learned_as_integers_and_come_back_as_floats():
    rng = np.random.default_rng(0)
    tens = pd.Series(rng.integers(0, 5000, ROWS) * 10.0).mask(rng.random(ROWS) < 0.1)
    model = fitted(pd.DataFrame({"tens": tens, "half": rng.integers(0, 99, ROWS) / 2}))
    assert str({c.name: c.type for c in model.model.columns}["tens"]) == "bigint"
    drawn = model.sample(500, seed=2)
    assert drawn.dtypes.map(str).to_dict() == {"tens": "float64", "half": "float64"}
    assert (drawn.tens.dropna() % 10 == 0).all()
    assert drawn.tens.isna().any()
    assert (drawn.half * 2 % 1 == 0).all()


def test_integers_beside_none_stay_integers_and_lost_nanoseconds_are_said():
    rng = np.random.default_rng(0)
    ids = pd.Series([None if gone else 10**18 + 1 for gone in rng.random(300) < 0.3], dtype=object)
    times = pd.to_datetime(rng.integers(10**6, 10**15, 300))
    frame = pd.DataFrame({"id": ids, "at": times, "kind": rng.choice(list("ab"), 300)})
    with capture_logs() as logs:
        made = Autoregressive(epochs=1, progress=False).fit(frame, seed=1).sample(100, seed=1)
    assert set(made["id"].dropna()) == {10**18 + 1} and all(type(v) is int for v in made["id"].dropna())
    (lost,) = (entry for entry in logs if entry["event"] == "nanoseconds_dropped")
    assert lost["column"] == "at"


def test_decimals_in_arrow_come_back_in_arrow():
    kind = pd.ArrowDtype(pa.decimal128(38, 18))
    frame = pd.DataFrame({"d": pd.Series([Decimal(i) for i in range(100)], dtype=kind), "k": list("ab") * 50})
    made = Autoregressive(epochs=1, progress=False).fit(frame, seed=1).sample(20, seed=1)
    assert made["d"].dtype == kind and made["d"].between(Decimal(0), Decimal(99)).all()


def test_a_checkpoint_dir_that_is_no_local_folder_is_refused_before_anything_is_learned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("s3://bucket/states?region=eu-west-1", "ftp://host/states"):
        with pytest.raises(SchemaError, match="checkpoint_dir needs a local or mounted folder"):
            CTGAN(checkpoint_dir=path)
    CTGAN(checkpoint_dir=f"file://{tmp_path}/states")
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_named_categorical_come_out_as_they_are():
    rng = np.random.default_rng(0)
    known = rng.choice(np.arange(10_000, 99_999), 80, replace=False)
    frame = pd.DataFrame({"place": rng.choice(known, 600), "x": rng.normal(size=600)})
    drawn = CTGAN(epochs=1, progress=False, categorical=["place"]).fit(frame, seed=1).sample(500, seed=1)
    assert set(drawn["place"]) <= set(known)
    assert not set(CTGAN(epochs=1, progress=False).fit(frame, seed=1).sample(500, seed=1)["place"]) <= set(known)
    with pytest.raises(SchemaError, match="categorical names 'plase', which is no column; did you mean 'place'"):
        CTGAN(progress=False, categorical=["plase"]).fit(frame)
