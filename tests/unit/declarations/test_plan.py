import itertools
import random

import pytest

from synthohive_spark import Metadata, SchemaError
from synthohive_spark.declarations.plan import DatabasePlan


def plan_of(names=None, **tables):
    """The plan of tables, each given as the arguments of `add_table`."""
    return DatabasePlan.of(declared(**tables).tables, names)


def declared(**tables):
    metadata = Metadata()
    for name, arguments in tables.items():
        metadata.add_table(name, **arguments)
    return metadata


def owners(plan):
    return {name: own.owner and (own.owner.parent, *own.owner.columns) for name, own in plan.tables.items()}


def references(plan):
    return {name: [(r.parent, *r.columns) for r in own.references] for name, own in plan.tables.items()}


def test_a_chain_is_made_from_its_root_down_whatever_the_order_of_declaration():
    tables = {
        "lines": {"fk": {"order_id": "orders.id"}},
        "orders": {"pk": "id", "fk": {"customer_id": "customers.id"}},
        "customers": {"pk": "id"},
    }
    plan = plan_of(**tables)
    assert list(plan.tables) == ["customers", "orders", "lines"]
    assert owners(plan) == {
        "customers": None,
        "orders": ("customers", "customer_id"),
        "lines": ("orders", "order_id"),
    }
    assert plan.ancestors("lines") == ["orders", "customers"] and plan.ancestors("customers") == []
    assert plan.root("lines") == plan.root("customers") == "customers"
    assert [plan.tables[name].role for name in plan.tables] == ["root", "child", "child"]


def test_several_children_and_tables_without_links():
    plan = plan_of(
        customers={"pk": "id"},
        cards={"fk": {"customer": "customers.id"}},
        logs={},
        orders={"fk": {"customer": "customers.id"}},
    )
    assert owners(plan) == {
        "customers": None,
        "logs": None,
        "cards": ("customers", "customer"),
        "orders": ("customers", "customer"),
    }
    assert [child for child, _ in plan.links_to("customers")] == ["cards", "orders"]
    assert plan.linked(["cards"]) == ["customers", "cards", "orders"] and plan.linked(["logs"]) == ["logs"]
    assert plan.linked(["logs", "orders"]) == ["customers", "logs", "cards", "orders"]
    assert not plan.is_referenced("customers") and plan.links_to("logs") == []


def test_of_two_links_to_a_table_the_first_is_the_owner_and_the_other_a_reference():
    plan = plan_of(teams={"pk": "id"}, games={"fk": {"home": "teams.id", "away": "teams.id"}})
    assert owners(plan)["games"] == ("teams", "home") and references(plan)["games"] == [("teams", "away")]
    assert plan.is_referenced("teams")
    assert [link.columns for _, link in plan.links_to("teams")] == [("home",), ("away",)]
    named = plan_of(teams={"pk": "id"}, games={"fk": {"home": "teams.id", "away": "teams.id"}, "owner": "away"})
    assert owners(named)["games"] == ("teams", "away") and references(named)["games"] == [("teams", "home")]


def test_a_link_inside_the_key_goes_before_a_deeper_table_and_that_before_the_first():
    tables = {
        "regions": {"pk": "id"},
        "customers": {"pk": "id", "fk": {"region": "regions.id"}},
        "products": {"pk": "id"},
        "carts": {"pk": ["product", "no"], "fk": {"customer": "customers.id", "product": "products.id"}},
        "reviews": {"pk": "id", "fk": {"product": "products.id", "customer": "customers.id"}},
        "prices": {"pk": "id", "fk": {"product": "products.id", "region": "regions.id"}},
    }
    plan = plan_of(**tables)
    assert owners(plan)["carts"] == ("products", "product")
    assert owners(plan)["reviews"] == ("customers", "customer")
    assert owners(plan)["prices"] == ("products", "product")


def test_of_tables_equally_far_from_their_roots_the_one_that_most_links_lead_to_is_the_owner():
    tables = {
        "clients": {"pk": "id"},
        "accounts": {"pk": "id"},
        "dispositions": {"fk": {"client": "clients.id", "account": "accounts.id"}},
    }
    assert owners(plan_of(**tables))["dispositions"] == ("clients", "client")
    loans = {"loans": {"fk": {"account": "accounts.id"}}}
    assert owners(plan_of(**tables, **loans))["dispositions"] == ("accounts", "account")
    # Also where the table that leads there is not.
    part = plan_of(tables, **tables, **loans)
    assert "loans" not in part.tables and owners(part)["dispositions"] == ("accounts", "account")


def test_link_tables_composite_keys_and_one_to_one():
    plan = plan_of(
        students={"pk": "id"},
        profiles={"pk": "student", "fk": {"student": "students.id"}},
        courses={"pk": "id"},
        enrolments={"pk": ["student", "course"], "fk": {"student": "students.id", "course": "courses.id"}},
        marks={"pk": "id", "fk": {("student", "course"): "enrolments.(student, course)", "course": "courses.id"}},
    )
    assert owners(plan) == {
        "students": None,
        "courses": None,
        "profiles": ("students", "student"),
        "enrolments": ("students", "student"),
        "marks": ("enrolments", "student", "course"),
    }
    assert references(plan)["enrolments"] == [("courses", "course")] == references(plan)["marks"]
    assert plan.ancestors("marks") == ["enrolments", "students"]


def test_a_link_of_a_table_to_itself_is_a_reference():
    plan = plan_of(staff={"pk": "id", "fk": {"boss": "staff.id"}})
    assert owners(plan) == {"staff": None} and references(plan) == {"staff": [("staff", "boss")]}
    assert plan.is_referenced("staff") and plan.linked(["staff"]) == ["staff"]
    with pytest.raises(SchemaError, match="table 'staff' cannot be owned by itself: name another link in owner"):
        plan_of(staff={"pk": "id", "fk": {"boss": "staff.id"}, "owner": "boss"})


def test_of_two_tables_that_name_each_other_one_is_the_root():
    customers = {"pk": "id", "fk": {"favourite": "orders.id"}}
    orders = {"pk": "id", "fk": {"customer": "customers.id"}}
    for tables in ({"customers": customers, "orders": orders}, {"orders": orders, "customers": customers}):
        plan = plan_of(**tables)
        assert owners(plan) == {"customers": None, "orders": ("customers", "customer")}
        assert references(plan) == {"customers": [("orders", "favourite")], "orders": []}
    # What is part of a key, what others refer to and what has another owner count for more than the name.
    keyed = plan_of(customers={**customers, "pk": ["favourite", "no"]}, orders=orders)
    assert owners(keyed) == {"orders": None, "customers": ("orders", "favourite")}
    busy = plan_of(customers=customers, orders=orders, lines={"fk": {"order": "orders.id"}})
    assert owners(busy) == {"customers": None, "orders": ("customers", "customer"), "lines": ("orders", "order")}
    owned = plan_of(customers=customers, orders={**orders, "fk": {"customer": "customers.id", "shop": "shops.id"}},
                    shops={"pk": "id"})  # fmt: skip
    assert owners(owned) == {"shops": None, "orders": ("shops", "shop"), "customers": ("orders", "favourite")}
    # A declared owner decides, whichever table is declared first.
    for names in (("customers", "orders"), ("orders", "customers")):
        both = {"customers": {**customers, "owner": "favourite"}, "orders": orders}
        assert owners(plan_of(**{name: both[name] for name in names})) == {
            "orders": None,
            "customers": ("orders", "favourite"),
        }


def test_a_ring_is_cut_at_one_table():
    ring = {
        "b": {"pk": "id", "fk": {"x": "c.id"}},
        "a": {"pk": "id", "fk": {"x": "b.id"}},
        "c": {"pk": "id", "fk": {"x": "a.id"}},
        "leaf": {"fk": {"x": "c.id"}},
    }
    for order in itertools.permutations(ring):
        plan = plan_of(**{name: ring[name] for name in order})
        assert owners(plan) == {"a": None, "c": ("a", "x"), "b": ("c", "x"), "leaf": ("c", "x")}
        assert references(plan)["a"] == [("b", "x")]
    most = plan_of(**ring, d={"pk": "id", "fk": {"x": "b.id", "y": "c.id"}})
    assert owners(most)["a"] is None and owners(most)["d"] == ("b", "x")


def test_declared_owners_that_form_a_circle_are_named():
    ring = {
        "a": {"fk": {"x": "b.id"}, "owner": "x"},
        "b": {"fk": {"x": "c.id", "y": "d.id"}, "owner": "x"},
        "c": {"fk": {"x": "a.id"}, "owner": "x"},
        "d": {"pk": "id", "fk": {"x": "a.id"}},
    }
    with pytest.raises(SchemaError, match="form a circle: a -> b -> c -> a; name another owner for one"):
        plan_of(**ring)
    assert owners(plan_of(**{**ring, "b": {**ring["b"], "owner": None}})) == {
        "b": None,
        "a": ("b", "x"),
        "c": ("a", "x"),
        "d": ("a", "x"),
    }
    with pytest.raises(SchemaError, match="form a circle: a -> b -> a"):
        declared(a={"fk": {"x": "b.id"}, "owner": "x"}, b={"fk": {"x": "a.id"}, "owner": "x"}).describe()


def test_kept_tables_own_nothing_unless_that_is_declared_and_have_no_owner():
    tables = {
        "airlines": {"pk": "carrier", "keep": True},
        "fleets": {"pk": "id", "fk": {"carrier": "airlines.carrier"}, "keep": True},
        "planes": {"pk": "tail"},
        "flights": {"fk": {"carrier": "airlines.carrier", "tail": "planes.tail"}},
        "routes": {"fk": {"carrier": "airlines.carrier"}},
    }
    plan = plan_of(**tables)
    assert owners(plan) == {
        "airlines": None,
        "fleets": None,
        "planes": None,
        "flights": ("planes", "tail"),
        "routes": None,
    }
    assert references(plan)["routes"] == [("airlines", "carrier")] == references(plan)["fleets"]
    assert plan.tables["airlines"].role == "kept" and plan.is_referenced("airlines")
    named = plan_of(**{**tables, "routes": {**tables["routes"], "owner": "carrier"}})
    assert owners(named)["routes"] == ("airlines", "carrier") and named.tables["airlines"].kept


def test_tables_that_are_not_there_leave_links_whose_values_are_made():
    tables = {
        "customers": {"pk": "id"},
        "orders": {"pk": "id", "fk": {"customer": "customers.id", "shop": "shops.id"}, "owner": "customer"},
        "shops": {"pk": "id"},
    }
    plan = plan_of(("shops", "orders", "gone"), **tables)
    assert list(plan.tables) == ["shops", "orders"] or list(plan.tables) == ["orders", "shops"]
    # Another owner than the declared one is not chosen in its place.
    assert owners(plan)["orders"] is None and references(plan)["orders"] == [("shops", "shop")]
    assert [link.parent for link in plan.tables["orders"].unlinked] == ["customers"]
    assert plan_of((), **tables).tables == {} and DatabasePlan.of({}).describe() == ""


def test_a_link_of_which_a_column_is_left_out_is_none_and_one_that_is_named_twice_is_one():
    plan = plan_of(
        customers={"pk": "id"},
        orders={"fk": {"customer": "customers.id"}, "exclude": ["customer"]},
        cards={"fk": {"customer": "customers.id"}, "pii": {"customer": "drop"}},
        notes={"fk": [*[{"columns": ["customer"], "parent": "customers", "parent_columns": ["id"]}] * 2]},
    )
    assert {name: own.links for name, own in plan.tables.items() if name != "notes"} == {
        "customers": (),
        "orders": (),
        "cards": (),
    }
    assert len(plan.tables["notes"].links) == 1


def test_any_graph_becomes_a_forest_that_does_not_depend_on_the_order_of_tables():
    for seed in range(150):
        rng = random.Random(seed)
        names = [f"t{i}" for i in range(rng.randint(1, 9))]
        tables = {}
        for name in names:
            links = {f"c{i}": f"{rng.choice(names)}.id" for i in range(rng.randint(0, 4))}
            tables[name] = {"pk": rng.choice(["id", ["c0", "id"]]), "fk": links, "keep": rng.random() < 0.1}
        plan = plan_of(**tables)
        seen = set()
        for name, own in plan.tables.items():
            assert own.owner is None or own.owner.parent in seen
            assert len(own.links) + len(own.unlinked) == len(tables[name]["fk"])
            assert len(plan.ancestors(name)) < len(names)
            seen.add(name)
        assert seen == set(names)
        # No table is left a root that could be owned by one that is not below it.
        for name, own in plan.tables.items():
            others = [r for r in own.references if not plan.tables[r.parent].kept and r.parent != name]
            assert own.owner or own.kept or all(name in plan.ancestors(r.parent) for r in others)
        rng.shuffle(names)
        assert plan_of(**{name: tables[name] for name in names}).tables == plan.tables


def test_a_long_chain_is_no_trouble():
    many = 1500
    tables = {f"t{i}": {"pk": "id", "fk": {"x": f"t{i + 1}.id"} if i < many else {}} for i in range(many + 1)}
    plan = plan_of(**tables)
    assert len(plan.ancestors("t0")) == many and plan.describe().count("\n") == many


def test_the_plan_in_words():
    metadata = declared(
        regions={"pk": "id"},
        customers={"pk": "id", "fk": {"region": "regions.id"}},
        orders={"pk": ["customer", "no"], "fk": {"customer": "customers.id", "status": "states.code"}},
        lines={"fk": {("customer", "order"): "orders.(customer, no)", "sku": "products.sku"}},
        visits={"fk": {"customer": "customers.id"}},
        products={"pk": "sku", "fk": {"part_of": "products.sku"}},
        states={"pk": "code", "keep": True},
        logs={},
    )
    assert (
        metadata.describe()
        == """\
regions: root
└── customers: child by region
    ├── orders: child by customer; status refers to states
    │   └── lines: child by (customer, order); sku refers to products
    └── visits: child by customer
products: root; part_of refers to products
states: taken over as it is
logs: root"""
    )
    part = DatabasePlan.of(metadata.tables, ["orders", "lines"])
    assert part.describe() == (
        "orders: root; customer is made: customers is not there; status is made: states is not there\n"
        "└── lines: child by (customer, order); sku is made: products is not there"
    )


def test_links_to_tables_that_are_not_declared_are_all_named():
    metadata = declared(a={"fk": {"x": "customer.id", "y": "b.id"}}, b={"fk": {"z": "zones.id"}}, customers={})
    with pytest.raises(SchemaError) as caught:
        metadata.plan()
    assert caught.value.problems == (
        "table 'a': fk refers to table 'customer', not declared; did you mean 'customers'?",
        "table 'b': fk refers to table 'zones', not declared; known are a, b, customers",
    )
