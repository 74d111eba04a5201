"""Other kinds of sessions and of workers, each in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap
import venv

import pytest


@pytest.fixture(scope="session")
def engine():
    return "autoregressive"


@pytest.fixture(scope="module")
def saved(tmp_path_factory, model):
    """A model directory, and the rows that it draws here."""
    path = str(tmp_path_factory.mktemp("saved") / "model")
    model.save(path)
    return path, sorted(map(str, model.sample(1200, seed=5).toArrow().to_pylist()))


def run(tmp_path, script, path, **environment):
    """Run ``script`` in another process; what it puts into ``rows`` is returned."""
    target = tmp_path / "rows.json"
    code = textwrap.dedent(script) + f"\njson.dump(rows, open({str(target)!r}, 'w'))\n"
    head = f"import json, sys\nPATH = {path!r}\n"
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, **environment}
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(target.read_text())


SAMPLE = """
    from pyspark.sql import SparkSession
    from synthohive_spark import SynthesizerTransformerModel
    spark = (SparkSession.builder{how}.config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "America/New_York").getOrCreate())
    model = SynthesizerTransformerModel.load(PATH)
    rows = sorted(map(str, model.sample(1200, seed=5, numPartitions=4).toArrow().to_pylist()))
"""


def test_two_executors_in_processes_of_their_own(tmp_path, saved):
    path, expected = saved
    how = '.master("local-cluster[2,1,1024]").config("spark.executor.memory", "1g")'
    assert run(tmp_path, SAMPLE.format(how=how), path) == expected


def test_spark_connect_fits_draws_and_saves(tmp_path, saved):
    path, expected = saved
    script = SAMPLE.format(how='.remote("local[2]")') + textwrap.indent(
        textwrap.dedent("""
            from pyspark.ml import PipelineModel
            from synthohive_spark import SynthesizerTransformer
            assert "connect" in type(spark).__module__
            shop = spark.range(200).selectExpr("id", "id % 4 AS n", "IF(id % 2 = 0, 'a', 'b') AS k")
            stage = SynthesizerTransformer(epochs=1, seed=1, idCol="id", conditionCols=["k"], showProgress=False)
            fitted = stage.fit(shop)
            for _ in range(2):
                fitted.write().overwrite().save("again")
            seats = spark.sql("SELECT id, 'b' AS k FROM range(50)")
            again = SynthesizerTransformerModel.load("again").transform(seats)
            assert again.collect() == fitted.transform(seats).collect() and again.columns == ["n", "k"]
        """),
        "    ",
    )
    assert run(tmp_path, script, path) == expected


def test_spark_connect_runs_the_facade(tmp_path):
    script = f"""
        import sys
        sys.path.insert(0, {str(pathlib.Path(__file__).parents[3])!r})
        from tests.helpers.people import PERSONAL, SCHEMA, customer
        from pyspark.sql import SparkSession
        from synthohive_spark import Constraint, Metadata, Synthesizer
        spark = SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        assert "connect" in type(spark).__module__
        real = {{"customers": spark.createDataFrame([customer(i) for i in range(400)], SCHEMA)}}
        assert set(PERSONAL) < set(Metadata.from_tables(real, spark).tables["customers"].pii)
        rules = {{**{{name: "fake" for name in PERSONAL}}, "notes": "mask", "region": "hash"}}
        metadata = Metadata().add_table(
            "customers", pk="customer_id", pii=rules, constraints={{"age": Constraint(min=30)}})
        synthesizer = Synthesizer(metadata, spark, progress=False).fit(real, seed=1, epochs=1, hash_key="k")
        made = synthesizer.sample({{"customers": 300}}, seed=2, enforce_constraints=True, on_violation="resample")
        synthesizer.save("model")
        report = synthesizer.generate_validation_report(real, made, "report.html")
        again = Synthesizer.load("model", spark).sample(
            {{"customers": 300}}, seed=2, enforce_constraints=True, on_violation="resample")
        drawn = made["customers"].collect()
        assert sorted(map(str, again["customers"].collect())) == sorted(map(str, drawn))
        rows = [report.tables[0].rows_synthetic, len({{r.customer_id for r in drawn}}), min(r.age for r in drawn)]
    """
    rows, keys, youngest = run(tmp_path, script, "")
    assert (rows, keys) == (300, 300) and youngest >= 30


def test_workers_that_have_neither_this_package_nor_torch(tmp_path, saved):
    """The workers' interpreter has pandas, pyarrow and numpy by a path of their own, and nothing else of ours."""
    path, expected = saved
    venv.create(tmp_path / "worker", with_pip=False)
    python = tmp_path / "worker" / "bin" / "python"
    (site,) = (tmp_path / "worker").glob("lib/python*/site-packages")
    ours = pathlib.Path(__import__("numpy").__file__).parents[1]
    wanted = ("numpy", "numpy.libs", "pandas", "pyarrow", "dateutil", "pytz", "tzdata", "six.py", "pyspark")
    for name in wanted:
        if (ours / name).exists():
            os.symlink(ours / name, site / name)
    for module, there in (("pandas", True), ("torch", False), ("synthohive_spark", False), ("structlog", False)):
        found = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True, cwd=tmp_path)
        assert (found.returncode == 0) == there, module
    script = SAMPLE.format(how='.master("local[2]")')
    assert run(tmp_path, script, path, PYSPARK_PYTHON=str(python), PYTHONPATH="") == expected


def test_torch_is_not_imported_in_the_workers(spark, model):
    from pyspark.sql import functions as F

    drawn = model.sample(1000, seed=1, numPartitions=2)
    assert drawn.count() == 1000 and len(drawn.collect()) == 1000

    @F.udf("string")
    def loaded(_):
        import sys

        return ",".join(m for m in ("torch", "joblib", "structlog") if m in sys.modules)

    # Workers are reused, so what drawing imported is still there.
    assert {r.m for r in spark.range(0, 8, 1, 2).select(loaded("id").alias("m")).collect()} == {""}


def test_a_materialised_view_of_a_declarative_pipeline(tmp_path, saved):
    path, expected = saved
    (tmp_path / "transformations").mkdir()
    (tmp_path / "spark-pipeline.yml").write_text(
        "name: synthetic\nlibraries:\n  - glob:\n      include: transformations/**\n"
        f"storage: file://{tmp_path}/storage\n"
        "configuration:\n  spark.sql.session.timeZone: America/New_York\n"
    )
    (tmp_path / "transformations" / "synthetic.py").write_text(
        textwrap.dedent(f"""
            from pyspark import pipelines as dp
            from pyspark.sql import SparkSession
            from synthohive_spark import SynthesizerTransformerModel

            spark = SparkSession.active()
            model = SynthesizerTransformerModel.load({path!r})

            @dp.materialized_view
            def synthetic():
                return model.sample(1200, seed=5, spark=spark).drop("dots.and spaces", "back`tick", "nothing")
        """)
    )
    tool = pathlib.Path(sys.executable).parent / "spark-pipelines"
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    done = subprocess.run([str(tool), "run"], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    import pyarrow.parquet as pq

    folder = tmp_path / "spark-warehouse" / "synthetic"
    assert pq.read_table(folder).num_rows == len(expected)
