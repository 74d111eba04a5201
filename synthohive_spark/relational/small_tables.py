"""Tables too small to be learned: the privacy settings leave some of their columns without any value.

What a codec keeps of a column is decided by `synthohive_spark.engine.codecs`; here the same is told beforehand from how
many rows hold a value, and how many its most frequent one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import column_type, quote

_FEWEST_TEXTS = 9
"""Rows and different values from which strings are imitated rather than told apart."""
_FEWEST_OF_MANY = 3
"""Rows that one of several numbers must be held by to be told apart."""


@dataclass(frozen=True)
class Held:
    """What decides whether anything of a column may be kept.

    Attributes:
        rows: Rows with a value.
        nulls: Rows without one.
        distinct: Different values.
        largest: Rows of the most frequent value.
    """

    rows: int
    nulls: int
    distinct: int
    largest: int


@dataclass(frozen=True)
class LearnedColumns:
    """Columns of a table whose values are learned.

    Attributes:
        df: The table.
        types: Their types by name.
        keys: Those of them that are parts of the primary key: the one of most different values is made, not learned.
        hashed: Those that are hashed: made, not learned, where most rows have a value of their own.
        many: Those that are learned by their values, however many there are.
    """

    df: DataFrame
    types: Mapping[str, ColumnType]
    keys: Collection[str] = ()
    hashed: Collection[str] = ()
    many: Collection[str] = field(default=())

    @classmethod
    def of(cls, df: DataFrame, config: TableDeclaration) -> LearnedColumns:
        """Those of a declared table: no keys, no links, nothing that is left out, masked or made."""
        linked = {column for link in config.fk for column in link.columns}
        made = {name for name, rule in config.pii.items() if rule.action != "hash"}
        single = set(config.pk) if len(config.pk) == 1 else set()
        types = {}
        for own in df.schema.fields:
            if own.name not in linked | made | single | set(config.dropped):
                try:
                    types[own.name] = column_type(own)
                except SchemaError:  # a problem of its own
                    continue
        # A key that a stand-in or a link makes unique needs no other column for it.
        keys = () if set(config.pk) & (made | linked) else [name for name in config.pk if name in types]
        return cls(df, types, keys, [name for name in config.pii if name in types], config.high_cardinality_cols)


def most_rows(privacy: Privacy) -> int:
    """A table of more rows keeps a value in each column, whatever they hold."""
    return _FEWEST_TEXTS * privacy.min_rows + 2 * privacy.trim


def columns_without_values(tables: Mapping[str, LearnedColumns], privacy: Privacy) -> dict[str, list[str]]:
    """The columns of small tables of which the settings leave nothing, by table; tables without such are left out.

    Args:
        tables: Tables of at least one row and at most `most_rows`; all are looked at in one query.
        privacy: What may be kept.
    """
    held = _held(tables)
    found = {}
    for name, learned in tables.items():
        own = {column: held[name, column] for column in learned.types if (name, column) in held}
        keys = [column for column in own if column in learned.keys]
        made = {max(keys, key=lambda column: own[column].distinct)} if keys else set()
        made |= {column for column in learned.hashed if column in own and own[column].distinct > own[column].rows / 2}
        lost = [
            column
            for column in own
            if column not in made and keeps_nothing(learned.types[column], own[column], privacy, column in learned.many)
        ]
        if lost:
            found[name] = lost
    return found


def keeps_nothing(type_: ColumnType, held: Held, privacy: Privacy, many: bool = False) -> bool:
    """Whether the settings leave nothing of a column; nulls are always kept.

    Args:
        type_: The column's type.
        held: What it holds.
        privacy: What may be kept.
        many: Whether its values are told apart, however many there are.
    """
    if held.nulls:
        return False
    if not type_.is_string and type_.name != "boolean":
        enough = privacy.min_rows if held.distinct == 1 else max(privacy.min_rows, _FEWEST_OF_MANY)
        return held.largest < enough and held.rows <= 2 * privacy.trim
    different = held.distinct > held.rows / 2 or held.distinct >= _FEWEST_TEXTS
    imitated = type_.is_string and not many and held.rows >= _FEWEST_TEXTS and different
    return held.largest < privacy.min_rows and not imitated


def _held(tables: Mapping[str, LearnedColumns]) -> dict[tuple[str, str], Held]:
    """What the columns hold, counted by Spark for all tables together; values stay there."""
    places, cells = list[tuple[str, str]](), []
    for name, learned in tables.items():
        entries = []
        for column in learned.types:
            value = F.col(quote(column)).cast("string")
            hashed = F.when(value.isNotNull(), F.xxhash64(value))
            entries.append(F.struct(F.lit(len(places)).alias("place"), hashed.alias("value")))
            places.append((name, column))
        if entries:
            cells.append(learned.df.select(F.explode(F.array(*entries)).alias("cell")).select("cell.*"))
    if not cells:
        return {}
    counted = reduce(DataFrame.unionAll, cells).groupBy("place", "value").agg(F.count(F.lit(1)).alias("rows"))
    value, rows = F.col("value"), F.col("rows")
    found = counted.groupBy("place").agg(
        F.sum(F.when(value.isNotNull(), rows).otherwise(0)).alias("held"),
        F.sum(F.when(value.isNull(), rows).otherwise(0)).alias("nulls"),
        F.count(value).alias("distinct"),
        F.max(F.when(value.isNotNull(), rows).otherwise(0)).alias("largest"),
    )
    return {
        places[row["place"]]: Held(row["held"], row["nulls"], row["distinct"], row["largest"])
        for row in found.collect()
    }
