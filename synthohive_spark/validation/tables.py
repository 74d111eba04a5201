"""The tables of two databases side by side: the columns that both have, and frames in which they are numbered.

Statistics of all tables come from one job, so their rows are taken apart into entries of one form and put together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.constraint_check import bound_checks
from synthohive_spark.spark.schema import column_type, quote, type_name

_DAY = 86_400 * 10**6
Selected = Callable[["Compared", int], Mapping[str, str]]
"""What is taken of a table's real rows (0) and of its synthetic ones (1): SQL by the names of the results."""


@dataclass(frozen=True)
class Shared:
    """A column that both tables have, of one type.

    Attributes:
        place: Its number; in the frames that are compared it is called ``c<place>``.
        name: Its name in the real table.
        spark_type: Its type, as SQL says it.
        type: Its type in the package's words; None where it is none that can be learned.
    """

    place: int
    name: str
    spark_type: str
    type: ColumnType | None

    @property
    def is_quantitative(self) -> bool:
        """Whether its values lie on a line: numbers, dates and instants."""
        return self.type is not None and self.type.is_quantitative

    @property
    def value(self) -> str:
        """Its value in the compared frames, as SQL: built by single calls, plans of many columns would take seconds."""
        return f"c{self.place}"

    @property
    def text(self) -> str:
        """Its value as text, as SQL; equal where values are: instants as microseconds, and -0.0 as 0.0."""
        return self.text_of(self.value)

    def text_of(self, value: str) -> str:
        """A value of its type as text, as SQL."""
        if self.type is not None and self.type.name == "timestamp":
            return f"CAST(unix_micros({value}) AS STRING)"
        is_float = self.type is not None and self.type.is_float
        return f"CAST({value} + 0D AS STRING)" if is_float else f"CAST({value} AS STRING)"

    def text_as(self, other: Shared) -> str:
        """Its value as text, after a cast to another column's type; null where it cannot be one."""
        kind = "STRING" if other.type is not None and other.type.is_string else other.spark_type
        return other.text_of(f"TRY_CAST({self.value} AS {kind})")

    @property
    def number(self) -> str:
        """Its value as a double, as SQL: days or microseconds since 1970 for dates and instants."""
        name, value = self.type.name if self.type is not None else "", self.value
        if name == "date":
            return f"CAST(unix_date({value}) AS DOUBLE)"
        if name == "timestamp":
            return f"CAST(unix_micros({value}) AS DOUBLE)"
        if name == "timestamp_ntz":
            # Never by a cast to timestamp, which would move it by the session's zone.
            days = f"CAST(unix_date(CAST({value} AS DATE)) AS DOUBLE)"
            minutes, seconds = f"(hour({value}) * 60 + minute({value}))", f"extract(SECOND FROM {value})"
            return f"({days} * {_DAY}D + {minutes} * 60e6D + CAST({seconds} AS DOUBLE) * 1e6D)"
        return f"CAST({value} AS DOUBLE)"


@dataclass(frozen=True)
class Compared:
    """One table of both databases.

    Attributes:
        name: The table.
        config: What is declared about it.
        columns: The columns that both sides have.
        differences: How the schemas differ, a sentence for each difference.
        frames: The real and the synthetic rows: shared columns are called by their places, so that no name is ever
            read as a path, and the synthetic ones have ``b<i>``, whether a row breaks the i-th bound, and ``broken``.
        bounds: The declared bounds that are checked: pairs of a column and a bound such as ``min=0``.
        first: The number of its first column, when the columns of all tables are numbered in turn.
        rare_rows: A category that fewer real rows hold was kept from the model; 0 where none was.
    """

    name: str
    config: TableDeclaration
    columns: tuple[Shared, ...]
    differences: tuple[str, ...]
    frames: tuple[DataFrame, DataFrame]
    bounds: tuple[tuple[str, str], ...]
    first: int
    rare_rows: int = 0

    @property
    def checks(self) -> list[str]:
        """Columns of the synthetic frame that say whether a row fails a check."""
        return [f"b{i}" for i in range(len(self.bounds))] + (["broken"] if self.bounds else [])

    @property
    def slots(self) -> int:
        """How many numbers it takes: one for each column, one for the row itself, one for each check."""
        return len(self.columns) + 1 + len(self.checks)

    def named(self, names: Sequence[str]) -> list[Shared]:
        """The columns called so; empty where one of them is not shared, or of no type that has values to compare."""
        by_name = {c.name: c for c in self.columns if c.type is not None}
        found = [by_name[name] for name in names if name in by_name]
        return found if len(found) == len(names) else []


def opened(
    declared: Mapping[str, TableDeclaration],
    real: Mapping[str, DataFrame],
    synthetic: Mapping[str, DataFrame],
    rare_rows: int = 0,
) -> list[Compared]:
    """The declared tables, with the columns that both sides share; asks for schemas, and starts no job.

    Args:
        declared: What is declared about the tables.
        real: Their real rows.
        synthetic: Their synthetic rows.
        rare_rows: ``Privacy.rare_category_rows`` of the models.

    Raises:
        SchemaError: If two columns of one side have the same name.
    """
    tables: list[Compared] = []
    for name, config in declared.items():
        columns, differences = shared_columns(real[name], synthetic[name], config)
        names = {c.name for c in columns}
        checks = bound_checks({key: rule for key, rule in config.constraints.items() if key in names})
        numbered = [F.col(quote(c.name)).alias(f"c{c.place}") for c in columns]
        broken = [check.breaks.alias(f"b{i}") for i, check in enumerate(checks)]
        if checks:
            broken.append(reduce(lambda a, b: a | b, [check.breaks for check in checks]).alias("broken"))
        frames = real[name].select(*numbered), synthetic[name].select(*numbered, *broken)
        first = tables[-1].first + tables[-1].slots if tables else 0
        bounds = tuple((check.column, check.bound) for check in checks)
        tables.append(Compared(name, config, tuple(columns), tuple(differences), frames, bounds, first, rare_rows))
    return tables


def over_all(tables: Sequence[Compared], selected: Selected) -> DataFrame:
    """What is selected of both sides of all tables, of one form, with the side as ``side``; lazy."""
    frames = [
        table.frames[side].selectExpr(
            *[f"{sql} AS {name}" for name, sql in selected(table, side).items()], f"{side} AS side"
        )
        for table in tables
        for side in (0, 1)
    ]
    while len(frames) > 1:  # by halves, for a plan that is not as deep as there are tables
        frames = [pair[0].unionAll(pair[-1]) if len(pair) > 1 else pair[0] for pair in _pairs(frames)]
    return frames[0]


def _pairs(frames: Sequence[DataFrame]) -> list[Sequence[DataFrame]]:
    return [frames[i : i + 2] for i in range(0, len(frames), 2)]


def shared_columns(real: DataFrame, synthetic: DataFrame, config: TableDeclaration) -> tuple[list[Shared], list[str]]:
    """The columns that can be compared, and how the schemas differ, a sentence for each difference.

    Columns that are declared to be left out are not missed.

    Raises:
        SchemaError: If two columns of one side have the same name.
    """
    left_out = {name.casefold() for name in config.dropped}
    ours, theirs = _by_name("real", real.schema), _by_name("synthetic", synthetic.schema)
    shared: list[Shared] = []
    differences: list[str] = []
    for key, field in ours.items():
        if key not in theirs:
            if key not in left_out:
                differences.append(f"{field.name!r} is missing from the synthetic table")
            continue
        own, other = type_name(field), type_name(theirs[key])
        if own != other:
            differences.append(f"{field.name!r} is {own} in the real table and {other} in the synthetic one")
        else:
            shared.append(Shared(len(shared), field.name, own, _type(field)))
    differences += [f"{f.name!r} is in the synthetic table alone" for key, f in theirs.items() if key not in ours]
    return shared, differences


def _by_name(side: str, schema: T.StructType) -> dict[str, T.StructField]:
    fields: dict[str, T.StructField] = {}
    for field in schema.fields:
        if field.name.casefold() in fields:
            raise SchemaError(f"the {side} table has more than one column called {field.name!r}; rename one")
        fields[field.name.casefold()] = field
    return fields


def _type(field: T.StructField) -> ColumnType | None:
    try:
        return column_type(field)
    except SchemaError:
        return None
