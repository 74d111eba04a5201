"""Children of rows that are there already, and tables that are made from what both engines learn."""

import datetime

import pandas as pd
import pytest

from synthohive_spark import Privacy, SchemaError, Synthesizer, SynthoHiveError
from tests.helpers import linked_shop as shop
from tests.spark.relational.conftest import CORNER

CONTRACT = ("countries", "customers", "products", "orders", "items")


@pytest.fixture(scope="module")
def children(corner, corner_frames):
    made = corner.sample(parents={"customers": corner_frames["customers"]}, seed=3)
    return {name: df.toPandas() for name, df in made.items()}


def test_children_of_given_rows_come_out_and_what_they_refer_to(children):
    assert list(children) == ["products", "orders", "returns", "complaints"]
    given = {**children, "customers": shop.tables()["customers"]}
    for link in shop.links(CORNER):
        if link[0] != "customers":  # whose country is not drawn
            assert shop.orphans(given, *link) == 0, link
    for name in ("products", "orders", "returns", "complaints"):
        assert not children[name].duplicated([*shop.declared(CORNER).tables[name].pk]).any()


def test_given_rows_have_as_many_children_as_rows_like_them(children):
    customers, orders = shop.tables()["customers"], children["orders"]
    counts = customers.id.map(orders.customer_id.value_counts()).fillna(0)
    means = counts.groupby(customers.vip).mean()
    assert means[True] > 2.5 * means[False]
    assert 0.6 < len(orders) / len(shop.tables()["orders"]) < 1.5
    assert (orders.groupby("customer_id").currency.nunique() == 1).all()
    both = orders.merge(customers, left_on="customer_id", right_on="id")
    assert (pd.to_datetime(both.ordered) >= pd.to_datetime(both.joined)).all()


def test_given_rows_decide_their_children_whatever_other_rows_come_with_them(spark, corner, children):
    some = shop.tables()["customers"].iloc[100:103]
    made = corner.sample(parents={"customers": spark.createDataFrame(some)}, seed=3, tables=["orders"])["orders"]
    made = made.toPandas().drop(columns="id")
    own = children["orders"][children["orders"].customer_id.isin(some.id)].drop(columns="id")
    assert sorted(map(str, made.values.tolist())) == sorted(map(str, own.values.tolist()))


def test_new_rows_with_keys_of_their_own(spark, corner):
    joined = datetime.date(2021, 5, 5)
    given = pd.DataFrame({"id": range(5_000_000, 5_000_040), "country": "AT", "vip": True, "joined": joined})
    frame = spark.createDataFrame(given).repartition(5)
    orders = corner.sample(parents={"customers": frame}, seed=1, tables=["orders"])["orders"].toPandas()
    assert len(orders) > 60 and orders.customer_id.between(5_000_000, 5_000_039).all()
    assert orders.id.is_unique and orders.customer_id.nunique() > 20 and orders.ordered.min() >= joined


def test_a_table_in_the_middle_can_be_given(spark, corner):
    given = shop.tables()["orders"].assign(id=lambda t: t.id + 70_000)
    made = corner.sample(parents={"orders": spark.createDataFrame(given)}, seed=1, tables=["returns"])
    returns = made["returns"].toPandas()
    assert 100 < len(returns) < 500 and returns.id.is_unique
    both = returns.merge(given, left_on="order_id", right_on="id", suffixes=("", "_order"))
    assert len(both) == len(returns) and (both.customer_id == both.customer_id_order).all()
    assert (pd.to_datetime(both.returned) >= pd.to_datetime(both.ordered)).all()


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ({"costumers": None}, "table 'costumers' is not declared; did you mean 'customers'?"),
        ("customers", "parents must be a mapping such as {'customers': df}, got 'customers'"),
        ({"countries": None}, "table 'countries' is taken over as it is, so it has no model"),
    ],
)
def test_what_cannot_be_given_says_why(corner, parents, message):
    with pytest.raises(SchemaError) as caught:
        corner.sample(parents=parents)
    assert message in str(caught.value)


def test_given_rows_need_their_key(spark, corner):
    with pytest.raises(SynthoHiveError, match="`id`"):
        corner.sample(parents={"customers": shop_rows(spark).drop("id")}, tables=["orders"])


def shop_rows(spark):
    return spark.createDataFrame(shop.tables()["customers"])


@pytest.fixture(scope="module")
def by_gan(spark):
    synthesizer = Synthesizer(shop.declared(CONTRACT), spark, engine="ctgan", progress=False, privacy=Privacy(2, 2))
    return synthesizer.fit(shop.frames(spark, CONTRACT), seed=1, epochs=3, batch_size=100)


def test_what_always_holds_does_so_with_the_other_engine(spark, by_gan):
    sampled = by_gan.sample({"customers": 150}, seed=1)
    made = {name: df.toPandas() for name, df in sampled.items()}
    frames = shop.frames(spark, CONTRACT)
    for name, df in sampled.items():
        assert df.schema == frames[name].schema
        assert not made[name].duplicated([*shop.declared(CONTRACT).tables[name].pk]).any(), name
    for link in shop.links(CONTRACT):
        assert shop.orphans(made, *link) == 0, link
    customers, orders, items = made["customers"], made["orders"], made["items"]
    assert len(customers) == 150 and len(orders) > 50 and len(items) > 50
    assert sorted(orders.id) == list(range(1, len(orders) + 1))
    assert (orders.groupby("customer_id").currency.nunique() == 1).all()
    both = orders.sort_values("id").merge(customers, left_on="customer_id", right_on="id")
    assert (pd.to_datetime(both.ordered) >= pd.to_datetime(both.joined)).all()
    steps = pd.to_datetime(both.ordered).groupby(both.customer_id).diff().dropna()
    assert len(steps) > 20 and steps.min() >= pd.Timedelta(0)
    lines = items.groupby("order_id").line
    assert (lines.min() == 1).all() and (lines.max() == lines.size()).all()


def test_given_rows_need_an_engine_that_takes_any(spark, by_gan):
    with pytest.raises(SchemaError) as caught:
        by_gan.sample(parents={"customers": shop_rows(spark)})
    assert "the engine 'ctgan' cannot draw how many children a row has" in str(caught.value)
    assert "learn with engine='autoregressive'" in str(caught.value)
