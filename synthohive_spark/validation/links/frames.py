"""The rows of linked tables as they are counted: parent by parent, the parent before its children; lazy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.validation.cells import vector
from synthohive_spark.validation.links.plan import Link, LinkPlan
from synthohive_spark.validation.links.work import PARENT
from synthohive_spark.validation.tables import Shared, over_all


def link_rows(plan: LinkPlan, doubled: set[int]) -> DataFrame:
    """The rows of all linked tables with the keys that they meet at, sorted by key within each partition.

    A row comes once as a parent for each key that is referred to, with the columns above it, and once for each of its
    links as a child.

    Args:
        plan: The links.
        doubled: Numbers of the keys that are referred to and that more than one row has.
    """
    names = dict.fromkeys([table for table, _ in plan.hubs] + [link.child for link in plan.links])
    parts = [_rows_of(plan, name, doubled) for name in names]
    rows = reduce(DataFrame.unionAll, parts)
    return rows.repartition("hub", "side", "key").sortWithinPartitions("hub", "side", "key", "link")


def _rows_of(plan: LinkPlan, name: str, doubled: set[int]) -> DataFrame:
    hubs = [number for number, (table, _) in enumerate(plan.hubs) if table == name]
    rows = _above(plan, name, doubled) if hubs else _own(plan, name).withColumn("up", F.lit(None).cast("array<double>"))
    # Rows without a key meet no other, and need not be all in one place.
    apart = F.xxhash64("own", "side")
    entries = [
        _entry(F.lit(number), F.coalesce(F.col(f"h{number}"), apart), F.lit(PARENT), F.col("up")) for number in hubs
    ]
    for link in plan.links_of(name):
        key = F.col(f"k{link.number}")
        number = F.when(key.isNull(), F.lit(-2 - link.number)).otherwise(F.lit(link.number))
        nothing = F.lit(None).cast("array<double>")
        entries.append(_entry(F.lit(plan.hub_of(link)), F.coalesce(key, apart), number, nothing))
    return rows.select("side", "own", F.explode(F.array(*entries)).alias("entry")).select(
        "entry.hub", "side", "entry.key", "entry.link", "own", "entry.up"
    )


def _entry(hub: Expression, key: Expression, link: Expression, up: Expression) -> Expression:
    return F.struct(hub.alias("hub"), key.alias("key"), link.alias("link"), up.alias("up"))


def _own(plan: LinkPlan, name: str) -> DataFrame:
    """A table's rows on both sides: ``own`` columns, keys of links as ``k<n>``, keys referred to as ``h<n>``."""
    keys = [(f"k{link.number}", _child_key(plan, link)) for link in plan.links_of(name)]
    for number, (table, columns) in enumerate(plan.hubs):
        if table == name:
            own = plan.tables[name].table.named(columns)
            keys.append((f"h{number}", _hash([_trimmed(c.text, c) for c in own])))
    selected = [vector(plan.columns[name]).alias("own"), *[key.alias(as_) for as_, key in keys]]
    return over_all([plan.tables[name].table], lambda _, __: selected)


def _above(plan: LinkPlan, name: str, doubled: set[int]) -> DataFrame:
    """A table's rows, with ``up``: its own columns and those of the tables above it, in the order of its paths."""
    rows = _own(plan, name)
    parts = [F.col("own")]
    for i, path in enumerate(plan.paths(name)[1:]):
        start = rows.select("*", F.col(f"k{path.links[0].number}").alias("at"))
        for step, link in enumerate(path.links):
            number = plan.hub_of(link)
            right = _own(plan, link.key.parent)
            onward = path.links[step + 1] if step + 1 < len(path.links) else None
            kept = F.col("own").alias(f"up{i}") if onward is None else F.col(f"k{onward.number}").alias("next")
            right = right.where(F.col(f"h{number}").isNotNull()).select(
                F.col("side").alias("their_side"), F.col(f"h{number}").alias("their_key"), kept
            )
            if number in doubled:
                right = right.dropDuplicates(["their_side", "their_key"])
            met = (F.col("side") == F.col("their_side")) & (F.col("at") == F.col("their_key"))
            start = start.join(right, met, "left").drop("their_side", "their_key", "at")
            if onward is not None:
                start = start.withColumnRenamed("next", "at")
        rows = start
        parts.append(F.coalesce(F.col(f"up{i}"), _nulls(len(plan.columns[path.end(name)]))))
    return rows.withColumn("up", F.concat(*parts))


def _nulls(length: int) -> Expression:
    return F.array_repeat(F.lit(None).cast("double"), length)


def _child_key(plan: LinkPlan, link: Link) -> Expression:
    """A link's key as a hash that is the same for equal keys of another type."""
    texts = []
    for own, theirs in zip(plan.child_key(link.child, link.key), plan.parent_key(link.key), strict=True):
        if own.type == theirs.type or (own.type and theirs.type and own.type.is_string and theirs.type.is_string):
            texts.append(_trimmed(own.text, own, theirs))
        else:
            texts.append(_trimmed(own.text_as(theirs), own, theirs))
    return _hash(texts)


def _trimmed(text: Expression, *columns: Shared) -> Expression:
    strings = any(c.type is not None and c.type.is_string for c in columns)
    return F.rtrim(text) if strings else text  # char is padded


def _hash(texts: Sequence[Expression]) -> Expression:
    whole = reduce(lambda a, b: a & b, [text.isNotNull() for text in texts])
    return F.when(whole, F.xxhash64(*texts))
