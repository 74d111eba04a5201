# Databricks notebook source
# MAGIC %md
# MAGIC # Reading the report
# MAGIC What each figure of the report means, on a synthetic database as it should be and on one that was spoilt on
# MAGIC purpose, and what to do. On Databricks, install the wheel first (`%pip install
# MAGIC "/Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl[pii]"`); elsewhere, this file runs as plain
# MAGIC Python.

# COMMAND ----------

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from synthohive_spark import Metadata, QualityError, Synthesizer, read_table
from synthohive_spark.examples.database import write_example
from synthohive_spark.spark.session import embedded_session

FOLDER = "notebook_files"  # on Databricks a Volume: "/Volumes/main/shop/files"
spark = globals().get("spark") or SparkSession.getActiveSession() or embedded_session(FOLDER)
print(f"models and reports, and the tables of a session of its own, go below {os.path.abspath(FOLDER)}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A good one
# MAGIC Customers of a furniture shop and their orders, learned and drawn. The people are made up.

# COMMAND ----------

write_example(spark, "orders", "furniture", 1_000)
metadata = (
    Metadata()
    .add_table("customers", pk="customer_id", pii={"name": "fake", "email": "fake"})
    .add_table("orders", pk="order_id", fk={"customer_id": "customers.customer_id"})
)
synthesizer = Synthesizer(metadata, spark=spark, engine="autoregressive").fit("furniture", seed=42, max_seconds=30)
synthesizer.save_to_hive(synthesizer.sample(seed=7), "furniture_good", overwrite=True)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A bad one
# MAGIC The same, spoilt in one way for each figure:
# MAGIC
# MAGIC - customers: a tenth have no `country`, and `kind` is dealt out by chance, so it goes with nothing any more;
# MAGIC - orders: one in five is a real row, one in twenty names a customer who is not there, one in fifty has the
# MAGIC   number of another one; `total` is no longer `goods + shipping`, and nobody is ever sent anything back.

# COMMAND ----------

drawn = {name: read_table(spark, f"furniture_good.{name}") for name in ("customers", "orders")}
some = "pmod(xxhash64({}), 100) < {}"
bad_customers = drawn["customers"].withColumns(
    {
        "country": F.expr(f"IF({some.format('customer_id', 10)}, NULL, country)"),
        "kind": F.expr(f"IF({some.format('customer_id, 1', 20)}, 'business', 'private')"),
    }
)
spoilt = drawn["orders"].withColumns(
    {
        "customer_id": F.expr(f"IF({some.format('order_id', 5)}, customer_id + 1000000, customer_id)"),
        "order_id": F.expr(f"IF({some.format('order_id, 1', 2)}, order_id - 1, order_id)"),
        "total": F.expr("CAST(total * 4 AS DECIMAL(10, 2))"),
        "status": F.expr("IF(status = 'returned', 'delivered', status)"),
    }
)
real_orders = read_table(spark, "furniture.orders").where(some.format("order_id", 20))
bad_orders = spoilt.where(f"NOT {some.format('order_id, 2', 20)}").unionByName(real_orders)
bad = {"customers": bad_customers, "orders": bad_orders}
synthesizer.save_to_hive(bad, "furniture_bad", overwrite=True)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The reports
# MAGIC Each is an object, and a page of its own with charts: open the two files beside each other.

# COMMAND ----------

reports = {
    side: synthesizer.generate_validation_report(
        "furniture", f"furniture_{side}", output_path=f"{FOLDER}/report_{side}.html"
    )
    for side in ("good", "bad")
}


def compare(what, figure):
    """A figure of both reports, in percent; None where there is none."""
    good, bad = (figure(reports[side]) for side in ("good", "bad"))
    print(f"{what:50} {100 * good:8.1f} % {100 * bad:8.1f} %")


def column(table, name):
    return lambda report: next(c for t in report.tables if t.name == table for c in t.columns if c.name == name)


def of_table(name, figure):
    return lambda report: next(getattr(t, figure) for t in report.tables if t.name == name)


# COMMAND ----------

# MAGIC %md
# MAGIC ## One column at a time
# MAGIC **TVD**, for categories: how much of the rows would have to change their value to have the real shares.
# MAGIC **KS**, for numbers and dates: the largest difference between the two cumulative curves. Both are 0 where the
# MAGIC columns are alike, and chance alone gives about one part in the square root of the number of rows. **Null
# MAGIC rate**: the difference of the shares without a value.
# MAGIC
# MAGIC *What to do*: over .1, train for longer (`max_seconds`, or look at `trainingSummary.warnings`); for one column
# MAGIC alone, look at its chart: a column of codes may have to be named as categorical, a key be left out.

# COMMAND ----------

compare("orders.status: TVD", lambda report: column("orders", "status")(report).tvd)
compare("orders.total: KS", lambda report: column("orders", "total")(report).ks)
compare(
    "customers.country: difference of null rates", lambda report: column("customers", "country")(report).null_rate_error
)
compare("customers.kind: TVD", lambda report: column("customers", "kind")(report).tvd)

# COMMAND ----------

# MAGIC %md
# MAGIC The last line is nearly as good on both sides: shares alone do not tell that `kind` was dealt out by chance.
# MAGIC
# MAGIC ## Columns together
# MAGIC **The detector** is a classifier that learns to tell synthetic rows from real ones. The figure is how often it
# MAGIC finds the synthetic one of two rows: 50 % is chance, 100 % always. Far below 50 %, rows are copies. It names
# MAGIC the columns that give the rows away. **Broken** rows contradict what holds in every real one (the report lists
# MAGIC the sentences).
# MAGIC
# MAGIC *What to do*: begin with the columns it names. Above 70 %, take `engine="autoregressive"`, train for longer,
# MAGIC declare what must hold (`dependencies=`). Rows that break what was found come from later changes to the
# MAGIC tables.

# COMMAND ----------

for side, report in reports.items():
    for table in report.tables:
        print(f"{side} {table.name}: {table.detector.sentence}")
compare("orders: detector", of_table("orders", "detector_auc"))
compare("orders: rows that break what holds", of_table("orders", "broken"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Links
# MAGIC **Orphans** are keys that meet no row: none, or joins lose rows. **Cardinality** says how alike the numbers of
# MAGIC orders per customer are, customers without any included. **Hops** say how columns of tables one, two and three
# MAGIC links apart go together: that business customers have larger orders. **Key faults** are primary keys that come
# MAGIC twice or are null.
# MAGIC
# MAGIC *What to do*: a low cardinality or hop that stays low asks for another owner (`owner=`), or for a table to be
# MAGIC kept (`keep=True`). Orphans and doubled keys never come out of a draw: look at what was done to the tables
# MAGIC since.

# COMMAND ----------

compare("orders.customer_id: orphans", lambda report: report.database.links[0].orphans)
compare("orders.customer_id: cardinality (100 is best)", lambda report: report.database.links[0].cardinality)
compare("one hop (100 is best)", lambda report: report.database.hop(1))
compare("orders: key faults", of_table("orders", "key_faults"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Copies
# MAGIC **Copies** are synthetic rows that equal a real row in every learned column. Where real rows equal each other
# MAGIC (**twins**), some are to be expected; a table of few columns has many, and nobody is betrayed by it.
# MAGIC
# MAGIC *What to do*: more copies than twins in a table with dates and amounts: somebody mixed real rows in. Do not
# MAGIC hand it on.

# COMMAND ----------

compare("orders: copies", of_table("orders", "copies"))
compare("orders: twins among the real rows", of_table("orders", "real_twins"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The gate
# MAGIC `require` holds the figures against limits, and raises with all that are over theirs. A job calls it before it
# MAGIC writes. Customers have few columns here, so some rows are like real ones by chance: hence this limit of copies.

# COMMAND ----------

LIMITS = {"max_tvd": 0.15, "max_ks": 0.15, "max_copies": 0.15, "max_orphans": 0, "min_hops": 0.9}
LIMITS["max_detector_auc"] = 0.7
reports["good"].require(**LIMITS)
failures = ()
try:
    reports["bad"].require(**LIMITS)
except QualityError as error:
    failures = error.failures
for failure in failures:
    print(failure)
