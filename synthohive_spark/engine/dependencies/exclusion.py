"""Columns that never hold the same value in a row: an origin and a destination, a home team and its guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.code_links import Exclusion

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Different:
    """Two columns that differ in every row in which neither is null."""

    columns: tuple[str, str]

    def describe(self) -> str:
        """The rule as a sentence."""
        return f"{self.columns[0]} differs from {self.columns[1]}"

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold the same value twice."""
        return np.asarray(pc.equal(*(arrays[name] for name in self.columns)).fill_null(False))


def permitted_beside(
    exclusions: Sequence[Exclusion], column: int, codes: int, known: Mapping[int, npt.NDArray[np.int64]]
) -> Mask | None:
    """The codes of ``column`` that stand for another value than what is known, shape (rows, codes); None for all.

    Args:
        exclusions: All exclusions.
        column: The column to draw.
        codes: How many codes it has.
        known: Codes of other columns, shape (rows,); -1 in the rows that do not know one.
    """
    permitted: Mask | None = None
    for own in exclusions:
        if own.other == column and own.one in known:
            beside, table = known[own.one], own.table
        elif own.one == column and own.other in known:
            beside, table = known[own.other], own.turned
        else:
            continue
        same = np.where((beside >= 0) & (beside < len(table)), table[np.clip(beside, 0, len(table) - 1)], -1)
        rows = np.flatnonzero(same >= 0)
        permitted = np.ones((len(same), codes), bool) if permitted is None else permitted
        permitted[rows, same[rows]] = False
    return permitted


def parted(
    codes: npt.NDArray[np.int64],
    exclusions: Sequence[Exclusion],
    values: Mapping[int, range],
    draws: npt.NDArray[np.float32],
) -> npt.NDArray[np.int64]:
    """Codes, shape (columns, rows), the second of two that stand for the same value being another one, each as often.

    Args:
        codes: The codes.
        exclusions: All exclusions.
        values: By column of one, its codes that stand for values.
        draws: A uniform number for each of the codes.
    """
    made = codes.copy()
    for own in exclusions:
        wrong, those = np.flatnonzero(own.table[made[own.one]] == made[own.other]), values[own.other]
        step = 1 + (draws[own.other, wrong] * (len(those) - 1)).astype(np.int64) % max(len(those) - 1, 1)
        made[own.other, wrong] = those.start + (made[own.other, wrong] - those.start + step) % len(those)
    return made
