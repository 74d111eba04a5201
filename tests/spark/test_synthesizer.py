"""The facade on a small database, end to end on real Spark."""

import re

import pytest
from structlog.testing import capture_logs

from synthohive_spark import (
    Constraint,
    ConstraintViolationError,
    Metadata,
    SchemaError,
    SerializationError,
    Synthesizer,
    SynthesizerTransformerModel,
    SynthoHiveError,
    TrainingError,
    read_table,
)
from synthohive_spark.errors import WriteError
from tests.helpers.people import PERSONAL, make_database

SETTINGS = {"epochs": 2, "batch_size": 100}


def declared():
    return (
        Metadata()
        .add_table(
            "customers",
            pk="customer_id",
            pii={name: "fake" for name in PERSONAL},
            constraints={"age": Constraint(min=30), "spent": Constraint(max=90.5)},
        )
        .add_table("orders", pk="order_id", fk={"customer_id": "customers.customer_id"})
    )


@pytest.fixture(scope="module")
def people(spark):
    make_database(spark, "people")
    yield "people"
    spark.sql("DROP DATABASE people CASCADE")


@pytest.fixture(scope="module")
def fitted(spark, people):
    return Synthesizer(declared(), spark, progress=False).fit(people, seed=1, **SETTINGS)


@pytest.fixture(scope="module")
def tables(fitted):
    return fitted.sample({"customers": 2000, "orders": 500}, seed=7)


def test_the_schema_and_the_counts_are_those_asked_for(spark, people, tables):
    for name, rows in (("customers", 2000), ("orders", 500)):
        assert tables[name].schema == read_table(spark, f"{people}.{name}").schema
        assert tables[name].count() == rows


def test_as_many_rows_as_were_learned_when_none_are_named(fitted):
    assert {name: df.count() for name, df in fitted.sample(seed=1).items()} == {"customers": 600, "orders": 900}


def test_sampling_is_lazy(spark, fitted):
    tracker = spark.sparkContext.statusTracker()
    before = tracker.getJobIdsForGroup(None)
    fitted.sample({"customers": 10**9}, seed=1)
    assert tracker.getJobIdsForGroup(None) == before


def test_keys_are_unique_and_like_the_real_ones(tables):
    keys = [row.customer_id for row in tables["customers"].select("customer_id").collect()]
    assert len(set(keys)) == 2000 and all(re.fullmatch(r"CUST-\d{5}", key) for key in keys)
    orders = sorted(row.order_id for row in tables["orders"].select("order_id").collect())
    assert orders == list(range(1000, 1500))  # from where the real ones start


def test_rows_do_not_depend_on_the_partitioning(fitted):
    model = fitted.models["customers"]
    once = sorted(map(str, model.sample(700, seed=5, numPartitions=1).collect()))
    assert once == sorted(map(str, model.sample(700, seed=5, numPartitions=7).collect()))
    assert once != sorted(map(str, model.sample(700, seed=6).collect()))


def test_stand_ins_are_unique_and_of_the_right_kind(tables):
    rows = tables["customers"].select(*PERSONAL).collect()
    for name in PERSONAL:
        assert len({row[name] for row in rows}) == 2000, name
    assert all(re.fullmatch(r"[a-z0-9.\-]+@example\.(com|org|net)", row.email) for row in rows)
    assert all(row.card.isdigit() and luhn_passes(row.card) for row in rows)


def test_the_name_and_the_address_of_a_row_are_one_person_s(fitted, tables, spark, tmp_path):
    rows = tables["customers"].select("name", "email").collect()
    for name, email in rows:
        first, middle, last = name.lower().split()
        assert re.fullmatch(r"[a-z]\.", middle) and re.fullmatch(rf"{first}\.{last}\d+@example\.(com|org|net)", email)
    fitted.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model", spark=spark).sample({"customers": 2000}, seed=7)["customers"]
    assert sorted(again.repartition(5).select("name", "email").collect()) == sorted(rows)


def luhn_passes(digits):
    doubled = [int(d) * (1 if i % 2 == 0 else 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_no_real_value_of_a_personal_or_nearly_unique_column_comes_out_or_is_kept(spark, people, fitted, tmp_path):
    fitted.save(tmp_path / "model")
    content = "\n".join(
        file.read_bytes().decode("latin-1") for file in (tmp_path / "model").rglob("*") if file.is_file()
    )
    real, made = read_table(spark, f"{people}.customers"), fitted.sample({"customers": 20_000}, seed=9)["customers"]
    for name in (*PERSONAL, "notes", "username"):
        values = {row[0] for row in real.select(name).distinct().collect()} - {None}
        assert len(values) > 200
        assert not values & {row[0] for row in made.select(name).collect()}, name
        assert not [v for v in values if v in content or v.encode().decode("latin-1") in content], name


def test_nulls_stay_where_the_real_column_has_some(tables):
    nulls = tables["customers"].selectExpr("count_if(username IS NULL) AS u", "count_if(email IS NULL) AS e").first()
    assert nulls.e == 0 and 200 < nulls.u < 500


def test_violations_are_dropped_with_one_warning(fitted):
    with capture_logs() as logs:
        kept = fitted.sample({"customers": 1000}, seed=3, enforce_constraints=True)["customers"]
    plain = fitted.sample({"customers": 1000}, seed=3)["customers"]
    valid = plain.where("age >= 30 AND spent <= 90.5")
    assert 0 < valid.count() < 1000
    assert sorted(map(str, kept.collect())) == sorted(map(str, valid.collect()))
    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [w["event"] for w in warnings] == ["constraint_violations"]
    assert warnings[0]["rows_left_out"] == 1000 - valid.count()


def test_the_message_of_violations_is_to_the_letter(fitted):
    plain = fitted.sample({"customers": 1000}, seed=3)["customers"]
    worst = plain.selectExpr("min(age) AS a", "max(spent) AS s").first()
    with pytest.raises(ConstraintViolationError) as caught:
        fitted.sample({"customers": 1000}, seed=3, enforce_constraints=True, on_violation="raise")
    assert str(caught.value) == f"2 violations — age: got {worst.a} (min=30); spent: got {worst.s} (max=90.5)"
    assert [(v.column, v.bound) for v in caught.value.violations] == [("age", "min=30"), ("spent", "max=90.5")]


def test_resampled_rows_keep_the_constraints_and_the_count(fitted):
    arguments = {"seed": 3, "enforce_constraints": True, "on_violation": "resample"}
    made = fitted.sample({"customers": 1000}, **arguments)["customers"]
    assert made.count() == 1000 == made.where("age >= 30 AND spent <= 90.5").count()
    plain = fitted.sample({"customers": 1000}, seed=3)["customers"]
    valid = {str(row) for row in plain.where("age >= 30 AND spent <= 90.5").collect()}
    assert valid < {str(row) for row in made.collect()}
    assert [r[0] for r in made.select("customer_id").collect()] == [r[0] for r in plain.select("customer_id").collect()]


def test_what_cannot_be_met_by_resampling_says_how_many_rows_remain(spark, people):
    metadata = Metadata().add_table("orders", pk="order_id", constraints={"quantity": Constraint(max=0)})
    synthesizer = Synthesizer(metadata, spark, progress=False).fit(people, seed=1, **SETTINGS)
    message = r"^1 violation — quantity: got \d+ \(max=0\); 80 rows remain after"
    with pytest.raises(ConstraintViolationError, match=message):
        synthesizer.sample({"orders": 80}, seed=1, enforce_constraints=True, on_violation="resample")


def test_tables_learned_beside_each_other_are_the_same(spark, people, fitted):
    beside = Synthesizer(declared(), spark, progress=False).fit(people, seed=1, parallelism=2, **SETTINGS)
    assert beside.models.keys() == fitted.models.keys() == {"customers", "orders"}
    for name, model in fitted.models.items():
        assert beside.models[name].table_model.fitted.files == model.table_model.fitted.files != {}


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_table_that_fails_is_named_and_the_others_are_kept(spark, people, parallelism):
    orders = read_table(spark, f"{people}.orders")
    metadata = declared().add_table("broken")
    broken = orders.selectExpr("IF(order_id >= 0, raise_error('disk on fire'), 1) AS x")
    synthesizer = Synthesizer(metadata, spark, progress=False)
    source = {"customers": f"{people}.customers", "orders": orders, "broken": broken}
    with pytest.raises(TrainingError) as caught:
        synthesizer.fit(source, seed=1, tables=["customers", "broken"], parallelism=parallelism, **SETTINGS)
    assert "table 'broken': Spark could not read the training rows" in str(caught.value)
    assert "learned and kept: customers" in str(caught.value) and "disk on fire" in str(caught.value)
    assert set(synthesizer.models) == {"customers"} and caught.value.__cause__ is not None
    synthesizer.fit(source, seed=1, tables=["orders"], **SETTINGS)
    assert set(synthesizer.sample({"orders": 5, "customers": 5})) == {"customers", "orders"}


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        ("SELECT 1 AS x WHERE 1 = 0", SchemaError, "t: it has no rows to learn from; if no row is about a person"),
        ("SELECT CAST(NULL AS INT) AS x, CAST(NULL AS STRING) AS y FROM range(9)", TrainingError, "null in all of its"),
        ("SELECT id AS x FROM range(3)", SchemaError, "t: too small to be learned: in 3 rows, no value of 'x' is"),
    ],
)
def test_what_cannot_be_learned_is_a_typed_error(spark, frame, error, message):
    with pytest.raises(error) as caught:
        Synthesizer(Metadata().add_table("t"), spark, progress=False).fit({"t": spark.sql(frame)}, seed=1)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.fit("people", epoch=3), "fit has no parameter 'epoch'; did you mean 'epochs'?"),
        (lambda s: s.fit("people", epochs="many"), "Param 'epochs' has a value of the wrong type"),
        (lambda s: s.fit("people", tables=["order"]), "table 'order' is not declared; did you mean 'orders'?"),
        (lambda s: s.fit("people", seed="x"), "seed must be a whole number, got 'x'"),
        (lambda s: s.sample({"customer": 5}), "table 'customer' is not declared; did you mean 'customers'?"),
        (lambda s: s.sample({"orders": -1}), "rows of 'orders' must be a whole number of at least 0, got -1"),
        (lambda s: s.sample(100), "rows must be a mapping such as"),
        (lambda s: s.sample(on_violation="resampel"), "'resampel' is not known; did you mean 'resample'?"),
        (lambda s: s.save_to_hive({"orders": 5}, "bad name"), "database name 'bad name' is not valid"),
        (lambda s: s.save_to_hive({"a;b": None}, "target"), "table name 'a;b' is not valid"),
        (lambda s: Synthesizer(Metadata(), s.spark), "declares at least one table"),
        (lambda s: Synthesizer(declared(), s.spark, engine="ctgann"), "engine 'ctgann' is not known"),
    ],
)
def test_wrong_arguments_say_what_is_right(fitted, call, message):
    with pytest.raises(SchemaError) as caught:
        call(fitted)
    assert message in str(caught.value)


def test_what_is_not_learned_yet_cannot_be_drawn_or_saved(spark, tmp_path):
    for call in (lambda s: s.sample(), lambda s: s.save(tmp_path / "m")):
        with pytest.raises(SchemaError, match="no table is learned yet: call fit or load first"):
            call(Synthesizer(declared(), spark))


def test_a_loaded_synthesizer_draws_the_same_rows(spark, fitted, tables, tmp_path):
    path = str(tmp_path / "model")
    fitted.save(path)
    with pytest.raises(SerializationError, match="overwrite=True"):
        fitted.save(path)
    fitted.save(path, overwrite=True)
    loaded = Synthesizer.load(path, spark)
    assert loaded.metadata == fitted.metadata
    again = loaded.sample({"customers": 2000, "orders": 500}, seed=7)
    for name, df in tables.items():
        assert sorted(map(str, again[name].collect())) == sorted(map(str, df.collect()))
    with pytest.raises(SerializationError, match="holds the tables of a database; load it with .*Synthesizer.load"):
        SynthesizerTransformerModel.load(path)
    fitted.models["orders"].save(str(tmp_path / "one"))
    with pytest.raises(SerializationError, match="holds no database; a single table is loaded with"):
        Synthesizer.load(tmp_path / "one")
    with pytest.raises(SchemaError, match="database people is where the real tables were read from"):
        loaded.save_to_hive(again, "people", overwrite=True)


@pytest.mark.parametrize("format", ["delta", "orc", "parquet"])
def test_tables_are_written_into_a_database_that_is_made(spark, fitted, tables, format):
    target = f"made_{format}"
    fitted.save_to_hive(tables, target, format=format)
    for name, df in tables.items():
        assert sorted(map(str, read_table(spark, f"{target}.{name}").collect())) == sorted(map(str, df.collect()))
    message = "nothing was written: table .*customers exists already.*orders exists already"
    with pytest.raises(SchemaError, match=message):
        fitted.save_to_hive(tables, target, format=format)
    fitted.save_to_hive({"orders": tables["orders"].limit(3)}, target, overwrite=True, format=format)
    assert read_table(spark, f"{target}.orders").count() == 3
    assert read_table(spark, f"{target}.customers").count() == 2000
    spark.sql(f"DROP DATABASE {target} CASCADE")


def test_a_write_that_fails_says_what_is_in_place_and_what_is_not(spark, fitted, tables):
    broken = tables["orders"].selectExpr(
        "order_id", "customer_id", "IF(order_id >= 0, raise_error('full'), price) AS price", "quantity"
    )
    with pytest.raises(WriteError) as caught:
        fitted.save_to_hive({"customers": tables["customers"], "orders": broken, "more": broken}, "half_made")
    assert caught.value.written == ("half_made.customers",)
    assert caught.value.missing == ("half_made.orders", "half_made.more")
    assert "in place: half_made.customers; not in place: half_made.orders, half_made.more" in str(caught.value)
    assert read_table(spark, "half_made.customers").count() == 2000
    assert not spark.catalog.tableExists("half_made.orders")
    spark.sql("DROP DATABASE half_made CASCADE")


def test_the_source_is_written_only_when_told_twice(spark, fitted, tables):
    make_database(spark, "people_too")
    synthesizer = Synthesizer(declared(), spark, progress=False)
    synthesizer.fit({"orders": "people_too.orders"}, tables=["orders"], seed=1, **SETTINGS)
    for arguments in ({}, {"overwrite": True}, {"allow_source": True}):
        with pytest.raises(SchemaError, match="give both overwrite=True and allow_source=True"):
            synthesizer.save_to_hive({"orders": tables["orders"]}, "people_too", **arguments)
    synthesizer.save_to_hive({"orders": tables["orders"]}, "people_too", overwrite=True, allow_source=True)
    assert read_table(spark, "people_too.orders").count() == 500
    spark.sql("DROP DATABASE people_too CASCADE")


def test_foreign_errors_are_wrapped_with_their_cause(fitted, monkeypatch):
    with pytest.raises(SynthoHiveError, match="save_to_hive failed: AttributeError") as caught:
        fitted.save_to_hive({"orders": 5}, "target_of_nothing")
    assert isinstance(caught.value.__cause__, AttributeError)
    with pytest.raises(TrainingError, match="fit failed: TypeError") as caught:
        fitted.fit({"customers": 1, "orders": 2}, seed=1, hash_key=None, tables=5)
    assert isinstance(caught.value.__cause__, TypeError)
