"""What transform and impute take of a DataFrame: missing columns, types that fit or not, streams."""

import pytest
from pyspark.sql import functions as F

from synthohive_spark import SchemaError, SynthesizerTransformer
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.spark.given_columns import checked_rows
from tests.helpers.frames import assert_same_rows


@pytest.fixture(scope="module")
def model(spark):
    rows = spark.range(400).selectExpr(
        "id",
        "IF(id % 3 = 0, 'north', 'south') AS region",
        "CAST(id % 7 AS INT) AS amount",
        "CAST(id % 5 AS DECIMAL(12, 2)) AS paid",
        "date_add(DATE'2024-01-01', CAST(id % 30 AS INT)) AS day",
    )
    return SynthesizerTransformer(engine="autoregressive", idCol="id", epochs=1, seed=1, showProgress=False).fit(rows)


@pytest.mark.parametrize(
    ("params", "column", "message"),
    [
        (
            {"conditionCols": ["region"]},
            "'x' AS regoin",
            "conditionCols names column 'region', which the table does not",
        ),
        ({"conditionCols": ["region"]}, "1 AS region", "gives 'region' as int, but it was learned as string"),
        ({"conditionCols": ["amount"]}, "'x' AS amount", r"'amount' as string, .* give CAST\(`amount` AS INT\)"),
        ({"conditionCols": ["day"]}, "true AS day", "gives 'day' as boolean"),
        ({"conditionCols": ["paid"]}, "'1' AS paid", r"as string, but .* decimal\(12,2\)"),
        ({"conditionCols": ["region"]}, "array('x') AS region", "gives 'region' as array<string>"),
        ({"passthroughCols": ["note"]}, "1 AS other", "passthroughCols names column 'note', which the table does not"),
        ({"idCol": "key"}, "1 AS other", "idCol names column 'key', which the table does not have"),
    ],
)
def test_what_seats_lack_or_cannot_give_is_said_at_the_call(spark, model, params, column, message):
    seats = spark.range(5).selectExpr("id", column)
    with pytest.raises(SchemaError, match=message):
        model.copy().setParams(**params).transform(seats)


def test_types_whose_values_the_learned_type_has_are_taken(spark, model):
    given = model.copy().setParams(conditionCols=["amount", "paid", "region"])
    seats = spark.range(20).selectExpr(
        "id", "CAST(id % 3 AS TINYINT) AS AMOUNT", "CAST(id AS SMALLINT) AS paid", "NULL AS region"
    )
    made = given.transform(seats)
    assert [f.dataType.simpleString() for f in made.schema] == ["string", "int", "decimal(12,2)", "date"]
    rows = made.orderBy("paid").collect()
    assert [(r.region, r.amount, int(r.paid)) for r in rows] == [(None, i % 3, i) for i in range(20)]


@pytest.mark.parametrize("asks", [True, False], ids=["classic", "as-in-connect"])
def test_numbers_of_another_type_are_taken_by_their_values(spark, model, monkeypatch, asks):
    from synthohive_spark.spark import given_columns

    if not asks:
        monkeypatch.setattr(given_columns, "ClassicDataFrame", type(None))
    given = model.copy().setParams(conditionCols=["amount", "paid"])
    seats = spark.range(6).selectExpr("id", "id % 3 AS amount", "id / 4D AS paid")
    made = given.transform(seats).orderBy("paid").collect()
    assert [(r.amount, float(r.paid)) for r in made] == [(i % 3, i / 4) for i in range(6)]
    for wrong, message in (
        ("id + 3000000000 AS amount, 1 AS paid", "conditionCols gives 'amount' as 3000000000, which no int is"),
        ("double('NaN') AS amount, 1 AS paid", "'amount' as NaN, which no int is"),
        ("1 AS amount, 0.125 AS paid", r"'paid' as 0.125, which no decimal\(12,2\) is"),
    ):
        with pytest.raises(Exception, match=message):
            given.transform(spark.range(1).selectExpr("id", *wrong.split(", "))).collect()


def test_rows_to_fill_have_all_learned_columns_in_types_that_fit(spark, model):
    rows = spark.range(5).selectExpr(
        "id", "'north' AS region", "CAST(NULL AS INT) AS amount", "DATE'2024-01-02' AS day"
    )
    with pytest.raises(SchemaError, match="impute names column 'paid', which the table does not have"):
        model.impute(rows, seed=1)
    whole = rows.withColumn("paid", F.lit(1).cast("decimal(12,2)"))
    assert model.impute(whole, seed=1).where("amount IS NULL").count() == 0
    with pytest.raises(SchemaError) as raised:
        model.impute(whole.withColumns({"amount": F.lit("x"), "day": F.lit(3)}), seed=1)
    assert len(raised.value.problems) == 2 and "`day` AS DATE" in raised.value.problems[1]


def test_where_the_schema_cannot_be_asked_for_the_action_says_it(spark, model, monkeypatch):
    """As in a Connect session, whose frames are of another class."""
    from synthohive_spark.spark import given_columns

    monkeypatch.setattr(given_columns, "ClassicDataFrame", type(None))
    given = model.copy().setParams(conditionCols=["region"])
    with pytest.raises(Exception, match="conditionCols gives 'region' as bigint, but it was learned as string"):
        given.transform(spark.range(5).selectExpr("id", "id AS region")).collect()
    right = given.transform(spark.range(5).selectExpr("id", "'north' AS region"))
    assert {r.region for r in right.collect()} == {"north"}
    seats = spark.range(3).selectExpr("CAST(id AS SMALLINT) AS `a{b}`")
    column = Column("a{b}", ColumnType.parse("decimal(9,1)"))
    taken = checked_rows(seats, [column], {}, "given")
    assert taken.schema["a{b}"].dataType.simpleString() == "decimal(9,1)"
    assert "raise_error" not in taken._jdf.queryExecution().optimizedPlan().toString()


def test_a_stream_needs_a_column_that_identifies_its_rows(spark, model, tmp_path):
    stream = spark.readStream.format("rate").load().selectExpr("value AS id", "'north' AS region")
    nameless = model.copy()
    nameless.clear(nameless.idCol)
    for act in (nameless.setParams(conditionCols=["region"]).transform, lambda df: nameless.impute(whole(df), seed=1)):
        with pytest.raises(SchemaError, match="rows of a streaming DataFrame cannot be numbered: name a column"):
            act(stream)


def whole(df):
    return df.selectExpr("id", "region", "1 AS amount", "CAST(1 AS DECIMAL(12,2)) AS paid", "DATE'2024-01-02' AS day")


def test_a_stream_with_ids_gets_the_rows_that_a_table_gets(spark, model, tmp_path):
    seats = spark.range(300).selectExpr("id", "IF(id % 2 = 0, 'north', 'south') AS region")
    seats.repartition(3).write.parquet(str(tmp_path / "seats"))
    given = model.copy().setParams(conditionCols=["region"], passthroughCols=["id"])
    stream = spark.readStream.schema(seats.schema).option("maxFilesPerTrigger", 1).parquet(str(tmp_path / "seats"))
    query = (
        given.transform(stream)
        .writeStream.format("parquet")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(tmp_path / "made"))
    )
    assert query.awaitTermination(120)
    made = spark.read.parquet(str(tmp_path / "made"))
    assert made.count() == 300 and len(query.recentProgress) >= 3
    assert_same_rows(made, given.transform(seats))
