"""What the doctor says of what it is told; `tests/clusters/test_doctor.py` breaks the real parts."""

import json
import subprocess
import sys

import pytest

from synthohive_spark.doctor.delta import delta_problem
from synthohive_spark.doctor.finding import Finding
from synthohive_spark.doctor.memory import parsed_size
from synthohive_spark.doctor.packages import LOOK, interpreter_finding

ALL = {"numpy": "2.1.0", "pandas": "2.3.0", "pyarrow": "20.0.0"}


def test_this_python_is_one_that_workers_can_run():
    said = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True).stdout
    found = interpreter_finding(json.loads(said), "here")
    assert found.level == "ok" and f"at {sys.executable} here, with numpy " in found.text


@pytest.mark.parametrize(
    ("python", "packages", "problem"),
    [
        (
            [3, 9, 1],
            ALL,
            f"3.9.1 at /p on w1, and the driver has {sys.version_info[0]}.{sys.version_info[1]}; set PYSPARK",
        ),
        ([*sys.version_info[:3]], {**ALL, "pandas": None}, "/p on w1 has no pandas; set PYSPARK_PYTHON"),
        (
            [*sys.version_info[:3]],
            dict.fromkeys(ALL),
            "/p on w1 has no numpy, no pandas, no pyarrow; set PYSPARK_PYTHON",
        ),
    ],
    ids=["another version", "one missing", "all missing"],
)
def test_a_python_that_does_not_fit_is_named_with_what_it_lacks(python, packages, problem):
    found = interpreter_finding({"python": python, "path": "/p", "packages": packages}, "on w1")
    assert found.level == "mend" and found.text.startswith(problem)


def test_errors_that_mean_that_delta_is_missing_are_told_from_others():
    missing = delta_problem(RuntimeError("[X] Failed to find the data source: delta. Make sure SQLSTATE: 42K02"))
    assert missing.startswith(
        "Delta is not there, or not all of it ([X] Failed to find the data source: delta. Make sure)"
    )
    assert "set spark.jars.packages=" in missing and delta_problem(RuntimeError("no space left")) is None


def test_sizes_as_spark_writes_them():
    assert [parsed_size(text) for text in ("2g", "2GB", "512m", "3", "1024k", "x")] == [
        2 * 2**30,
        2 * 2**30,
        2**29,
        3 * 2**20,
        2**20,
        0,
    ]


def test_a_finding_is_one_line():
    assert str(Finding("mend", "Java", "there is\nnone")) == "mend     Java: there is none"
