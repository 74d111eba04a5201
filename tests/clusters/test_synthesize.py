"""A whole database by one command, in processes that share nothing but files and seeds."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synthohive_spark.jobs import app
from tests.helpers.people import SCHEMA, customer

SYNTHOHIVE = str(pathlib.Path(sys.executable).parent / "synthohive")
JOB = """
synthesize:
  source: {{customers: real/customers, orders: real/orders}}
  target: {target}
  metadata:
    tables:
      customers:
        pk: customer_id
        pii: {{name: fake, email: hash, phone: mask, card: fake, address: drop}}
        constraints: {{age: {{min: 25}}}}
      orders: {{pk: order_id, high_cardinality_cols: [item], fk: {{customer_id: customers.customer_id}}}}
  model: {model}
  seed: 42
  params: {{epochs: 3, batch_size: 100}}
  parallelism: {parallelism}
  hash_key_env: SYNTHO_KEY
  {size}
  sampling_seed: 7
  enforce_constraints: true
  on_violation: resample
  report: {report}
  require: {require}
  overwrite: true
  progress: false
"""
# In a third process: what is refused, what is drawn while the real tables are away, and a gate that is not passed.
THIRD = """
import json, os, pathlib
from pyspark.sql import SparkSession
from typer.testing import CliRunner
from synthohive_spark import Synthesizer, read_table
from synthohive_spark.jobs import app
from synthohive_spark.spark.session import embedded_session

def synthesize(job):
    result = CliRunner().invoke(app, ["synthesize", "--job", job, "--local", "spark"])
    return [result.exit_code, result.output]

found = {"refused": synthesize("again.yaml"), "started": SparkSession.getActiveSession() is not None}
spark = embedded_session("spark")
os.rename("real", "away")
drawn = Synthesizer.load("model_one", spark).sample(
    {"customers": 900, "orders": 1500}, seed=7, enforce_constraints=True, on_violation="resample")
for name in ("customers", "orders"):
    for origin, df in (("one", read_table(spark, f"one.{name}")), ("two", read_table(spark, f"two.{name}")),
                       ("loaded", drawn[name])):
        found[f"{origin}.{name}"] = sorted(map(str, df.collect()))
os.rename("away", "real")
real = spark.read.parquet("real/orders")
share = lambda df: {r.item: r["count"] / df.count() for r in df.groupBy("item").count().collect()}
ours, theirs = share(real), share(drawn["orders"])
found["tvd"] = sum(abs(ours.get(k, 0) - theirs.get(k, 0)) for k in {*ours, *theirs}) / 2
found["min_age"] = drawn["customers"].selectExpr("min(age) AS a").first().a
found["schema"] = drawn["customers"].schema.simpleString()
files = lambda: sorted(path.name for path in pathlib.Path("spark/warehouse/two.db/customers").glob("*.parquet"))
before = files()
found["gate"] = synthesize("gate.yaml")
found["files"] = [before, files()]
json.dump(found, open("found.json", "w"))
"""
ROWS = "rows: {customers: 900, orders: 1500}"
GATE = "{max_tvd: 0.0, max_ks: 0.0, max_copies: null, max_orphans: 0, min_hops: 1.0}"


def job(target, model, require="null", report="null", parallelism=1, size=ROWS):
    settings = {"require": require, "report": report, "model": model, "parallelism": parallelism, "size": size}
    return JOB.format(target=target, **settings)


def run(command, folder, **environment):
    env = {**os.environ, "SYNTHO_KEY": "secret", **environment}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthesize")
    names = [part.split()[0] for part in SCHEMA.replace("10,2", "10.2").split(",")]
    rows = [dict(zip(names, customer(i), strict=True)) for i in range(600)]
    orders = [
        {"order_id": i, "customer_id": f"CUST-{i * 7 % 600:05d}", "item": f"item {i * i % 70}", "price": i % 40 / 4}
        for i in range(1200)
    ]
    for name, content in (("customers", rows), ("orders", orders)):
        (folder / "real" / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(content), folder / "real" / name / "part.parquet")
    for target, number, report in (("one", 1, "report_one.html"), ("two", 2, "null")):
        (folder / "job.yaml").write_text(job(target, f"model_{target}", report=report, parallelism=number))
        run([SYNTHOHIVE, "synthesize", "--job", "job.yaml", "--local", "spark"], folder, PYTHONHASHSEED=str(number))
    return folder


@pytest.fixture(scope="module")
def found(made):
    (made / "again.yaml").write_text(job("one", "model_one"))
    (made / "gate.yaml").write_text(job("two", "other", GATE, "report_two.json", size="scale: 0.5"))
    run([sys.executable, "-c", THIRD], made)
    return json.loads((made / "found.json").read_text())


def fingerprint(folder, model):
    pointer = json.loads((folder / model / "metadata.json").read_text())
    return {name: entry["sha256"] for name, entry in pointer["files"].items()}


def test_two_processes_make_bit_identical_models_and_tables_and_a_third_draws_them_from_the_files(made, found):
    assert fingerprint(made, "model_one") == fingerprint(made, "model_two")
    assert {name.split("/")[0] for name in fingerprint(made, "model_one")} == {"customers", "orders"}
    for name, rows in (("customers", 900), ("orders", 1500)):
        assert len(found[f"one.{name}"]) == rows
        assert found[f"one.{name}"] == found[f"two.{name}"] == found[f"loaded.{name}"]
    assert found["tvd"] < 0.1 and found["min_age"] >= 25
    assert "address" not in found["schema"] and "phone:string" in found["schema"]


def test_a_model_that_is_there_is_not_replaced_and_nothing_is_learned(found):
    code, said = found["refused"]
    assert code == 1 and "SerializationError: 'model_one' is there already" in said and not found["started"]


def test_neither_the_key_nor_a_real_value_is_in_the_model_and_the_report(made):
    files = [path for path in (made / "model_one").rglob("*") if path.is_file()] + [made / "report_one.html"]
    content = "\n".join(path.read_bytes().decode("latin-1") for path in files)
    rows = pq.read_table(made / "real" / "customers").to_pylist()
    for name in ("name", "email", "phone", "card", "address", "notes", "username"):
        values = {row[name].encode().decode("latin-1") for row in rows if row[name]}
        assert not [value for value in values if value in content], name
    assert "secret" not in content and hashlib.sha256(b"secret").hexdigest() not in content


def test_a_gate_that_is_not_passed_leaves_the_tables_as_they_are(made, found):
    code, said = found["gate"]
    assert code == 1 and "QualityError" in said
    assert "customers.age: ks" in said and "(at most 0" in said
    assert "all tables: hop1" in said and "(at least 1)" in said and "orphans" not in said
    report = json.loads((made / "report_two.json").read_text())
    assert next(table["rows_synthetic"] for table in report["tables"]) == 300
    assert report["database"]["summary"]["orphans"] == 0
    before, after = found["files"]
    assert before == after != []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("synthesize:\n  source: shop\n", "synthesize needs --target, or 'target' in the job file"),
        ("synthesize:\n  sorce: shop\n  target: t\n", "synthesize has no setting 'sorce'; did you mean 'source'?"),
        (
            "synthesize:\n  source: s\n  target: t\n  parallelism: 0\n",
            "parallelism input should be greater than or equal to 1, got 0",
        ),
        ("synthesize:\n  source: 5\n  target: t\n", "source value error, must be a database"),
        ("synthesize:\n  source: s\n  target: 't;'\n", "database name 't;' is not valid"),
        (
            "synthesize:\n  source: s\n  target: t\n  require: {max_kss: 1}\n",
            "synthesize.require has no setting 'max_kss'; did you mean 'max_ks'?",
        ),
        (
            "synthesize:\n  source: s\n  target: t\n  rows: {customers: 5}\n  scale: 2\n",
            "scale value error, cannot stand beside rows",
        ),
        (
            "synthesize:\n  source: s\n  target: t\n  require: {min_cardinality: 90}\n",
            "min_cardinality input should be less than or equal to 1, got 90",
        ),
        ("synthesize:\n  source: s\n  target: t\n  on_violation: dorp\n", "on_violation input should be 'drop'"),
        ("synthesize:\n  source: s\n  target: t\n  hash_key_env: NOT_SET_X\n", "'NOT_SET_X', which is not set"),
    ],
)
def test_wrong_settings_end_with_2_before_spark_starts(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(content)
    ended = CliRunner().invoke(app, ["synthesize", "--job", "job.yaml", "--local", "spark"])
    assert ended.exit_code == 2 and message in ended.output
    assert not (tmp_path / "spark").exists()
