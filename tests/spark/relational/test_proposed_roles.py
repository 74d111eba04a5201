import pytest

from synthohive_spark import Metadata, SchemaError
from tests.helpers.databases import clinic, shop
from tests.helpers.people import SCHEMA, customer

STATES = "SELECT concat('S', id) AS code, concat('State ', id) AS label, id * 3 AS rank FROM range(6)"


@pytest.fixture(scope="module")
def tables(spark):
    customers = spark.createDataFrame([customer(i) for i in range(600)], SCHEMA)
    agents = spark.sql(
        "SELECT id + 1 AS agent_id, concat('a', id, '@mail.org') AS email, id * 2 AS points FROM range(5)"
    )
    orders = spark.range(1500).selectExpr(
        "id + 1000 AS order_id",
        "concat('CUST-', lpad(CAST(id * 7 % 600 AS STRING), 5, '0')) AS customer_id",
        "concat('S', id % 6) AS state",
        "CAST(id % 5 + 1 AS BIGINT) AS agent_id",
        "CAST(id % 40 AS DOUBLE) AS price",
    )
    zones = spark.range(4).selectExpr(
        "concat('Z', id) AS zone_id",
        "concat('Zone ', id) AS title",
        "concat('S', id) AS state",
        "id + 1000 AS order_id",
    )
    return {
        "customers": customers.select("customer_id", "name", "email", "region", "age"),
        "states": spark.sql(STATES),
        "agents": agents,
        "orders": orders,
        "zones": zones,
        "settings": spark.sql("SELECT concat('k', id) AS setting, concat('v', id * 7) AS value FROM range(3)"),
    }


def test_an_unedited_proposal_keeps_what_is_too_small_and_shows_no_one(spark, tables):
    metadata = Metadata.from_tables(tables, spark)
    kept = {name: own.exclude for name, own in metadata.tables.items() if own.keep}
    assert kept == {"states": (), "zones": ("order_id",), "settings": ()}
    states, zones, agents = (metadata.tables[name] for name in ("states", "zones", "agents"))
    assert states.role_reasons == {
        "keep": "taken over as it is: 6 rows are too few to learn label and rank, and nothing looks personal"
    }
    assert zones.reasons["order_id"] == (
        "refers to orders.order_id: 100% of its values are there; left out: that table is learned, and this one is "
        "taken over as it is"
    )
    assert agents.role_reasons == {
        "keep": "not taken over, though 5 rows are too few to learn points: it may show people"
    }
    # Kept tables own nothing, and one of a few rows only where nothing else does.
    assert metadata.tables["orders"].owner == ("customer_id",)
    assert metadata.tables["orders"].role_reasons == {
        "owner": "rows follow from those of customers, not by agent_id (agents has few rows, or few that it names)"
    }
    assert Metadata.from_yaml(metadata.to_yaml()) == metadata
    assert metadata.describe().splitlines() == [
        "customers: root",
        "└── orders: child by customer_id; state refers to states; agent_id refers to agents",
        "states: taken over as it is",
        "agents: root",
        "zones: taken over as it is; state refers to states",
        "settings: taken over as it is",
    ]
    # All that is left to decide is what shows people, and that is said before anything is learned.
    with pytest.raises(SchemaError) as caught:
        metadata.validate_schema(tables, spark)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == ["agents"]
    assert "'email' would have to be dropped (pii)" in str(caught.value)
    rest = Metadata.from_tables({n: df for n, df in tables.items() if n != "agents"}, spark)
    assert rest.validate_schema(tables, spark) is None


def test_owners_of_made_databases(spark):
    frames = {name: spark.createDataFrame(rows) for name, (rows, _, _) in shop().items()}
    metadata = Metadata.from_tables(frames, spark)
    assert {name: own.owner for name, own in metadata.tables.items() if own.owner} == {
        "orders": ("employee_id",),
        "order_items": ("order_id",),
        "reviews": ("product_id",),
    }
    assert metadata.tables["reviews"].role_reasons["owner"] == (
        "rows follow from those of products, not by customer_id (it can be null)"
    )
    frames = {name: spark.createDataFrame(rows) for name, (rows, _, _) in clinic().items()}
    metadata = Metadata.from_tables(frames, spark)
    # Wards and doctors name each other: a ward has several doctors, a doctor at most a ward.
    assert metadata.tables["wards"].owner == ()
    plan = metadata.plan()
    assert plan.tables["wards"].owner is None and plan.tables["doctors"].owner.parent == "wards"


def test_columns_of_odd_names_are_counted_too(spark):
    odd = spark.sql(STATES).toDF("a.b", "c `d`", "e f")
    metadata = Metadata.from_tables({"odd": odd}, spark)
    assert metadata.tables["odd"].keep and metadata.tables["odd"].pk == ("a.b",)
