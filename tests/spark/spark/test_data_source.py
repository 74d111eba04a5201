"""Rows of a saved model as a data source: the rows of ``sample``, in spark.read and in SQL."""

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, SchemaError, Synthesizer, SynthesizerTransformer, register_data_source
from synthohive_spark.spark.xxhash import xxhash64
from tests.helpers.frames import assert_same_rows
from tests.helpers.versions import needs_streams

ROWS = 400


@pytest.fixture(scope="module")
def people(spark):
    return spark.range(ROWS).selectExpr(
        "concat('p', id) AS person",
        "element_at(array('Oslo', 'Rome'), CAST(1 + id % 2 AS INT)) AS city",
        "CAST(20 + id * 7 % 50 AS SMALLINT) AS age",
        "CAST(id * 1.5 AS DECIMAL(10, 2)) AS paid",
        "IF(id % 4 = 0, NULL, timestamp_seconds(1700000000 + 3600 * id)) AS seen",
        "date_add(DATE'2024-01-01', CAST(id % 90 AS INT)) AS day",
    )


@pytest.fixture(scope="module")
def saved(spark, people, tmp_path_factory):
    register_data_source(spark)
    paths = {}
    for name, rows, key in (
        ("keyed", people, "person"),
        ("numbered", people.withColumn("person", F.monotonically_increasing_id()), "person"),
        ("plain", people.drop("person"), None),
    ):
        estimator = SynthesizerTransformer(engine="autoregressive", epochs=2, seed=1, showProgress=False)
        paths[name] = str(tmp_path_factory.mktemp("models") / name)
        (estimator if key is None else estimator.setParams(idCol=key)).fit(rows).write().save(paths[name])
    return paths


def source(spark, path, **options):
    reader = spark.read.format("synthohive").option("model", path)
    for name, value in options.items():
        reader = reader.option(name, value)
    return reader.load()


@pytest.mark.parametrize("name", ["keyed", "numbered", "plain"])
def test_the_rows_are_those_of_sample_on_any_partitions(spark, saved, name):
    from synthohive_spark import SynthesizerTransformerModel

    drawn = SynthesizerTransformerModel.load(saved[name]).sample(20_000, seed=7)
    made = source(spark, saved[name], rows=20_000, seed=7, partitions=3)
    assert [(f.name, f.dataType) for f in made.schema] == [(f.name, f.dataType) for f in drawn.schema]
    assert made.rdd.getNumPartitions() == 3
    assert_same_rows(made, drawn)
    assert source(spark, saved[name], rows=0).count() == 0


def streamed(spark, path, folder, **options):
    """What a query that takes all rows there are adds to a folder."""
    reader = spark.readStream.format("synthohive").option("model", path)
    for name, value in options.items():
        reader = reader.option(name, value)
    writer = reader.load().writeStream.format("parquet").option("checkpointLocation", f"{folder}/checkpoint")
    query = writer.trigger(availableNow=True).start(f"{folder}/rows")
    assert query.awaitTermination(240)
    return [batch["numInputRows"] for batch in query.recentProgress if batch["numInputRows"]]


@needs_streams
@pytest.mark.parametrize("name", ["keyed", "plain"])
def test_a_stream_goes_on_where_it_stopped_with_the_rows_of_sample(spark, saved, tmp_path, name):
    from synthohive_spark import SynthesizerTransformerModel

    model = SynthesizerTransformerModel.load(saved[name])
    first = streamed(spark, saved[name], tmp_path, rows=250, seed=7, maxRowsPerTrigger=100)
    assert first == [100, 100, 50]
    assert_same_rows(spark.read.parquet(f"{tmp_path}/rows"), model.sample(250, seed=7))
    again = streamed(spark, saved[name], tmp_path, rows=400, seed=7, maxRowsPerTrigger=1000, partitions=2)
    assert again == [150]
    assert_same_rows(spark.read.parquet(f"{tmp_path}/rows"), model.sample(400, seed=7))


@needs_streams
def test_a_stream_at_a_rate_ends_with_its_rows(spark, saved, tmp_path):
    reader = spark.readStream.format("synthohive").option("model", saved["plain"])
    stream = reader.option("rowsPerSecond", 10_000_000).option("rows", 300).option("seed", 3).load()
    query = stream.writeStream.format("memory").queryName("drawn_stream").start()
    while spark.table("drawn_stream").count() < 300:
        query.processAllAvailable()
    query.stop()
    assert_same_rows(spark.table("drawn_stream"), source(spark, saved["plain"], rows=300, seed=3))


@needs_streams
def test_a_stream_without_an_end_cannot_be_taken_at_once(spark, saved, tmp_path):
    with pytest.raises(Exception, match="has no end for trigger.*set option 'rows'"):
        streamed(spark, saved["plain"], tmp_path)


def test_a_table_is_drawn_in_parts(spark, saved):
    from synthohive_spark import SynthesizerTransformerModel

    for name in ("keyed", "plain"):
        model = SynthesizerTransformerModel.load(saved[name])
        parts = model.sample(120, seed=7).union(model.sample(80, seed=7, firstId=120))
        assert_same_rows(parts, model.sample(200, seed=7))
    with pytest.raises(SchemaError, match="given and firstId were both set"):
        model.sample(5, given={"city": "Oslo"}, firstId=3)
    with pytest.raises(SchemaError, match="firstId must be a whole number of at least 0, got -1"):
        model.sample(5, firstId=-1)


def test_it_is_there_in_sql(spark, saved):
    spark.sql(
        f"CREATE TEMPORARY VIEW drawn_people USING synthohive OPTIONS (model '{saved['plain']}', rows '500', seed '7')"
    )
    counted = {r.city: r.n for r in spark.sql("SELECT city, count(*) AS n FROM drawn_people GROUP BY city").collect()}
    assert set(counted) == {"Oslo", "Rome"} and sum(counted.values()) == 500


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": "many"}, "option 'rows' must be a whole number, got 'many'"),
        ({"rows": -1}, "rows must be a whole number of at least 0, got -1"),
        ({}, "needs the option 'rows'"),
        ({"rows": 5, "sed": 7}, "there is no option 'sed'; did you mean 'seed'"),
        ({"rows": 5, "table": "people"}, "option 'table' is for the model of a database"),
    ],
)
def test_wrong_options_are_named(spark, saved, options, message):
    with pytest.raises(Exception, match=message):
        source(spark, saved["plain"], **options).count()


def test_a_table_of_a_database(spark, people, tmp_path):
    metadata = Metadata().add_table("people", pk="person").add_table("visits", fk={"person": "people.person"})
    visits = people.union(people).selectExpr("person", "CAST(rand(3) * 10 AS INT) AS score", "rand(4) AS weight")
    tables = {"people": people, "visits": visits, "cities": people.select("city", "age")}
    synthesizer = Synthesizer(metadata.add_table("cities"), spark, engine="autoregressive", progress=False)
    path = str(tmp_path / "shop")
    synthesizer.fit(tables, seed=1, epochs=1).save(path)
    assert source(spark, path, rows=100, table="cities", seed=3).count() == 100
    for table, message in (("visits", "go with those of other tables"), ("citys", "did you mean 'cities'")):
        with pytest.raises(Exception, match=message):
            source(spark, path, rows=100, table=table).count()


def test_the_hash_is_that_of_spark(spark):
    numbers = [0, 1, -1, 7, 2**40 + 3, -(2**62), 2**63 - 1]
    texts = ["", "0", "42", "p1234567", "customer-000012", "abcdefghijklmnopqrstuvwxyz01234"]
    df = spark.createDataFrame([(n,) for n in numbers], "n bigint")
    assert xxhash64(pa.array(numbers)).tolist() == [r[0] for r in df.select(F.xxhash64("n")).collect()]
    small = [0, 1, -1, 32_767, -32_768]
    df = spark.createDataFrame([(n,) for n in small], "n smallint")
    assert xxhash64(pa.array(small, pa.int16())).tolist() == [r[0] for r in df.select(F.xxhash64("n")).collect()]
    df = spark.createDataFrame([(t,) for t in texts], "t string")
    assert xxhash64(pa.array(texts)).tolist() == [r[0] for r in df.select(F.xxhash64("t")).collect()]
    with pytest.raises(SchemaError, match="rows cannot be identified by double"):
        xxhash64(pa.array([1.5]))
