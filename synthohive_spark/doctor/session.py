"""The session: what it says of its settings, and whether its Spark is one that this package is made for."""

from __future__ import annotations

import pyspark
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from synthohive_spark.doctor.finding import MEND, OK, WARNING, Finding

OLDEST_SPARK, NEWEST_SPARK = (4, 0), (4, 2)


def setting(spark: SparkSession, name: str) -> str:
    """What is set, or Spark's own default; empty where nothing is, or the session does not tell, as serverless ones."""
    try:
        return spark.conf.get(name) or ""  # without a default here, which would hide Spark's own
    except (PySparkException, Py4JError):
        return ""


def check_spark(spark: SparkSession) -> Finding:
    """The version of Spark, here and where it runs."""
    there = _version(spark.version)
    text = f"{spark.version}, master {setting(spark, 'spark.master') or 'unknown'}"
    if there < OLDEST_SPARK:
        return Finding(MEND, "Spark", f"{text}; this package needs Spark 4.0 or later")
    if there > NEWEST_SPARK:
        return Finding(WARNING, "Spark", f"{text}; this package was not tried with a Spark later than 4.2")
    if there != _version(pyspark.__version__) and "connect" not in type(spark).__module__:
        return Finding(MEND, "Spark", f"{text}; pyspark here is {pyspark.__version__}: install pyspark {spark.version}")
    return Finding(OK, "Spark", text)


def _version(text: str) -> tuple[int, int]:
    first, second = text.split(".")[:2]
    return int(first), int(second)
