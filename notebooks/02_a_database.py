# Databricks notebook source
# MAGIC %md
# MAGIC # A database
# MAGIC Learn all tables of a database, draw synthetic copies, compare them, and write them only if they are good
# MAGIC enough. On Databricks, install the wheel first
# MAGIC (`%pip install "/Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl[pii]"`); elsewhere, this file
# MAGIC runs as plain Python.

# COMMAND ----------

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from synthohive_spark import Constraint, Metadata, Synthesizer, read_table, write_table

spark = SparkSession.builder.getOrCreate()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Two tables
# MAGIC Patients with names and e-mail addresses, and their visits. They are made up, so that this runs everywhere.

# COMMAND ----------

spark.sql("CREATE DATABASE IF NOT EXISTS clinic")
patients = spark.range(3_000).select(
    F.format_string("P-%06d", F.col("id") * 7).alias("patient_id"),
    F.expr(
        "concat(element_at(array('Ana', 'Ben', 'Cleo', 'Dan'), CAST(1 + id % 4 AS INT)), ' ', "
        "initcap(lower(translate(hex(id * 7919), '0123456789', 'aeioulnrst'))))"
    ).alias("name"),
    F.expr("concat('user', id, '@mail', id % 9, '.org')").alias("email"),
    F.expr("element_at(array('north', 'south', 'west'), CAST(1 + floor(rand(1) * 3) AS INT))").alias("region"),
    F.expr("CAST(18 + floor(rand(2) * 70) AS SMALLINT)").alias("age"),
)
visits = spark.range(9_000).select(
    F.col("id").alias("visit_id"),
    F.expr("format_string('P-%06d', CAST(floor(rand(3) * 3000) AS BIGINT) * 7)").alias("patient_id"),
    F.expr("CAST(exp(3 + randn(4)) AS DECIMAL(10, 2))").alias("cost"),
    F.expr("IF(rand(5) < 0.2, NULL, date_add(DATE'2023-01-01', CAST(rand(6) * 700 AS INT)))").alias("follow_up"),
)
write_table(patients, "clinic.patients", mode="overwrite")
write_table(visits, "clinic.visits", mode="overwrite")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What could be declared
# MAGIC A proposal from names and values, with reasons. It is a guess, to be read before it is used.

# COMMAND ----------

proposed = Metadata.from_database(spark, "clinic")
for table, config in proposed.tables.items():
    for column, reason in config.reasons.items():
        print(f"{table}.{column}: {reason}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is declared
# MAGIC Keys are made, never learned; names and addresses are replaced by made-up ones. Every problem comes at once.

# COMMAND ----------

metadata = (
    Metadata()
    .add_table(
        "patients",
        pk="patient_id",
        pii={"name": "fake", "email": "fake"},
        constraints={"age": Constraint(min=18, max=100)},
    )
    .add_table("visits", pk="visit_id", fk={"patient_id": "patients.patient_id"})
)
metadata.validate_schema("clinic", spark)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Learn, keep, draw

# COMMAND ----------

synthesizer = Synthesizer(metadata, spark=spark).fit("clinic", seed=42, epochs=10, max_seconds=60)
synthesizer.save("syntho_models/clinic", overwrite=True)

# COMMAND ----------

again = Synthesizer.load("syntho_models/clinic", spark=spark)
tables = again.sample({"patients": 5_000, "visits": 10_000}, seed=7, enforce_constraints=True, on_violation="resample")
tables["patients"].show(5, truncate=False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Compare, then write
# MAGIC The report is a page of its own; the gate raises before a bad table replaces a good one.

# COMMAND ----------

report = again.generate_validation_report("clinic", tables, output_path="clinic_report.html")
report.require(max_tvd=0.2, max_ks=0.2, max_copies=None)
again.save_to_hive(tables, "clinic_synthetic", overwrite=True)
read_table(spark, "clinic_synthetic.visits").show(5)
