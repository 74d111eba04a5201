"""Conditions of any columns: seats, constants with weights, nulls filled."""

import datetime

import pytest
from pyspark.sql import functions as F
from structlog.testing import capture_logs

from synthohive_spark import (
    Between,
    Constraint,
    Metadata,
    SchemaError,
    Synthesizer,
    SynthesizerTransformer,
    TrainingError,
)
from synthohive_spark.spark.constraint_check import find_violations
from tests.helpers.frames import assert_same_rows

ROWS = 2000


@pytest.fixture(scope="module")
def people(spark):
    """City decides country and centres the age; the bonus is half null; total = age + bonus."""
    return spark.range(ROWS).selectExpr(
        "id AS person",
        "element_at(array('Oslo', 'Bergen', 'Rome', 'Milan'), CAST(1 + (id * 7) % 4 AS INT)) AS city",
        "IF((id * 7) % 4 < 2, 'Norway', 'Italy') AS country",
        "CAST(IF((id * 7) % 4 < 2, 30, 60) + (id * 13) % 10 AS INT) AS age",
        "CAST(IF(id % 2 = 0, NULL, 100 + (id * 31) % 97) AS INT) AS bonus",
        "CAST(IF((id * 7) % 4 < 2, 30, 60) + (id * 13) % 10 + 100 + (id * 31) % 97 AS INT) AS total",
        "date_add(DATE'2024-01-01', CAST(id % 365 AS INT)) AS day",
        "timestamp_seconds(1700000000 + 3600 * (id % 500)) AS seen",
    )


@pytest.fixture(scope="module")
def model(people):
    estimator = SynthesizerTransformer(
        engine="autoregressive", idCol="person", epochs=30, batchSize=64, seed=1, showProgress=False
    )
    return estimator.fit(people)


def test_seats_give_columns_that_were_not_declared(spark, model):
    seats = spark.range(1200).selectExpr("id AS person", "IF(id % 3 = 0, 'Rome', 'Oslo') AS city", "NULL AS bonus")
    given = model.copy({model.conditionCols: ["bonus", "city"], model.passthroughCols: ["person"]})
    made = given.transform(seats)
    assert made.columns == ["person", *[c.name for c in model.columns]]
    rows = made.collect()
    assert all(r.city == ("Rome" if r.person % 3 == 0 else "Oslo") and r.bonus is None for r in rows)
    assert all(r.country == ("Italy" if r.city == "Rome" else "Norway") for r in rows)
    means = {c: sum(r.age for r in rows if r.city == c) / sum(r.city == c for r in rows) for c in ("Rome", "Oslo")}
    assert means["Rome"] == pytest.approx(64.5, abs=2.5) and means["Oslo"] == pytest.approx(34.5, abs=2.5)
    assert_same_rows(given.transform(seats.repartition(5)), given.transform(seats))


def test_constants_hold_in_every_row_and_weights_to_one_row(people, model):
    made = model.sample(500, seed=3, given={"country": "Italy"})
    assert made.schema.json() == people.schema.json()
    rows = made.collect()
    assert sorted(r.person for r in rows) == list(range(500))
    assert {r.country for r in rows} == {"Italy"} and {r.city for r in rows} == {"Rome", "Milan"}
    weighted = [({"city": "Oslo", "age": 33}, 3), ({"city": "Milan", "age": 61}, 1)]
    cases = model.sample(1001, seed=3, given=weighted).groupBy("city", "age").count().collect()
    assert sorted((c.city, c.age) for c in cases) == [("Milan", 61), ("Oslo", 33)]
    assert abs({c.city: c["count"] for c in cases}["Oslo"] - 750.75) <= 1
    assert_same_rows(*(model.sample(300, seed=3, given=weighted, numPartitions=n) for n in (1, 7)))


def test_ranges_and_lists_hold_in_every_row_on_any_partitioning(people, model):
    given = {"age": Between(31, 36), "city": ["Oslo", "Rome"], "day": Between("2024-02-01", "2024-05-31")}
    made = model.sample(600, seed=3, given=given)
    assert made.schema.json() == people.schema.json()
    assert made.where("age BETWEEN 31 AND 36 AND city IN ('Oslo', 'Rome')").count() == 600
    assert made.where("day BETWEEN DATE'2024-02-01' AND DATE'2024-05-31'").count() == 600
    assert {r.country for r in made.where("city = 'Oslo'").collect()} == {"Norway"}
    assert_same_rows(*(model.sample(300, seed=3, given=given, numPartitions=n) for n in (1, 7)))


def test_constraints_that_few_rows_keep_are_met_in_full(people, model):
    bounds = {"age": Constraint(min=68), "day": Constraint(max=datetime.date(2024, 1, 31))}
    made = model.sample(400, seed=3, redraw=bounds)
    assert 0 < people.where("age >= 68 AND day <= DATE'2024-01-31'").count() < 0.02 * ROWS
    assert made.where("age >= 68 AND day <= DATE'2024-01-31'").count() == 400
    assert find_violations(made, bounds) == ([], 0)
    assert find_violations(people, bounds)[1] == people.where("age < 68 OR day > DATE'2024-01-31'").count()


def test_bounds_on_instants_are_in_utc_whatever_the_session_says(spark):
    rows = spark.sql(
        "SELECT timestamp_seconds(1704067200) AS seen, TIMESTAMP_NTZ'2024-01-01 00:00:00' AS wall, "
        "DATE'2024-01-01' AS day"
    )
    before = spark.conf.get("spark.sql.session.timeZone")
    try:
        for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
            spark.conf.set("spark.sql.session.timeZone", zone)
            for name in ("seen", "wall", "day"):
                at, after = datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1, 0, 0, 1)
                assert find_violations(rows, {name: Constraint(min=at, max=at)})[1] == 0
                assert find_violations(rows, {name: Constraint(min=after)})[1] == 1
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


def test_nulls_are_filled_and_nothing_else_changes(spark, people, model):
    gaps = people.selectExpr(
        "person",
        "'x' AS other",
        "IF(person % 5 = 0, NULL, city) AS city",
        "IF(person % 4 = 0, NULL, country) AS country",
        "IF(person % 3 = 0, NULL, age) AS age",
        "bonus",
        "total",
        "IF(person % 6 = 0, NULL, day) AS day",
        "seen",
    )
    before = spark.sparkContext.statusTracker().getJobIdsForGroup(None)
    filled = model.impute(gaps, seed=5)
    assert spark.sparkContext.statusTracker().getJobIdsForGroup(None) == before
    assert [(f.name, f.dataType) for f in filled.schema] == [(f.name, f.dataType) for f in gaps.schema]
    real, known, made = ({r.person: r for r in df.collect()} for df in (people, gaps, filled))
    for person, row in made.items():
        for name, value in known[person].asDict().items():
            assert row[name] is not None
            assert value is None or row[name] == value
        if known[person].city is not None:
            assert row.country == real[person].country
        if known[person].age is None and real[person].bonus is not None:
            assert row.age == real[person].age == row.total - row.bonus
    assert_same_rows(model.impute(gaps.repartition(5), seed=5), filled)
    only = model.impute(gaps, cols=["age"], seed=5)
    assert only.filter("age IS NULL").count() == 0
    assert only.filter("city IS NULL").count() == gaps.filter("city IS NULL").count()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"town": "Oslo"}, "given names 'town', which is not a learned column"),
        ({"city": "Olso"}, "given sets 'city' to 'Olso', which is not among the 4 values"),
        ({"city": None}, "given sets 'city' to None, but the column had no nulls"),
        ({"age": "old"}, "given sets 'age' of type int to 'old'"),
        ("Oslo", "given must be values by column, or pairs"),
        ([({"city": "Oslo"}, 0)], "a weight in given must be a number above 0, got 0"),
        ([({"city": "Oslo"}, 1), ({"age": 30}, 1)], "must name the same columns"),
    ],
)
def test_what_is_given_wrongly_is_named(model, given, message):
    with pytest.raises(SchemaError, match=message):
        model.sample(5, given=given)


def test_other_wrong_arguments(spark, people, model):
    with pytest.raises(SchemaError, match="cols names 'aeg'.*did you mean 'age'"):
        model.impute(people, cols=["aeg"])
    with pytest.raises(SchemaError, match="conditionCols names 'towm'"):
        model.copy({model.conditionCols: ["towm"]}).transform(spark.range(2))
    for params, message in (({"pac": 2}, "no setting 'pac'"), ({"numericEncoding": "mixture"}, "leave it at 'rank'")):
        with pytest.raises(SchemaError, match=message):
            SynthesizerTransformer(engine="autoregressive", **params).fit(people)


def test_a_ctgan_says_how_to_give_what_was_not_declared(people):
    estimator = SynthesizerTransformer(idCol="person", conditionCols=["city"], epochs=1, seed=1, showProgress=False)
    ctgan = estimator.fit(people.limit(200))
    assert {r.city for r in ctgan.sample(20, seed=1, given={"city": "Rome"}).collect()} == {"Rome"}
    with pytest.raises(SchemaError, match=r"takes no other condition: learn with conditionCols=\['city', 'age'\]"):
        ctgan.sample(5, given={"age": 30, "city": "Rome"})
    with pytest.raises(SchemaError, match="always are given: 'city' is missing"):
        ctgan.sample(5, given={"age": 30})
    with pytest.raises(SchemaError, match="engine='autoregressive'"):
        ctgan.impute(people)


def test_an_interrupted_fit_goes_on_from_its_folder(people, tmp_path, monkeypatch):
    from synthohive_spark.engine.autoregressive import training
    from synthohive_spark.engine.training import checkpoint

    estimator = SynthesizerTransformer(
        engine="autoregressive", checkpointDir=str(tmp_path), epochs=2, batchSize=200, seed=3, showProgress=False
    )
    whole = estimator.fit(people)
    assert list(tmp_path.iterdir()) == []
    step, steps = training.AutoregressiveTrainer.step, []

    def interrupted(self):
        steps.append(1)
        if len(steps) == 8:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(checkpoint.Checkpoint, "is_due", property(lambda self: True))
    monkeypatch.setattr(training.AutoregressiveTrainer, "step", interrupted)
    with pytest.raises(TrainingError, match="the next fit resumes from"):
        estimator.fit(people)
    with capture_logs() as logs:
        again = estimator.fit(people)
    assert [e["event"] for e in logs].count("resumed") == 1 and list(tmp_path.iterdir()) == []
    assert again.table_model.fitted.files == whole.table_model.fitted.files


def test_the_facade_passes_conditions_on(spark, people):
    synthesizer = Synthesizer(Metadata().add_table("t", pk="person"), spark, engine="autoregressive", progress=False)
    synthesizer.fit({"t": people}, seed=1, epochs=5)
    made = synthesizer.sample({"t": 50}, seed=2, given={"t": {"city": "Milan"}})["t"]
    assert {(r.city, r.country) for r in made.collect()} == {("Milan", "Italy")}
    gaps = people.withColumn("day", F.lit(None).cast("date")).limit(30)
    days = [r.day for r in synthesizer.impute("t", gaps, seed=2).collect()]
    assert all(datetime.date(2024, 1, 1) <= day <= datetime.date(2024, 12, 31) for day in days)
    with pytest.raises(SchemaError, match="table 'u' is not"):
        synthesizer.sample({"t": 5}, given={"u": {}})
