"""Tables by validated name: read, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.names import Name, TableName, is_plain
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.spark.catalog import (
    TableInfo,
    first_line,
    is_missing,
    refresh,
    schema_differences,
    table_exists,
    table_info,
)
from synthohive_spark.spark.formats.registry import FORMATS, format_name, mend, table_format
from synthohive_spark.spark.schema import quote, require_columns, require_distinct

MODES = ("errorifexists", "append", "overwrite")
_ATTEMPTS = 5
_SESSION_CATALOG = "spark_catalog"


def read_table(spark: SparkSession, name: Name) -> DataFrame:
    """The table of this name.

    Reading moves and removes nothing, with one exception: a table whose name is absent, since the process that was
    replacing it died between two renames, gets its name back. If that process may be alive, this waits for it.

    Args:
        spark: The session.
        name: One to three parts between dots, each of ASCII letters, digits and underscores, or in backticks, as the
            catalog allows it (`` `dev-catalog`.shop.customers ``); or a list of parts as they are.

    Raises:
        SchemaError: If the name is not valid, or there is no such table.
        SynthoHiveError: If another process is replacing the table, and the name is still absent after 30 seconds; or
            the metastore does not answer.
    """
    parsed = TableName.parse(name)
    problem = "does not exist in this session's catalog"
    for _ in range(_ATTEMPTS):
        try:
            if not table_exists(spark, parsed) and not _mended(spark, parsed):
                break
            refresh(spark, parsed)
            return spark.table(parsed.quoted)
        except (PySparkException, Py4JError) as error:
            if not is_missing(error):
                raise SynthoHiveError(f"table {parsed} cannot be read: {first_line(error)}") from error
            problem = f"cannot be read: {first_line(error)}"  # its name has become absent, or it is a view of nothing
    raise SchemaError(f"table {parsed} {problem}")


def write_table(
    df: DataFrame,
    name: Name,
    *,
    format: str = "delta",
    mode: str = "errorifexists",
    partition_by: Sequence[str] = (),
) -> None:
    """Write ``df`` as a table; if that fails, or the process dies, what was there is there still.

    Delta does this in one commit. ``orc`` and ``parquet`` mean Hive tables (``STORED AS``); existing tables of Spark's
    own kind (``USING orc``) are written, too. Of them this holds:

    - A new table or an overwrite is staged in a table of its own beside the target, counted, and then put in place by
      changes of the metastore that move no files. Of two writers that overwrite a table at once, one wins, whole.
    - An unpartitioned table changes in one step, and the files of the version before stay until the next overwrite, for
      those who are reading them; only those that another tool wrote into the table's default folder go at once.
    - The name of a partitioned table is absent for a moment between two renames. `read_table` and `write_table` wait
      for that, and finish it for a process that died there. The version before is dropped at once: a query that is
      running on it fails, or misses partitions if it was just being planned, so run it again.
    - An overwrite keeps the table's columns, comments, properties, partitioning, SerDe and format; or nothing is
      written. The files of a managed table get a new folder. Of a partitioned table, the owner, the creation time,
      statistics and grants are those of a new table.
    - An external table can be appended to, not overwritten: rows cannot be replaced in a given folder in one step.
    - An append adds finished files one by one: a crash in the middle can leave some of them. One writer appends at a
      time; rows that are appended while another writer overwrites the table may be replaced with the rest.

    Args:
        df: The rows; evaluated once.
        name: As `read_table` takes it. The database must exist.
        format: "delta", "orc" or "parquet".
        mode: "errorifexists", "append", or "overwrite", which keeps the table's definition.
        partition_by: Columns that a new table is partitioned by.

    Raises:
        SchemaError: If an argument is not valid, the table exists in mode "errorifexists", is a view or of another
            format, has other columns, the format cannot hold a column, the table is external and would be overwritten,
            or a folder that is none of the table's lies where the table has to go.
        SynthoHiveError: If Spark fails to write, what is staged is not what was written, or other writers keep
            replacing the table.
    """
    target = TableName.parse(name)
    there = check_write(df, name, format=format, mode=mode, partition_by=partition_by)
    try:
        if there is None:
            table_format(format).create(df, target, partition_by)
            return
        rows = df.select(*[F.col(quote(field.name)) for field in there.schema.fields])
        if mode == "append":
            table_format(format).append(rows, there)
        else:
            table_format(format).overwrite(rows, there)
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(f"table {target} could not be written as {format}: {first_line(error)}") from error


def check_write(
    df: DataFrame, name: Name, *, format: str, mode: str, partition_by: Sequence[str] = ()
) -> TableInfo | None:
    """Check that `write_table` could write, and return what is there.

    Raises:
        SchemaError: As `write_table` does.
    """
    target = TableName.parse(name)
    kind = table_format(format)
    if mode not in MODES:
        raise SchemaError(f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
    if isinstance(partition_by, str):
        raise SchemaError(f"partition_by must be a list of columns, got {partition_by!r}")
    spark, schema = df.sparkSession, df.schema
    require_columns(partition_by, schema.names, setting="partition_by")
    require_distinct(schema.names, f"table {target} cannot be written: its columns")
    try:
        _require_possible(spark, target)
        there = table_info(spark, target)
        while there is None and _mended(spark, target):
            there = table_info(spark, target)
        if there is not None:
            _check_target(there, schema, format, mode, partition_by)
        kind.check(spark, target, schema, there, mode)
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(f"table {target} cannot be looked up: {first_line(error)}") from error
    return there


def _require_possible(spark: SparkSession, target: TableName) -> None:
    """Refuse what Spark's own catalog refuses, which says so only once the rows are written, and leaves them there."""
    if all(map(is_plain, target.parts[-2:])):
        return
    catalog = target.parts[0] if len(target.parts) == 3 else spark.catalog.currentCatalog()
    if catalog.casefold() == _SESSION_CATALOG:
        raise SchemaError(
            f"table {target} cannot be made in the catalog {_SESSION_CATALOG}, where names of databases and tables "
            f"hold only ASCII letters, digits and underscores; choose such a name, or another catalog"
        )


def _mended(spark: SparkSession, absent: TableName) -> bool:
    """Whether a table that was absent is there once an overwrite that was under way, or interrupted, is finished."""
    try:
        mend(spark, absent)
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(f"table {absent} cannot be looked up: {first_line(error)}") from error
    return table_exists(spark, absent)


def _check_target(there: TableInfo, schema: T.StructType, format: str, mode: str, partition_by: Sequence[str]) -> None:
    if there.is_view:
        raise SchemaError(f"{there.name} is a view, which is never replaced; choose another name")
    if mode == "errorifexists":
        raise SchemaError(f"table {there.name} exists already; choose mode 'append' or 'overwrite', or another name")
    stored = format_name(there)
    if stored != format:
        way_out = f"give format={stored!r}, or another name" if stored in FORMATS else "choose another name"
        kind = f"is stored as {stored}" if stored else "is of a kind that its catalog does not name"
        raise SchemaError(f"table {there.name} {kind}, not {format}; {way_out}")
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
