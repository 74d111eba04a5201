# Databricks notebook source
# MAGIC %md
# MAGIC # One table
# MAGIC Learn a table, draw a synthetic copy of it, write the copy. On Databricks, install the wheel first
# MAGIC (`%pip install /Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl`); elsewhere, this file runs as
# MAGIC plain Python.

# COMMAND ----------

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from synthohive_spark import SynthesizerTransformer, SynthesizerTransformerModel, read_table, write_table
from synthohive_spark.spark.session import embedded_session

FOLDER = "notebook_files"  # on Databricks a Volume: "/Volumes/main/shop/files"
spark = globals().get("spark") or SparkSession.getActiveSession() or embedded_session(FOLDER)
print(f"models and reports, and the tables of a session of its own, go below {os.path.abspath(FOLDER)}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A table
# MAGIC Any table with columns of scalar types. This one is made up, so that the notebook runs everywhere.

# COMMAND ----------

spark.sql("CREATE DATABASE IF NOT EXISTS shop")
spark.sql("CREATE DATABASE IF NOT EXISTS shop_synthetic")
customers = spark.range(5_000).select(
    F.col("id").alias("customer"),
    F.expr("element_at(array('north', 'south', 'west'), CAST(1 + floor(rand(1) * 3) AS INT))").alias("region"),
    F.expr("CAST(18 + floor(rand(2) * 70) AS SMALLINT)").alias("age"),
    F.expr("CAST(exp(3 + randn(3)) AS DECIMAL(10, 2))").alias("spent"),
    F.expr("IF(rand(4) < 0.2, NULL, date_add(DATE'2023-01-01', CAST(rand(5) * 700 AS INT)))").alias("last_order"),
)
write_table(customers, "shop.customers", mode="overwrite")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Learn it
# MAGIC Training runs on the driver. `idCol` names the key: it is made, never learned.

# COMMAND ----------

synthesizer = SynthesizerTransformer(idCol="customer", epochs=10, maxSeconds=60, seed=42)
model = synthesizer.fit(read_table(spark, "shop.customers"))
model.trainingSummary.plot()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Draw and write
# MAGIC Nothing runs until the rows are written; then every executor draws its part. The same seed gives the same rows,
# MAGIC however many partitions there are.

# COMMAND ----------

synthetic = model.sample(20_000, seed=7)
write_table(synthetic, "shop_synthetic.customers", mode="overwrite")
read_table(spark, "shop_synthetic.customers").orderBy("customer").show(5)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Fix some columns
# MAGIC Columns that are given, not drawn: learn with `conditionCols`, then draw one row for each seat.

# COMMAND ----------

given = SynthesizerTransformer(idCol="customer", conditionCols=["region"], epochs=10, seed=42).fit(customers)
seats = spark.range(1_000).select(F.col("id").alias("customer"), F.lit("west").alias("region"))
west = given.setParams(passthroughCols=["customer"]).transform(seats)
west.groupBy("region").count().show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Keep the model
# MAGIC A directory of tensors and JSON, with a checksum for each file; nothing in it can run. On Databricks, use a
# MAGIC Volume.

# COMMAND ----------

model.write().overwrite().save(f"{FOLDER}/customers")
again = SynthesizerTransformerModel.load(f"{FOLDER}/customers")
again.sample(3, seed=7).show()
