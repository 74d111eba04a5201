"""What holds in every learned row, counted on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame

from synthohive_spark.declarations.dependencies import Unique
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies, columns_of
from synthohive_spark.spark.dependency_check import count_broken, rows_that_break
from synthohive_spark.validation.figures import DependencyReport, TableReport
from synthohive_spark.validation.tables import Compared

Learned = tuple[Dependencies, Sequence[Column]]
"""What holds in the learned rows of a table, and its learned columns."""


def compare_dependencies(
    tables: Sequence[Compared],
    reports: Sequence[TableReport],
    real: Mapping[str, DataFrame],
    synthetic: Mapping[str, DataFrame],
    learned: Mapping[str, Learned],
) -> dict[str, tuple[DependencyReport, ...]]:
    """How many rows break what was found in each table, and what was declared, by one job over all tables.

    What speaks of columns that not both sides have, in the type that was learned, is left out.

    Args:
        tables: The tables.
        reports: Their figures so far.
        real: Their real rows.
        synthetic: Their synthetic rows.
        learned: By table, what was learned.
    """
    asked, names = list[tuple[DataFrame, Dependencies, list[Column]]](), list[str]()
    for table in tables:
        if table.name in learned and not table.config.keep:
            dependencies, columns = learned[table.name]
            types = {c.name: c.type for c in table.columns}
            columns = [c for c in columns if types.get(c.name) == c.type]
            own = dependencies.among([c.name for c in columns])
            wanted = {name for one in own.in_values for name in columns_of(one)}
            if wanted:
                read = [c for c in columns if c.name in wanted]
                asked += [(side[table.name], own, read) for side in (real, synthetic)]
                names.append(table.name)
    unique = _unique(tables, real, synthetic)
    counts = count_broken(asked) if asked else []
    rows = {report.name: (report.rows_real, report.rows_synthetic) for report in reports}
    found: dict[str, tuple[DependencyReport, ...]] = {
        name: tuple(
            DependencyReport(text, n, made, _share(n, rows[name][0]), _share(made, rows[name][1]))
            for text, n, made in own
        )
        for name, own in unique.items()
    }
    for name, there, made in zip(names, counts[::2], counts[1::2], strict=True):
        real_rows, synthetic_rows = rows[name]
        found[name] = found.get(name, ()) + tuple(
            DependencyReport(text, n, made[text], _share(n, real_rows), _share(made[text], synthetic_rows))
            for text, n in there.items()
        )
    return found


def _unique(
    tables: Sequence[Compared], real: Mapping[str, DataFrame], synthetic: Mapping[str, DataFrame]
) -> dict[str, list[tuple[str, int, int]]]:
    """By table, what is declared to tell rows apart, and how many real and synthetic rows another one is like."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for table in tables:
        names = {c.name for c in table.columns}
        declared = [own for own in table.config.dependencies if isinstance(own, Unique) and set(own.columns) <= names]
        if declared and not table.config.keep:
            counts = [count for own in declared if (count := rows_that_break(own)) is not None]
            sides = [side[table.name].agg(*counts).collect()[0] for side in (real, synthetic)]
            found[table.name] = [(own.describe(), sides[0][i], sides[1][i]) for i, own in enumerate(declared)]
    return found


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0
