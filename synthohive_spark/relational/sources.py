"""Where tables come from: a database, or a frame, a table name or a path for each table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.names import TableName, database_name
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.formats.hive_marks import is_marked
from synthohive_spark.spark.session import active_session
from synthohive_spark.spark.sources import as_frame, is_path

TableSource: TypeAlias = DataFrame | str | os.PathLike[str]
Source: TypeAlias = str | Mapping[str, TableSource]


def open_tables(
    spark: SparkSession | None, source: Source, names: Iterable[str] | None, *, missing_ok: bool = False
) -> dict[str, DataFrame]:
    """The tables as frames.

    Args:
        spark: The session; the active one when None.
        source: The name of a database, or a mapping of table names to frames, table names or paths.
        names: The tables that are wanted, all of which must be there; every table of the source when None.
        missing_ok: Whether tables that are not there are left out instead.

    Raises:
        SchemaError: If the source is of another kind, or a database or table does not exist; every table that is
            missing is listed.
    """
    session = active_session(spark)
    if missing_ok and names is not None:
        names = [name for name in names if _has(session, source, name)]
    if isinstance(source, Mapping):
        return _from_mapping(session, source, names)
    if not isinstance(source, str):
        raise SchemaError(
            f"the source must be the name of a database, or a mapping of tables to DataFrames, table names or paths; "
            f"got {type(source).__name__}"
        )
    quoted = database_name(source)
    if not _database_exists(session, source):
        raise SchemaError(f"database {source} does not exist in this session's catalog")
    if names is None:
        listed = session.catalog.listTables(quoted)
        tables = [t.name for t in listed if not t.isTemporary and t.tableType != "VIEW"]
        names = sorted(name for name in tables if not is_marked(name))
        if not names:
            raise SchemaError(f"database {source} has no tables")
    return _from_mapping(session, {name: f"{source}.{name}" for name in names}, None)


def _has(spark: SparkSession, source: Source, name: str) -> bool:
    return name in source if isinstance(source, Mapping) else bool(spark.catalog.tableExists(f"{source}.{name}"))


def source_databases(spark: SparkSession | None, source: Source) -> tuple[str, ...]:
    """The databases that a source names, the session's own for tables without one; frames and paths name none."""
    if isinstance(source, str):
        return (source,)
    names = [entry for entry in source.values() if isinstance(entry, str) and not is_path(entry)]
    parsed = [TableName.parse(name).parts for name in names]
    current = active_session(spark).catalog.currentDatabase() if any(len(parts) == 1 for parts in parsed) else ""
    return tuple(sorted({".".join(parts[:-1]) or current for parts in parsed}))


def _database_exists(spark: SparkSession, name: str) -> bool:
    try:
        return bool(spark.catalog.databaseExists(database_name(name)))
    except PySparkException as error:
        raise SchemaError(f"database {name} cannot be looked up: {first_line(error)}") from error


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
            frames[name] = as_frame(spark, source[name])
        except SchemaError as error:
            problems.append(f"table {name!r}: {error}")
    if problems:
        raise SchemaError("; ".join(problems), problems)
    return frames
