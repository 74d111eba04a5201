"""What must be known of columns before surrogates replace them: counts over all rows, and a sample of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.spark.schema import quote

SAMPLE = 5_000


@dataclass(frozen=True)
class ColumnProfile:
    """A column over all rows.

    Attributes:
        rows: Rows of the table.
        nulls: Rows without a value.
        distinct: Different values, exactly.
        sample: Different values as text, at most `SAMPLE`, the same ones whenever the rows are the same.
    """

    rows: int
    nulls: int
    distinct: int
    sample: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """Whether no two rows share a value."""
        return self.distinct == self.rows - self.nulls and self.distinct > 0

    @property
    def nearly_unique(self) -> bool:
        """Whether most rows have a value of their own."""
        return self.distinct > (self.rows - self.nulls) / 2


def profile_columns(df: DataFrame, names: Sequence[str], *, sample: bool = True) -> dict[str, ColumnProfile]:
    """Profiles of the named columns: one aggregate for all, and one job for each column's sample.

    Args:
        df: The table.
        names: The columns.
        sample: Whether to bring values to the driver.
    """
    if not names:
        return {}
    columns = {name: F.col(quote(name)) for name in names}
    asked = [F.count(F.lit(1)).alias("rows")]
    for i, column in enumerate(columns.values()):
        asked += [F.count(column).alias(f"n{i}"), F.count_distinct(column).alias(f"d{i}")]
    row = df.agg(*asked).collect()[0]
    return {
        name: ColumnProfile(
            rows=row["rows"],
            nulls=row["rows"] - row[f"n{i}"],
            distinct=row[f"d{i}"],
            sample=sample_values(df, name) if sample else (),
        )
        for i, name in enumerate(columns)
    }


def sample_values(df: DataFrame, name: str) -> tuple[str, ...]:
    """Different values of a column as text: those of the smallest hashes, the same ones whenever the rows are."""
    value = F.rtrim(F.col(quote(name)).cast("string")).alias("value")  # char is padded
    found = df.select(value).where("value IS NOT NULL").distinct()
    rows = found.orderBy(F.xxhash64("value"), "value").limit(SAMPLE).toArrow()
    return tuple(rows.column(0).to_pylist())
