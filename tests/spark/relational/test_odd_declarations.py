"""Declarations and tables that meet at their edges: each was a fault once, or nearly."""

import re

import pytest

from synthohive_spark import Constraint, Metadata, SchemaError, SerializationError, Synthesizer

SETTINGS = {"seed": 1, "epochs": 1, "batch_size": 100}


def people(spark, n=400):
    return spark.range(n).selectExpr(
        "concat('CUST-', lpad(CAST(id AS STRING), 5, '0')) AS `cust.id`",
        "CAST(id % 40 AS STRING) AS `b``tick`",
        "CAST(NULL AS STRING) AS nothing",
        "concat('p', id % 7, '@mail.org') AS email",
        "1152921504606846976 + id % 50 AS big",
        "CAST(id % 30 AS DOUBLE) / 4 AS half",
        "id + 1 AS number",
        "id % 9 AS x",
    )


def fit(spark, df, hash_key=None, **declared):
    metadata = Metadata().add_table("t", **declared)
    return Synthesizer(metadata, spark, progress=False).fit({"t": df}, hash_key=hash_key, **SETTINGS)


def test_a_key_that_is_personal_stays_unique_in_its_pattern_and_meets_no_real_one(spark):
    df = people(spark)
    made = fit(spark, df, pk="cust.id", pii={"cust.id": "fake", "nothing": "fake"}).sample({"t": 2000}, seed=1)["t"]
    keys = {row[0] for row in made.select("`cust.id`").collect()}
    assert len(keys) == 2000 and all(re.fullmatch(r"CUST-\d{5,}", key) for key in keys)
    assert not keys & {row[0] for row in df.select("`cust.id`").collect()}
    assert made.where("nothing IS NOT NULL").count() == 0 and made.schema == df.schema


def test_of_a_key_of_several_columns_one_is_unique_whatever_the_others_are(spark):
    made = fit(spark, people(spark), b"key", pk=["email", "number"], pii={"email": "hash"}).sample({"t": 900}, seed=1)[
        "t"
    ]
    assert made.select("email", "number").distinct().count() == 900
    assert all(re.fullmatch("[0-9a-f]{64}", row.email) for row in made.select("email").distinct().collect())
    unique = spark.range(200).selectExpr("concat('p', id, '@mail.org') AS email", "id % 5 AS x")
    hashed = fit(spark, unique, b"key", pk="email", pii={"email": "hash"}).sample({"t": 900}, seed=1)["t"]
    assert hashed.select("email").distinct().count() == 900
    with pytest.raises(SchemaError, match=r"primary key \(email\) cannot be made unique from masked or hashed"):
        fit(spark, unique, pk="email", pii={"email": "mask"})


def test_what_is_left_out_needs_no_rule_and_no_key(spark):
    made = fit(spark, people(spark), pii={"email": "hash"}, exclude=["email"]).sample({"t": 5}, seed=1)["t"]
    assert "email" not in made.columns and made.count() == 5


def test_a_constraint_on_a_key_and_on_large_numbers_can_be_kept(spark):
    constraints = {
        "number": Constraint(min=1),
        "big": Constraint(min=1152921504606846986),
        "half": Constraint(dtype="int", max=5),
        "x": Constraint(dtype="tinyint"),
        "b`tick": Constraint(dtype="int"),
    }
    synthesizer = fit(spark, people(spark), pk="number", constraints=constraints)
    made = synthesizer.sample({"t": 300}, seed=1, enforce_constraints=True, on_violation="resample")["t"]
    row = made.selectExpr(
        "count(*) n", "min(number) k", "min(big) b", "max(half) h", "count_if(half % 1 != 0) f"
    ).first()
    assert (row.n, row.k) == (300, 1) and row.b >= 1152921504606846976 + 10 and row.h <= 5 and row.f > 0


def test_char_columns_are_kept_apart_without_their_padding(spark, database):
    spark.sql(f"CREATE TABLE {database}.t (name CHAR(30), x BIGINT) USING parquet")
    names = ["Michael", "Jennifer", "James", "Mary", "Robert", "Linda", "David", "Susan", "John", "Karen"]
    rows = [(f"{names[i % 10]} {names[i // 10 % 10]}son", i % 5) for i in range(400)]
    spark.createDataFrame(rows, "name string, x long").write.insertInto(f"{database}.t")
    df = spark.table(f"{database}.t")
    made = fit(spark, df, pii={"name": {"action": "fake", "kind": "name"}}).sample({"t": 3000}, seed=1)["t"]
    real = {name for name, _ in rows}
    assert not real & {row.name.rstrip() for row in made.collect()} and made.schema == df.schema


def test_a_link_to_a_personal_key_needs_no_rule_of_its_own_and_gets_one_proposed(spark):
    metadata = Metadata().add_table("p", pk="email", pii={"email": "fake"}).add_table("c", fk={"mail": "p.email"})
    parent = spark.range(30).selectExpr("concat('a', id, '@mail.org') AS email")
    child = spark.range(60).selectExpr("concat('a', id % 30, '@mail.org') AS mail")
    assert metadata.validate_schema({"p": parent, "c": child}, spark) is None
    proposed = Metadata.from_tables({"p": parent, "c": child.withColumnRenamed("mail", "email")}, spark)
    assert proposed.tables["p"].pii["email"].kind == proposed.tables["c"].pii["email"].kind == "email"


def test_a_table_without_a_database_is_guarded_as_a_source(spark, database):
    spark.sql(f"USE {database}")
    try:
        people(spark, 50).select("number", "x").write.saveAsTable("here")
        metadata = Metadata().add_table("here", pk="number")
        synthesizer = Synthesizer(metadata, spark, progress=False).fit({"here": "here"}, **SETTINGS)
        with pytest.raises(SchemaError, match="is where the real tables were read from"):
            synthesizer.save_to_hive(synthesizer.sample(seed=1), database, overwrite=True)
    finally:
        spark.sql("USE default")


def test_context_columns_are_given_by_seats(spark):
    synthesizer = fit(spark, people(spark).select("number", "x", "half"), pk="number", context=["x"])
    assert synthesizer.sample(seed=1) == {}
    with pytest.raises(SchemaError, match=r"call synthesizer.models\['t'\].transform\(seats\)"):
        synthesizer.sample({"t": 5}, seed=1)
    seats = spark.range(20).selectExpr("id % 3 AS x")
    assert synthesizer.models["t"].transform(seats).count() == 20


def test_an_error_while_an_interrupt_is_handled_is_itself(spark, tmp_path):
    synthesizer = fit(spark, people(spark).select("number", "x"), pk="number")
    synthesizer.save(tmp_path / "model")
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with pytest.raises(SerializationError, match="overwrite=True"):
            synthesizer.save(tmp_path / "model")
        with pytest.raises(SchemaError, match="tables must be a list of table names, got 't'"):
            synthesizer.fit({"t": people(spark)}, tables="t")
