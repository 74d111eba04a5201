"""What a pandas DataFrame may hold that cannot be learned, and what comes back as it was."""

import datetime
import json
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from structlog.testing import capture_logs

from synthohive_spark import CTGAN, Autoregressive, Constraint, Metadata, SchemaError
from synthohive_spark.local.levels import check_levels
from synthohive_spark.local.pandas_columns import learnable

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
            "names of columns have 2 levels; make them one, such as by df.columns = ['_'.join(map(str, c)) for c in",
        ),
        (pd.DataFrame({"z": np.full(ROWS, 1j)}), "column 'z' of type complex128 cannot be learned"),
        (pd.DataFrame({"i": pd.interval_range(0, ROWS)}), "column 'i' of type interval[int64, right]"),
        (pd.DataFrame({"u": np.full(ROWS, 2**63 + 1, np.uint64)}), "column 'u' holds whole numbers of 2**63 and more"),
        (pd.DataFrame({"o": [1, "a"] * (ROWS // 2)}), "column 'o' holds values of several types"),
        (pd.DataFrame({"o": [2**70] * ROWS}), "column 'o'"),
    ],
)
def test_what_cannot_be_learned_is_named_with_a_way_out_before_training(frame, text):
    with pytest.raises(SchemaError) as error:
        fitted(frame)
    assert text in str(error.value)


WAYS = [
    (pd.cut(np.linspace(0, 1, ROWS), 5), "df['p'].astype(str)"),
    (pd.period_range("2020-01", periods=ROWS, freq="M"), "df['p'].astype(str)"),
    ([uuid.UUID(int=i) for i in range(ROWS)], "df['p'].astype(str)"),
    ([datetime.time(i % 24, 30) for i in range(ROWS)], "df['p'].astype(str)"),
    ([{"a": 1}] * ROWS, "df['p'].map(json.dumps)"),
    ([b"ab"] * ROWS, "df['p'].map(bytes.hex)"),
    (pd.to_timedelta(np.arange(ROWS), "min"), "df['p'].dt.total_seconds()"),
    (pd.arrays.SparseArray([0, 1] * (ROWS // 2)), "df['p'].sparse.to_dense()"),
    (np.zeros(ROWS, "float16"), "df['p'].astype('float64')"),
    (pd.Series([2**70, 1] * (ROWS // 2), dtype=object), "df['p'].astype(str)"),
    (pd.Series([Decimal("1.5"), 2.5] * (ROWS // 2), dtype=object), "df['p'].astype(float)"),
    (pd.Series([1, "a"] * (ROWS // 2), dtype=object), "df['p'].astype(str)"),
    (["\ud800", "b"] * (ROWS // 2), "df['p'].str.encode('utf-8', 'replace').str.decode('utf-8')"),
    ([datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 5)] * (ROWS // 2), "pd.to_datetime(df['p'])"),
]


@pytest.mark.parametrize(("values", "way"), WAYS)
def test_a_column_that_cannot_be_learned_can_after_the_way_out_that_its_error_names(values, way):
    df = pd.DataFrame({"a": np.arange(ROWS), "p": values})
    with pytest.raises(SchemaError, match="column 'p'") as error:
        learnable(df, set())
    assert f"such as by {way}" in str(error.value)
    df["p"] = eval(way, {"df": df, "pd": pd, "json": json})
    assert learnable(df, set())[1][1].name == "p"


@pytest.mark.parametrize(
    ("values", "way"),
    [
        (pd.Series([1, 2]), r"got Series: give it series.to_frame\('name'\)"),
        (np.zeros((3, 2)), r"got ndarray: give it pd.DataFrame\(values, columns=\[...\]\)"),
        (pa.table({"a": [1]}), r"got Table: give it table.to_pandas\(\)"),
    ],
)
def test_what_is_no_dataframe_is_refused_with_what_makes_it_one(values, way):
    with pytest.raises(SchemaError, match=f"fit needs a DataFrame of pandas, {way}"):
        fitted(values)


@pytest.mark.parametrize("levels", [["lo", "mid", "hi", "never"], [30, 10, 20, 40]])
def test_ordered_categories_come_back_with_their_order_and_all_levels(levels, tmp_path):
    frame = pd.DataFrame({"p": pd.Categorical([levels[i % 3] for i in range(ROWS)], levels, ordered=True)})
    frame["q"], frame.loc[::7, "p"] = frame["p"].astype(object), None
    model = fitted(frame)
    model.save(str(tmp_path / "m"))
    for own in (model, Autoregressive.load(str(tmp_path / "m"))):
        drawn = own.sample(200, seed=2)
        assert drawn.p.dtype == frame.p.dtype
        assert 20 < (drawn.p > levels[0]).sum() < 180 and drawn.p.isna().any()
        assert set(drawn.p.dropna()) <= set(levels[:3])
    filled = model.impute(frame, seed=3)
    assert filled.p.dtype == frame.p.dtype and not filled.p.isna().any()


def test_ordered_bands_of_a_number_follow_it_in_what_is_drawn():
    age = np.random.default_rng(0).integers(18, 90, 2 * ROWS)
    frame = pd.DataFrame({"age": age, "band": pd.cut(age, [0, 30, 60, 99], labels=["young", "grown", "old"])})
    drawn = fitted(frame).sample(200, seed=2)
    assert drawn.band.dtype == frame.band.dtype
    assert (drawn.band == pd.cut(drawn.age, [0, 30, 60, 99], labels=["young", "grown", "old"])).all()


def test_levels_of_too_few_rows_are_left_out():
    held = ["lo"] * 200 + ["hi"] * 95 + ["rare"] * 4 + ["hi"]
    frame = pd.DataFrame({"p": pd.Categorical(held, ["rare", "lo", "unused", "hi"], ordered=True)})
    with capture_logs() as logs:
        drawn = fitted(frame).sample(50, seed=2)
    assert drawn.p.cat.categories.tolist() == ["lo", "unused", "hi"]
    (said,) = (entry for entry in logs if entry["event"] == "levels_dropped")
    assert (said["column"], said["levels"]) == ("p", 1) and "rare" not in said.values()


def test_levels_that_no_fit_left_are_refused():
    for levels in ({"q": ["a"]}, {"p": ["a", "a"]}, {"p": [1]}, {"p": [["a"]]}):
        with pytest.raises((ValueError, pa.ArrowException)):
            check_levels(levels, {"p": pa.string()})


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


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
@pytest.mark.parametrize(
    ("name", "bounds"),
    [("text", {"min": 3}), ("day", {"max": 3.5}), ("qty", {"min": "2024-01-31"}), ("flag", {"min": 0})],
)
def test_a_constraint_of_another_kind_than_its_column_is_refused_before_training(engine, name, bounds):
    frame = pd.DataFrame({"qty": range(ROWS), "text": ["secret"] * ROWS, "flag": [True, False] * (ROWS // 2)})
    frame["day"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(frame.qty, "D")
    metadata = Metadata().add_table("table", constraints={name: Constraint(**bounds)})
    with pytest.raises(SchemaError, match=f"column '{name}': constraint min and max need a number, or dates") as error:
        engine(metadata=metadata, progress=False, epochs=1).fit(frame, seed=1)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_what_is_declared_independent_decides_nothing(engine):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 12, 600)
    frame = pd.DataFrame({"kind": [f"{'abcdefghijkl'[k]} kind" for k in kind], "other": rng.integers(0, 9, 600)})
    frame["band"] = [f"band {'acebdf'[k % 6]}" for k in kind]
    told = [engine(progress=False, epochs=1).fit(frame, seed=1).dependencies]
    metadata = Metadata().add_table("table", independent=["kind"])
    told.append(engine(metadata=metadata, progress=False, epochs=1).fit(frame, seed=1).dependencies)
    assert any("kind decides band" in text for text in told[0])
    assert not any("kind" in text for text in told[1])


@pytest.mark.parametrize("first", [0, 5])
def test_dates_of_pandas_with_missing_ones_are_dates_and_times_beside_them_are_refused(first):
    days = pd.Series(pd.date_range("2020-01-01", periods=200)).where(np.arange(200) % 7 != first).dt.date
    assert any(value is pd.NaT for value in days)
    table, (column,) = learnable(pd.DataFrame({"day": days}), set())
    assert column.type.name == "date"
    assert table["day"].to_pylist() == [None if value is pd.NaT else value for value in days]
    mixed = pd.Series([*days[:50], datetime.datetime(2020, 1, 1, 5)], dtype=object)
    with pytest.raises(SchemaError, match="make them one type"):
        learnable(pd.DataFrame({"day": mixed}), set())
