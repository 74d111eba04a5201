"""How many rows of which tables are drawn for what was asked."""

import pyarrow as pa
import pytest

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.linked_table import LinkedTable, Reference
from synthohive_spark.relational.sample_sizes import SampleSizes


def link(column, parent):
    return ForeignKey((column,), parent, ("id",))


def table(rows, owner=None, *references):
    return LinkedTable((), owner=owner, references=tuple(map(Reference, references)), rows=rows)


KEPT = LinkedTable((), rows=4, kept=pa.table({"id": [1, 2, 3, 4]}))
DATABASE = {
    "countries": KEPT,
    "customers": table(300, None, link("country", "countries")),
    "products": table(60),
    "orders": table(600, link("customer", "customers")),
    "items": table(1800, link("order", "orders"), link("sku", "products")),
    "cities": table(90, None, link("country", "countries")),
    "weather": table(150),
    "employees": table(200, link("department", "departments"), link("manager", "employees")),
    "departments": table(20, None, link("head", "employees")),
}
SHOP = ("countries", "customers", "products", "orders", "items")


def sizes(rows=None, scale=None, tables=None, parents=(), linked=DATABASE):
    return SampleSizes.of(linked, rows, scale, tables, parents)


def test_all_tables_in_their_learned_size():
    made = sizes()
    assert made.roots == {"customers": 300, "products": 60, "cities": 90, "weather": 150, "departments": 20}
    assert made.totals == {} and made.tables == tuple(DATABASE)


@pytest.mark.parametrize(
    ("scale", "customers", "departments"), [(3, 900, 60), (0.5, 150, 10), (0.001, 0, 0), (1, 300, 20)]
)
def test_all_tables_in_units_of_their_size(scale, customers, departments):
    made = sizes(scale=scale)
    assert (made.roots["customers"], made.roots["departments"]) == (customers, departments)
    assert made.tables == tuple(DATABASE)


def test_what_is_linked_with_a_table_comes_in_proportion_and_nothing_else():
    made = sizes({"customers": 600})
    assert made.roots == {"customers": 600, "products": 120} and made.totals == {}
    assert made.tables == SHOP  # cities share a lookup table with them, and no more


def test_a_number_of_a_child_is_met_and_its_root_comes_in_proportion():
    made = sizes({"orders": 60})
    assert made.roots == {"customers": 30, "products": 6} and made.totals == {"orders": 60}
    assert sizes({"items": 18, "orders": 600}).roots["customers"] == round(300 * (0.01 + 1) / 2)


def test_a_number_of_the_root_and_of_its_child_are_both_met():
    made = sizes({"customers": 50, "orders": 77})
    assert made.roots["customers"] == 50 and made.totals == {"orders": 77}
    assert made.roots["products"] == round(60 * (50 / 300 + 77 / 600) / 2)


def test_a_root_that_is_only_referred_to_follows_those_that_refer_to_it():
    assert sizes({"products": 30}).roots == {"products": 30, "customers": 150}
    assert sizes({"products": 30, "customers": 900}).roots == {"products": 30, "customers": 900}


def test_numbers_of_tables_that_have_nothing_to_do_with_each_other():
    made = sizes({"weather": 15, "customers": 600})
    assert made.roots == {"customers": 600, "products": 120, "weather": 15}
    assert made.tables == (*SHOP, "weather")


def test_circles_and_links_to_a_table_itself_end():
    made = sizes({"employees": 20})
    assert made.roots == {"departments": 2} and made.totals == {"employees": 20}
    assert made.tables == ("employees", "departments")


def test_a_kept_table_may_be_asked_for_in_its_size():
    made = sizes({"countries": 4})
    assert "countries" in made.tables
    with pytest.raises(
        SchemaError, match="table 'countries' is taken over as it is, with its 4 rows: ask for no other"
    ):
        sizes({"countries": 5})


def test_children_of_a_kept_table_are_scaled_by_themselves():
    """Its rows are as many as ever, so what follows from them gets a number."""
    linked = {
        **DATABASE,
        "airports": table(80, link("country", "countries")),
        "gates": table(400, link("port", "airports")),
    }
    assert sizes(linked=linked).totals == {}
    made = sizes(scale=2, linked=linked)
    assert made.totals == {"airports": 160} and "airports" not in made.roots and "gates" not in made.roots
    assert sizes({"gates": 200}, linked=linked).totals == {"gates": 200, "airports": 40}
    assert sizes({"airports": 20}, linked=linked).totals == {"airports": 20}


def test_only_the_wanted_tables_come_out_in_the_order_of_declaration():
    made = sizes({"customers": 600}, tables=["items", "customers"])
    assert made.tables == ("customers", "items") and made.roots["products"] == 120
    assert sizes(tables=["weather"]).tables == ("weather",)


def test_children_of_rows_that_are_there_and_what_they_refer_to():
    made = sizes(parents=["customers"])
    assert made.tables == ("products", "orders", "items") and made.roots == {"products": 60}
    assert sizes(parents=["orders"]).tables == ("products", "items")
    assert sizes(parents=["departments"]).tables == ("employees",)
    assert sizes(parents=["customers"], tables=["orders"]).tables == ("orders",)
    assert sizes({"orders": 60}, parents=["customers"]).totals == {"orders": 60}


def test_no_rows_at_all():
    made = sizes({"customers": 0})
    assert made.roots == {"customers": 0, "products": 0}
    assert sizes({"customers": 0, "orders": 0}).totals == {"orders": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": {"customers": 5}, "parents": ["customers"]}, "the rows of 'customers' are given by parents"),
        ({"rows": {"weather": 5}, "parents": ["customers"]}, "table 'weather' does not follow from customers, and no"),
        ({"tables": ["weather"], "parents": ["customers"]}, "table 'weather' does not follow from customers, and no"),
        ({"rows": {"customers": 5}, "tables": ["weather"]}, "table 'weather' has no link with those that rows are ask"),
        ({"rows": {"customers": 5}, "tables": ["cities"]}, "table 'cities' has no link with those that rows are asked"),
    ],
)
def test_a_table_that_is_not_drawn_cannot_come_out(arguments, message):
    with pytest.raises(SchemaError) as caught:
        sizes(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"customers": 5}, 2), "give rows or a scale, not both"),
        ((None, 0), "scale must be a number above 0, got 0"),
        ((None, -1.5), "scale must be a number above 0, got -1.5"),
        ((None, True), "scale must be a number above 0, got True"),
        ((None, "2"), "scale must be a number above 0, got '2'"),
        ((None, float("nan")), "scale must be a number above 0, got nan"),
        ((None, float("inf")), "scale must be a number above 0, got inf"),
        (({"orders": -1},), "rows of 'orders' must be a whole number of at least 0, got -1"),
        (({"orders": 1.5},), "rows of 'orders' must be a whole number of at least 0, got 1.5"),
        (({"customers": 0, "orders": 9},), "9 rows of 'orders' cannot be drawn beside no row of 'customers', whose"),
        (({"orders": 0, "items": 9},), "9 rows of 'items' cannot be drawn beside no row of 'orders', whose children"),
    ],
)
def test_what_cannot_be_drawn_says_why(arguments, message):
    with pytest.raises(SchemaError) as caught:
        sizes(*arguments)
    assert message in str(caught.value)


def test_a_table_that_is_not_learned_from_which_rows_follow_is_named():
    linked = {name: own for name, own in DATABASE.items() if name != "products"}
    with pytest.raises(SchemaError, match="rows of 'items' are drawn by those of 'products', which is not learned"):
        sizes(linked=linked)
    assert sizes({"weather": 5}, linked=linked).roots == {"weather": 5}
