"""The conditional vector and training-by-sampling (CTGAN paper, sections 4.3 and 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable

Places = npt.NDArray[np.int64]


class TrainingConditions:
    """Draws conditions by log-frequency, and for each a training row that meets it.

    A condition is a place in the one-hot part of a row: a column, chosen evenly, and one of its codes, chosen by the
    logarithm of how many rows hold it, so that rare codes are seen often enough to be learned.
    """

    def __init__(self, table: EncodedTable, slots: Slots) -> None:
        self.rows = len(table)
        order, counts, weights = [], [], []
        for column, size in enumerate(slots.codes):
            codes = table.codes[:, column]
            count = np.bincount(codes, minlength=size)
            order.append(np.argsort(codes, kind="stable").astype(np.int32))
            counts.append(count)
            weights.append(np.log1p(count) / np.log1p(count).sum())
        self._order = np.concatenate(order) if order else np.empty(0, np.int32)
        self._counts = np.concatenate(counts) if counts else np.empty(0, np.int64)
        self._first = np.cumsum(self._counts) - self._counts
        self._cumulative = np.cumsum(np.concatenate(weights)) if weights else np.empty(0)
        self._column_of = np.repeat(np.arange(len(slots.codes)), slots.codes)

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Places, Places]:
        """Places of ``size`` conditions and a row for each; without a column, no places and any rows."""
        if not len(self._order):
            return np.empty(0, np.int64), rng.integers(0, self.rows, size)
        places = _inverse(self._cumulative, rng.random(size))
        member = (rng.random(size) * self._counts[places]).astype(np.int64)
        return places, self._order[self._first[places] + member].astype(np.int64)

    def column_of(self, places: Places) -> Places:
        """Which column each place belongs to."""
        return self._column_of[places]


@dataclass(frozen=True)
class SamplingConditions:
    """Draws conditions as the table has them: rare codes as often as they are, else a column evenly, then its code.

    Attributes:
        cumulative: Shares of the codes that are not rare, added up, shape (places,).
        rare: The rare codes.
    """

    cumulative: npt.NDArray[np.float64]
    rare: RareCodes

    @classmethod
    def of(cls, blocks: tuple[Block, ...], slots: Slots, rare: RareCodes) -> SamplingConditions:
        """The conditions for columns with these frequencies, of which ``slots`` are conditioned on."""
        shares = []
        for column, block in enumerate(blocks[: len(slots.codes)]):
            common = np.where(rare.codes_of(column, slots), 0.0, block.frequencies)
            shares.append(common / max(common.sum(), np.finfo(float).tiny))
        return cls(np.cumsum(np.concatenate(shares)) if shares else np.empty(0), rare)

    def draw(self, uniforms: npt.NDArray[np.float64]) -> Places:
        """A place for each number in (0, 1)."""
        rare = self.rare.shares.sum()
        places = _inverse(self.cumulative, np.maximum(uniforms - rare, 0) / (1 - rare))
        chosen = uniforms < rare
        if chosen.any():
            order = np.searchsorted(np.cumsum(self.rare.shares), uniforms[chosen], side="right")
            places[chosen] = self.rare.places[np.minimum(order, len(self.rare.places) - 1)]
        return places


def _inverse(cumulative: npt.NDArray[np.float64], uniforms: npt.NDArray[Any]) -> Places:
    places = np.searchsorted(cumulative, uniforms * cumulative[-1], side="right")
    return np.asarray(np.minimum(places, len(cumulative) - 1), np.int64)
