import datetime
import json

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.errors import QualityError
from synthohive_spark.validation.database import compare_database
from synthohive_spark.validation.links import work

START = datetime.datetime(2024, 1, 1)


def days(n):
    return START + datetime.timedelta(days=int(n))


def shop():
    """40 customers with 0, 1, 2 or 3 orders each; orders of a customer 10 days apart, first on the day of joining."""
    customers = [(i, "abcd"[i % 4], i % 4 * 10.0, days(i)) for i in range(40)]
    orders = [
        (100 * i + k, i, "abcd"[i % 4], i * 1.0, days(i + 10 * k), "even" if k % 2 == 0 else "odd")
        for i in range(40)
        for k in range(i % 4)
    ]
    return {
        "customers": pd.DataFrame(customers, columns=["id", "region", "points", "joined"]),
        "orders": pd.DataFrame(orders, columns=["id", "customer", "region", "amount", "at", "turn"]),
    }


DECLARED = Declarations().add_table("customers", pk="id").add_table("orders", pk="id", fk={"customer": "customers.id"})


def compare(spark, real, synthetic, declared=DECLARED):
    frames = [{n: spark.createDataFrame(t) for n, t in side.items()} for side in (real, synthetic)]
    return compare_database(*frames, declared.tables)


@pytest.fixture(scope="module")
def same(spark):
    return compare(spark, shop(), shop())


@pytest.fixture(scope="module")
def broken(spark):
    """A copy with 3 orphans, and 3 of a customer whose key another has; 6 null keys, 2 doubled keys of orders, 5 orders
    before joining and 4 of another region."""
    synthetic = shop()
    orders = synthetic["orders"]
    orders["customer"] = orders["customer"].astype("Int64")
    orders.loc[:2, "customer"] = 999
    orders.loc[3:8, "customer"] = pd.NA
    orders.loc[[20, 21], "id"] = orders.loc[19, "id"]
    orders.loc[30:34, "at"] = days(-100)
    orders.loc[[50, 51, 52, 53], "region"] = "z"
    synthetic["customers"].loc[39, "id"] = 38
    synthetic["orders"] = orders
    real = shop()
    real["orders"]["customer"] = real["orders"]["customer"].astype("Int64")
    return compare(spark, real, synthetic)


def test_a_copy_is_the_same_in_every_figure(same):
    (link,) = same.database.links
    assert (link.child, link.columns, link.parent, link.owner) == ("orders", ("customer",), "customers", True)
    assert (link.keyed_real, link.orphans_real, link.null_rate_real) == (60, 0, 0.0)
    assert (link.children_real, link.children_synthetic) == (1.5, 1.5)
    assert [(b.label, b.real, b.synthetic) for b in link.children] == [(str(n), 0.25, 0.25) for n in range(4)]
    summary = same.database.summary
    assert summary["orphans"] == 0
    for name in ("cardinality", "degree_attributes", "hop1", "siblings", "order", "rules"):
        assert summary[name] == pytest.approx(1), name
    assert summary["hop2"] is summary["pair_keys"] is summary["degree_pairs"] is None
    assert {s.column for s in link.attributes} == {"region", "points", "joined"}
    assert {s.column for s in link.siblings} == {"region", "amount", "at", "turn"}
    same.require(max_copies=None, min_cardinality=1, min_hops=1, max_doubled_keys=0)


def test_orphans_nulls_and_doubled_keys_are_counted(broken):
    (link,) = broken.database.links
    assert (link.keyed_synthetic, link.orphans_synthetic, link.orphans_real) == (54, 6, 0)
    assert link.orphans == pytest.approx(6 / 54)
    assert (link.null_rate_real, link.null_rate_synthetic) == (0.0, pytest.approx(0.1))
    tables = {t.name: t for t in broken.tables}
    assert (tables["orders"].key_duplicates, tables["orders"].key_duplicates_real) == (2, 0)
    assert tables["customers"].key_duplicates == 1 and tables["customers"].key_nulls == 0
    assert broken.database.paths[0].pairs == 12
    with pytest.raises(QualityError) as caught:
        broken.require(max_tvd=None, max_ks=None, max_null_rate_error=None, max_copies=None, max_doubled_keys=0)
    assert [(f.table, f.column, f.metric) for f in caught.value.failures] == [
        ("customers", None, "key_faults"),
        ("customers", None, "doubled_keys"),
        ("orders", None, "key_faults"),
        ("orders", None, "doubled_keys"),
        ("orders", "customer", "orphans"),
    ]
    assert "orders.customer: orphans 0.111 (at most 0)" in str(caught.value)


def test_what_holds_between_tables_is_found_and_breaks_are_counted(same, broken):
    rules = {(r.column, r.relation, r.parent_column): (r.rows, r.broken) for r in same.database.links[0].rules}
    assert rules == {("region", "equal to", "region"): (60, 0), ("at", "not before", "joined"): (60, 0)}
    rules = {(r.column, r.relation): (r.rows, r.broken) for r in broken.database.links[0].rules}
    assert rules["region", "equal to"][1] >= 4 and rules["at", "not before"] == (rules["region", "equal to"][0], 5)


def test_counts_of_children_are_compared(spark):
    synthetic = shop()
    orders = synthetic["orders"]
    synthetic["orders"] = orders[orders["customer"] % 4 == 1]  # one child each, a quarter of the customers
    report = compare(spark, shop(), synthetic)
    (link,) = report.database.links
    assert link.cardinality == pytest.approx(0.5)  # none: a quarter of the real rows, three quarters of these
    assert [b.synthetic for b in link.children] == [0.75, 0.25, 0.0, 0.0]
    real, drawn = np.arange(40) % 4, (np.arange(40) % 4 == 1) * 1.0
    points = np.arange(40) % 4 * 10.0
    expected = 1 - abs(np.corrcoef(points, real)[0, 1] - np.corrcoef(points, drawn)[0, 1]) / 2
    found = {s.column: s.similarity for s in link.attributes}
    assert found["points"] == pytest.approx(expected)
    # By region: a has 0 children on both sides, b 1 on both; c and d have 2 and 3, and 0 each here.
    assert found["region"] == pytest.approx(0.5)
    with pytest.raises(QualityError, match=r"orders\.customer: cardinality 0\.5 \(at least 0\.9\)"):
        report.require(max_tvd=None, max_ks=None, max_copies=None, max_null_rate_error=None, min_cardinality=0.9)


def test_siblings_and_gaps(spark):
    real, synthetic = shop(), shop()
    orders = synthetic["orders"]
    orders["amount"] = np.random.default_rng(0).permutation(orders["amount"].to_numpy())
    orders["at"] = [days(i + 20 * k) for i in range(40) for k in range(i % 4)]
    (link,) = compare(spark, real, synthetic).database.links
    found = {s.column: s.similarity for s in link.siblings}
    # Amounts are those of the customer, then of nobody; turns and regions are as they were.
    assert found["amount"] < 0.5 and found["turn"] == found["region"] == pytest.approx(1)
    assert {s.column: s.similarity for s in link.order} == {"at": pytest.approx(0.0)}


def test_tables_two_and_three_links_apart(spark):
    n = np.arange(400)
    real = {
        "a": pd.DataFrame({"id": n[:40], "x": n[:40] * 1.0, "w": [f"w{i % 2}" for i in range(40)]}),
        "b": pd.DataFrame({"id": n[:80], "a": n[:80] % 40, "y": n[:80] * 1.0}),
        "c": pd.DataFrame({"id": n[:160], "b": n[:160] % 80, "z": n[:160] * 1.0}),
        "d": pd.DataFrame({"id": n, "c": n % 160, "v": (n % 40) * 1.0, "u": [f"w{i % 2}" for i in n]}),
    }
    declared = Declarations().add_table("a", pk="id")
    for child, parent in (("b", "a"), ("c", "b"), ("d", "c")):
        declared.add_table(child, pk="id", fk={parent: f"{parent}.id"})
    synthetic = {name: table.copy() for name, table in real.items()}
    synthetic["d"]["v"] = synthetic["d"]["v"].to_numpy()[::-1]  # the other way round: the correlation turns round
    synthetic["d"]["u"] = "w0"
    report = compare(spark, real, synthetic, declared)
    paths = {path.tables: path for path in report.database.paths}
    assert {tables: path.hops for tables, path in paths.items()} == {
        ("b", "a"): 1, ("c", "b"): 1, ("d", "c"): 1,
        ("c", "b", "a"): 2, ("d", "c", "b"): 2, ("d", "c", "b", "a"): 3,
    }  # fmt: skip
    far = paths["d", "c", "b", "a"]
    assert far.pairs == 4 and far.keys == (("c",), ("b",), ("a",))
    # v with x turns from 1 to -1 (similarity 0); u with w keeps half of its cells.
    parts = [np.minimum(np.arange(40) * 10 // 39, 9) for _ in (0, 1)]
    words = np.arange(40) % 2

    def tvd(a, b, c, d):
        one, other = pd.crosstab(a, b, normalize=True), pd.crosstab(c, d, normalize=True)
        return one.sub(other, fill_value=0).abs().fillna(0).to_numpy().sum() / 2

    v_w = 1 - tvd(parts[0], words, parts[0][::-1], words)
    u_x = 1 - tvd(words, parts[0], 0 * words, parts[0])
    assert far.similarity == pytest.approx((0 + v_w + u_x + 0.5) / 4, abs=1e-6)
    assert far.worst == ("v", "x") and far.worst_similarity == pytest.approx(0)
    assert report.database.hop(3) == far.similarity
    with pytest.raises(QualityError, match=r"all tables: hop3 0\.\d+ \(at least 0\.9\)"):
        report.require(max_tvd=None, max_ks=None, max_copies=None, max_null_rate_error=None, min_hops=0.9)


def test_two_links_of_one_table_and_two_keys(spark):
    i = np.arange(60)
    real = {
        "p": pd.DataFrame({"id": i[:20]}),
        "q": pd.DataFrame({"id": i[:10]}),
        "m": pd.DataFrame({"id": i, "p": i % 20, "q": i % 10}),  # 20 pairs
        "n": pd.DataFrame({"id": i, "p": np.repeat(i[:20], 3)}),
    }
    synthetic = {name: table.copy() for name, table in real.items()}
    synthetic["m"]["q"] = i // 6  # 60 pairs
    synthetic["m"]["p"] = np.minimum(i, 19)  # one row has 41
    declared = Declarations().add_table("p", pk="id").add_table("q", pk="id")
    declared.add_table("m", pk="id", fk={"p": "p.id", "q": "q.id"}).add_table("n", pk="id", fk={"p": "p.id"})
    database = compare(spark, real, synthetic, declared).database
    (keys,) = database.pair_keys
    assert (keys.table, keys.first, keys.second) == ("m", "p", "q")
    pairs = len({(min(j, 19), j // 6) for j in range(60)})
    assert (keys.real, keys.synthetic) == (pytest.approx(20 / 60), pytest.approx(pairs / 60))
    assert keys.similarity == pytest.approx(1 - abs(20 - pairs) / 60)
    (degrees,) = database.degree_pairs
    assert {degrees.first, degrees.second} == {"m.p", "n.p"} and degrees.real == degrees.synthetic == 0.0
    cardinality = {(link.child, link.parent): link.cardinality for link in database.links}
    assert cardinality["n", "p"] == 1 and cardinality["m", "p"] == pytest.approx(0.05)
    assert {(link.child, link.parent): link.owner for link in database.links} == {
        ("m", "p"): True, ("m", "q"): False, ("n", "p"): True,
    }  # fmt: skip


def test_kept_tables_are_not_scored_and_kept_orphans_are_held_against_the_real_share(spark, tmp_path):
    i = np.arange(100)
    real = {
        "lands": pd.DataFrame({"code": list("abcd"), "name": ["A", "B", "C", "D"]}),
        "people": pd.DataFrame({"id": i, "land": np.where(i < 20, "x", np.array(list("abcd"))[i % 4])}),
    }
    synthetic = {name: table.copy() for name, table in real.items()}
    synthetic["people"]["land"] = np.where(i < 21, "x", np.array(list("abcd"))[i % 4])
    declared = Declarations().add_table("lands", pk="code", keep=True)
    declared.add_table("people", pk="id", fk={"land": "lands.code"}, orphans="keep")
    report = compare(spark, real, synthetic, declared)
    lands, people = report.tables
    assert lands.kept and lands.columns == lands.pairs == () and lands.copies is None and lands.kept_differences == 0
    assert not people.kept and people.kept_differences is None
    (link,) = report.database.links
    assert (link.orphan_share_real, link.orphans) == (pytest.approx(0.2), pytest.approx(0.21)) and not link.owner
    report.require(max_copies=None)
    with pytest.raises(QualityError, match=r"people\.land: orphan_error 0\.01 \(at most 0\.005\)"):
        report.require(max_copies=None, max_orphan_error=0.005)
    report.write_html(tmp_path / "page.html")
    assert "taken over as it is, by declaration" in (tmp_path / "page.html").read_text()
    synthetic["lands"].loc[0, "name"] = "changed"
    report = compare(spark, real, synthetic, declared)
    assert report.tables[0].kept_differences == 2
    report.write_html(tmp_path / "page.html")
    assert "It is not the real table:" in (tmp_path / "page.html").read_text()


def test_composite_keys_of_other_types_and_circles(spark):
    i = np.arange(50)
    real = {
        "slots": pd.DataFrame({"day": np.repeat(i[:10], 2), "half": ["am", "pm"] * 10, "room": i[:20] % 3}),
        "visits": pd.DataFrame(
            {"id": i, "day": i % 10, "half": np.where(i % 3 == 0, "am", "pm"), "next": (i + 1) % 50}
        ),
    }
    real["visits"].loc[:4, "half"] = None
    declared = Declarations().add_table("slots", pk=["day", "half"])
    declared.add_table("visits", pk="id", fk={("day", "half"): "slots.(day, half)", "next": "visits.id"})
    frames = [{n: spark.createDataFrame(t) for n, t in real.items()} for _ in (0, 1)]
    for side in frames:
        side["visits"] = side["visits"].withColumn("day", F.col("day").cast("string"))
    report = compare_database(*frames, declared.tables)
    links = {link.columns: link for link in report.database.links}
    assert links["day", "half"].orphans_synthetic == 0 and links["day", "half"].keyed_synthetic == 45
    assert links["day", "half"].null_rate_synthetic == pytest.approx(0.1)
    assert links["next",].cardinality == 1 and links["next",].children_real == 1
    assert not links["next",].owner and report.database.summary["pair_keys"] == 1


def test_two_ways_from_a_row_to_one_table_are_compared(spark, tmp_path):
    """A client of an account lives in the account's district in 45 of 50 real rows, and in 5 of 50 synthetic ones."""
    i = np.arange(50)
    real = {
        "districts": pd.DataFrame({"district": np.arange(10)}),
        "accounts": pd.DataFrame({"account": i, "district": i % 10}),
        "clients": pd.DataFrame({"client": i, "district": np.where(i < 45, i % 10, (i + 1) % 10)}),
        "rights": pd.DataFrame({"right": i, "account": i, "client": i, "bank": i % 10}),
    }
    synthetic = {**real, "clients": real["clients"].assign(district=np.where(i < 5, i % 10, (i + 1) % 10))}
    declared = Declarations().add_table("districts", pk="district")
    declared.add_table("accounts", pk="account", fk={"district": "districts.district"})
    declared.add_table("clients", pk="client", fk={"district": "districts.district"})
    fk = {"account": "accounts.account", "client": "clients.client", "bank": "districts.district"}
    declared.add_table("rights", pk="right", fk=fk, owner="account")
    report = compare(spark, real, synthetic, declared)
    found = {(pair.first, pair.second): (pair.real, pair.synthetic) for pair in report.database.two_paths}
    account, client, bank = (("account",), ("district",)), (("client",), ("district",)), (("bank",),)
    assert found == {(account, client): (0.9, 0.1), (bank, account): (1.0, 1.0), (bank, client): (0.9, 0.1)}
    assert {(pair.table, pair.end) for pair in report.database.two_paths} == {("rights", "districts")}
    assert report.database.summary["two_paths"] == pytest.approx((0.2 + 1 + 0.2) / 3)
    report.write_html(tmp_path / "report.html")
    assert "account → district; client → district" in (tmp_path / "report.html").read_text()
    with pytest.raises(QualityError, match="rights.account -> district and client -> district: two_paths 0.2"):
        report.require(max_tvd=None, max_ks=None, max_copies=None, min_two_paths=0.9)


def test_a_parent_with_more_children_than_are_held_at_a_time(spark, monkeypatch):
    rows = pd.DataFrame(
        {"id": np.arange(900), "p": np.r_[np.zeros(700, int), np.arange(200) % 9 + 1], "x": np.arange(900.0)}
    )
    tables = {"p": pd.DataFrame({"id": np.arange(11), "v": np.arange(11.0)}), "c": rows}
    declared = Declarations().add_table("p", pk="id").add_table("c", pk="id", fk={"p": "p.id"})
    whole = compare(spark, tables, tables, declared)
    made = work.LinkWork.__init__
    monkeypatch.setattr(work.LinkWork, "__init__", lambda self, hubs: made(self, hubs, rows=8, most=64))
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "16")
    try:
        parts = compare(spark, tables, tables, declared)
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    (one,), (other,) = whole.database.links, parts.database.links
    assert (one.children, one.cardinality, one.keyed_real) == (other.children, other.cardinality, other.keyed_real)
    assert one.children_real == other.children_real == pytest.approx(900 / 11)
    assert whole.database.hop(1) == pytest.approx(parts.database.hop(1))


def test_the_report_holds_the_same_figures_as_json_and_without_links_none(broken, spark, tmp_path):
    broken.write_json(tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text())["database"]
    assert found["summary"]["orphans"] == found["links"][0]["orphans_synthetic"] == 6
    assert found["links"][0]["orphan_share_synthetic"] == pytest.approx(6 / 54)
    assert {t["name"]: (t["role"], t["rows"]) for t in found["drawn_tables"]} == {
        "customers": ("root", 40), "orders": ("child", 60),
    }  # fmt: skip
    alone = compare(spark, {"customers": shop()["customers"]}, {"customers": shop()["customers"]})
    assert alone.database is None and "database" not in alone.to_json()


def test_a_link_to_a_table_that_is_not_compared_is_named(spark):
    orders = {"orders": shop()["orders"]}
    report = compare(spark, orders, orders)
    assert report.database.links == ()
    assert report.database.notes == ("orders: customer refers to customers, which is not compared",)
    report.write_html("/dev/null")


def test_few_queries_however_many_tables(spark):
    count = spark._jsc.sc().dagScheduler().numTotalJobs
    before = count()
    compare(spark, shop(), shop())
    assert count() - before <= 14


def test_empty_tables(spark):
    full, empty = shop(), {name: table.head(0) for name, table in shop().items()}
    schema = {name: spark.createDataFrame(table).schema for name, table in full.items()}
    frames = {name: spark.createDataFrame(table) for name, table in full.items()}
    nothing = {name: spark.createDataFrame([], schema[name]) for name in empty}
    for real, synthetic in ((frames, nothing), (nothing, frames), (nothing, nothing)):
        report = compare_database(real, synthetic, DECLARED.tables)
        (link,) = report.database.links
        assert link.children == ()
        report.write_html("/dev/null")
        assert report.database.summary["orphans"] == 0
