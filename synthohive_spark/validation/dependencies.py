"""What holds in every learned row, counted on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.dependencies import Unique
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.decided import Decided, NullWithin, decided, null_within
from synthohive_spark.engine.dependencies.dependencies import Dependencies, columns_of
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.spark.aggregates import aggregate, breaks_aggregate
from synthohive_spark.spark.decided_check import breaks_null, count_undecided
from synthohive_spark.spark.dependency_check import count_broken, rows_that_break
from synthohive_spark.spark.schema import quote
from synthohive_spark.validation.figures import DependencyReport, TableReport
from synthohive_spark.validation.tables import Compared

Learned = tuple[Dependencies, Sequence[Column]]
"""What holds in the learned rows of a table, and its learned columns."""
FromChildren = tuple[str, ForeignKey, Aggregate]
"""A table whose rows are aggregated, its link to the parent, and the parent's column."""
_Sides = Mapping[str, tuple[DataFrame, DataFrame]]
_Counts = dict[str, list[tuple[str, int, int]]]
"""By table, what holds, and how many real and synthetic rows break it."""


@dataclass(frozen=True)
class _Own:
    """What was learned of a table: in values, in which columns, and in codes."""

    values: Dependencies
    columns: tuple[Column, ...]
    decided: tuple[Decided, ...]
    nulls: tuple[NullWithin, ...]


def compare_dependencies(
    tables: Sequence[Compared],
    reports: Sequence[TableReport],
    real: Mapping[str, DataFrame],
    synthetic: Mapping[str, DataFrame],
    learned: Mapping[str, Learned],
    aggregates: Mapping[str, Sequence[FromChildren]],
) -> dict[str, tuple[DependencyReport, ...]]:
    """How many rows break what was found in each table, and what was declared, by at most four jobs over all tables.

    What speaks of columns that not both sides have, in the type that was learned, is left out.

    Args:
        tables: The tables.
        reports: Their figures so far.
        real: Their real rows.
        synthetic: Their synthetic rows.
        learned: By table, what was learned.
        aggregates: By table, its columns that are aggregates of other tables' rows.
    """
    learned_tables = {t.name: t for t in tables if t.name in learned and not t.config.keep}
    own = {name: _own(table, *learned[name]) for name, table in learned_tables.items()}
    sides = {table.name: (real[table.name], synthetic[table.name]) for table in tables}
    counted = [
        _by_aggregates(tables, own, sides),
        _by_children({t.name: {c.name: c.type for c in t.columns} for t in tables}, aggregates, sides),
        _by_values(own, sides),
        _by_pairs(own, sides),
    ]
    rows = {report.name: (report.rows_real, report.rows_synthetic) for report in reports}
    return {
        name: tuple(
            DependencyReport(text, there, made, _share(there, rows[name][0]), _share(made, rows[name][1]))
            for counts in counted
            for text, there, made in counts.get(name, ())
        )
        for name in sides
    }


def _own(table: Compared, dependencies: Dependencies, columns: Sequence[Column]) -> _Own:
    """What was learned of the columns that both sides have in the learned type."""
    types = {c.name: c.type for c in table.columns}
    columns = [c for c in columns if types.get(c.name) == c.type]
    names = [c.name for c in columns]
    return _Own(
        dependencies.among(names), tuple(columns), decided(dependencies, names), null_within(dependencies, names)
    )


def _by_aggregates(tables: Sequence[Compared], own: Mapping[str, _Own], sides: _Sides) -> _Counts:
    """Rows that are declared to differ and do not, and nulls that come together."""
    asked: dict[str, list[tuple[str, Expression]]] = {}
    for table in tables:
        names = {c.name for c in table.columns}
        unique = [d for d in table.config.dependencies if isinstance(d, Unique) and set(d.columns) <= names]
        nulls = own[table.name].nulls if table.name in own else ()
        if not table.config.keep:
            told = [(d.describe(), rows_that_break(d)) for d in unique]
            asked[table.name] = [(text, count) for text, count in told if count is not None]
            asked[table.name] += [(one.text, F.count_if(breaks_null(one))) for one in nulls]
    return _counted({name: (*sides[name], counts) for name, counts in asked.items() if counts})


def _by_children(
    types: Mapping[str, Mapping[str, ColumnType | None]],
    aggregates: Mapping[str, Sequence[FromChildren]],
    sides: _Sides,
) -> _Counts:
    """Rows that hold something else than what their children come to."""
    asked = {}
    for name, known in aggregates.items():
        found = [
            (child, link, own)
            for child, link, own in known
            if types.get(name, {}).get(own.column.name) == own.column.type
            and child in types
            and {*link.columns, *([] if own.of is None else [own.of])} <= types[child].keys()
        ]
        if found:
            real, made = (_with_children(name, found, {n: both[side] for n, both in sides.items()}) for side in (0, 1))
            counts = [
                (own.describe(child), F.count_if(breaks_aggregate(own, F.col(f"@{i}"), F.col(f"@of{i}").isNotNull())))
                for i, (child, _, own) in enumerate(found)
            ]
            asked[name] = real, made, counts
    return _counted(asked)


def _with_children(name: str, found: Sequence[FromChildren], tables: Mapping[str, DataFrame]) -> DataFrame:
    """The rows of a table with each aggregate, and whether there are rows to aggregate."""
    rows = tables[name]
    for i, (child, link, own) in enumerate(found):
        keys = [f"@key{i}.{j}" for j in range(len(link.columns))]
        sums = tables[child].groupBy(*[F.col(quote(c)).alias(key) for c, key in zip(link.columns, keys, strict=True)])
        there = sums.agg(aggregate(own).alias(f"@{i}"), F.lit(1).alias(f"@of{i}"))
        meets = [F.col(quote(c)) == F.col(quote(key)) for c, key in zip(link.parent_columns, keys, strict=True)]
        rows = rows.join(there, meets, "left")
    return rows


def _counted(asked: Mapping[str, tuple[DataFrame, DataFrame, Sequence[tuple[str, Expression]]]]) -> _Counts:
    """What aggregates say of the real and the synthetic rows of tables, each with its text, by one job."""
    frames = [
        df.select(F.array(*(count.cast("bigint") for _, count in counts)).alias("counts")).select(
            F.lit(2 * i + side).alias("place"), "counts"
        )
        for i, (real, made, counts) in enumerate(asked.values())
        for side, df in enumerate((real, made))
    ]
    if not frames:
        return {}
    found = {row.place: row.counts for row in reduce(DataFrame.unionAll, frames).collect()}
    return {
        name: [(text, found[2 * i][j], found[2 * i + 1][j]) for j, (text, _) in enumerate(counts)]
        for i, (name, (_, _, counts)) in enumerate(asked.items())
    }


def _by_values(own: Mapping[str, _Own], sides: _Sides) -> _Counts:
    """Rows whose values break what is computed from them."""
    asked: dict[str, tuple[Dependencies, list[Column]]] = {}
    for name, one in own.items():
        wanted = {column for each in one.values.in_values for column in columns_of(each)}
        if wanted:
            asked[name] = one.values, [c for c in one.columns if c.name in wanted]
    counts = count_broken([(df, *asked[name]) for name in asked for df in sides[name]]) if asked else []
    return {
        name: [(text, n, made[text]) for text, n in there.items()]
        for name, there, made in zip(asked, counts[::2], counts[1::2], strict=True)
    }


def _by_pairs(own: Mapping[str, _Own], sides: _Sides) -> _Counts:
    """Rows that hold another value than the column that decides it asks for."""
    asked = {name: one.decided for name, one in own.items() if one.decided}
    found = count_undecided([(*sides[name], one) for name, one in asked.items()]) if asked else []
    return {
        name: [(one.text, *counts) for one, counts in zip(all_of_it, broken, strict=True)]
        for (name, all_of_it), broken in zip(asked.items(), found, strict=True)
    }


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0
