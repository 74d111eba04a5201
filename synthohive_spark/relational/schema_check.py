"""Declarations against the real tables: every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.spark.constraint_check import bound_checks
from synthohive_spark.spark.schema import column_type, quote, type_name

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


def require_valid_schema(metadata: Declarations, tables: Mapping[str, DataFrame], *, strict: bool = True) -> None:
    """Check every declared table.

    Args:
        metadata: The declarations.
        tables: The real tables.
        strict: Whether constraints that real rows break are problems; else they are logged as warnings.

    Raises:
        SchemaError: If something does not fit; all of it is listed.
    """
    found = [problem for name in tables for problem in table_problems(metadata, name, tables)]
    if not strict:
        for problem in found:
            if problem.contradicts_data:
                _log.warning("constraint_contradicts_data", table=problem.table, problem=str(problem))
        found = [problem for problem in found if not problem.contradicts_data]
    if found:
        texts = [str(problem) for problem in found]
        many = "1 problem" if len(texts) == 1 else f"{len(texts)} problems"
        raise SchemaError(f"{many} between the metadata and the tables — {'; '.join(texts)}", texts)


def table_problems(metadata: Declarations, name: str, tables: Mapping[str, DataFrame]) -> list[Problem]:
    """What does not fit between a table and its declaration; one aggregate finds what only the rows can tell."""
    config, schema = metadata.table(name), tables[name].schema
    found = [
        Problem(name, column, f"{setting} names it, but the table does not have it{nearest(column, schema.names)}")
        for setting, column in dict.fromkeys(config.named())
        if column not in schema.names
    ]
    found += _type_problems(name, config, schema)
    for link in config.fk:
        found += _link_problems(metadata, name, link, tables)
    return [*found, *_data_problems(name, config, tables[name])]


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
        if bounds and (bounds.min is not None or bounds.max is not None) and not type_.is_number:
            yield Problem(name, field.name, f"constraint min and max need a number, the column is {kind}")
        rule = config.pii.get(field.name)
        if rule and rule.action in ("mask", "hash") and not type_.is_string:
            yield Problem(name, field.name, f"pii {rule.action!r} makes text, the column is {kind}; drop it, say")
        if rule and rule.action == "fake" and not (type_.is_string or type_.is_integer):
            yield Problem(
                name, field.name, f"pii 'fake' needs a string or an integer, the column is {kind}; drop it, say"
            )
        if field.name in config.high_cardinality_cols and not type_.is_string:
            yield Problem(name, field.name, f"high_cardinality_cols needs a string, the column is {kind}")


def _fits(bounds: Constraint, field: T.StructField) -> bool:
    """Whether the bounds can be compared with values of the field."""
    try:
        number = column_type(field).is_number
    except SchemaError:
        return False
    return number or (bounds.min is None and bounds.max is None)


def _link_problems(
    metadata: Declarations, name: str, link: ForeignKey, tables: Mapping[str, DataFrame]
) -> Iterator[Problem]:
    own = ", ".join(link.columns)
    if link.parent not in metadata.tables:
        yield Problem(
            name, own, f"fk refers to table {link.parent!r}, not declared{nearest(link.parent, metadata.tables)}"
        )
        return
    for column, target in zip(link.columns, link.parent_columns, strict=True):
        if target in metadata.tables[link.parent].pii and column not in (
            *metadata.table(name).pii,
            *metadata.table(name).exclude,
        ):
            text = f"fk refers to the personal column {link.parent}.{target}, so give it a pii rule, too, or exclude it"
            yield Problem(name, column, text)
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


def _data_problems(name: str, config: TableDeclaration, df: DataFrame) -> Iterator[Problem]:
    schema = df.schema
    key = [column for column in config.pk if column in schema.names]
    checks = bound_checks(
        {
            column: bounds
            for column, bounds in config.constraints.items()
            if column in schema.names and _fits(bounds, schema[column])
        }
    )
    asked: list[Expression] = [F.count(F.lit(1)).alias("rows")]
    if key:
        parts = [F.col(quote(column)) for column in key]
        whole = F.lit(True)
        for part in parts:
            whole = whole & part.isNotNull()
        asked.append(F.count_distinct(F.when(whole, F.struct(*parts))).alias("keys"))
        asked += [F.count(part).alias(f"k{i}") for i, part in enumerate(parts)]
    asked += [F.count_if(check.breaks).alias(f"b{i}") for i, check in enumerate(checks)]
    if len(asked) == 1:
        return
    row = df.agg(*asked).collect()[0]
    complete = row["rows"]
    for i, column in enumerate(key):
        nulls = row["rows"] - row[f"k{i}"]
        complete = min(complete, row[f"k{i}"])
        if nulls:
            yield Problem(name, column, f"the primary key is null in {nulls:,} of {row['rows']:,} rows")
    if key and row["keys"] < complete:
        label = key[0] if len(key) == 1 else f"({', '.join(key)})"
        yield Problem(name, label, f"the primary key is not unique: {row['rows']:,} rows hold {row['keys']:,} keys")
    for i, check in enumerate(checks):
        if row[f"b{i}"]:
            text = f"constraint {check.bound} contradicts the data: {row[f'b{i}']:,} of {row['rows']:,} rows break it"
            yield Problem(name, check.column, text, contradicts_data=True)
