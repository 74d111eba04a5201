"""Columns that say who or what a row is about (a customer, a product), and decide others, with few rows for each value.

Such a column is learned as a number or as a pattern, so no table says which birth date goes with which customer, and
none should. What belongs to a value is drawn instead from noise that follows from the value, and so is the same in all
rows that hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entity:
    """A column that decides others in all rows.

    Attributes:
        column: The column.
        attributes: The columns that it decides.
        values: How often one of its values is drawn, so that about as many different ones come out as there are.
    """

    column: str
    attributes: tuple[str, ...]
    values: int

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it speaks of."""
        return self.column, *self.attributes

    def describe(self) -> str:
        """What is decided, as a sentence."""
        return f"{self.column} decides {', '.join(self.attributes)}"

    def to_json(self) -> dict[str, Any]:
        """The entity as plain values."""
        return {"column": self.column, "attributes": list(self.attributes), "values": self.values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entity:
        """The entity that `to_json` described."""
        return cls(data["column"], tuple(data["attributes"]), data["values"])


def entities_of(decided: Mapping[str, tuple[str, int]]) -> tuple[Entity, ...]:
    """Entities, each after the one that decides its column.

    Args:
        decided: For each attribute the column that decides it, and how often a value of it is drawn.
    """
    attributes: dict[str, list[str]] = {}
    for attribute, (column, _) in decided.items():
        attributes.setdefault(column, []).append(attribute)
    values = dict(decided.values())
    order: dict[str, None] = {}

    def place(column: str, path: Sequence[str] = ()) -> None:
        if column in decided and column not in path:
            place(decided[column][0], (*path, column))
        if column in attributes:
            order.setdefault(column)

    for column in attributes:
        place(column)
    return tuple(Entity(column, tuple(attributes[column]), values[column]) for column in order)
