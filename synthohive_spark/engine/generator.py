"""Rows as a function: what travels to the executors, and needs numpy and Arrow alone there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoder import TableEncoder, whole
from synthohive_spark.engine.interface import EncodedTable, Sampler
from synthohive_spark.engine.noise import row_words

BATCH_ROWS = 512


@dataclass(frozen=True)
class RowGenerator:
    """Draws rows by their ids.

    Attributes:
        columns: The learned columns in their order, condition columns at their places.
        encoder: Codecs of the generated columns.
        context_encoder: Codecs of the condition columns.
        sampler: The engine's part.
    """

    columns: tuple[Column, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    sampler: Sampler

    def rows(
        self,
        row_ids: npt.NDArray[np.int64],
        conditions: pa.Table | None = None,
        *,
        seed: int,
        stream: int = 0,
        numbers: npt.NDArray[np.int64] | None = None,
    ) -> pa.Table:
        """One row for each id: a function of (seed, id, the row's conditions, stream) and nothing else.

        Args:
            row_ids: Shape (rows,).
            conditions: The condition columns in their learned types, one row for each id.
            seed: The sampling seed.
            stream: Which independent draw of the same row to make.
            numbers: Numbers from 0 on that no two rows share, from which unique values are made; without them, unique
                columns hold values that are only unlikely to meet.
        """
        chunks = [
            self._batch(
                row_ids[start : start + BATCH_ROWS],
                None if conditions is None else conditions.slice(start, BATCH_ROWS),
                seed,
                stream,
                None if numbers is None else numbers[start : start + BATCH_ROWS].view(np.uint64),
            )
            for start in range(0, max(len(row_ids), 1), BATCH_ROWS)
        ]
        return pa.concat_tables(chunks)

    def _batch(
        self,
        row_ids: npt.NDArray[np.int64],
        conditions: pa.Table | None,
        seed: int,
        stream: int,
        numbers: npt.NDArray[np.uint64] | None,
    ) -> pa.Table:
        # Matrix products give the same bits for a row only in batches of one shape, so a short batch is filled up.
        rows = len(row_ids)
        padded = np.zeros(BATCH_ROWS, np.int64)
        padded[:rows] = row_ids
        codec_words = self.encoder.decode_words
        context_words = self.context_encoder.encode_words
        words = row_words(seed, padded, self.sampler.noise_words + codec_words + context_words, stream=stream)
        engine_words, codec, given = np.split(
            words, [self.sampler.noise_words, self.sampler.noise_words + codec_words], axis=1
        )
        context = self._context(conditions, rows, given)
        drawn = self.sampler.draw(engine_words, context)
        made = self.encoder.decode(drawn.take(slice(rows)), codec[:rows], numbers)
        arrays = dict(zip((c.name for c in self.encoder.columns), made, strict=True))
        if conditions is not None:
            arrays.update(zip(conditions.column_names, map(whole, conditions.columns), strict=True))
        names = [c.name for c in self.columns]
        return pa.table([arrays[name] for name in names], names=names)

    def _context(self, conditions: pa.Table | None, rows: int, words: npt.NDArray[np.uint64]) -> EncodedTable:
        if conditions is None or not self.context_encoder.columns:
            return EncodedTable(np.zeros((BATCH_ROWS, 0), np.int16), np.zeros((BATCH_ROWS, 0), np.float32))
        encoded = self.context_encoder.encode(conditions, words[:rows])
        fill = BATCH_ROWS - rows
        return EncodedTable(
            np.pad(encoded.codes, ((0, fill), (0, 0))),
            np.pad(encoded.ranks, ((0, fill), (0, 0)), constant_values=0.5),
        )
