"""Rows of a model by their numbers, in Arrow batches: for data sources, which draw them without a DataFrame."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, InputPartition

from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.spark.xxhash import xxhash64
from synthohive_spark.stages.model import SynthesizerTransformerModel

_BATCH = 8_192


@dataclass(frozen=True)
class RowSource:
    """Draws rows by their numbers, wherever numpy and Arrow are.

    Attributes:
        columns: All columns that come out.
        generator: Draws those that were learned.
        key: The row id, where there is one, which is numbered.
        seed: Fixes the rows.
    """

    columns: tuple[Column, ...]
    generator: RowGenerator
    key: Column | None
    seed: int

    @classmethod
    def of(cls, model: SynthesizerTransformerModel, seed: int) -> RowSource:
        """The rows of a model, those of `SynthesizerTransformerModel.sample` with this seed."""
        columns, key = list(model.columns), model.id_column
        if key is not None:
            columns.insert(key.place, key.column)
        return cls(tuple(columns), model.table_model.generator, None if key is None else key.column, seed)

    def batches(self, start: int, stop: int) -> Iterator[pa.RecordBatch]:
        """The rows of numbers from ``start`` to before ``stop``."""
        schema = pa.schema([pa.field(c.name, c.type.arrow, c.nullable) for c in self.columns])
        for first in range(start, stop, _BATCH):
            numbers = np.arange(first, min(stop, first + _BATCH))
            keys = pa.array(numbers)
            if self.key is not None:
                codec = SequenceCodec(self.key.type)
                blank = np.zeros(len(numbers), np.int32), np.zeros(len(numbers), np.float32)
                keys = codec.decode(*blank, numbers.astype(np.uint64)[:, None])
            rows = self.generator.sample(Draw(xxhash64(keys), self.seed, numbers=numbers))
            made = [keys if c == self.key else rows.column(c.name).combine_chunks() for c in self.columns]
            yield pa.RecordBatch.from_arrays(made, schema=schema)


def ranges(start: int, stop: int, parts: int) -> list[InputPartition]:
    """The numbers from ``start`` to before ``stop`` in so many parts of about one size."""
    rows = stop - start
    return [InputPartition((start + rows * i // parts, start + rows * (i + 1) // parts)) for i in range(parts)]


@dataclass
class RowReader(DataSourceReader):
    """Reads a number of rows.

    Attributes:
        blob: A `RowSource`, pickled by value.
        rows: How many; None where the user did not say.
        parts: Tasks that draw them.
    """

    blob: bytes
    rows: int | None
    parts: int

    def partitions(self) -> list[InputPartition]:
        """The numbers that each task draws."""
        if self.rows is None:
            raise ValueError("the data source needs the option 'rows', a whole number")
        return ranges(0, self.rows, self.parts)

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """The rows of a part."""
        yield from pickle.loads(self.blob).batches(*partition.value)
