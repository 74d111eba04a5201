"""Spark schemas in the package's words, and back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.errors import SchemaError

_LENGTH_KEY = "__CHAR_VARCHAR_TYPE_STRING"
_KNOWN_NAMES = 20
_TYPES: dict[str, T.DataType] = {
    "tinyint": T.ByteType(),
    "smallint": T.ShortType(),
    "int": T.IntegerType(),
    "bigint": T.LongType(),
    "float": T.FloatType(),
    "double": T.DoubleType(),
    "boolean": T.BooleanType(),
    "date": T.DateType(),
    "timestamp": T.TimestampType(),
    "timestamp_ntz": T.TimestampNTZType(),
}
_DEFAULTS: dict[str, Any] = {
    "boolean": False,
    "date": datetime.date(1970, 1, 1),
    "timestamp": datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC),
    "timestamp_ntz": datetime.datetime(1970, 1, 1),
    "decimal": Decimal(0),
}


def quote(name: str) -> str:
    """A column name as Spark's resolver takes it literally, dots, spaces and backticks included."""
    return "`" + name.replace("`", "``") + "`"


def col(name: str) -> Expression:
    """The column of exactly this name."""
    return F.col(quote(name))


def learnable_columns(schema: T.StructType, leave_out: Iterable[str] = ()) -> tuple[Column, ...]:
    """The columns of ``schema`` that can be learned, in order.

    Args:
        schema: The table's schema.
        leave_out: Columns that are not wanted, of any type.

    Raises:
        SchemaError: If a wanted column is of a type that cannot be learned; every such column is listed. Also if two
            columns have the same name, but for case.
    """
    left_out = set(leave_out)
    fields = [field for field in schema.fields if field.name not in left_out]
    columns, refused = [], []
    for field in fields:
        try:
            columns.append(Column(field.name, column_type(field), field.nullable))
        except SchemaError:
            refused.append(f"{field.name!r} ({field.dataType.simpleString()})")
    if refused:
        raise SchemaError(
            f"columns of a type that cannot be learned: {', '.join(refused)}; name them in excludeCols, or cast them"
        )
    require_distinct(schema.names, "columns")
    return tuple(columns)


def require_distinct(names: Iterable[str], what: str) -> None:
    """Refuse names that are the same but for case."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)
    doubled = [" and ".join(map(repr, same)) for same in alike.values() if len(same) > 1]
    if doubled:
        raise SchemaError(
            f"{what} {', '.join(doubled)} differ at most in case, so Spark and Hive take them for one: rename one"
        )


def column_type(field: T.StructField) -> ColumnType:
    """The type of a field, with the length of char and varchar; one that cannot be learned is a `SchemaError`."""
    return ColumnType.parse(type_name(field))


def type_name(field: T.StructField) -> str:
    """The type of a field as SQL says it, with the length of char and varchar."""
    return str((field.metadata or {}).get(_LENGTH_KEY) or field.dataType.simpleString())


def spark_type(type_: ColumnType) -> T.DataType:
    """The Spark type of the values of ``type_``; char and varchar are strings, their length is metadata."""
    if type_.name == "decimal":
        return T.DecimalType(type_.precision, type_.scale)
    return T.StringType() if type_.is_string else _TYPES[type_.name]


def struct_field(column: Column) -> T.StructField:
    """A column as a field of a schema."""
    metadata = {_LENGTH_KEY: str(column.type)} if column.type.length else None
    return T.StructField(column.name, spark_type(column.type), column.nullable, metadata)


def restored(expression: Expression, column: Column) -> Expression:
    """``expression`` under the name, nullability and length that ``column`` has."""
    if not column.nullable:
        # Only the schema changes: a codec makes no null for a column that had none.
        default = _DEFAULTS.get(column.type.name, "" if column.type.is_string else 0)
        expression = F.coalesce(expression, F.lit(default).cast(spark_type(column.type)))
    if column.type.length:
        return expression.alias(column.name, metadata={_LENGTH_KEY: str(column.type)})
    return expression.alias(column.name)


def require_columns(names: Iterable[str], known: Iterable[str], *, setting: str) -> None:
    """Check that every one of ``names`` is known.

    Raises:
        SchemaError: If one is not; it is named, with the nearest known ones.
    """
    known = list(known)
    for name in names:
        if name not in known:
            near = [k for k in known if k.casefold() == name.casefold()] or get_close_matches(name, known, n=3)
            listed = ", ".join(map(repr, known[:_KNOWN_NAMES])) + (", ..." if len(known) > _KNOWN_NAMES else "")
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise SchemaError(
                f"{setting} names column {name!r}, which the table does not have{hint or '.'} Columns: {listed}"
            )
