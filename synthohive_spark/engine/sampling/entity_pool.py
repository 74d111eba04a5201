"""Entities to choose from, for an engine that draws a row beside nothing that is known of it.

Such an engine draws the whole row, and the row is then about the entity that is most like it: its values of what the
entity decides become those of the entity. So a row costs one draw, and what an entity decides suits the other columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.encoded_table import EncodedTable, Known
from synthohive_spark.engine.noise import NoiseBits, mix
from synthohive_spark.engine.sampling.draw import Draw

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
_STEPS = 16
"""Parts of the ranks that are told apart; all numbers are whole, so that sums of them are the same in any order."""
_DRAWS = 3
"""How many rows are drawn for each entity, at most: the same name may come out several times."""
_MOST = 1 << 17
"""Rows that are drawn, at most."""
_TOGETHER = 2048
"""Tickets that a row is compared with."""


def outer_entities(entities: Sequence[Entity], of: Entity | None = None) -> tuple[Entity, ...]:
    """The entities whose column is decided by ``of``, by none where it is None."""
    decided = {name: own for own in entities for name in own.attributes}
    return tuple(own for own in entities if decided.get(own.column) == of)


def entity_columns(entity: Entity, entities: Sequence[Entity]) -> tuple[str, ...]:
    """All columns that an entity decides, directly or by others, and its own."""
    inner = (entity_columns(own, entities) for own in outer_entities(entities, entity))
    return tuple(dict.fromkeys([*entity.columns, *(name for own in inner for name in own)]))


def drawn_entities(
    entity: Entity, entities: Sequence[Entity], seed: int, rows: Callable[[Draw, Sequence[Entity]], pa.Table]
) -> tuple[pa.Table, Places]:
    """As many different entities as there really are, if as many come out; and the entity of each ticket.

    Args:
        entity: What they are.
        entities: All that decide columns.
        seed: That of the entities.
        rows: Draws rows that are about one of some entities each.
    """
    only, inner = frozenset(entity_columns(entity, entities)), outer_entities(entities, entity)
    step = min(max(entity.values, _TOGETHER), _MOST)
    drawn: list[pa.Table] = []
    while True:
        drawn.append(rows(Draw(np.arange(step) + step * len(drawn), seed, only=only), inner))
        table = pa.concat_tables(drawn)
        codes, named = _numbered(one_array(table.column(entity.column)))
        if len(named) >= entity.values or len(codes) >= min(_DRAWS * entity.values, _MOST):
            break
    # All rows before the first one of an entity too many, and all without a name.
    end = named[entity.values] if len(named) > entity.values else len(codes)
    kept = np.flatnonzero((np.arange(len(codes)) < end) | null_mask(one_array(table.column(entity.column))))
    _, first, tickets = np.unique(codes[kept], return_index=True, return_inverse=True)
    return table.take(pa.array(kept[first])).combine_chunks(), tickets.astype(np.int64)


def _numbered(names: pa.Array) -> tuple[Places, Places]:
    """A number of each row's entity, one without a name being another in each row; and the first row of each name."""
    encoded, missing = names.dictionary_encode(), null_mask(names)
    codes = encoded.indices.fill_null(0).to_numpy().astype(np.int64)
    codes[missing] = len(encoded.dictionary) + np.arange(missing.sum())
    return codes, np.sort(np.unique(np.where(missing, -1, codes), return_index=True)[1][int(missing.any()) :])


@dataclass(frozen=True, eq=False)
class EntityPool:
    """Entities, each with what it decides.

    Attributes:
        column: The column that names an entity.
        seed: What they are drawn by.
        values: The column and what it decides, a row for each entity.
        known: The same as codes.
        places: The entity of each ticket; one that more rows are about has more tickets.
        blocks: The encoded columns.
        told: By encoded column, by its position, whether it is of the entity's own column; of those that are known.
    """

    column: str
    seed: int
    values: pa.Table
    known: Known
    places: Places
    blocks: Sequence[Block]
    told: Mapping[int, bool]

    def chosen(self, rows: EncodedTable, words: NoiseBits) -> Places:
        """For each row the entity that it is about: of those most like it any one; for one without a name of such.

        Args:
            rows: Rows as they were drawn.
            words: Noise, shape (rows, 2).
        """
        made, features = np.zeros(len(rows), np.int64), self._features(rows)[0]
        without = self._nameless_rows(rows)
        for parts, some in ((self._parts[0], np.flatnonzero(~without)), (self._parts[1], np.flatnonzero(without))):
            part = words[some, 0] % np.uint64(max(len(parts), 1))
            for number, own in enumerate(parts):
                mine = some[part == number]
                made[mine] = own.nearest(features[mine], words[mine, 1])
        return made

    def named(self, names: pa.Array, words: NoiseBits) -> Places:
        """The entity of each of these names; for one that is not there any other, the same for each of its rows.

        Args:
            names: The names; where one is null, it is any entity without a name.
            words: Noise, shape (rows, 2).
        """
        coded = names.dictionary_encode(null_encoding="encode")
        found = pc.index_in(coded.dictionary, one_array(self.values.column(self.column))).to_numpy(zero_copy_only=False)
        keys = pd.util.hash_array(np.array(coded.dictionary.cast(pa.string()).to_pylist(), object), categorize=False)
        found = np.where(np.isnan(found.astype(np.float64)), keys % np.uint64(self.values.num_rows), found)
        places: Places = found.astype(np.int64)[coded.indices.to_numpy()]
        if len(nameless := np.flatnonzero(self._nameless)):
            own = nameless[(words[:, 0] % np.uint64(len(nameless))).astype(np.int64)]
            places = np.where(null_mask(names), own, places)
        return places

    @cached_property
    def _nameless(self) -> npt.NDArray[np.bool_]:
        """Which entities have no name."""
        return null_mask(one_array(self.values.column(self.column)))

    def _nameless_rows(self, rows: EncodedTable) -> npt.NDArray[np.bool_]:
        """Which rows were drawn without a name; none and all where the pool has none without and none with one."""
        names = [place for place, of_name in self.told.items() if of_name and self.blocks[place].null]
        if self._nameless.all() or not self._nameless.any() or not names:
            return np.full(len(rows), bool(self._nameless.all()))
        return np.asarray(rows.codes[:, names[0]] == 0)

    @cached_property
    def _parts(self) -> tuple[list[_Part], list[_Part]]:
        """The tickets in parts of about equal size: of entities with a name, and of those without."""
        features, weights = self._features(self.known.rows)
        without = self._nameless[self.places]
        named, nameless = (
            [_Part.of(features, weights, own) for own in np.array_split(places, -(-len(places) // _TOGETHER) or 1)]
            if len(places)
            else []
            for places in (self.places[~without], self.places[without])
        )
        return named, nameless

    def _features(self, rows: EncodedTable) -> tuple[Floats, Floats]:
        """What is compared, shape (rows, features), and what each feature counts.

        A code is there or not, and so is each step of a rank. What the entity decides counts before what it is called.
        """
        ranked = np.cumsum([block.ranked for block in self.blocks]) - 1
        made, weights = [], []
        for place, of_name in self.told.items():
            block = self.blocks[place]
            # Bins are told apart by their ranks.
            size = block.codes - max(block.bins - 1, 0)
            own = [np.minimum(rows.codes[:, place, None], size - 1) == np.arange(size)]
            weight = [np.full(size, 2 * _STEPS)]
            if block.ranked:
                own.append(rows.ranks[:, ranked[place], None] * _STEPS >= np.arange(1, _STEPS))
                weight.append(np.full(_STEPS - 1, 2))
            made += own
            weights.append(np.concatenate(weight) * (1 if of_name else 2 * _STEPS))
        if not made:
            return np.zeros((len(rows), 0), np.float32), np.zeros(0, np.float32)
        return np.concatenate(made, axis=1).astype(np.float32), np.concatenate(weights).astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Part:
    """Entities in groups that are alike.

    Attributes:
        weighted: What each group is compared by, shape (features, groups), times what it counts.
        less: What a group loses by all that it has, shape (groups,).
        starts: Where each group begins, and the end.
        places: The entities, group by group.
    """

    weighted: Floats
    less: Floats
    starts: Places
    places: Places

    @classmethod
    def of(cls, features: Floats, weights: Floats, places: Places) -> _Part:
        """The groups of some entities."""
        bits = np.packbits(features[places] > 0, axis=1).astype(np.uint64)
        keys = bits @ mix(np.arange(1, bits.shape[1] + 1, dtype=np.uint64))
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        # In the order in which they come, which is random: of two that are as near the first is taken.
        order = np.argsort(first)
        number = np.argsort(order)[group]
        own = features[places[first[order]]] * weights
        starts = np.concatenate([[0], np.cumsum(np.bincount(number))])
        return cls(own.T, own.sum(axis=1) / 2, starts, places[np.argsort(number, kind="stable")])

    def nearest(self, features: Floats, words: NoiseBits) -> Places:
        """An entity of the group that is nearest to each row."""
        group = (features @ self.weighted - self.less).argmax(axis=1)
        size = self.starts[group + 1] - self.starts[group]
        return np.asarray(self.places[self.starts[group] + (words % size.astype(np.uint64)).astype(np.int64)])
