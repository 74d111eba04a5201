"""Orders as shops have them, learned by both engines: no drawn row says what no real row does."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark import Inequality, Metadata, QualityError, SchemaError, Synthesizer

ROWS = 1500
FIRST, LAST = ["Ann", "Bob", "Cem", "Dee", "Eva"], ["Smith", "Jones", "Brown", "Li"]


@pytest.fixture(scope="module")
def orders(spark):
    rng = np.random.default_rng(5)
    first, last = rng.choice(FIRST, ROWS), rng.choice(LAST, ROWS)
    ordered = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500 * 86_400, ROWS), unit="s")
    shipped = ordered + pd.to_timedelta(np.where(rng.random(ROWS) < 0.3, 0, rng.integers(60, 4000, ROWS)), unit="s")
    quantity, price = rng.integers(1, 9, ROWS), np.round(rng.gamma(2, 20, ROWS), 2)
    goods, postage = np.round(quantity * price, 2), rng.choice([0.0, 4.9, 9.9], ROWS)
    kind = rng.integers(0, 3, ROWS)
    frame = pd.DataFrame(
        {
            "first": first,
            "last": last,
            "mail": [f"{a.lower()}.{b.lower()}@shop.org" for a, b in zip(first, last, strict=True)],
            "ordered": ordered,
            "shipped": pd.Series(shipped).mask(rng.random(ROWS) < 0.1),
            "due": (ordered + pd.to_timedelta(rng.integers(0, 30, ROWS), unit="D")).strftime("%d.%m.%Y"),
            "quantity": quantity,
            "price": price,
            "goods": goods,
            "postage": postage,
            "total": np.round(goods + postage, 2),
            "is_new": kind == 0,
            "is_old": kind == 1,
            "is_lost": kind == 2,
        }
    )
    df = spark.createDataFrame(frame)
    return df.withColumns({name: F.col(name).cast("timestamp_ntz") for name in ("ordered", "shipped")})


def assert_orders_make_sense(d):
    assert (d.mail == d["first"].str.lower() + "." + d["last"].str.lower() + "@shop.org").all()
    assert not (d.shipped < d.ordered).any()
    assert (pd.to_datetime(d.due, format="%d.%m.%Y") >= d.ordered.dt.normalize()).all()
    assert ((d.goods - d.quantity * d.price).abs() < 0.0051).all()
    assert ((d.total - d.goods - d.postage).abs() < 1e-6).all()
    assert (d[["is_new", "is_old", "is_lost"]].sum(axis=1) == 1).all()


def test_drawn_orders_make_sense_on_any_partitioning(orders, estimator, tmp_path):
    model = estimator().fit(orders)
    assert_orders_make_sense(model.sample(400, seed=3).toPandas())
    said = " ".join(model.dependencies)
    for text in ("shipped >= ordered", "due >= ordered", "goods = quantity * price", "total = goods + postage"):
        assert f"{text} in all 1,500 rows" in said
    assert model.trainingSummary.dependencies == model.dependencies
    model.write().save(str(tmp_path / "model"))
    again = type(model).load(str(tmp_path / "model"))
    assert again.dependencies == model.dependencies
    one, other = (m.sample(400, seed=3, numPartitions=n).toPandas() for m, n in ((model, 1), (again, 7)))
    key = list(one.columns)
    pd.testing.assert_frame_equal(
        one.astype(str).sort_values(key, ignore_index=True), other.astype(str).sort_values(key, ignore_index=True)
    )


@pytest.fixture(scope="module")
def shop(orders, spark):
    synthesizer = Synthesizer(
        Metadata().add_table("orders", dependencies=[Inequality("price", "goods")], independent=["postage"]),
        spark=spark,
        engine="autoregressive",
        progress=False,
    )
    return synthesizer.fit({"orders": orders}, seed=1, epochs=2)


def test_the_report_counts_rows_that_break_what_holds(orders, shop, tmp_path):
    drawn = {"orders": shop.sample({"orders": 500}, seed=2)["orders"]}
    report = shop.generate_validation_report({"orders": orders}, drawn, tmp_path / "report.html")
    (table,) = report.tables
    texts = {d.text: (d.broken_real, d.broken_synthetic) for d in table.dependencies}
    assert len(texts) >= 6
    assert set(texts.values()) == {(0, 0)}
    assert "total = goods + postage" not in texts
    assert table.broken == 0
    limits = {"max_tvd": None, "max_ks": None, "max_null_rate_error": None, "max_copies": None}
    report.require(**limits)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What holds in every row" in page
    assert "goods = quantity * price" in page
    wrong = drawn["orders"].withColumn("goods", F.when(F.col("quantity") > 4, F.lit(0.01)).otherwise(F.col("goods")))
    report = shop.generate_validation_report({"orders": orders}, {"orders": wrong})
    broken = {d.text: d.broken_synthetic for d in report.tables[0].dependencies}
    assert broken["goods = quantity * price"] == wrong.where("quantity > 4").count() > 0
    assert json.loads(json.dumps(report.to_json()))["tables"][0]["dependencies"][0]["broken_real"] == 0
    with pytest.raises(QualityError) as error:
        report.require(**limits)
    assert {failure.metric for failure in error.value.failures} == {"broken"}
    report.require(**limits, max_broken=1)


def test_the_report_counts_rows_whose_columns_no_longer_decide_each_other(spark, tmp_path):
    spark.range(1200).selectExpr(
        "concat('city', id % 40) AS city",
        "concat('state', id % 40 DIV 8) AS state",
        "CAST(id % 300 * 7 + 1000 AS INT) AS customer",
        "date_add(DATE '1970-01-01', CAST(id % 300 * 37 % 9000 AS INT)) AS born",
        "IF(id % 5 = 0, NULL, id % 11) AS won",
        "IF(id % 5 = 0, NULL, rand(3)) AS odds",
        "concat('R', pmod(xxhash64(id), 12)) AS route",
        "element_at(array('Y', 'M', 'C'), 1 + CAST(pmod(xxhash64(id, 1), 3) AS INT)) AS class",
    ).selectExpr(
        "*", "IF(xxhash64(customer, route, odds) % 8 = 0, NULL, pmod(xxhash64(route, class), 20) + 40.5D) AS fare"
    ).write.parquet(str(tmp_path / "real"))
    real = {"bets": spark.read.parquet(str(tmp_path / "real"))}
    synthesizer = Synthesizer(Metadata().add_table("bets"), spark, engine="autoregressive", progress=False)
    made = synthesizer.fit(real, seed=1, epochs=1).sample({"bets": 600}, seed=2)["bets"].toPandas()

    def broken(changed):
        report = synthesizer.generate_validation_report(
            real, {"bets": spark.createDataFrame(changed, real["bets"].schema)}
        )
        return {d.text: (d.broken_real, d.broken_synthetic) for d in report.tables[0].dependencies}

    kept = {"city decides state", "customer decides born", "odds is null exactly where won is"}
    kept.add("route and class decide fare where none is null")
    assert broken(made) == dict.fromkeys(kept, (0, 0))
    places = made.index[made.state != "state1"][:30]
    made.loc[places, "state"] = "state1"
    twice = made.customer[made.customer.duplicated(keep=False)].iloc[0]
    made.loc[made.index[made.customer == twice][0], "born"] = dt.date(2001, 1, 1)
    made.loc[made.index[made.odds.notna()][:7], "odds"] = None
    dear = made.index[made.fare.notna()][:11]
    made.loc[dear, "fare"] += 100
    made.loc[made.index[made.fare.notna()][11:20], "fare"] = None
    assert broken(made) == {
        "city decides state": (0, 30),
        "customer decides born": (0, 1),
        "odds is null exactly where won is": (0, 7),
        "route and class decide fare where none is null": (0, 11),
    }


def test_what_is_declared_against_the_rows_is_said_before_a_fit(orders):
    metadata = Metadata().add_table("orders", dependencies=[{"kind": "inequality", "low": "goods", "high": "price"}])
    with pytest.raises(SchemaError) as error:
        metadata.validate_schema({"orders": orders})
    broken = orders.where("goods > price").count()
    assert f"goods <= price contradicts the data: {broken:,} of 1,500 rows break it" in str(error.value)
