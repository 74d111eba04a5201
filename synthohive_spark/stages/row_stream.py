"""A stream of a model's rows, so many a second: a row's number is the offset, so that none comes twice or is lost."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxRows, SupportsTriggerAvailableNow

from synthohive_spark.stages.row_source import ranges

_ROW = "row"


@dataclass
class RowStream(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads rows as they fall due, from where the query stopped on; while it does not run, none falls due.

    Attributes:
        blob: A `RowSource`, pickled by value.
        rows: After how many the stream ends; None for never.
        per_second: Rows that fall due in a second.
        per_trigger: Most rows of a micro-batch.
        parts: Tasks that draw a micro-batch.
        clock: Seconds since any moment.
    """

    blob: bytes
    rows: int | None
    per_second: float
    per_trigger: int
    parts: int
    clock: Callable[[], float] = time.monotonic
    _begun: tuple[int, float] | None = None
    _all_due: bool = False

    def initialOffset(self) -> dict[str, int]:
        """The first row of a new query."""
        return {_ROW: 0}

    def getDefaultReadLimit(self) -> ReadLimit:
        """The most rows of a micro-batch."""
        return ReadMaxRows(self.per_trigger)

    def prepareForTriggerAvailableNow(self) -> None:
        """Let all rows fall due at once."""
        if self.rows is None:
            raise ValueError("a stream of synthetic rows has no end for trigger(availableNow=True): set option 'rows'")
        self._all_due = True

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:
        """The row before which a micro-batch ends that begins with ``start``."""
        first = start[_ROW]
        if self._begun is None:
            self._begun = first, self.clock()
        begin, since = self._begun
        due = begin + int((self.clock() - since) * self.per_second)
        if self.rows is not None:
            due = self.rows if self._all_due else min(due, self.rows)
        if isinstance(limit, ReadMaxRows):
            due = min(due, first + limit.max_rows)
        return {_ROW: max(first, due)}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> list[InputPartition]:
        """The numbers that each task draws."""
        return ranges(start[_ROW], end[_ROW], self.parts) if end[_ROW] > start[_ROW] else []

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """The rows of a part."""
        yield from pickle.loads(self.blob).batches(*partition.value)
