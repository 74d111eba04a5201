"""Strings of which some characters are learned apart.

They are those that another column decides (the state in a tax number), or are a time (of a line of a log).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Bounds, check_equal

_STRING = ColumnType("string")


@dataclass(frozen=True)
class PiecesColumn:
    """A column of strings, some characters of which are columns of their own.

    Attributes:
        column: The column.
        cuts: Where each piece starts and where it ends, in characters; ascending, none over another.
        deciders: For each piece the column that decides it, so that it says the same where the string is null; empty
            where none does.
        early: Whether its parts are columns like others, in which anything may be found.
    """

    column: Column
    cuts: Annotated[tuple[tuple[int, int], ...], Bounds(1)]
    deciders: tuple[str, ...]
    early: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.deciders), len(self.cuts), "pieces and what decides them")
        ends = [end for cut in self.cuts for end in cut]
        if any(len(cut) != 2 or cut[0] == cut[1] for cut in self.cuts) or ends[0] < 0 or ends != sorted(ends):
            raise ValueError("pieces of a string lie over each other")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: what is left of it, and the pieces."""
        name, nullable = self.column.name, self.column.nullable
        pieces = [f"{name}\x00characters {start + 1} to {end}" for start, end in self.cuts]
        return tuple(Column(own, _STRING, nullable) for own in (name, *pieces))

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    @property
    def untold(self) -> tuple[Column, ...]:
        """The part that no other column has to do with."""
        return self.parts[:1]

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, null where the column is, but pieces that another row of the same decider tells."""
        texts = arrays[self.column.name]
        ends = [0, *(end for cut in self.cuts for end in cut), None]
        slices = [pc.utf8_slice_codeunits(texts, start, stop) for start, stop in pairwise(ends)]
        left = pc.binary_join_element_wise(*slices[::2], pa.scalar("", pa.string()))
        told = zip(slices[1::2], self.deciders, strict=True)
        return [left, *(_told(own, arrays[name]) if name in arrays else own for own, name in told)]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column, null where what is left of it is."""
        left, *pieces = parts
        made: list[pa.Array] = []
        gone = 0
        for (start, end), piece, (following, _) in zip(self.cuts, pieces, (*self.cuts[1:], (None, 0)), strict=True):
            if not made:
                made.append(pc.utf8_slice_codeunits(left, 0, start))
            gone += end - start
            stop = None if following is None else following - gone
            made += [pc.fill_null(piece, ""), pc.utf8_slice_codeunits(left, end - gone, stop)]
        return pc.binary_join_element_wise(*made, pa.scalar("", pa.string()))

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        return f"{self.column.name} is learned in {len(self.cuts) + 1} pieces"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        cuts = [list(cut) for cut in self.cuts]
        deciders = list(self.deciders)
        return {"column": self.column.to_json(), "cuts": cuts, "deciders": deciders, "early": self.early}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PiecesColumn:
        """The column that `to_json` described."""
        cuts = tuple((start, end) for start, end in data["cuts"])
        return cls(Column.from_json(data["column"]), cuts, tuple(data["deciders"]), data["early"])


def _told(pieces: pa.Array, deciders: pa.Array) -> pa.Array:
    """The pieces, those that are null being what is held beside the same value of the column that decides them."""
    there = np.flatnonzero(~null_mask(pieces))
    if len(there) in (0, len(pieces)):
        return pieces
    labels = np.asarray(deciders.dictionary_encode(null_encoding="encode").indices)
    row = np.full(int(labels.max()) + 1, -1)
    row[labels[there]] = there
    same = row[labels]
    return pc.coalesce(pieces, pieces.take(pa.array(same, mask=same < 0)))
