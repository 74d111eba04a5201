"""Two databases against each other: every table, and every link between tables."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.validation.counting import count_values
from synthohive_spark.validation.metrics import compare_profiled, tallies
from synthohive_spark.validation.profile import profile
from synthohive_spark.validation.report import ValidationReport
from synthohive_spark.validation.tables import opened


def compare_database(
    real: Mapping[str, DataFrame], synthetic: Mapping[str, DataFrame], declared: Mapping[str, TableDeclaration]
) -> ValidationReport:
    """Compare."""
    tables = profile(opened(declared, real, synthetic))
    counted = count_values(tables, [tallies(own) for own in tables])
    return ValidationReport(tuple(compare_profiled(tables, counted)))
