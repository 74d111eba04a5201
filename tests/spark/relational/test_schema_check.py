import pytest

from synthohive_spark import Constraint, Metadata, SchemaError


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
        "customers.name: constraint min and max need a number, the column is string",
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
