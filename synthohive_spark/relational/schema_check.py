"""Declarations against the real tables: every problem at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration, label
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.relational.small_tables import LearnedColumns, columns_without_values, most_rows
from synthohive_spark.spark.constraint_check import bound_checks
from synthohive_spark.spark.dependency_check import rows_that_break
from synthohive_spark.spark.schema import column_type, quote, type_name

MOST_KEPT_ROWS = 100_000
"""Rows of the largest table that may be taken over as it is: its rows lie in the model directory."""
_KEEP = "; if no row is about a person, take the table over as it is with keep=True"
_log = get_logger(__name__)


@dataclass(frozen=True)
class Problem:
    """Something that does not fit.

    Attributes:
        table: The table.
        column: The column, or several in parentheses; None for the table as a whole.
        text: What is wrong, and the way out.
        contradicts_data: Whether a constraint is broken by real rows, which a fit can live with.
    """

    table: str
    column: str | None
    text: str
    contradicts_data: bool = False

    def __str__(self) -> str:
        return f"{self.table}: {self.text}" if self.column is None else f"{self.table}.{self.column}: {self.text}"


def require_valid_schema(
    metadata: Declarations, tables: Mapping[str, DataFrame], *, strict: bool = True, privacy: Privacy | None = None
) -> None:
    """Check every declared table.

    Args:
        metadata: The declarations.
        tables: The real tables.
        strict: Whether constraints that real rows break are problems; else they are logged as warnings.
        privacy: What a model may keep, which decides how small a table can be learned; the default when None.

    Raises:
        SchemaError: If something does not fit; all of it is listed.
    """
    found = find_problems(metadata, tables, privacy or Privacy())
    if not strict:
        for problem in found:
            if problem.contradicts_data:
                _log.warning("constraint_contradicts_data", table=problem.table, problem=str(problem))
        found = [problem for problem in found if not problem.contradicts_data]
    if found:
        texts = [str(problem) for problem in found]
        many = "1 problem" if len(texts) == 1 else f"{len(texts)} problems"
        raise SchemaError(f"{many} between the metadata and the tables — {'; '.join(texts)}", texts)


def find_problems(metadata: Declarations, tables: Mapping[str, DataFrame], privacy: Privacy) -> list[Problem]:
    """What does not fit between the tables and their declarations.

    What only the rows can tell is found by one aggregate a table, and one query over all tables of a few rows.
    """
    found, small = list[Problem](), dict[str, int]()
    for name, df in tables.items():
        config, schema = metadata.table(name), df.schema
        found += [
            Problem(name, column, f"{setting} names it, but the table does not have it{nearest(column, schema.names)}")
            for setting, column in dict.fromkeys(config.named())
            if column not in schema.names
        ]
        found += _type_problems(name, config, schema)
        for link in config.fk:
            found += _link_problems(metadata, name, link, tables)
        rows, problems = _data_problems(metadata, name, tables)
        found += problems
        if not config.keep and rows <= most_rows(privacy):
            small[name] = rows
    try:
        DatabasePlan.of(metadata.tables)
    except SchemaError as error:
        found += [Problem("metadata", None, text) for text in error.problems]
    return found + _small_table_problems(metadata, tables, small, privacy)


def _small_table_problems(
    metadata: Declarations, tables: Mapping[str, DataFrame], rows: Mapping[str, int], privacy: Privacy
) -> list[Problem]:
    """Tables that cannot be learned, for there is no row, or nothing of a column may be kept.

    Args:
        metadata: The declarations.
        tables: The real tables.
        rows: The small ones, with their rows.
        privacy: What may be kept.
    """
    learned = {name: LearnedColumns.of(tables[name], metadata.table(name)) for name in rows if rows[name]}
    lost = columns_without_values(learned, privacy)
    found = [Problem(name, None, f"it has no rows to learn from{_KEEP}") for name, n in rows.items() if not n]
    for name, columns in lost.items():
        config = metadata.table(name)
        personal = [column for column, rule in config.pii.items() if rule.action != "drop"]
        shown = ", ".join(repr(column) for column in personal)
        keep = f"; {shown} would have to be dropped (pii) to take the table over with keep=True" if personal else _KEEP
        text = (
            f"too small to be learned: in {rows[name]:,} rows, no value of {', '.join(map(repr, columns))} is held by "
            f"enough of them for Privacy(rare_category_rows={privacy.rare_category_rows}, "
            f"extreme_rows={privacy.extreme_rows}){keep}, or exclude what cannot be learned, or lower these settings"
        )
        found.append(Problem(name, None, text))
    return found


def _type_problems(name: str, config: TableDeclaration, schema: T.StructType) -> Iterator[Problem]:
    for field in schema.fields:
        if field.name in config.dropped:
            continue
        kind = type_name(field)
        try:
            type_ = column_type(field)
        except SchemaError:
            yield Problem(name, field.name, f"type {kind} cannot be learned; exclude the column, or cast it")
            continue
        if field.name in config.pk and type_.name == "boolean":
            yield Problem(name, field.name, "a boolean cannot be a primary key; name another column in pk")
        bounds = config.constraints.get(field.name)
        if bounds and not _fits(bounds, field):
            text = "constraint min and max need a number, or dates for a date or timestamp"
            yield Problem(name, field.name, f"{text}, the column is {kind}")
        rule = config.pii.get(field.name)
        if rule and rule.action in ("mask", "hash") and not type_.is_string:
            yield Problem(name, field.name, f"pii {rule.action!r} makes text, the column is {kind}; drop it, say")
        if rule and rule.action == "fake" and not (type_.is_string or type_.is_integer):
            yield Problem(
                name, field.name, f"pii 'fake' needs a string or an integer, the column is {kind}; drop it, say"
            )
        if field.name in config.high_cardinality_cols and type_.is_temporal:
            yield Problem(name, field.name, f"high_cardinality_cols needs a string or a number, the column is {kind}")


def _fits(bounds: Constraint, field: T.StructField) -> bool:
    """Whether the bounds can be compared with values of the field."""
    try:
        type_ = column_type(field)
    except SchemaError:
        return False
    times = {isinstance(bound, datetime.date) for bound in (bounds.min, bounds.max) if bound is not None}
    return not times or (type_.is_quantitative and times == {type_.is_temporal})


def _link_problems(
    metadata: Declarations, name: str, link: ForeignKey, tables: Mapping[str, DataFrame]
) -> Iterator[Problem]:
    own = ", ".join(link.columns)
    if link.parent not in metadata.tables:
        yield Problem(
            name, own, f"fk refers to table {link.parent!r}, not declared{nearest(link.parent, metadata.tables)}"
        )
        return
    parent_config, left_out = metadata.tables[link.parent], metadata.table(name).dropped
    if set(left_out).intersection(link.columns):
        return
    for target in link.parent_columns:
        if target in parent_config.dropped:
            yield Problem(name, own, f"fk refers to {link.parent}.{target}, which is left out; leave out both or none")
    if metadata.table(name).keep and not parent_config.keep:
        text = f"the table is taken over as it is (keep), but {link.parent}, to which fk refers, is not, and its keys "
        yield Problem(name, own, f"{text}are made: keep both, or exclude the column")
    if link.parent not in tables:
        return
    schema, parent = tables[name].schema, tables[link.parent].schema
    for column, target in zip(link.columns, link.parent_columns, strict=True):
        if target not in parent.names:
            near = nearest(target, parent.names)
            yield Problem(name, column, f"fk refers to {link.parent}.{target}, which is not there{near}")
        elif column in schema.names and type_name(schema[column]) != type_name(parent[target]):
            here, there = type_name(schema[column]), type_name(parent[target])
            yield Problem(name, column, f"fk is {here}, but {link.parent}.{target} is {there}; cast one of them")


def _data_problems(metadata: Declarations, name: str, tables: Mapping[str, DataFrame]) -> tuple[int, list[Problem]]:
    """The rows of a table, and what they say against its declaration and against links to it, in one aggregate."""
    config, df = metadata.table(name), tables[name]
    schema = df.schema
    key = [column for column in config.pk if column in schema.names]
    known = [own for own in config.dependencies if set(own.columns) <= set(schema.names)]
    broken = [(own, count) for own in known if (count := rows_that_break(own)) is not None]
    checks = bound_checks(
        {
            column: bounds
            for column, bounds in config.constraints.items()
            if column in schema.names and _fits(bounds, schema[column])
        }
    )
    targets = _targets(metadata, name, tables)
    asked: list[Expression] = [F.count(F.lit(1)).alias("rows")]
    if key:
        asked += [_different(key).alias("keys")]
        asked += [F.count(quote(part)).alias(f"k{i}") for i, part in enumerate(key)]
    for i, columns in enumerate(targets):
        asked += [_different(columns).alias(f"t{i}"), F.count_if(_complete(columns)).alias(f"n{i}")]
    asked += [F.count_if(check.breaks).alias(f"b{i}") for i, check in enumerate(checks)]
    asked += [count.alias(f"d{i}") for i, (_, count) in enumerate(broken)]
    row = df.agg(*asked).collect()[0]
    found, rows, complete = list[Problem](), row["rows"], row["rows"]
    for i, column in enumerate(key):
        nulls, complete = rows - row[f"k{i}"], min(complete, row[f"k{i}"])
        if nulls:
            found.append(Problem(name, column, f"the primary key is null in {nulls:,} of {rows:,} rows"))
    if key and row["keys"] < complete:
        text = f"the primary key is not unique: {rows:,} rows hold {row['keys']:,} keys"
        found.append(Problem(name, label(tuple(key)), text))
    for i, (columns, links) in enumerate(targets.items()):
        if row[f"t{i}"] < row[f"n{i}"]:
            text = (
                f"fk refers to {name}.{label(columns)}, which is not unique: {row[f'n{i}']:,} rows hold "
                f"{row[f't{i}']:,} values; refer to a key of {name}"
            )
            found += [Problem(child, ", ".join(link.columns), text) for child, link in links]
    for i, check in enumerate(checks):
        if row[f"b{i}"]:
            text = f"constraint {check.bound} contradicts the data: {row[f'b{i}']:,} of {rows:,} rows break it"
            found.append(Problem(name, check.column, text, contradicts_data=True))
    for i, (own, _) in enumerate(broken):
        if row[f"d{i}"]:
            text = f"{own.describe()} contradicts the data: {row[f'd{i}']:,} of {rows:,} rows break it"
            found.append(Problem(name, label(own.columns), text, contradicts_data=True))
    if config.keep and rows > MOST_KEPT_ROWS:
        text = f"{rows:,} rows are too many to be taken over (keep); at most {MOST_KEPT_ROWS:,} are, so learn the table"
        found.append(Problem(name, None, text))
    return rows, found


def _targets(
    metadata: Declarations, name: str, tables: Mapping[str, DataFrame]
) -> dict[tuple[str, ...], list[tuple[str, ForeignKey]]]:
    """Columns of a table, other than its key, that links of the tables refer to, and those links."""
    found: dict[tuple[str, ...], list[tuple[str, ForeignKey]]] = {}
    for child in tables:
        for link in metadata.table(child).fk:
            is_key = set(link.parent_columns) == set(metadata.table(name).pk)
            if link.parent == name and not is_key and set(link.parent_columns) <= set(tables[name].columns):
                found.setdefault(link.parent_columns, []).append((child, link))
    return found


def _complete(columns: Sequence[str]) -> Expression:
    """Whether no part of a key is null."""
    return reduce(and_, (F.col(quote(column)).isNotNull() for column in columns))


def _different(columns: Sequence[str]) -> Expression:
    """How many different keys without nulls there are."""
    return F.count_distinct(F.when(_complete(columns), F.struct(*[F.col(quote(column)) for column in columns])))
