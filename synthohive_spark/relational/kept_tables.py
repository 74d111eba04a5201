"""Tables that are taken over as they are: their rows, and how many rows refer to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.names import count_name
from synthohive_spark.engine.families.numbers import Numbers
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.relational.training_frames import TrainingFrames, hash_name
from synthohive_spark.spark.schema import col
from synthohive_spark.spark.training_data import canonical_order

LARGEST_KEPT = 100_000


@dataclass(frozen=True)
class KeptRows:
    """The rows of a table that is taken over as it is.

    Attributes:
        rows: The rows.
        hashes: By key columns, the hash of each row's key.
    """

    rows: pa.Table
    hashes: Mapping[tuple[str, ...], Numbers]

    @classmethod
    def of(cls, name: str, frame: DataFrame, columns: Sequence[Column], keys: Sequence[tuple[str, ...]]) -> KeptRows:
        """Bring the rows to the driver.

        Raises:
            SchemaError: If there are more than `LARGEST_KEPT`.
        """
        hashes = list(dict.fromkeys(keys))
        wanted = [col(c.name).alias(f"c{i}") for i, c in enumerate(columns)]
        wanted += [col(hash_name(k)).alias(f"h{i}") for i, k in enumerate(hashes)]
        table = canonical_order(frame.select(*wanted).limit(LARGEST_KEPT + 1).toArrow())
        if table.num_rows > LARGEST_KEPT:
            raise SchemaError(f"table {name!r} has more than {LARGEST_KEPT:,} rows, too many to be taken over (keep)")
        rows = pa.table(
            [table.column(f"c{i}").cast(c.type.arrow) for i, c in enumerate(columns)], names=[c.name for c in columns]
        )
        return cls(rows, {k: one_array(table.column(f"h{i}")).fill_null(0).to_numpy() for i, k in enumerate(hashes)})

    def places(self, columns: tuple[str, ...], keys: pa.Array) -> npt.NDArray[np.int64]:
        """The place of the row with each key; -1 where there is none."""
        order = np.argsort(self.hashes[columns])
        ordered = self.hashes[columns][order]
        wanted = keys.fill_null(0).to_numpy()
        at = np.minimum(np.searchsorted(ordered, wanted), max(len(ordered) - 1, 0))
        found = (ordered[at] == wanted) & ~null_mask(keys) if len(ordered) else np.zeros(len(wanted), bool)
        return np.where(found, order[at] if len(ordered) else 0, -1)


def kept_table(name: str, kept: KeptRows, frames: TrainingFrames, pk: tuple[str, ...]) -> LinkedTable:
    """A table that is taken over: its rows, and how many rows refer to each."""
    rows, own = kept.rows, frames.tables[name]
    counted = frames.counted(name)
    if counted:
        hashes = [link.parent_columns for _, link in counted]
        names = [count_name(child, link.columns) for child, link in counted]
        found = frames.with_counts(own.frame, name).select(
            *[col(hash_name(k)).alias(f"h{i}") for i, k in enumerate(hashes)],
            *[col(n).alias(f"n{i}") for i, n in enumerate(names)],
        )
        table = found.toArrow()
        for i, (key, count) in enumerate(zip(hashes, names, strict=True)):
            places = kept.places(key, table.column(f"h{i}").combine_chunks())
            counts = np.zeros(rows.num_rows, np.int64)
            counts[places] = table.column(f"n{i}").to_numpy()
            rows = rows.append_column(count, pa.array(counts))
    return LinkedTable(
        columns=own.output,
        pk=pk,
        rows=rows.num_rows,
        counted=tuple((child, link.columns) for child, link in counted),
        kept=rows,
    )
