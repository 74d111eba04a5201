"""This Python and this machine: what can be looked at without Spark."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from synthohive_spark.doctor.finding import MEND, OK, WARNING, Finding
from synthohive_spark.doctor.packages import LOOK, NEEDED, interpreter_finding
from synthohive_spark.spark.java import java_problem, java_version

OLDEST_PYTHON = (3, 11)


def check_python() -> Iterator[Finding]:
    """The driver's Python, and the packages that it needs."""
    here = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield Finding(MEND, "Python", f"{here} at {sys.executable}; use Python 3.11 or later")
    else:
        yield Finding(OK, "Python", f"{here} at {sys.executable}")
    for name in (*NEEDED, "pyspark"):
        version, problem = _imported(name)
        if problem is not None:
            extra = " with its extra 'spark'" if name == "pyspark" else ""
            yield Finding(MEND, name, f"{problem}; install this package{extra} into this Python")
        elif name == "pandas" and version.split(".")[0] >= "3":
            yield Finding(WARNING, name, f"{version}: Spark 4 was not made for pandas 3; install pandas<3")
        else:
            yield Finding(OK, name, version)
    yield _torch()


def _torch() -> Finding:
    if find_spec("torch") is None:
        return Finding(WARNING, "torch", "it is not installed: this driver can draw, not learn; pip install torch")
    version, problem = _imported("torch")
    if problem is not None:
        return Finding(MEND, "torch", f"{problem}; install torch again, or this driver can draw and not learn")
    return Finding(OK, "torch", version)


def _imported(name: str) -> tuple[str, str | None]:
    """The version of a package, and why it cannot be imported."""
    try:
        return str(getattr(import_module(name), "__version__", "of unknown version")), None
    except Exception as error:
        return "", f"it cannot be imported ({type(error).__name__}: {error})"


def check_java() -> Finding:
    """The Java that Spark would start with."""
    problem = java_problem()
    return Finding(OK, "Java", java_version()) if problem is None else Finding(MEND, "Java", problem)


def check_workers_python_here() -> Finding:
    """The Python that `PYSPARK_PYTHON` names on this machine, where no session can ask the workers."""
    named = os.environ.get("PYSPARK_PYTHON") or "python3"
    if shutil.which(named) is None:
        return Finding(
            MEND, "workers' Python", f"PYSPARK_PYTHON names {named!r}, which cannot be run; set it to a Python"
        )
    done = subprocess.run([named, "-c", LOOK], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Finding(MEND, "workers' Python", f"{named} does not start ({last}); set PYSPARK_PYTHON to another one")
    return interpreter_finding(json.loads(done.stdout), "on this machine")
