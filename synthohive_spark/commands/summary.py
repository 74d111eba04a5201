"""A report in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthohive_spark.validation.figures import TableReport
    from synthohive_spark.validation.links.figures import DatabaseReport
    from synthohive_spark.validation.report import ValidationReport


def summary(report: ValidationReport) -> str:
    """A line for each table, and one for the links between them."""
    lines = [f"{table.name}: {'; '.join(_of_table(table))}" for table in report.tables]
    if report.database is not None:
        lines.append(f"links: {'; '.join(_of_links(report.database))}")
    return "\n".join(lines)


def _of_table(table: TableReport) -> list[str]:
    found = [f"{table.rows_real:,} real rows, {table.rows_synthetic:,} synthetic"]
    means = [("tvd", table.mean_tvd), ("ks", table.mean_ks), ("pairs of columns", table.mean_pair_difference)]
    told = [f"{name} {value:.3f}" for name, value in means if value is not None]
    if told:
        found.append(f"mean distances (0 is alike): {', '.join(told)}")
    worst = table.worst_column
    if worst is not None and worst.distance is not None:
        found.append(f"farthest column {worst.name} ({worst.distance:.3f})")
    if table.copies is not None:
        found.append(f"{table.copies:.1%} copies of real rows")
    if table.detector_auc is not None:
        found.append(f"told from real rows in {table.detector_auc:.0%} (50% is chance)")
    if table.key_faults:
        found.append(f"{table.key_faults:.1%} of the keys are doubled or null")
    if table.broken:
        found.append(f"{table.broken:.1%} of the rows break what holds in real ones")
    return found


def _of_links(database: DatabaseReport) -> list[str]:
    figures = database.summary
    found = [f"{figures['orphans']:,} keys meet no row"]
    named = {"cardinality": "numbers of children"} | {f"hop{n}": f"columns {n} links apart" for n in (1, 2, 3)}
    alike = [f"{words} {figures[name]:.3f}" for name, words in named.items() if figures.get(name) is not None]
    return [*found, f"alike (1 is the same): {', '.join(alike)}"] if alike else found
