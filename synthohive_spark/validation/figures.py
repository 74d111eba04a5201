"""The figures of a comparison: of columns, of pairs of columns, of tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_COPIES = 0.4
FEWEST_DETECTED = 200
"""Rows of each side that a classifier takes at least; of fewer, chance moves its figure by more than .03."""


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

    Where the models left out rare categories, ``tvd`` and ``category_coverage`` are over the values that they could
    know, and ``suppressed_rows`` says how many rows have others.

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
        suppressed_rows: Real rows whose value was left out by ``Privacy.rare_category_rows``; for categories.
        suppressed_share: Their share of the real rows that have a value.
        kept_from: Real rows that a value needs not to be left out.
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
    suppressed_rows: int | None = None
    suppressed_share: float | None = None
    kept_from: int | None = None
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
class TellingColumn:
    """A column that gives synthetic rows away, and how much of the AUC is lost when its values are mixed up."""

    name: str
    auc_drop: float


@dataclass(frozen=True)
class DetectorReport:
    """How well a classifier tells synthetic rows of a table from real ones.

    Attributes:
        auc: The share of pairs of a real and a synthetic row in which it finds the synthetic one: 0.5 where they cannot
            be told apart, 1 where they always can, far below 0.5 where rows are copies. None where it was not measured.
        rows: Rows of each side that it was trained and judged on, in turn.
        columns: Up to three columns that give rows away, the most telling first.
    """

    auc: float | None
    rows: int
    columns: tuple[TellingColumn, ...] = ()

    @property
    def sentence(self) -> str:
        """What it found, in words."""
        if self.auc is None:
            if self.rows < FEWEST_DETECTED:
                return f"Not measured: it takes {FEWEST_DETECTED} rows of each side, and there are {self.rows:,}."
            return "Not measured: no column is left to compare beside keys, personal columns and texts."
        found = f"A classifier finds the synthetic one of two rows in {self.auc:.1%} of cases (chance: 50%)"
        if self.columns:
            *others, last = [column.name for column in self.columns]
            found += f", most of all by {', '.join(others)} and {last}" if others else f", most of all by {last}"
        if self.auc < _COPIES:
            found += ". So far below chance, rows are copies or nearly"
        return f"{found}."


@dataclass(frozen=True)
class PairReport:
    """How strongly two columns are associated on each side: Cramér's V, 0 to 1, of their binned values."""

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
class DependencyReport:
    """What holds in every learned row, or was declared to, and how many rows of each side break it.

    Attributes:
        text: The sentence that says what holds.
        broken_real: Real rows that break it.
        broken_synthetic: Synthetic rows that break it.
        share_real: Their share of the real rows.
        share_synthetic: Their share of the synthetic rows.
    """

    text: str
    broken_real: int
    broken_synthetic: int
    share_real: float
    share_synthetic: float


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
            None where no other column is left.
        real_twins: Share of real rows that equal another real row in these columns: what copies to expect by chance.
        key_duplicates: Synthetic rows whose primary key an earlier row has; None without a declared key.
        key_nulls: Synthetic rows whose primary key is not whole.
        key_duplicates_real: Real rows whose primary key an earlier row has.
        key_nulls_real: Real rows whose primary key is not whole.
        broken_bounds: The constraints that synthetic rows break.
        checked_bounds: How many declared constraints were checked.
        violating_rows: Synthetic rows that break any.
        schema_differences: Columns that one side lacks or that differ in type, as sentences.
        kept: Whether the table is taken over as it is, by declaration, so that its columns are not scored.
        kept_differences: Different rows that only one of the two sides has, of a table that is taken over.
        dependencies: What holds in every learned row, and how many rows break it.
        detector: How well a classifier tells synthetic rows from real ones; None for a table that is taken over.
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
    checked_bounds: int = 0
    violating_rows: int = 0
    schema_differences: tuple[str, ...] = ()
    key_duplicates_real: int | None = None
    key_nulls_real: int | None = None
    kept: bool = False
    kept_differences: int | None = None
    dependencies: tuple[DependencyReport, ...] = ()
    detector: DetectorReport | None = None

    @property
    def detector_auc(self) -> float | None:
        """The AUC of the classifier, where it was measured."""
        return None if self.detector is None else self.detector.auc

    @property
    def suppressed_rows(self) -> int:
        """Real rows with a value that was left out, added up over the columns."""
        return sum(c.suppressed_rows or 0 for c in self.columns)

    @property
    def suppressed_share(self) -> float | None:
        """Their share of all values of the columns of categories; None without such a column."""
        known = [c for c in self.columns if c.suppressed_rows is not None]
        values = sum(self.rows_real * (1 - (c.null_rate_real or 0.0)) for c in known)
        return self.suppressed_rows / values if values else None

    @property
    def broken(self) -> float | None:
        """The largest share of synthetic rows that break something, as far as it is above that of the real rows."""
        return max((max(d.share_synthetic - d.share_real, 0.0) for d in self.dependencies), default=None)

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
        return _faults(self.key_duplicates, self.key_nulls, self.rows_synthetic)

    @property
    def key_faults_real(self) -> float | None:
        """Share of real rows whose primary key is a duplicate or not whole."""
        return _faults(self.key_duplicates_real, self.key_nulls_real, self.rows_real)

    @property
    def doubled_keys(self) -> float | None:
        """Share of synthetic rows whose primary key an earlier row has."""
        return _faults(self.key_duplicates, 0, self.rows_synthetic)


def _faults(duplicates: int | None, nulls: int | None, rows: int) -> float | None:
    return None if duplicates is None or nulls is None or not rows else (duplicates + nulls) / rows


def _mean(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return math.fsum(known) / len(known) if known else None
