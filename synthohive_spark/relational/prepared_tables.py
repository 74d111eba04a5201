"""Tables as a fit sees them, and which of their keys other paths decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.plan import DatabasePlan, TablePlan
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.names import MARK
from synthohive_spark.engine.families.numbers import is_countable
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.preparation import prepare
from synthohive_spark.relational.training_frames import PreparedTable, hash_name, keyed
from synthohive_spark.spark.schema import col, column_type, learnable_columns

_FEWEST_ROWS = 20
_LEVELS = 3
Decided = dict[tuple[str, tuple[str, ...]], tuple[int, tuple[str, ...]]]


def prepare_table(
    name: str,
    df: DataFrame,
    config: TableDeclaration,
    plan: DatabasePlan,
    privacy: Privacy,
    seed: int,
    hash_key: bytes | None,
) -> PreparedTable:
    """The table as it may be learned; see `synthohive_spark.relational.preparation.prepare`."""
    marked = [c for c in df.columns if c.startswith(MARK)]
    if marked:
        raise SchemaError(f"column {marked[0]!r} begins with {MARK!r}, which is kept for the package; rename it")
    own = plan.tables[name]
    output = learnable_columns(df.schema, config.dropped)
    linked = {c for link in own.links for c in link.columns}
    types = {f.name: f for f in df.schema.fields}
    rest = [c for c in config.pk if c not in linked]
    ordered = [c for c in rest if is_countable(column_type(types[c]))]
    within = _tells_siblings_apart(config, own, rest, ordered)
    hashed = [link.columns for link in own.links] + [link.parent_columns for _, link in plan.links_to(name)]
    df = keyed(df, config, hashed, ordered)
    if own.kept:
        return PreparedTable(df, output, output, ColumnRules())
    made = [c for link in own.unlinked for c in link.columns if c not in linked and c not in config.dropped]
    key = [] if within else rest
    unlinked_config = config.model_copy(
        update={"pii": {c: rule for c, rule in config.pii.items() if c not in linked or rule.action == "drop"}}
    )
    prepared, rules = prepare(df, unlinked_config, key=key, made=made, seed=seed, privacy=privacy, hash_key=hash_key)
    columns = tuple(c for c in output if c.name not in linked)
    owns = any(other.owner is not None and other.owner.parent == name for other in plan.tables.values())
    texts = _texts(prepared, columns, rules, privacy) if owns else frozenset()
    return PreparedTable(prepared, columns, output, rules, len(ordered), texts)


def _texts(df: DataFrame, columns: Sequence[Column], rules: ColumnRules, privacy: Privacy) -> frozenset[str]:
    """Columns of strings that are made from patterns, so that none that is drawn is one that was learned from."""
    made = {own.column.name for own in rules.templates} - rules.surrogates.keys()
    strings = [c.name for c in columns if c.type.is_string and c.name not in {*rules.surrogates, *made}]
    asked = [c for c in strings if c not in rules.imitated and c not in rules.categorical]
    if not asked:
        return frozenset(made | (set(strings) & rules.imitated))
    counts = [F.count(col(c)).alias(f"n{i}") for i, c in enumerate(asked)]
    row = df.agg(*counts, *[F.approx_count_distinct(col(c)).alias(f"d{i}") for i, c in enumerate(asked)]).collect()[0]
    most = max(privacy.rare_category_rows, 2)
    found = {c for i, c in enumerate(asked) if row[f"d{i}"] * most > row[f"n{i}"]}
    return frozenset(found | made | (set(strings) & rules.imitated))


def _tells_siblings_apart(config: TableDeclaration, own: TablePlan, rest: list[str], ordered: list[str]) -> bool:
    """Whether a number or time in the primary key tells the children of one parent apart."""
    return (
        own.owner is not None
        and set(own.owner.columns) <= set(config.pk)
        and len(rest) == 1
        and ordered == rest
        and rest[0] not in config.pii
    )


def decided_references(plan: DatabasePlan, tables: Mapping[str, PreparedTable]) -> Decided:
    """References that name, in every row, the row that an ancestor's foreign key names, by one aggregate a table."""
    found: Decided = {}
    for name, own in plan.tables.items():
        if own.owner is None:
            continue
        possible: list[tuple[tuple[str, ...], int, tuple[str, ...]]] = []
        for reference in own.references:
            if set(reference.columns) <= set(own.owner.columns):
                found[name, reference.columns] = 0, ()
                continue
            for level, ancestor in enumerate(plan.ancestors(name)[:_LEVELS], 1):
                possible += [
                    (reference.columns, level, link.columns)
                    for link in plan.tables[ancestor].links
                    if (link.parent, link.parent_columns) == (reference.parent, reference.parent_columns)
                ]
        if possible:
            found.update(_decided(name, plan, tables, possible))
    return found


def _decided(
    name: str,
    plan: DatabasePlan,
    tables: Mapping[str, PreparedTable],
    possible: list[tuple[tuple[str, ...], int, tuple[str, ...]]],
) -> Decided:
    df = tables[name].frame
    at, link = hash_name(plan.tables[name].owner.columns), plan.tables[name].owner  # type: ignore[union-attr]
    for level in range(1, max(level for _, level, _ in possible) + 1):
        assert link is not None
        owner = plan.tables[link.parent].owner
        keys = {hash_name(link.parent_columns), *([] if owner is None else [hash_name(owner.columns)])}
        keys |= {hash_name(columns) for _, at_level, columns in possible if at_level == level}
        there = tables[link.parent].frame.select(*[col(k).alias(f"@{level}{k}") for k in sorted(keys)])
        df = df.join(there, col(at) == col(f"@{level}{hash_name(link.parent_columns)}"), "left")
        if owner is not None:
            at = f"@{level}{hash_name(owner.columns)}"
        link = owner
    asked = []
    for i, (columns, level, theirs) in enumerate(possible):
        own, other = col(hash_name(columns)), col(f"@{level}{hash_name(theirs)}")
        asked += [F.count_if(own == other).alias(f"same{i}"), F.count_if(~own.eqNullSafe(other)).alias(f"other{i}")]
    row = df.agg(*asked).collect()[0]
    found: Decided = {}
    for i, (columns, level, theirs) in enumerate(possible):
        if row[f"other{i}"] == 0 and row[f"same{i}"] >= _FEWEST_ROWS:
            found.setdefault((name, columns), (level, theirs))
    return found
