"""Columns that decide others, checked by Spark."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.engine.dependencies.decided import Decided, NullWithin
from synthohive_spark.spark.schema import quote


def breaks_null(own: NullWithin) -> Expression:
    """Whether a row has a null that another column rules out, or lacks one that it asks for."""
    null, outer = F.col(quote(own.column)).isNull(), F.col(quote(own.within)).isNull()
    return null != outer if own.same else null & ~outer


def count_undecided(
    tables: Sequence[tuple[DataFrame, DataFrame, Sequence[Decided]]],
) -> list[list[tuple[int, int]]]:
    """How many real and synthetic rows of each table hold another value than the column that decides it asks for.

    A value, or two together, asks for what most real rows hold beside it, and for nothing where no real row holds it.
    Where each draw has its own, it asks for what most rows of the same side hold. One job over all tables; null is a
    value like others, unless rows with nulls say nothing.

    Args:
        tables: Real rows, synthetic rows of the same types, and what is decided; at least one thing in each.
    """
    pairs = []
    for place, (real, synthetic, asked) in enumerate(tables):
        for df, is_real in ((real, 1), (synthetic, 0)):
            each = [
                F.struct(
                    F.lit(which).alias("which"),
                    F.xxhash64(*map(quote, own.columns)).alias("value"),
                    F.xxhash64(*map(quote, own.attributes)).alias("attributes"),
                    _counts(own).alias("counts"),
                )
                for which, own in enumerate(asked)
            ]
            rows = df.select(F.lit(place).alias("place"), F.lit(is_real).alias("real"), F.inline(F.array(*each)))
            pairs.append(rows)
    counted = (
        reduce(DataFrame.unionAll, pairs)
        .where("counts")
        .groupBy("place", "which", "value", "attributes")
        .agg(F.sum("real").alias("real"), F.sum(1 - F.col("real")).alias("made"))
    )
    own_most = [(F.sum(side) - F.max(side)).alias(f"own_{side}") for side in ("real", "made")]
    best = F.max(F.struct("real", "made"))
    known = F.when(best["real"] > 0, F.sum("made") - best["made"]).otherwise(0)
    values = counted.groupBy("place", "which", "value").agg(*own_most, known.alias("known_made"))
    sums = values.groupBy("place", "which").agg(*(F.sum(n).alias(n) for n in ("own_real", "own_made", "known_made")))
    found = {(row.place, row.which): row for row in sums.collect()}
    return [
        [
            (0, 0) if row is None else (row.own_real, row.known_made if own.known else row.own_made)
            for own, row in ((own, found.get((place, which))) for which, own in enumerate(asked))
        ]
        for place, (_, _, asked) in enumerate(tables)
    ]


def _counts(own: Decided) -> Expression:
    """Whether a row says anything."""
    return reduce(and_, (F.col(quote(name)).isNotNull() for name in sorted(own.every))) if own.free else F.lit(True)
