"""What a format of catalog tables can do, and how most of them do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark.catalog import TableInfo


class TableFormat(Protocol):
    """A format that tables are written in; derive from it, and add the class to the registry.

    The rows that `append` and `overwrite` get have the table's columns, in the table's order, and are evaluated once.
    Whoever reads the table, or finds it after a crash, must see all rows of one write or none of them.

    Attributes:
        name: What users call it.
    """

    name: str

    def holds(self, table: TableInfo) -> bool:
        """Whether ``table`` is stored in this format."""
        return table.provider == self.name

    def check(
        self, spark: SparkSession, target: TableName, schema: T.StructType, there: TableInfo | None, mode: str
    ) -> None:
        """Refuse what `create`, `append` or `overwrite` could not do; nothing has been written yet.

        Args:
            spark: The session.
            target: The table to write.
            schema: Of the rows.
            there: The table of that name, in this format and with these columns; None if there is none.
            mode: "errorifexists", "append" or "overwrite".

        Raises:
            SchemaError: With the way out.
        """
        return None

    def create(self, rows: DataFrame, target: TableName, partition_by: Sequence[str]) -> None:
        """Write a new table."""
        ...

    def append(self, rows: DataFrame, there: TableInfo) -> None:
        """Add rows to a table."""
        rows.write.insertInto(there.name.quoted)

    def overwrite(self, rows: DataFrame, there: TableInfo) -> None:
        """Put rows in the place of a table's rows, and keep its definition."""
        ...

    def mend(self, spark: SparkSession, target: TableName) -> None:
        """Bring back ``target``, which is absent, if an interrupted overwrite left it so; else do nothing."""
        return None
