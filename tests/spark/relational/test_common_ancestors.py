"""An order's address is one of its customer's: rows refer to rows of their own ancestor as often as real rows do."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, Synthesizer
from tests.helpers.frames import assert_same_rows

METADATA = (
    Metadata()
    .add_table("customers", pk="customer")
    .add_table("addresses", pk="address", fk={"customer": "customers.customer"})
    .add_table(
        "orders",
        pk="order_id",
        fk={"customer": "customers.customer", "deliver_to": "addresses.address", "bill.to": "addresses.address"},
        owner="customer",
    )
    .add_table(
        "parcels", pk="parcel", fk={"order_id": "orders.order_id", "sent_to": "addresses.address"}, owner="order_id"
    )
)


def made_tables(customers=400):
    """Customers with one to three addresses; nine of ten orders go to the first, bills of 70 % to one's own."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"customer": np.arange(customers) + 1, "kind": rng.choice(["private", "firm"], customers)})
    many = 1 + rng.integers(0, 3, customers)
    addresses = pd.DataFrame({"customer": np.repeat(people.customer, many).to_numpy()})
    addresses["address"] = np.arange(len(addresses)) + 5000
    addresses["first"] = addresses.groupby("customer").cumcount() == 0
    addresses["city"] = rng.choice(["Oslo", "Rome", "Bern", "Graz"], len(addresses))
    first = dict(zip(people.customer, addresses[addresses["first"]].address, strict=True))
    lists = addresses.groupby("customer").address.agg(list)
    orders = pd.DataFrame({"customer": np.repeat(people.customer, rng.poisson(2, customers)).to_numpy()})
    orders["order_id"] = np.arange(len(orders)) + 1

    def own(customer):
        return first[customer] if rng.random() < 0.8 else rng.choice(lists[customer])

    orders["deliver_to"] = [own(c) for c in orders.customer]
    anywhere = rng.choice(addresses.address, len(orders))
    orders["bill.to"] = np.where(rng.random(len(orders)) < 0.7, [own(c) for c in orders.customer], anywhere)
    orders["amount"] = rng.integers(1, 200, len(orders))
    counts = rng.poisson(1.5, len(orders))
    parcels = pd.DataFrame({"order_id": np.repeat(orders.order_id, counts).to_numpy()})
    parcels["parcel"] = np.arange(len(parcels))
    of = dict(zip(orders.order_id, orders.customer, strict=True))
    parcels["sent_to"] = [rng.choice(lists[of[o]]) for o in parcels.order_id]
    parcels["weight"] = rng.integers(1, 30, len(parcels))
    return {"customers": people, "addresses": addresses, "orders": orders, "parcels": parcels}


@pytest.fixture(scope="module")
def real(spark):
    return {name: spark.createDataFrame(table) for name, table in made_tables().items()}


@pytest.fixture(scope="module")
def shop(spark, real):
    return Synthesizer(METADATA, spark, engine="autoregressive", progress=False).fit(real, seed=1, epochs=30)


@pytest.fixture(scope="module")
def drawn(shop):
    return {name: df.toPandas() for name, df in shop.sample({"customers": 800}, seed=2).items()}


def own_share(tables, rows, key):
    """How many rows refer to an address of their own customer."""
    owner = tables["addresses"].set_index("address").customer
    return (rows[key].map(owner) == rows.customer).mean()


def test_rows_refer_to_rows_of_their_ancestor_as_often_as_real_ones(drawn):
    real = made_tables()
    for tables in (real, drawn):
        tables["parcels"] = tables["parcels"].merge(tables["orders"][["order_id", "customer"]], on="order_id")
    assert own_share(real, real["orders"], "deliver_to") == own_share(real, real["parcels"], "sent_to") == 1
    assert own_share(drawn, drawn["orders"], "deliver_to") > 0.99
    assert own_share(drawn, drawn["parcels"], "sent_to") > 0.99
    expected = own_share(real, real["orders"], "bill.to")
    assert own_share(drawn, drawn["orders"], "bill.to") == pytest.approx(expected, abs=0.06)
    for table, key in (("orders", "deliver_to"), ("orders", "bill.to"), ("parcels", "sent_to")):
        assert drawn[table][key].isin(drawn["addresses"].address).all()


def test_the_rows_that_are_referred_to_are_like_the_real_ones(drawn):
    real = made_tables()
    shares = []
    for tables in (real, drawn):
        orders, addresses = tables["orders"], tables["addresses"]
        used = orders.merge(addresses, left_on="deliver_to", right_on="address")
        shares.append(used["first"].mean())
    assert shares[0] > 0.85 and shares[1] == pytest.approx(shares[0], abs=0.1)


def test_rows_are_the_same_on_any_partitions_and_from_a_saved_model(spark, shop, tmp_path, settings):
    rows = shop.sample({"customers": 100}, seed=3)["orders"]
    shop.save(str(tmp_path / "model"))
    with settings({"spark.sql.shuffle.partitions": "7"}):
        again = Synthesizer.load(str(tmp_path / "model"), spark).sample({"customers": 100}, seed=3)["orders"]
        assert_same_rows(rows, again)


def test_orders_of_given_customers_go_to_addresses_of_theirs(spark, shop):
    given = spark.range(50).select((F.col("id") + 10_000).alias("customer"), F.lit("firm").alias("kind"))
    sampled = shop.sample(parents={"customers": given}, seed=4)
    children = {name: sampled[name].toPandas() for name in ("orders", "addresses")}
    assert children["orders"].deliver_to.isin(children["addresses"].address).all() and len(children["orders"]) > 30
    assert own_share(children, children["orders"], "deliver_to") >= 0.95
