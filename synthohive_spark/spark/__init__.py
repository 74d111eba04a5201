"""One Spark concern a module: schemas, training data, generation, tables."""
