import pathlib
import runpy

import pytest

NOTEBOOKS = pathlib.Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def run(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run_notebook(name):
        assert (NOTEBOOKS / name).read_text().startswith("# Databricks notebook source\n")
        return runpy.run_path(str(NOTEBOOKS / name))

    yield run_notebook
    for database in ("shop", "shop_synthetic", "clinic", "clinic_synthetic"):
        spark.sql(f"DROP DATABASE IF EXISTS {database} CASCADE")


def test_every_notebook_is_run_here():
    assert sorted(path.name for path in NOTEBOOKS.iterdir()) == ["01_one_table.py", "02_a_database.py"]


def test_one_table(spark, run):
    names = run("01_one_table.py")
    made = spark.table("shop_synthetic.customers")
    assert made.count() == 20_000
    assert made.schema == spark.table("shop.customers").schema
    drawn, written = names["again"].sample(3, seed=7), made.where("customer < 3")
    assert sorted(drawn.collect()) == sorted(written.collect())
    assert {(row.region, row["count"]) for row in names["west"].groupBy("region").count().collect()} == {("west", 1000)}


def test_a_database(spark, run, tmp_path):
    names = run("02_a_database.py")
    proposed = names["proposed"].tables
    assert proposed["patients"].pk == ("patient_id",) and proposed["visits"].pk == ("visit_id",)
    assert {name: rule.kind for name, rule in proposed["patients"].pii.items()} == {"name": "name", "email": "email"}
    assert [(link.columns, link.parent) for link in proposed["visits"].fk] == [(("patient_id",), "patients")]
    patients = spark.table("clinic_synthetic.patients")
    assert patients.count() == 5_000 == patients.select("patient_id").distinct().count()
    assert patients.join(spark.table("clinic.patients"), "email").count() == 0
    assert patients.where("age < 18 OR age > 100").count() == 0
    assert spark.table("clinic_synthetic.visits").schema == spark.table("clinic.visits").schema
    assert "patients" in (tmp_path / "clinic_report.html").read_text()
