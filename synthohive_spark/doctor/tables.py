"""Whether a database and a table can be made, written, read and removed, by what a job uses for it."""

from __future__ import annotations

import uuid

from pyspark.sql import SparkSession

from synthohive_spark.declarations.names import TableName
from synthohive_spark.doctor.finding import MEND, OK, Finding
from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.spark.catalog import default_folder, first_line
from synthohive_spark.spark.tables import read_table, write_table

_ROWS = 3
_NO_DELTA = (
    "set spark.jars.packages=io.delta:delta-spark_<Spark>_2.13:<version>, spark.sql.extensions="
    "io.delta.sql.DeltaSparkSessionExtension and spark.sql.catalog.spark_catalog="
    "org.apache.spark.sql.delta.catalog.DeltaCatalog (conf/spark-defaults.conf is an example), or write Hive tables "
    "(--format orc)"
)
_EXTENSION, _CATALOG = "io.delta.sql.DeltaSparkSessionExtension", "spark.sql.catalog.spark_catalog"


def check_tables(spark: SparkSession, format: str) -> Finding:
    """Make a database of its own, write and read a table in it, and remove both.

    Args:
        spark: The session.
        format: "delta", "orc" or "parquet".
    """
    what = f"{format} tables"
    database = f"synthohive_doctor_{uuid.uuid4().hex[:12]}"
    try:
        spark.sql(f"CREATE DATABASE {database}")
    except Exception as error:
        return Finding(
            MEND,
            what,
            f"a database cannot be made in the warehouse ({first_line(error)}); let this user make one, or name "
            f"another folder (spark.sql.warehouse.dir, now {spark.conf.get('spark.sql.warehouse.dir', None)})",
        )
    try:
        folder = default_folder(spark, TableName((database, "t"))).rpartition("/")[0].rpartition("/")[0]
        write_table(spark.range(_ROWS), f"{database}.t", format=format)
        read = read_table(spark, f"{database}.t").count()
    except Exception as error:
        reason = str(error) if isinstance(error, SynthoHiveError) else first_line(error)
        return Finding(MEND, what, f"{reason}; {_way_out(spark, format)}")
    finally:
        spark.sql(f"DROP DATABASE {database} CASCADE")
    if read != _ROWS:
        return Finding(MEND, what, f"{_ROWS} rows were written, and {read} are read; see the warehouse {folder}")
    return Finding(OK, what, f"can be written and read below {folder}")


def _way_out(spark: SparkSession, format: str) -> str:
    if format == "delta" and not _has_delta(spark):
        return _NO_DELTA
    return "the warehouse must be writable by the driver and the workers"


def _has_delta(spark: SparkSession) -> bool:
    return _EXTENSION in (spark.conf.get("spark.sql.extensions", None) or "") and bool(spark.conf.get(_CATALOG, None))
