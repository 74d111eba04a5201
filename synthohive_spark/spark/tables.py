"""Tables by validated name: read, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.spark import hive
from synthohive_spark.spark.catalog import TableInfo, first_line, schema_differences, table_exists, table_info
from synthohive_spark.spark.schema import quote, require_columns

FORMATS = ("delta", "orc", "parquet")
MODES = ("errorifexists", "append", "overwrite")
_UNMAPPED = set(" ,;{}()\n\t=")


def read_table(spark: SparkSession, name: str) -> DataFrame:
    """The table of this name.

    Args:
        spark: The session.
        name: One to three parts of ASCII letters, digits and underscores.

    Raises:
        SchemaError: If the name is not valid, or there is no such table.
    """
    parsed = TableName.parse(name)
    hive.recover(spark, parsed)
    if not table_exists(spark, parsed):
        raise SchemaError(f"table {parsed} does not exist in this session's catalog")
    return spark.table(parsed.quoted)


def write_table(
    df: DataFrame,
    name: str,
    *,
    format: str = "delta",
    mode: str = "errorifexists",
    partition_by: Sequence[str] = (),
) -> None:
    """Write ``df`` as a table; if that fails, or the process dies, what was there is there still.

    Delta does this in one commit. ``orc`` and ``parquet`` mean Hive tables (``STORED AS``): rows are staged, then
    swapped in by one change of the metastore; for a partitioned one the name is absent for a moment between two
    renames, and the next read or write of the table by this package mends a swap that was interrupted. The old files of
    an unpartitioned Hive table stay until the next overwrite, for those who are reading them. Appending to a Hive table
    moves finished files into it. One writer at a time per Hive table.

    Args:
        df: The rows; evaluated once.
        name: One to three parts of ASCII letters, digits and underscores. The database must exist.
        format: "delta", "orc" or "parquet".
        mode: "errorifexists", "append", or "overwrite", which keeps the table's partitioning and properties.
        partition_by: Columns that a new table is partitioned by.

    Raises:
        SchemaError: If an argument is not valid, the table exists in mode "errorifexists", is a view or of another
            format, has other columns, or the format cannot hold a column.
        SynthoHiveError: If Spark fails to write.
    """
    target = TableName.parse(name)
    there = check_write(df, name, format=format, mode=mode, partition_by=partition_by)
    try:
        if there is None:
            _create(df, target, format, partition_by)
            return
        rows = df.select(*[F.col(quote(field.name)) for field in there.schema.fields])
        if format == "delta":
            writer = rows.writeTo(target.quoted)
            writer.overwrite(F.lit(True)) if mode == "overwrite" else writer.append()
        elif mode == "append":
            rows.write.insertInto(target.quoted)
        else:
            hive.overwrite(rows, there, format)
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(f"table {target} could not be written as {format}: {first_line(error)}") from error


def check_write(
    df: DataFrame, name: str, *, format: str, mode: str, partition_by: Sequence[str] = ()
) -> TableInfo | None:
    """Check that `write_table` could write, and return what is there; an interrupted earlier write is mended.

    Raises:
        SchemaError: As `write_table` does.
    """
    target = TableName.parse(name)
    _one_of("format", format, FORMATS)
    _one_of("mode", mode, MODES)
    if isinstance(partition_by, str):
        raise SchemaError(f"partition_by must be a list of columns, got {partition_by!r}")
    schema = df.schema
    require_columns(partition_by, schema.names, setting="partition_by")
    if format != "delta":
        hive.require_holdable(schema, format)
    try:
        hive.recover(df.sparkSession, target)
        there = table_info(df.sparkSession, target)
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(f"table {target} cannot be looked up: {first_line(error)}") from error
    if there is not None:
        _check_target(there, schema, format, mode, partition_by)
    return there


def _create(df: DataFrame, target: TableName, format: str, partition_by: Sequence[str]) -> None:
    if format != "delta":
        hive.create(df, target, format, partition_by)
        return
    writer = df.writeTo(target.quoted).using("delta")
    if any(_UNMAPPED & set(field.name) for field in df.schema.fields):
        writer = writer.tableProperty("delta.columnMapping.mode", "name")
    if partition_by:
        writer = writer.partitionedBy(*[F.col(quote(column)) for column in partition_by])
    writer.create()


def _check_target(there: TableInfo, schema: T.StructType, format: str, mode: str, partition_by: Sequence[str]) -> None:
    if there.is_view:
        raise SchemaError(f"{there.name} is a view, which is never replaced; choose another name")
    if mode == "errorifexists":
        raise SchemaError(f"table {there.name} exists already; choose mode 'append' or 'overwrite', or another name")
    if there.format != format:
        raise SchemaError(
            f"table {there.name} is stored as {there.format}, not {format}; give format={there.format!r}, or another "
            f"name"
        )
    differences = schema_differences(schema, there.schema)
    if differences:
        raise SchemaError(
            f"the rows do not fit table {there.name}: {'; '.join(differences)}; cast or rename the columns, or drop "
            f"the table first"
        )
    if partition_by and tuple(partition_by) != there.partitions:
        raise SchemaError(
            f"table {there.name} is partitioned by {list(there.partitions)}, not by {list(partition_by)}; leave "
            f"partition_by out, or drop the table first"
        )


def _one_of(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise SchemaError(f"{what} must be one of {', '.join(map(repr, known))}, got {value!r}")
