"""What the doctor says where parts are really broken; each in a process of its own."""

import os
import pathlib
import socket
import subprocess
import sys
import venv

import pytest

ROOT = pathlib.Path(__file__).parents[2]
DOCTOR = [sys.executable, "-m", "synthohive_spark.jobs", "doctor"]


def doctor(folder, *arguments, **more):
    """What it ends with, and by what was looked at: the level and the text."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYSPARK", "SPARK", "JAVA"))}
    env |= {"PYTHONPATH": str(ROOT), **{k: str(v) for k, v in more.items()}}
    done = subprocess.run([*DOCTOR, *arguments], capture_output=True, text=True, cwd=folder, env=env)
    print(done.stdout)
    found = {}
    for line in done.stdout.splitlines():
        level, rest = line.split(maxsplit=1)
        what, text = rest.split(": ", maxsplit=1)
        found[what] = (level, text)
    assert found, done.stderr[-3000:]
    return done.returncode, found


def levels(found, level):
    return {what for what, (own, _) in found.items() if own == level}


def test_without_java_it_says_so_and_goes_on_with_what_can_be_checked(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "env"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    code, found = doctor(tmp_path, PATH=tools, PYSPARK_PYTHON=sys.executable)
    assert code == 1 and levels(found, "mend") == {"Java"}
    assert found["Java"][1].startswith("there is no java on PATH; Spark needs Java 17 or later: install it")
    assert {"Python", "numpy", "pandas", "pyarrow", "pyspark", "torch", "workers' Python"} <= levels(found, "ok")
    assert found["Spark, metastore, tables, memory"] == ("warning", "not checked, for want of Java")


def test_workers_without_pandas_no_delta_and_no_metastore_are_each_told_with_a_way_out(tmp_path):
    venv.create(tmp_path / "bare")
    bare = tmp_path / "bare" / "bin" / "python"
    code, found = doctor(tmp_path, PYSPARK_PYTHON=bare, PYSPARK_SUBMIT_ARGS="--master local[1] pyspark-shell")
    assert code == 1 and levels(found, "mend") == {"workers' Python", "delta tables"}
    assert f"{bare} on " in found["workers' Python"][1] and "has no numpy, no pandas" in found["workers' Python"][1]
    assert "set PYSPARK_PYTHON" in found["workers' Python"][1]
    assert found["delta tables"][1].startswith("Delta is not there, or not all of it (")
    assert "; set spark.jars.packages=io.delta:" in found["delta tables"][1]
    assert found["metastore"][0] == "warning" and found["metastore"][1].startswith("in memory: tables are forgotten")
    assert found["memory of the JVM"][0] == "warning" and "spark.driver.memory=2g" in found["memory of the JVM"][1]
    assert {"Java", "Spark"} <= levels(found, "ok")


@pytest.fixture
def nobody():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_metastore_that_does_not_answer_is_named_and_tables_are_not_tried(tmp_path, nobody):
    uri = f"thrift://127.0.0.1:{nobody}"
    conf = f"--conf spark.sql.catalogImplementation=hive --conf spark.hadoop.hive.metastore.uris={uri}"
    arguments = f"--master local[1] {conf} pyspark-shell"
    code, found = doctor(tmp_path, "--database", "shop", PYSPARK_PYTHON=sys.executable, PYSPARK_SUBMIT_ARGS=arguments)
    assert code == 1 and levels(found, "mend") == {"metastore"}
    assert found["metastore"][1].startswith(f"nobody answers at 127.0.0.1:{nobody}; start the server, or correct")
    assert found["tables"] == ("warning", "not checked, for want of the metastore")
    assert {"Spark", "workers' Python"} <= levels(found, "ok")
