"""Writing the tables of a database: everything is checked before the first is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.names import TableName, database_name
from synthohive_spark.errors import SchemaError, SynthoHiveError, WriteError
from synthohive_spark.spark.session import active_session
from synthohive_spark.spark.tables import check_write, write_table


def write_tables(
    spark: SparkSession | None,
    tables: Mapping[str, DataFrame],
    target_db: str,
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
    quoted = database_name(target_db)
    if not isinstance(tables, Mapping):
        raise SchemaError(f"tables must be a mapping of names to DataFrames, got {type(tables).__name__}")
    targets = {name: TableName.parse(f"{target_db}.{TableName.parse(name)}") for name in tables}
    for source in sources:
        if _same_database(source, target_db):
            raise SchemaError(
                f"database {target_db} is where the real tables were read from: choose another one, or give both "
                f"overwrite=True and allow_source=True"
            )
    mode = "overwrite" if overwrite else "errorifexists"
    session = active_session(spark)
    session.sql(f"CREATE DATABASE IF NOT EXISTS {quoted}")
    problems = []
    for name, df in tables.items():
        try:
            check_write(df, str(targets[name]), format=format, mode=mode)
        except SchemaError as error:
            problems.append(str(error))
    if problems:
        raise SchemaError(f"nothing was written: {'; '.join(problems)}", problems)
    written: list[str] = []
    for name, df in tables.items():
        try:
            write_table(df, str(targets[name]), format=format, mode=mode)
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


def _same_database(one: str, other: str) -> bool:
    """Whether two names of databases may be the same; a name without its catalog may be in any."""
    a, b = one.lower().split("."), other.lower().split(".")
    shared = min(len(a), len(b))
    return a[-shared:] == b[-shared:]
