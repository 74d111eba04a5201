from typing import get_args

from pyspark.sql import functions as F

from synthohive_spark import read_table, write_table
from synthohive_spark.declarations.job import Format
from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark.catalog import table_info
from synthohive_spark.spark.formats.interface import TableFormat
from synthohive_spark.spark.formats.registry import FORMATS, format_name


class Json(TableFormat):
    """All that a third format takes; it keeps no promise of an atomic overwrite."""

    name = "json"

    def create(self, rows, target, partition_by):
        rows.write.format("json").partitionBy(*partition_by).saveAsTable(target.quoted)

    def overwrite(self, rows, there):
        rows.write.insertInto(there.name.quoted, overwrite=True)


def test_a_third_format_is_one_class_and_one_line(spark, database, monkeypatch):
    monkeypatch.setitem(FORMATS, "json", Json())
    name, rows = f"{database}.t", spark.range(4).withColumn("k", F.col("id") % 2)
    write_table(rows, name, format="json", partition_by=["k"])
    write_table(rows, name, format="json", mode="append")
    assert read_table(spark, name).count() == 8
    write_table(rows.where("id > 2"), name, format="json", mode="overwrite")
    assert [tuple(row) for row in read_table(spark, name).collect()] == [(3, 1)]
    assert format_name(table_info(spark, TableName.parse(name))) == "json"


def test_a_format_that_is_not_there_is_called_as_spark_calls_it(spark, database):
    spark.sql(f"CREATE TABLE {database}.t (id BIGINT) USING csv")
    assert format_name(table_info(spark, TableName.parse(f"{database}.t"))) == "csv"


def test_jobs_know_every_format():
    assert get_args(Format) == tuple(FORMATS)
