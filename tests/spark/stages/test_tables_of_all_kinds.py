import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import SchemaError, TrainingError
from tests.helpers.versions import needs_sketches


def test_an_empty_table(spark, fake_estimator):
    with pytest.raises(TrainingError, match=r"the table with columns 'id' has no rows to learn from"):
        fake_estimator().fit(spark.range(0))


def test_a_one_row_table_says_which_setting_keeps_it_from_being_learned(spark, fake_estimator):
    row = spark.sql("SELECT 7 AS n, 'a' AS s")
    with pytest.raises(SchemaError, match="columns 'n', 's' have too few rows.*rare_category_rows=5"):
        fake_estimator().fit(row)
    model = fake_estimator(rareCategoryRows=0, extremeRows=0).fit(row)
    assert {tuple(r) for r in model.sample(5, seed=1).collect()} == {(7, "a")}


def test_a_one_column_table(spark, estimator):
    made = estimator(idCol="id").fit(spark.range(200).selectExpr("id", "id % 4 AS n")).sample(100, seed=1)
    assert {r.n for r in made.collect()} <= {0, 1, 2, 3}
    with pytest.raises(SchemaError, match="no column to generate"):
        estimator(idCol="id").fit(spark.range(10))


def test_three_hundred_columns(spark, estimator):
    wide = spark.range(300).selectExpr(*[f"(id * {i + 1}) % {i % 13 + 2} AS c{i}" for i in range(300)])
    made = estimator(epochs=1).fit(wide).sample(300, seed=1)
    assert made.schema.json() == wide.schema.json()
    pdf = made.toPandas()
    assert pdf.shape == (300, 300) and (pdf.max() <= [i % 13 + 1 for i in range(300)]).all()


def test_a_column_of_twenty_thousand_categories(spark, fake_estimator):
    table = spark.range(100_000).selectExpr("concat('k', id % 20000) AS k", "id % 3 AS n")
    with capture_logs() as logs:
        model = fake_estimator(epochs=1, batchSize=1000).fit(table)
    assert not [e for e in logs if e["event"] == "text_column"]
    assert model.table_model.encoder.codecs[0].kind == "categorical"
    drawn = {r.k for r in model.sample(3000, seed=1).select("k").collect()}
    assert len(drawn) > 2000 and drawn <= {f"k{i}" for i in range(20_000)}


def test_nearly_unique_strings_warn_and_are_not_copied(spark, fake_estimator):
    people = spark.range(500).selectExpr("concat('Person ', lpad(id * 37, 6, '0')) AS name", "id % 2 AS n")
    with capture_logs() as logs:
        model = fake_estimator().fit(people)
    assert [e["column"] for e in logs if e["event"] == "text_column"] == ["name"]
    made = {r.name for r in model.sample(500, seed=1).collect()}
    assert not made & {r.name for r in people.collect()}
    assert all(name[0].isupper() and name[6] == " " for name in made)


@pytest.mark.parametrize(
    "expression",
    ["array(1)", "map(1, 2)", "struct(1)", "binary('a')", "INTERVAL '1' DAY", "NULL", "parse_json('1')"],
)
def test_types_that_cannot_be_learned(spark, fake_estimator, expression):
    table = spark.range(50).selectExpr("id % 3 AS n", f"{expression} AS odd")
    with pytest.raises(SchemaError, match=r"'odd' \(.*\); name them in excludeCols"):
        fake_estimator().fit(table)
    assert fake_estimator(excludeCols=["odd"]).fit(table).sample(3, seed=1).columns == ["n"]


def test_settings_that_name_what_is_not_there(spark, estimator, shop):
    for params, message in (
        ({"conditionCols": ["regoin"]}, "conditionCols names column 'regoin'.*did you mean 'region'"),
        ({"idCol": "key"}, "idCol names column 'key'"),
        ({"excludeCols": ["id"], "conditionCols": ["id"]}, "choose one"),
        ({"engine": "magic"}, "engine 'magic' is not known; choose one of autoregressive, ctgan"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"maxTrainingRows": 0}, "maxTrainingRows must be at least 1"),
        ({"rareCategoryRows": -1}, "rare_category_rows must be a whole number"),
        ({"passthroughCols": ["amount"]}, "also a learned column"),
    ):
        with pytest.raises(SchemaError, match=message):
            estimator(**params).fit(shop)


def test_facts_come_from_all_rows_and_training_from_a_sample(spark, fake_estimator):
    table = spark.range(20_000).selectExpr("CAST(id AS DOUBLE) AS x")
    model = fake_estimator(maxTrainingRows=1000, extremeRows=0).fit(table)
    assert model.trainingSummary.rows == 20_000 and model.trainingSummary.training_rows <= 1000
    (codec,) = model.table_model.encoder.codecs
    assert (codec.knots[0], codec.knots[-1]) == (0.0, 19_999.0)


@needs_sketches
def test_categories_are_counted_in_all_rows(spark, fake_estimator):
    table = spark.range(20_000).selectExpr("IF(id < 19980, 'usual', 'seldom') AS k", "id % 7 AS x")
    codec = fake_estimator(maxTrainingRows=1000).fit(table).table_model.encoder.codecs[0]
    assert codec.values == ("seldom", "usual")
    np.testing.assert_allclose(codec.frequencies, [0.001, 0.999])


def test_a_fit_that_cannot_fit_into_memory_says_so_before_it_starts(spark):
    from synthohive_spark.engine.columns import Column, ColumnType
    from synthohive_spark.spark.training_data import collect_training_data

    columns = (Column("id", ColumnType("bigint")),)
    with pytest.raises(TrainingError, match=r"need about .* MB of memory on the driver.*lower maxTrainingRows to"):
        collect_training_data(spark.range(1000), columns, max_rows=1000, seed=1, available=1000)


def test_marginals_of_a_larger_table(spark, estimator):
    rng = np.random.default_rng(0)
    pdf = pd.DataFrame({"a": rng.choice(list("abc"), 5000, p=[0.6, 0.3, 0.1]), "x": rng.gamma(2.0, size=5000)})
    real = spark.createDataFrame(pdf)
    made = estimator(epochs=5).fit(real).sample(20_000, seed=1).toPandas()
    shares = made.a.value_counts(normalize=True)
    assert abs(shares["a"] - 0.6) < 0.02 and abs(shares["c"] - 0.1) < 0.02
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert (made.x <= pdf.x.quantile(q)).mean() == pytest.approx(q, abs=0.02)
