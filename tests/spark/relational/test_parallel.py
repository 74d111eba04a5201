import threading

import pytest

from synthohive_spark.relational.parallel import first_failure


@pytest.mark.parametrize("parallelism", [1, 2])
def test_after_a_failure_no_other_begins_and_what_runs_goes_on(spark, parallelism):
    begun, done, running, another = set(), [], threading.Event(), threading.Event()

    def work(name):
        begun.add(name)
        if name == "bad":
            running.wait()
            raise ValueError("bad luck")
        if name == "never":
            another.set()
        running.set()
        if parallelism == 2:
            another.wait(1)  # so that the thread of the one that fails would be the one to begin another
        done.append(name)

    name, error = first_failure(work, ["first", "bad", "never"], parallelism, spark)
    assert name == "bad" and str(error) == "bad luck"
    assert begun == {"first", "bad"} and done == ["first"]


def test_two_at_a_time_and_the_callers_properties_reach_the_jobs(spark):
    together, groups = threading.Barrier(2, timeout=60), []
    spark.sparkContext.setLocalProperty("spark.test.who", "caller")

    def work(name):
        together.wait()
        groups.append(spark.sparkContext.getLocalProperty("spark.test.who"))

    try:
        assert first_failure(work, ["a", "b", "c", "d"], 2, spark) is None
    finally:
        spark.sparkContext.setLocalProperty("spark.test.who", None)
    assert groups == ["caller"] * 4
