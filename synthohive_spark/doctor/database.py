"""A database that will be learned: whether it is there, and what learning it takes."""

from __future__ import annotations

from pyspark.sql import SparkSession

from synthohive_spark.doctor.finding import OK, Finding
from synthohive_spark.doctor.memory import MOST_ROWS, check_memory
from synthohive_spark.relational.sources import open_tables


def check_database(spark: SparkSession, database: str) -> list[Finding]:
    """Its tables, and the memory that a fit of the largest takes.

    Raises:
        SchemaError: If there is no such database, or no table in it.
    """
    frames = open_tables(spark, database, None)
    sizes = {name: (min(frame.count(), MOST_ROWS), len(frame.columns)) for name, frame in frames.items()}
    largest = max(sizes, key=lambda name: sizes[name][0] * sizes[name][1])
    rows, columns = sizes[largest]
    found = Finding(OK, f"database {database}", f"tables {', '.join(frames)}")
    return [found, *check_memory(spark, rows, columns, f"{database}.{largest}")]
