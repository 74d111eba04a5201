"""The Python and the Spark that a session on this machine starts with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape, glob

import pyspark

from synthohive_spark.logs import get_logger

_FITS = """
import importlib.util, sys
found = all(map(importlib.util.find_spec, ("numpy", "pandas", "pyarrow")))
sys.exit(not found or sys.version_info[:2] != ({}, {}))
"""

_log = get_logger(__name__)


@contextmanager
def this_interpreter() -> Iterator[None]:
    """Let a JVM that starts meanwhile, and the workers of its session, use this Python and this pyspark.

    `PYSPARK_PYTHON` stays as it is where it names a Python of the same version that has what a worker needs, and
    `SPARK_HOME` where it holds the same Spark as pyspark; otherwise a warning names what is taken in their place.
    Afterwards the environment is as it was.
    """
    before = {name: os.environ.get(name) for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "SPARK_HOME")}
    # The driver is this process, whatever starts notebooks elsewhere; the JVM looks data sources up with its Python.
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    _set("PYSPARK_PYTHON", _python(before["PYSPARK_PYTHON"]))
    home = _spark_home(before["SPARK_HOME"])
    if home is not None:
        _set("SPARK_HOME", home)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _set(variable: str, value: str) -> None:
    given = os.environ.get(variable)
    if given and given != value:
        _log.warning("environment_overruled", variable=variable, given=given, used=value)
    os.environ[variable] = value


def _python(given: str | None) -> str:
    if not given or given == sys.executable or shutil.which(given) is None:
        return sys.executable
    try:
        fits = subprocess.run([given, "-c", _FITS.format(*sys.version_info[:2])], capture_output=True, check=False)
    except OSError:
        return sys.executable
    return given if fits.returncode == 0 else sys.executable


def _spark_home(given: str | None) -> str | None:
    """None where neither folder holds this Spark: pyspark then looks for one itself."""
    core = os.path.join("jars", f"spark-core_*-{pyspark.__version__}.jar")
    homes = (given, os.path.dirname(pyspark.__file__))
    return next((home for home in homes if home and glob(os.path.join(escape(home), core))), None)
