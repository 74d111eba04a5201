"""How many partitions a table is read in."""

from __future__ import annotations

from pyspark.sql import DataFrame

MOST = 1_000
"""Of more, Spark would spend its time starting tasks: a job takes minutes for 20,000 of a few rows each."""


def bounded(df: DataFrame) -> DataFrame:
    """``df`` in at most 1,000 partitions; nothing is shuffled, and one of fewer partitions stays as it is."""
    return df.coalesce(MOST)
