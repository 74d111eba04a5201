import pytest
from typer.testing import CliRunner

from synthohive_spark import Synthesizer, write_table
from synthohive_spark.jobs import app


@pytest.fixture
def databases(spark):
    for name in ("stock", "stock_made"):
        spark.sql(f"CREATE DATABASE {name}")
        write_table(spark.range(50).selectExpr("id", "id % 3 AS shelf"), f"{name}.parts")
    yield
    for name in ("stock", "stock_made"):
        spark.sql(f"DROP DATABASE {name} CASCADE")


def test_tables_that_are_there_are_refused_before_anything_is_learned(spark, databases, tmp_path, monkeypatch):
    (tmp_path / "stock.yaml").write_text("tables: {parts: {pk: id}}")
    learned = []
    monkeypatch.setattr(Synthesizer, "fit", lambda *given, **more: learned.append(given))
    options = ["--source", "stock", "--target", "stock_made", "--metadata", str(tmp_path / "stock.yaml")]
    result = CliRunner().invoke(app, ["synthesize", *options])
    assert result.exit_code == 1 and not learned
    assert "database stock_made has 'parts' already: give --overwrite to replace what is there" in result.output
    CliRunner().invoke(app, ["synthesize", *options, "--overwrite"])
    assert learned
