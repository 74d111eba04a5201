# Databricks notebook source
# MAGIC %md
# MAGIC # A database
# MAGIC A database in, a linked synthetic copy out: declare tables and links, read how they will be made, learn them,
# MAGIC draw them in proportion, compare them, and write them only if they are good enough. On Databricks, install the
# MAGIC wheel first (`%pip install "/Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl[pii]"`);
# MAGIC elsewhere, this file runs as plain Python.

# COMMAND ----------

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from synthohive_spark import Constraint, Metadata, Synthesizer, read_table, write_table

spark = SparkSession.builder.getOrCreate()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Four tables
# MAGIC Patients with names and e-mail addresses, their visits to wards, and what was done at each visit. They are
# MAGIC made up, so that this runs everywhere. Old patients come more often and see other wards, each visit is later
# MAGIC than the one before, and treatments are numbered within their visit.

# COMMAND ----------

spark.sql("CREATE DATABASE IF NOT EXISTS clinic")
wards = spark.createDataFrame(
    [("ER", "ground"), ("EYE", "first"), ("GEN", "first"), ("KID", "second")], "ward STRING, floor STRING"
)
patients = spark.range(1_000).select(
    F.format_string("P-%06d", F.col("id") * 7).alias("patient_id"),
    F.expr(
        "concat(element_at(array('Ana', 'Ben', 'Cleo', 'Dan'), CAST(1 + id % 4 AS INT)), ' ', "
        "initcap(lower(translate(hex(id * 7919), '0123456789', 'aeioulnrst'))))"
    ).alias("name"),
    F.expr("concat('user', id, '@mail', id % 9, '.org')").alias("email"),
    F.expr("CAST(18 + xxhash64(id) % 35 + 35 AS SMALLINT)").alias("age"),
)
visits = (
    patients.withColumn("place", F.expr("explode(sequence(0, CAST(age / 20 + pmod(xxhash64(email), 3) AS INT)))"))
    .where("place > 0")  # so that some never came
    .withColumn("visit_id", F.expr("row_number() OVER (ORDER BY patient_id, place)"))
    .select(
        "visit_id",
        "patient_id",
        F.expr("IF(age >= 55, 'EYE', IF(pmod(xxhash64(visit_id), 3) = 0, 'ER', 'GEN'))").alias("ward"),
        F.expr("IF(pmod(xxhash64(visit_id, 1), 3) = 0, 'pain', 'check')").alias("reason"),
        F.expr(
            "date_add(DATE'2024-01-01', CAST(pmod(xxhash64(patient_id), 90) + place * 30 + visit_id % 30 AS INT))"
        ).alias("visited"),
    )
)
treatments = visits.select(
    "visit_id",
    F.expr("explode(sequence(1, CAST(1 + pmod(xxhash64(visit_id, 2), 3) AS INT)))").alias("line"),
    F.expr("IF(reason = 'check', 'advice', IF(pmod(xxhash64(visit_id), 2) = 0, 'drug', 'X-ray'))").alias("kind"),
    F.expr("CAST(20 + pmod(xxhash64(visit_id, 3), 900) AS DECIMAL(10, 2))").alias("cost"),
)
for name, table in {"wards": wards, "patients": patients, "visits": visits, "treatments": treatments}.items():
    write_table(table, f"clinic.{name}", mode="overwrite")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is declared
# MAGIC Keys are made, never learned; names and addresses are replaced by made-up ones; the wards, which are about no
# MAGIC one, are taken over as they are. Every problem comes at once. `describe` says how the database will be made:
# MAGIC whose rows come first, whose follow from them, and which links are references.

# COMMAND ----------

metadata = (
    Metadata()
    .add_table("wards", pk="ward", keep=True)
    .add_table(
        "patients",
        pk="patient_id",
        pii={"name": "fake", "email": "fake"},
        constraints={"age": Constraint(min=18, max=100)},
    )
    .add_table("visits", pk="visit_id", fk={"patient_id": "patients.patient_id", "ward": "wards.ward"})
    .add_table("treatments", pk=["visit_id", "line"], fk={"visit_id": "visits.visit_id"})
)
metadata.validate_schema("clinic", spark)
print(metadata.describe())

# COMMAND ----------

# MAGIC %md
# MAGIC ## What could be proposed
# MAGIC The same from the data, with reasons. It is a guess, to be read before it is used.

# COMMAND ----------

proposed = Metadata.from_database(spark, "clinic")
for table, config in proposed.tables.items():
    for what, reason in {**config.reasons, **config.role_reasons}.items():
        print(f"{table}.{what}: {reason}")
print(proposed.describe())

# COMMAND ----------

# MAGIC %md
# MAGIC ## Learn, keep

# COMMAND ----------

synthesizer = Synthesizer(metadata, spark=spark, engine="autoregressive").fit("clinic", seed=42, max_seconds=30)
synthesizer.save("syntho_models/clinic", overwrite=True)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Draw in proportion
# MAGIC 2,000 patients, and as many visits and treatments as such patients have. `scale=10` makes every table ten
# MAGIC times as large. Nothing runs until rows are used. Each table is a plan of its own, so write them, then join
# MAGIC what was written.

# COMMAND ----------

again = Synthesizer.load("syntho_models/clinic", spark=spark)
tables = again.sample({"patients": 2_000}, seed=7)
again.save_to_hive(tables, "clinic_draft", overwrite=True)
drawn = {name: read_table(spark, f"clinic_draft.{name}") for name in tables}
joined = (
    drawn["patients"]
    .join(drawn["visits"], "patient_id")
    .join(drawn["wards"], "ward")
    .join(drawn["treatments"], "visit_id")
)
joined = joined.select("patient_id", "name", "age", "visit_id", "visited", "reason", "floor", "line", "kind", "cost")
joined.orderBy("patient_id", "visited", "line").show(10, truncate=False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Compare
# MAGIC The report is a page of its own. It compares the tables, and the links: keys that meet no row, numbers of
# MAGIC children, how columns of linked tables go together, how alike siblings are, what holds between a row and its
# MAGIC parent.

# COMMAND ----------

report = again.generate_validation_report("clinic", "clinic_draft", output_path="clinic_report.html")
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
again.save_to_hive(drawn, "clinic_synthetic", overwrite=True)
read_table(spark, "clinic_synthetic.visits").show(5)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Children of your own patients
# MAGIC The autoregressive engine takes parents that are there already, real or synthetic: their visits and treatments
# MAGIC come out.

# COMMAND ----------

old = read_table(spark, "clinic_synthetic.patients").where("age >= 60")
of_the_old = again.sample(parents={"patients": old}, seed=8)
of_the_old["visits"].orderBy("visit_id").show(5)
