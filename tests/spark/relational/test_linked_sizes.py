"""How much of a learned database is drawn, and that it is the same however Spark goes about it."""

import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import Constraint, SchemaError, Synthesizer
from tests.helpers import linked_shop as shop
from tests.spark.relational.conftest import CORNER

LINKS = shop.links(CORNER)


def drawn(frames):
    return {name: df.toPandas() for name, df in frames.items()}


def rows(table):
    return sorted(map(str, table.astype(object).where(table.notna(), None).itertuples(index=False)))


def require_met(tables):
    for link in LINKS:
        if link[0] in tables and link[2] in tables:
            assert shop.orphans(tables, *link) == 0, link
    for name, table in tables.items():
        pk = list(shop.declared(CORNER).tables[name].pk)
        assert not table.duplicated(pk).any(), name


@pytest.fixture(scope="module")
def whole(corner):
    """Four linked tables, drawn as Spark likes."""
    return drawn(corner.sample({"customers": 120}, seed=7, tables=["customers", "orders", "returns", "complaints"]))


@pytest.mark.parametrize(("partitions", "batch"), [(1, 10_000), (7, 3), (50, 64)])
def test_rows_are_the_same_on_any_partitions_and_batches(spark, corner, whole, settings, partitions, batch):
    conf = {
        "spark.sql.shuffle.partitions": partitions,
        "spark.sql.leafNodeDefaultParallelism": partitions,
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": batch,
        "spark.sql.autoBroadcastJoinThreshold": "-1" if partitions == 7 else "10485760",
    }
    wanted = ["orders", "complaints", "returns"] if partitions == 7 else ["orders", "complaints"]
    with settings(conf):
        made = corner.sample({"customers": 120}, seed=7, tables=wanted)
        assert made["orders"].rdd.getNumPartitions() >= partitions
        for name, df in made.items():
            assert rows(df.toPandas()) == rows(whole[name]), name


def test_computed_twice_and_asked_for_alone_rows_are_the_same(corner, whole):
    df = corner.sample({"customers": 120}, seed=7, tables=["complaints"])["complaints"]
    assert rows(df.toPandas()) == rows(df.toPandas()) == rows(whole["complaints"])


def test_another_seed_draws_other_rows(corner, whole):
    other = corner.sample({"customers": 120}, seed=8, tables=["orders"])["orders"].toPandas()
    assert rows(other) != rows(whole["orders"])


def test_numbers_of_a_root_and_a_child_are_both_met(corner):
    made = drawn(corner.sample({"customers": 50, "orders": 77}, seed=1))
    assert (len(made["customers"]), len(made["orders"]), len(made["countries"])) == (50, 77, 4)
    assert list(made) == list(CORNER)
    require_met(made)
    assert sorted(made["orders"].id) == list(range(1, 78))
    assert len(made["products"]) == round(60 * (50 / 300 + 77 / len(shop.tables()["orders"])) / 2)
    vip = made["orders"].merge(made["customers"], left_on="customer_id", right_on="id").vip
    assert vip.mean() > 0.5  # as most real orders, of three in ten customers


def test_a_child_asked_for_alone_brings_its_parents_in_proportion(corner):
    made = drawn(corner.sample({"orders": 60}, seed=1, tables=["customers", "orders"]))
    assert len(made["orders"]) == 60
    assert len(made["customers"]) == round(300 * 60 / len(shop.tables()["orders"]))
    require_met(made)


def test_a_scale_makes_all_tables_larger_in_proportion(corner):
    made = drawn(corner.sample(scale=3, seed=1, tables=["countries", "customers", "orders"]))
    assert (len(made["countries"]), len(made["customers"])) == (4, 900)
    assert 0.8 < len(made["orders"]) / (3 * len(shop.tables()["orders"])) < 1.25
    require_met(made)
    assert sorted(made["customers"].id) == list(range(1001, 1901))
    assert sorted(made["orders"].id) == list(range(1, len(made["orders"]) + 1))


def test_no_rows_are_empty_tables_of_the_schemas(corner, corner_frames):
    made = corner.sample({"customers": 0}, seed=1)
    for name, df in made.items():
        assert df.schema == corner_frames[name].schema
        assert df.count() == (4 if name == "countries" else 0), name


def test_values_can_be_given_for_a_root_and_its_children_follow(corner):
    counts = {}
    for vip in (True, False):
        made = corner.sample(
            {"customers": 100}, given={"customers": {"vip": vip}}, seed=1, tables=["customers", "orders"]
        )
        tables = drawn(made)
        assert (tables["customers"].vip == vip).all() and len(tables["customers"]) == 100
        require_met(tables)
        counts[vip] = len(tables["orders"])
    assert counts[True] > 2 * counts[False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": {"order": 5}}, "table 'order' is not declared; did you mean 'orders'?"),
        ({"tables": ["costumers"]}, "table 'costumers' is not declared; did you mean 'customers'?"),
        ({"tables": "orders"}, "tables must be a list of table names, got 'orders'"),
        ({"rows": {"customers": 5}, "scale": 2}, "give rows or a scale, not both"),
        ({"scale": 0}, "scale must be a number above 0, got 0"),
        ({"rows": {"customers": 0, "orders": 5}}, "5 rows of 'orders' cannot be drawn beside no row of 'customers'"),
        ({"rows": {"countries": 5}}, "table 'countries' is taken over as it is, with its 4 rows"),
        ({"given": {"orders": {"currency": "EUR"}}}, "given names table 'orders', whose rows follow from 'customers'"),
        ({"given": {"countries": {"name": "X"}}}, "table 'countries' is taken over as it is, so it has no model"),
    ],
)
def test_what_cannot_be_drawn_says_why(corner, arguments, message):
    with pytest.raises(SchemaError) as caught:
        corner.sample(**arguments)
    assert message in str(caught.value)


def test_tables_are_learned_one_after_the_other(spark, corner_frames):
    names = ("countries", "customers", "orders")
    synthesizer = Synthesizer(shop.declared(names), spark, engine="autoregressive", progress=False)
    source = {name: corner_frames[name] for name in names}
    synthesizer.fit(source, seed=1, epochs=1, tables=["customers"])
    with pytest.raises(SchemaError, match="table 'orders' is not learned; learned are customers"):
        synthesizer.sample({"orders": 5})
    with pytest.raises(
        SchemaError, match="rows of 'customers' are drawn by those of 'countries', which is not learned"
    ):
        synthesizer.sample({"customers": 5})
    synthesizer.fit(source, seed=1, epochs=1, tables=["orders", "countries"])
    made = drawn(synthesizer.sample({"customers": 40}, seed=1))
    assert len(made["customers"]) == 40 and len(made["orders"]) > 20
    require_met(made)


def test_nulls_of_a_child_table_are_filled_and_all_else_stays(spark, corner):
    own = shop.tables()["orders"]
    some = own.assign(currency=own.currency.where(own.index % 3 > 0))
    filled = corner.impute("orders", spark.createDataFrame(some), seed=1)
    assert filled.columns == list(own)
    made = filled.toPandas().sort_values("id", ignore_index=True)
    known = own.index % 3 > 0
    pd.testing.assert_frame_equal(made[known], own[known])
    pd.testing.assert_frame_equal(made.drop(columns="currency"), own.drop(columns="currency"))
    assert set(made.currency[~known]) == {"EUR", "CHF", "USD"}


def test_rows_left_out_for_a_constraint_leave_no_orphans(spark, corner):
    metadata = shop.declared(CORNER)
    metadata.tables["products"].constraints["price"] = Constraint(max=20)
    limited = Synthesizer(metadata, spark, engine="autoregressive", progress=False)
    limited.models, limited._linked = corner.models, corner._linked
    with capture_logs() as entries:
        made = limited.sample({"customers": 60}, seed=1, enforce_constraints=True, tables=["products", "complaints"])
    assert [e["event"] for e in entries] == ["constraint_violations"]
    made = drawn(made)
    require_met(made)
    assert 0 < len(made["products"]) < 12 and (made["products"].price <= 20).all()
    assert made["complaints"].sku.isna().any() and made["complaints"].sku.notna().any()
