"""How columns of two linked tables go together: sums that give correlations, and tables of codes, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from synthohive_spark.validation.cells import Counts, Nulls, Values
from synthohive_spark.validation.links.coding import DEGREES, Coding

MOMENTS = 6


@dataclass(frozen=True)
class Read:
    """Rows of some columns, as they are counted.

    Attributes:
        codes: Shape (rows, columns).
        scaled: Likewise; NaN where there is no number.
    """

    codes: Counts
    scaled: Values

    @classmethod
    def of(cls, codings: Sequence[Coding], values: Values, nulls: Nulls) -> Read:
        """The rows of a matrix, shape (rows, columns)."""
        codes = [c.codes(values[:, i], nulls[:, i]) for i, c in enumerate(codings)]
        scaled = [c.scaled(values[:, i]) if c.numeric else np.full(len(values), np.nan) for i, c in enumerate(codings)]
        rows = len(values)
        return cls(
            np.stack(codes, axis=1) if codes else np.zeros((rows, 0), np.int64),
            np.stack(scaled, axis=1) if scaled else np.zeros((rows, 0)),
        )

    @classmethod
    def of_counts(cls, counts: Values) -> Read:
        """Numbers of children as a single column."""
        return cls(DEGREES.codes(counts)[:, None], counts[:, None].astype(np.float64))

    def at(self, places: Counts, codings: Sequence[Coding]) -> Read:
        """These rows at ``places``, with nulls where a place is negative."""
        if not len(self.codes):
            nulls = np.array([c.size - 1 for c in codings], np.int64)
            return Read(np.tile(nulls, (len(places), 1)), np.full((len(places), len(codings)), np.nan))
        codes, scaled = self.codes[places], self.scaled[places]
        missing = places < 0
        codes[missing] = [c.size - 1 for c in codings]
        scaled[missing] = np.nan
        return Read(codes, scaled)


@dataclass(frozen=True)
class PairSums:
    """All pairs of a column on the left and one on the right, and where each has its sums in one flat array.

    Two numbers have n, and sums of x, y, xx, yy and xy over rows that have both; any others the table of their codes.

    Attributes:
        left: (size, numeric) of each column on the left.
        right: Likewise on the right.
    """

    left: tuple[tuple[int, bool], ...]
    right: tuple[tuple[int, bool], ...]

    @classmethod
    def of(cls, left: Sequence[Coding], right: Sequence[Coding]) -> PairSums:
        """The pairs of columns of two tables."""
        return cls(tuple((c.size, c.numeric) for c in left), tuple((c.size, c.numeric) for c in right))

    @classmethod
    def with_counts(cls, right: Sequence[Coding]) -> PairSums:
        """The pairs of numbers of children and the columns of their parent."""
        return cls(((DEGREES.size, True),), tuple((c.size, c.numeric) for c in right))

    @cached_property
    def places(self) -> dict[tuple[int, int], slice]:
        """By the numbers of two columns, the part of the flat array."""
        found, start = {}, 0
        for i, (rows, numeric) in enumerate(self.left):
            for j, (columns, other) in enumerate(self.right):
                size = MOMENTS if numeric and other else rows * columns
                found[i, j] = slice(start, start + size)
                start += size
        return found

    @property
    def size(self) -> int:
        """The length of the flat array."""
        return sum(place.stop - place.start for place in self.places.values())

    def are_numbers(self, i: int, j: int) -> bool:
        """Whether two columns are compared by their correlation."""
        return self.left[i][1] and self.right[j][1]

    def add(self, sums: Values, left: Read, right: Read) -> None:
        """Add rows to the sums."""
        moments = _moments(left.scaled, right.scaled)
        for (i, j), place in self.places.items():
            if self.are_numbers(i, j):
                sums[place] += moments[i, j]
            else:
                joint = left.codes[:, i] * self.right[j][0] + right.codes[:, j]
                sums[place] += np.bincount(joint, minlength=place.stop - place.start)

    def similarity(self, i: int, j: int, real: Values, synthetic: Values) -> float | None:
        """How alike a pair of columns goes together on both sides, 0 to 1; None where a real column does not vary."""
        sides = [side[self.places[i, j]] for side in (real, synthetic)]
        if self.are_numbers(i, j):
            if sides[0][0] < 2 or _spread(sides[0]) <= 0:
                return None
            return 1 - abs(correlation(sides[0]) - correlation(sides[1])) / 2
        shape = self.left[i][0], self.right[j][0]
        table = sides[0].reshape(shape)
        if (table.sum(axis=1) > 0).sum() < 2 or (table.sum(axis=0) > 0).sum() < 2:
            return None
        return 1 - distance(*sides)


def distance(real: Values, synthetic: Values) -> float:
    """Total variation distance of two sets of counts; 1 where one side has none."""
    totals = real.sum(), synthetic.sum()
    if not totals[0] or not totals[1]:
        return float(totals[0] != totals[1])
    return float(np.abs(real / totals[0] - synthetic / totals[1]).sum() / 2)


def correlation(moments: Values) -> float:
    """Pearson's, of n and the sums of x, y, xx, yy and xy; 0 where one of them does not vary."""
    n, x, y, xx, yy, xy = moments
    if n < 2:
        return 0.0
    spreads = xx - x * x / n, yy - y * y / n
    if min(spreads[0] - 1e-12 * xx, spreads[1] - 1e-12 * yy) <= 0:
        return 0.0
    return float(np.clip((xy - x * y / n) / np.sqrt(spreads[0] * spreads[1]), -1, 1))


def _spread(moments: Values) -> float:
    n, x, y, xx, yy, _ = moments
    return float(min(xx - x * x / n - 1e-12 * xx, yy - y * y / n - 1e-12 * yy))


def _moments(left: Values, right: Values) -> npt.NDArray[np.float64]:
    """Sums over rows that have both numbers, for all pairs of columns: shape (left, right, 6)."""
    has, other = (~np.isnan(left)).astype(np.float64), (~np.isnan(right)).astype(np.float64)
    x, y = np.nan_to_num(left), np.nan_to_num(right)
    sums = [has.T @ other, x.T @ other, has.T @ y, (x * x).T @ other, has.T @ (y * y), x.T @ y]
    return np.stack(sums, axis=-1)
