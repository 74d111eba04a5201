"""Inferred declarations: keys, links, roles, kinds and personal columns, from names and values, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.util import inheritable_thread_target

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration, label
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.pii.detection import Finding, find_kind, find_term, number_hint
from synthohive_spark.relational.composed_columns import composed_note
from synthohive_spark.relational.links import KEY_WORDS, Link, TableProfile, infer_links, words_of
from synthohive_spark.relational.profile import ColumnProfile, profile_columns, sample_rows
from synthohive_spark.relational.roles import LinkedTable, Role, infer_roles
from synthohive_spark.relational.small_tables import LearnedColumns, columns_without_values, most_rows
from synthohive_spark.spark.schema import column_type, quote

_MANY_VALUES = 50
_ROWS_PER_VALUE = 5
_MANY = "categorical, many values"
_TEXT = "text"
_PAIR_COLUMNS = 8
_NEARLY_ALL = 0.97
_TABLES_AT_A_TIME = 4
_OF_PEOPLE = ("name", "first_name", "last_name", "username", "email")
_LOOKED_AT = 1_000
"""Values of a column that tell whether it is personal."""
_log = get_logger(__name__)


@dataclass
class _Inferred:
    """What is inferred about a table."""

    types: dict[str, ColumnType]
    profiles: dict[str, ColumnProfile]
    pk: tuple[str, ...] = ()
    fk: list[ForeignKey] = field(default_factory=list)
    pii: dict[str, str] = field(default_factory=dict)
    many: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    role: Role = field(default_factory=Role)

    def arguments(self) -> dict[str, Any]:
        """Arguments of `Metadata.add_table`."""
        return {
            "pk": self.pk,
            "fk": self.fk,
            "pii": {name: {"action": "fake", "kind": kind} for name, kind in self.pii.items()},
            "high_cardinality_cols": [] if self.role.keep else self.many,
            "exclude": [*self.exclude, *self.role.exclude],
            "owner": self.role.owner,
            "keep": self.role.keep,
            "reasons": self.reasons,
            "role_reasons": self.role.reasons,
        }


def infer_metadata(tables: Mapping[str, DataFrame]) -> dict[str, dict[str, Any]]:
    """Arguments of `Metadata.add_table` for each table; all that is inferred is logged with its reason."""
    found = _infer_tables(tables)
    _infer_roles(tables, found, _infer_links(tables, found))
    for name, inferred in found.items():
        for setting, reason in inferred.role.reasons.items():
            _log.info("inferred", table=name, setting=setting, reason=reason)
        for column, reason in inferred.reasons.items():
            _log.info("inferred", table=name, column=column, reason=reason)
    return {name: inferred.arguments() for name, inferred in found.items()}


def _infer_tables(tables: Mapping[str, DataFrame]) -> dict[str, _Inferred]:
    """What is inferred about each table by itself: some beside each other, for most of the time a job is planned."""
    if not tables:
        return {}
    session = next(iter(tables.values())).sparkSession
    with ThreadPoolExecutor(_TABLES_AT_A_TIME, "synthohive-infer") as pool:
        inferred = pool.map(inheritable_thread_target(session)(_infer_table), tables, tables.values())
        return dict(zip(tables, inferred, strict=True))


def _infer_table(name: str, df: DataFrame) -> _Inferred:
    types, exclude, reasons = {}, [], {}
    for f in df.schema.fields:
        try:
            types[f.name] = column_type(f)
        except SchemaError:
            exclude.append(f.name)
            reasons[f.name] = f"left out: type {f.dataType.simpleString()} cannot be learned"
    sampled = [column for column, type_ in types.items() if type_.is_string or type_.is_integer]
    profiles = profile_columns(df, list(types), sampled=sampled)
    inferred = _Inferred(types, profiles, exclude=exclude, reasons=reasons)
    _infer_key(name, df, inferred)
    findings = {c: find_kind(c, profiles[c].sample[:_LOOKED_AT]) for c in sampled}
    if any(finding and finding.kind in _OF_PEOPLE for finding in findings.values()):
        findings |= {c: _term(c, profiles[c]) for c in sampled if findings[c] is None and types[c].is_string}
    for column, type_ in types.items():
        finding = findings.get(column)
        if finding is not None:
            inferred.pii[column] = finding.kind
            key = f"{reasons[column]}; " if column in inferred.pk else ""
            reasons[column] = f"{key}personal ({finding.kind}): {finding.reason}"
        if finding is not None or column in inferred.pk:
            continue
        kind = _kind(type_, inferred.profiles[column])
        hint = number_hint(profiles[column].sample[:_LOOKED_AT]) if kind.startswith(_TEXT) else None
        reasons[column] = f"{kind}; {hint}" if hint else kind
        if kind.startswith(_MANY):
            inferred.many.append(column)
    _tell_composed(df, inferred)
    return inferred


def _tell_composed(df: DataFrame, inferred: _Inferred) -> None:
    """Say of which columns personal ones are a part."""
    strings = [n for n, type_ in inferred.types.items() if type_.is_string and n not in {*inferred.pii, *inferred.pk}]
    if not inferred.pii or not strings:
        return
    rows = sample_rows(df, [*inferred.pii, *strings], next(iter(inferred.profiles.values())).rows)
    for column in strings:
        note = composed_note(column, rows, inferred.types, inferred.pii)
        if note is not None:
            inferred.reasons[column] = f"{inferred.reasons[column]}; {note}"


def _term(column: str, profile: ColumnProfile) -> Finding | None:
    """Whether a column of a table of people holds companies, jobs or places that few of them share.

    What many rows share is nobody's own, and is learned.
    """
    if profile.distinct * _ROWS_PER_VALUE <= profile.rows - profile.nulls:
        return None
    finding = find_term(column, profile.sample[:_LOOKED_AT])
    return finding and Finding(finding.kind, f"{finding.reason}; few rows share one, in a table of people")


def _kind(type_: ColumnType, profile: ColumnProfile) -> str:
    held, different = profile.rows - profile.nulls, f"{profile.distinct:,} different values"
    if profile.distinct + (profile.nulls > 0) <= 1:
        return "constant: every row is the same"
    if type_.is_string and profile.nearly_unique and held > _MANY_VALUES:
        return f"{_TEXT}: {different} in {held:,} rows"
    if type_.is_string and profile.distinct > _MANY_VALUES and held / profile.distinct >= _ROWS_PER_VALUE:
        return f"{_MANY}: {different} in {held:,} rows"
    if type_.is_string:
        return f"categorical: {different}"
    return "boolean" if type_.name == "boolean" else "datetime" if type_.is_temporal else "numeric"


def _infer_key(name: str, df: DataFrame, inferred: _Inferred) -> None:
    rows = next(iter(inferred.profiles.values())).rows if inferred.profiles else 0
    possible = [
        column
        for column, type_ in inferred.types.items()
        if not (type_.is_float or type_.name in ("decimal", "boolean")) and not inferred.profiles[column].nulls
    ]
    unique = [column for column in possible if inferred.profiles[column].unique]
    named = [column for column in unique if _key_rank(name, column) or column == next(iter(inferred.types))]
    best = max(named, key=lambda column: _key_rank(name, column), default=None)
    if best is not None and not inferred.types[best].is_temporal:
        inferred.pk = (best,)
        inferred.reasons[best] = f"primary key: unique and never null in {rows:,} rows, and named or placed like one"
        return
    pair = None if unique or rows < 2 else _unique_pair(df, inferred.profiles, possible[:_PAIR_COLUMNS], rows)
    if pair is not None:
        inferred.pk = pair
        for column in pair:
            inferred.reasons[column] = f"primary key: ({', '.join(pair)}) is unique and never null in {rows:,} rows"


def _key_rank(table: str, column: str) -> int:
    """How much a column is named like the key of its table; 0 if it is not."""
    words = words_of(column)
    if not words or words[-1] not in KEY_WORDS:
        return 0
    singular = table.lower().rstrip("s")
    if words in (["id"], ["key"], ["uuid"]) or "".join(words[:-1]).startswith(singular.replace("_", "")[:5]):
        return 3
    return 2 if words[-1] in ("id", "key", "uuid") else 1


def _unique_pair(
    df: DataFrame, profiles: Mapping[str, ColumnProfile], columns: list[str], rows: int
) -> tuple[str, str] | None:
    """The first pair of columns that is unique; estimates leave out most pairs before any is counted."""
    pairs = [(a, b) for a, b in combinations(columns, 2) if profiles[a].distinct * profiles[b].distinct >= rows]
    if not pairs:
        return None
    structs = [F.struct(F.col(quote(a)), F.col(quote(b))) for a, b in pairs]
    row = df.agg(
        *[F.approx_count_distinct(F.xxhash64(s), 0.02).alias(f"p{i}") for i, s in enumerate(structs)]
    ).collect()
    likely = [i for i in range(len(pairs)) if row[0][f"p{i}"] > _NEARLY_ALL * rows * 0.95]
    for i in likely:
        if df.select(structs[i].alias("s")).distinct().count() == rows:
            return pairs[i]
    return None


def _infer_links(tables: Mapping[str, DataFrame], found: Mapping[str, _Inferred]) -> list[Link]:
    """Add the links to what is found, and return them."""

    def counted(name: str, columns: Sequence[str], parent: str, key: Sequence[str]) -> float | None:
        return _share_held(tables[name], columns, tables[parent], key)

    profiles = {name: TableProfile(own.types, own.profiles, own.pk) for name, own in found.items()}
    links = infer_links(profiles, counted)
    for name, link, share in links:
        own, parent = found[name], found[link.parent]
        explained = {*own.pii, *own.pk, *(column for earlier in own.fk for column in earlier.columns)}
        own.fk.append(link)
        for column, key in zip(link.columns, link.parent_columns, strict=True):
            own.many = [c for c in own.many if c != column]
            if key in parent.pii:
                own.pii.setdefault(column, parent.pii[key])
            before = f"{own.reasons[column]}; " if column in explained else ""
            own.reasons[column] = (
                f"{before}refers to {link.parent}.{label(link.parent_columns)}: {share:.0%} of its values are there"
            )

    return links


def _infer_roles(tables: Mapping[str, DataFrame], found: Mapping[str, _Inferred], links: Sequence[Link]) -> None:
    """Find the role of each table; tables of a few rows are looked at for columns that cannot be learned."""
    profiles = {name: TableProfile(own.types, own.profiles, own.pk) for name, own in found.items()}
    learned = {
        name: LearnedColumns.of(tables[name], TableDeclaration(**own.arguments()))
        for name, own in found.items()
        if 0 < profiles[name].rows <= most_rows(Privacy())
    }
    lost = columns_without_values(learned, Privacy())
    linked: dict[str, list[tuple[ForeignKey, float]]] = {name: [] for name in found}
    for name, link, share in links:
        linked[name].append((link, share))
    roles = infer_roles({n: LinkedTable(profiles[n], linked[n], own.pii, lost.get(n, ())) for n, own in found.items()})
    for name, own in found.items():
        own.role = roles[name]
        for column in own.role.exclude:
            own.reasons[column] += "; left out: that table is learned, and this one is taken over as it is"


def _share_held(child: DataFrame, columns: Sequence[str], parent: DataFrame, key: Sequence[str]) -> float | None:
    """The share of the different values of ``columns``, of which none is null, that are among ``key``'s."""
    names = [f"v{i}" for i in range(len(columns))]
    own = [F.col(quote(c)).alias(n) for c, n in zip(columns, names, strict=True)]
    values = child.select(*own).dropna().distinct()
    keys = parent.select(*[F.col(quote(c)).alias(n) for c, n in zip(key, names, strict=True)]).distinct()
    row = values.join(keys.withColumn("held", F.lit(1)), names, "left")
    counts = row.agg(F.count(F.lit(1)).alias("n"), F.count("held").alias("held")).collect()[0]
    return counts["held"] / counts["n"] if counts["n"] else None
