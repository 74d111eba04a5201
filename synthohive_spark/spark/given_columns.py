"""Columns that a user's rows give: that they are there, of types whose values the learned types have as well.

Of numbers of another type, each value must be one of the learned type, which only the action can tell.
A classic session knows a schema without being asked, so what is wrong is said at the call. A Connect session would have
to ask its server, which a declarative pipeline does not allow; there the plan holds the check, and the action says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.classic.dataframe import DataFrame as ClassicDataFrame

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import column_type, quote, require_columns, spark_type, type_name

_SCALARS = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean")
_OTHERS = ("string", "date", "timestamp", "timestamp_ntz")
_DIGITS = 38
_SHOWN = 40


def checked_rows(df: DataFrame, given: Sequence[Column], named: Mapping[str, Sequence[str]], setting: str) -> DataFrame:
    """``df``, once it is known, or in a Connect session will be at the action, to give what is asked of it.

    Args:
        df: The rows.
        given: Learned columns that the rows must hold.
        named: Other columns that they must hold, by the setting that names them.
        setting: What says that ``given`` are given, for messages.

    Raises:
        SchemaError: If a column is missing, or its type has values that the learned type has not.
    """
    if not isinstance(df, ClassicDataFrame):
        return df.withColumns({c.name: _checked(c, setting) for c in given}) if given else df
    fields = {field.name.casefold(): field for field in df.schema.fields}
    for by, names in {**named, setting: [c.name for c in given]}.items():
        missing = [name for name in names if name.casefold() not in fields]
        require_columns(missing, df.columns, setting=by)
    wrong = [
        type_name(fields[column.name.casefold()]).join(_about(column, setting))
        for column in given
        if not _fits(fields[column.name.casefold()], column.type)
    ]
    if wrong:
        raise SchemaError("; ".join(wrong), wrong)
    numbers = [c for c in given if not _holds(fields[c.name.casefold()], c.type)]
    return df.withColumns({c.name: _exact(c, setting) for c in numbers}) if numbers else df


def is_stream(df: DataFrame) -> bool:
    """Whether ``df`` is known to be a stream; a Connect session is not asked."""
    return isinstance(df, ClassicDataFrame) and df.isStreaming


def _fits(field: T.StructField, learned: ColumnType) -> bool:
    return _holds(field, learned) or (learned.is_number and isinstance(field.dataType, T.NumericType))


def _holds(field: T.StructField, learned: ColumnType) -> bool:
    if isinstance(field.dataType, T.NullType):
        return True
    try:
        return learned.holds(column_type(field))
    except SchemaError:  # a type that no learned column has
        return False


def _checked(column: Column, setting: str) -> Expression:
    """The column in its learned type; of a type that does not fit, an error when the first row is read."""
    value = F.col(quote(column.name))
    decimals = [f"decimal({p},{s})" for p in range(1, _DIGITS + 1) for s in range(p + 1)]
    every = [ColumnType.parse(name) for name in (*_SCALARS, *_OTHERS, *decimals)]
    fitting = [str(other) for other in every if column.type.holds(other)]
    numbers = [str(other) for other in every if column.type.is_number and other.is_number]
    before, after = _about(column, setting)
    wrong = F.raise_error(F.concat(F.lit(before), F.typeof(value), F.lit(after)))
    cast = value.cast(spark_type(column.type))
    taken = F.when(F.typeof(value).isin("void", *fitting), cast)
    return (taken.when(F.typeof(value).isin(numbers), _exact(column, setting)) if numbers else taken).otherwise(wrong)


def _exact(column: Column, setting: str) -> Expression:
    """A column of numbers in its learned type; of a value that this does not have, an error when its row is read."""
    value = F.col(quote(column.name))
    made = value.try_cast(spark_type(column.type))
    text = F.substring(value.cast("string"), 1, _SHOWN)
    wrong = F.concat(F.lit(f"{setting} gives {column.name!r} as "), text, F.lit(f", which no {column.type} is"))
    return F.when(made.eqNullSafe(value), made).otherwise(F.raise_error(wrong))


def _about(column: Column, setting: str) -> tuple[str, str]:
    """What is said of a column of a wrong type, before that type and after it."""
    cast = f"CAST({quote(column.name)} AS {spark_type(column.type).simpleString().upper()})"
    return (
        f"{setting} gives {column.name!r} as ",
        f", but it was learned as {column.type}, which has not all of these values: give {cast}",
    )
