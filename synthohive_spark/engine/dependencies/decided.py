"""What is kept in codes, or for entities, as sentences of whole columns, which can be counted in any rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from synthohive_spark.engine.dependencies import functional, null_inclusion
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.encoded_table import EncodedTable


@dataclass(frozen=True)
class Decided:
    """Rows that agree in one column agree in others.

    Attributes:
        text: The sentence that says so.
        column: The column that decides.
        attributes: The columns that it decides.
        known: Whether which values go together is learned; else each draw has its own.
    """

    text: str
    column: str
    attributes: tuple[str, ...]
    known: bool


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
    found = [
        Decided(
            functional.describe(link, own.blocks), own.blocks[link.determinant], (own.blocks[link.dependent],), True
        )
        for link in own.functional
    ]
    found += [Decided(entity.describe(), entity.column, entity.attributes, False) for entity in own.entities]
    kept = [one for one in found if not one.known or {one.column, *one.attributes} <= whole]
    return tuple(one for one in kept if {one.column, *one.attributes} <= set(names))


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
