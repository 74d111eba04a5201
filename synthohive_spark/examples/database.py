"""The example databases, as tables of a session."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pyarrow as pa

from synthohive_spark.declarations.hints import nearest, whole_number
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.table_writer import write_tables
from synthohive_spark.spark.session import active_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_EXAMPLES = ("orders", "patients")


def example(spark: SparkSession | None, name: str, rows: int = 1500, *, seed: int = 0) -> dict[str, DataFrame]:
    """The tables of an example by name, made by a seeded generator of plain rules; every person in them is made up.

    Args:
        spark: The session; the active one when None.
        name: "orders": a furniture shop with customers, orders, their lines and payments; "patients": a hospital with
            patients, their stays and what was found besides the main diagnosis.
        rows: How many customers or patients.
        seed: Fixes the rows.

    Raises:
        SchemaError: If there is no such example, or ``rows`` is not a whole number of at least 1.
    """
    if name not in _EXAMPLES:
        raise SchemaError(f"example {name!r} is not known{nearest(name, _EXAMPLES)}")
    module = import_module(f"synthohive_spark.examples.{name}")
    made = module.tables(whole_number(rows, "rows", least=1), seed)
    session = active_session(spark)
    # By Arrow, for of pandas Spark takes integers with nulls only where that is switched on, which it is from 4.2 on.
    arrow = {table: pa.Table.from_pandas(made[table], preserve_index=False) for table in module.SCHEMAS}
    return {table: session.createDataFrame(arrow[table], ddl) for table, ddl in module.SCHEMAS.items()}


def write_example(spark: SparkSession | None, name: str, database: str, rows: int = 1500, *, seed: int = 0) -> None:
    """Write the tables of `example` into a database, which is made if it is not there.

    Tables of these names that are there are replaced.

    Raises:
        SchemaError: As `example` and `synthohive_spark.Synthesizer.save_to_hive` do.
    """
    write_tables(spark, example(spark, name, rows, seed=seed), database, overwrite=True, format="delta", sources=())
