"""Finding the columns that decide others, where no table of codes can say what they decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities import Entity, entities_of
from synthohive_spark.engine.dependencies.functional_fit import numbered_values, value_functions


def find_entities(table: pa.Table, columns: Sequence[Column], found: Dependencies) -> tuple[Entity, ...]:
    """Integers and strings that decide other columns in all rows, and that chance would hardly make do so.

    What several decide belongs to the one of the fewest values. Columns that decide each other are names of one thing;
    the first of them counts. What codes of columns tell, or what is computed, needs no entity.

    Args:
        table: The rows.
        columns: The columns to look at.
        found: What else holds in all rows.
    """
    taken = found.computed
    looked_at = [c for c in columns if c.name not in taken]
    if len(looked_at) < 2 or not table.num_rows:
        return ()
    values = [numbered_values(table, c.name) for c in looked_at]
    counts = [len(np.unique(own)) for own in values]
    eligible = [c.type.is_integer or c.type.is_string for c in looked_at]
    by_codes = {found.blocks[own.dependent] for own in found.functional if (own.table >= 0).all()}
    decided: dict[str, tuple[str, int]] = {}
    for of, column in value_functions(values, eligible):
        first, second = looked_at[of].name, looked_at[column].name
        if counts[column] < 2 or (counts[of] == counts[column] and of > column):
            continue
        if second not in decided or counts[of] < decided[second][1]:
            decided[second] = first, counts[of]
    return entities_of({second: own for second, own in decided.items() if second not in by_codes})
