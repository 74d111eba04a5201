"""Hive tables, written such that no reader and no crash finds half of one.

Hive has no transactions here, so rows are first written to a table beside the target, and then one change of the
metastore puts them in its place: a rename for a new table, another location for an unpartitioned one. Readers of a
partitioned table look for rows in each partition's own location, so there two renames do it, and `recover` finishes or
undoes what a crash left between them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

import structlog
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import TableInfo, first_line, table_exists, table_info
from synthohive_spark.spark.schema import quote, type_name

_NEW, _OLD, _GONE, _FILES = "__synthohive_new", "__synthohive_old", "__synthohive_gone", "__synthohive_files"
_PREVIOUS = "synthohive.previous.location"
_HELD_BY_NONE = (T.TimestampNTZType, T.NullType, T.DayTimeIntervalType, T.YearMonthIntervalType)
_log = structlog.get_logger(__name__)


def require_holdable(schema: T.StructType, format: str) -> None:
    """Check that a Hive table can hold the columns; one it cannot hold is a `SchemaError` that names the ways out."""
    lost = [field.name for field in schema.fields if format == "orc" and "`" in field.name]
    if lost:  # Spark writes such a column and reads nulls back
        raise SchemaError(
            f"a Hive table in orc cannot hold a column with a backtick in its name: {', '.join(map(repr, lost))}; "
            f"rename it, or write with format='parquet' or 'delta'"
        )
    refused = [
        f"{field.name!r} ({field.dataType.simpleString()})"
        for field in schema.fields
        if isinstance(field.dataType, _HELD_BY_NONE)
    ]
    if refused:
        raise SchemaError(
            f"a Hive table in {format} cannot hold {', '.join(refused)}: cast the column (timestamp_ntz to timestamp "
            f"or string), leave it out, or write with format='delta'"
        )


def create(df: DataFrame, target: TableName, format: str, partition_by: Sequence[str]) -> None:
    """Write a new table: staged, then renamed.

    Raises:
        SchemaError: If a directory of the table's name is left over from another table.
    """
    spark, stage = df.sparkSession, _beside(target, _NEW)
    spark.sql(f"CREATE TABLE {stage.quoted} {_definition(df.schema, format, partition_by)}")
    columns = [c for c in df.columns if c not in partition_by] + list(partition_by)
    df.select(*[F.col(quote(c)) for c in columns]).write.insertInto(stage.quoted)
    try:
        _rename(spark, stage, target)
    except AnalysisException as error:
        if "LOCATION_ALREADY_EXISTS" not in str(error):
            raise
        raise SchemaError(
            f"table {target} cannot be made: {first_line(error)}; that directory is left over from another table: "
            f"remove it, or choose another name"
        ) from error


def overwrite(rows: DataFrame, there: TableInfo, format: str) -> None:
    """Put ``rows``, in the table's columns and order, in the place of the table's rows."""
    if there.partitions:
        _swap_names(rows, there)
    else:
        _swap_files(rows, there, format)


def recover(spark: SparkSession, target: TableName) -> None:
    """Finish or undo what an interrupted write of ``target`` left; without any, nothing happens."""
    new, old = _beside(target, _NEW), _beside(target, _OLD)
    new_there, old_there = table_exists(spark, new), table_exists(spark, old)
    if not new_there and not old_there:
        return
    there = table_exists(spark, target)
    _log.warning("interrupted_write", table=str(target), new=new_there, old=old_there, present=there)
    if not there and old_there:
        # The old table is set aside only when the new one is whole.
        _rename(spark, new if new_there else old, target)
        new_there, old_there = False, new_there
    if new_there:
        _drop_stage(spark, new, target)
    if old_there:
        spark.sql(f"DROP TABLE IF EXISTS {old.quoted}")


def _swap_names(rows: DataFrame, there: TableInfo) -> None:
    spark = rows.sparkSession
    new, old = _beside(there.name, _NEW), _beside(there.name, _OLD)
    spark.sql(f"CREATE TABLE {new.quoted} LIKE {there.name.quoted}")
    rows.write.insertInto(new.quoted)
    _rename(spark, there.name, old)
    _rename(spark, new, there.name)
    spark.sql(f"DROP TABLE {old.quoted}")


def _swap_files(rows: DataFrame, there: TableInfo, format: str) -> None:
    spark, stage = rows.sparkSession, _beside(there.name, _NEW)
    folder = f"{_base(there.location)}{_FILES}_{uuid.uuid4().hex[:12]}"
    definition = _definition(there.schema, format, ())
    # An external table: dropping it leaves the files, which are the target's by then.
    spark.sql(f"CREATE EXTERNAL TABLE {stage.quoted} {definition} LOCATION {_literal(folder)}")
    rows.write.insertInto(stage.quoted)
    properties = f"TBLPROPERTIES ('{_PREVIOUS}' = {_literal(there.location)})"
    spark.sql(f"ALTER TABLE {there.name.quoted} SET {properties}")
    spark.sql(f"ALTER TABLE {there.name.quoted} SET LOCATION {_literal(folder)}")
    spark.sql(f"DROP TABLE {stage.quoted}")
    spark.sql(f"REFRESH TABLE {there.name.quoted}")
    earlier = _previous(there)
    # What was there before the first overwrite is removed only if dropping the table would have removed it, too.
    if earlier and earlier != there.location and (there.managed or _FILES in earlier):
        _remove_files(spark, there.name, earlier)


def _drop_stage(spark: SparkSession, stage: TableName, target: TableName) -> None:
    """Drop what was staged, its files too, unless they are the target's by now."""
    staged, there = table_info(spark, stage), table_info(spark, target)
    spark.sql(f"DROP TABLE {stage.quoted}")
    if staged is not None and not staged.managed and there is not None and staged.location != there.location:
        _remove_files(spark, target, staged.location)


def _remove_files(spark: SparkSession, target: TableName, folder: str) -> None:
    """Remove a directory by SQL alone: a managed table that points at it is made and dropped."""
    gone = _beside(target, _GONE)
    for location in (folder, None):  # the second time for the directory that the first table had at first
        spark.sql(f"DROP TABLE IF EXISTS {gone.quoted}")
        spark.sql(f"CREATE TABLE {gone.quoted} (nothing INT) STORED AS ORC")
        if location is not None:
            spark.sql(f"ALTER TABLE {gone.quoted} SET LOCATION {_literal(location)}")
        spark.sql(f"DROP TABLE {gone.quoted}")


def _definition(schema: T.StructType, format: str, partition_by: Sequence[str]) -> str:
    def listed(wanted: bool) -> str:
        fields = {f.name: f for f in schema.fields}
        names = list(partition_by) if wanted else [name for name in fields if name not in partition_by]
        return ", ".join(f"{quote(name)} {type_name(fields[name])}" for name in names)

    partitioned = f" PARTITIONED BY ({listed(True)})" if partition_by else ""
    return f"({listed(False)}){partitioned} STORED AS {format.upper()}"


def _previous(there: TableInfo) -> str | None:
    match = re.search(rf"{re.escape(_PREVIOUS)}=([^,\]]*)", there.properties)
    return match.group(1) if match else None


def _base(location: str) -> str:
    return location.rstrip("/").split(_FILES)[0]


def _rename(spark: SparkSession, source: TableName, target: TableName) -> None:
    spark.sql(f"ALTER TABLE {source.quoted} RENAME TO {target.quoted}")


def _beside(target: TableName, suffix: str) -> TableName:
    return target.sibling(target.table + suffix)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
