"""A table that has changed since the fit, that is empty, or whose names or types do not fit where it goes."""

import pytest

from synthohive_spark import Metadata, QualityError, SchemaError, Synthesizer, TrainingError, read_table, write_table


def people(spark, amount="CAST(id % 7 AS INT) AS amount"):
    return spark.range(300).selectExpr("id", amount, "STRING(id % 3) AS word")


@pytest.fixture(scope="module")
def learned(spark, fake_engine):
    synthesizer = Synthesizer(Metadata().add_table("people", pk="id"), spark, engine=fake_engine, progress=False)
    return synthesizer.fit({"people": people(spark)}, seed=1, epochs=1)


@pytest.mark.parametrize("format", ["delta", "orc"])
def test_a_target_that_has_changed_names_table_column_and_both_types(spark, database, learned, format):
    rows = learned.sample({"people": 20}, seed=1)
    write_table(people(spark, "STRING(id) AS amount"), f"{database}.people", format=format)
    with pytest.raises(SchemaError) as caught:
        learned.save_to_hive(rows, database, overwrite=True, format=format)
    assert str(caught.value) == (
        f"nothing was written: the rows do not fit table {database}.people: 'amount' is string in the table and int in "
        f"the rows; cast or rename the columns, or drop the table first"
    )
    with pytest.raises(SchemaError, match="'amount' is string in the table and int in the rows"):
        write_table(rows["people"], f"{database}.people", format=format, mode="append")
    assert read_table(spark, f"{database}.people").count() == 300


def test_a_source_that_has_changed_fails_the_gate_with_the_column_and_both_types(spark, learned):
    rows = learned.sample({"people": 20}, seed=1)
    report = learned.generate_validation_report({"people": people(spark, "STRING(id) AS amount")}, rows)
    with pytest.raises(QualityError, match="'amount' is string in the real table and int in the synthetic one"):
        report.require(max_tvd=1, max_ks=1, max_copies=None)


def test_an_empty_source_is_said_and_no_rows_are_a_table(spark, database, learned, fake_estimator):
    with pytest.raises(TrainingError, match="the table with columns 'amount', 'word' has no rows to learn from"):
        fake_estimator(idCol="id").fit(people(spark).limit(0))
    write_table(people(spark).limit(0), f"{database}.people")
    with pytest.raises(SchemaError, match="people: it has no rows to learn from"):
        Synthesizer(learned.metadata, spark, progress=False).fit(database, seed=1)
    for format in ("delta", "orc", "parquet"):
        write_table(learned.sample({"people": 0}, seed=1)["people"], f"{database}.{format}", format=format)
        made = read_table(spark, f"{database}.{format}")
        assert made.count() == 0 and made.schema.simpleString() == "struct<id:bigint,amount:int,word:string>"


def test_every_table_that_hive_cannot_hold_is_named_once_with_the_remedy(spark, database, learned):
    frame = people(spark).selectExpr("*", "timestamp_ntz'2024-01-01' AS seen", "timestamp_ntz'2024-01-01' AS made")
    with pytest.raises(SchemaError) as caught:
        learned.save_to_hive({"a": frame, "b": frame, "c": people(spark)}, database, format="orc")
    said = str(caught.value)
    assert said.count(f"{database}.a") == said.count(f"{database}.b") == 1 and f"{database}.c" not in said
    assert said.startswith(
        f"nothing was written: table {database}.a cannot be written as orc, since Hive cannot hold 'seen' "
        f"(timestamp_ntz), 'made' (timestamp_ntz): cast the column (timestamp_ntz to timestamp or "
    )


def test_names_that_differ_only_in_case_are_said(spark, database, learned, fake_estimator):
    with pytest.raises(SchemaError, match="columns 'amount' and 'AMOUNT' differ at most in case"):
        fake_estimator(idCol="id").fit(people(spark).selectExpr("*", "3 AS AMOUNT"))
    with pytest.raises(SchemaError, match="names column 'ID', .*; did you mean 'id'?"):
        fake_estimator(idCol="ID").fit(people(spark))
    with pytest.raises(SchemaError, match="the table does not have it; did you mean 'id'?"):
        Synthesizer(Metadata().add_table("people", pk="ID"), spark).fit({"people": people(spark)}, seed=1)
    with pytest.raises(SchemaError, match="nothing was written: tables 'People' and 'people' differ at most"):
        learned.save_to_hive({"People": people(spark), "people": people(spark)}, database, overwrite=True)
