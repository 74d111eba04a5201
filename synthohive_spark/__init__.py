"""Learn a table on the driver, draw its synthetic copy on the executors."""
