"""Whether two chains of links from a row lead to the same row, by one query over all rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from itertools import combinations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.validation.links.figures import TwoPaths
from synthohive_spark.validation.links.frames import own_rows
from synthohive_spark.validation.links.plan import LinkPlan, Path

_SOME = 0.1
"""The least share, of either side, that says something."""
_Pair = tuple[str, Path, Path]


def compare_two_paths(plan: LinkPlan, doubled: Collection[int]) -> Iterator[TwoPaths]:
    """Chains of at most two links from one table to one, that begin with different links and end with different ones.

    Args:
        plan: The links.
        doubled: Numbers of the keys that are referred to and that more than one row has.
    """
    pairs = [
        (table, *two) for table in plan.tables for two in combinations(plan.paths(table)[1:], 2) if _meet(plan, *two)
    ]
    if not pairs:
        return
    shares = [[0.0, 0.0] for _ in pairs]
    counts = reduce(DataFrame.unionAll, [_counts(plan, doubled, i, pair) for i, pair in enumerate(pairs)])
    for row in counts.collect():
        shares[row["pair"]][row["side"]] = row["same"] / row["both"] if row["both"] else 0.0
    for (table, *two), (real, synthetic) in zip(pairs, shares, strict=True):
        if max(real, synthetic) >= _SOME:
            first, second = (tuple(link.key.columns for link in path.links) for path in two)
            yield TwoPaths(table, first, second, two[0].end(table), real, synthetic)


def _meet(plan: LinkPlan, one: Path, other: Path) -> bool:
    hubs = [plan.hub_of(path.links[-1]) for path in (one, other)]
    return hubs[0] == hubs[1] and one.links[0] != other.links[0] and one.links[-1] != other.links[-1]


def _counts(plan: LinkPlan, doubled: Collection[int], number: int, pair: _Pair) -> DataFrame:
    table, *two = pair
    starts = [f"k{path.links[0].number} AS at{i}" for i, path in enumerate(two)]
    rows = own_rows(plan, table).selectExpr("side", *starts)
    for i, path in enumerate(two):
        for step, onward in zip(path.links, path.links[1:], strict=False):
            hub = plan.hub_of(step)
            there = own_rows(plan, step.key.parent).where(f"h{hub} IS NOT NULL")
            there = there.selectExpr("side AS their_side", f"h{hub} AS their_key", f"k{onward.number} AS onward")
            if hub in doubled:
                there = there.dropDuplicates(["their_side", "their_key"])
            rows = rows.join(there, F.expr(f"side = their_side AND at{i} = their_key"), "left")
            rows = rows.withColumn(f"at{i}", F.col("onward")).drop("their_side", "their_key", "onward")
    counted = rows.groupBy("side").agg(
        F.count_if(F.expr("at0 = at1")).alias("same"),
        F.count_if(F.expr("at0 IS NOT NULL AND at1 IS NOT NULL")).alias("both"),
    )
    return counted.select(F.lit(number).alias("pair"), "side", "same", "both")
