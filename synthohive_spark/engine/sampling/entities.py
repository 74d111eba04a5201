"""What entities decide: drawn from noise that follows from the entity, and so the same in all of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.sampling.draw import Draw

Rows = Callable[[Draw], pa.Table]


def with_entities(
    draw: Draw,
    entities: tuple[Entity, ...],
    repeated: frozenset[str],
    opened: Mapping[str, tuple[str, ...]],
    rows: Rows,
) -> Draw:
    """The draw, given which entity each row is about and what this decides.

    Args:
        draw: What is drawn.
        entities: Each after the one that decides its column.
        repeated: Entities whose values are drawn one for each row, so that none would be drawn twice by itself.
        opened: Strings that are put together from others, which are drawn with them.
        rows: Draws rows as if nothing were decided.
    """
    conditions = pa.table({}) if draw.conditions is None else draw.conditions
    given = {name: one_array(conditions.column(name)) for name in conditions.column_names}
    within = dict(draw.within)
    single = {entity.column for entity in entities} - (repeated - within.keys()) - given.keys()
    single |= {source for name in single for source in opened.get(name, ())}
    drawn = rows(replace(draw, only=frozenset(single))) if single else pa.table({})
    for entity in entities:
        names = (entity.column, *opened.get(entity.column, ()))
        if entity.column not in given:
            own = drawn if entity.column in single else _one_of(draw, entity, names, given, rows)
            given |= {name: one_array(own.column(name)) for name in names if name not in given}
        told = {name: given[name] for name in names if name in given}
        decided = _decided(draw, entity, told, rows)
        given |= {own: values for own, values in decided.items() if own not in given}
        for own in entity.columns:
            within.pop(own, None)
    return replace(draw, conditions=pa.table(given), within=within)


def _one_of(draw: Draw, entity: Entity, names: Sequence[str], given: Mapping[str, pa.Array], rows: Rows) -> pa.Table:
    """For each row one of as many values as the column really has, and what it is put together from."""
    seed = derive_seed(draw.seed, "entity", entity.column)
    words = row_words(seed, draw.row_ids, 1, stream=draw.stream)[:, 0]
    number = (words % np.uint64(max(entity.values, 1))).astype(np.int64)
    known = {name: given[name] for name in names if name in given}
    if known:
        return rows(Draw(number, seed, pa.table(known), only=frozenset(names)))
    which, place = np.unique(number, return_inverse=True)
    return rows(Draw(which, seed, only=frozenset(names))).take(pa.array(place))


def _decided(draw: Draw, entity: Entity, told: Mapping[str, pa.Array], rows: Rows) -> Mapping[str, pa.Array]:
    """What each row's entity decides; what each row holds that has none.

    Args:
        draw: What is drawn.
        entity: What decides.
        told: The entity of each row, and what its name is put together from.
        rows: Draws rows as if nothing were decided.
    """
    values = told[entity.column]
    coded, missing = values.dictionary_encode(), np.flatnonzero(null_mask(values))
    seed = derive_seed(draw.seed, "decided", entity.column)
    keys = pd.util.hash_array(np.array(coded.dictionary.cast(pa.string()).to_pylist(), object), categorize=False)
    own = row_words(seed, draw.row_ids, 1, stream=draw.stream)[missing, 0]
    place = coded.indices.fill_null(0).to_numpy().copy()
    place[missing] = len(keys) + np.arange(len(missing))
    first = np.unique(place, return_index=True)[1]
    known = pa.table({name: column.take(pa.array(first)) for name, column in told.items()})
    every = np.concatenate([keys, own]).view(np.int64)
    made = rows(Draw(every, seed, known, only=frozenset(entity.attributes)))
    return {name: one_array(made.column(name)).take(pa.array(place)) for name in entity.attributes}
