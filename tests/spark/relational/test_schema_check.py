import pytest

from synthohive_spark import Constraint, Metadata, Privacy, SchemaError
from synthohive_spark.relational import schema_check
from synthohive_spark.relational.schema_check import require_valid_schema


@pytest.fixture(scope="module")
def tables(spark):
    customers = spark.sql(
        "SELECT id, concat('c', id % 9) AS name, CAST(id % 50 - 3 AS INT) AS age, id % 2 = 0 AS flag, "
        "X'00' AS photo, IF(id = 5, NULL, id) AS ref FROM range(20)"
    )
    orders = spark.sql("SELECT id AS order_id, CAST(id % 20 AS INT) AS customer_id, 1.5D AS price FROM range(40)")
    return {"customers": customers, "orders": orders}


def problems(metadata, tables, spark):
    with pytest.raises(SchemaError) as caught:
        metadata.validate_schema(tables, spark)
    return set(caught.value.problems), str(caught.value)


def test_all_problems_come_at_once_each_with_table_and_column(spark, tables):
    metadata = (
        Metadata()
        .add_table(
            "customers",
            pk="name",
            constraints={"age": Constraint(min=0, max=10), "name": Constraint(min=1), "agee": Constraint(min=1)},
            pii={"flag": "fake", "ref": "mask"},
        )
        .add_table("orders", pk="order_id", fk={"customer_id": "customers.id", "price": "shops.id"})
    )
    found, message = problems(metadata, tables, spark)
    assert found == {
        "customers.agee: constraints names it, but the table does not have it; did you mean 'age'?",
        "customers.name: constraint min and max need a number, or dates for a date or timestamp, the column is string",
        "customers.flag: pii 'fake' needs a string or an integer, the column is boolean; drop it, say",
        "customers.ref: pii 'mask' makes text, the column is bigint; drop it, say",
        "customers.photo: type binary cannot be learned; exclude the column, or cast it",
        "customers.name: the primary key is not unique: 20 rows hold 9 keys",
        "customers.age: constraint min=0 contradicts the data: 3 of 20 rows break it",
        "customers.age: constraint max=10 contradicts the data: 6 of 20 rows break it",
        "orders.customer_id: fk is int, but customers.id is bigint; cast one of them",
        "orders.price: fk refers to table 'shops', not declared; known are customers, orders",
    }
    assert message.startswith("10 problems between the metadata and the tables — ")


def test_keys_with_nulls_and_keys_of_several_columns(spark, tables):
    metadata = Metadata().add_table("customers", pk=["ref", "flag"], exclude=["photo"])
    assert problems(metadata, tables, spark)[0] == {
        "customers.ref: the primary key is null in 1 of 20 rows",
        "customers.flag: a boolean cannot be a primary key; name another column in pk",
    }
    doubled = Metadata().add_table("orders", pk=["customer_id", "price"])
    assert problems(doubled, tables, spark)[0] == {
        "orders.(customer_id, price): the primary key is not unique: 40 rows hold 20 keys"
    }
    assert Metadata().add_table("orders", pk=["order_id", "price"]).validate_schema(tables, spark) is None


def test_a_constraint_on_the_type_of_text(spark):
    frame = spark.createDataFrame([("1",), ("x",), (None,)], "code string")
    metadata = Metadata().add_table("t", constraints={"code": Constraint(dtype="int")})
    assert problems(metadata, {"t": frame}, spark)[0] == {
        "t.code: constraint dtype=int contradicts the data: 1 of 3 rows break it"
    }


def test_tables_that_are_missing_and_sources_of_no_kind(spark, tables, database, tmp_path):
    metadata = Metadata().add_table("customers").add_table("order")
    with pytest.raises(SchemaError, match="table 'order' is declared, but the source does not have it; did you mean"):
        metadata.validate_schema(tables, spark)
    for source, message in (
        ("nowhere", "database nowhere does not exist"),
        ("db\n", "database name 'db\\\\n' is not valid"),
        (5, "the source must be the name of a database, or a mapping"),
        ({"customers": 5, "order": f"{database}.nope"}, "table 'customers': a table is a DataFrame, a table name or a"),
        ({"customers": str(tmp_path / "no"), "order": tables["orders"]}, "cannot be read, not as delta"),
    ):
        with pytest.raises(SchemaError, match=message):
            metadata.validate_schema(source, spark)


def test_tables_too_small_to_be_learned_are_found_with_the_way_out(spark, tables):
    states = spark.sql("SELECT concat('s', id) AS code, concat('State ', id) AS label, id AS rank FROM range(6)")
    found = {**tables, "states": states, "empty": states.where("false"), "staff": states}
    settings = {"customers": {"exclude": ["photo", "ref", "age"]}, "orders": {"exclude": ["customer_id"]}}
    metadata = Metadata()
    for name, own in settings.items():
        metadata.add_table(name, pk={"customers": "id", "orders": "order_id"}[name], **own)
    metadata.add_table("states", pk="code").add_table("empty", pk="code")
    metadata.add_table("staff", pk="code", pii={"label": "hash"}, exclude=["rank"])
    keep = "; if no row is about a person, take the table over as it is with keep=True"
    settings = "for Privacy(rare_category_rows=5, extreme_rows=5)"
    lower = ", or exclude what cannot be learned, or lower these settings"
    texts, _ = problems(metadata, found, spark)
    assert texts == {
        (
            f"states: too small to be learned: in 6 rows, no value of 'label', 'rank' is held by enough of them "
            f"{settings}{keep}{lower}"
        ),
        f"empty: it has no rows to learn from{keep}",
    }
    require_valid_schema(metadata, {"states": states}, privacy=Privacy(0, 0))
    require_valid_schema(metadata, {"customers": tables["customers"], "orders": tables["orders"]})
    kept = Metadata().add_table("states", pk="code", keep=True).add_table("empty", pk="code", keep=True)
    assert kept.validate_schema(found, spark) is None
    # What is made needs no values: keys, stand-ins, links, and hashes of which most rows have one of their own.
    made = Metadata().add_table("states", pk="code", fk={"rank": "customers.id"}, pii={"label": "fake"})
    assert made.add_table("customers", pk="id", exclude=["photo"]).validate_schema(found, spark) is None
    personal = Metadata().add_table("staff", pk="code", pii={"label": "fake"})
    assert problems(personal, found, spark)[0] == {
        (
            f"staff: too small to be learned: in 6 rows, no value of 'rank' is held by enough of them {settings}; "
            f"'label' would have to be dropped (pii) to take the table over with keep=True{lower}"
        )
    }


def test_links_need_columns_that_are_unique_in_the_other_table(spark, tables):
    doubled = spark.sql(
        "SELECT id AS code, id % 9 AS zone, IF(id < 3, NULL, id) AS some, id % 2 AS half FROM range(40)"
    )
    child = spark.sql("SELECT id AS a, id % 9 AS b, id % 2 AS c FROM range(40)")
    metadata = (
        Metadata()
        .add_table("parents", pk="code")
        .add_table("first", pk="a", fk={"b": "parents.zone", "a": "parents.some"})
        .add_table("second", fk={("b", "c"): "parents.(zone, half)", ("a", "c"): "parents.(code, half)"})
    )
    found = {"parents": doubled, "first": child, "second": child}
    assert problems(metadata, found, spark)[0] == {
        "first.b: fk refers to parents.zone, which is not unique: 40 rows hold 9 values; refer to a key of parents",
        (
            "second.b, c: fk refers to parents.(zone, half), which is not unique: 40 rows hold 18 values; refer to a "
            "key of parents"
        ),
    }
    # Its own key is looked at already, in any order of its columns, and a table that is not there cannot be.
    pairs = (
        Metadata()
        .add_table("parents", pk=["zone", "half"])
        .add_table("second", fk={("c", "b"): "parents.(half, zone)"})
    )
    assert problems(pairs, found, spark)[0] == {
        "parents.(zone, half): the primary key is not unique: 40 rows hold 18 keys"
    }
    require_valid_schema(metadata, {"first": child, "second": child})


def test_links_to_personal_keys_need_no_rule_and_links_to_what_is_left_out_are_problems(spark):
    owners = spark.sql("SELECT concat('+1202555', 1000 + id) AS phone, id % 5 AS team FROM range(60)")
    calls = spark.sql("SELECT concat('+1202555', 1000 + id % 60) AS owner, id % 6 AS minute FROM range(90)")
    tables = {"owners": owners, "calls": calls}
    personal = (
        Metadata()
        .add_table("owners", pk="phone", pii={"phone": "fake"})
        .add_table("calls", fk={"owner": "owners.phone"})
    )
    assert personal.validate_schema(tables, spark) is None
    dropped = Metadata().add_table("owners", pii={"phone": "drop"}).add_table("calls", fk={"owner": "owners.phone"})
    assert problems(dropped, tables, spark)[0] == {
        "calls.owner: fk refers to owners.phone, which is left out; leave out both or none"
    }
    both = Metadata().add_table("owners", exclude=["phone"])
    both.add_table("calls", fk={"owner": "owners.phone"}, exclude=["owner"])
    assert both.validate_schema(tables, spark) is None


def test_kept_tables_are_of_bounded_size_and_refer_to_kept_tables(spark, monkeypatch):
    monkeypatch.setattr(schema_check, "MOST_KEPT_ROWS", 50)
    airlines = spark.sql("SELECT id AS code, concat('n', id) AS name FROM range(51)")
    fleets = spark.sql("SELECT id, id % 51 AS code FROM range(20)")
    tables = {"airlines": airlines, "fleets": fleets}
    metadata = Metadata().add_table("airlines", pk="code", keep=True)
    metadata.add_table("fleets", pk="id", fk={"code": "airlines.code"}, keep=True)
    assert problems(metadata, tables, spark)[0] == {
        "airlines: 51 rows are too many to be taken over (keep); at most 50 are, so learn the table"
    }
    monkeypatch.undo()
    assert metadata.validate_schema(tables, spark) is None and schema_check.MOST_KEPT_ROWS == 100_000
    learned = (
        Metadata()
        .add_table("airlines", pk="code")
        .add_table("fleets", pk="id", fk={"code": "airlines.code"}, keep=True)
    )
    assert problems(learned, tables, spark)[0] == {
        (
            "fleets.code: the table is taken over as it is (keep), but airlines, to which fk refers, is not, and its "
            "keys are made: keep both, or exclude the column"
        )
    }


def test_owners_that_form_a_circle_are_a_problem_among_the_others(spark, tables):
    frames = {name: spark.range(60).selectExpr("id", "id % 7 AS x") for name in "ab"}
    metadata = Metadata().add_table("a", pk="id", fk={"x": "b.id"}, owner="x", context=["y"])
    metadata.add_table("b", pk="id", fk={"x": "a.id"}, owner="x")
    assert problems(metadata, frames, spark)[0] == {
        "a.y: context names it, but the table does not have it; known are id, x",
        "metadata: owner links form a circle: a -> b -> a; name another owner for one",
    }
    itself = Metadata().add_table("a", pk="id", fk={"x": "a.id"}, owner="x")
    assert problems(itself, frames, spark)[0] == {
        "metadata: table 'a' cannot be owned by itself: name another link in owner, or none"
    }


def test_one_aggregate_a_table_and_one_query_over_the_small_ones(spark, tables):
    small = spark.sql("SELECT id AS k, 'x' AS v FROM range(6)")
    frames = {**{f"t{i}": small for i in range(4)}, "orders": spark.range(100).toDF("k")}
    metadata = Metadata()
    for name in frames:
        metadata.add_table(name, pk="k")
    collected = []
    original = type(small).collect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(small), "collect", lambda df: collected.append(1) or original(df))
        metadata.validate_schema(frames, spark)
    assert len(collected) == 6
