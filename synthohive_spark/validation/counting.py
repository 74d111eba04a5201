"""Counts over all rows, by Spark: values of strings, rows between edges, cells of pairs, and equal rows.

What travels to the executors needs numpy and pyarrow there, and not this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.spark.generation import pickled_by_value
from synthohive_spark.validation.profile import Profile, Shared

FEWEST_ROWS = 5
"""A value that fewer real rows hold is counted, but never named."""
_NAMED_SHARE = 1000
_CELLS = "table INT, cell INT, rows BIGINT"

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ValueCounts:
    """What the counts of a column's values say.

    Attributes:
        tvd: Total variation distance of the two distributions; None if a side has no value.
        common: Real values that at least `FEWEST_ROWS` real rows hold.
        covered: How many of these the synthetic table has.
        new: Synthetic values that no real row holds.
        shared_rows: Synthetic rows whose value a real row holds.
        named: (value, real rows, synthetic rows) of the values that one real row in a thousand holds, and at least
            `FEWEST_ROWS`; the most frequent first. Empty unless names were asked for.
    """

    tvd: float | None
    common: int
    covered: int
    new: int
    shared_rows: int
    named: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Binning:
    """How a column is cut into a few bins; null is one more.

    Attributes:
        place: The column's number.
        values: The values that have bins of their own, for a column of strings; all others share one.
        cuts: The upper ends of all bins but the last, for a column of numbers.
    """

    place: int
    values: tuple[str, ...] | None = None
    cuts: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """How many bins there are."""
        return (len(self.cuts) if self.values is None else len(self.values)) + 2

    def codes(self, column: pa.Array) -> Counts:
        """The bin of each row."""
        null = self.size - 1
        if self.values is None:
            found = np.searchsorted(self.cuts, column.to_numpy(zero_copy_only=False), side="left")
        else:
            index = pc.index_in(column, value_set=pa.array(self.values, pa.string()))
            found = pc.fill_null(index, len(self.values)).to_numpy(zero_copy_only=False)
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return np.where(missing, null, found).astype(np.int64)


def count_values(
    real: DataFrame, synthetic: DataFrame, columns: Sequence[Shared], sides: tuple[Profile, Profile], named: set[int]
) -> dict[int, ValueCounts]:
    """Count every value of ``columns`` on both sides, in one job; only sums come to the driver.

    Args:
        real: The real table, `numbered`.
        synthetic: The synthetic table, likewise.
        columns: The columns to count.
        sides: The profiles of the real and of the synthetic table.
        named: Places of the columns whose frequent values are wanted.
    """
    if not columns:
        return {}
    # A row for each column and value, so that a hundred columns are still one job.
    cells = F.explode(
        F.array(*[F.struct(F.lit(c.place).alias("place"), c.value.cast("string").alias("value")) for c in columns])
    ).alias("cell")
    both = real.select(cells, F.lit(0).alias("side")).unionAll(synthetic.select(cells, F.lit(1).alias("side")))
    counted = (
        both.where("cell.value IS NOT NULL")
        .groupBy(F.col("cell.place").alias("place"), F.col("cell.value").alias("value"))
        .agg(F.sum(1 - F.col("side")).alias("r"), F.sum("side").alias("s"))
    )
    r, s = F.col("r"), F.col("s")
    totals = [
        F.element_at(
            F.array(*[F.lit(float(p.present) or None).cast("double") for p in side.columns]), F.col("place") + 1
        )
        for side in sides
    ]
    floors = F.array(
        *[
            F.lit(max(FEWEST_ROWS, p.present / _NAMED_SHARE) if place in named else None).cast("double")
            for place, p in enumerate(sides[0].columns)
        ]
    )
    rows = (
        counted.groupBy("place")
        .agg(
            (F.sum(F.abs(r / totals[0] - s / totals[1])) / 2).alias("tvd"),
            F.count_if(r >= FEWEST_ROWS).alias("common"),
            F.count_if((r >= FEWEST_ROWS) & (s > 0)).alias("covered"),
            F.count_if(r == 0).alias("new"),
            F.sum(F.when(r > 0, s).otherwise(0)).alias("shared_rows"),
            F.collect_list(F.when(r >= F.element_at(floors, F.col("place") + 1), F.struct("r", "s", "value"))).alias(
                "named"
            ),
        )
        .collect()
    )
    return {row.place: _value_counts(row) for row in rows}


def count_cells(
    df: DataFrame, edges: Mapping[int, npt.NDArray[np.float64]], binnings: Sequence[Binning], columns: Sequence[Shared]
) -> tuple[dict[int, Counts], dict[tuple[int, int], Counts]]:
    """Count rows between edges and in the cells of every pair of binned columns, in one job.

    Args:
        df: One side, `numbered`.
        edges: By place, the edges of each column of numbers, smallest first.
        binnings: The columns whose pairs are wanted.
        columns: All shared columns.

    Returns:
        By place, the rows up to the first edge, then up to the second, and so on; the last count is of those beyond
        all edges, where Spark's order has NaN. And by two places, the contingency table.
    """
    if not edges and len(binnings) < 2:
        return {}, {}
    wanted = [c for c in columns if c.place in edges or c.place in {b.place for b in binnings}]
    work = _Work(dict(edges), tuple(binnings))
    values = [(c.number if c.is_quantitative else c.value.cast("string")).alias(f"c{c.place}") for c in wanted]
    found = (
        df.select(*values)
        .mapInArrow(_shell(pickled_by_value(work)), _CELLS)
        .groupBy("table", "cell")
        .agg(F.sum("rows").alias("rows"))
        .toArrow()
    )
    tables = work.empty()
    numbers, cells, rows = (found.column(name).to_numpy() for name in ("table", "cell", "rows"))
    for number, table in enumerate(tables):
        mine = numbers == number
        table[cells[mine]] = rows[mine]
    pairs = {
        (one.place, other.place): table.reshape(one.size, other.size)
        for (one, other), table in zip(work.pairs, tables[len(edges) :], strict=True)
    }
    return dict(zip(edges, tables, strict=False)), pairs


def count_equal_rows(real: DataFrame, synthetic: DataFrame, columns: Sequence[Shared]) -> tuple[int, int]:
    """How many synthetic rows equal a real row in all ``columns``, and how many real rows equal another one.

    Rows are grouped by the values themselves, null with null, so the counts are exact.
    """
    values = [c.value for c in columns]
    both = real.select(*values, F.lit(0).alias("side")).unionAll(synthetic.select(*values, F.lit(1).alias("side")))
    r, s = F.col("r"), F.col("s")
    row = (
        both.groupBy(*values)
        .agg(F.sum(1 - F.col("side")).alias("r"), F.sum("side").alias("s"))
        .agg(F.sum(F.when(r > 0, s)).alias("copies"), F.sum(F.when(r > 1, r)).alias("twins"))
        .collect()[0]
    )
    return row.copies or 0, row.twins or 0


def count_distinct_keys(df: DataFrame, key: Sequence[Shared]) -> tuple[int, int]:
    """How many rows have a whole key, and how many different keys they have."""
    whole = df.select(*[c.value for c in key]).dropna()
    row = (
        whole.groupBy(*[c.value for c in key])
        .count()
        .agg(F.sum("count").alias("rows"), F.count(F.lit(1)).alias("keys"))
    )
    found = row.collect()[0]
    return found.rows or 0, found.keys


def _value_counts(row: Any) -> ValueCounts:
    named = sorted(((e.value, e.r, e.s) for e in row.named), key=lambda e: (-e[1], e[0]))
    return ValueCounts(row.tvd, row.common, row.covered, row.new, row.shared_rows, tuple(named))


def _shell(blob: bytes) -> Callable[..., Any]:
    """A function that needs nothing but the standard library, pyarrow and its bytes to be unpickled."""

    def count(batches):  # type: ignore[no-untyped-def]
        import pickle  # noqa: PLC0415

        yield from pickle.loads(blob)(batches)

    return count


class _Work:
    """The batches of one partition to the counts of their rows."""

    def __init__(self, edges: dict[int, npt.NDArray[np.float64]], binnings: tuple[Binning, ...]) -> None:
        self.edges = edges
        self.binnings = binnings
        self.pairs = [(one, other) for i, one in enumerate(binnings) for other in binnings[i + 1 :]]

    def empty(self) -> list[Counts]:
        """A count of nothing for each column of numbers, then for each pair."""
        sizes = [len(e) + 1 for e in self.edges.values()] + [one.size * other.size for one, other in self.pairs]
        return [np.zeros(size, np.int64) for size in sizes]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = self.empty()
        for batch in batches:
            self._add(batch, tables)
        cells = [np.flatnonzero(table) for table in tables]
        numbers = np.repeat(np.arange(len(tables)), [len(c) for c in cells])
        rows = [table[c] for table, c in zip(tables, cells, strict=True)]
        arrays = [
            pa.array(numbers, pa.int32()),
            pa.array(np.concatenate(cells), pa.int32()),
            pa.array(np.concatenate(rows), pa.int64()),
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=["table", "cell", "rows"])

    def _add(self, batch: pa.RecordBatch, tables: list[Counts]) -> None:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for number, (place, ends) in enumerate(self.edges.items()):
            numbers = columns[f"c{place}"].drop_null().to_numpy(zero_copy_only=False)
            tables[number] += np.bincount(np.searchsorted(ends, numbers, side="left"), minlength=len(ends) + 1)
        codes = {b.place: b.codes(columns[f"c{b.place}"]) for b in self.binnings}
        for number, (one, other) in enumerate(self.pairs, len(self.edges)):
            tables[number] += np.bincount(
                codes[one.place] * other.size + codes[other.place], minlength=len(tables[number])
            )
