"""Why Spark did not start: one line that says what is missing, and the way out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Mapping

import pyspark
from py4j.protocol import Py4JNetworkError
from pyspark.errors import PySparkException

from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.java import java_problem

_PATIENCE = 120  # seconds that a look at what went wrong may take
_UNRESOLVED = re.compile(r"unresolved dependency: ([^\s#]+)#([^\s;]+);([^\s:]+): ")
_REASON = re.compile(
    r"^(?:Exception in thread \S+ |Error: )?(?!Error occurred)(.*(?:Exception|Error|Could not|Invalid).*)"
)


def did_not_start(error: BaseException) -> bool:
    """Whether the JVM, rather than a session in it, did not start."""
    if isinstance(error, PySparkException):
        return error.getCondition() == "JAVA_GATEWAY_EXITED"
    return isinstance(error, FileNotFoundError) and "spark-submit" in str(error.filename)


def start_error(error: BaseException, settings: Mapping[str, str]) -> SynthoHiveError:
    """What kept Spark from starting, and the way out, in one line.

    Args:
        error: What starting the session raised.
        settings: Spark's settings that were given to it.
    """
    if isinstance(error, (ConnectionError, Py4JNetworkError)):
        problem = f"the JVM ended ({first_line(error)}); what it wrote to standard error says why"
    elif not did_not_start(error):
        problem = first_line(error)
    elif isinstance(error, FileNotFoundError):
        problem = (
            f"there is no {error.filename}; unset SPARK_HOME, or set it to the folder of Spark {pyspark.__version__}"
        )
    else:
        problem = java_problem() or _jvm_problem(settings)
    return SynthoHiveError(f"Spark could not start: {problem}")


def _jvm_problem(settings: Mapping[str, str]) -> str:
    said, code = _start_again(settings)
    missing = [":".join(parts) for parts in _UNRESOLVED.findall(said)]
    if missing:
        return (
            f"{', '.join(missing)} was found neither in Spark's cache nor on Maven Central; check the network and that "
            "this version exists (the extra 'spark' of this package names versions whose jars do)"
        )
    if code == 0:
        return "the JVM ended before it answered, and starts at a second try; try again"
    reasons = (_REASON.match(line.strip()) for line in said.splitlines())
    return next((reason[1] for reason in reasons if reason), f"the JVM ended with exit code {code}")


def _start_again(settings: Mapping[str, str]) -> tuple[str, int]:
    """Start the JVM only to read what it says, which pyspark leaves to the terminal; and its exit code."""
    submit = os.path.join(os.environ.get("SPARK_HOME") or os.path.dirname(pyspark.__file__), "bin", "spark-submit")
    flags = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command = [submit, *flags, *shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell"))]
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": os.path.join(folder, "connection")},
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{type(error).__name__} when the JVM was started a second time", 1
    return done.stdout, done.returncode
