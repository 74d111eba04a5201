"""Rare codes: which they are, and how a row that holds one is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
_RARE = 0.01
_TOGETHER = 0.1
_EXCEPTIONS = 0.05
"""Share of the rows that rare codes of a column have at most, where they are exceptions and no names of many things."""
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class RareCodes:
    """Codes that few rows hold. A row that holds one is drawn under it as its condition, and no other row holds it.

    Left to the logits, most rows of a rare code would come from conditions of other columns, under which the network
    has hardly seen it. Of several rare codes in a row the first is the condition.

    Attributes:
        places: Their places in the one-hot part, those of exceptions and of the rarest first, shape (codes,).
        shares: The share of rows of which each is the first such code, of the same shape.
    """

    places: Places
    shares: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> RareCodes:
        """No code is rare."""
        return cls(np.empty(0, np.int64), np.empty(0))

    @classmethod
    def of(cls, table: EncodedTable, slots: Slots, at_least: int) -> RareCodes:
        """Those that under one row in a hundred holds, as many of the rarest as a tenth of the rows hold together.

        Columns in which they are exceptions come first, so that a class is among them beside a column of many names.

        Args:
            table: The rows.
            slots: The columns that may be conditions.
            at_least: A share is of as many rows.
        """
        counts = [np.bincount(table.codes[:, i], minlength=size) for i, size in enumerate(slots.codes)]
        codes: list[tuple[bool, int, int, int]] = []
        for column, held in enumerate(counts):
            rare = np.flatnonzero((held >= at_least) & (held < _RARE * len(table)))
            are_names = bool(held[rare].sum() > _EXCEPTIONS * len(table))
            codes += [(are_names, int(held[code]), column, code) for code in rare.tolist()]
        free, places, shares = np.ones(len(table), bool), [], []
        for _, _, column, code in sorted(codes):
            own = free & (table.codes[:, column] == code)
            rows = int(own.sum())
            if rows + (~free).sum() > _TOGETHER * len(table):
                break
            if rows >= at_least:
                free &= ~own
                places.append(slots.starts[column] + code)
                shares.append(rows / len(table))
        return cls(np.array(places, np.int64), np.array(shares, np.float64))

    def of_rows(self, codes: npt.NDArray[np.integer], slots: Slots) -> Places:
        """The first of these codes that each row holds, by its order in ``places``; -1 where it holds none.

        Args:
            codes: Shape (rows, columns).
            slots: The columns.
        """
        columns = np.searchsorted(np.cumsum(slots.codes), self.places, side="right")
        made = np.full(len(codes), -1)
        for i in reversed(range(len(self.places))):
            made[codes[:, columns[i]] == self.places[i] - slots.starts[columns[i]]] = i
        return made

    def of_conditions(self, conditions: Places) -> Places:
        """Which of these codes each place of a condition is, -1 where it is none."""
        order = self._order[np.minimum(conditions, len(self._order) - 1)]
        return np.where(order < len(self.places), order, -1)

    def check(self, slots: Slots) -> None:
        """Check that places and shares are such.

        Raises:
            ValueError: If they are not.
        """
        inside = ((self.places >= 0) & (self.places < slots.one_hot)).all()
        if self.places.shape != self.shares.shape or self.places.ndim != 1 or not inside:
            raise ValueError("the rare codes are not places of the columns")
        if len(np.unique(self.places)) != len(self.places) or (self.shares < 0).any() or self.shares.sum() > 0.5:
            raise ValueError("the shares of rare codes are no shares")

    def rule_out(self, logits: Floats, column: int, slots: Slots, conditions: Places) -> Floats:
        """The logits of a column with the codes that each row's condition rules out at minus infinity.

        Where nothing would be left, the row's logits stay.

        Args:
            logits: Shape (codes, rows).
            column: The column.
            slots: All columns.
            conditions: The place of each row's condition.
        """
        own = np.flatnonzero(self._in(column, slots))
        if not len(own):
            return logits
        order = self._order[np.minimum(conditions, len(self._order) - 1)]
        codes, made = self.places[own] - slots.starts[column], logits.copy()
        made[codes] = np.where(order > own[:, None], -np.inf, made[codes])
        asked = np.flatnonzero(np.isin(order, own))
        code = conditions[asked] - slots.starts[column]
        kept = made[code, asked]
        made[:, asked] = -np.inf
        made[code, asked] = kept
        dead = np.isneginf(made.max(axis=0))
        made[:, dead] = logits[:, dead]
        return made

    def wanted(self, frequencies: npt.NDArray[np.float64], column: int, slots: Slots, conditions: Places) -> Floats:
        """Frequencies of a column's codes to ask of rows whose conditions are rare by chance more or less often.

        Args:
            frequencies: The true ones.
            column: The column.
            slots: All columns.
            conditions: The place of each row's condition.
        """
        own = self._in(column, slots)
        codes, made = self.places[own] - slots.starts[column], frequencies.copy()
        drawn = (conditions == self.places[own, None]).mean(axis=1) if own.any() else 0.0
        made[codes] = np.maximum(made[codes] + drawn - self.shares[own], 0.0)
        common = ~self.codes_of(column, slots)
        made[common] *= (1 - made[codes].sum()) / max(made[common].sum(), _TINY)
        return made.astype(np.float32)

    def codes_of(self, column: int, slots: Slots) -> npt.NDArray[np.bool_]:
        """Which codes of a column are rare."""
        start, size = slots.starts[column], slots.codes[column]
        return np.isin(np.arange(start, start + size), self.places)

    def _in(self, column: int, slots: Slots) -> npt.NDArray[np.bool_]:
        """Which of the rare codes are those of a column."""
        start, size = slots.starts[column], slots.codes[column]
        return (self.places >= start) & (self.places < start + size)

    @cached_property
    def _order(self) -> Places:
        """How many codes are rarer than each place, all for one that is not rare, as the last entry is."""
        order = np.full(self.places.max(initial=-1) + 2, len(self.places))
        order[self.places] = np.arange(len(self.places))
        return order

    def to_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Places and shares by name."""
        return {f"{prefix}.places": self.places, f"{prefix}.shares": self.shares}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> RareCodes:
        """What `to_arrays` made; no codes where nothing is there."""
        if f"{prefix}.places" not in arrays:
            return cls.none()
        return cls(arrays[f"{prefix}.places"].astype(np.int64), arrays[f"{prefix}.shares"].astype(np.float64))
