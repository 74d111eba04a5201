"""What the catalog says of a table, in classic and in Connect sessions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import type_name
from synthohive_spark.spark.worker_errors import interpreter_problem

_DETAILS = "# Detailed Table Information"
_PARTITIONS = "# Partition Information"
_RAISED = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+([\w.]+: .*)")
_SAYS_NOTHING = re.compile(
    r"^An error occurred while calling|Exception thrown in awaitResult|^at \S+\(|^\.\.\. \d+ more"
)
_SERDES = {"Orc": "orc", "Parquet": "parquet"}


@dataclass(frozen=True)
class TableInfo:
    """A table or view of the catalog.

    Attributes:
        name: Its name.
        is_view: Whether it is a view of any kind.
        format: ``delta``, ``orc``, ``parquet`` or what else it is stored as.
        managed: Whether dropping it drops its files.
        location: Where its files are.
        partitions: The columns it is partitioned by.
        schema: Its columns.
        properties: Its table properties, as one string.
    """

    name: TableName
    is_view: bool
    format: str
    managed: bool
    location: str
    partitions: tuple[str, ...]
    schema: T.StructType
    properties: str = ""


def table_exists(spark: SparkSession, name: TableName) -> bool:
    """Whether there is a table or view of this name; a catalog that does not exist is a `SchemaError`."""
    try:
        return bool(spark.catalog.tableExists(name.quoted))
    except PySparkException as error:
        raise SchemaError(f"table {name} cannot be looked up: {first_line(error)}") from error


def table_info(spark: SparkSession, name: TableName) -> TableInfo | None:
    """What the catalog says of ``name``; None if there is nothing of this name."""
    if not table_exists(spark, name):
        return None
    rows = [
        (row.col_name.strip(), (row.data_type or "").strip())
        for row in spark.sql(f"DESCRIBE EXTENDED {name.quoted}").collect()
    ]
    names = [key for key, _ in rows]
    start = len(names) - 1 - names[::-1].index(_DETAILS) if _DETAILS in names else 0
    details = dict(rows[start:])
    provider = details.get("Provider", "").lower()
    serde = details.get("Serde Library", "")
    stored = next((f for part, f in _SERDES.items() if part in serde), provider) if provider == "hive" else provider
    return TableInfo(
        name=name,
        is_view="VIEW" in details.get("Type", "").upper(),
        format=stored,
        managed=details.get("Type", "").upper() == "MANAGED",
        location=details.get("Location", ""),
        partitions=_partitions(names[:start]),
        schema=spark.table(name.quoted).schema,
        properties=details.get("Table Properties", ""),
    )


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
    if (problem := interpreter_problem(str(error))) is not None:
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
