"""What is drawn: ids of rows, what they are given, and the noise they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.domain import Domain


@dataclass(frozen=True)
class Draw:
    """A request for rows; each is a function of (seed, id, the row's conditions, stream) and nothing else.

    Attributes:
        row_ids: Shape (rows,).
        seed: The sampling seed.
        conditions: The given columns in their learned types, one row for each id: the condition columns and, where the
            engine takes any, others. What is given comes out as it is.
        stream: Which independent draw of the same row to make; one for all, or one for each row.
        numbers: Numbers from 0 on that no two rows share, from which unique values are made; without them, unique
            columns hold values that are only unlikely to meet.
        fill: Given columns whose nulls are not given: a value is drawn there, and never a null.
        within: Columns that are to hold only some values. As far as the engine can, only such are drawn.
        only: The columns that are wanted, None for all; they hold what they hold where all are.
    """

    row_ids: npt.NDArray[np.int64]
    seed: int
    conditions: pa.Table | None = None
    stream: int | npt.NDArray[np.int64] = 0
    numbers: npt.NDArray[np.int64] | None = None
    fill: frozenset[str] = frozenset()
    within: Mapping[str, Domain] = field(default_factory=dict)
    only: frozenset[str] | None = None

    def __len__(self) -> int:
        return len(self.row_ids)

    def slice(self, start: int, rows: int) -> Draw:
        """At most so many rows from ``start`` on."""
        part = slice(start, start + rows)
        return replace(
            self,
            row_ids=self.row_ids[part],
            conditions=None if self.conditions is None else self.conditions.slice(start, rows).combine_chunks(),
            numbers=None if self.numbers is None else self.numbers[part],
            stream=self.stream if isinstance(self.stream, int) else self.stream[part],
        )

    def redraw(self, places: npt.NDArray[np.int64], stream: int | npt.NDArray[np.int64]) -> Draw:
        """The rows at ``places``, drawn from another stream."""
        return replace(
            self,
            row_ids=self.row_ids[places],
            conditions=None if self.conditions is None else self.conditions.take(pa.array(places)),
            numbers=None if self.numbers is None else self.numbers[places],
            stream=stream,
        )
