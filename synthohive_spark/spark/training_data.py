"""What a fit needs of a table: statistics of all rows, and a bounded number of rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.errors import TrainingError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.partitions import bounded
from synthohive_spark.spark.real_values import real_value_filters
from synthohive_spark.spark.schema import quote

TRACKED_VALUES = 4096
_FREQUENCIES_SINCE = (4, 1)
_STRING_OVERHEAD = 8


@dataclass(frozen=True)
class TrainingData:
    """Training rows and what is known of all rows.

    Attributes:
        rows: The modelled columns in their Arrow types; in a canonical order where they are all rows of the table.
        statistics: Statistics of all rows.
    """

    rows: pa.Table
    statistics: TableStatistics


@dataclass(frozen=True)
class JoinedRows:
    """Rows of a table with more columns than its own, from other tables.

    Attributes:
        select: Given a share of the rows (1 for all), a frame with about so many of them.
        columns: The other columns.
    """

    select: Callable[[float], DataFrame]
    columns: tuple[Column, ...] = ()


def collect_training_data(
    df: DataFrame,
    columns: tuple[Column, ...],
    *,
    max_rows: int,
    seed: int,
    available: int | None = None,
    joined: JoinedRows | None = None,
) -> TrainingData:
    """Find the statistics in one aggregate over all rows, then bring at most ``max_rows`` of them to the driver.

    Args:
        df: The table.
        columns: The columns to bring.
        max_rows: Most rows to bring; a table with more is sampled.
        seed: Seed of Spark's sampling, whose result also depends on the partitioning.
        available: Bytes of memory that may be used; what the machine has free when None.
        joined: Where rows come from, if not from ``df`` itself.

    Raises:
        TrainingError: If there is no row, the rows would not fit into memory, or Spark cannot read them.
    """
    try:
        return _collect(bounded(df), columns, max_rows, seed, available, joined)
    except (PySparkException, Py4JError) as error:
        raise TrainingError(f"Spark could not read the training rows: {first_line(error)}") from error


def _collect(
    df: DataFrame,
    columns: tuple[Column, ...],
    max_rows: int,
    seed: int,
    available: int | None,
    joined: JoinedRows | None,
) -> TrainingData:
    values = _aggregate(df, columns)
    rows = int(values["rows"].as_py())
    if rows == 0:
        names = ", ".join(repr(c.name) for c in columns[:5]) + (", ..." if len(columns) > 5 else "")
        raise TrainingError(f"the table with columns {names} has no rows to learn from")
    share = min(1.0, max_rows / rows)
    joined = joined or JoinedRows(lambda share: df if share == 1 else df.sample(fraction=share, seed=seed))
    every = (*columns, *joined.columns)
    _check_memory(every, values, rows, min(rows, max_rows), available)
    wanted = joined.select(share).select(*[F.col(quote(c.name)).alias(f"c{i}") for i, c in enumerate(every)])
    table = _typed((wanted if share == 1 else wanted.limit(max_rows)).toArrow(), every)
    statistics = {c.name: _column_statistics(c, i, values, rows) for i, c in enumerate(columns)}
    if rows > max_rows:
        distinct = {c.name: int(values[f"d{i}"].as_py()) for i, c in enumerate(columns)}
        # Strings too many to be counted may be imitated, and then none of the rows' values may be made, sampled or not.
        uncounted = [c.name for c in columns if c.type.is_string and statistics[c.name].frequencies is None]
        for name, real_values in real_value_filters(
            df, {name: distinct[name] for name in uncounted}, seed=seed
        ).items():
            statistics[name] = replace(statistics[name], real_values=real_values)
    return TrainingData(table if rows > max_rows else canonical_order(table), TableStatistics(rows, statistics))


def canonical_order(table: pa.Table) -> pa.Table:
    """The rows of ``table`` in an order that depends on nothing but the rows."""
    if not table.column_names:
        return table
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])
    return table.take(order)


def _typed(table: pa.Table, columns: tuple[Column, ...]) -> pa.Table:
    # Positions are the names until here, so that sorting and casting never read a name with dots as a path.
    schema = pa.schema([pa.field(f"c{i}", c.type.arrow) for i, c in enumerate(columns)])
    return table.cast(schema.with_metadata(None)).rename_columns([c.name for c in columns])


def _aggregate(df: DataFrame, columns: tuple[Column, ...]) -> dict[str, pa.Scalar]:
    version = tuple(int(part) for part in df.sparkSession.version.split(".")[:2])
    asked = [F.count(F.lit(1)).alias("rows")]
    for i, column in enumerate(columns):
        asked += _column_aggregates(column, i, frequencies=version >= _FREQUENCIES_SINCE)
    table = df.select(*[F.col(quote(c.name)).alias(f"c{i}") for i, c in enumerate(columns)]).agg(*asked).toArrow()
    return {name: table.column(position)[0] for position, name in enumerate(table.column_names)}


def _column_aggregates(column: Column, i: int, *, frequencies: bool) -> list[Expression]:
    value = F.col(f"c{i}")
    asked = [
        F.count(F.when(value.isNull(), 1)).alias(f"n{i}"),
        F.approx_count_distinct(value).alias(f"d{i}"),
    ]
    if column.type.is_string:
        asked.append(F.sum(F.octet_length(value).cast("long")).alias(f"b{i}"))
    elif column.type.name != "boolean":
        infinite = F.abs(value) == F.lit(float("inf"))
        finite = F.when(~F.isnan(value) & ~infinite, value) if column.type.is_float else value
        asked += [F.min(finite).alias(f"l{i}"), F.max(finite).alias(f"h{i}")]
    if frequencies and (column.type.is_string or column.type.name == "boolean"):
        tracked = F.lit(TRACKED_VALUES)
        # Called by name: the function is in Spark from 4.1 on, its Python wrapper is not.
        asked.append(F.call_function("approx_top_k", value.cast("string"), tracked, tracked).alias(f"f{i}"))
    return asked


def _column_statistics(column: Column, i: int, values: dict[str, pa.Scalar], rows: int) -> ColumnStatistics:
    return ColumnStatistics(
        nulls=int(values[f"n{i}"].as_py()),
        minimum=_plain(values.get(f"l{i}")),
        maximum=_plain(values.get(f"h{i}")),
        frequencies=_frequencies(column, values.get(f"f{i}"), rows),
    )


def _plain(value: pa.Scalar | None) -> Any:
    try:
        return None if value is None else value.as_py()
    except (OverflowError, ValueError):  # a date that Python has no object for; the rows themselves still hold it
        return None


def _frequencies(column: Column, value: pa.Scalar | None, rows: int) -> dict[Any, int] | None:
    if value is None or not value.is_valid:
        return None
    counted = {entry["item"]: int(entry["count"]) for entry in value.as_py()}
    # The sketch is exact as long as it never had to drop a value; then, and only then, its counts add up.
    if len(counted) > TRACKED_VALUES or sum(counted.values()) != rows:
        return None
    counted.pop(None, None)
    if column.type.name == "boolean":
        return {item == "true": count for item, count in counted.items()}
    return counted


def _check_memory(
    columns: tuple[Column, ...], values: dict[str, pa.Scalar], rows: int, wanted: int, available: int | None
) -> None:
    width = 0.0
    for i, column in enumerate(columns):
        if column.type.is_string:
            bytes_ = values[f"b{i}"].as_py() or 0 if f"b{i}" in values else _STRING_OVERHEAD * rows
            width += bytes_ / rows + _STRING_OVERHEAD
        else:
            width += max(column.type.arrow.bit_width, 8) / 8
    # Twice the rows, for putting them in order takes a second copy.
    needed = int(2 * width * wanted)
    available = free_memory() if available is None else available
    if needed > available:
        raise TrainingError(
            f"{wanted:,} training rows of {len(columns)} columns need about {needed / 1e6:,.0f} MB of memory on the "
            f"driver, {available / 1e6:,.0f} MB are free: lower maxTrainingRows to {wanted * available // needed:,} "
            f"or less, exclude columns, or use a larger driver"
        )


def free_memory() -> int:
    """Bytes of memory that this machine can still hand out."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:  # not Linux
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
