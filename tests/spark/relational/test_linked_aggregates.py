"""Columns of parents that are aggregates of their children hold what the drawn children come to."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, QualityError, Synthesizer, read_table

METADATA = (
    Metadata()
    .add_table("customers", pk="customer")
    .add_table("complaints", pk="complaint", fk={"customer": "customers.customer"})
    .add_table("orders", pk="order_id", fk={"customer": "customers.customer"})
    .add_table("items", pk=["order_id", "line"], fk={"order_id": "orders.order_id"}, owner="order_id")
    .add_table("payments", pk="payment", fk={"order_id": "orders.order_id"})
)


def made_tables(customers=300):
    """A shop: who orders, the lines of each order, and how it is paid; some customers have no order."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"customer": np.arange(customers), "kind": rng.choice(["private", "business"], customers)})
    counts = np.where(rng.random(customers) < 0.15, 0, 1 + rng.poisson(2, customers))
    orders = pd.DataFrame({"customer": np.repeat(people.customer, counts).to_numpy()})
    orders["order_id"] = np.arange(len(orders)) + 1000
    orders["ordered"] = pd.to_datetime("2023-01-01") + pd.to_timedelta(rng.integers(0, 900, len(orders)), "D")
    lines = 1 + rng.poisson(1.5, len(orders))
    items = pd.DataFrame({"order_id": np.repeat(orders.order_id, lines).to_numpy()})
    items["line"] = items.groupby("order_id").cumcount() + 1
    items["cents"] = rng.choice([990, 1450, 2999, 5995, 12000], len(items)) * rng.integers(1, 4, len(items))
    goods = items.groupby("order_id").cents.sum()
    orders["goods"] = orders.order_id.map(goods)
    orders["shipping"] = rng.choice([0, 490, 990], len(orders))
    payments = pd.DataFrame({"payment": np.arange(len(orders)), "order_id": orders.order_id})
    payments["amount"] = orders.goods + orders.shipping
    of = orders.assign(total=orders.goods + orders.shipping).groupby("customer")
    people["placed"] = people.customer.map(of.size()).fillna(0).astype(int)
    people["spent"] = people.customer.map(of.total.sum()).fillna(0).astype(int)
    people["last_order"] = people.customer.map(of.ordered.max())
    people["mean_goods"] = (people.customer.map(of.goods.mean()) / 100).round(2)
    counts = rng.poisson(1, customers)
    people["complaints.made"] = counts
    complaints = pd.DataFrame({"customer": np.repeat(people.customer, counts).to_numpy()})
    complaints["complaint"] = np.arange(len(complaints))
    complaints["about"] = rng.choice(["price", "delay"], len(complaints))
    return people, orders, items, payments, complaints


@pytest.fixture(scope="module")
def shop(spark):
    people, orders, items, payments, complaints = map(spark.createDataFrame, made_tables())

    def money(name):
        return (F.col(name) / 100).cast("decimal(12,2)")

    return {
        "customers": people.select(
            "customer",
            "kind",
            F.col("placed").cast("int").alias("placed"),
            money("spent").alias("spent"),
            F.col("last_order").cast("date").alias("last_order"),
            F.nanvl("mean_goods", F.lit(None)).alias("mean_goods"),
            F.col("`complaints.made`").cast("int").alias("complaints.made"),
        ),
        "complaints": complaints.select("complaint", "customer", "about"),
        "orders": orders.select(
            "order_id",
            "customer",
            F.col("ordered").cast("date").alias("ordered"),
            money("goods").alias("goods"),
            money("shipping").alias("shipping"),
            ((F.col("goods") + F.col("shipping")) / 100).cast("decimal(12,2)").alias("total"),
        ),
        "items": items.select("order_id", F.col("line").cast("int").alias("line"), money("cents").alias("amount")),
        "payments": payments.select("payment", "order_id", money("amount").alias("amount")),
    }


@pytest.fixture(scope="module")
def learned(spark, shop):
    synthesizer = Synthesizer(METADATA, spark=spark, engine="autoregressive", progress=False)
    return synthesizer.fit(shop, seed=1, epochs=10)


@pytest.fixture(scope="module")
def drawn(spark, learned):
    spark.sql("CREATE DATABASE aggregated")
    learned.save_to_hive(learned.sample({"customers": 400}, seed=3), "aggregated")
    yield {name: read_table(spark, f"aggregated.{name}") for name in METADATA.tables}
    spark.sql("DROP DATABASE aggregated CASCADE")


def found(learned):
    return {
        (child, own.column.name): (own.function, own.of, own.empty)
        for child, table in learned._linked.items()
        for own in (table.rules.aggregates if table.rules else ())
    }


def test_sums_counts_extremes_and_averages_are_found_with_what_rows_without_children_hold(learned):
    assert found(learned) == {
        ("complaints", "complaints.made"): ("count", None, "zero"),
        ("orders", "placed"): ("count", None, "zero"),
        ("orders", "spent"): ("sum", "total", "zero"),
        ("orders", "last_order"): ("max", "ordered", "null"),
        ("orders", "mean_goods"): ("avg", "goods", "null"),
        ("items", "goods"): ("sum", "amount", "drawn"),
    }
    rest = {
        n: [c.name for c in m.table_model.conditions if c.name.startswith("@rest")] for n, m in learned.models.items()
    }
    assert rest["items"] == ["@rest.goods"] and rest["orders"] == ["@rest.spent"]


def test_drawn_rows_hold_what_their_children_come_to(drawn):
    orders = (
        drawn["orders"]
        .groupBy("customer")
        .agg(
            F.count("*").alias("n"),
            F.sum("total").alias("sum"),
            F.max("ordered").alias("last"),
            F.avg("goods").alias("mean"),
        )
    )
    customers = drawn["customers"].join(orders, "customer", "left")
    assert customers.count() == 400 and customers.where("n IS NULL").count() > 20
    assert customers.where("placed <> coalesce(n, 0) OR spent <> coalesce(sum, 0)").count() == 0
    assert customers.where("NOT (last_order <=> last)").count() == 0
    assert customers.where("(mean_goods IS NULL) <> (mean IS NULL) OR abs(mean_goods - mean) > 0.00501").count() == 0
    complaints = drawn["complaints"].groupBy("customer").agg(F.count("*").alias("n"))
    complaints = drawn["customers"].join(complaints, "customer", "left")
    assert complaints.where("`complaints.made` <> coalesce(n, 0)").count() == 0
    items = drawn["items"].groupBy("order_id").agg(F.sum("amount").alias("sum"))
    with_items = drawn["orders"].join(items, "order_id", "left")
    assert with_items.where("sum IS NULL").count() == 0
    assert with_items.where("goods <> sum").count() == 0


def test_what_such_a_column_decides_follows_it_in_its_row_and_in_other_children(drawn):
    assert drawn["orders"].where("total <> goods + shipping").count() == 0
    # The total is what follows: what is not an aggregate stays as it was drawn.
    assert drawn["orders"].where("shipping NOT IN (0, 4.9, 9.9)").count() < 0.01 * drawn["orders"].count()
    paid = drawn["payments"].join(drawn["orders"], "order_id")
    assert paid.count() == drawn["orders"].count() and paid.where("amount <> total").count() == 0


def test_children_are_drawn_for_the_sum_so_that_it_moves_little(shop, drawn):
    real, made = (t["orders"].select(F.mean("goods"), F.stddev("goods")).first() for t in (shop, drawn))
    assert float(made[0]) == pytest.approx(float(real[0]), rel=0.15)
    assert made[1] == pytest.approx(real[1], rel=0.25)
    alike = drawn["orders"].join(drawn["items"], "order_id").groupBy("order_id", "goods").agg(F.count("*").alias("n"))
    assert alike.select(F.corr("goods", "n")).first()[0] > 0.5


def test_the_same_rows_come_out_table_by_table_and_from_a_saved_model(spark, learned, drawn, tmp_path):
    learned.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model", spark=spark)
    orders = again.sample({"customers": 400}, seed=3, tables=["orders"])["orders"]
    assert orders.exceptAll(drawn["orders"]).count() == 0 and orders.count() == drawn["orders"].count()


def test_the_report_counts_rows_that_hold_something_else(learned, shop, drawn):
    spoilt = drawn | {"orders": drawn["orders"].withColumn("goods", F.expr("goods + IF(order_id % 4 = 0, 1, 0)"))}
    spoilt["orders"] = spoilt["orders"].withColumn("goods", F.col("goods").cast("decimal(12,2)"))
    nothing_else = {"max_tvd": None, "max_ks": None, "max_copies": None, "max_null_rate_error": None}
    for made, broken in ((spoilt, pytest.approx(0.25, abs=0.05)), (drawn, 0)):
        report = learned.generate_validation_report(shop, made)
        shown = {d.text: (d.share_real, d.share_synthetic) for t in report.tables for d in t.dependencies}
        assert shown["goods is the sum of items.amount"] == (0, broken)
        assert shown["placed is the number of orders"] == (0, 0)
        assert shown["mean_goods is the average of orders.goods"][0] == 0
        with nullcontext() if made is drawn else pytest.raises(QualityError, match="orders: broken 0.2"):
            report.require(**nothing_else)


def test_given_parents_keep_what_they_hold(learned, shop):
    some = shop["customers"].where("customer < 40")
    made = learned.sample(parents={"customers": some}, seed=5)
    items = made["items"].groupBy("order_id").agg(F.sum("amount").alias("sum"))
    assert made["orders"].join(items, "order_id").where("goods <> sum").count() == 0
    assert "customers" not in made
