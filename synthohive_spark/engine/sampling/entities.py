"""What entities decide: drawn from noise that follows from the entity, and so the same in all of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.sampling.draw import Draw

Rows = Callable[[Draw], pa.Table]


def with_entities(draw: Draw, entities: tuple[Entity, ...], repeated: frozenset[str], rows: Rows) -> Draw:
    """The draw, given which entity each row is about and what this decides.

    Args:
        draw: What is drawn.
        entities: Each after the one that decides its column.
        repeated: Entities whose values are drawn one for each row, so that none would be drawn twice by itself.
        rows: Draws rows as if nothing were decided.
    """
    conditions = pa.table({}) if draw.conditions is None else draw.conditions
    given = {name: one_array(conditions.column(name)) for name in conditions.column_names}
    within = dict(draw.within)
    single = {entity.column for entity in entities} - (repeated - within.keys()) - given.keys()
    drawn = rows(replace(draw, only=frozenset(single))) if single else pa.table({})
    for entity in entities:
        name = entity.column
        if name not in given:
            given[name] = one_array(drawn.column(name)) if name in single else _one_of(draw, entity, rows)
        decided = _decided(draw, entity, given[name], rows)
        given |= {own: values for own, values in decided.items() if own not in given}
        for own in entity.columns:
            within.pop(own, None)
    return replace(draw, conditions=pa.table(given), within=within)


def _one_of(draw: Draw, entity: Entity, rows: Rows) -> pa.Array:
    """For each row one of as many values as the column really has."""
    seed = derive_seed(draw.seed, "entity", entity.column)
    words = row_words(seed, draw.row_ids, 1, stream=draw.stream)[:, 0]
    which, place = np.unique((words % np.uint64(max(entity.values, 1))).astype(np.int64), return_inverse=True)
    made = rows(Draw(which, seed, only=frozenset([entity.column]))).column(entity.column)
    return one_array(made).take(pa.array(place))


def _decided(draw: Draw, entity: Entity, values: pa.Array, rows: Rows) -> Mapping[str, pa.Array]:
    """What each row's entity decides; what each row holds that has none."""
    coded, missing = values.dictionary_encode(), np.flatnonzero(null_mask(values))
    seed = derive_seed(draw.seed, "decided", entity.column)
    keys = pd.util.hash_array(np.array(coded.dictionary.cast(pa.string()).to_pylist(), object), categorize=False)
    own = row_words(seed, draw.row_ids, 1, stream=draw.stream)[missing, 0]
    place = coded.indices.fill_null(0).to_numpy().copy()
    place[missing] = len(keys) + np.arange(len(missing))
    known = pa.concat_arrays([coded.dictionary, pa.nulls(len(missing), values.type)])
    every = np.concatenate([keys, own]).view(np.int64)
    made = rows(Draw(every, seed, pa.table({entity.column: known}), only=frozenset(entity.attributes)))
    return {name: one_array(made.column(name)).take(pa.array(place)) for name in entity.attributes}
