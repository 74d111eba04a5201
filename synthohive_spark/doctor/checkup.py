"""All checks, one after the other: what one finds missing keeps none of the others from being made that can be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from synthohive_spark.doctor.driver import check_java, check_python, check_workers_python_here
from synthohive_spark.doctor.finding import MEND, WARNING, Finding
from synthohive_spark.errors import SynthoHiveError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def checkup(start: Callable[[], SparkSession], database: str | None, format: str) -> Iterator[Finding]:
    """What every check finds, as it is found.

    Args:
        start: Starts the session, or joins it; not called where it cannot start.
        database: A database that will be learned; None for none.
        format: The format of the tables that will be written: "delta", "orc" or "parquet".
    """
    first = list(check_python())
    if not os.environ.get("SPARK_REMOTE"):  # a Connect client needs no Java
        first.append(check_java())
    yield from first
    lacking = [finding.what for finding in first if finding.level == MEND and finding.what in ("pyspark", "Java")]
    spark = None
    if not lacking:
        try:
            spark = start()
        except Exception as error:
            yield Finding(MEND, "session", _said(error))
    if spark is None:
        yield check_workers_python_here()
        why = f"not checked, for want of {' and '.join(lacking) or 'a session'}"
        yield Finding(WARNING, "Spark, metastore, tables, memory", why)
        return
    yield from _of_session(spark, database, format)


def _of_session(spark: SparkSession, database: str | None, format: str) -> Iterator[Finding]:
    from synthohive_spark.doctor.database import check_database  # noqa: PLC0415  (pyspark may be missing)
    from synthohive_spark.doctor.memory import check_memory  # noqa: PLC0415
    from synthohive_spark.doctor.metastore import check_metastore  # noqa: PLC0415
    from synthohive_spark.doctor.session import check_spark  # noqa: PLC0415
    from synthohive_spark.doctor.tables import check_tables  # noqa: PLC0415
    from synthohive_spark.doctor.workers import check_workers  # noqa: PLC0415

    yield from _made("Spark", lambda: [check_spark(spark)])
    yield from _made("workers' Python", lambda: check_workers(spark))
    metastore = _made("metastore", lambda: [check_metastore(spark)])
    yield from metastore
    if any(finding.level == MEND for finding in metastore):
        yield Finding(WARNING, "tables", "not checked, for want of the metastore")
        yield from _made("memory", lambda: check_memory(spark))
        return
    yield from _made(f"{format} tables", lambda: [check_tables(spark, format)])
    if database is None:
        yield from _made("memory", lambda: check_memory(spark))
    else:
        yield from _made(f"database {database}", lambda: check_database(spark, database))


def _made(what: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; where it fails itself, that is what it finds."""
    try:
        return list(check())
    except Exception as error:
        return [Finding(MEND, what, _said(error))]


def _said(error: Exception) -> str:
    if isinstance(error, SynthoHiveError):
        return str(error)
    from synthohive_spark.spark.catalog import first_line  # noqa: PLC0415  (needs pyspark)

    return f"{type(error).__name__}: {first_line(error)}"
