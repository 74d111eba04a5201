"""Columns of linked tables as small codes and scaled numbers, where their rows are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthohive_spark.validation.cells import Counts, Nulls, Values, places_of

PARTS = 10
"""Equal parts of the real range that numbers are cut into, where the other column has categories."""
NAMED_CODES = 40
"""Frequent values that have a code of their own."""
OTHER_CODES = 16
"""Codes that all other values share, by their hashes."""

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True)
class Coding:
    """How a column is read.

    Attributes:
        name: The column.
        numeric: Whether its values lie on a line; else they are hashes of categories.
        low: The smallest real number; 0 where there is none.
        high: The largest real number.
        known: Hashes of the categories that have codes of their own.
        quantiles: The real and the synthetic quantiles of numbers, smallest first.
        temporal: Whether they are instants, in microseconds, or dates.
        days: Whether they are dates, in days.
    """

    name: str
    numeric: bool
    low: float = 0.0
    high: float = 0.0
    known: tuple[float, ...] = ()
    quantiles: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    temporal: bool = False
    days: bool = False

    @property
    def size(self) -> int:
        """How many codes there are; the last is that of nulls."""
        return (PARTS if self.numeric else len(self.known) + OTHER_CODES) + 1

    def codes(self, values: Values, nulls: Nulls) -> Counts:
        """A code for each value: the part of the real range, or the category."""
        if self.numeric:
            width = (self.high - self.low) or 1.0
            start = self.low if self.high > self.low else self.low - 0.5
            cuts = start + width * np.arange(1, PARTS) / PARTS
            found, nulls = np.searchsorted(cuts, values, side="right"), nulls | np.isnan(values)
        else:
            found = places_of(values, np.array(self.known))
            rest = np.nan_to_num(values).astype(np.int64) % OTHER_CODES
            found = np.where(found == len(self.known), len(self.known) + rest, found)
        return np.where(nulls, self.size - 1, found).astype(np.int64)

    def scaled(self, values: Values) -> Values:
        """Numbers with the real range as about -0.5 to 0.5, so that sums of squares stay exact; NaN if not finite."""
        scaled: Values = (values - self.low) / ((self.high - self.low) or 1.0) - 0.5
        return np.where(np.isfinite(scaled), scaled, np.nan)

    def ranks(self, values: Values, side: int) -> Values:
        """The share of one side's values below each value, of equal values half."""
        known = self.quantiles[side]
        upto = np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")
        return np.where(np.isnan(values), np.nan, upto / (2 * max(1, len(known))))

    def seconds(self, values: Values) -> Values:
        """Dates and instants in seconds since 1970."""
        return values * DAY if self.days else values / 1e6


@dataclass(frozen=True)
class CountCode:
    """Whole numbers from 0 on as codes: each its own up to ``exact``, and then ``steps`` codes for each doubling."""

    exact: int
    steps: int

    @property
    def size(self) -> int:
        """How many codes there are; numbers from 2**40 on share the last."""
        return self.exact + self.steps * (40 - self.exact.bit_length() + 1) + 1

    def codes(self, numbers: Values) -> Counts:
        """The code of each number."""
        above = self.exact + np.floor(self.steps * np.log2(np.maximum(numbers, self.exact) / self.exact))
        return np.minimum(np.where(numbers < self.exact, numbers, above), self.size - 1).astype(np.int64)

    @property
    def numbers(self) -> Values:
        """The smallest number of each code."""
        codes = np.arange(self.size)
        return np.where(codes < self.exact, codes, self.exact * 2.0 ** ((codes - self.exact) / self.steps))


CHILDREN = CountCode(256, 64)
"""Of children per parent: exact up to 256, then to within 1 %."""
DEGREES = CountCode(64, 16)
"""Of children per parent in pairs with other columns: exact up to 64, then to within 4 %."""
GAPS = CountCode(256, 64)
"""Of seconds between siblings."""
