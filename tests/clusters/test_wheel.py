"""The wheel alone, in a fresh environment, run by the path of its command: no clone, nothing activated."""

import email
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pyarrow.parquet
import pytest
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ("synthohive_spark", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PREPARE = """
import pathlib, sys
import synthohive_spark
from synthohive_spark.spark.session import embedded_session
assert pathlib.Path(synthohive_spark.__file__).is_relative_to(sys.prefix), synthohive_spark.__file__
spark = embedded_session("spark")
spark.range(300).selectExpr("id AS customer", "id % 5 AS orders", "IF(id % 4 = 0, 'a', 'b') AS kind").write.saveAsTable(
    "customers", format="orc")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, since setuptools would pack what an earlier build left beside the sources."""
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, sources / name)
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(sources)], sources)
    (built,) = out.glob("synthohive_spark-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel of its own; what it depends on is lent by the environment of the tests.

    A path in a .pth file comes last, and .pth files below it are not read: the clone stays out of sight.
    """
    environment = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(environment)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [environment / "bin" / "python", "-m", "pip"]
    run([*pip, "install", "--no-index", "--no-deps", "--ignore-installed", wheel], environment)
    return environment / "bin"


def bare(**more):
    """The environment variables of a shell in which nothing is activated and Spark is not spoken of."""
    java = pathlib.Path(shutil.which("java") or "/usr/bin/java").parent
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONPATH", "PYSPARK", "SPARK", "VIRTUAL"))}
    return {**kept, "PATH": f"/usr/bin:/bin:{java}", **more}


def run(command, folder, **more):
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=bare(**more))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def test_the_command_learns_and_draws_where_nothing_is_activated(installed, tmp_path):
    assert str(installed) not in bare()["PATH"]
    run([installed / "python", "-c", PREPARE], tmp_path)
    local = ["--local", "spark"]
    learned = ["--table", "customers", "--model", "model", "--param", "epochs=1", "--param", "showProgress=false"]
    run([installed / "synthohive", "fit", *learned, *local], tmp_path)
    drawn = ["--model", "model", "--rows", "40", "--output-table", "made", "--seed", "7"]
    run([installed / "synthohive", "sample", *drawn, *local], tmp_path)
    made = pyarrow.parquet.read_table(tmp_path / "spark" / "warehouse" / "made").to_pydict()
    assert list(made) == ["customer", "orders", "kind"]
    assert len(made["kind"]) == 40 and set(made["kind"]) == {"a", "b"} and set(made["orders"]) <= set(range(5))


def test_what_the_wheel_asks_for_is_met_by_the_pinned_versions(wheel, installed, tmp_path):
    """Nothing can be fetched: what is there already has to do, for both extras and all that they need."""
    asked = [installed / "python", "-m", "pip", "install", "--dry-run", "--no-index", "-c", ROOT / "constraints.txt"]
    said = run([*asked, f"{wheel}[spark,pii]"], tmp_path, PIP_FIND_LINKS="")
    assert all(
        f"Requirement already satisfied: {name}" in said for name in ("torch", "pyspark", "delta-spark", "faker")
    )


def test_what_the_wheel_asks_for_leaves_out_what_does_not_work(wheel):
    """Without our constraints, pip takes the newest that is allowed."""
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith("/METADATA"))
        lines = email.message_from_bytes(files.read(name)).get_all("Requires-Dist")
    asked = {one.name: one.specifier for one in map(Requirement, lines) if "dev" not in str(one.marker)}
    assert not any(asked["pyspark"].contains(version) for version in ("4.2.1", "4.3.0"))
    assert asked["pyspark"].contains("4.2.0")
    assert not asked["delta-spark"].contains("4.4.1") and asked["delta-spark"].contains("4.4.0")
    assert not asked["pandas"].contains("3.0.0")
