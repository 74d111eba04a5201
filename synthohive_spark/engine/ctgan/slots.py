"""Where each column stands in the vectors that the networks read and make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.noise import normal_quantile

RANK_SCALE = 3.5
SPREAD = 3.0
"""By how much the critic sees scores enlarged, so that its bounded slope tells small differences in numbers."""
_WIDEST = 0.98


@dataclass(frozen=True)
class Slots:
    """The places of some columns: one-hot codes, then ranks.

    Attributes:
        codes: Number of codes of each column.
        ranks: How many columns have a rank.
    """

    codes: tuple[int, ...]
    ranks: int

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Slots:
        """The slots of ``blocks``."""
        return cls(tuple(b.codes for b in blocks), sum(b.ranked for b in blocks))

    def conditioned(self, context: Slots) -> Slots:
        """The columns that the conditional vector may name: these, or none where columns are given.

        A row of given columns fixes what is likely in the others, so a condition that is drawn without looking at it
        would contradict it.
        """
        return Slots((), 0) if context.codes else self

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the one-hot part of each column begins."""
        ends = np.cumsum(self.codes, dtype=np.int64)
        return tuple((ends - np.array(self.codes, np.int64)).tolist())

    @property
    def one_hot(self) -> int:
        """Width of the one-hot part."""
        return sum(self.codes)

    @property
    def width(self) -> int:
        """Width of all parts."""
        return self.one_hot + self.ranks


def scores(table: EncodedTable) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Ranks as normal scores scaled into the range of tanh, of the same shape."""
    return np.clip(normal_quantile(table.ranks) / RANK_SCALE, -_WIDEST, _WIDEST).astype(np.float32)
