"""What may be asked of a learned database, of which some tables have columns that only seats can give."""

import pytest
from structlog.testing import capture_logs

from synthohive_spark import Metadata, SchemaError
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.relational.learned_database import LearnedDatabase
from synthohive_spark.relational.linked_table import LinkedTable, Reference


def link(parent):
    return ForeignKey((parent,), parent, ("id",))


@pytest.fixture
def database():
    """Orders follow from customers, items from orders, and items refer to products, which have a context column."""
    metadata = (
        Metadata()
        .add_table("customers", pk="id")
        .add_table("orders", pk="id", fk={"customers": "customers.id"})
        .add_table("products", pk="id", context=["season"])
        .add_table("items", pk="id", fk={"orders": "orders.id", "products": "products.id"})
        .add_table("notes", pk="id", fk={"items": "items.id"})
    )
    linked = {
        "customers": LinkedTable((), rows=100),
        "orders": LinkedTable((), owner=link("customers"), rows=300),
        "products": LinkedTable((), rows=50),
        "items": LinkedTable((), owner=link("orders"), references=(Reference(link("products")),), rows=900),
        "notes": LinkedTable((), owner=link("items"), rows=10),
    }
    return LearnedDatabase(metadata, dict.fromkeys(linked), linked)


def test_what_needs_rows_that_only_seats_give_is_not_drawn_and_all_else_is(database):
    with capture_logs() as logs:
        assert database.sizes(None, None, None, {}, {}).tables == ("customers", "orders")
    assert {(e["event"], e["table"]) for e in logs} == {("not_drawn", n) for n in ("products", "items", "notes")}
    assert database.sizes({"customers": 10}, None, None, {}, {}).tables == ("customers", "orders")


def test_with_their_values_given_all_is_drawn(database):
    made = database.sizes(None, None, None, {"products": {"season": "spring"}}, {})
    assert made.tables == tuple(database.linked) and made.roots == {"customers": 100, "products": 50}


@pytest.mark.parametrize(
    ("rows", "tables", "message"),
    [
        ({"products": 5}, None, "table 'products' has context columns: give their values by given={'products': {...}}"),
        ({"items": 5}, None, "rows of 'items' are drawn by those of products, which has context columns: give their"),
        (None, ["notes"], "rows of 'notes' are drawn by those of products, which has context columns: give their"),
    ],
)
def test_asked_for_by_name_they_are_refused(database, rows, tables, message):
    with pytest.raises(SchemaError) as caught:
        database.sizes(rows, None, tables, {}, {})
    assert message in str(caught.value)
