"""What one aggregate per side says of the columns that two tables share: counts, ranges, quantiles, and roles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import column_type, quote, type_name

QUANTILES = 1000
_ACCURACY = 10_000
_FEWEST_TEXTS = 9
_DAY = 86_400 * 10**6


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
    def value(self) -> Expression:
        """Its value in the compared frames."""
        return F.col(f"c{self.place}")

    @property
    def number(self) -> Expression:
        """Its value as a double: days or microseconds since 1970 for dates and instants."""
        name = self.type.name if self.type is not None else ""
        if name == "date":
            return F.unix_date(self.value).cast("double")
        if name == "timestamp":
            return F.unix_micros(self.value).cast("double")
        if name == "timestamp_ntz":
            # Never by a cast to timestamp, which would move it by the session's zone.
            minutes = F.hour(self.value) * 60 + F.minute(self.value)
            seconds = F.extract(F.lit("SECOND"), self.value).cast("double")
            days = F.unix_date(self.value.cast("date")).cast("double")
            return days * _DAY + minutes * 60e6 + seconds * 1e6
        return self.value.cast("double")


@dataclass(frozen=True)
class ColumnProfile:
    """One side's statistics about a column; numbers that are not finite count for none of them.

    Attributes:
        present: Rows that have a value.
        distinct: About how many different values it has.
        low: The smallest number; None where there is none.
        high: The largest number.
        quantiles: Its quantiles from 0 to 1 in steps of one `QUANTILES`th; empty for other columns.
    """

    present: int
    distinct: int
    low: float | None = None
    high: float | None = None
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Profile:
    """One side's statistics.

    Attributes:
        rows: Its rows.
        columns: One profile for each shared column.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]


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


def numbered(df: DataFrame, columns: Sequence[Shared]) -> DataFrame:
    """The shared columns alone, called by their places, so that no name is ever read as a path."""
    return df.select(*[F.col(quote(c.name)).alias(f"c{c.place}") for c in columns])


def profile(df: DataFrame, columns: Sequence[Shared]) -> Profile:
    """The statistics of a `numbered` frame, by one aggregate over all rows."""
    asked = [F.count(F.lit(1)).alias("rows")]
    # As SQL, for a list of a thousand numbers is a thousand calls to the JVM, for each column.
    steps = F.expr(f"array({', '.join(f'{i / QUANTILES}D' for i in range(QUANTILES + 1))})")
    for c in columns:
        asked.append(F.count(c.value).alias(f"n{c.place}"))
        if c.type is not None and c.type.is_string:
            asked.append(F.approx_count_distinct(c.value).alias(f"d{c.place}"))
        if c.is_quantitative:
            is_float = c.type is not None and c.type.is_float
            finite = F.when(F.abs(c.number) < F.lit(math.inf), c.number) if is_float else c.number
            asked += [
                F.min(finite).alias(f"l{c.place}"),
                F.max(finite).alias(f"h{c.place}"),
                F.percentile_approx(finite, steps, _ACCURACY).alias(f"q{c.place}"),
            ]
    found: dict[str, Any] = df.agg(*asked).collect()[0].asDict()
    return Profile(
        found["rows"],
        tuple(
            ColumnProfile(
                present=found[f"n{c.place}"],
                distinct=found.get(f"d{c.place}") or 0,
                low=found.get(f"l{c.place}"),
                high=found.get(f"h{c.place}"),
                quantiles=tuple(found.get(f"q{c.place}") or ()),
            )
            for c in columns
        ),
    )


def role(column: Shared, real: ColumnProfile, config: TableDeclaration) -> str:
    """What a column is to the comparison.

    Returns:
        "identifier" (keys), "personal", "text" (nearly unique strings), "categorical", "numeric", "datetime", or
        "other" for a type of which only the nulls are compared.
    """
    if column.name in config.pk or any(column.name in link.columns for link in config.fk):
        return "identifier"
    if column.name in config.pii:
        return "personal"
    if column.type is None:
        return "other"
    if column.is_quantitative:
        return "datetime" if column.type.is_temporal else "numeric"
    # The same rule as the one that decides how a column is learned, as far as an aggregate can tell.
    nearly_unique = real.present >= _FEWEST_TEXTS and real.distinct > real.present / 2
    if column.type.is_string and nearly_unique and column.name not in config.high_cardinality_cols:
        return "text"
    return "categorical"


def edges(*sides: ColumnProfile, more: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where rows are counted up to: both sides' quantiles and ends, ``more``, and both infinities."""
    ends = [end for side in sides for end in (side.low, side.high) if end is not None]
    quantiles = [value for side in sides for value in side.quantiles]
    return np.unique(np.concatenate([np.array([-np.inf, np.inf, *ends, *quantiles]), more]))


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
