"""Rows as a function: what travels to the executors, and needs numpy and Arrow alone there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.encoded_table import EncodedTable, Known
from synthohive_spark.engine.interface import Sampler
from synthohive_spark.engine.noise import NoiseBits, row_words
from synthohive_spark.engine.sampling.draw import Draw

BATCH_ROWS = 512


@dataclass(frozen=True)
class RowGenerator:
    """Draws rows by their ids.

    Attributes:
        columns: The learned columns in their order, condition columns at their places.
        conditions: Names of the columns that were given when learning, and always are.
        encoder: Codecs of the generated columns, temporal ones as parts.
        context_encoder: Codecs of the condition columns, likewise.
        sampler: The engine's part.
        dependencies: What holds in every row.
    """

    columns: tuple[Column, ...]
    conditions: tuple[str, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    sampler: Sampler
    dependencies: Dependencies

    def sample(self, draw: Draw) -> pa.Table:
        """One row for each id of ``draw``."""
        starts = range(0, max(len(draw), 1), BATCH_ROWS)
        return pa.concat_tables([self._batch(draw.slice(start, BATCH_ROWS)) for start in starts])

    def _batch(self, draw: Draw) -> pa.Table:
        # Matrix products give the same bits for a row only in batches of one shape, so a short batch is filled up.
        rows, conditions, fill = len(draw), draw.conditions, draw.fill
        padded = np.zeros(BATCH_ROWS, np.int64)
        padded[:rows] = draw.row_ids
        widths = [self.sampler.noise_words, self.encoder.decode_words, self.context_encoder.encode_words]
        words = row_words(draw.seed, padded, sum(widths) + self.encoder.encode_words, stream=draw.stream)
        engine_words, codec, context_words, known_words = np.split(words, np.cumsum(widths), axis=1)
        given = {} if conditions is None else {n: one_array(conditions.column(n)) for n in conditions.column_names}
        split = None if conditions is None else self.dependencies.split(conditions)
        context = self._context(split, rows, context_words)
        known = self._known(split, given, rows, known_words, fill)
        drawn = self.sampler.sample(engine_words, context, known)
        numbers = None if draw.numbers is None else draw.numbers.view(np.uint64)
        made = self.encoder.decode(drawn.take(slice(rows)), codec[:rows], numbers)
        drawn_columns = dict(zip((c.name for c in self.encoder.columns), made, strict=True))
        arrays = self.dependencies.restore(drawn_columns, given, fill)
        names = [c.name for c in self.columns]
        return pa.table([arrays[name] for name in names], names=names)

    def _context(self, conditions: pa.Table | None, rows: int, words: NoiseBits) -> EncodedTable:
        if conditions is None or not self.context_encoder.columns:
            return EncodedTable(np.zeros((BATCH_ROWS, 0), np.int16), np.zeros((BATCH_ROWS, 0), np.float32))
        return _padded(self.context_encoder.encode(conditions, words[:rows]), rows)

    def _known(
        self,
        conditions: pa.Table | None,
        given: dict[str, pa.Array],
        rows: int,
        words: NoiseBits,
        fill: frozenset[str],
    ) -> Known | None:
        """What is known of the generated columns; None where nothing is given but condition columns."""
        more = set(given) - set(self.conditions)
        if conditions is None or not more:
            return None
        blank = [pa.nulls(rows, c.type.arrow) for c in self.encoder.columns]
        own = [
            conditions.column(c.name) if c.name in conditions.column_names and c.name not in self.conditions else empty
            for c, empty in zip(self.encoder.columns, blank, strict=True)
        ]
        names = [c.name for c in self.encoder.columns]
        encoded = _padded(self.encoder.encode(pa.table(own, names=names), words[:rows]), rows)
        of_part = self.dependencies.column_of_part
        mask = np.zeros((BATCH_ROWS, len(self.encoder.blocks)), bool)
        filled = np.zeros(mask.shape[1], bool)
        for place, block in enumerate(self.encoder.blocks):
            name = of_part.get(block.name, block.name)
            if name in more:
                mask[:rows, place] = ~null_mask(given[name]) if name in fill else True
                filled[place] = name in fill
        return Known(encoded, mask, filled)


def _padded(rows: EncodedTable, count: int) -> EncodedTable:
    fill = BATCH_ROWS - count
    return EncodedTable(
        np.pad(rows.codes, ((0, fill), (0, 0))), np.pad(rows.ranks, ((0, fill), (0, 0)), constant_values=0.5)
    )
