"""Real and synthetic tables compared, over all rows, by Spark."""
