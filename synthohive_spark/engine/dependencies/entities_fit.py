"""Finding the columns that decide others, where no table of codes can say what they decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities import Entity, entities_of
from synthohive_spark.engine.dependencies.functional_fit import ROWS_OF_A_NAME, numbered_values, value_functions
from synthohive_spark.engine.encoded_table import FunctionalDependency

_ONE_EACH = 0.9
_FEWEST_NAMES = 100
"""Fewer values are those of a list (countries with their codes) rather than of people."""


def find_entity_names(table: pa.Table, columns: Sequence[Column]) -> frozenset[str]:
    """Strings that name what an entity is, about one for each (the e-mail address of a customer), and so are personal.

    Where many rows hold each value, it is taken for that of a thing (the name of a product).

    Args:
        table: The rows.
        columns: The columns to look at.
    """
    looked_at = [c for c in columns if c.type.is_integer or c.type.is_string]
    values = [numbered_values(table, c.name) for c in looked_at]
    counts = [int(own.max(initial=-1)) + 1 for own in values]
    eligible = [n >= _FEWEST_NAMES and n * ROWS_OF_A_NAME > table.num_rows for n in counts]
    strings = [c.type.is_string and own for c, own in zip(looked_at, eligible, strict=True)]
    if sum(eligible) < 2 or not any(strings):
        return frozenset()
    few = [i for i, own in enumerate(eligible) if own]
    found = value_functions([values[i] for i in few], [True] * len(few))
    alike = [(few[i], few[j]) for i, j in found if counts[few[j]] >= _ONE_EACH * counts[few[i]]]
    return frozenset(looked_at[i].name for pair in alike for i in pair if strings[i])


def find_entities(table: pa.Table, columns: Sequence[Column], found: Dependencies) -> tuple[Entity, ...]:
    """Integers and strings that decide other columns in all rows, and that chance would hardly make do so.

    What several decide belongs to the one of the fewest values. Columns that decide each other are names of one thing;
    the first of them counts, an integer before strings. What codes of columns tell, or what is computed, needs no
    entity.

    Args:
        table: The rows.
        columns: The columns to look at.
        found: What else holds in all rows.
    """
    looked_at = [c for c in columns if c.name not in found.computed]
    if len(looked_at) < 2 or not table.num_rows:
        return ()
    values = [numbered_values(table, c.name) for c in looked_at]
    counts = [len(np.unique(own)) for own in values]
    eligible = [c.type.is_integer or c.type.is_string for c in looked_at]
    order = [(n, c.type.is_string, i) for i, (n, c) in enumerate(zip(counts, looked_at, strict=True))]
    links = [o for o in found.functional if isinstance(o, FunctionalDependency) and (o.table >= 0).all()]
    whole = found.whole(found.blocks)
    pairs = {(found.blocks[own.determinant], found.blocks[own.dependent]) for own in links}
    by_codes = {pair for pair in pairs if whole.issuperset(pair)}
    decided: dict[int, int] = {}
    for of, column in value_functions(values, eligible):
        if counts[column] < 2 or (counts[of] == counts[column] and eligible[column] and order[column] < order[of]):
            continue
        decided[column] = min(decided.get(column, of), of, key=order.__getitem__)
    named = {looked_at[i].name: (looked_at[of].name, counts[of]) for i, of in sorted(decided.items())}
    # Codes of the entity or of an attribute tell others; of several that tell each other one is left.
    for name in reversed(list(named)):
        entity = named[name][0]
        if any(to == name and entity in (by, named.get(by, ("",))[0]) for by, to in by_codes):
            del named[name]
    return entities_of(named)
