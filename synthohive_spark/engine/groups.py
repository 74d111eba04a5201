"""Columns of many categories as groups: the networks make the group, and its member is drawn by frequency.

A softmax over thousands of categories would cost more than the rest of a training step, and rare ones are never
learned. Categories that go together with the same values of the other columns form a group, so a group says nearly all
that a category says about a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable


@dataclass(frozen=True)
class Groups:
    """The groups of a column's codes.

    Attributes:
        group_of: The group of each code, shape (codes,).
        frequencies: Share of the rows that hold each code.
    """

    group_of: npt.NDArray[np.int16]
    frequencies: npt.NDArray[np.float64]

    def check(self) -> None:
        """Check that every code has a group, and every group a code.

        Raises:
            ValueError: If one has not.
        """
        groups = np.unique(self.group_of)
        if self.group_of.shape != self.frequencies.shape or self.group_of.dtype.kind != "i":
            raise ValueError("groups are not those of the codes")
        if not np.array_equal(groups, np.arange(len(groups))):
            raise ValueError("groups are not numbered from 0 on")

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        return np.argsort(self.group_of, kind="stable")

    @cached_property
    def _cumulative(self) -> npt.NDArray[np.float64]:
        return np.cumsum(np.maximum(self.frequencies, 1e-12)[self._order])

    @cached_property
    def _bounds(self) -> npt.NDArray[np.float64]:
        ends = np.cumsum(np.bincount(self.group_of))
        return np.concatenate([[0.0], self._cumulative[ends - 1]])

    def block(self, block: Block) -> Block:
        """The column of groups in place of the column of codes."""
        shares = np.bincount(self.group_of, weights=self.frequencies)
        return Block(block.name, tuple(shares.tolist()), block.ranked, block.null)

    def members(self, groups: npt.NDArray[Any], uniforms: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """A code of each group, drawn by frequency with a number in (0, 1)."""
        low, high = self._bounds[groups], self._bounds[groups + 1]
        place = np.searchsorted(self._cumulative, low + uniforms * (high - low), side="right")
        return np.asarray(self._order[np.minimum(place, len(self._order) - 1)])


def grouped(table: EncodedTable, groups: Mapping[int, Groups]) -> EncodedTable:
    """The rows with groups in place of codes."""
    if not groups:
        return table
    codes = table.codes.astype(np.int16)
    for column, own in groups.items():
        codes[:, column] = own.group_of[table.codes[:, column]]
    return EncodedTable(codes, table.ranks)
