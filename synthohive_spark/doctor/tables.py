"""Whether a database and a table can be made, written, read and removed, by what a job uses for it."""

from __future__ import annotations

import uuid

from pyspark.sql import SparkSession

from synthohive_spark.declarations.names import TableName
from synthohive_spark.doctor.delta import delta_problem
from synthohive_spark.doctor.finding import MEND, OK, Finding
from synthohive_spark.doctor.session import setting
from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.spark.catalog import default_folder, first_line
from synthohive_spark.spark.tables import read_table, write_table

_ROWS = 3


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
        folder = setting(spark, "spark.sql.warehouse.dir")
        why = delta_problem(error) or (
            f"a database cannot be made ({first_line(error)}); let this user make one, or name another folder "
            f"(spark.sql.warehouse.dir, now {folder})"
        )
        return Finding(MEND, what, why)
    try:
        folder = default_folder(spark, TableName((database, "t"))).rpartition("/")[0].rpartition("/")[0]
        write_table(spark.range(_ROWS), f"{database}.t", format=format)
        read = read_table(spark, f"{database}.t").count()
    except Exception as error:
        reason = str(error) if isinstance(error, SynthoHiveError) else first_line(error)
        why = delta_problem(error) or f"{reason}; the warehouse must be writable by the driver and by the workers"
        return Finding(MEND, what, why)
    finally:
        spark.sql(f"DROP DATABASE {database} CASCADE")
    if read != _ROWS:
        return Finding(MEND, what, f"{_ROWS} rows were written, and {read} are read; see the warehouse {folder}")
    return Finding(OK, what, f"can be written and read below {folder}")
