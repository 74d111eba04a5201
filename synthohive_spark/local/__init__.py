"""One table on pandas, without Spark."""
