# Databricks notebook source
# MAGIC %md
# MAGIC # A pipeline, and MLflow
# MAGIC One table as a stage of a pyspark.ml `Pipeline`; what the fit found, and the model, in MLflow; and the same
# MAGIC rows inside a declarative pipeline. On Databricks, install the wheel first (`%pip install
# MAGIC "/Volumes/main/shop/wheels/synthohive_spark-0.1.0-py3-none-any.whl[mlflow]"`); elsewhere, this file runs as
# MAGIC plain Python, and MLflow keeps its runs in a file.

# COMMAND ----------

import os
import pathlib

import mlflow
from pyspark.ml import Pipeline
from pyspark.ml.feature import SQLTransformer
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import synthohive_spark.mlflow
from synthohive_spark import SynthesizerTransformer, load_pipeline, read_table
from synthohive_spark.examples.database import write_example
from synthohive_spark.spark.session import embedded_session

FOLDER = "notebook_files"  # on Databricks a Volume: "/Volumes/main/shop/files"
spark = globals().get("spark") or SparkSession.getActiveSession() or embedded_session(FOLDER)
print(f"models and reports, and the tables of a session of its own, go below {os.path.abspath(FOLDER)}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## A stage among others
# MAGIC Orders of a furniture shop. The first stage keeps those of the last two years, the second learns them. Names of
# MAGIC personal columns and foreign keys are left out: a table by itself knows no customers.

# COMMAND ----------

write_example(spark, "orders", "furniture", 800)
recent = SQLTransformer(statement="SELECT * FROM __THIS__ WHERE ordered_at >= '2023-01-01'")
learner = SynthesizerTransformer(
    engine="autoregressive", idCol="order_id", excludeCols=["customer_id"], maxSeconds=30, seed=42
)
fitted = Pipeline(stages=[recent, learner]).fit(read_table(spark, "furniture.orders"))
model = fitted.stages[-1]

# COMMAND ----------

# MAGIC %md
# MAGIC The learned model is a transformer: each row that goes in is a seat for a synthetic row. Columns that are named
# MAGIC as conditions are given by the seats; here, orders by phone.

# COMMAND ----------

seats = spark.range(1_000).select(F.col("id").alias("order_id"), F.lit("phone").alias("channel"))
by_phone = model.copy().setParams(conditionCols=["channel"]).transform(seats)
by_phone.show(5)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Save and load
# MAGIC `load_pipeline` loads a pipeline of stages that Spark and this package know, whoever wrote the directory.

# COMMAND ----------

path = os.path.abspath(f"{FOLDER}/pipeline")
fitted.write().overwrite().save(path)
loaded = load_pipeline(path)
loaded.stages[-1].sample(3, seed=7).show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## MLflow
# MAGIC Params, losses, scores and the model of a run, and the model as a version of a registered model. On
# MAGIC Databricks, leave out the two lines that say where runs are kept, and register it in Unity Catalog
# MAGIC (`registered_model_name="main.shop.orders"`).

# COMMAND ----------

mlflow.set_tracking_uri(f"sqlite:///{os.path.abspath(FOLDER)}/mlflow.db")
if mlflow.get_experiment_by_name("orders") is None:
    mlflow.create_experiment("orders", artifact_location=pathlib.Path(FOLDER, "mlflow").absolute().as_uri())
mlflow.set_experiment("orders")
with mlflow.start_run() as run:
    synthohive_spark.mlflow.log_fit(model)
    logged = synthohive_spark.mlflow.log_model(model, "model", registered_model_name="orders")
print({name: round(value, 3) for name, value in mlflow.get_run(run.info.run_id).data.metrics.items()})

# COMMAND ----------

# MAGIC %md
# MAGIC The registered model is loaded as a Spark stage, and draws the same rows.

# COMMAND ----------

registered = synthohive_spark.mlflow.load_model(f"models:/orders/{logged.registered_model_version}")
registered.sample(3, seed=7).show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## In a declarative pipeline
# MAGIC `sample` and `transform` start no job and ask for no analysis, so they may stand in a materialized view. This
# MAGIC is the file of such a pipeline; on Databricks, add it as its source code, elsewhere `spark-pipelines run` runs
# MAGIC it.

# COMMAND ----------

SOURCE = f"""from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from synthohive_spark import SynthesizerTransformerModel

model = SynthesizerTransformerModel.load({os.path.abspath(FOLDER) + "/orders"!r})


@dp.materialized_view
def synthetic_orders():
    return model.sample(10_000, seed=7)
"""
model.write().overwrite().save(f"{FOLDER}/orders")
pathlib.Path(FOLDER, "synthetic_orders.py").write_text(SOURCE)
print(SOURCE)
