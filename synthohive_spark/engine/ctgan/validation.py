"""How good a generator is, by rows it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.ctgan.sampling import CTGANSampler
from synthohive_spark.engine.encoded_table import Block, EncodedTable, Layout
from synthohive_spark.engine.noise import row_words

SHARE, MOST, FEWEST = 0.05, 2_000, 50
_DRAWN = 4_096
_BATCH = 512
_CELLS = 10
_PAIRS = 150


@dataclass(frozen=True)
class Validation:
    """Rows held out of training, with their given columns."""

    rows: EncodedTable
    given: EncodedTable

    @classmethod
    def split(
        cls, rows: EncodedTable, given: EncodedTable, *, seed: int
    ) -> tuple[tuple[EncodedTable, EncodedTable], Validation]:
        """Rows and given columns to train on, in their order, and the rest; a short table is used for both."""
        size = min(int(len(rows) * SHARE), MOST)
        if size < FEWEST:
            return (rows, given), cls(rows, given)
        held_out = np.zeros(len(rows), bool)
        held_out[np.random.default_rng(seed).choice(len(rows), size, replace=False)] = True
        return (rows.take(~held_out), given.take(~held_out)), cls(rows.take(held_out), given.take(held_out))

    def score(self, sampler: CTGANSampler, layout: Layout, *, seed: int) -> float:
        """One less the mean distance (total variation) between the joint distributions of pairs of columns.

        One of the two may be a given column; rows are drawn for those held out. A column takes part by at most `_CELLS`
        of its codes, a ranked one of a single code by parts of its ranks. Of many pairs, a fixed sample takes part.
        """
        words = row_words(seed, np.arange(_DRAWN), sampler.noise_words)
        given = self.given.take(np.arange(_DRAWN) % len(self.rows))
        parts = [slice(start, start + _BATCH) for start in range(0, _DRAWN, _BATCH)]
        drawn = [sampler.sample(words[part], given.take(part)) for part in parts]
        made = EncodedTable(np.concatenate([d.codes for d in drawn]), np.concatenate([d.ranks for d in drawn]))
        real = _cells(self.rows, layout.columns) + _cells(self.given, layout.context)
        fake = _cells(made, layout.columns) + _cells(given, layout.context)
        made_columns = len(layout.columns)
        pairs = [pair for pair in combinations(range(len(real)), 2) if pair[0] < made_columns] or [(0, 0)]
        if len(pairs) > _PAIRS:
            pairs = [pairs[i] for i in np.random.default_rng(seed).choice(len(pairs), _PAIRS, replace=False)]
        return 1 - float(np.mean([_distance(real[a] * _CELLS + real[b], fake[a] * _CELLS + fake[b]) for a, b in pairs]))


def _cells(rows: EncodedTable, blocks: tuple[Block, ...]) -> list[npt.NDArray[np.int64]]:
    cells, rank = [], 0
    for i, block in enumerate(blocks):
        codes = rows.codes[:, i].astype(np.int64)
        if block.codes == 1 and block.ranked:
            codes = (rows.ranks[:, rank] * _CELLS).astype(np.int64)
        else:  # the most frequent codes are cells of their own; the others share the last one
            codes = np.argsort(np.argsort(-np.array(block.frequencies), kind="stable"))[codes]
        rank += block.ranked
        cells.append(np.minimum(codes, _CELLS - 1))
    return cells


def _distance(real: npt.NDArray[np.int64], fake: npt.NDArray[np.int64]) -> float:
    size = _CELLS * _CELLS
    shares = [np.bincount(cells, minlength=size) / len(cells) for cells in (real, fake)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
