import pytest

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.links import TableProfile
from synthohive_spark.relational.profile import ColumnProfile
from synthohive_spark.relational.roles import LinkedTable, infer_roles


def table(rows, pk=(), links=(), personal=(), lost=(), columns=()):
    """A table; a link is (columns, parent, nulls, different values, share of them that are keys)."""
    profiles = {name: ColumnProfile(rows, 0, rows) for name in (*pk, *columns)}
    keys = []
    for given, parent, nulls, distinct, share in links:
        names = (given,) if isinstance(given, str) else given
        profiles.update({name: ColumnProfile(rows, nulls, distinct) for name in names})
        keys.append((ForeignKey(names, parent, tuple("id" for _ in names)), share))
    types = {name: ColumnType("bigint") for name in profiles}
    return LinkedTable(TableProfile(types, profiles, tuple(pk)), keys, personal, lost)


def owners(roles):
    return {name: role.owner for name, role in roles.items() if role.owner}


def plan(tables, roles):
    declared = Declarations()
    for name, own in tables.items():
        declared.add_table(
            name,
            pk=own.profile.pk,
            fk=[link for link, _ in own.links],
            owner=roles[name].owner,
            keep=roles[name].keep,
            exclude=roles[name].exclude,
        )
    return {name: own.owner and own.owner.parent for name, own in declared.plan().tables.items()}


CUSTOMERS = table(5000, ["id"], personal=["email"])
PRODUCTS = table(1000, ["id"])


@pytest.mark.parametrize(
    ("links", "owner", "reason"),
    [
        # Never null counts for more than most children.
        (
            [("product", "products", 10, 900, 1.0), ("customer", "customers", 0, 4000, 1.0)],
            "customer",
            "rows follow from those of customers, not by product (it can be null)",
        ),
        # No orphans, or fewest.
        (
            [("product", "products", 0, 900, 0.98), ("customer", "customers", 0, 4000, 1.0)],
            "customer",
            "not by product (more of its rows meet none)",
        ),
        (
            [("product", "products", 0, 900, 0.7), ("customer", "customers", 0, 4000, 0.95)],
            "customer",
            "not by product (more of its rows meet none)",
        ),
        # One that most rows lack is no possibility.
        (
            [("type", "types", 0, 8, 1.0), ("coupon", "products", 9000, 500, 1.0)],
            "type",
            "rows follow from those of types, not by coupon (most of its rows meet none)",
        ),
        # A lookup table only where there is no other possibility.
        (
            [("type", "types", 0, 8, 1.0), ("customer", "customers", 300, 4000, 0.95)],
            "customer",
            "not by type (types looks like a lookup table)",
        ),
        # Few of the parent's rows are named, very often.
        (
            [("origin", "products", 0, 3, 1.0), ("customer", "customers", 0, 4000, 0.99)],
            "customer",
            "not by origin (products has few rows, or few that it names)",
        ),
        # Most children of a parent.
        (
            [("customer", "customers", 0, 4000, 1.0), ("product", "products", 0, 1000, 1.0)],
            "product",
            "not by customer (customers has fewer rows for each of its own)",
        ),
        # Of equal ones, the first.
        (
            [("home", "products", 0, 900, 1.0), ("away", "products", 0, 900, 1.0)],
            "home",
            "rows follow from those of products, not by away (it comes later)",
        ),
    ],
)
def test_of_links_that_compete_the_best_is_named_with_what_the_others_lack(links, owner, reason):
    tables = {
        "customers": CUSTOMERS,
        "products": PRODUCTS,
        "types": table(8, ["id"]),
        "sales": table(10_000, ["id"], links),
    }
    roles = infer_roles(tables)
    assert owners(roles) == {"sales": (owner,)}
    assert reason in roles["sales"].reasons["owner"]
    assert infer_roles(dict(reversed(tables.items()))) == roles


def test_part_of_the_key_goes_before_depth_and_depth_before_many_children():
    tables = {
        "customers": CUSTOMERS,
        "products": PRODUCTS,
        "orders": table(9000, ["id"], [("customer", "customers", 0, 4000, 1.0)]),
        "lines": table(
            20_000, ["product", "no"], [("order", "orders", 0, 9000, 1.0), ("product", "products", 0, 990, 1.0)]
        ),
        "notes": table(20_000, ["id"], [("product", "products", 0, 990, 1.0), ("order", "orders", 0, 9000, 1.0)]),
    }
    roles = infer_roles(tables)
    assert owners(roles) == {"lines": ("product",), "notes": ("order",)}
    assert "not by order (it is no part of the primary key)" in roles["lines"].reasons["owner"]
    assert "not by product (products is nearer to its root)" in roles["notes"].reasons["owner"]
    assert plan(tables, roles) == {
        "customers": None,
        "products": None,
        "orders": "customers",
        "lines": "products",
        "notes": "orders",
    }


def test_a_single_link_is_left_to_the_plan_unless_it_would_choose_another_in_a_circle():
    tables = {
        "departments": table(200, ["id"], [("head", "employees", 0, 200, 1.0)]),
        "employees": table(6000, ["id"], [("department", "departments", 0, 200, 1.0)], personal=["name"]),
    }
    roles = infer_roles(tables)
    assert owners(roles) == {} and plan(tables, roles) == {"departments": None, "employees": "departments"}
    # By name, agencies would come first, though what they have is one head each.
    turned = {
        "units": table(200, ["id"], [("head", "agents", 0, 200, 1.0)]),
        "agents": table(6000, ["id"], [("unit", "units", 0, 200, 1.0)], personal=["name"]),
    }
    roles = infer_roles(turned)
    assert owners(roles) == {"agents": ("unit",)} and plan(turned, roles) == {"units": None, "agents": "units"}
    assert roles["agents"].reasons["owner"] == "rows follow from those of units, which does not follow from agents"
    alone = {"customers": CUSTOMERS, "orders": table(9000, ["id"], [("customer", "customers", 0, 4000, 1.0)])}
    assert owners(infer_roles(alone)) == {}
    itself = {"staff": table(900, ["id"], [("boss", "staff", 5, 80, 1.0)])}
    assert owners(infer_roles(itself)) == {} and infer_roles(itself)["staff"].reasons == {}


def test_tables_too_small_to_be_learned_are_kept_if_they_show_no_one():
    tables = {
        "states": table(6, ["id"], lost=["label", "rank"]),
        "zones": table(4, ["id"], lost=["label"], personal=["contact"]),
        "drivers": table(5, ["id"], lost=["team"]),
        "heads": table(5, ["id"], lost=["team"], columns=["birth_date"]),
        "empty": table(0, ["id"]),
        "orders": table(9000, ["id"], [("state", "states", 0, 6, 1.0), ("zone", "zones", 0, 4, 1.0)]),
    }
    roles = infer_roles(tables)
    assert [name for name, role in roles.items() if role.keep] == ["states", "empty"]
    assert roles["states"].reasons == {
        "keep": "taken over as it is: 6 rows are too few to learn label and rank, and nothing looks personal"
    }
    assert roles["empty"].reasons == {"keep": "taken over as it is: it has no rows, and nothing looks personal"}
    for name in ("zones", "drivers", "heads"):
        assert roles[name].reasons["keep"].startswith("not taken over, though ")
        assert roles[name].reasons["keep"].endswith(": it may show people")
    # What is kept owns nothing, so nothing competes with the other link.
    assert owners(roles) == {} and plan(tables, roles)["orders"] == "zones"


def test_lookup_tables_that_can_be_learned_are_only_named():
    tables = {
        "airlines": table(16, ["id"]),
        "airports": table(1_400, ["id"]),
        "regions": table(30, ["id"]),
        "countries": table(60, ["id"], [("region", "regions", 0, 30, 1.0)]),
        "people": table(60, ["id"], personal=["name"]),
        "branches": table(60, ["id"], [("lead", "people", 0, 60, 1.0)]),
        "planes": table(3_000, ["id"]),
        "pairs": table(40, ["id"]),
        "twins": table(80, ["id"], [("pair", "pairs", 0, 40, 1.0)]),
        "alone": table(20, ["id"]),
        "flights": table(
            300_000,
            (),
            [
                (name, name, 0, 10, 1.0)
                for name in ("airlines", "airports", "countries", "people", "branches", "planes")
            ],
        ),
    }
    roles = infer_roles(tables)
    assert not any(role.keep for role in roles.values())
    named = [name for name, role in roles.items() if "keep" in role.reasons]
    assert named == ["airlines", "airports", "regions", "countries"]
    assert roles["airlines"].reasons["keep"] == (
        "looks like a lookup table: 16 rows to which flights refers, and nothing looks personal; "
        "keep=True would take it over as it is"
    )


def test_a_kept_table_keeps_small_ones_that_it_refers_to_and_leaves_out_links_to_learned_ones():
    tables = {
        "regions": table(12, ["id"]),
        "countries": table(60, ["id"], [("region", "regions", 0, 12, 1.0)]),
        "states": table(
            6, ["id"], [("country", "countries", 0, 6, 1.0), ("head", "customers", 0, 6, 1.0)], lost=["label"]
        ),
        "parts": table(4, ["head", "no"], [("head", "customers", 0, 4, 1.0)], lost=["no"]),
        "rests": table(4, ["id"], [("part", "parts", 0, 4, 1.0)], lost=["label"]),
        "customers": CUSTOMERS,
        "orders": table(9000, ["id"], [("state", "states", 0, 6, 1.0), ("country", "countries", 0, 60, 1.0)]),
    }
    roles = infer_roles(tables)
    assert {name: role.exclude for name, role in roles.items() if role.keep} == {
        "regions": [],
        "countries": [],
        "states": ["head"],
        "rests": ["part"],
    }
    assert roles["regions"].reasons["keep"] == (
        "taken over as it is: a lookup table of 12 rows to which countries refers, which is taken over, too"
    )
    assert roles["parts"].reasons["keep"].endswith("too few to learn no: its key is of a learned table")
    assert plan(tables, roles)["orders"] is None
