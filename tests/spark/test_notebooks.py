import pathlib
import runpy

import pytest

NOTEBOOKS = pathlib.Path(__file__).parents[2] / "notebooks"
LINKS = [("visits", "patient_id", "patients"), ("visits", "ward", "wards"), ("treatments", "visit_id", "visits")]


@pytest.fixture
def run(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run_notebook(name):
        assert (NOTEBOOKS / name).read_text().startswith("# Databricks notebook source\n")
        return runpy.run_path(str(NOTEBOOKS / name))

    yield run_notebook
    for database in ("shop", "shop_synthetic", "clinic", "clinic_draft", "clinic_synthetic"):
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
    assert names["proposed"].plan().tables["visits"].owner == names["metadata"].plan().tables["visits"].owner
    drawn = {name: spark.table(f"clinic_synthetic.{name}") for name in names["tables"]}
    assert all(df.schema == spark.table(f"clinic.{name}").schema for name, df in drawn.items())
    assert drawn["patients"].count() == 2_000 == drawn["patients"].select("patient_id").distinct().count()
    assert drawn["patients"].join(spark.table("clinic.patients"), "email").count() == 0
    assert drawn["patients"].where("age < 18 OR age > 100").count() == 0
    assert sorted(drawn["wards"].collect()) == sorted(spark.table("clinic.wards").collect())
    for child, key, parent in LINKS:
        assert drawn[child].join(drawn[parent], key, "left_anti").count() == 0
    real = spark.table("clinic.visits").count() / 1_000
    assert drawn["visits"].count() / 2_000 == pytest.approx(real, rel=0.1)
    assert names["joined"].count() == drawn["treatments"].count()
    numbers = drawn["treatments"].groupBy("visit_id").agg({"line": "max", "visit_id": "count"})
    assert numbers.where("`max(line)` <> `count(visit_id)`").count() == 0
    checked = drawn["visits"].where("reason = 'check'").join(drawn["treatments"], "visit_id")
    assert checked.where("kind = 'advice'").count() > 0.95 * checked.count()
    assert names["of_the_old"]["visits"].join(names["old"], "patient_id", "left_anti").count() == 0
    assert "patients" in (tmp_path / "clinic_report.html").read_text()
