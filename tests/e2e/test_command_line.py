"""The command line, as processes, on Delta and Hive tables below one folder."""

import os
import pathlib
import subprocess
import sys

import pytest

SYNTHOHIVE = str(pathlib.Path(sys.executable).parent / "synthohive")
PREPARE = """
import sys
from synthohive_spark import write_table
from synthohive_spark.spark.session import embedded_session
spark = embedded_session(sys.argv[1])
spark.sql("CREATE DATABASE shop")
rows = spark.range(400).selectExpr("id AS customer", "id % 5 AS orders", "IF(id % 4 = 0, 'a', 'b') AS kind")
write_table(rows, "shop.customers", format="orc")
"""
CHECK = """
import sys
from synthohive_spark import read_table
from synthohive_spark.spark.session import embedded_session
spark = embedded_session(sys.argv[1])
for name in ("shop.first", "shop.second"):
    table = read_table(spark, name)
    print(name, table.count(), table.columns, sorted(r.kind for r in table.select("kind").distinct().collect()))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("commands")
    subprocess.run([sys.executable, "-c", PREPARE, str(path / "spark")], check=True, cwd=path, capture_output=True)
    return path


def synthohive(folder, *arguments):
    return subprocess.run(
        [SYNTHOHIVE, *arguments], capture_output=True, text=True, cwd=folder, env={**os.environ, "COLUMNS": "200"}
    )


@pytest.fixture(scope="module")
def fitted(folder):
    (folder / "job.yaml").write_text(
        "fit:\n  table: shop.customers\n  model: model\n  params: {epochs: 1, idCol: customer, showProgress: false}\n"
        "sample:\n  model: model\n  rows: 70\n  output_table: shop.second\n  format: orc\n  seed: 7\n"
    )
    done = synthohive(folder, "fit", "--job", "job.yaml", "--local", "spark")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "model" / "metadata.json").exists()
    return folder


def test_a_model_that_is_there_is_not_replaced(fitted):
    again = synthohive(fitted, "fit", "--job", "job.yaml", "--local", "spark")
    assert again.returncode == 1
    assert "synthohive: SerializationError: 'model' is there already; give overwrite=True" in again.stderr


def test_sample_by_arguments_and_by_job_file(fitted):
    arguments = ["--model", "model", "--rows", "50", "--output-table", "shop.first", "--local", "spark"]
    done = synthohive(fitted, "sample", *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    assert synthohive(fitted, "sample", "--job", "job.yaml", "--local", "spark").returncode == 0
    taken = synthohive(fitted, "sample", *arguments)
    assert taken.returncode == 1 and "table shop.first exists already" in taken.stderr
    shown = subprocess.run(
        [sys.executable, "-c", CHECK, str(fitted / "spark")], check=True, capture_output=True, text=True, cwd=fitted
    )
    assert "shop.first 50 ['customer', 'orders', 'kind'] ['a', 'b']" in shown.stdout
    assert "shop.second 70 ['customer', 'orders', 'kind'] ['a', 'b']" in shown.stdout


def test_a_table_that_is_not_there_ends_with_1(folder):
    done = synthohive(folder, "fit", "--table", "shop.nope", "--model", "other", "--local", "spark")
    assert done.returncode == 1
    assert "synthohive: SchemaError: table shop.nope does not exist" in done.stderr


@pytest.mark.parametrize(
    ("table", "code", "message"),
    [("made", 0, "written"), ("made", 1, "SchemaError: table made exists already")],
    ids=["first", "again"],
)
def test_by_spark_submit(fitted, table, code, message):
    import synthohive_spark.jobs

    submit = str(pathlib.Path(sys.executable).parent / "spark-submit")
    hive = ["--conf", "spark.sql.catalogImplementation=hive"]
    arguments = ["sample", "--model", "model", "--rows", "9", "--output-table", table, "--format", "parquet"]
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    command = [submit, "--master", "local[1]", *hive, synthohive_spark.jobs.__file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=fitted, env=env)
    assert done.returncode == code, done.stderr[-3000:]
    assert message in done.stdout + done.stderr
