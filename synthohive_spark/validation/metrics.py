"""One synthetic table against its real one: every figure of the report, from counts over all rows."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.association import cramers_v
from synthohive_spark.spark.constraint_check import find_violations
from synthohive_spark.validation import counting
from synthohive_spark.validation.counting import FEWEST_ROWS, Binning, Counts, ValueCounts
from synthohive_spark.validation.figures import (
    Bar,
    BrokenBound,
    ColumnReport,
    Histogram,
    PairReport,
    TableReport,
)
from synthohive_spark.validation.profile import (
    QUANTILES,
    ColumnProfile,
    Profile,
    Shared,
    edges,
    numbered,
    profile,
    role,
    shared_columns,
)

_BARS = 12
_BINS = 24
_PAIR_COLUMNS = 40
_PAIR_BINS = 8
_PAIR_VALUES = 10
_EPOCH = datetime.datetime(1970, 1, 1)
_MEASURED = ("categorical", "numeric", "datetime")


def compare_table(name: str, real: DataFrame, synthetic: DataFrame, config: TableDeclaration) -> TableReport:
    """Compare a synthetic table with its real one, over all rows, by about eight Spark jobs.

    Both frames are read once for each job: write a synthetic frame that is costly to make to a table first.

    Args:
        name: What the report calls the table.
        real: The real table.
        synthetic: The synthetic table.
        config: What is declared about it: keys, personal columns and constraints.

    Raises:
        SchemaError: If two columns of one table have the same name.
    """
    columns, differences = shared_columns(real, synthetic, config)
    ours, theirs = numbered(real, columns), numbered(synthetic, columns)
    sides = profile(ours, columns), profile(theirs, columns)
    roles = {c.place: role(c, sides[0].columns[c.place], config) for c in columns}
    known = [c for c in columns if c.type is not None]
    counted = counting.count_values(
        ours,
        theirs,
        [c for c in known if roles[c.place] in ("categorical", "text", "personal")],
        sides,
        named={place for place, what in roles.items() if what == "categorical"},
    )
    lines = {c.place: _Line.of(c, sides) for c in known if roles[c.place] in ("numeric", "datetime")}
    ends = {place: line.edges for place, line in lines.items()}
    binnings = _binnings(known, roles, sides, counted)
    between, cells = counting.count_cells(ours, ends, binnings, known)
    between_synthetic, cells_synthetic = counting.count_cells(theirs, ends, binnings, known)
    reports = [_base(c, roles[c.place], sides) for c in columns]
    for i, c in enumerate(columns):
        if c.place in counted:
            reports[i] = _with_values(reports[i], counted[c.place], sides, c.place)
        elif c.place in lines:
            reports[i] = lines[c.place].added_to(reports[i], between[c.place], between_synthetic[c.place])
    names = {c.place: c.name for c in columns}
    pairs = ((a, b, cramers_v(table), cramers_v(cells_synthetic[a, b])) for (a, b), table in cells.items())
    # What is made has nothing to do with the rest of its row, so it says nothing about whether that is a copy.
    learned = [c for c in known if c.name not in config.pk and c.name not in config.pii]
    copies, twins = _alike(ours, theirs, learned, sides)
    duplicates, nulls = _key_faults(theirs, columns, config, sides[1])
    constraints = {key: rule for key, rule in config.constraints.items() if key in names.values()}
    violations, violating = find_violations(synthetic, constraints)
    return TableReport(
        name=name,
        rows_real=sides[0].rows,
        rows_synthetic=sides[1].rows,
        columns=tuple(reports),
        pairs=tuple(PairReport(names[a], names[b], real_v, drawn_v) for a, b, real_v, drawn_v in pairs),
        copies=copies,
        real_twins=twins,
        key_duplicates=duplicates,
        key_nulls=nulls,
        broken_bounds=tuple(BrokenBound(v.column, v.bound, v.rows) for v in violations),
        violating_rows=violating,
        schema_differences=tuple(differences),
    )


@dataclass(frozen=True)
class _Line:
    """A column of numbers on both sides, and where its rows are counted up to.

    Attributes:
        column: The column.
        sides: Its real and its synthetic profile.
        low: Where the histogram begins; None where too few rows have a value, or all the same.
        high: Where it ends.
        cuts: Where one bin of the histogram ends and the next begins.
        edges: Every edge that rows are counted at, the cuts among them.
    """

    column: Shared
    sides: tuple[ColumnProfile, ColumnProfile]
    low: float | None
    high: float | None
    cuts: npt.NDArray[np.float64]
    edges: npt.NDArray[np.float64]

    @classmethod
    def of(cls, column: Shared, sides: tuple[Profile, Profile]) -> _Line:
        own = (sides[0].columns[column.place], sides[1].columns[column.place])
        low, high = _middle(own[0])
        cuts = np.empty(0)
        if low is not None and high is not None:
            whole = column.type is not None and (column.type.is_integer or column.type.name == "date")
            if whole:  # a bin holds a whole number of values, or some bins would have more than others
                width = max(1, math.ceil((high - low + 1) / _BINS))
                cuts = np.arange(low - 0.5 + width, high, width)
            else:
                cuts = np.linspace(low, high, _BINS + 1)[1:-1]
        return cls(column, own, low, high, cuts, edges(*own, more=cuts))

    def added_to(self, report: ColumnReport, real: Counts, synthetic: Counts) -> ColumnReport:
        """``report`` with what the counts between the edges say."""
        totals = int(real.sum()), int(synthetic.sum())
        histogram = None
        if not all(totals):
            ks = None
        else:
            upto = np.cumsum(real) / totals[0], np.cumsum(synthetic) / totals[1]
            ks = float(np.abs(upto[0] - upto[1]).max())
            if self.low is not None and self.high is not None:
                shares = [self._shares(side) for side in upto]
                histogram = Histogram(self._label(self.low), self._label(self.high), shares[0], shares[1])
        return replace(report, ks=ks, range_coverage=self._coverage(), histogram=histogram)

    def _shares(self, upto: npt.NDArray[np.float64]) -> tuple[float, ...]:
        at = upto[np.searchsorted(self.edges, self.cuts)]
        # The last edge is infinity, so NaN, which is beyond it, is in no bin.
        return tuple(np.diff(at, prepend=0.0, append=upto[len(self.edges) - 1]).tolist())

    def _coverage(self) -> float | None:
        real, synthetic = self.sides
        if real.low is None or real.high is None or synthetic.low is None or synthetic.high is None:
            return None
        overlap = min(real.high, synthetic.high) - max(real.low, synthetic.low)
        if real.high == real.low:
            return 1.0 if overlap >= 0 else 0.0
        return max(0.0, overlap) / (real.high - real.low)

    def _label(self, number: float) -> float | str:
        kind = self.column.type.name if self.column.type is not None else ""
        if kind not in ("date", "timestamp", "timestamp_ntz"):
            return number
        step = datetime.timedelta(days=1) if kind == "date" else datetime.timedelta(microseconds=1)
        try:
            moment = _EPOCH + step * number
        except OverflowError:  # a year that Python does not have
            return f"{number:.0f}"
        if kind == "date":
            return moment.date().isoformat()
        return moment.isoformat(" ", "minutes") + (" UTC" if kind == "timestamp" else "")


def _middle(real: ColumnProfile) -> tuple[float, float] | tuple[None, None]:
    """The ends of the middle 99 %, or of what leaves five rows beyond either end, if that is less."""
    if not real.quantiles:
        return None, None
    beyond = math.ceil(max(0.005, FEWEST_ROWS / real.present + 1e-4) * QUANTILES)
    if beyond * 2 >= QUANTILES:
        return None, None
    low, high = real.quantiles[beyond], real.quantiles[QUANTILES - beyond]
    return (low, high) if low < high else (None, None)


def _binnings(
    columns: Sequence[Shared],
    roles: Mapping[int, str],
    sides: tuple[Profile, Profile],
    counted: Mapping[int, ValueCounts],
) -> list[Binning]:
    """How the columns are cut whose pairs are compared; none if a side has no rows."""
    if not sides[0].rows or not sides[1].rows:
        return []
    found = []
    for c in [c for c in columns if roles[c.place] in _MEASURED][:_PAIR_COLUMNS]:
        if c.is_quantitative:
            quantiles = sides[0].columns[c.place].quantiles
            steps = [round(i * QUANTILES / _PAIR_BINS) for i in range(1, _PAIR_BINS)]
            found.append(Binning(c.place, cuts=tuple(sorted({quantiles[i] for i in steps})) if quantiles else ()))
        else:
            named = counted[c.place].named if c.place in counted else ()
            found.append(Binning(c.place, values=tuple(value for value, _, _ in named[:_PAIR_VALUES])))
    return found


def _base(column: Shared, what: str, sides: tuple[Profile, Profile]) -> ColumnReport:
    rates = [1 - side.columns[column.place].present / side.rows if side.rows else None for side in sides]
    return ColumnReport(column.name, column.spark_type, what, null_rate_real=rates[0], null_rate_synthetic=rates[1])


def _with_values(report: ColumnReport, values: ValueCounts, sides: tuple[Profile, Profile], place: int) -> ColumnReport:
    present = [side.columns[place].present for side in sides]
    if report.role != "categorical":
        return replace(report, shared_values=values.shared_rows / present[1] if present[1] else None)
    bars = [Bar(v, r / present[0], s / present[1] if present[1] else 0.0) for v, r, s in values.named[:_BARS]]
    if present[0]:
        rest = [max(0.0, 1 - math.fsum(shares)) for shares in ([b.real for b in bars], [b.synthetic for b in bars])]
        if not present[1]:
            rest[1] = 0.0
        if max(rest) > 1e-9:
            bars.append(Bar(None, rest[0], rest[1]))
    return replace(
        report,
        tvd=values.tvd,
        category_coverage=values.covered / values.common if values.common and present[1] else None,
        new_categories=values.new if present[1] else None,
        bars=tuple(bars),
    )


def _alike(
    real: DataFrame, synthetic: DataFrame, columns: Sequence[Shared], sides: tuple[Profile, Profile]
) -> tuple[float | None, float | None]:
    rows = sides[0].rows, sides[1].rows
    if not columns:
        return 0.0, None
    copies, twins = counting.count_equal_rows(real, synthetic, columns)
    return copies / rows[1] if rows[1] else None, twins / rows[0] if rows[0] else None


def _key_faults(
    synthetic: DataFrame, columns: Sequence[Shared], config: TableDeclaration, side: Profile
) -> tuple[int | None, int | None]:
    key = [c for c in columns if c.name in config.pk and c.type is not None]
    if not key or len(key) < len(config.pk):
        return None, None
    whole, different = counting.count_distinct_keys(synthetic, key)
    return whole - different, side.rows - whole
