"""Rows as a function: what travels to the executors, and needs numpy and Arrow alone there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.domains import learned_domain
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.encoded_table import Allowed, EncodedTable, Known
from synthohive_spark.engine.interface import Sampler
from synthohive_spark.engine.noise import NoiseBits, derive_seed, row_words
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.entities import with_entities
from synthohive_spark.engine.sampling.entity_pool import EntityPool, drawn_entities, outer_entities
from synthohive_spark.engine.sampling.nearest import nearest_sample, with_known

BATCH_ROWS = 512
"""Rows of a matrix product, which gives the same bits for a row only in batches of one shape."""
_CHUNK_ROWS = 8 * BATCH_ROWS


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
        """One row for each id of ``draw``, with its columns."""
        if self.dependencies.entities and not draw.fill:
            if not self.any_condition:
                return self._rows(draw, outer_entities(self.dependencies.entities))
            opened = self.dependencies.templates.opened
            draw = with_entities(draw, self.dependencies.entities, self._repeated, opened, self._rows)
        return self._rows(draw)

    @property
    def any_condition(self) -> bool:
        """Whether the engine draws beside anything that is known of a row."""
        return self.sampler.any_condition

    @property
    def _repeated(self) -> frozenset[str]:
        """Columns of which hardly two rows would hold the same value, or whose values come again by chance."""
        pairs = zip(self.encoder.columns, self.encoder.codecs, strict=True)
        return frozenset(column.name for column, codec in pairs if codec.kind == "text" or codec.ranked)

    def _rows(self, draw: Draw, entities: Sequence[Entity] = ()) -> pa.Table:
        """Rows, each about one of the entities of each kind."""
        starts = range(0, max(len(draw), 1), _CHUNK_ROWS)
        return pa.concat_tables([self._chunk(draw.slice(start, _CHUNK_ROWS), entities) for start in starts])

    def _chunk(self, draw: Draw, entities: Sequence[Entity]) -> pa.Table:
        rows, conditions, fill = len(draw), draw.conditions, draw.fill
        widths = [self.sampler.noise_words, self.encoder.decode_words, self.context_encoder.encode_words]
        words = row_words(draw.seed, draw.row_ids, sum(widths) + self.encoder.encode_words, stream=draw.stream)
        engine_words, codec, context_words, known_words = np.split(words, np.cumsum(widths), axis=1)
        given = {} if conditions is None else {n: one_array(conditions.column(n)) for n in conditions.column_names}
        split = None if conditions is None else self.dependencies.split(conditions)
        context = self._context(split, rows, context_words)
        known = self._known(split, given, rows, known_words, fill)
        if draw.within and self.any_condition:
            known = replace(known or self._nothing_known(rows), allowed=self.allowed(draw.within))
        decided = [name for own in entities for name in own.columns]
        parts = None if draw.only is None else self._parts_of(draw.only, {*given, *decided})
        drawn = self._drawn(engine_words, context, known, parts)
        if entities:
            drawn, given = self._about(entities, draw, drawn, given, known_words)
        numbers = None if draw.numbers is None else draw.numbers.view(np.uint64)
        made = self.encoder.decode(drawn, codec, numbers, parts)
        dependencies = self.dependencies if draw.only is None else self.dependencies.about(draw.only, given)
        arrays = dependencies.restore(made, given, fill)
        names = [c.name for c in self.columns if draw.only is None or c.name in draw.only]
        return pa.table([arrays[name] for name in names], names=names)

    def _about(
        self,
        entities: Sequence[Entity],
        draw: Draw,
        drawn: EncodedTable,
        given: dict[str, pa.Array],
        words: NoiseBits,
    ) -> tuple[EncodedTable, dict[str, pa.Array]]:
        """Drawn rows about one of the entities of each kind, and all that is given then."""
        ranked = np.flatnonzero([block.ranked for block in self.encoder.blocks])
        found, left = dict(given), [(entity, draw.seed) for entity in entities]
        known: Known | None = None
        while left:
            entity, seed = left.pop()
            pool = self._pool(entity, seed)
            own_words = row_words(derive_seed(seed, "about", entity.column), draw.row_ids, 2, stream=draw.stream)
            if entity.column in found:
                places = pool.named(found[entity.column], own_words)
            else:
                places = pool.chosen(drawn, own_words)
            own = pool.values.take(pa.array(places))
            if given:  # It may be what names an entity that this one decides.
                own = own.select(entity.columns)
                left += [(e, pool.seed) for e in outer_entities(self.dependencies.entities, entity)]
            found |= {name: one_array(own.column(name)) for name in own.column_names if name not in found}
            theirs = pool.known.take(places)
            known = theirs if known is None else known.beside(theirs, ranked)
        if given:
            known = self._known(self.dependencies.split(pa.table(found)), found, len(draw), words, draw.fill)
        known = known or self._nothing_known(len(draw))
        return with_known(drawn, known, self.encoder.blocks, self.dependencies.functional), found

    def _pool(self, entity: Entity, seed: int) -> EntityPool:
        """The entities of one kind, drawn once."""
        key = entity.column, seed
        if key not in self._pools:
            own_seed = derive_seed(seed, "entity", entity.column)
            values, tickets = drawn_entities(entity, self.dependencies.entities, own_seed, self._rows)
            given = {name: one_array(values.column(name)) for name in values.column_names}
            words = row_words(own_seed, np.arange(values.num_rows), self.encoder.encode_words)
            known = self._known(self.dependencies.split(values), given, len(words), words, frozenset())
            known, of_part = known or self._nothing_known(len(words)), self.dependencies.column_of_part
            names = {place: self.encoder.blocks[place].name for place in sorted(known.columns or ())}
            told = {place: of_part.get(name, name) == entity.column for place, name in names.items()}
            pool = EntityPool(entity.column, own_seed, values, known, tickets, self.encoder.blocks, told)
            self._pools[key] = pool
        return self._pools[key]

    @cached_property
    def _pools(self) -> dict[tuple[str, int], EntityPool]:
        return {}

    def _parts_of(self, names: frozenset[str], given: Collection[str]) -> frozenset[str]:
        """The generated columns that tell what the columns ``names`` hold."""
        whole, of_part = self.dependencies.linked(names, given), self.dependencies.column_of_part
        return frozenset(c.name for c in self.encoder.columns if of_part.get(c.name, c.name) in whole)

    def _drawn(
        self, words: NoiseBits, context: EncodedTable, known: Known | None, parts: frozenset[str] | None
    ) -> EncodedTable:
        """What the engine draws, batch by batch, a short one filled up."""
        batches = []
        blocks = enumerate(self.encoder.blocks)
        wanted = None if parts is None else frozenset(place for place, block in blocks if block.name in parts)
        for start in range(0, max(len(words), 1), BATCH_ROWS):
            own = words[start : start + BATCH_ROWS]
            filled = np.pad(own, ((0, BATCH_ROWS - len(own)), (0, 0)))
            given = None if known is None else known.batch(start, BATCH_ROWS)
            own_context = context.batch(start, BATCH_ROWS)
            if given is None or self.any_condition:
                made = self.sampler.sample(filled, own_context, given, wanted)
            else:
                made = nearest_sample(
                    self.sampler, filled, own_context, given, self.encoder.blocks, self.dependencies.functional
                )
            batches.append(made.take(slice(len(own))))
        return EncodedTable.concat(batches)

    def _context(self, conditions: pa.Table | None, rows: int, words: NoiseBits) -> EncodedTable:
        if conditions is None or not self.context_encoder.columns:
            return EncodedTable(np.zeros((rows, 0), np.int16), np.zeros((rows, 0), np.float32))
        return self.context_encoder.encode(conditions, words)

    def allowed(self, within: Mapping[str, Domain]) -> dict[int, Allowed]:
        """What encoded columns may be, by their positions, such that columns hold only some values."""
        columns = {c.name: c for c in self.columns}
        varying = [c for c in zip(self.encoder.columns, self.encoder.codecs, strict=True) if c[1].varies]
        places = {column.name: place for place, (column, _) in enumerate(varying)}
        made: dict[int, Allowed] = {}
        for name, domain in within.items():
            learned = learned_domain(self.dependencies, columns[name], domain)
            if learned is None or learned.name not in places:
                continue
            place = places[learned.name]
            codec = varying[place][1]
            allowed = codec.allowed(learned.domain)
            if allowed is not None:
                allowed = replace(allowed, frequencies=codec.frequencies)
                made[place] = allowed.both(made[place]) if place in made else allowed
        return made

    def tells(self, name: str, domain: Domain) -> bool:
        """Whether the engine draws each of some values of a column, and no others, when it is told to."""
        column = next(c for c in self.columns if c.name == name)
        learned, allowed = learned_domain(self.dependencies, column, domain), self.allowed({name: domain})
        if learned is None or not learned.whole or learned.domain.values is None:
            return False
        told = sum(float(own.weights.sum()) for own in allowed.values())
        return told == len(learned.domain.values) > 0

    def _nothing_known(self, rows: int) -> Known:
        blocks = self.encoder.blocks
        ranks = np.full((rows, sum(block.ranked for block in blocks)), 0.5, np.float32)
        blank = EncodedTable(np.zeros((rows, len(blocks)), np.int64), ranks)
        filled = np.zeros(len(blocks), bool)
        return Known(blank, np.zeros((rows, len(blocks)), bool), filled, columns=frozenset())

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
        encoded = self.encoder.encode(pa.table(own, names=names), words)
        of_part = self.dependencies.column_of_part
        mask = np.zeros((rows, len(self.encoder.blocks)), bool)
        filled, known_columns = np.zeros(mask.shape[1], bool), set()
        for place, block in enumerate(self.encoder.blocks):
            name = of_part.get(block.name, block.name)
            if name in more:
                filled[place] = name in fill
                if block.name in conditions.column_names:
                    known_columns.add(place)
                    mask[:, place] = self.dependencies.known_rows(name, given, fill)
        return Known(encoded, mask, filled, columns=frozenset(known_columns))
