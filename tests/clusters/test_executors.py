"""Executors of their own, whose Python has neither torch nor what the package depends on, one of them killed."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap
import venv

import pytest

ROOT = pathlib.Path(__file__).parents[2]
LENT = ("numpy", "numpy.libs", "pandas", "pyarrow", "dateutil", "pytz", "tzdata", "six.py", "pyspark")
ROWS = 24_000
APPLICATION = """
    import json, os, sys
    import synthohive_spark
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F
    from synthohive_spark import SynthesizerTransformerModel, register_data_source

    assert "synthohive_spark.zip" in synthohive_spark.__file__, synthohive_spark.__file__
    folder, rows = sys.argv[1], int(sys.argv[2])
    spark = SparkSession.builder.getOrCreate()
    model = SynthesizerTransformerModel.load(f"{folder}/model")

    @F.udf("long")
    def kills_its_executor_once(value):
        import os, signal

        if value % 10_000 == 9_999:
            try:
                os.close(os.open(f"{folder}/killed", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return value

            def parent(pid):
                return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])

            pid = os.getpid()
            while "java" not in os.readlink(f"/proc/{pid}/exe"):
                pid = parent(pid)
            os.kill(pid, signal.SIGKILL)
        return value

    @F.udf("string")
    def found(value):
        import importlib.util

        return ",".join(n for n in ("torch", "structlog", "pydantic") if importlib.util.find_spec(n))

    drawn = model.sample(rows, seed=5, numPartitions=6)
    drawn.select(kills_its_executor_once("id").alias("id"), "n", "k").write.parquet(f"{folder}/made")
    register_data_source(spark)
    reader = spark.read.format("synthohive").option("model", f"{folder}/model").option("partitions", 3)
    reader.option("rows", rows).option("seed", 5).load().write.parquet(f"{folder}/source")
    there = spark.range(0, 4, 1, 4).select(found("id").alias("found")).distinct().collect()
    json.dump([row.found for row in there], open(f"{folder}/found.json", "w"))
"""


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """An interpreter with pandas, pyarrow and numpy, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("worker")
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    ours = pathlib.Path(__import__("numpy").__file__).parents[1]
    for name in LENT:
        if (ours / name).exists():
            os.symlink(ours / name, site / name)
    return folder / "bin" / "python"


def test_a_killed_executor_loses_and_doubles_no_row(spark, tmp_path, bare_python):
    from synthohive_spark import SynthesizerTransformer

    shop = spark.range(300).selectExpr("id", "CAST(id % 4 AS INT) AS n", "IF(id % 2 = 0, 'a', 'b') AS k")
    estimator = SynthesizerTransformer(engine="autoregressive", epochs=1, seed=1, idCol="id", showProgress=False)
    model = estimator.fit(shop)
    model.save(str(tmp_path / "model"))
    archive = shutil.make_archive(str(tmp_path / "synthohive_spark"), "zip", ROOT, "synthohive_spark")
    (tmp_path / "application.py").write_text(textwrap.dedent(APPLICATION))
    submit = pathlib.Path(__import__("pyspark").__file__).parent / "bin" / "spark-submit"
    command = [submit, "--master", "local-cluster[2,1,1024]", "--py-files", archive]
    for key, value in {"spark.executor.memory": "1g", "spark.ui.enabled": "false"}.items():
        command += ["--conf", f"{key}={value}"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    env |= {"PYSPARK_PYTHON": str(bare_python), "PYSPARK_DRIVER_PYTHON": sys.executable}
    done = subprocess.run(
        [*command, tmp_path / "application.py", tmp_path, str(ROWS)],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "killed").exists() and "ExecutorLostFailure" in done.stderr
    assert json.loads((tmp_path / "found.json").read_text()) == [""]
    expected = rows_of(model.sample(ROWS, seed=5))
    assert rows_of(spark.read.parquet(str(tmp_path / "made"))) == expected
    assert rows_of(spark.read.parquet(str(tmp_path / "source"))) == expected


def rows_of(df):
    return df.toPandas().sort_values("id", ignore_index=True).astype(str).to_csv()
