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


def test_the_hours_of_a_station_follow_each_other_however_many_there_are(spark):
    """Families far larger than a block: in one row an hour, with the parts of the hour beside it."""
    metadata = Metadata().add_table("stations", pk="code", keep=True)
    metadata.add_table("readings", pk=["code", "at"], fk={"code": "stations.code"})
    hours = spark.range(2_000).selectExpr(
        "IF(id < 1100, 'A', 'B') AS code",
        "timestamp'2013-01-01 06:00:00' + make_interval(0, 0, 0, 0, CAST(id % 1100 AS INT)) AS at",
        "id % 7 AS wind",
    )
    readings = hours.selectExpr("code", "at", "month(at) AS month", "hour(at) AS hour", "wind")
    tables = {"stations": spark.sql("SELECT * FROM VALUES ('A'), ('B') AS t(code)"), "readings": readings}
    made = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(tables, **SETTINGS).sample(seed=1)
    rows = made["readings"].toPandas().sort_values(["code", "at"])
    sizes = rows.groupby("code").size()
    assert sizes["A"] >= 1_090 and sizes["B"] >= 895  # ends of the range that few rows show are left out
    gaps = rows.groupby("code")["at"].diff().dropna().dt.total_seconds()
    assert (gaps == 3600).mean() > 0.99
    assert (rows["month"] == rows["at"].dt.month).all() and (rows["hour"] == rows["at"].dt.hour).all()


def test_rows_of_one_key_have_in_common_what_they_really_do(spark):
    """Pilots fly for some weeks each, and planes all year round."""
    metadata = (
        Metadata()
        .add_table("days", pk="day")
        .add_table("pilots", pk="pilot")
        .add_table("planes", pk="plane")
        .add_table("flights", fk={"day": "days.day", "pilot": "pilots.pilot", "plane": "planes.plane"}, owner="day")
    )
    tables = {
        "days": spark.range(400).selectExpr("id AS day", "id % 400 AS season"),
        "pilots": spark.range(60).selectExpr("id AS pilot", "id % 2 AS grade"),
        "planes": spark.range(60).selectExpr("id AS plane", "id % 2 AS size"),
        "flights": spark.range(6_000).selectExpr(
            "id DIV 15 AS day", "(id DIV 100 + id % 3) % 60 AS pilot", "(id * 7919) % 60 AS plane", "id % 5 AS delay"
        ),
    }
    synthesizer = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(tables, seed=1, epochs=20)
    made = synthesizer.sample(seed=1)
    flights = made["flights"].join(made["days"], "day").toPandas()

    def spread(key):
        """How far apart in the year rows of one key are, of how far apart all are."""
        return (flights["season"] - flights.groupby(key)["season"].transform("mean")).std() / flights["season"].std()

    assert spread("pilot") < 0.5 and spread("plane") > 0.9
    assert flights["pilot"].nunique() > 45 and flights["plane"].nunique() > 45


def test_children_are_given_nothing_of_their_parents_names(spark):
    """No drawn parent has one of the names that a model was learned from."""
    metadata = Metadata().add_table("people", pk="id").add_table("visits", pk="id", fk={"person": "people.id"})
    tables = {
        "people": spark.range(200).selectExpr("id", "concat('Name', hex(id * 7919)) AS name", "id % 3 AS ward"),
        "visits": spark.range(1_000).selectExpr("id", "id % 200 AS person", "CAST(id % 200 % 3 AS STRING) AS ward"),
    }
    synthesizer = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(tables, **SETTINGS)
    given = {c.name for c in synthesizer.models["visits"].table_model.conditions}
    assert "@up1.ward" in given and "@up1.name" not in given


def test_a_child_knows_which_kept_row_its_parent_refers_to(spark):
    metadata = Metadata().add_table("states", pk="code", keep=True)
    metadata.add_table("orders", pk="id", fk={"state": "states.code"})
    metadata.add_table("lines", pk="id", fk={"order": "orders.id"}, owner="order")
    states = "('new'), ('paid'), ('sent'), ('back')"
    tables = {
        "states": spark.sql(f"SELECT * FROM VALUES {states} AS t(code)"),
        "orders": spark.range(400).selectExpr(
            "id", "element_at(array('new', 'paid', 'sent', 'back'), CAST(1 + id % 4 AS INT)) AS state"
        ),
        "lines": spark.range(1_600).selectExpr("id", "id % 400 AS order", "IF(id % 4 = 3, 'refund', 'sale') AS kind"),
    }
    made = (
        Synthesizer(metadata, spark, engine="autoregressive", progress=False)
        .fit(tables, seed=1, epochs=20)
        .sample(seed=1)
    )
    joined = made["lines"].join(made["orders"].withColumnRenamed("id", "order"), "order").toPandas()
    assert ((joined["kind"] == "refund") == (joined["state"] == "back")).mean() > 0.97
    assert abs((joined["kind"] == "refund").mean() - 0.25) < 0.06
