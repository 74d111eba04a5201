"""What the catalog says of a table, in classic and in Connect sessions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from synthohive_spark.declarations.names import DatabaseName, TableName
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.spark.outages import outage
from synthohive_spark.spark.schema import type_name
from synthohive_spark.spark.worker_errors import interpreter_problem

_log = get_logger(__name__)
_DETAILS = "# Detailed Table Information"
_PARTITIONS = "# Partition Information"
_ATTEMPTS = 5
_NO_WORD = re.compile(r"\W", re.ASCII)
_ROOT = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(//[^/]*)?")
_RAISED = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+([\w.]+: .*)")
_SAYS_NOTHING = re.compile(
    r"^An error occurred while calling|Exception thrown in awaitResult|^at \S+\(|^\.\.\. \d+ more"
)
# What changes with every write, or names the table; the rest of a description is the table's definition.
_PASSING = {
    "Catalog",
    "Database",
    "Table",
    "Owner",
    "Created Time",
    "Last Access",
    "Created By",
    "Statistics",
    "Location",
    "Table Properties",
}


@dataclass(frozen=True)
class TableInfo:
    """A table or view of the catalog.

    Attributes:
        name: Its name.
        is_view: Whether it is a view of any kind.
        provider: What Spark writes it with, in lower case: ``delta``, ``orc``, ``hive`` or another.
        serde: The class that reads and writes its rows, if it is a Hive table.
        managed: Whether dropping it drops its files.
        location: Where its files are.
        partitions: The columns it is partitioned by.
        schema: Its columns.
        definition: Columns, comments, kind and storage as Spark describes them; without name, location, properties.
    """

    name: TableName
    is_view: bool
    provider: str
    serde: str
    managed: bool
    location: str
    partitions: tuple[str, ...]
    schema: T.StructType
    definition: tuple[tuple[str, str, str], ...]


def table_exists(spark: SparkSession, name: TableName) -> bool:
    """Whether there is a table or view of this name; a catalog that does not exist is a `SchemaError`."""
    try:
        return bool(spark.catalog.tableExists(name.quoted))
    except PySparkException as error:
        if outage(str(error)) is not None:
            raise  # none of the user's
        raise SchemaError(f"table {name} cannot be looked up: {first_line(error)}") from error


def table_info(spark: SparkSession, name: TableName) -> TableInfo | None:
    """What the catalog says of ``name``; None if there is nothing of this name."""
    for attempt in range(_ATTEMPTS):
        if not table_exists(spark, name):
            return None
        try:
            refresh(spark, name)
            described = spark.sql(f"DESCRIBE EXTENDED {name.quoted}").collect()
            schema = spark.table(name.quoted).schema
            break
        except PySparkException as error:
            # A writer that replaces the table may just have taken its name away, and may have given it back.
            if not is_missing(error) or attempt + 1 == _ATTEMPTS:
                raise
    rows = [
        ((row.col_name or "").strip(), (row.data_type or "").strip(), (row.comment or "").strip()) for row in described
    ]
    names = [row[0] for row in rows]
    start = len(names) - 1 - names[::-1].index(_DETAILS) if _DETAILS in names else 0
    details = {row[0]: row[1] for row in rows[start:]}
    return TableInfo(
        name=name,
        is_view="VIEW" in details.get("Type", "").upper(),
        provider=details.get("Provider", "").lower(),
        serde=details.get("Serde Library", ""),
        managed=details.get("Type", "").upper() == "MANAGED",
        location=details.get("Location", ""),
        partitions=_partitions(names[:start]),
        schema=schema,
        definition=(*rows[:start], *(row for row in rows[start:] if row[0] not in _PASSING)),
    )


def refresh(spark: SparkSession, name: TableName) -> None:
    """Make a session forget the files, and the columns, that a table had when it was read before; no job runs."""
    try:
        spark.catalog.refreshTable(name.quoted)
    except PySparkException as error:
        if is_missing(error):
            raise
        # Serverless sessions refuse it: they remember nothing.
        _log.debug("not_refreshed", table=str(name), reason=first_line(error))


def table_location(spark: SparkSession, name: TableName) -> str | None:
    """Where the files of a table are, whether or not there are any; None if there is no such table."""
    try:
        rows = spark.sql(f"DESCRIBE EXTENDED {name.quoted}").collect()
    except PySparkException as error:
        if is_missing(error):
            return None
        raise
    return next((row.data_type for row in reversed(rows) if row.col_name == "Location"), "")


def is_missing(error: Exception) -> bool:
    """Whether Spark says with ``error`` that there is no table or view of some name."""
    return isinstance(error, PySparkException) and error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND"


def table_properties(spark: SparkSession, name: TableName) -> dict[str, str]:
    """The properties of a table, and as ``option.<key>`` those of its storage."""
    return {row.key: row.value for row in spark.sql(f"SHOW TBLPROPERTIES {name.quoted}").collect()}


def tables_like(spark: SparkSession, name: TableName, suffix: str) -> list[TableName]:
    """The tables beside ``name`` whose names begin with it and ``suffix``; none if there is no database."""
    within = f"IN {name.database.quoted} " if name.database else ""
    like = _NO_WORD.sub(".", name.table)  # a pattern, in which other signs mean something
    try:
        rows = spark.sql(f"SHOW TABLES {within}LIKE {literal(f'{like}{suffix}*')}").collect()
    except PySparkException as error:
        if error.getCondition() == "SCHEMA_NOT_FOUND":
            return []
        raise
    begin = f"{name.table}{suffix}".casefold()
    return [name.sibling(row.tableName) for row in rows if row.tableName.casefold().startswith(begin)]


def default_folder(spark: SparkSession, name: TableName) -> str:
    """Where a managed table of this name is put; an empty string if the catalog does not say."""
    database = name.database or DatabaseName.parse([spark.catalog.currentDatabase()])
    rows = spark.sql(f"DESCRIBE DATABASE {database.quoted}").collect()
    root = next((row.info_value.rstrip("/") for row in rows if row.info_name == "Location"), "")
    return root and f"{root}/{name.table.lower()}"


def same_path(one: str, other: str) -> bool:
    """Whether two locations are the same but for scheme and host, which one of them may leave out."""
    return _ROOT.sub("", one.rstrip("/")) == _ROOT.sub("", other.rstrip("/"))


def literal(text: str) -> str:
    """``text`` as a string of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def schema_differences(rows: T.StructType, table: T.StructType) -> list[str]:
    """How the columns of ``rows`` differ from those of ``table``, a line for each difference."""
    ours = {field.name.casefold(): field for field in rows.fields}
    theirs = {field.name.casefold(): field for field in table.fields}
    lines = [f"{f.name!r} is in the table and not in the rows" for key, f in theirs.items() if key not in ours]
    lines += [f"{f.name!r} is in the rows and not in the table" for key, f in ours.items() if key not in theirs]
    for key in theirs.keys() & ours.keys():
        own, other = type_name(ours[key]), type_name(theirs[key])
        if own != other:
            lines.append(f"{theirs[key].name!r} is {other} in the table and {own} in the rows")
    return sorted(lines)


def first_line(error: BaseException) -> str:
    """The first telling line of an error's message; Spark's begin with the call that failed, and end with traces."""
    for known in (interpreter_problem, outage):
        if (problem := known(str(error))) is not None:
            return problem
    raised = _RAISED.search(str(error))
    if raised is not None:
        return raised.group(1)
    lines = [line.strip().removeprefix("Caused by").strip(": ") for line in str(error).splitlines()]
    return next((line for line in lines if line and not _SAYS_NOTHING.search(line)), repr(error))


def _partitions(names: Sequence[str]) -> tuple[str, ...]:
    if _PARTITIONS not in names:
        return ()
    after = names[names.index(_PARTITIONS) + 1 :]
    found = []
    for name in after:
        if not name or (name.startswith("#") and name != "# col_name"):
            break
        if name != "# col_name":
            found.append(name)
    return tuple(found)
