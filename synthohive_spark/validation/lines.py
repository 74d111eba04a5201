"""A column of numbers on both sides: its Kolmogorov-Smirnov distance, its ranges and its histogram."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthohive_spark.validation.cells import Counts
from synthohive_spark.validation.counting import FEWEST_ROWS
from synthohive_spark.validation.figures import ColumnReport, Histogram
from synthohive_spark.validation.profile import QUANTILES, ColumnProfile, Profile, edges
from synthohive_spark.validation.tables import Shared

_BINS = 24
_EPOCH = datetime.datetime(1970, 1, 1)


@dataclass(frozen=True)
class Line:
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
    def of(cls, column: Shared, sides: tuple[Profile, Profile]) -> Line:
        """The column between the edges that its profiles suggest."""
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
