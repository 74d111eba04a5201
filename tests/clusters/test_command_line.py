"""The command line, as processes, on Delta and Hive tables below one folder."""

import json
import os
import pathlib
import subprocess
import sys

import pyarrow.parquet
import pytest

from synthohive_spark import Metadata

CONF = pathlib.Path(__file__).parents[2] / "conf"
SYNTHOHIVE = str(pathlib.Path(sys.executable).parent / "synthohive")
JOB = """
fit:
  table: shop.customers
  model: model
  params: {epochs: 1, idCol: customer, showProgress: false}
sample: {model: model, rows: 70, output_table: drawn.second, format: orc, seed: 7}
"""
BY_ARGUMENTS = ["sample", "--model", "model", "--rows", "50", "--output-table", "drawn.first", "--local", "spark"]
FIT = """
from synthohive_spark import write_table
from synthohive_spark.jobs import app
from synthohive_spark.spark.session import embedded_session
spark = embedded_session("spark")
for name in ("shop", "drawn"):
    spark.sql(f"CREATE DATABASE {name}")
rows = spark.range(400).selectExpr("id AS customer", "id % 5 AS orders", "IF(id % 4 = 0, 'a', 'b') AS kind")
write_table(rows, "shop.customers", format="orc")
app(["fit", "--job", "job.yaml", "--local", "spark"])
"""
# Commands one after the other in one session: what each ends with, and what its tables hold.
COMMANDS = """
import json, sys
from typer.testing import CliRunner
from synthohive_spark import read_table
from synthohive_spark.jobs import app
from synthohive_spark.spark.session import embedded_session
ended = []
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, arguments)
    ended.append([result.exit_code, result.output])
spark = embedded_session("spark")
tables = {}
for name in ("drawn.first", "drawn.second"):
    table = read_table(spark, name)
    kinds = sorted(r.kind for r in table.select("kind").distinct().collect())
    tables[name] = [table.count(), table.columns, kinds]
json.dump([ended, tables], open("ended.json", "w"))
"""


def run(command, folder, **environment):
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    (folder / "job.yaml").write_text(JOB)
    done = run([sys.executable, "-c", FIT], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "model" / "metadata.json").exists()
    return folder


def test_a_model_that_is_there_is_not_replaced(fitted):
    again = run([SYNTHOHIVE, "fit", "--job", "job.yaml", "--local", "spark"], fitted)
    assert again.returncode == 1
    assert "synthohive: SerializationError: 'model' is there already; give --overwrite" in again.stderr


def test_sample_by_arguments_and_by_job_file_and_what_fails_on_spark(fitted):
    done = run([SYNTHOHIVE, *BY_ARGUMENTS], fitted)
    assert done.returncode == 0, done.stderr[-3000:]
    by_job = ["sample", "--job", "job.yaml", "--local", "spark"]
    no_table = ["fit", "--table", "shop.nope", "--model", "other", "--local", "spark"]
    done = run([sys.executable, "-c", COMMANDS, json.dumps([by_job, BY_ARGUMENTS, no_table])], fitted)
    assert done.returncode == 0, done.stderr[-3000:]
    (sampled, again, missing), tables = json.loads((fitted / "ended.json").read_text())
    assert sampled[0] == 0, sampled[1]
    assert again[0] == 1 and "table drawn.first exists already" in again[1]
    assert missing[0] == 1 and "synthohive: SchemaError: table shop.nope does not exist" in missing[1]
    assert tables == {
        "drawn.first": [50, ["customer", "orders", "kind"], ["a", "b"]],
        "drawn.second": [70, ["customer", "orders", "kind"], ["a", "b"]],
    }


def spark_submit(folder, *arguments):
    """A job by spark-submit, with the settings and the log of ``conf``, on the tables of ``folder``."""
    import synthohive_spark.jobs

    submit = str(pathlib.Path(sys.executable).parent / "spark-submit")
    java = f"-Dderby.system.home={folder}/spark/metastore -Dderby.stream.error.file={folder}/spark/derby.log"
    settings = [f"spark.driver.extraJavaOptions={java}", f"spark.sql.warehouse.dir={folder}/spark/warehouse"]
    flags = ["--master", "local[1]", *(part for own in settings for part in ("--conf", own))]
    done = run([submit, *flags, synthohive_spark.jobs.__file__, *arguments], folder, SPARK_CONF_DIR=str(CONF))
    print(done.stdout, done.stderr, sep="")
    return done


def test_a_database_is_proposed_synthesized_and_compared_by_spark_submit(fitted):
    done = spark_submit(fitted, "propose", "--database", "shop", "--output", "shop.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    assert Metadata.from_file(fitted / "shop.yaml").table("customers").pk == ("customer",)
    assert "# customer: primary key" in (fitted / "shop.yaml").read_text()

    size = ["--rows", "60", "--param", "epochs=1", "--param", "batchSize=100", "--seed", "7"]
    database = ["--source", "shop", "--target", "copy", "--metadata", "shop.yaml", "--model", "database"]
    done = spark_submit(fitted, "synthesize", *database, *size)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) <= 40 and any(line.startswith("INFO written database='copy'") for line in lines)
    files = (fitted / "spark" / "warehouse" / "copy.db" / "customers").glob("*.parquet")
    assert sum(pyarrow.parquet.read_metadata(file).num_rows for file in files) == 60
    assert (fitted / "database" / "metadata.json").exists()

    compared = ["--real", "shop", "--synthetic", "copy", "--metadata", "shop.yaml", "--output", "report.html"]
    done = spark_submit(fitted, "report", *compared, "--require", "maxTvd=0.5", "--require", "max_copies=0.01")
    # spark-submit shows what a Python job says on either stream on its own standard output.
    assert done.returncode == 1 and "customers: 400 real rows, 60 synthetic; mean distances" in done.stdout
    assert (
        "synthohive: QualityError: customers: copies 1 (at most 0.01)" in done.stdout
        and (fitted / "report.html").exists()
    )


def test_the_doctor_finds_nothing_to_mend_where_jobs_run(fitted):
    done = spark_submit(fitted, "doctor", "--database", "shop")
    found = {line.split(": ")[0] for line in done.stdout.splitlines()}
    assert done.returncode == 0 and not [line for line in found if line.startswith("mend")], done.stdout
    for what in ("Java", "Spark", "workers' Python", "metastore", "delta tables", "database shop", "memory of the JVM"):
        assert f"ok       {what}" in found, done.stdout


def test_by_spark_submit(fitted):
    done = spark_submit(
        fitted, "sample", "--model", "model", "--rows", "9", "--output-table", "drawn.made", "--format", "parquet"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    files = list((fitted / "spark" / "warehouse").glob("drawn.db/made*/**/part-*"))
    assert sum(pyarrow.parquet.read_metadata(file).num_rows for file in files) == 9


def test_what_fails_by_spark_submit_ends_with_the_same_code(fitted):
    done = spark_submit(fitted, "fit", "--table", "shop.customers", "--model", "model")
    assert done.returncode == 1 and "SerializationError: 'model' is there already" in done.stdout, done.stderr[-3000:]
    done = spark_submit(fitted, "fit", "--table", "shop.customers", "--model", "new", "--param", "epoch=1")
    assert done.returncode == 2
    assert "synthohive: there is no Param 'epoch'; did you mean 'epochs'?" in done.stdout.splitlines()


def test_an_error_of_java_is_one_line_and_its_trace_is_shown_when_asked_for(tmp_path):
    propose = [SYNTHOHIVE, "propose", "--database", "shop", "--debug"]
    done = run(propose, tmp_path, PYSPARK_SUBMIT_ARGS="--master local[x] pyspark-shell")
    told, _, trace = done.stderr.partition("DEBUG Traceback (most recent call last):\n")
    assert done.returncode == 1
    assert told.splitlines()[-1] == (
        "synthohive: Py4JJavaError: org.apache.spark.SparkException: Could not parse Master URL: 'local[x]'"
    )
    assert "\tat org.apache.spark.SparkContext" in trace
