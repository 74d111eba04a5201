import pyarrow.compute as pc
import pytest
from pyspark.sql import functions as F

from synthohive_spark.errors import SchemaError


def rows_of(df):
    return sorted(map(str, df.toArrow().to_pylist()))


def test_sample_has_the_schema_of_the_table_and_stays_in_its_range(all_types, model):
    made = model.sample(700, seed=7)
    assert made.schema.json() == all_types.schema.json()
    real, synthetic = all_types.toArrow(), made.toArrow()
    assert synthetic.num_rows == 700
    for name in real.column_names:
        ours, theirs = synthetic.column(name), real.column(name)
        assert ours.null_count == 0 or theirs.null_count > 0, name
        if theirs.null_count == len(theirs):
            assert ours.null_count == len(ours)
        elif name in ("word", "v", "c", "flag", "fixed", "back`tick"):
            assert set(ours.to_pylist()) <= set(theirs.to_pylist()), name
        elif name != "name":
            low, high = (pc.min_max(theirs.filter(pc.is_valid(theirs)))[side].as_py() for side in ("min", "max"))
            if name == "f64":
                ours, low, high = ours.filter(pc.is_finite(ours)), 0.0, 400 / 7
            found = pc.min_max(ours)
            assert low <= found["min"].as_py() <= found["max"].as_py() <= high, name
    assert not set(synthetic.column("name").to_pylist()) & set(real.column("name").to_pylist())


def test_rows_are_the_same_on_any_number_of_partitions_and_twice(model):
    made = model.sample(1500, seed=7, numPartitions=1)
    expected = rows_of(made)
    assert rows_of(made) == expected
    for partitions in (2, 20):
        assert rows_of(model.sample(1500, seed=7, numPartitions=partitions)) == expected
    assert rows_of(model.sample(1500, seed=8)) != expected


def test_two_fits_with_a_seed_are_bit_identical(shop, estimator, shop_model):
    again = estimator(idCol="id", conditionCols=["region"]).fit(shop.repartition(3))
    assert again.table_model.fitted.files == shop_model.table_model.fitted.files
    other = estimator(idCol="id", conditionCols=["region"], seed=43).fit(shop)
    assert other.table_model.fitted.files != shop_model.table_model.fitted.files


def test_transform_copies_conditions_and_passes_columns_through(spark, shop_model):
    seats = spark.range(300).selectExpr("id", "'north' AS region", "id * 2 AS double", "'x' AS unread")
    made = shop_model.copy({shop_model.passthroughCols: ["double"]}).transform(seats)
    assert made.columns == ["double", "region", "amount", "rate"]
    rows = made.collect()
    assert {row.region for row in rows} == {"north"}
    assert sorted(row.double for row in rows) == list(range(0, 600, 2))


def test_equal_ids_with_equal_conditions_give_equal_rows(spark, shop_model):
    seats = spark.sql("SELECT CAST(id % 2 AS STRING) AS id, 'south' AS region FROM range(10)")
    assert len(set(shop_model.transform(seats).collect())) == 2


def test_conditions_decide_what_comes_out(spark, shop, estimator):
    model = estimator(idCol="id", conditionCols=["region"], epochs=150).fit(shop)
    seats = spark.range(2000).withColumn("region", F.expr("IF(id % 2 = 0, 'north', 'south')"))
    means = dict(model.transform(seats).groupBy("region").agg(F.avg("amount")).collect())
    assert means["north"] < 6 and means["south"] > 14  # real: 3 and 18


def test_sample_numbers_the_id_column(shop, fake_estimator):
    made = fake_estimator(idCol="id").fit(shop).sample(20, seed=1)
    assert made.schema.json() == shop.schema.json()
    assert sorted(row.id for row in made.collect()) == list(range(20))


def test_a_filter_on_a_made_column_agrees_with_the_rows(model):
    made = model.sample(500, seed=3)
    assert made.filter("word = 'AA'").count() == [r.word for r in made.collect()].count("AA")


def test_nothing_runs_and_nothing_is_asked_before_the_write(spark, model, shop_model):
    context = spark.sparkContext
    before = context.statusTracker().getJobIdsForGroup(None)
    made = model.sample(100, seed=1)
    seats = shop_model.transform(spark.range(10).withColumn("region", F.lit("north")))
    assert context.statusTracker().getJobIdsForGroup(None) == before
    assert made.count() == 100 and seats.count() == 10


def test_no_rows(model):
    assert model.sample(0, seed=1).collect() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(-1), "n must be a whole number of at least 0, got -1"),
        (lambda m: m.sample(1.5), "n must be a whole number"),
        (lambda m: m.sample(1, seed="x"), "seed must be a whole number, got 'x'"),
        (lambda m: m.sample(1, numPartitions=0), "numPartitions must be a whole number of at least 1"),
    ],
)
def test_arguments_out_of_range(model, call, message):
    with pytest.raises(SchemaError, match=message):
        call(model)


def test_a_model_with_conditions_does_not_sample_alone(shop_model):
    with pytest.raises(SchemaError, match=r"condition columns \('region'\).*transform"):
        shop_model.sample(5)


def test_passthrough_of_a_learned_column_is_refused(spark, shop_model):
    with pytest.raises(SchemaError, match="passthrough column 'amount'"):
        shop_model.copy({shop_model.passthroughCols: ["amount"]}).transform(spark.range(2))
