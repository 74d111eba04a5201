"""Columns of two values that say whether something is set: learned as zeros and ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType

Word = str | bool | int | float | None


@dataclass(frozen=True)
class FlagColumn:
    """A column of two values, of which one may be null.

    Attributes:
        column: The column, of strings, numbers or booleans.
        off: The value that says no.
        on: The value that says yes.
    """

    column: Column
    off: Word
    on: Word

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        type_ = self.column.type
        kinds: tuple[type, ...] = (str,) if type_.is_string else (bool,) if type_.name == "boolean" else (int, float)
        words = [word for word in (self.off, self.on) if word is not None]
        if self.off == self.on or not all(isinstance(w, kinds) and (bool in kinds or w is not True) for w in words):
            raise ValueError(f"flags of {type_} cannot be {self.off!r} and {self.on!r}")
        try:
            pa.array([self.off, self.on], type_.arrow)
        except (pa.ArrowException, OverflowError) as error:
            raise ValueError(f"flags of {type_} cannot be {self.off!r} and {self.on!r}") from error

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: zeros and ones."""
        whole = self.off is not None and self.on is not None
        return (Column(self.column.name, ColumnType("tinyint"), self.column.nullable and whole),)

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The zeros and ones, null where there is another value."""
        values = arrays[self.column.name]
        off, on = (_where(values, word) for word in (self.off, self.on))
        return [pa.array(np.where(on, 1, 0), mask=~(off | on)).cast(pa.int8())]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column."""
        words = pa.array([self.off, self.on], self.column.type.arrow)
        missing = null_mask(parts[0])
        on = parts[0].cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) >= 0.5
        return words.take(pa.array(on.astype(np.int8), mask=missing))

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        return f"{self.column.name} is learned as a flag"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {"column": self.column.to_json(), "off": self.off, "on": self.on}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FlagColumn:
        """The column that `to_json` described."""
        return cls(Column.from_json(data["column"]), data["off"], data["on"])


def _where(values: pa.Array, word: Word) -> Any:
    if word is None:
        return null_mask(values)
    return np.asarray(pc.equal(values, pa.scalar(word, values.type)).fill_null(False))
