"""Fits, reports and models on a tracking server of MLflow with a database behind it."""

import json
import sys

import mlflow
import pandas as pd
import pytest

import synthohive_spark.mlflow
from synthohive_spark import Metadata, SchemaError, Synthesizer, SynthesizerTransformerModel
from tests.conftest import short_estimator
from tests.helpers import servers


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    """The URI of a tracking server, which is MLflow's own while these tests run."""
    folder, port = tmp_path_factory.mktemp("tracking"), servers.free_port()
    store = ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--artifacts-destination", str(folder / "files")]
    options = ["--port", str(port), "--workers", "1", "--gunicorn-opts=--log-level warning", *store]
    command = [sys.executable, "-m", "mlflow", "server", *options]
    with servers.running(command, port, folder / "log", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as uri:
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(uri)
        yield uri
        mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def customers(spark, shop):
    return short_estimator("autoregressive", idCol="id").fit(shop)


@pytest.fixture
def database(spark, shop, fake_engine):
    orders = spark.range(300).selectExpr("id AS number", "id % 100 AS customer", "id % 3 AS kind")
    declared = Metadata().add_table("shop", pk="id").add_table("orders", pk="number")
    synthesizer = Synthesizer(declared, spark, engine=fake_engine, progress=False)
    return synthesizer.fit({"shop": shop, "orders": orders}, seed=1, epochs=3)


def read(run, path, tmp_path):
    return mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=path, dst_path=str(tmp_path))


def test_a_fit_is_logged_with_its_losses_and_scores(tracking, customers, tmp_path):
    with mlflow.start_run() as run:
        synthohive_spark.mlflow.log_fit(customers)
    logged = mlflow.get_run(run.info.run_id).data
    assert logged.params["epochs"] == "2" and logged.params["idCol"] == "id" and logged.params["training_seed"] == "42"
    assert logged.metrics["rows"] == 600
    losses = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    history = customers.trainingSummary.history
    assert [(m.step, m.value) for m in losses] == [(r["epoch"], pytest.approx(r["loss"])) for r in history]
    assert "score" in logged.metrics
    with open(read(run, "fit.json", tmp_path)) as file:
        assert json.load(file)["ended_by"] == customers.trainingSummary.ended_by


def test_a_database_and_its_report_are_logged_table_by_table(tracking, spark, shop, database, tmp_path):
    real = {"shop": shop}
    report = database.generate_validation_report(real, database.sample({"shop": 200}, seed=1, tables=["shop"]))
    with mlflow.start_run() as run:
        synthohive_spark.mlflow.log_fit(database)
        synthohive_spark.mlflow.log_report(report, "customers")
    logged = mlflow.get_run(run.info.run_id).data
    assert logged.metrics["shop/rows"] == 600 and logged.metrics["orders/rows"] == 300
    assert logged.params["epochs"] == "3" and logged.params["engine"] == database.engine
    assert logged.params["shop/training_seed"] != logged.params["orders/training_seed"]
    assert logged.metrics["shop/mean_tvd"] == pytest.approx(report.tables[0].mean_tvd)
    with open(read(run, "customers.json", tmp_path)) as file:
        assert json.load(file) == report.to_json()
    with open(read(run, "customers.html", tmp_path)) as file:
        assert file.read().endswith("</html>")


def test_a_registered_model_is_a_stage_again_and_draws_the_same_rows(tracking, spark, customers):
    with mlflow.start_run():
        synthohive_spark.mlflow.log_model(customers, "customers", registered_model_name="shop_customers")
    stage = synthohive_spark.mlflow.load_model("models:/shop_customers/1")
    assert isinstance(stage, SynthesizerTransformerModel)
    expected = customers.sample(50, seed=7).toPandas()
    pd.testing.assert_frame_equal(stage.sample(50, seed=7).toPandas(), expected)
    made = mlflow.pyfunc.load_model("models:/shop_customers/1").predict(pd.DataFrame(), params={"n": 50, "seed": 7})
    pd.testing.assert_frame_equal(made, expected, check_dtype=False)
    seats = spark.sql("SELECT id * 3 AS id, 'north' AS region FROM range(20)")
    transformed = stage.setParams(conditionCols=["region"], samplingSeed=4).transform(seats).toPandas()
    served = mlflow.pyfunc.load_model("models:/shop_customers/1").predict(seats.toPandas(), params={"seed": 4})
    pd.testing.assert_frame_equal(served[transformed.columns], transformed, check_dtype=False)


def test_a_registered_database_draws_its_tables(tracking, spark, database):
    with pytest.raises(SchemaError, match="there is no table 'order'; did you mean 'orders'"):
        synthohive_spark.mlflow.log_model(database, table="order")
    with mlflow.start_run():
        info = synthohive_spark.mlflow.log_model(database, table="orders", registered_model_name="shop")
    assert info.signature.outputs.input_names() == ["number", "customer", "kind"]
    again = synthohive_spark.mlflow.load_model("models:/shop/1", spark=spark)
    expected = database.sample({"orders": 40}, seed=3)["orders"].toPandas()
    pd.testing.assert_frame_equal(again.sample({"orders": 40}, seed=3)["orders"].toPandas(), expected)
    served = mlflow.pyfunc.load_model("models:/shop/1")
    asked = pd.DataFrame({"table": ["orders"], "rows": [40]})
    pd.testing.assert_frame_equal(served.predict(asked, params={"seed": 3}), expected, check_dtype=False)
    other = served.predict(pd.DataFrame({"table": ["shop"], "rows": [5]}), params={"table": "shop"})
    assert list(other.columns) == ["id", "region", "amount", "rate"] and len(other) == 5
