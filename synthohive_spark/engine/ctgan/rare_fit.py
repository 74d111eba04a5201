"""What rare codes say of other columns, told from counts.

A class of some dozen rows takes a training of minutes to be learned. Which share of its rows holds each code of another
column, and where in the code their ranks lie, is counted instead; what the generator makes under the class as its
condition is calibrated to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.smoothing import Weights, kernels, least_gain, smoothed

_CELLS = 256
_HALVED = 8
"""How often the first and the last cell of the ranks are halved: what is exceptional often lies there."""
_OUTERMOST = 0.01
_FEWEST = 2
_MOST = 64
_TINY = 1e-12

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a column: its codes, in place of those that are bins small parts of the ranks.

    Attributes:
        codes: How many codes there are.
        bins: How many of them, the last ones, are bins.
        edges: Of the parts of the ranks, ascending from 0 to 1.
    """

    codes: int
    bins: int
    edges: npt.NDArray[np.float64]

    @classmethod
    def of(cls, block: Block) -> Cells:
        """The cells of a column."""
        if not block.bins:
            return cls(block.codes, 0, np.zeros(1))
        small = 0.5 ** np.arange(1, _HALVED + 1) / _CELLS
        even = [np.arange(parts + 1) / parts for parts in (_CELLS, block.bins)]
        return cls(block.codes, block.bins, np.unique(np.concatenate([*even, small, 1 - small])))

    def __len__(self) -> int:
        return self.codes - self.bins + len(self.edges) - 1

    @property
    def code(self) -> Numbers:
        """The code of each cell."""
        first, middles = self.codes - self.bins, (self.edges[1:] + self.edges[:-1]) / 2
        return np.concatenate([np.arange(first), first + (middles * self.bins).astype(np.int64)])

    @property
    def in_order(self) -> list[slice]:
        """Which cells are in order: numbers that many rows hold, and ranks of the others."""
        first = self.codes - self.bins
        return [slice(0, first), slice(first, len(self))] if self.bins else []

    def of_rows(self, codes: Numbers, ranks: Floats | None) -> Numbers:
        """The cell of each row."""
        first = self.codes - self.bins
        if ranks is None or not self.bins:
            return codes
        return np.where(codes < first, codes, first + np.searchsorted(self.edges[1:-1], ranks, side="right"))


@dataclass(frozen=True, eq=False)
class Told:
    """What rare codes say of a column.

    Attributes:
        which: The rare codes, in the order of `RareCodes.places`.
        cells: The cells of the column.
        shares: Of the cells in the rows of each rare code, shape (rare codes, cells).
    """

    which: Numbers
    cells: Cells
    shares: Weights

    def codes(self, rare: int) -> npt.NDArray[np.float64]:
        """The share of each code in the rows of a rare one, the one at this place of ``which``."""
        made = np.bincount(self.cells.code, self.shares[rare], self.cells.codes)
        return np.asarray(made / made.sum(), np.float64)

    def ranks(self, rare: int, code: int, knots: int) -> Floats:
        """Evenly spaced quantiles of the ranks of such rows that have a code which is a bin."""
        first = self.cells.codes - self.cells.bins
        own = np.flatnonzero(self.cells.code == code)
        edges = self.cells.edges[own[0] - first : own[-1] - first + 2]
        below = np.concatenate([[0.0], np.cumsum(self.shares[rare, own] + _TINY)])
        # From the outermost ones on, a few rows far away would draw others after them.
        places = np.clip(np.linspace(0, 1, knots), _OUTERMOST, 1 - _OUTERMOST)
        return np.asarray(np.interp(places * below[-1], below, edges), np.float32)


def find_told(table: EncodedTable, layout: Layout, slots: Slots, rare: RareCodes) -> dict[int, Told]:
    """By column, what rare codes surely say of it; of very many pairs the surest.

    Args:
        table: The rows.
        layout: Their columns.
        slots: Places of the columns.
        rare: The rare codes.
    """
    if not len(rare.places):
        return {}
    of, size, at_least = rare.of_rows(table.codes, slots), len(rare.places), max(layout.at_least, _FEWEST)
    rows = np.flatnonzero(of >= 0)
    own = np.searchsorted(np.cumsum(slots.codes), rare.places, side="right")
    ranked = iter(table.ranks.T)
    found: list[tuple[float, int, int]] = []
    told: dict[int, tuple[Cells, Weights]] = {}
    for column, block in enumerate(layout.columns):
        cells = Cells.of(block)
        places = cells.of_rows(table.codes[:, column].astype(np.int64), next(ranked) if block.ranked else None)
        shares = np.bincount(places, minlength=len(cells)) / len(table)
        inside = np.bincount(of[rows] * len(cells) + places[rows], minlength=size * len(cells)).reshape(size, -1)
        enough = inside.sum(axis=1) >= at_least
        gains = np.zeros(size)
        made = np.tile(shares, (size, 1))
        gains[enough], made[enough] = smoothed(
            inside[enough].astype(np.float64), shares, kernels(shares, cells.in_order), at_least
        )
        told[column] = cells, made
        found += [(gain, column, i) for i, gain in enumerate(gains.tolist()) if own[i] != column]
    least = least_gain(size * (len(layout.columns) - 1))
    surest = sorted(own for own in found if own[0] > least)[-_MOST:]
    which = {column: np.array([i for _, c, i in surest if c == column]) for column in sorted({c for _, c, _ in surest})}
    return {column: Told(own, told[column][0], told[column][1][own]) for column, own in which.items()}
