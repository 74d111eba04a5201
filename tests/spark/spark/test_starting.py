"""How a session starts, and what is said when it does not; each in a process of its own."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap
import venv

import pytest

ROOT = pathlib.Path(__file__).parents[3]
TRY = """
import sys
from synthohive_spark import SynthoHiveError
from synthohive_spark.spark.session import active_session, embedded_session
try:
    if sys.argv[1] == "embedded":
        embedded_session("spark", conf=dict(pair.split("=") for pair in sys.argv[2:]))
    else:
        active_session(None)
except SynthoHiveError as error:
    print("said:", error, "|", type(error.__cause__).__name__)
"""
NO_JAVA = "Spark could not start: there is no java on PATH; Spark needs Java 17 or later: install it"


def run(folder, script, *arguments, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYSPARK", "SPARK", "JAVA"))}
    env |= {"PYTHONPATH": str(ROOT), **{k: str(v) for k, v in more.items()}}
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture
def tools(tmp_path):
    """A PATH with what Spark's scripts call, and no Java."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("bash", "dirname", "env"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return folder


@pytest.mark.parametrize("kind", ["embedded", "active"])
def test_no_java_is_one_line_that_says_so(tmp_path, tools, kind):
    said = run(tmp_path, TRY, kind, PATH=tools)
    assert f"said: {NO_JAVA}" in said and "| PySparkRuntimeError" in said


def test_an_old_java_is_one_line_that_names_it(tmp_path, tools):
    java = tools / "java"
    java.write_text("#!/usr/bin/env bash\necho 'openjdk version \"11.0.13\" 2021-10-19' >&2\nexit 1\n")
    java.chmod(0o755)
    assert f"said: Spark could not start: {java} is Java 11; Spark needs Java 17" in run(
        tmp_path, TRY, "embedded", PATH=tools
    )


def test_a_java_home_without_java_is_named(tmp_path):
    said = run(tmp_path, TRY, "embedded", JAVA_HOME="/nowhere")
    assert "said: Spark could not start: there is no Java in JAVA_HOME, which is '/nowhere'; Spark needs" in said


def test_jars_that_are_nowhere_are_named(tmp_path):
    """A version that no repository has; the setting wins over what delta-spark asks for."""
    said = run(tmp_path, TRY, "embedded", "spark.jars.packages=io.delta:delta-spark_4.2_2.13:9.9.9")
    assert (
        "said: Spark could not start: io.delta:delta-spark_4.2_2.13:9.9.9 was found neither in Spark's cache nor"
        in said
    )


def test_a_setting_that_the_jvm_refuses_is_told_in_its_words(tmp_path):
    said = run(tmp_path, TRY, "embedded", "spark.driver.memory=12x")
    assert "said: Spark could not start: Invalid maximum heap size: -Xmx12x" in said


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "spark").write_text("a file")
    assert f"said: the session's folder '{tmp_path}/spark' cannot be written (" in run(tmp_path, TRY, "embedded")


def test_a_wrong_spark_home_is_named(tmp_path):
    said = run(tmp_path, TRY, "active", SPARK_HOME="/nowhere")
    assert "said: Spark could not start: there is no /nowhere/./bin/spark-submit; unset SPARK_HOME" in said


@pytest.fixture(scope="module")
def without_packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("without") / "packages"
    venv.create(folder)
    return folder / "bin" / "python"


@pytest.mark.long
def test_the_embedded_session_overrules_variables_that_do_not_fit(tmp_path, without_packages):
    given = {"PYSPARK_PYTHON": str(without_packages), "PYSPARK_DRIVER_PYTHON": "jupyter", "SPARK_HOME": "/nowhere"}
    script = f"""
        import os, sys
        import pandas as pd
        from synthohive_spark.spark.session import embedded_session
        spark = embedded_session("spark")
        assert {{name: os.environ[name] for name in {sorted(given)}}} == {given}
        runs = lambda parts: (pd.DataFrame({{"by": [sys.executable]}}) for _ in parts)
        print("by:", spark.range(1).mapInPandas(runs, "by string").first().by)
    """
    said = run(tmp_path, script, **given)
    assert f"by: {sys.executable}\n" in said
    packaged = str(pathlib.Path(__import__("pyspark").__file__).parent)
    assert all(f"used={used!r}" in said for used in (sys.executable, packaged)), said


def test_sessions_of_a_user_start_one_after_another(tmp_path):
    """Two that fetch jars into one cache at the same time both fail."""
    script = """
        import fcntl, pathlib, tempfile
        from pyspark.sql import SparkSession
        from synthohive_spark.spark.session import embedded_session

        def free():
            with next(pathlib.Path(tempfile.gettempdir()).glob("synthohive-start-*.lock")).open("rb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
            return True

        SparkSession.Builder.getOrCreate = lambda self: free()
        print("free:", embedded_session("spark"), free())
    """
    (tmp_path / "locks").mkdir()
    assert "free: False True\n" in run(tmp_path, script, TMPDIR=tmp_path / "locks")


@pytest.mark.long
def test_a_session_whose_workers_run_another_python_is_told_so_at_the_doors(tmp_path, without_packages):
    script = """
        from pyspark.sql import SparkSession
        from synthohive_spark import Metadata, Synthesizer, SynthesizerTransformer, SynthoHiveError, write_table
        spark = SparkSession.builder.master("local[1]").enableHiveSupport().getOrCreate()
        made = spark.range(100).mapInPandas(lambda parts: parts, "id bigint")
        work = {
            "write": lambda: write_table(made, "made", format="parquet"),
            "stage": lambda: SynthesizerTransformer(epochs=1).fit(made),
            "facade": lambda: Synthesizer(Metadata().add_table("t"), spark, progress=False).fit({"t": made}, epochs=1),
        }
        for name, do in work.items():
            try:
                do()
            except SynthoHiveError as error:
                print("told", name, type(error).__name__, error)
    """
    said = run(tmp_path, script, PYSPARK_PYTHON=without_packages)
    told = [line for line in said.splitlines() if line.startswith("told ")]
    kinds = [["write", "SynthoHiveError"], ["stage", "TrainingError"], ["facade", "TrainingError"]]
    assert [line.split()[1:3] for line in told] == kinds, said
    for line in told:
        # Spark 4.0 looks for pyarrow first.
        assert re.search(
            "the workers' Python has no module '(pandas|pyarrow)'; set PYSPARK_PYTHON, before the session starts", line
        )
