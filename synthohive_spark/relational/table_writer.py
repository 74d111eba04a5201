"""Writing the tables of a database: everything is checked before the first is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.names import DatabaseName, Name, TableName
from synthohive_spark.errors import SchemaError, SynthoHiveError, WriteError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.schema import require_distinct
from synthohive_spark.spark.session import active_session
from synthohive_spark.spark.tables import check_write, write_table


def write_tables(
    spark: SparkSession | None,
    tables: Mapping[str, DataFrame],
    target_db: Name,
    *,
    overwrite: bool,
    format: str,
    sources: Sequence[str],
) -> None:
    """Write ``tables`` into ``target_db``; see `synthohive_spark.Synthesizer.save_to_hive`.

    Args:
        spark: The session; the active one when None.
        tables: The tables by name.
        target_db: The database; made if it is not there.
        overwrite: Whether to replace tables that are there.
        format: "delta", "orc" or "parquet".
        sources: Databases that must not be written to.
    """
    database = DatabaseName.parse(target_db)
    if not isinstance(tables, Mapping):
        raise SchemaError(f"tables must be a mapping of names to DataFrames, got {type(tables).__name__}")
    targets = {name: database.table(_without_database(name)) for name in tables}
    require_distinct([target.table for target in targets.values()], "nothing was written: tables")
    for source in sources:
        if _same_database(DatabaseName.parse(source), database):
            raise SchemaError(
                f"database {database} is where the real tables were read from: choose another one, or give both "
                f"overwrite=True and allow_source=True"
            )
    mode = "overwrite" if overwrite else "errorifexists"
    session = active_session(spark)
    try:
        session.sql(f"CREATE DATABASE IF NOT EXISTS {database.quoted}")
    except (PySparkException, Py4JError) as error:
        raise SynthoHiveError(
            f"nothing was written: database {database} cannot be looked up or made: {first_line(error)}"
        ) from error
    _check_all(tables, targets, format, mode)
    written: list[str] = []
    for name, df in tables.items():
        try:
            write_table(df, targets[name].parts, format=format, mode=mode)
        except (SynthoHiveError, KeyboardInterrupt) as error:
            missing = [str(targets[n]) for n in tables if str(targets[n]) not in written]
            message = (
                f"table {targets[name]} could not be written; in place: {', '.join(written) or 'none'}; not in place: "
                f"{', '.join(missing)}: {error}"
            )
            if isinstance(error, KeyboardInterrupt):
                error.add_note(message)
                raise
            raise WriteError(message, written, missing) from error
        written.append(str(targets[name]))


def _check_all(tables: Mapping[str, DataFrame], targets: Mapping[str, TableName], format: str, mode: str) -> None:
    problems = []
    for name, df in tables.items():
        try:
            check_write(df, targets[name].parts, format=format, mode=mode)
        except SchemaError as error:
            problems.append(str(error))
        except SynthoHiveError as error:
            raise error.in_context("nothing was written") from error
    if problems:
        raise SchemaError(f"nothing was written: {'; '.join(problems)}", problems)


def _without_database(name: Name) -> str:
    parsed = TableName.parse(name)
    if parsed.database is not None:
        raise SchemaError(f"table {parsed} must be named without its database, which target_db says")
    return parsed.table


def _same_database(one: DatabaseName, other: DatabaseName) -> bool:
    """Whether two names of databases may be the same; a name without its catalog may be in any."""
    a, b = ([part.casefold() for part in name.parts] for name in (one, other))
    shared = min(len(a), len(b))
    return a[-shared:] == b[-shared:]
