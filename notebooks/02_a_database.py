# Databricks notebook source
# MAGIC %md
# MAGIC # A database
# MAGIC A database in, a linked synthetic copy out: declare tables and links, read how they will be made, learn them,
# MAGIC draw them in proportion, compare them, and write them only if they are good enough. On Databricks, install the
# MAGIC wheel first (`%pip install "/Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl[pii]"`);
# MAGIC elsewhere, this file runs as plain Python.

# COMMAND ----------

import os

from pyspark.sql import SparkSession

from synthohive_spark import Constraint, Metadata, Synthesizer, read_table
from synthohive_spark.examples.database import write_example
from synthohive_spark.spark.session import embedded_session

FOLDER = "notebook_files"  # on Databricks a Volume: "/Volumes/main/shop/files"
spark = globals().get("spark") or SparkSession.getActiveSession() or embedded_session(FOLDER)
print(f"models and reports, and the tables of a session of its own, go below {os.path.abspath(FOLDER)}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Five tables
# MAGIC Patients with names and birth dates, their stays on the wards of a hospital, and what was found besides the
# MAGIC main diagnosis. They are made up, so that this runs everywhere. Old patients come more often and have other
# MAGIC illnesses, each stay is later than the one before, and what was found is numbered within its stay.

# COMMAND ----------

write_example(spark, "patients", "hospital", 1_000)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is declared
# MAGIC Keys are made, never learned; names are replaced by made-up ones; wards and diagnoses, which are about no one,
# MAGIC taken over as they are. Every problem comes at once. `describe` says how the database will be made: whose rows
# MAGIC come first, whose follow from them, and which links are references.

# COMMAND ----------

metadata = (
    Metadata()
    .add_table("wards", pk="ward", keep=True)
    .add_table("diagnoses", pk="code", keep=True)
    .add_table(
        "patients",
        pk="patient_id",
        pii={"name": {"action": "fake", "kind": "name", "locale": "de_DE"}},
        constraints={"birth_date": Constraint(min="1920-01-01", max="2006-12-31")},
    )
    .add_table(
        "stays",
        pk="stay_id",
        fk={"patient_id": "patients.patient_id", "ward": "wards.ward", "main_code": "diagnoses.code"},
        owner="patient_id",
    )
    .add_table(
        "secondary",
        pk=["stay_id", "rank"],
        fk={"stay_id": "stays.stay_id", "code": "diagnoses.code"},
        owner="stay_id",
    )
)
metadata.validate_schema("hospital", spark)
print(metadata.describe())

# COMMAND ----------

# MAGIC %md
# MAGIC ## What could be proposed
# MAGIC The same from the data, with reasons. It is a guess, to be read before it is used.

# COMMAND ----------

proposed = Metadata.from_database(spark, "hospital")
for table, config in proposed.tables.items():
    for what, reason in {**config.reasons, **config.role_reasons}.items():
        print(f"{table}.{what}: {reason}")
print(proposed.describe())

# COMMAND ----------

# MAGIC %md
# MAGIC ## Learn, keep

# COMMAND ----------

synthesizer = Synthesizer(metadata, spark=spark, engine="autoregressive").fit("hospital", seed=42, max_seconds=30)
synthesizer.save(f"{FOLDER}/hospital", overwrite=True)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Draw in proportion
# MAGIC 2,000 patients, and as many stays and findings as such patients have. `scale=10` makes every table ten times
# MAGIC as large. Nothing runs until rows are used. Each table is a plan of its own, so write them, then join what was
# MAGIC written.

# COMMAND ----------

again = Synthesizer.load(f"{FOLDER}/hospital", spark=spark)
tables = again.sample({"patients": 2_000}, seed=7)
again.save_to_hive(tables, "hospital_draft", overwrite=True)
drawn = {name: read_table(spark, f"hospital_draft.{name}") for name in tables}
joined = drawn["patients"].join(drawn["stays"], "patient_id").join(drawn["wards"].drop("name"), "ward")
joined = joined.join(drawn["diagnoses"].withColumnRenamed("code", "main_code"), "main_code")
joined = joined.select("patient_id", "name", "sex", "birth_date", "admission", "discharge", "ward", "diagnosis")
joined.orderBy("patient_id", "admission").show(10, truncate=False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Compare
# MAGIC The report is a page of its own. It compares the tables, and the links: keys that meet no row, numbers of
# MAGIC children, how columns of linked tables go together, how alike siblings are, what holds between a row and its
# MAGIC parent.

# COMMAND ----------

report = again.generate_validation_report("hospital", "hospital_draft", output_path=f"{FOLDER}/hospital_report.html")
for link in report.database.links:
    print(
        f"{link.child}.{link.name} -> {link.parent}: {link.orphans_synthetic} orphans, "
        f"{link.children_real:.2f} children (drawn: {link.children_synthetic:.2f}), cardinality {link.cardinality:.3f}"
    )
    for rule in link.rules:
        print(f"    {rule.column} is {rule.relation} {rule.parent_column}: broken in {rule.broken} rows")
print(report.database.summary)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Write what passes
# MAGIC The gate raises before a bad database replaces a good one.

# COMMAND ----------

report.require(max_tvd=0.2, max_ks=0.2, max_copies=None, max_orphans=0, min_hops=0.8)
again.save_to_hive(drawn, "hospital_synthetic", overwrite=True)
read_table(spark, "hospital_synthetic.stays").show(5)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Children of your own patients
# MAGIC The autoregressive engine takes parents that are there already, real or synthetic: their stays come out, and
# MAGIC all that follows from these.

# COMMAND ----------

old = read_table(spark, "hospital_synthetic.patients").where("birth_date < '1950-01-01'")
of_the_old = again.sample(parents={"patients": old}, seed=8)
of_the_old["stays"].orderBy("stay_id").show(5)
