"""Delta tables: every write is one commit, so readers and crashes find the old rows or the new ones."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark.catalog import TableInfo
from synthohive_spark.spark.formats.interface import TableFormat
from synthohive_spark.spark.schema import quote

_NEEDS_MAPPING = set(" ,;{}()\n\t=")


class Delta(TableFormat):
    """Delta Lake."""

    name = "delta"

    def create(self, rows: DataFrame, target: TableName, partition_by: Sequence[str]) -> None:
        """Write a new table; column names that Parquet does not allow are mapped."""
        writer = rows.writeTo(target.quoted).using("delta")
        if any(_NEEDS_MAPPING & set(field.name) for field in rows.schema.fields):
            writer = writer.tableProperty("delta.columnMapping.mode", "name")
        if partition_by:
            writer = writer.partitionedBy(*[F.col(quote(column)) for column in partition_by])
        writer.create()

    def append(self, rows: DataFrame, there: TableInfo) -> None:
        """Add rows to a table."""
        rows.writeTo(there.name.quoted).append()

    def overwrite(self, rows: DataFrame, there: TableInfo) -> None:
        """Replace all rows; the table's definition stays."""
        rows.writeTo(there.name.quoted).overwrite(F.lit(True))
