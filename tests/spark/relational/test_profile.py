from pyspark.sql import functions as F

from synthohive_spark.relational.profile import SAMPLE, profile_columns


def test_counts_are_exact_and_samples_are_the_values_of_the_smallest_hashes(spark):
    df = spark.range(40_000).selectExpr(
        "id % 20000 AS many", "IF(id % 4 = 0, NULL, concat('w', id % 30, '  ')) AS few", "CAST(NULL AS INT) AS none"
    )
    profiles = profile_columns(df, ["many", "few", "none"])
    assert (profiles["many"].rows, profiles["many"].nulls, profiles["many"].distinct) == (40_000, 0, 20_000)
    assert (profiles["few"].rows, profiles["few"].nulls, profiles["few"].distinct) == (40_000, 10_000, 30)
    text = spark.range(20_000).select(F.col("id").cast("string").alias("v"))
    smallest = [row.v for row in text.orderBy(F.xxhash64("v")).limit(SAMPLE).collect()]
    assert list(profiles["many"].sample) == smallest
    assert sorted(profiles["few"].sample) == sorted(f"w{i}" for i in range(30))
    assert profiles["none"].sample == () and profiles["none"].distinct == 0


def test_only_wanted_columns_are_sampled_and_no_job_runs_without_columns(spark):
    df = spark.range(10).selectExpr("id", "id * 2 AS twice")
    profiles = profile_columns(df, ["id", "twice"], sampled=["twice"])
    assert profiles["id"].sample == () and profiles["id"].unique
    assert sorted(map(int, profiles["twice"].sample)) == list(range(0, 20, 2))
    assert profile_columns(df, []) == {}
