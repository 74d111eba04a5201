"""Two databases against each other: every table, and every link between tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import DataFrame

from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.validation.counting import count_values
from synthohive_spark.validation.dependencies import FromChildren, Learned, compare_dependencies
from synthohive_spark.validation.links import plan as links
from synthohive_spark.validation.links.compare import compare_links
from synthohive_spark.validation.metrics import compare_profiled, tallies
from synthohive_spark.validation.profile import profile
from synthohive_spark.validation.report import ValidationReport
from synthohive_spark.validation.tables import opened


def compare_database(
    real: Mapping[str, DataFrame],
    synthetic: Mapping[str, DataFrame],
    declared: Mapping[str, TableDeclaration],
    learned: Mapping[str, Learned] | None = None,
    rare_rows: int = 0,
    aggregates: Mapping[str, Sequence[FromChildren]] | None = None,
) -> ValidationReport:
    """Compare the tables of two databases and the links between them, over all rows, by five to eight Spark queries.

    A frame is read about once for each, and once more for each table below it: write synthetic frames that are costly
    to make to tables first.

    Args:
        real: The real tables.
        synthetic: The synthetic tables.
        declared: What is declared about the tables; those that both sides have are compared.
        learned: By table, what holds in its learned rows.
        rare_rows: Categories that fewer real rows hold were kept from the models; 0 where none were.
        aggregates: By table, its columns that are aggregates of other tables' rows.

    Raises:
        SchemaError: If two columns of one table have the same name.
    """
    own = {name: config for name, config in declared.items() if name in real and name in synthetic}
    plan = DatabasePlan.of(declared, list(own))
    compared = opened(own, real, synthetic, rare_rows)
    tables = profile(compared)
    by_name = {profiled.table.name: profiled for profiled in tables}
    of_links = links.tallies(by_name, plan)
    counted = count_values(tables, [list(dict.fromkeys([*tallies(t), *of_links[t.table.name]])) for t in tables])
    reports = compare_profiled(tables, counted)
    held = compare_dependencies(compared, reports, real, synthetic, learned or {}, aggregates or {})
    reports = [replace(report, dependencies=held.get(report.name, ())) for report in reports]
    return ValidationReport(tuple(reports), compare_links(by_name, dict(zip(by_name, counted, strict=True)), plan))
