"""How good a generator is, by rows it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthohive_spark.engine.ctgan.sampling import CTGANSampler
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.pairs import cells_of, distance, pairs_of

SHARE, MOST, FEWEST = 0.05, 2_000, 50
_DRAWN = 4_096
_BATCH = 512


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

        One of the two may be a given column; rows are drawn for those held out. A column takes part by at most ten
        of its codes, a ranked one of a single code by parts of its ranks. Of many pairs, a fixed sample takes part.
        """
        words = row_words(seed, np.arange(_DRAWN), sampler.noise_words)
        given = self.given.take(np.arange(_DRAWN) % len(self.rows))
        parts = [slice(start, start + _BATCH) for start in range(0, _DRAWN, _BATCH)]
        drawn = [sampler.sample(words[part], given.take(part)) for part in parts]
        real = cells_of(self.rows, layout.columns) + cells_of(self.given, layout.context)
        made = cells_of(EncodedTable.concat(drawn), layout.columns) + cells_of(given, layout.context)
        pairs = pairs_of(len(real), len(layout.columns), seed) or [(0, 0)]
        return 1 - float(np.mean([distance(real, made, pair) for pair in pairs]))
