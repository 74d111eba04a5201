"""The tables of the demo: names, what they hold, and a bounded number of their rows."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from demo.flights import with_features
from synthohive_spark import read_table, write_table

REAL, DRAWN = "nyc", "nyc_synthetic"
_FORMATS = {"flights": "delta", "flights_orc": "orc"}


def write_as(df: DataFrame, database: str, table: str) -> None:
    """Write a table of the database, Delta or Hive ORC by its name, in place of what it held."""
    write_table(df, f"{database}.{table}", format=_FORMATS[table], mode="overwrite")


def hold_the_same_rows(spark: SparkSession, database: str, rows: int) -> bool:
    """Whether the Delta and the Hive table both hold ``rows`` rows, and the same ones, by the sum of their hashes."""
    sums = [_count_and_hash(read_table(spark, f"{database}.{table}")) for table in _FORMATS]
    return sums[0] == sums[1] and sums[0][0] == rows


def some_rows(df: DataFrame, rows: int, of: int) -> pd.DataFrame:
    """At most ``rows`` random rows of a table of ``of`` rows, with features."""
    chosen = df.sample(min(1.0, 1.1 * rows / of), seed=1).limit(rows) if rows < of else df
    return with_features(chosen.toArrow().to_pandas())


def _count_and_hash(df: DataFrame) -> tuple[int, int]:
    hashed = F.sum(F.xxhash64(*df.columns).cast("decimal(38,0)"))
    count, total = df.agg(F.count(F.lit(1)), hashed).first() or (0, 0)
    return count, int(total or 0)
