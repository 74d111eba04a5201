"""Flags of which at most one is set in a row, learned as one column that says which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.rewriting import replaced
from synthohive_spark.engine.integrity import check_distinct

Mask = npt.NDArray[np.bool_]
NONE = ""
"""Stands for no flag."""


@dataclass(frozen=True)
class FlagSet:
    """Columns of zeros and ones, null in the same rows.

    Attributes:
        columns: The columns, those that are set most often first.
        always: Whether exactly one is set in every row; else none may be.
    """

    columns: tuple[Column, ...]
    always: bool

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct(self.names, "flags")
        if not self.columns or NONE in self.names:
            raise ValueError("there are no flags")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def learned(self) -> tuple[str, ...]:
        """The values of the column that is learned."""
        return self.names if self.always else (*self.names, NONE)

    def split(self, arrays: Mapping[str, pa.Array]) -> pa.Array:
        """Which flag is set, null where one is."""
        flags = np.stack([flags_of(arrays[name]) for name in self.names])
        missing = np.logical_or.reduce([null_mask(arrays[name]) for name in self.names])
        which = np.where(flags.any(axis=0), flags.argmax(axis=0), len(flags))
        return pa.array([*self.names, NONE], pa.string()).take(pa.array(which, mask=missing))

    def join(
        self, arrays: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns; of given ones their values, which rule out the others.

        Args:
            arrays: What `split` made, under the name of the first column, and others.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.
        """
        result, first = dict(arrays), self.names[0]
        if first in arrays:
            which = arrays[first].dictionary_encode()
            codes = np.array([(*self.names, NONE).index(name) for name in which.dictionary.to_pylist()], np.int64)
            missing = null_mask(arrays[first])
            drawn = np.where(missing, 0, codes[which.indices.fill_null(0).to_numpy()] if len(codes) else 0)
            drawn = self._suited(drawn, given, fixed)
            for place, column in enumerate(self.columns):
                result[column.name] = pa.array(drawn == place, mask=missing).cast(pa.int8()).cast(column.type.arrow)
        for name in self.names:
            if name in given:
                result[name] = replaced(result.get(name), given[name], fixed[name])
        return result

    def _suited(
        self, drawn: npt.NDArray[np.int64], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> npt.NDArray[np.int64]:
        """The flags that are set, such that given ones stay: the first that may be where the drawn one may not."""
        allowed = np.ones((len(self.columns) + 1, len(drawn)), bool)
        allowed[-1] = not self.always
        for place, name in enumerate(self.names):
            if name in given:
                on = flags_of(given[name]) & fixed[name]
                allowed[:, on] = False
                allowed[place] &= ~fixed[name]
                allowed[place, on] = True
        rows = np.arange(len(drawn))
        return np.where(allowed[drawn, rows] | ~allowed.any(axis=0), drawn, allowed.argmax(axis=0))

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows have more flags, or none where one is always set; one with a null breaks nothing."""
        flags = np.sum([flags_of(arrays[name]) for name in self.names], axis=0)
        there = ~np.logical_or.reduce([null_mask(arrays[name]) for name in self.names])
        return np.asarray(there & ((flags != 1) if self.always else (flags > 1)))

    def describe(self) -> str:
        """The set as a sentence."""
        return f"{'exactly' if self.always else 'at most'} one of {', '.join(self.names)} is set"

    def to_json(self) -> dict[str, Any]:
        """The set as plain values."""
        return {"columns": [c.to_json() for c in self.columns], "always": self.always}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FlagSet:
        """The set that `to_json` described."""
        return cls(tuple(Column.from_json(c) for c in data["columns"]), data["always"])


def flags_of(values: pa.Array) -> Mask:
    """Where a column of zeros and ones is one."""
    return np.asarray(values.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) == 1.0)
