"""Where tables come from: a database, or a frame, a table name or a path for each table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.names import DatabaseName, TableName, is_plain
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.spark.catalog import first_line, table_exists
from synthohive_spark.spark.formats.hive_marks import is_marked
from synthohive_spark.spark.outages import outage
from synthohive_spark.spark.partitions import bounded
from synthohive_spark.spark.session import active_session
from synthohive_spark.spark.sources import as_frame, is_path

TableSource: TypeAlias = DataFrame | str | Sequence[str] | os.PathLike[str]
Source: TypeAlias = str | Sequence[str] | Mapping[str, TableSource]


def open_tables(
    spark: SparkSession | None, source: Source, names: Iterable[str] | None, *, missing_ok: bool = False
) -> dict[str, DataFrame]:
    """The tables as frames.

    Args:
        spark: The session; the active one when None.
        source: The name of a database, or its parts, or a mapping of table names to frames, names of tables or paths.
        names: The tables that are wanted, all of which must be there; every table of the source when None.
        missing_ok: Whether tables that are not there are left out instead.

    Raises:
        SchemaError: If the source is of another kind, or a database or table does not exist; every table that is
            missing is listed.
    """
    session = active_session(spark)
    if isinstance(source, Mapping):
        wanted = [name for name in names if name in source] if missing_ok and names is not None else names
        return _from_mapping(session, source, wanted)
    if not isinstance(source, str | list | tuple):
        raise SchemaError(
            f"the source must be the name of a database, or a mapping of tables to DataFrames, table names or paths; "
            f"got {type(source).__name__}"
        )
    database = DatabaseName.parse(source)
    if not _database_exists(session, database):
        raise SchemaError(f"database {database} does not exist in this session's catalog")
    wanted = _all_tables(session, database) if names is None else list(names)
    if missing_ok:
        wanted = [name for name in wanted if table_exists(session, database.table(name))]
    return _from_mapping(session, {name: database.table(name).parts for name in wanted}, None)


def _all_tables(spark: SparkSession, database: DatabaseName) -> list[str]:
    listed = spark.catalog.listTables(database.quoted)
    tables = sorted(t.name for t in listed if not t.isTemporary and t.tableType != "VIEW" and not is_marked(t.name))
    if not tables:
        raise SchemaError(f"database {database} has no tables")
    odd = next((name for name in tables if not is_plain(name)), None)
    if odd is not None:
        raise SchemaError(
            f"database {database} has a table {odd!r}, and tables are declared under ASCII letters, digits and "
            f"underscores: give a mapping instead, such as {{'a_name': {str(database.table(odd))!r}}}"
        )
    return tables


def source_databases(spark: SparkSession | None, source: Source) -> tuple[str, ...]:
    """The databases that a source names, the session's own for tables without one; frames and paths name none."""
    if not isinstance(source, Mapping):
        return (str(DatabaseName.parse(source)),)
    names = [entry for entry in source.values() if isinstance(entry, str | list | tuple) and not is_path(entry)]
    found = {TableName.parse(name).database for name in names}
    if None in found:
        found = found - {None} | {DatabaseName.parse([active_session(spark).catalog.currentDatabase()])}
    return tuple(sorted(map(str, found)))


def _database_exists(spark: SparkSession, name: DatabaseName) -> bool:
    try:
        return bool(spark.catalog.databaseExists(name.quoted))
    except PySparkException as error:
        kind = SchemaError if outage(str(error)) is None else SynthoHiveError
        raise kind(f"database {name} cannot be looked up: {first_line(error)}") from error


def _from_mapping(
    spark: SparkSession, source: Mapping[str, TableSource], names: Iterable[str] | None
) -> dict[str, DataFrame]:
    wanted = list(source) if names is None else list(names)
    problems = [
        f"table {name!r} is declared, but the source does not have it{nearest(name, source)}"
        for name in wanted
        if name not in source
    ]
    frames = {}
    for name in wanted:
        if name not in source:
            continue
        try:
            frames[name] = bounded(as_frame(spark, source[name]))
        except SchemaError as error:
            problems.append(f"table {name!r}: {error}")
    if problems:
        raise SchemaError("; ".join(problems), problems)
    return frames
