"""Errors that mean that Delta is missing."""

from __future__ import annotations

from synthohive_spark.spark.catalog import first_line

_SIGNS = ("Failed to find the data source: delta", "io.delta", "sql.delta.catalog")
_WAY_OUT = (
    "set spark.jars.packages=io.delta:delta-spark_<Spark>_2.13:<version>, spark.sql.extensions="
    "io.delta.sql.DeltaSparkSessionExtension and spark.sql.catalog.spark_catalog="
    "org.apache.spark.sql.delta.catalog.DeltaCatalog (conf/spark-defaults.conf is an example), or do without Delta "
    "(--format orc)"
)


def delta_problem(error: BaseException) -> str | None:
    """What an error says of Delta that is missing, and the way out; None for any other error."""
    if not any(sign in str(error) for sign in _SIGNS):
        return None
    return f"Delta is not there, or not all of it ({first_line(error).partition(' SQLSTATE')[0]}); {_WAY_OUT}"
