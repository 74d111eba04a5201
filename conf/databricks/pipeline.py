"""A pipeline of synthetic rows of a saved model; its path and the number of rows are settings of the pipeline."""

from pyspark import pipelines as dp
from pyspark.sql import SparkSession

from synthohive_spark import SynthesizerTransformerModel

spark = SparkSession.active()
model = SynthesizerTransformerModel.load(spark.conf.get("synthohive.model"))
rows = int(spark.conf.get("synthohive.rows"))


@dp.materialized_view(comment="Made by a model: no row is a real one")
def customers_synthetic():
    """As many rows as asked for, the same at each update."""
    return model.sample(rows, seed=7, spark=spark)
