import pathlib
import runpy

import pytest

from scripts.make_notebooks import notebook
from tests.helpers.short_fits import fit_by_epochs
from tests.helpers.versions import needs_pipelines

NOTEBOOKS = pathlib.Path(__file__).parents[2] / "notebooks"
LINKS = [
    ("stays", "patient_id", "patients", "patient_id"),
    ("stays", "ward", "wards", "ward"),
    ("stays", "main_code", "diagnoses", "code"),
    ("secondary", "stay_id", "stays", "stay_id"),
    ("secondary", "code", "diagnoses", "code"),
]
DATABASES = ("shop", "shop_synthetic", "hospital", "hospital_draft", "hospital_synthetic")
DATABASES += ("furniture", "furniture_good", "furniture_bad")


@pytest.fixture
def folder(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for database in DATABASES:
        spark.sql(f"DROP DATABASE IF EXISTS {database} CASCADE")


def run_script(name):
    return runpy.run_path(str(NOTEBOOKS / name))


def run_cells(name):
    """Run the code of the Jupyter notebook, a cell after the other."""
    names = {"__name__": "__main__"}
    for cell in notebook((NOTEBOOKS / name).read_text()).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, cell.id, "exec"), names)
    return names


def test_every_notebook_is_run_here():
    names = ["01_one_table.py", "02_a_database.py", "03_a_pipeline.py", "04_reading_the_report.py"]
    assert sorted(path.name for path in NOTEBOOKS.iterdir() if path.is_file()) == names


def test_one_table_as_jupyter_cells(spark, folder):
    names = run_cells("01_one_table.py")
    made = spark.table("shop_synthetic.customers")
    assert made.count() == 20_000
    assert made.schema == spark.table("shop.customers").schema
    drawn, written = names["again"].sample(3, seed=7), made.where("customer < 3")
    assert sorted(drawn.collect()) == sorted(written.collect())
    assert {(row.region, row["count"]) for row in names["west"].groupBy("region").count().collect()} == {("west", 1000)}
    assert [path.name for path in folder.iterdir()] == ["notebook_files"]


@pytest.mark.long
def test_a_database(spark, folder, monkeypatch):
    fit_by_epochs(monkeypatch, 8)
    names = run_script("02_a_database.py")
    proposed = names["proposed"].tables
    assert proposed["patients"].pk == ("patient_id",) and proposed["stays"].pk == ("stay_id",)
    assert {name: rule.kind for name, rule in proposed["patients"].pii.items()} == {"name": "name"}
    assert names["proposed"].plan().tables["stays"].owner == names["metadata"].plan().tables["stays"].owner
    drawn = {name: spark.table(f"hospital_synthetic.{name}") for name in names["tables"]}
    assert all(df.schema == spark.table(f"hospital.{name}").schema for name, df in drawn.items())
    assert drawn["patients"].count() == 2_000 == drawn["patients"].select("patient_id").distinct().count()
    assert drawn["patients"].join(spark.table("hospital.patients"), "name").count() == 0
    assert drawn["patients"].where("birth_date < '1920-01-01' OR birth_date > '2006-12-31'").count() == 0
    for kept in ("wards", "diagnoses"):
        assert sorted(drawn[kept].collect()) == sorted(spark.table(f"hospital.{kept}").collect())
    for child, key, parent, parent_key in LINKS:
        there = drawn[parent].select(parent_key).withColumnRenamed(parent_key, key)
        assert drawn[child].join(there, key, "left_anti").count() == 0
    real = spark.table("hospital.stays").count() / 1_000
    assert drawn["stays"].count() / 2_000 == pytest.approx(real, rel=0.1)
    assert names["joined"].count() == drawn["stays"].count()
    numbers = drawn["secondary"].groupBy("stay_id").agg({"rank": "max", "stay_id": "count"})
    assert numbers.where("`max(rank)` <> `count(stay_id)`").count() == 0
    births = drawn["patients"].join(drawn["stays"].where("main_code IN ('O80', 'O82')"), "patient_id")
    assert births.where("sex = 'F'").count() > 0.6 * births.count() > 50
    assert names["of_the_old"]["stays"].join(names["old"], "patient_id", "left_anti").count() == 0
    assert "patients" in (folder / "notebook_files" / "hospital_report.html").read_text()


@pytest.mark.long
@needs_pipelines
def test_a_pipeline_and_mlflow(spark, folder):
    names = run_script("03_a_pipeline.py")
    given = names["by_phone"].groupBy("channel").count().collect()
    assert [(row.channel, row["count"]) for row in given] == [("phone", 1_000)]
    drawn = sorted(names["model"].sample(50, seed=7).collect())
    for again in (names["loaded"].stages[-1], names["registered"]):
        assert sorted(again.sample(50, seed=7).collect()) == drawn
    assert (
        names["model"].sample(500, seed=7).where("ordered_at < '2023-01-01' OR total <> goods + shipping").count() == 0
    )
    view = {}
    source = (folder / "notebook_files" / "synthetic_orders.py").read_text()
    exec(source.replace("@dp.materialized_view\n", ""), view)  # a pipeline runs it in the test of the guide
    assert view["synthetic_orders"]().where("order_id < 50").count() == 50
    assert [path.name for path in folder.iterdir()] == ["notebook_files"]


@pytest.mark.long
def test_reading_the_report(folder, monkeypatch, capsys):
    fit_by_epochs(monkeypatch, 8)
    names = run_script("04_reading_the_report.py")
    failures = {(f.table, f.column, f.metric) for f in names["failures"]}
    assert {
        ("customers", "country", "null_rate_error"),
        ("orders", None, "copies"),
        ("orders", None, "key_faults"),
        ("orders", None, "broken"),
        ("orders", None, "detector_auc"),
        ("orders", "total", "ks"),
        ("orders", "customer_id", "orphans"),
    } <= failures
    printed = capsys.readouterr().out
    shown = {line[:50].strip(): line[50:].split()[::2] for line in printed.splitlines() if line.endswith(" %")}
    assert len(shown) == 12 and shown["orders.customer_id: orphans"][0] == "0.0"
    assert float(shown["orders.customer_id: orphans"][1]) == pytest.approx(4, abs=1)
    assert float(shown["orders: copies"][1]) > 15
    for side in ("good", "bad"):
        assert (folder / "notebook_files" / f"report_{side}.html").exists()
