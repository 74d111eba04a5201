import pathlib
import runpy

import pytest

NOTEBOOKS = sorted((pathlib.Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(spark, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert path.read_text().startswith("# Databricks notebook source\n")
    names = runpy.run_path(str(path))
    made = spark.table("shop_synthetic.customers")
    assert made.count() == 20_000
    assert made.schema == spark.table("shop.customers").schema
    drawn, written = names["again"].sample(3, seed=7), made.where("customer < 3")
    assert sorted(drawn.collect()) == sorted(written.collect())
    assert {(row.region, row["count"]) for row in names["west"].groupBy("region").count().collect()} == {("west", 1000)}
    spark.sql("DROP DATABASE shop CASCADE")
    spark.sql("DROP DATABASE shop_synthetic CASCADE")
