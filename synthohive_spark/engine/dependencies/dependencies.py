"""Everything that holds in all rows of a table: found once, kept exactly in every row that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies import derived, functional, linear, null_inclusion
from synthohive_spark.engine.encoded_table import EncodedTable, FunctionalDependency, Layout, NullInclusion
from synthohive_spark.engine.temporal.calendar_parts import Calendar

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dependencies:
    """What holds in all rows of a table.

    Linear relations, derived columns and calendars are in values: no engine sees them, they are taken out by `split`
    and put back by `restore`. Functional dependencies and null inclusions are in codes: an engine finds them in its
    `Layout` and keeps to them while it draws.

    Attributes:
        calendar: Dates and timestamps that are cut into parts.
        linear: Columns that are a linear function of one or two others.
        derived: Columns that follow a number.
        functional: Columns that are a function of another one.
        null_inclusions: Columns that are null only where another one is.
        blocks: Names of the encoded columns, to which the positions of the last two refer.
    """

    calendar: Calendar = field(default_factory=Calendar)
    linear: tuple[linear.LinearRelation, ...] = ()
    derived: tuple[derived.DerivedColumn, ...] = ()
    functional: tuple[FunctionalDependency, ...] = ()
    null_inclusions: tuple[NullInclusion, ...] = ()
    blocks: tuple[str, ...] = ()

    def split(self, table: pa.Table) -> pa.Table:
        """The table with the parts of each date and timestamp that is cut, at its place."""
        return self.calendar.split(table)

    def split_columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns of a `split` table."""
        return self.calendar.virtual(tuple(columns))

    @property
    def column_of_part(self) -> dict[str, str]:
        """The column that each part of a date or timestamp belongs to, by the part's name."""
        return {part.name: own.column.name for own in self.calendar.columns for part in own.parts}

    def together(self, names: Sequence[str]) -> list[list[str]]:
        """Columns in groups, such that no dependency is between columns of two groups."""
        links = [[part.name for part in own.parts] for own in self.linear]
        links += [[own.column, own.of.name] for own in self.derived]
        whole = [self.column_of_part.get(block, block) for block in self.blocks]
        links += [[whole[own.determinant], whole[own.dependent]] for own in self.functional]
        links += [[whole[own.column], whole[own.within]] for own in self.null_inclusions]
        group = {name: [name] for name in names}
        for first, *others in links:
            for other in others:
                if first in group and other in group and group[first] is not group[other]:
                    group[first] += group[other]
                    group |= dict.fromkeys(group[other], group[first])
        return list({id(own): own for own in group.values()}.values())

    def restore(
        self, drawn: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fill: frozenset[str]
    ) -> dict[str, pa.Array]:
        """Drawn columns such that everything holds and what is given stays.

        The order matters. Parts become dates first, and given values take their places, so that relations are computed
        from what will be seen. Linear relations come before derived columns, which may follow one of their columns.
        Where a derived column is given, the number it follows moves to suit it, and relations of that number are
        computed again before the other derived columns follow.

        Args:
            drawn: The drawn columns by name, parts among them.
            given: Given columns by name.
            fill: Given columns of which a null is not given.
        """
        arrays = self.calendar.join(dict(drawn))
        fixed = {n: ~null_mask(own) if n in fill else np.ones(len(own), bool) for n, own in given.items()}
        for name, own in given.items():
            arrays[name] = own if fixed[name].all() else pc.if_else(pa.array(fixed[name]), own, arrays[name])
        arrays = linear.apply_linear_relations(arrays, self.linear, fixed)
        if any(own.column in fixed for own in self.derived):
            arrays, fixed = derived.move_determinants(arrays, self.derived, fixed)
            arrays = linear.apply_linear_relations(arrays, self.linear, fixed)
        return derived.apply_derived_columns(arrays, self.derived, fixed)

    def describe(self) -> list[str]:
        """What was found, a sentence for each dependency."""
        return [
            *(own.describe() for own in self.linear),
            *(own.describe() for own in self.derived),
            *(own.describe() for own in self.calendar.columns),
            *(functional.describe(own, self._shown) for own in self.functional),
            *(null_inclusion.describe(own, self._shown) for own in self.null_inclusions),
        ]

    def count_broken(self, table: pa.Table, encoded: EncodedTable) -> dict[str, int]:
        """How many rows break each dependency, by the sentence that describes it.

        Args:
            table: Rows with the learned columns.
            encoded: The same rows, split and encoded.
        """
        arrays = {name: one_array(table.column(name)) for name in table.column_names}
        found = {own.describe(): own.broken(arrays) for own in self.linear}
        found |= {own.describe(): own.broken(arrays) for own in self.derived}
        found |= {functional.describe(o, self._shown): functional.broken(o, encoded) for o in self.functional}
        found |= {
            null_inclusion.describe(own, self._shown): null_inclusion.broken(own, encoded)
            for own in self.null_inclusions
        }
        return {text: int(mask.sum()) for text, mask in found.items()}

    def to_json(self) -> dict[str, Any]:
        """What is in values as plain values; what is in codes is part of the layout."""
        return {
            "calendar": self.calendar.to_json(),
            "linear": [own.to_json() for own in self.linear],
            "derived": [own.to_json() for own in self.derived],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], layout: Layout) -> Dependencies:
        """The dependencies that `to_json` described, and those of the layout."""
        return cls(
            Calendar.from_json(data["calendar"]),
            tuple(linear.LinearRelation.from_json(own) for own in data["linear"]),
            tuple(derived.DerivedColumn.from_json(own) for own in data["derived"]),
            layout.functional,
            layout.null_inclusions,
            tuple(block.name for block in layout.columns),
        )

    @property
    def _shown(self) -> list[str]:
        """Names of the encoded columns for people: a part by its column and what it is of it."""
        return [name.replace("\x00", " ") for name in self.blocks]
