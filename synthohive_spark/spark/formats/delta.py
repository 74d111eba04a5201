"""Delta tables: every write is one commit, so readers and crashes find the old rows or the new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.spark.catalog import TableInfo
from synthohive_spark.spark.formats.interface import TableFormat
from synthohive_spark.spark.schema import quote

_CONFLICT = re.compile(r"DELTA_CONCURRENT_|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED")
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
        with _one_writer(target):
            writer.create()

    def append(self, rows: DataFrame, there: TableInfo) -> None:
        """Add rows to a table."""
        with _one_writer(there.name):
            rows.writeTo(there.name.quoted).append()

    def overwrite(self, rows: DataFrame, there: TableInfo) -> None:
        """Replace all rows; the table's definition stays."""
        with _one_writer(there.name):
            rows.writeTo(there.name.quoted).overwrite(F.lit(True))


@contextmanager
def _one_writer(table: TableName) -> Iterator[None]:
    """Say in a sentence that another writer was faster: Delta lets one of them commit, and the other fail."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        if _CONFLICT.search(str(error)) is None:
            raise
        raise SynthoHiveError(
            f"table {table} was not written: another writer committed to it meanwhile, whose rows are in place; write "
            f"it once more if these are wanted instead"
        ) from error
