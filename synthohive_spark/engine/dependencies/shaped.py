"""Strings whose shape follows another column: a postcode its country, a tracking number its carrier."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Bounds, Share, check_distinct, check_equal

Mask = npt.NDArray[np.bool_]
_STRING = ColumnType("string")


@dataclass(frozen=True)
class ShapedColumn:
    """A column of strings that are made in another way for each group of values of another column.

    Attributes:
        column: The column.
        of: The other column, of strings, integers or truth values.
        groups: Its values by group, as texts; beside others, null among them, stands a string of any group.
        shares: Share of the rows that each group has.
    """

    column: Column
    of: Column
    groups: Annotated[tuple[tuple[str, ...], ...], Bounds(2, 100)]
    shares: tuple[Share, ...]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.shares), len(self.groups), "groups and their shares")
        check_distinct([value for group in self.groups for value in group], "values of groups")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the column: whether it is null, then the strings of each group."""
        return (Column(self.column.name, _STRING, self.column.nullable), *self.untold)

    @property
    def untold(self) -> tuple[Column, ...]:
        """The strings of each group."""
        places = range(1, len(self.groups) + 1)
        return tuple(Column(f"{self.column.name}\x00{place}", _STRING, True) for place in places)

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of the other column."""
        return (self.of.name,)

    @property
    def is_open(self) -> bool:
        """Something is learned of it."""
        return True

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts; strings of a group are null in rows of others."""
        values, none = arrays[self.column.name], pa.scalar(None, pa.string())
        group = self._group(arrays[self.of.name])
        strings = (pc.if_else(pa.array(group == place), values, none) for place in range(len(self.groups)))
        return [pc.if_else(pa.array(~null_mask(values)), pa.scalar("", pa.string()), none), *strings]

    def join(self, parts: Sequence[pa.Array], arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The column, null where the first part is.

        Args:
            parts: What `split` made, with a string of each group in every row.
            arrays: The other column, by its name.
        """
        there, *strings = parts
        group, made = self._group(arrays[self.of.name]), strings[0]
        any_ = np.flatnonzero(group < 0)
        # A hash of the string of one group stands for noise.
        keys = [zlib.crc32(text.encode()) / 2**32 for text in made.take(pa.array(any_)).fill_null("").to_pylist()]
        ends = np.cumsum(self.shares)
        group[any_] = np.minimum(np.searchsorted(ends, np.array(keys) * ends[-1], side="right"), len(ends) - 1)
        for place, own in enumerate(strings[1:], 1):
            made = pc.if_else(pa.array(group == place), own, made)
        if self.column.type.length:
            made = pc.utf8_slice_codeunits(made, 0, self.column.type.length)
        return pc.if_else(pa.array(null_mask(there)), pa.scalar(None, pa.string()), made)

    def _group(self, values: pa.Array) -> npt.NDArray[np.int64]:
        """The group of each value of the other column, -1 for none."""
        known = [value for group in self.groups for value in group]
        of_value = np.repeat(np.arange(len(self.groups)), [len(group) for group in self.groups])
        place = pc.index_in(values.cast(pa.string()), pa.array(known, pa.string())).fill_null(len(known))
        made: npt.NDArray[np.int64] = np.append(of_value, -1)[place.to_numpy()]
        return made

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """No rows: how a string may look is learned, not known."""
        return np.zeros(len(arrays[self.column.name]), bool)

    def describe(self) -> str:
        """The dependency as a sentence."""
        return f"the shape of {self.column.name} follows {self.of.name}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        groups = [list(group) for group in self.groups]
        columns = {"column": self.column.to_json(), "of": self.of.to_json()}
        return {**columns, "groups": groups, "shares": list(self.shares)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ShapedColumn:
        """The column that `to_json` described."""
        column, of = (Column.from_json(data[name]) for name in ("column", "of"))
        return cls(column, of, tuple(tuple(group) for group in data["groups"]), tuple(data["shares"]))
