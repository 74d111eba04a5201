"""The session: whether it starts, and whether its Spark is one that this package is made for."""

from __future__ import annotations

import pyspark
from pyspark.sql import SparkSession

from synthohive_spark.doctor.finding import MEND, OK, WARNING, Finding
from synthohive_spark.spark.session import active_session, embedded_session

OLDEST_SPARK, NEWEST_SPARK = (4, 0), (4, 2)


def start(local: str | None) -> SparkSession:
    """An embedded session below the folder ``local``; else the one that Spark's own configuration describes."""
    return active_session(None, app_name="synthohive") if local is None else embedded_session(local)


def check_spark(spark: SparkSession) -> Finding:
    """The version of Spark, here and where it runs."""
    there = _version(spark.version)
    text = f"{spark.version}, master {spark.conf.get('spark.master', None) or 'unknown'}"
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
