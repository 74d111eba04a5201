"""Counts of values over all rows of all tables, by one job: values of columns, equal rows, keys and pairs of keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.validation.kept_values import Floors, distance, floors, of_slot, with_kept
from synthohive_spark.validation.profile import Profiled
from synthohive_spark.validation.tables import Compared, Shared, over_all

FEWEST_ROWS = 5
"""A value that fewer real rows hold is counted, but never named."""
_NAMED_SHARE = 1000


@dataclass(frozen=True)
class Tally:
    """What is counted: the values of a column, or of several together.

    Attributes:
        places: The columns.
        whole: Whether rows with a null in one of them are left out; else null is a value.
        named: Whether the frequent values are wanted.
    """

    places: tuple[int, ...]
    whole: bool = True
    named: bool = False

    @classmethod
    def of(cls, columns: Sequence[Shared], *, whole: bool = True, named: bool = False) -> Tally:
        """The values of ``columns``."""
        return cls(tuple(c.place for c in columns), whole, named)


@dataclass(frozen=True)
class Named:
    """A frequent value: its text, its hash as `hashed` has it, and the rows that hold it."""

    value: str
    hash: float
    real: int
    synthetic: int


@dataclass(frozen=True)
class ValueCounts:
    """What the counts of the values say; pairs are of the real and the synthetic side.

    Attributes:
        tvd: Total variation distance of the two distributions of a single column, over kept values, see
            `kept_values.distance`.
        kept_from: Real rows that a value needs to be kept.
        left_out: Rows whose value is not kept.
        common: Kept values that at least `FEWEST_ROWS` real rows hold.
        covered: How many of these the synthetic table has.
        new: Synthetic values that no real row holds.
        shared_rows: Synthetic rows whose value a real row holds.
        twins: Real rows whose value another real row holds.
        rows: Rows that have a value.
        values: Different values.
        squares: Sum of the squares of each value's rows.
        named: The values that one real row in a thousand holds, and at least `FEWEST_ROWS`; the most frequent first.
    """

    tvd: float | None = None
    kept_from: int = 1
    left_out: tuple[int, int] = (0, 0)
    common: int = 0
    covered: int = 0
    new: int = 0
    shared_rows: int = 0
    twins: int = 0
    rows: tuple[int, int] = (0, 0)
    values: tuple[int, int] = (0, 0)
    squares: tuple[float, float] = (0.0, 0.0)
    named: tuple[Named, ...] = ()


Counted = dict[Tally, ValueCounts]


def hashed(text: str) -> str:
    """A text as a double that says which text it is, as good as a hash of 53 bits; SQL of SQL."""
    return f"CAST(shiftright(xxhash64({text}), 11) AS DOUBLE)"


def count_values(tables: Sequence[Profiled], wanted: Sequence[Sequence[Tally]]) -> list[Counted]:
    """Count what is wanted of each table on both sides, by one job; only sums come to the driver.

    Rows are grouped by hashes of 96 bits, and by the values themselves where their names are wanted.
    """
    flat = [(number, tally) for number, tallies in enumerate(wanted) for tally in tallies]
    if not flat:
        return [{} for _ in tables]
    first = {number: i for i, (number, _) in reversed(list(enumerate(flat)))}
    numbers = {id(profiled.table): number for number, profiled in enumerate(tables)}

    def entries(table: Compared, _: int) -> dict[str, str]:
        number = numbers[id(table)]
        return _entries(first[number], table, wanted[number])

    counted = (
        over_all([tables[number].table for number in first], entries)
        .selectExpr("side", "inline(arrays_zip(slot, hash, other, value))")
        .where("hash IS NOT NULL")
        .groupBy("slot", "hash", "other", "value")
        .agg(F.sum(1 - F.col("side")).alias("r"), F.sum("side").alias("s"))
    )
    found = {row["slot"]: row for row in _summed(counted, tables, flat).toArrow().to_pylist()}
    result: list[Counted] = [{} for _ in tables]
    for slot, (number, tally) in enumerate(flat):
        result[number][tally] = _value_counts(found[slot]) if slot in found else ValueCounts()
    return result


def _summed(counted: DataFrame, tables: Sequence[Profiled], flat: Sequence[tuple[int, Tally]]) -> DataFrame:
    named: list[float | None] = []
    needed: list[Floors] = []
    for number, tally in flat:
        own, place = tables[number], tally.places[0]
        present = own.sides[0].columns[place].present
        named.append(max(FEWEST_ROWS, present / _NAMED_SHARE) if tally.named else None)
        needed.append(floors(own.table, own.table.columns[place], present) if tally.named else (1.0, None))
    frequent = F.struct("r", "s", "value", F.expr(hashed("value")).alias("hash"))
    # Values that as many rows hold are alike from here on.
    alike = counted.groupBy("slot", "r", "s").agg(
        F.count("*").alias("n"), F.collect_list(F.when(F.col("r") >= of_slot(named), frequent)).alias("named")
    )
    r, s, n, kept = (F.col(name) for name in ("r", "s", "n", "kept"))
    common = kept & (r >= FEWEST_ROWS)
    return (
        with_kept(alike, needed)
        .groupBy("slot")
        .agg(
            distance().alias("tvd"),
            F.max(F.ceil("floor")).alias("kept_from"),
            F.array(_sum(n * r, ~kept), _sum(n * s, ~kept)).alias("left_out"),
            _sum(n, common).alias("common"),
            _sum(n, common & (s > 0)).alias("covered"),
            _sum(n, r == 0).alias("new"),
            _sum(n * s, r > 0).alias("shared_rows"),
            _sum(n * r, r > 1).alias("twins"),
            F.array(F.sum(n * r), F.sum(n * s)).alias("rows"),
            F.array(_sum(n, r > 0), _sum(n, s > 0)).alias("values"),
            F.array(F.sum(n * r.cast("double") * r), F.sum(n * s.cast("double") * s)).alias("squares"),
            F.flatten(F.collect_list("named")).alias("named"),
        )
    )


def _sum(amount: Expression, of: Expression) -> Expression:
    return F.sum(F.when(of, amount).otherwise(0))


def _entries(first: int, table: Compared, tallies: Sequence[Tally]) -> dict[str, str]:
    hashes, others, texts = [], [], []
    for tally in tallies:
        columns = [table.columns[place] for place in tally.places]
        values = ", ".join(c.value for c in columns)
        if not tally.whole:  # a hash passes over nulls, so it must be told where they are
            values += ", concat(" + ", ".join(f"{c.value} IS NULL" for c in columns) + ")"
        whole = " AND ".join(f"{c.value} IS NOT NULL" for c in columns) if tally.whole else "true"
        hashes.append(f"CASE WHEN {whole} THEN xxhash64({values}) END")
        others.append(f"hash({values})")
        texts.append(columns[0].text if tally.named else "NULL")
    return {
        "slot": f"sequence({first}, {first + len(tallies) - 1})",
        "hash": f"array({', '.join(hashes)})",
        "other": f"array({', '.join(others)})",
        "value": f"CAST(array({', '.join(texts)}) AS ARRAY<STRING>)",
    }


def _value_counts(row: Any) -> ValueCounts:
    named = sorted(
        (Named(e["value"], e["hash"], e["r"], e["s"]) for e in row["named"]), key=lambda e: (-e.real, e.value)
    )
    known: dict[str, Any] = {name: tuple(row[name]) for name in ("left_out", "rows", "values", "squares")}
    known |= {name: row[name] for name in ("tvd", "kept_from", "common", "covered", "new", "shared_rows", "twins")}
    return ValueCounts(**known, named=tuple(named))
