"""The rows of linked tables as they are counted: parent by parent, the parent before its children; lazy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.validation.cells import vector
from synthohive_spark.validation.links.plan import Link, LinkPlan
from synthohive_spark.validation.links.work import PARENT
from synthohive_spark.validation.tables import Shared, over_all

_NOTHING = "CAST(NULL AS ARRAY<DOUBLE>)"


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
    rows, up = (_above(plan, name, doubled), "up") if hubs else (own_rows(plan, name), _NOTHING)
    # Rows without a key meet no other, and need not be all in one place.
    apart = "xxhash64(own, side)"
    entries = [_entry(number, f"coalesce(h{number}, {apart})", str(PARENT), up) for number in hubs]
    for link in plan.links_of(name):
        n = link.number
        number = f"CASE WHEN k{n} IS NULL THEN {-2 - n} ELSE {n} END"
        entries.append(_entry(plan.hub_of(link), f"coalesce(k{n}, {apart})", number, _NOTHING))
    return rows.selectExpr("side", "own", f"inline(array({', '.join(entries)}))")


def _entry(hub: int, key: str, link: str, up: str) -> str:
    return f"named_struct('hub', {hub}, 'key', {key}, 'link', {link}, 'up', {up})"


def own_rows(plan: LinkPlan, name: str) -> DataFrame:
    """A table's rows on both sides: ``own`` columns, keys of links as ``k<n>``, keys referred to as ``h<n>``."""
    selected = {"own": vector(plan.columns[name])}
    selected |= {f"k{link.number}": _child_key(plan, link) for link in plan.links_of(name)}
    for number, (table, columns) in enumerate(plan.hubs):
        if table == name:
            selected[f"h{number}"] = _hash([_trimmed(c.text, c) for c in plan.tables[name].table.named(columns)])
    return over_all([plan.tables[name].table], lambda _, __: selected)


def _above(plan: LinkPlan, name: str, doubled: set[int]) -> DataFrame:
    """A table's rows, with ``up``: its own columns and those of the tables above it, in the order of its paths."""
    rows, parts = own_rows(plan, name), ["own"]
    for i, path in enumerate(plan.paths(name)[1:]):
        at = f"k{path.links[0].number}"
        for step, link in enumerate(path.links):
            number, last = plan.hub_of(link), step + 1 == len(path.links)
            onward = f"own AS up{i}" if last else f"k{path.links[step + 1].number} AS at{i}"
            right = own_rows(plan, link.key.parent).where(f"h{number} IS NOT NULL")
            right = right.selectExpr("side AS their_side", f"h{number} AS their_key", onward)
            if number in doubled:
                right = right.dropDuplicates(["their_side", "their_key"])
            rows = rows.join(right, F.expr(f"side = their_side AND {at} = their_key"), "left")
            rows = rows.drop("their_side", "their_key", *([] if step == 0 else [at]))
            at = f"at{i}"
        length = len(plan.columns[path.end(name)])
        parts.append(f"coalesce(up{i}, array_repeat(CAST(NULL AS DOUBLE), {length}))")
    return rows.selectExpr("*", f"concat({', '.join(parts)}) AS up")


def _child_key(plan: LinkPlan, link: Link) -> str:
    """A link's key as a hash that is the same for equal keys of another type."""
    texts = []
    for own, theirs in zip(plan.child_key(link.child, link.key), plan.parent_key(link.key), strict=True):
        strings = [c.type is not None and c.type.is_string for c in (own, theirs)]
        alike = own.type == theirs.type or all(strings)
        texts.append(_trimmed(own.text if alike else own.text_as(theirs), own, theirs))
    return _hash(texts)


def _trimmed(text: str, *columns: Shared) -> str:
    strings = any(c.type is not None and c.type.is_string for c in columns)
    return f"rtrim({text})" if strings else text  # char is padded


def _hash(texts: Sequence[str]) -> str:
    whole = " AND ".join(f"{text} IS NOT NULL" for text in texts)
    return f"CASE WHEN {whole} THEN xxhash64({', '.join(texts)}) END"
