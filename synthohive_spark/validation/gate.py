"""The gate: figures of a report held against limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthohive_spark.errors import SchemaError
from synthohive_spark.validation.figures import TableReport
from synthohive_spark.validation.links.figures import DatabaseReport

_FROM_BELOW = ("rows", "cardinality", "hop1", "hop2", "hop3")
WHOLE_DATABASE = "all tables"
"""In place of a table's name, for a figure of the whole database."""


@dataclass(frozen=True)
class Failure:
    """A figure over its limit; ``column`` is None for a figure of the whole table, ``detail`` says more where it can.

    For a figure of a link, ``column`` has the columns of its key with commas between them; for a mean over all linked
    tables, ``table`` is "all tables".
    """

    table: str
    column: str | None
    metric: str
    value: float
    limit: float
    detail: str = ""

    def __str__(self) -> str:
        where = self.table if self.column is None else f"{self.table}.{self.column}"
        bound = "at least" if self.metric in _FROM_BELOW else "at most"
        return f"{where}: {self.metric} {self.value:.3g} ({bound} {self.limit:g}){self.detail and f', {self.detail}'}"


def require_share(name: str, limit: Any) -> None:
    """Check a limit: a `SchemaError` if it is neither a number from 0 to 1 nor None."""
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
        raise SchemaError(f"{name} must be a number from 0 to 1, or None to switch it off; got {limit!r}")


def table_failures(
    table: TableReport,
    of_table: Mapping[str, float | None],
    of_columns: Mapping[str, float | None],
    *,
    same_schema: bool,
) -> Iterator[Failure]:
    """The figures of one table that are over their limits."""
    if table.rows_real and not table.rows_synthetic:
        yield Failure(table.name, None, "rows", 0, 1)
    if same_schema and table.schema_differences:
        differences = table.schema_differences
        yield Failure(table.name, None, "schema_differences", len(differences), 0, ", ".join(differences))
    yield from _over(table.name, None, table, of_table)
    for column in table.columns:
        yield from _over(table.name, column.name, column, of_columns)


def link_failures(
    database: DatabaseReport,
    *,
    max_orphans: float | None,
    max_orphan_error: float | None,
    min_cardinality: float | None,
    min_hops: float | None,
    min_two_paths: float | None,
) -> Iterator[Failure]:
    """The figures of links that are over, or below, their limits."""
    for link in database.links:
        limits = {"orphan_error": max_orphan_error} if link.keeps_orphans else {"orphans": max_orphans}
        yield from _over(link.child, link.name, link, limits)
        if min_cardinality is not None and link.cardinality is not None and link.cardinality < min_cardinality:
            yield Failure(link.child, link.name, "cardinality", link.cardinality, min_cardinality)
    for hops in (1, 2, 3):
        found = database.hop(hops)
        if min_hops is not None and found is not None and found < min_hops:
            yield Failure(WHOLE_DATABASE, None, f"hop{hops}", found, min_hops)
    for pair in database.two_paths:
        if min_two_paths is not None and pair.similarity < min_two_paths:
            ways = " and ".join(" -> ".join(map(", ".join, way)) for way in (pair.first, pair.second))
            yield Failure(pair.table, ways, "two_paths", pair.similarity, min_two_paths)


def _over(table: str, column: str | None, figures: Any, limits: Mapping[str, float | None]) -> Iterator[Failure]:
    for metric, limit in limits.items():
        value = getattr(figures, metric)
        if limit is not None and value is not None and value > limit:
            yield Failure(table, column, metric, value, limit)
