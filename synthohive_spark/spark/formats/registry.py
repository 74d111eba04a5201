"""The formats there are."""

from __future__ import annotations

from pyspark.sql import SparkSession

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import TableInfo
from synthohive_spark.spark.formats.delta import Delta
from synthohive_spark.spark.formats.hive import Hive
from synthohive_spark.spark.formats.interface import TableFormat

FORMATS: dict[str, TableFormat] = {
    "delta": Delta(),
    "orc": Hive("orc"),
    "parquet": Hive("parquet"),
}


def table_format(name: str) -> TableFormat:
    """The format that users call ``name``; an unknown one is a `SchemaError`."""
    if name not in FORMATS:
        raise SchemaError(f"format must be one of {', '.join(map(repr, FORMATS))}, got {name!r}")
    return FORMATS[name]


def format_name(table: TableInfo) -> str:
    """What the format of ``table`` is called; Spark's word for one that is not among these."""
    return next((name for name, format in FORMATS.items() if format.holds(table)), table.provider)


def mend(spark: SparkSession, absent: TableName) -> None:
    """Bring back ``absent``, a table that is not there, if an interrupted overwrite of any format left it so."""
    for format in {type(format): format for format in FORMATS.values()}.values():
        format.mend(spark, absent)
