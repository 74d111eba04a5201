"""Rows as a function: what travels to the executors, and needs numpy and Arrow alone there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.calendar import Calendar
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.curves import Curve, apply_curves, suit_given
from synthohive_spark.engine.encoder import TableEncoder, whole
from synthohive_spark.engine.interface import EncodedTable, Known, Sampler
from synthohive_spark.engine.noise import Words, row_words
from synthohive_spark.engine.sums import Sum, apply_sums

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
        calendar: Which temporal columns are parts.
        sums: Columns that are sums of others.
        curves: Columns that follow a number.
    """

    columns: tuple[Column, ...]
    conditions: tuple[str, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    sampler: Sampler
    calendar: Calendar = field(default_factory=Calendar)
    sums: tuple[Sum, ...] = ()
    curves: tuple[Curve, ...] = ()

    def rows(
        self,
        row_ids: npt.NDArray[np.int64],
        conditions: pa.Table | None = None,
        *,
        seed: int,
        stream: int = 0,
        numbers: npt.NDArray[np.int64] | None = None,
        fill: frozenset[str] = frozenset(),
    ) -> pa.Table:
        """One row for each id: a function of (seed, id, the row's conditions, stream) and nothing else.

        Args:
            row_ids: Shape (rows,).
            conditions: The given columns in their learned types, one row for each id: the condition columns and, where
                the engine takes any, others. What is given comes out as it is.
            seed: The sampling seed.
            stream: Which independent draw of the same row to make.
            numbers: Numbers from 0 on that no two rows share, from which unique values are made; without them, unique
                columns hold values that are only unlikely to meet.
            fill: Given columns whose nulls are not given: a value is drawn there, and never a null.
        """
        parts = range(0, max(len(row_ids), 1), BATCH_ROWS)
        chunks = [
            self._batch(
                row_ids[start : start + BATCH_ROWS],
                None if conditions is None else conditions.slice(start, BATCH_ROWS).combine_chunks(),
                seed,
                stream,
                None if numbers is None else numbers[start : start + BATCH_ROWS].view(np.uint64),
                fill,
            )
            for start in parts
        ]
        return pa.concat_tables(chunks)

    def _batch(
        self,
        row_ids: npt.NDArray[np.int64],
        conditions: pa.Table | None,
        seed: int,
        stream: int,
        numbers: npt.NDArray[np.uint64] | None,
        fill: frozenset[str],
    ) -> pa.Table:
        # Matrix products give the same bits for a row only in batches of one shape, so a short batch is filled up.
        rows = len(row_ids)
        padded = np.zeros(BATCH_ROWS, np.int64)
        padded[:rows] = row_ids
        widths = [self.sampler.noise_words, self.encoder.decode_words, self.context_encoder.encode_words]
        words = row_words(seed, padded, sum(widths) + self.encoder.encode_words, stream=stream)
        engine_words, codec, context_words, known_words = np.split(words, np.cumsum(widths), axis=1)
        given = {} if conditions is None else {n: whole(conditions.column(n)) for n in conditions.column_names}
        split = None if conditions is None else self.calendar.split(conditions)
        context = self._context(split, rows, context_words)
        known = self._known(split, given, rows, known_words, fill)
        drawn = self.sampler.draw(engine_words, context, known) if known else self.sampler.draw(engine_words, context)
        made = self.encoder.decode(drawn.take(slice(rows)), codec[:rows], numbers)
        arrays = self.calendar.join(dict(zip((c.name for c in self.encoder.columns), made, strict=True)))
        masks = {name: ~_nulls(own) if name in fill else np.ones(rows, bool) for name, own in given.items()}
        for name, own in given.items():
            arrays[name] = own if masks[name].all() else pc.if_else(pa.array(masks[name]), own, arrays[name])
        arrays = apply_sums(arrays, self.sums, masks)
        if any(curve.column in masks for curve in self.curves):
            arrays, masks = suit_given(arrays, self.curves, masks)
            arrays = apply_sums(arrays, self.sums, masks)
        arrays = apply_curves(arrays, self.curves, masks)
        names = [c.name for c in self.columns]
        return pa.table([arrays[name] for name in names], names=names)

    def _context(self, conditions: pa.Table | None, rows: int, words: Words) -> EncodedTable:
        if conditions is None or not self.context_encoder.columns:
            return EncodedTable(np.zeros((BATCH_ROWS, 0), np.int16), np.zeros((BATCH_ROWS, 0), np.float32))
        return _padded(self.context_encoder.encode(conditions, words[:rows]), rows)

    def _known(
        self,
        conditions: pa.Table | None,
        given: dict[str, pa.Array],
        rows: int,
        words: Words,
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
        of_part = self._columns_of_parts
        mask = np.zeros((BATCH_ROWS, len(self.encoder.blocks)), bool)
        filled = np.zeros(mask.shape[1], bool)
        for place, block in enumerate(self.encoder.blocks):
            name = of_part.get(block.name, block.name)
            if name in more:
                mask[:rows, place] = ~_nulls(given[name]) if name in fill else True
                filled[place] = name in fill
        return Known(encoded, mask, filled)

    @property
    def _columns_of_parts(self) -> dict[str, str]:
        return {part.name: own.column.name for own in self.calendar.columns for part in own.parts}


def _nulls(values: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(values.is_null().to_numpy(zero_copy_only=False), bool)


def _padded(rows: EncodedTable, count: int) -> EncodedTable:
    fill = BATCH_ROWS - count
    return EncodedTable(
        np.pad(rows.codes, ((0, fill), (0, 0))), np.pad(rows.ranks, ((0, fill), (0, 0)), constant_values=0.5)
    )
