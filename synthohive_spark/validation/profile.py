"""What one job says of the columns that the tables of both sides share: counts, ranges, quantiles, and roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import functions as F

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.validation.tables import Compared, Shared, over_all

QUANTILES = 1000
_ACCURACY = 10_000
_FEWEST_TEXTS = 9


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
        checked: For each check of the rows, how many fail it.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    checked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Profiled:
    """A table with what is known of both sides.

    Attributes:
        table: The table.
        sides: The real and the synthetic profile.
        roles: By place, what each column is to the comparison, see `role`.
    """

    table: Compared
    sides: tuple[Profile, Profile]
    roles: dict[int, str]

    def columns(self, *roles: str) -> list[Shared]:
        """The columns of these roles that have values to compare."""
        return [c for c in self.table.columns if c.type is not None and self.roles[c.place] in roles]


def profile(tables: Sequence[Compared]) -> list[Profiled]:
    """The statistics of both sides of all tables, by one job over all rows.

    A row is taken apart into an entry for each column, so that there are as many aggregates however many columns.
    """
    # As SQL, for a list of a thousand numbers is a thousand calls to the JVM.
    steps = F.expr(f"array({', '.join(f'{i / QUANTILES}D' for i in range(QUANTILES + 1))})")
    found = (
        over_all(tables, _entries)
        # After the tables are put together, so that one piece of code takes all rows apart.
        .selectExpr("side", "inline(arrays_zip(slot, there, number, text))")
        .groupBy("slot", "side")
        .agg(
            F.count_if("there").alias("present"),
            F.approx_count_distinct("text").alias("distinct"),
            F.min("number").alias("low"),
            F.max("number").alias("high"),
            F.percentile_approx("number", steps, _ACCURACY).alias("quantiles"),
        )
        .toArrow()
        .to_pylist()
    )
    by_slot = {(row["slot"], row["side"]): row for row in found}
    profiled = []
    for table in tables:
        sides = _side(table, by_slot, 0), _side(table, by_slot, 1)
        roles = {c.place: role(c, sides[0].columns[c.place], table.config) for c in table.columns}
        profiled.append(Profiled(table, sides, roles))
    return profiled


def _side(table: Compared, by_slot: dict[tuple[int, int], Any], side: int) -> Profile:
    rows = [by_slot.get((table.first + i, side)) for i in range(table.slots)]
    counts = [0 if row is None else row["present"] for row in rows]
    places = len(table.columns)
    return Profile(counts[places], tuple(map(_profile, rows[:places])), tuple(counts[places + 1 :]))


def _entries(table: Compared, side: int) -> dict[str, str]:
    """For each column its number or text, then one for the row itself, then one for each check of the rows."""
    there, numbers, texts = [], [], []
    for c in table.columns:
        number = c.number if c.is_quantitative else "NULL"
        if c.type is not None and c.type.is_float:
            number = f"CASE WHEN abs({number}) < double('Infinity') THEN {number} END"
        there.append(f"{c.value} IS NOT NULL")
        numbers.append(number)
        texts.append(c.text if c.type is not None and c.type.is_string else "NULL")
    there += ["true", *(check if side else "false" for check in table.checks)]
    more = ["NULL"] * (table.slots - len(table.columns))
    return {
        "slot": f"sequence({table.first}, {table.first + table.slots - 1})",
        "there": f"array({', '.join(there)})",
        "number": f"CAST(array({', '.join(numbers + more)}) AS ARRAY<DOUBLE>)",
        "text": f"CAST(array({', '.join(texts + more)}) AS ARRAY<STRING>)",
    }


def _profile(row: Any) -> ColumnProfile:
    if row is None:
        return ColumnProfile(0, 0)
    return ColumnProfile(row["present"], row["distinct"] or 0, row["low"], row["high"], tuple(row["quantiles"] or ()))


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
