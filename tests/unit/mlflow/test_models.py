"""The flavour, saved to a folder and loaded from it; nothing here needs Spark to run."""

import os
import pathlib
import subprocess
import sys

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.types import DataType

import synthohive_spark.mlflow
from synthohive_spark import CTGAN, Autoregressive, Metadata, SchemaError, SerializationError
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.training.summary import TrainingSummary
from synthohive_spark.mlflow import _load_pyfunc
from synthohive_spark.stages.id_column import IdColumn
from synthohive_spark.stages.model import SynthesizerTransformerModel

ROOT = pathlib.Path(__file__).parents[3]
ROWS = pd.DataFrame(
    {
        "city": ["Rome", "Oslo", "Wien"] * 60,
        "amount": np.arange(180) % 30,
        "day": pd.Timestamp("2024-03-01") + pd.to_timedelta(np.arange(180) % 90, unit="D"),
        "fee": np.where(np.arange(180) % 9, np.arange(180) / 7, np.nan),
    }
)
SMALL = {"epochs": 1, "batch_size": 60, "generator_dim": (8,), "discriminator_dim": (8,)}


def stage(engine, id_column=None):
    table = engine.fit(ROWS, seed=1).model
    summary = TrainingSummary.of(table.fitted, rows=180, training_rows=180, seconds=1.0, seed=1)
    return SynthesizerTransformerModel(table, id_column=id_column, summary=summary)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """A model with a row id that takes any condition, and where it is saved."""
    path = tmp_path_factory.mktemp("mlflow") / "keyed"
    model = stage(Autoregressive(progress=False, epochs=1), IdColumn(Column("id", ColumnType("bigint"), False), 1))
    synthohive_spark.mlflow.save_model(model, path)
    return model, path


def test_a_model_comes_back_and_brings_a_signature_of_the_learned_schema(keyed):
    model, path = keyed
    again = synthohive_spark.mlflow.load_model(str(path))
    assert isinstance(again, SynthesizerTransformerModel)
    assert again.columns == model.columns and again.id_column == model.id_column
    signature = mlflow.models.get_model_info(str(path)).signature
    names = ["city", "id", "amount", "day", "fee"]
    kinds = [DataType.string, DataType.long, DataType.long, DataType.datetime, DataType.double]
    for schema in (signature.inputs, signature.outputs):
        assert schema.input_names() == names and schema.input_types() == kinds
    assert [c.required for c in signature.inputs] == [False] * 5
    assert [c.name for c in signature.outputs if c.required] == ["id"]
    assert {p.name: p.default for p in signature.params} == {"n": -1, "seed": 0}
    files = [str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
    assert not [name for name in files if name.endswith((".py", ".pkl", ".pickle"))]


def test_seats_are_kept_and_an_id_fixes_its_row(keyed):
    drawn = mlflow.pyfunc.load_model(str(keyed[1]))
    seats = pd.DataFrame({"id": [7, 3, 7], "city": ["Oslo", "Rome", "Oslo"], "other": [1, 2, 3]})
    made = drawn.predict(seats, params={"seed": 5})
    assert list(made.columns) == ["city", "id", "amount", "day", "fee"]
    assert made["city"].tolist() == ["Oslo", "Rome", "Oslo"] and made["id"].tolist() == [7, 3, 7]
    assert made.iloc[0].equals(made.iloc[2])
    assert made["amount"].between(0, 29).all() and made["day"].between("2024-03-01", "2024-05-31").all()
    assert str(made["amount"].dtype) == "Int64"
    pd.testing.assert_frame_equal(
        drawn.predict(seats.iloc[[1]], params={"seed": 5}), made.iloc[[1]].reset_index(drop=True)
    )
    by_number = drawn.predict(pd.DataFrame(), params={"n": 40, "seed": 5})
    assert by_number["id"].tolist() == list(range(40)) and by_number["city"].nunique() == 3
    assert not by_number.equals(drawn.predict(pd.DataFrame(), params={"n": 40, "seed": 6}))


def test_conditions_are_asked_for_and_what_cannot_be_given_is_refused(tmp_path):
    metadata = Metadata().add_table("table", context=["city"])
    synthohive_spark.mlflow.save_model(stage(CTGAN(metadata, progress=False, **SMALL)), tmp_path / "given")
    drawn = mlflow.pyfunc.load_model(str(tmp_path / "given"))
    inputs = drawn.metadata.signature.inputs
    assert inputs.input_names() == ["city"] and inputs.required_input_names() == ["city"]
    assert drawn.predict(pd.DataFrame({"city": ["Wien"] * 4}))["city"].tolist() == ["Wien"] * 4
    rows = _load_pyfunc(str(tmp_path / "given" / "data" / "model"))
    with pytest.raises(SchemaError, match="'city' is missing; name it in the input"):
        rows.predict(pd.DataFrame(), {"n": 3})
    with pytest.raises(SchemaError, match="n=3 rows were asked for beside seats"):
        rows.predict(pd.DataFrame({"city": ["Wien"]}), {"n": 3})
    with pytest.raises(SchemaError, match="the input names 'amount'"):
        rows.predict(pd.DataFrame({"city": ["Wien"], "amount": [3]}))


def test_a_model_of_which_nothing_can_be_given_still_has_inputs(tmp_path):
    synthohive_spark.mlflow.save_model(stage(CTGAN(progress=False, **SMALL)), tmp_path / "free")
    drawn = mlflow.pyfunc.load_model(str(tmp_path / "free"))
    assert drawn.metadata.signature.inputs.input_names() == ["row"]
    assert len(drawn.predict(pd.DataFrame({"row": [1, 2, 3]}))) == 3
    assert len(drawn.predict(pd.DataFrame(), params={"n": 5})) == 5


def test_what_is_no_model_is_refused(tmp_path, keyed):
    with pytest.raises(SchemaError, match="takes a SynthesizerTransformerModel or a Synthesizer .* got CTGAN"):
        synthohive_spark.mlflow.save_model(CTGAN(), tmp_path / "x")
    with pytest.raises(SchemaError, match="table='orders' is for a database"):
        synthohive_spark.mlflow.save_model(keyed[0], tmp_path / "x", table="orders")
    with pytest.raises(
        SchemaError, match="log_fit takes a learned table or a Synthesizer that has learned one, got int"
    ):
        synthohive_spark.mlflow.log_fit(3)
    mlflow.pyfunc.save_model(
        tmp_path / "other", loader_module="json", data_path=str(ROOT / "LICENSE"), pip_requirements=[]
    )
    with pytest.raises(SerializationError, match="is no model of this package; it has the flavours python_function"):
        synthohive_spark.mlflow.load_model(str(tmp_path / "other"))


def python(code, **environment):
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)


def test_rows_are_drawn_where_there_is_neither_spark_nor_torch(keyed):
    kept = mlflow.pyfunc.get_model_dependencies(str(keyed[1]))
    assert not {"torch", "pyspark"} & {line.split("==")[0] for line in pathlib.Path(kept).read_text().splitlines()}
    left_out = ("pyspark", "torch", "delta", "py4j", "sklearn", "scipy", "joblib", "jinja2", "typer", "tqdm")
    code = f"""
import sys
import mlflow, pandas as pd
sys.modules.update(dict.fromkeys({left_out}, None))
made = mlflow.pyfunc.load_model({str(keyed[1])!r}).predict(pd.DataFrame(), params={{"n": 3, "seed": 5}})
print(made.to_json(orient="records", date_format="iso"))
"""
    done = python(code)
    assert done.returncode == 0, done.stderr[-3000:]
    here = mlflow.pyfunc.load_model(str(keyed[1])).predict(pd.DataFrame(), params={"n": 3, "seed": 5})
    assert done.stdout.strip() == here.to_json(orient="records", date_format="iso")


def test_mlflow_is_imported_by_its_own_module_alone_and_where_it_is_missing_a_sentence_says_what_to_do():
    done = python("import sys, synthohive_spark.jobs, synthohive_spark.synthesizer; print('mlflow' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr
    done = python("import sys; sys.modules['mlflow'] = None; import synthohive_spark.mlflow")
    assert done.stderr.strip().splitlines()[-1] == (
        "synthohive_spark.errors.SynthoHiveError: synthohive_spark.mlflow needs MLflow, which is not installed: "
        "pip install '.[mlflow]' from the clone, or install the wheel with [mlflow] behind its name"
    )


def test_a_job_that_is_run_by_its_path_does_not_put_our_module_in_the_place_of_mlflow():
    jobs = ROOT / "synthohive_spark" / "jobs.py"
    code = f"""
import runpy, sys
sys.path.insert(0, {str(jobs.parent)!r})
sys.argv = ["jobs.py", "fit", "--help"]
try:
    runpy.run_path({str(jobs)!r}, run_name="__main__")
except SystemExit:
    pass
import mlflow
print(mlflow.__version__)
"""
    done = python(code)
    assert done.stdout.strip().splitlines()[-1] == mlflow.__version__, done.stderr
