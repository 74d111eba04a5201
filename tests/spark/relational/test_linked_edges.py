"""Linked tables at their edges: kept tables that own and are referred to, and samples of roots."""

from synthohive_spark import Metadata, Synthesizer

SETTINGS = {"seed": 1, "epochs": 2}


def test_a_kept_table_that_owns_one_table_and_is_referred_to_by_another(spark):
    metadata = (
        Metadata()
        .add_table("stations", pk="code", keep=True)
        .add_table("readings", pk=["code", "hour"], fk={"code": "stations.code"})
        .add_table("trips", pk="id", fk={"start": "stations.code"})
    )
    tables = {
        "stations": spark.sql("SELECT * FROM VALUES ('A', 1), ('B', 2), ('C', 3) AS t(code, zone)"),
        "readings": spark.range(300).selectExpr("substr('ABC', 1 + id % 3, 1) AS code", "id AS hour", "id % 3 AS wind"),
        "trips": spark.range(200).selectExpr("id", "substr('AB', 1 + id % 2, 1) AS start", "id % 2 AS fare"),
    }
    made = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(tables, **SETTINGS).sample(seed=1)
    assert metadata.plan().tables["readings"].owner.parent == "stations"
    assert made["stations"].exceptAll(tables["stations"]).count() == 0
    hours = {r.code: r["count"] for r in made["readings"].groupBy("code").count().collect()}
    assert set(hours) == set("ABC") and min(hours.values()) >= 95  # the last hours lie beyond the range that is kept
    assert made["readings"].select("code", "hour").distinct().count() == sum(hours.values())
    assert {r.start for r in made["trips"].select("start").distinct().collect()} == {"A", "B"}


def test_a_sample_of_a_root_has_the_shares_of_all_its_rows(spark):
    metadata = Metadata().add_table("letters", pk="id")
    rows = spark.range(20_000).selectExpr("id", "IF(id % 10 < 7, 'a', 'b') AS letter")
    fitted = Synthesizer(metadata, spark, engine="autoregressive", progress=False)
    fitted.fit({"letters": rows}, max_training_rows=4_000, **SETTINGS)
    assert 3_700 < fitted.models["letters"].trainingSummary.training_rows <= 4_000
    share = fitted.sample({"letters": 10_000}, seed=1)["letters"].where("letter = 'a'").count() / 10_000
    assert abs(share - 0.7) < 0.03
