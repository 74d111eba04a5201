"""The families of training rows, and the order of the siblings in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.numbers import Numbers, is_countable, numbers_of
from synthohive_spark.engine.families.rules import BLOCK

_FEWEST_FAMILIES = 20
_MOSTLY, _NEARLY_ALL = 0.7, 0.99
_SMALL_FAMILY = 20
_GOES_WITH = 0.25
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Siblings:
    """Rows put in order, family by family.

    Attributes:
        order: Positions of the rows before they were put in order.
        family: The number of each row's family, rising.
        owned: Whether a row has an owner.
    """

    order: npt.NDArray[np.int64]
    family: npt.NDArray[np.int64]
    owned: Flags

    @classmethod
    def of(cls, rows: pa.Table, own: Sequence[Column], owner: pa.Array, key: Sequence[Numbers]) -> Siblings:
        """The families of rows, in the order that says most about them.

        A column that counts the siblings comes first; then, where families are small, the first date or time that goes
        with the key, up or down, for whoever adds to a large family does not look at the last row of it; then the key,
        where it has an order.

        Args:
            rows: Training rows.
            own: The columns that may order them.
            owner: What rows of one family share, an integer; null for a row without owner, a family of its own.
            key: The parts of the primary key that have an order.
        """
        there = owner.is_valid().to_numpy(zero_copy_only=False)
        codes = np.asarray(owner.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
        alone = -np.arange(1, len(codes) + 1)
        family = np.unique(np.where(there, codes, alone), return_inverse=True)[1].astype(np.int64)
        order = np.lexsort([*reversed(_sorting(rows, own, family, key)), family])
        return cls(order, family[order], there[order])

    @cached_property
    def firsts(self) -> Flags:
        """Whether a row is the first of its family."""
        return np.asarray(np.diff(self.family, prepend=-1) != 0, bool)

    @cached_property
    def place(self) -> npt.NDArray[np.int64]:
        """How many siblings come before each row."""
        at = np.flatnonzero(self.firsts)
        return np.arange(len(self.family)) - np.repeat(at, np.diff(at, append=len(self.family)))

    @cached_property
    def left(self) -> npt.NDArray[np.int64]:
        """How many siblings come after each row."""
        left: npt.NDArray[np.int64] = np.bincount(self.family)[self.family] - self.place - 1
        return left

    @cached_property
    def starts(self) -> Flags:
        """Whether a row is drawn without a sibling before."""
        return np.asarray(self.place % BLOCK == 0, bool)

    @property
    def many(self) -> bool:
        """Whether some family has more than one row."""
        return bool((~self.firsts).any())

    @property
    def pairs(self) -> float:
        """How many pairs of siblings there are."""
        sizes = np.bincount(self.family).astype(float)
        return float((sizes * (sizes - 1) / 2).sum())

    def counts(self, rows: pa.Table, column: Column) -> int | None:
        """The number that a column gives to the first sibling, where it counts them; None where it does not.

        Args:
            rows: Rows in this order.
            column: The column.
        """
        if not column.type.is_integer:
            return None
        share, first = _count(rows, column, self.family, np.bincount(self.family))
        numbers = numbers_of(rows.column(column.name), column.type)[0]
        return first if share > _NEARLY_ALL and (numbers == self.place + first).mean() > _NEARLY_ALL else None


def _sorting(
    rows: pa.Table, own: Sequence[Column], family: npt.NDArray[np.int64], key: Sequence[Numbers]
) -> Sequence[Numbers]:
    """What siblings are sorted by, the most important first; nothing where nothing orders them."""
    sizes = np.bincount(family)
    for column in own:
        if column.type.is_integer and _count(rows, column, family, sizes)[0] > _MOSTLY:
            return [numbers_of(rows.column(column.name), column.type)[0]]
    if len(family) > _SMALL_FAMILY * max(len(sizes), 1):
        return key
    for column in own:
        if column.type.is_temporal and rows.column(column.name).null_count == 0:
            numbers = numbers_of(rows.column(column.name), column.type)[0]
            if _differs(numbers, family) and (not key or _goes_with(key, numbers, family)):
                return [numbers, *key]
    return key


def _count(rows: pa.Table, column: Column, family: npt.NDArray[np.int64], sizes: Numbers) -> tuple[float, int]:
    """The share of families of several rows that a column numbers without gaps, and the first number."""
    numbers, valid = numbers_of(rows.column(column.name), column.type)
    several = sizes > 1
    if not valid.all() or several.sum() < _FEWEST_FAMILIES or not is_countable(column.type):
        return 0.0, 0
    first = int(numbers.min())
    most = np.full(len(sizes), first)
    np.maximum.at(most, family, numbers)
    least = np.full(len(sizes), np.iinfo(np.int64).max)
    np.minimum.at(least, family, numbers)
    total = np.zeros(len(sizes))
    np.add.at(total, family, (numbers - first).astype(float))
    whole = (least == first) & (most == first + sizes - 1) & (total == sizes * (sizes - 1) / 2)
    return float(whole[several].mean()), first


def _goes_with(key: Sequence[Numbers], numbers: Numbers, family: npt.NDArray[np.int64]) -> bool:
    """Whether the key mostly rises, or mostly falls, where numbers rise from sibling to sibling."""
    order = np.lexsort([*reversed(key), numbers, family])
    rank = np.empty(len(order), np.int64)
    rank[np.lexsort([*reversed(key), family])] = np.arange(len(order))
    rises = (np.diff(family[order]) == 0) & (np.diff(numbers[order]) != 0)
    return bool(abs((np.diff(rank[order])[rises] > 0).mean() - 0.5) > _GOES_WITH)


def _differs(numbers: Numbers, family: npt.NDArray[np.int64]) -> bool:
    """Whether siblings have different values somewhere."""
    order = np.argsort(family, kind="stable")
    return bool(((np.diff(family[order]) == 0) & (np.diff(numbers[order]) != 0)).any())
