"""Rows that declared columns tell apart: none is doubled, and the others are as they were drawn."""

import datetime

import pytest
from pyspark.sql import functions as F

from synthohive_spark import Formula, Metadata, Privacy, SchemaError, Synthesizer, Unique
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.relational.uniqueness import told_apart

ROWS = 900


def visits(spark):
    """One visit of a customer a day, at most; 30 customers on 60 days."""
    pairs = spark.range(30 * 60).selectExpr("id % 30 AS c", "id DIV 30 AS d").orderBy(F.rand(1)).limit(ROWS)
    return pairs.selectExpr(
        "concat('customer ', c) AS customer",
        "date_add(DATE'2024-01-01', CAST(d AS INT)) AS day",
        "CAST(1000 + c * 60 + d AS BIGINT) AS ticket",
        "CAST(rand(2) * 100 AS INT) AS spent",
    )


@pytest.fixture(scope="module")
def real(spark):
    return visits(spark).localCheckpoint()


@pytest.fixture(scope="module")
def synthesizer(spark, real):
    metadata = Metadata().add_table("visits", dependencies=[Unique(["customer", "day"]), Unique("ticket")])
    return Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit({"visits": real}, seed=1, epochs=4)


def doubled(rows, *columns):
    return rows.groupBy(*columns).count().where("count > 1").count()


def test_no_two_rows_are_alike_and_ranges_hold(synthesizer, real):
    made = synthesizer.sample({"visits": 1_200}, seed=3)["visits"]
    assert made.schema.json() == real.schema.json()
    assert made.count() == 1_200
    assert doubled(made, "customer", "day") == 0 and doubled(made, "ticket") == 0
    low, high = real.agg(F.min("day"), F.max("day")).first()
    assert made.where(~F.col("day").between(low, high)).count() == 0
    again = synthesizer.sample({"visits": 1_200}, seed=3)["visits"].repartition(7)
    assert sorted(map(str, made.collect())) == sorted(map(str, again.collect()))


def test_the_report_and_the_schema_count_rows_that_are_alike(spark, synthesizer, real):
    rules = {"no two rows have the same customer, day": [0, 5], "no two rows have the same ticket": [0, 5]}
    synthetic = synthesizer.sample({"visits": 200}, seed=3)["visits"].localCheckpoint()
    worse = {"visits": synthetic.unionByName(synthetic.limit(5))}
    (table,) = synthesizer.generate_validation_report({"visits": real}, worse).tables
    assert {d.text: [d.broken_real, d.broken_synthetic] for d in table.dependencies if "no two" in d.text} == rules
    with pytest.raises(SchemaError, match="no two rows have the same customer, day contradicts the data: 3 of 903"):
        synthesizer.metadata.validate_schema({"visits": real.unionByName(real.limit(3))}, spark)


def test_what_cannot_be_told_apart_says_why(spark, real):
    declared = [Unique(["customer", "spent"]), Formula("spent", "ticket * 2")]
    metadata = Metadata().add_table("visits", dependencies=declared)
    synthesizer = Synthesizer(metadata, spark, engine="autoregressive", progress=False, privacy=Privacy(0, 0))
    synthesizer.fit({"visits": real.limit(200)}, seed=1, epochs=1)
    with pytest.raises(SchemaError, match="no two rows have the same customer, spent cannot be kept: of customer"):
        synthesizer.sample({"visits": 10}, seed=1)


def test_values_move_no_further_than_they_must(spark):
    day = datetime.date(2024, 1, 1)
    rows = [
        ("a", 0),
        ("a", 0),
        ("a", 0),
        ("a", 9),
        ("a", 9),
        ("a", None),
        ("b", 9),
        ("b", 9),
        ("b", 9),
        (None, 1),
        (None, 1),
    ]
    days = spark.createDataFrame(
        [(c, None if d is None else day + datetime.timedelta(d)) for c, d in rows], "c string, d date"
    )
    low = (day - datetime.date(1970, 1, 1)).days
    made = told_apart(days, Unique(["c", "d"]), Column("d", ColumnType("date")), (low, low + 9), 1).collect()
    moved = sorted((r.c or "", -1 if r.d is None else (r.d - day).days) for r in made)
    expected = [
        ("", 1),
        ("", 1),
        ("a", -1),
        ("a", 0),
        ("a", 1),
        ("a", 2),
        ("a", 8),
        ("a", 9),
        ("b", 7),
        ("b", 8),
        ("b", 9),
    ]
    assert moved == expected
    tens = spark.createDataFrame([("a", 10), ("a", 10), ("a", 20)], "c string, n int")
    made = told_apart(tens, Unique(["c", "n"]), Column("n", ColumnType("int")), None, 10)
    assert sorted(r.n for r in made.collect()) == [10, 20, 30] and dict(made.dtypes)["n"] == "int"
