"""What is kept in codes, or for entities, as sentences of whole columns, which can be counted in any rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from synthohive_spark.engine.dependencies import functional, null_inclusion
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.encoded_table import CompositeDependency, EncodedTable


@dataclass(frozen=True)
class Decided:
    """Rows that agree in some columns agree in others.

    Attributes:
        text: The sentence that says so.
        columns: The columns that decide.
        attributes: The columns that they decide.
        known: Whether which values go together is learned; else each draw has its own.
        free: Whether rows in which any of them is null say nothing.
    """

    text: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    known: bool
    free: bool = False

    @property
    def every(self) -> set[str]:
        """All columns that it speaks of."""
        return {*self.columns, *self.attributes}


@dataclass(frozen=True)
class NullWithin:
    """A column is null only where another one is.

    Attributes:
        text: The sentence that says so.
        column: The column.
        within: The other one.
        same: Whether it is null in all of these rows.
    """

    text: str
    column: str
    within: str
    same: bool


def decided(own: Dependencies, names: Collection[str]) -> tuple[Decided, ...]:
    """Which of the columns ``names`` decide others of them, where both are learned whole."""
    whole = own.whole(names)
    found = []
    for link in own.functional:
        *columns, attribute = (own.blocks[place] for place in link.columns)
        free = isinstance(link, CompositeDependency) and any(link.free)
        found.append(Decided(functional.describe(link, own.blocks), tuple(columns), (attribute,), True, free))
    found += [Decided(entity.describe(), (entity.column,), entity.attributes, False) for entity in own.entities]
    kept = [one for one in found if not one.known or one.every <= whole]
    return tuple(one for one in kept if one.every <= set(names))


def null_within(own: Dependencies, names: Collection[str]) -> tuple[NullWithin, ...]:
    """Which of the columns ``names`` are null only where others of them are."""
    whole = own.whole(names)
    found = [
        NullWithin(null_inclusion.describe(one, own.blocks), own.blocks[one.column], own.blocks[one.within], one.same)
        for one in null_inclusion.telling(own.null_inclusions)
    ]
    return tuple(one for one in found if {one.column, one.within} <= whole)


def count_broken(own: Dependencies, table: pa.Table, encoded: EncodedTable) -> dict[str, int]:
    """How many rows break each dependency, by the sentence that describes it.

    Args:
        own: The dependencies.
        table: Rows with the learned columns.
        encoded: The same rows, split and encoded.
    """
    found = own.broken_in_values(table)
    found |= {functional.describe(link, own.shown): functional.broken(link, encoded) for link in own.functional}
    nulls = own.null_together
    found |= {null_inclusion.describe(one, own.shown): null_inclusion.broken(one, encoded) for one in nulls}
    return {text: int(mask.sum()) for text, mask in found.items()}
