"""Messages as Spark 4.2 gave them, shortened."""

import sys

import pytest

from synthohive_spark.spark.worker_errors import interpreter_problem

NO_MODULE = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "/env/pyspark/python/lib/pyspark.zip/pyspark/serializers.py", line 454, in loads
    return cloudpickle.loads(obj, encoding=encoding)
ModuleNotFoundError: No module named 'pandas'
"""
VERSIONS = """An exception was thrown from the Python worker:
  File "/env/pyspark/python/lib/pyspark.zip/pyspark/worker_util.py", line 86, in check_python_version
pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version: \
3.12 than that in driver: 3.11, PySpark cannot run with different minor versions.
"""
NO_PROGRAM = """An error occurred while calling o140.insertInto.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times, most recent \
failure: Lost task 0.0 in stage 0.0 (TID 0) (192.0.2.2 executor driver): java.io.IOException: Cannot run program \
"/nowhere/python": error=2, No such file or directory
"""
NO_DAEMON = """: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times
Error from python worker:
  Traceback (most recent call last):
    File "/env/pyspark/python/lib/pyspark.zip/pyspark/errors/error_classes.py", line 26, in <module>
  AttributeError: module 'importlib.resources' has no attribute 'files'
PYTHONPATH was:
  /env/pyspark/python/lib/pyspark.zip
org.apache.spark.SparkException: EOFException occurred while reading the port number from pyspark.daemon's stdout.
"""
SEEN = {
    "module": (NO_MODULE, "the workers' Python has no module 'pandas'"),
    "versions": (VERSIONS, "the workers run Python 3.12, the driver 3.11"),
    "program": (NO_PROGRAM, "the workers' Python '/nowhere/python' cannot be run"),
    "daemon": (NO_DAEMON, "does not start (AttributeError: module 'importlib.resources' has no attribute 'files')"),
}


@pytest.mark.parametrize(("message", "seen"), SEEN.values(), ids=SEEN)
def test_what_is_wrong_with_the_workers_python_is_one_line_that_names_the_variable(message, seen):
    problem = interpreter_problem(message)
    assert seen in problem and len(problem.splitlines()) == 1
    assert "set PYSPARK_PYTHON, before the session starts" in problem and sys.executable in problem


@pytest.mark.parametrize(
    "message",
    [
        "ModuleNotFoundError: No module named 'matplotlib'",
        "An exception was thrown from the Python worker:\nZeroDivisionError: division by zero",
        '[TABLE_OR_VIEW_NOT_FOUND] The table `python` cannot be found.\nCannot run program "ls": error=2',
    ],
    ids=["in the driver", "in a function", "another program"],
)
def test_other_errors_are_left_alone(message):
    assert interpreter_problem(message) is None
