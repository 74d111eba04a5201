"""One table as stages of pyspark.ml."""
