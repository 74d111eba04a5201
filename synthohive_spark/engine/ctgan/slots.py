"""Where each column stands in the vectors that the networks read and make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthohive_spark.engine.interface import Block, EncodedTable
from synthohive_spark.engine.noise import normal_quantile

RANK_SCALE = 3.5
_WIDEST = 0.98


@dataclass(frozen=True)
class Slots:
    """The places of some columns: one-hot codes of the narrow ones, then ranks, then vectors of the wide ones.

    Attributes:
        codes: Number of codes of each column.
        narrow: Positions of the columns that are one-hot encoded.
        wide: Positions of the columns that have too many codes for that, and are embedded.
        ranks: How many columns have a rank.
    """

    codes: tuple[int, ...]
    narrow: tuple[int, ...]
    wide: tuple[int, ...]
    ranks: int

    @classmethod
    def of(cls, blocks: Sequence[Block], threshold: int) -> Slots:
        """The slots of ``blocks``; those with more codes than ``threshold``, or said to be embedded, are wide."""
        wide = [b.embedded or b.codes > threshold for b in blocks]
        return cls(
            tuple(b.codes for b in blocks),
            tuple(i for i, embedded in enumerate(wide) if not embedded),
            tuple(i for i, embedded in enumerate(wide) if embedded),
            sum(b.ranked for b in blocks),
        )

    def conditioned(self, context: Slots) -> Slots:
        """The columns that the conditional vector may name: these, or none where columns are given.

        A row of given columns fixes what is likely in the others, so a condition that is drawn without looking at it
        would contradict it.
        """
        return Slots((), (), (), 0) if context.codes else self

    @property
    def narrow_codes(self) -> tuple[int, ...]:
        """Number of codes of each narrow column."""
        return tuple(self.codes[i] for i in self.narrow)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the one-hot part of each narrow column begins."""
        ends = np.cumsum(self.narrow_codes, dtype=np.int64)
        return tuple((ends - np.array(self.narrow_codes, np.int64)).tolist())

    @property
    def one_hot(self) -> int:
        """Width of the one-hot part."""
        return sum(self.narrow_codes)

    @property
    def embedded(self) -> tuple[int, ...]:
        """Width of the vector of each wide column."""
        return tuple(embedding_width(self.codes[i]) for i in self.wide)

    @property
    def width(self) -> int:
        """Width of all parts."""
        return self.one_hot + self.ranks + sum(self.embedded)


def embedding_width(codes: int) -> int:
    """Width of the vectors that stand for ``codes`` codes: fast.ai's rule of thumb, capped where it stops paying."""
    return int(min(32, round(1.6 * codes**0.56)))


def scores(table: EncodedTable) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Ranks as normal scores scaled into the range of tanh, of the same shape."""
    return np.clip(normal_quantile(table.ranks) / RANK_SCALE, -_WIDEST, _WIDEST).astype(np.float32)
