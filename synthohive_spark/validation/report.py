"""What a comparison found: figures, as plain values, a page, or a gate."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthohive_spark.errors import QualityError, SchemaError, SerializationError


@dataclass(frozen=True)
class Bar:
    """A value's share of each side's rows that have one; the label None stands for all values that are not named."""

    label: str | None
    real: float
    synthetic: float


@dataclass(frozen=True)
class Histogram:
    """Shares of each side's rows in bins of equal width; the end bins also hold what lies beyond them.

    Attributes:
        low: Where the first bin begins, at least five real rows from the smallest value; a date or an instant as text.
        high: Where the last bin ends, likewise.
        real: The real shares.
        synthetic: The synthetic shares.
    """

    low: float | str
    high: float | str
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


@dataclass(frozen=True)
class ColumnReport:
    """How one column compares. A figure is None where it means nothing for the column or a side has no values.

    Attributes:
        name: The column.
        type: Its Spark type.
        role: "identifier", "personal", "text", "categorical", "numeric", "datetime" or "other".
        null_rate_real: Share of real rows without a value.
        null_rate_synthetic: Share of synthetic rows without a value.
        tvd: Total variation distance of the shares of values, 0 (the same) to 1 (nothing in common).
        ks: Kolmogorov-Smirnov distance, 0 to 1, to within 0.0012; NaN counts as the greatest number.
        range_coverage: How much of the real range the synthetic one overlaps.
        category_coverage: Share of the categories of at least five real rows that the synthetic table has.
        new_categories: How many synthetic values no real row has.
        shared_values: Share of synthetic values that a real row has, too; for personal data and text.
        bars: Shares of frequent categories; no value of fewer than five real rows is named.
        histogram: Shares by bins of a column of numbers, dates or instants.
    """

    name: str
    type: str
    role: str
    null_rate_real: float | None = None
    null_rate_synthetic: float | None = None
    tvd: float | None = None
    ks: float | None = None
    range_coverage: float | None = None
    category_coverage: float | None = None
    new_categories: int | None = None
    shared_values: float | None = None
    bars: tuple[Bar, ...] = ()
    histogram: Histogram | None = None

    @property
    def distance(self) -> float | None:
        """The distance of the two distributions, whichever it is."""
        return self.ks if self.tvd is None else self.tvd

    @property
    def null_rate_error(self) -> float | None:
        """How far apart the null rates are."""
        if self.null_rate_real is None or self.null_rate_synthetic is None:
            return None
        return abs(self.null_rate_real - self.null_rate_synthetic)


@dataclass(frozen=True)
class PairReport:
    """How strongly two columns hang together on each side: Cramér's V, 0 to 1, of their binned values."""

    first: str
    second: str
    real: float
    synthetic: float

    @property
    def difference(self) -> float:
        """How far the two sides are apart."""
        return abs(self.real - self.synthetic)


@dataclass(frozen=True)
class BrokenBound:
    """A declared bound, such as ``min=0``, and how many synthetic rows break it."""

    column: str
    bound: str
    rows: int


@dataclass(frozen=True)
class TableReport:
    """How one synthetic table compares with the real one.

    Attributes:
        name: The table.
        rows_real: Rows of the real table.
        rows_synthetic: Rows of the synthetic table.
        columns: The columns that both have, with the same type.
        pairs: Pairs of these.
        copies: Share of synthetic rows that equal a real row in every learned column: keys and personal columns aside.
        real_twins: Share of real rows that equal another real row in these columns: what copies to expect by chance.
        key_duplicates: Synthetic rows whose primary key an earlier row has; None without a declared key.
        key_nulls: Synthetic rows whose primary key is not whole.
        broken_bounds: The constraints that synthetic rows break.
        violating_rows: Synthetic rows that break any.
        schema_differences: Columns that one side lacks or that differ in type, as sentences.
    """

    name: str
    rows_real: int
    rows_synthetic: int
    columns: tuple[ColumnReport, ...] = ()
    pairs: tuple[PairReport, ...] = ()
    copies: float | None = None
    real_twins: float | None = None
    key_duplicates: int | None = None
    key_nulls: int | None = None
    broken_bounds: tuple[BrokenBound, ...] = ()
    violating_rows: int = 0
    schema_differences: tuple[str, ...] = ()

    @property
    def mean_tvd(self) -> float | None:
        """The mean over the columns that have one."""
        return _mean(c.tvd for c in self.columns)

    @property
    def mean_ks(self) -> float | None:
        """The mean over the columns that have one."""
        return _mean(c.ks for c in self.columns)

    @property
    def worst_column(self) -> ColumnReport | None:
        """The column whose distributions are furthest apart."""
        return max((c for c in self.columns if c.distance is not None), key=lambda c: c.distance or 0, default=None)

    @property
    def mean_pair_difference(self) -> float | None:
        """The mean over all pairs."""
        return _mean(p.difference for p in self.pairs)

    @property
    def worst_pair(self) -> PairReport | None:
        """The pair whose strengths are furthest apart."""
        return max(self.pairs, key=lambda p: p.difference, default=None)

    @property
    def key_faults(self) -> float | None:
        """Share of synthetic rows whose primary key is a duplicate or not whole."""
        if self.key_duplicates is None or self.key_nulls is None or not self.rows_synthetic:
            return None
        return (self.key_duplicates + self.key_nulls) / self.rows_synthetic


@dataclass(frozen=True)
class Failure:
    """A figure over its limit; ``column`` is None for a figure of the whole table."""

    table: str
    column: str | None
    metric: str
    value: float
    limit: float

    def __str__(self) -> str:
        where = self.table if self.column is None else f"{self.table}.{self.column}"
        bound = "at least" if self.metric == "rows" else "at most"
        return f"{where}: {self.metric} {self.value:.3g} ({bound} {self.limit:g})"


@dataclass(frozen=True)
class ValidationReport:
    """How synthetic tables compare with the real ones. It holds counts and shares, and no row."""

    tables: tuple[TableReport, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain values that JSON can hold."""
        return {"tables": [_plain(_table_values(table)) for table in self.tables]}

    def write_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_json` as a file.

        Raises:
            SerializationError: If the file cannot be written.
        """
        _write(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as one HTML page that needs nothing else.

        Raises:
            SerializationError: If the file cannot be written.
        """
        from synthohive_spark.validation.page import render  # noqa: PLC0415  (the page knows the report)

        _write(path, render(self))

    def require(
        self,
        *,
        max_tvd: float | None = 0.1,
        max_ks: float | None = 0.1,
        max_null_rate_error: float | None = 0.02,
        max_copies: float | None = 0.0,
        max_key_faults: float | None = 0.0,
        same_schema: bool = True,
    ) -> None:
        """Check that no figure is over its limit; None switches a limit off.

        A synthetic table without rows fails where the real one has some, for nothing can be said of it.

        Args:
            max_tvd: Of each column's total variation distance.
            max_ks: Of each column's Kolmogorov-Smirnov distance.
            max_null_rate_error: Of the difference of each column's null rates.
            max_copies: Of each table's share of copied rows. Where real rows equal each other (``real_twins``), equal
                synthetic rows are to be expected.
            max_key_faults: Of each table's share of rows whose primary key is a duplicate or has a null.
            same_schema: Whether a column that is missing, too many or of another type is a failure.

        Raises:
            QualityError: If a figure is over its limit; every such figure is listed.
            SchemaError: If a limit is not a number from 0 to 1.
        """
        of_columns = {"tvd": max_tvd, "ks": max_ks, "null_rate_error": max_null_rate_error}
        of_tables = {"copies": max_copies, "key_faults": max_key_faults}
        for name, limit in {**of_columns, **of_tables}.items():
            _require_share(f"max_{name}", limit)
        failures: list[Failure] = []
        for table in self.tables:
            if table.rows_real and not table.rows_synthetic:
                failures.append(Failure(table.name, None, "rows", 0, 1))
            if same_schema and table.schema_differences:
                failures.append(Failure(table.name, None, "schema_differences", len(table.schema_differences), 0))
            failures += _over(table.name, None, table, of_tables)
            for column in table.columns:
                failures += _over(table.name, column.name, column, of_columns)
        if failures:
            raise QualityError("; ".join(map(str, failures)), failures)


def _over(table: str, column: str | None, figures: Any, limits: Mapping[str, float | None]) -> Iterator[Failure]:
    for metric, limit in limits.items():
        value = getattr(figures, metric)
        if limit is not None and value is not None and value > limit:
            yield Failure(table, column, metric, value, limit)


def _require_share(name: str, limit: Any) -> None:
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
        raise SchemaError(f"{name} must be a number from 0 to 1, or None to switch it off; got {limit!r}")


def _mean(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return math.fsum(known) / len(known) if known else None


def _table_values(table: TableReport) -> dict[str, Any]:
    worst, pair = table.worst_column, table.worst_pair
    values = asdict(table)
    for entry, measured in zip(values["pairs"], table.pairs, strict=True):
        entry["difference"] = measured.difference
    summary = {
        "mean_tvd": table.mean_tvd,
        "mean_ks": table.mean_ks,
        "worst_column": None if worst is None else worst.name,
        "mean_pair_difference": table.mean_pair_difference,
        "worst_pair": None if pair is None else [pair.first, pair.second],
        "key_faults": table.key_faults,
    }
    return {"name": table.name, "summary": summary, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: str | os.PathLike[str], text: str) -> None:
    try:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate in a name is no reason to lose the report.
        target.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise SerializationError(f"the report cannot be written to {os.fspath(path)!r}: {error}") from error
