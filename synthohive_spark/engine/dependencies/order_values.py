"""Values of a column that may be in order with others, read once for all pairs."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, to_numbers
from synthohive_spark.engine.codecs.numeric_fit import step_of, unit_of
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.linear_fit import digits_of
from synthohive_spark.engine.dependencies.order import FARTHEST

Mask = npt.NDArray[np.bool_]
FEWEST_ROWS = 50
"""Of an order that is found."""
_QUANTILES = 1_001
OFTEN = 0.002
"""Share of the rows that makes a value one that many share."""


class ReadColumn:
    """A column's values: as numbers, which rows have one, the ends of their range, and quantiles of them."""

    def __init__(self, column: Column, values: pa.Array, privacy: Privacy) -> None:
        self.column, self.values = column, values
        self.numbers = to_numbers(values, column.type)
        self.valid: Mask = ~null_mask(values) & np.isfinite(self.numbers)
        some = self.numbers[self.valid]
        trim = min(privacy.trim, max((len(some) - 1) // 2, 0))
        self.low = self.high = 0
        self.usable = len(some) >= max(FEWEST_ROWS, 2 * privacy.trim + 1)
        self.usable &= bool((np.abs(some.astype(np.float64)) < FARTHEST).all())
        if len(some):
            ordered = np.sort(some)
            self.low, self.high = ordered[trim].item(), ordered[-1 - trim].item()
            self.usable &= self.low < self.high
            self.quantiles = ordered[np.linspace(0, len(some) - 1, _QUANTILES).astype(np.intp)]
        self.trim = trim

    @cached_property
    def digits(self) -> int:
        """Decimal digits of floats; -1 for any."""
        return digits_of(self.values, self.column.type) if self.column.type.is_float else 0

    @cached_property
    def unit(self) -> int:
        """How far apart values lie, of floats in their last digit."""
        some = self.numbers[self.valid]
        if self.column.type.is_float:
            return unit_of(some, some[:0], self.digits)
        return min(step_of(some, some[:0], self.column.type), FARTHEST)

    @cached_property
    def shared(self) -> float:
        """The share of the rows whose value many rows have."""
        return shared_share(self.numbers[self.valid])

    def reached(self, start: Numbers, known: Mask) -> tuple[int | float, int | float]:
        """The ends of the range, also where distances which many rows share lead beyond those of the values.

        Args:
            start: The bound of each row.
            known: Where there is one.

        Returns:
            The lower and the upper end; that of the values where no row lies about as far out.
        """
        numbers, bounds, starts = self.numbers[rows := self.valid & known], start[rows], np.sort(start[known])
        far, counts = np.unique(numbers - bounds, return_counts=True)
        shared = far[counts >= max(OFTEN * len(bounds), 5)]
        if not len(shared) or len(bounds) <= 2 * self.trim:
            return self.low, self.high
        first, last = np.partition(bounds, (self.trim, len(bounds) - 1 - self.trim))[[self.trim, -1 - self.trim]]
        low, high = (starts[self.trim] + shared[0]).item(), (starts[-1 - self.trim] + shared[-1]).item()
        lower, upper = numbers.min() <= first + shared[0], numbers.max() >= last + shared[-1]
        return (
            self._on_steps(self.low, -1, self.low - low) if lower and low < self.low else self.low,
            self._on_steps(self.high, 1, high - self.high) if upper and high > self.high else self.high,
        )

    def _on_steps(self, end: float, sign: int, far: float) -> int | float:
        """An end of the range moved so far, less what is left of that beyond the column's steps."""
        if not self.column.type.is_float:
            return end + sign * (far // self.unit * self.unit)
        if self.digits < 0:
            return end + sign * far
        step = self.unit * 10.0**-self.digits
        return round(end + sign * (far // step * step), self.digits)


def shared_share(numbers: Numbers) -> float:
    """The share of numbers that many rows have."""
    counts = np.unique(numbers, return_counts=True)[1]
    return float(counts[counts >= max(OFTEN * len(numbers), 5)].sum() / max(len(numbers), 1))
