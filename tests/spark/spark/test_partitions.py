import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, Synthesizer
from synthohive_spark.relational.sources import open_tables
from synthohive_spark.spark import partitions


@pytest.fixture
def largest_job(spark):
    """Tasks of the largest stage of the jobs since."""
    tracker = spark.sparkContext.statusTracker()
    before = set(tracker.getJobIdsForGroup(None))

    def tasks():
        jobs = map(tracker.getJobInfo, set(tracker.getJobIdsForGroup(None)) - before)
        stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
        # A stage that was skipped may be forgotten already: a thousand are kept in all.
        return max(stage.numTasks for stage in stages if stage is not None)

    return tasks


def source(spark):
    return spark.range(0, 200, 1, 20_000).withColumn("word", F.concat(F.lit("w"), F.col("id") % 3))


def test_many_partitions_are_read_in_a_thousand(spark):
    opened = open_tables(spark, {"t": source(spark), "few": spark.range(0, 5, 1, 3)}, None)
    assert [frame.rdd.getNumPartitions() for frame in opened.values()] == [1_000, 3]
    assert sorted(row.id for row in opened["few"].collect()) == list(range(5))


def test_a_fit_starts_no_task_for_each_of_20_000_partitions(
    spark, fake_engine, fake_estimator, largest_job, monkeypatch
):
    monkeypatch.setattr(partitions, "MOST", 20)
    model = fake_estimator(idCol="id").fit(source(spark))
    assert model.trainingSummary.rows == 200
    declared = Metadata().add_table("t", pk="id")
    database = Synthesizer(declared, spark, engine=fake_engine, progress=False).fit({"t": source(spark)}, seed=1)
    assert database.models["t"].trainingSummary.rows == 200
    assert largest_job() <= 20
