"""Other kinds of sessions and of workers, each in a process of its own."""

import os
import pathlib
import subprocess
import textwrap
import venv

import pytest

from tests.helpers.processes import run


@pytest.fixture(scope="module")
def saved(tmp_path_factory, models):
    """A model directory of each engine, and the rows that it draws here."""
    folder = tmp_path_factory.mktemp("saved")
    for engine, model in models.items():
        model.save(str(folder / engine))
    expected = {engine: sorted(map(str, m.sample(1200, seed=5).toArrow().to_pylist())) for engine, m in models.items()}
    return folder, expected


SAMPLE = """
    from pyspark.sql import SparkSession
    from synthohive_spark import SynthesizerTransformerModel
    spark = (SparkSession.builder{how}.config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "America/New_York").getOrCreate())

    def drawn(engine):
        model = SynthesizerTransformerModel.load(f"{{FOLDER}}/{{engine}}")
        return sorted(map(str, model.sample(1200, seed=5, numPartitions=4).toArrow().to_pylist()))

    rows = {{engine: drawn(engine) for engine in ("ctgan", "autoregressive")}}
"""


def test_two_executors_in_processes_of_their_own(tmp_path, saved):
    folder, expected = saved
    how = '.master("local-cluster[2,1,1024]").config("spark.executor.memory", "1g")'
    assert run(tmp_path, SAMPLE.format(how=how), folder) == expected


STAGES = """
    from pyspark.errors import SparkRuntimeException
    from pyspark.ml import Pipeline
    from synthohive_spark import SerializationError, SynthesizerTransformer
    assert "connect" in type(spark).__module__
    shop = spark.range(200).selectExpr("id", "id % 4 AS n", "IF(id % 2 = 0, 'a', 'b') AS k")
    stage = SynthesizerTransformer(epochs=1, seed=1, idCol="id", conditionCols=["k"], showProgress=False)
    fitted = stage.fit(shop)
    for _ in range(2):
        fitted.write().overwrite().save("again")
    seats = spark.sql("SELECT id, 'b' AS k FROM range(50)")
    again = SynthesizerTransformerModel.load("again").transform(seats)
    stage.save("estimator")
    Pipeline(stages=[stage]).save("unfitted")
    (unfitted,) = Pipeline.load("unfitted").getStages()
    assert SynthesizerTransformer.load("estimator").uid == unfitted.uid == stage.uid
    wrong = fitted.transform(spark.sql("SELECT id, id AS k FROM range(5)"))
    for act, said in ((wrong.collect, "gives 'k' as bigint, but it was learned as string"),
                      (lambda: stage.save("estimator"), "something is there already, which write().overwrite()"),
                      (lambda: stage.save("s3a://bucket/e"), "Spark lacks the jars of this file system")):
        try:
            act()
            raise AssertionError(said)
        except (SparkRuntimeException, SerializationError) as error:
            assert said in str(error), error
    assert again.collect() == fitted.transform(seats).collect() and again.columns == ["n", "k"]
"""
FACADE = f"""
    sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
    from tests.helpers.people import PERSONAL, SCHEMA, customer
    from synthohive_spark import Constraint, Metadata, Synthesizer
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
    facade = [report.tables[0].rows_synthetic, len({{r.customer_id for r in drawn}}), min(r.age for r in drawn)]
    rows = [rows, facade]
"""


SOURCE = """
    from pyspark.errors import AnalysisException
    from synthohive_spark import register_data_source
    register_data_source(spark)
    reader = spark.read.format("synthohive").option("model", f"{FOLDER}/autoregressive").option("partitions", 3)
    source = reader.option("rows", 1200).option("seed", 5).load()
    rows = [rows, sorted(map(str, source.toArrow().to_pylist()))]
    try:
        spark.read.format("synthohive").option("model", FOLDER).load().schema
        raise AssertionError("there is no model")
    except AnalysisException as error:
        assert "there is no model in" in str(error), error
"""
STREAM = """
    stream = spark.readStream.format("synthohive").option("model", f"{FOLDER}/autoregressive").option("rows", 1200)
    query = stream.option("seed", 5).load().writeStream.format("memory").queryName("streamed")
    assert query.trigger(availableNow=True).start().awaitTermination(120)
    assert sorted(map(str, spark.table("streamed").toArrow().to_pylist())) == rows[1]
"""


def test_spark_connect_fits_draws_and_saves_stages_and_the_facade(tmp_path, saved):
    folder, expected = saved
    parts = (SAMPLE.format(how='.remote("local[2]")'), STAGES, FACADE, SOURCE, STREAM)
    (rows, (made, keys, youngest)), source = run(tmp_path, "".join(map(textwrap.dedent, parts)), folder)
    assert rows == expected and source == expected["autoregressive"]
    assert (made, keys) == (300, 300) and youngest >= 30


HERE = f"""
    sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
"""


def test_a_driver_without_torch_and_workers_that_have_not_even_this_package(tmp_path, saved):
    """The workers' interpreter has pandas, pyarrow and numpy by a path of their own, and nothing else of ours."""
    folder, expected = saved
    venv.create(tmp_path / "worker", with_pip=False)
    python = tmp_path / "worker" / "bin" / "python"
    (site,) = (tmp_path / "worker").glob("lib/python*/site-packages")
    ours = pathlib.Path(__import__("numpy").__file__).parents[1]
    wanted = ("numpy", "numpy.libs", "pandas", "pyarrow", "dateutil", "pytz", "tzdata", "six.py", "pyspark")
    for name in wanted:
        if (ours / name).exists():
            os.symlink(ours / name, site / name)
    for module, there in (("pandas", True), ("torch", False), ("synthohive_spark", False), ("structlog", False)):
        bare = {**os.environ, "PYTHONPATH": ""}
        found = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True, cwd=tmp_path, env=bare)
        assert (found.returncode == 0) == there, module
    parts = (HERE, SAMPLE.format(how='.master("local[2]")'), 'assert "torch" not in sys.modules\n', SOURCE)
    script = "".join(map(textwrap.dedent, parts))
    rows, source = run(tmp_path, script, folder, PYSPARK_PYTHON=str(python), PYTHONPATH="")
    assert rows == expected and source == expected["autoregressive"]


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
