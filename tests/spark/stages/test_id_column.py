"""Row ids are counted by Spark, and by the codec of declared keys: both must say the same."""

import numpy as np
import pytest
from pyspark.sql import functions as F

from synthohive_spark import SchemaError
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.spark.schema import spark_type
from synthohive_spark.stages.id_column import IdColumn


@pytest.mark.parametrize("text", ["tinyint", "int", "bigint", "double", "decimal(10,2)", "string", "varchar(3)"])
def test_spark_counts_as_the_codec_does(spark, text):
    key = IdColumn(Column("id", ColumnType.parse(text), nullable=False), 0)
    rows = spark.range(120).select(key.numbered(F.col("id")).alias("id"))
    numbers = np.arange(120, dtype=np.uint64)[:, None]
    decoded = key.codec.decode(np.zeros(120, np.int32), np.full(120, 0.5, np.float32), numbers)
    assert [row.id for row in rows.collect()] == decoded.to_pylist()
    assert rows.schema["id"].dataType == spark_type(key.column.type) or text.startswith("varchar")


@pytest.mark.parametrize(("text", "most"), [("tinyint", 128), ("decimal(4,2)", 100)])
def test_a_type_that_cannot_hold_all_numbers_is_refused(spark, fake_estimator, text, most):
    rows = spark.range(60).selectExpr(f"CAST(id % 50 AS {text}) AS key", "id % 4 AS n")
    model = fake_estimator(idCol="key").fit(rows)
    assert model.sample(5, seed=1).columns == ["key", "n"]
    with pytest.raises(SchemaError, match=f"column 'key' of type .* has unique values for at most {most:,} rows"):
        model.sample(most + 1, seed=1)
