"""What must be known of columns before surrogates replace them: counts over all rows, and a sample of values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.spark.schema import quote

SAMPLE = 5_000


@dataclass(frozen=True)
class ColumnProfile:
    """A column over all rows.

    Attributes:
        rows: Rows of the table.
        nulls: Rows without a value.
        distinct: Different values, exactly.
        sample: Different values as text, at most `SAMPLE`, the same ones whenever the rows are the same: those of the
            smallest hashes, in their order.
        hashes: The hash of each value in ``sample``.
        ends: The least and the greatest value of a column of integers; None elsewhere, and where there is no value.
    """

    rows: int
    nulls: int
    distinct: int
    sample: tuple[str, ...] = ()
    hashes: tuple[int, ...] = ()
    ends: tuple[int, int] | None = None

    @property
    def complete(self) -> bool:
        """Whether the sample, where one was taken, holds every value."""
        return self.distinct <= SAMPLE

    @property
    def unique(self) -> bool:
        """Whether no two rows share a value."""
        return self.distinct == self.rows - self.nulls and self.distinct > 0

    @property
    def nearly_unique(self) -> bool:
        """Whether most rows have a value of their own."""
        return self.distinct > (self.rows - self.nulls) / 2


def profile_columns(
    df: DataFrame, names: Sequence[str], *, sampled: Collection[str] | None = None
) -> dict[str, ColumnProfile]:
    """Profiles of the named columns: one aggregate for all, and one job for the samples.

    Args:
        df: The table.
        names: The columns.
        sampled: Those of them whose values are brought to the driver; all when None.
    """
    if not names:
        return {}
    schema, columns = df.schema, {name: F.col(quote(name)) for name in names}
    asked = [F.count(F.lit(1)).alias("rows")]
    for i, (name, column) in enumerate(columns.items()):
        asked += [F.count(column).alias(f"n{i}"), F.count_distinct(column).alias(f"d{i}")]
        if isinstance(schema[name].dataType, T.IntegralType):
            asked.append(F.when(F.count(column) > 0, F.array(F.min(column), F.max(column))).alias(f"ends{i}"))
    row = df.agg(*asked).collect()[0].asDict()
    distinct = {name: row[f"d{i}"] for i, name in enumerate(columns)}
    samples = _sample_values(df, {n: d for n, d in distinct.items() if d and (sampled is None or n in sampled)})
    return {
        name: ColumnProfile(
            row["rows"],
            row["rows"] - row[f"n{i}"],
            distinct[name],
            *samples.get(name, ((), ())),
            ends=tuple(row[f"ends{i}"]) if row.get(f"ends{i}") else None,
        )
        for i, name in enumerate(columns)
    }


def _sample_values(df: DataFrame, distinct: Mapping[str, int]) -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
    """Different values of columns as text, and their hashes: those of the smallest hashes.

    Args:
        df: The table.
        distinct: How many different values each of the wanted columns has.
    """
    if not distinct:
        return {}
    entries = []
    for i, (name, count) in enumerate(distinct.items()):
        value = F.rtrim(F.col(quote(name)).cast("string"))  # char is padded
        hashed = F.xxhash64(value)
        entry = F.struct(F.lit(i).alias("column"), hashed.alias("hash"), value.alias("value"))
        entries.append(F.when(value.isNotNull() & (hashed <= F.lit(_largest_hash(count))), entry))
    found = df.select(F.explode(F.array_compact(F.array(*entries))).alias("entry")).select("entry.*").distinct()
    rows = found.toArrow().to_pandas().sort_values(["column", "hash", "value"])
    parts = {i: part.head(SAMPLE) for i, part in rows.groupby("column")}
    return {name: (tuple(parts[i]["value"]), tuple(parts[i]["hash"])) for i, name in enumerate(distinct) if i in parts}


def sample_rows(df: DataFrame, names: Sequence[str], rows: int) -> dict[str, list[str | None]]:
    """What some rows hold in columns of strings: those of the smallest hashes, at most `SAMPLE`, in their order.

    Args:
        df: The table.
        names: The columns.
        rows: How many rows the table has.
    """
    values = [F.rtrim(F.col(quote(name)).cast("string")).alias(f"v{i}") for i, name in enumerate(names)]
    hashed = F.xxhash64(*values)
    found = df.select(hashed.alias("hash"), *values).where(hashed <= F.lit(_largest_hash(rows))).toArrow()
    ordered = found.sort_by([(name, "ascending") for name in found.column_names]).slice(0, SAMPLE)
    return {name: ordered.column(f"v{i}").to_pylist() for i, name in enumerate(names)}


def _largest_hash(distinct: int) -> int:
    """A bound below which the hashes of at least `SAMPLE` values lie, and of few more."""
    share = min(1.0, (SAMPLE + 6 * SAMPLE**0.5) / distinct)
    return min(int((2 * share - 1) * 2.0**63), 2**63 - 1)
