"""Hive tables, in ORC or Parquet: rows are staged beside the target, counted, and put in its place by the metastore.

Hive has no transactions here. What makes a write whole or absent is in the three modules beside this one: `hive_marks`
(whose a stage is), `hive_stages` (making, counting, mending, clearing), and `hive_swap` (putting in place).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import TableInfo, default_folder, literal, same_path, table_info, table_properties
from synthohive_spark.spark.formats.hive_stages import clear, is_version, mend, stage, with_target
from synthohive_spark.spark.formats.hive_swap import put_new, swap_files, swap_names
from synthohive_spark.spark.formats.interface import TableFormat
from synthohive_spark.spark.schema import quote, type_name

_HELD_BY_NONE = (T.TimestampNTZType, T.NullType, T.DayTimeIntervalType, T.YearMonthIntervalType)
_PASSING = "transient_lastDdlTime"


class Hive(TableFormat):
    """Tables ``STORED AS`` a file format; those that Spark made with ``USING`` it are read and written, too."""

    def __init__(self, name: str) -> None:
        self.name = name

    def holds(self, table: TableInfo) -> bool:
        """Whether ``table`` is stored in this format."""
        return self.name in (table.provider, _stored_as(table) if table.provider == "hive" else "")

    def check(
        self, spark: SparkSession, target: TableName, schema: T.StructType, there: TableInfo | None, mode: str
    ) -> None:
        """Refuse columns that Hive cannot hold, external tables to overwrite, and folders in the table's place."""
        _require_holdable(schema, self.name, target)
        if mode == "append" and there is not None:
            return
        if there is not None and not there.managed and not is_version(there.location):
            raise SchemaError(
                f"table {target} is external, and its rows in {there.location} cannot be replaced in one step: append "
                f"to it; or drop the table, which leaves its files, and write a new one; or choose another name"
            )
        if there is None or there.partitions:
            _require_free(spark, target, there)

    def create(self, rows: DataFrame, target: TableName, partition_by: Sequence[str]) -> None:
        """Stage a new table, then rename it."""
        columns = [c for c in rows.columns if c not in partition_by] + list(partition_by)
        ordered = rows.select(*[F.col(quote(c)) for c in columns])
        definition = _definition(rows.schema, self.name, partition_by)
        spark, partitioned = rows.sparkSession, bool(partition_by)

        def make(table: TableName) -> None:
            spark.sql(f"CREATE TABLE {table.quoted} {definition}")

        with stage(ordered, target, make, partitioned=partitioned) as staged:
            clear(spark, target)
            put_new(spark, staged)

    def overwrite(self, rows: DataFrame, there: TableInfo) -> None:
        """Stage the rows in a table of the same definition, then swap files, or names if the table is partitioned."""
        spark, partitioned = rows.sparkSession, bool(there.partitions)
        with stage(rows, there.name, lambda table: _make_like(spark, table, there), partitioned=partitioned) as staged:
            clear(spark, there.name)
            if partitioned:
                swap_names(spark, staged, there)
            else:
                swap_files(spark, staged, there)

    def mend(self, spark: SparkSession, target: TableName) -> None:
        """Give ``target`` its name back if a writer died between two renames; wait for one that may be alive."""
        mend(spark, target)


def _stored_as(table: TableInfo) -> str:
    return next((name for part, name in (("Orc", "orc"), ("Parquet", "parquet")) if part in table.serde), "")


def _require_holdable(schema: T.StructType, format: str, target: TableName) -> None:
    lost = [field.name for field in schema.fields if format == "orc" and "`" in field.name]
    if lost:  # Spark writes such a column and reads nulls back
        raise SchemaError(
            f"table {target} cannot be written as orc, since Hive cannot hold a column with a backtick in its name: "
            f"{', '.join(map(repr, lost))}; rename it, or write with format='parquet' or 'delta'"
        )
    refused = [
        f"{field.name!r} ({field.dataType.simpleString()})"
        for field in schema.fields
        if isinstance(field.dataType, _HELD_BY_NONE)
    ]
    if refused:
        raise SchemaError(
            f"table {target} cannot be written as {format}, since Hive cannot hold {', '.join(refused)}: cast the "
            f"column (timestamp_ntz to timestamp or string), leave it out, or write with format='delta'"
        )


def _require_free(spark: SparkSession, target: TableName, there: TableInfo | None) -> None:
    """Check that no folder lies where Spark lets no table be renamed to, before any row is written."""
    folder = default_folder(spark, target)
    if not folder or (there is not None and same_path(there.location, folder)):
        return
    try:
        # Of one path, Spark warns with a trace if it is not there; Connect only looks when it is asked for the schema.
        spark.read.format("binaryFile").load([folder, folder]).schema  # noqa: B018
    except AnalysisException as error:
        if error.getCondition() == "PATH_NOT_FOUND":
            return
        raise
    raise SchemaError(
        f"table {target} cannot be made: folder {folder} is in its place, left over from another table or made by "
        f"something else; remove it if nothing needs it, or choose another name"
    )


def _definition(schema: T.StructType, format: str, partition_by: Sequence[str]) -> str:
    def listed(wanted: bool) -> str:
        fields = {f.name: f for f in schema.fields}
        names = list(partition_by) if wanted else [name for name in fields if name not in partition_by]
        return ", ".join(f"{quote(name)} {type_name(fields[name])}" for name in names)

    partitioned = f" PARTITIONED BY ({listed(True)})" if partition_by else ""
    return f"({listed(False)}){partitioned} STORED AS {format.upper()}"


def _make_like(spark: SparkSession, table: TableName, there: TableInfo) -> None:
    """Make an empty managed table of the definition of ``there``, which ``CREATE TABLE ... LIKE`` keeps in part."""
    like = f"CREATE TABLE {table.quoted} LIKE {there.name.quoted}"
    with_target(spark, there.name, lambda: spark.sql(like))
    wanted = with_target(spark, there.name, lambda: table_properties(spark, there.name))
    wanted.pop(_PASSING, None)
    comment = next((row[1] for row in there.definition if row[0] == "Comment"), "")
    if comment:
        spark.sql(f"COMMENT ON TABLE {table.quoted} IS {literal(comment)}")
    found = table_properties(spark, table)
    missing = [(key, value) for key, value in wanted.items() if found.get(key) != value]
    if missing:
        listed = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in missing)
        spark.sql(f"ALTER TABLE {table.quoted} SET TBLPROPERTIES ({listed})")
    if there.partitions:
        _require_complete(spark, table, there, wanted)


def _require_complete(spark: SparkSession, table: TableName, there: TableInfo, wanted: Mapping[str, str]) -> None:
    """Check that ``table`` has the whole definition, and the properties, of the table that it is to become."""
    made, found = table_info(spark, table), table_properties(spark, table)
    lost = [f"property {key!r}" for key, value in wanted.items() if found.get(key) != value]
    lost += [" ".join(filter(None, row)) for row in there.definition if made is None or row not in made.definition]
    if lost:
        raise SchemaError(
            f"table {there.name} cannot be overwritten, since its new version would lose {', '.join(lost)}; drop the "
            f"table and write it once more, or append to it"
        )
