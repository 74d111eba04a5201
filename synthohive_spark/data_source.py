"""``spark.read.format("synthohive")``: the rows of a saved model as a data source, for SQL, Connect and pipelines."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from synthohive_spark.declarations.hints import nearest, whole_number
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.errors import SchemaError
from synthohive_spark.model_directory.pointer import read_pointer
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.relational.database_files import read_database
from synthohive_spark.spark.generation import pickled_by_value
from synthohive_spark.spark.schema import struct_field
from synthohive_spark.spark.xxhash import xxhash64
from synthohive_spark.stages.model import SynthesizerTransformerModel

NAME = "synthohive"
_OPTIONS = ("model", "table", "rows", "seed", "partitions")
_BATCH = 8_192
_PARTITION_ROWS, _MOST_PARTITIONS = 50_000, 200


def register_data_source(spark: SparkSession) -> None:
    """Make ``spark.read.format("synthohive")`` known to a session, and ``CREATE TABLE ... USING synthohive`` with it.

    Options: ``model``, a model directory; ``rows``, how many; ``seed``, which fixes them; ``partitions``, as many tasks
    draw them (one for 50,000 rows when not given); ``table``, a table of a database's model, one whose rows follow from
    no other's. The rows are those of ``SynthesizerTransformerModel.sample(rows, seed)``, drawn as Arrow batches. The
    driver's Python reads the model; executors need numpy and Arrow alone.

    Args:
        spark: The session.
    """
    spark.dataSource.register(SyntheticRows)


class SyntheticRows(DataSource):
    """The data source; see `register_data_source`."""

    @classmethod
    def name(cls) -> str:
        """By which it is asked for."""
        return NAME

    def schema(self) -> T.StructType:
        """That of the learned table."""
        return T.StructType([struct_field(column) for column in self._source.columns])

    def reader(self, schema: T.StructType) -> DataSourceReader:
        """What draws the rows."""
        n = self._rows
        likely = min(max(-(-n // _PARTITION_ROWS), 1), _MOST_PARTITIONS)
        partitions = whole_number(self._number("partitions", likely), "partitions", least=1)
        return _reader(pickled_by_value(self._source), n, partitions)

    @cached_property
    def _source(self) -> RowSource:
        options: Mapping[str, str] = self.options
        for name in options:
            if name.lower() not in _OPTIONS:
                raise SchemaError(f"there is no option {name!r}{nearest(name, _OPTIONS)}")
        if not options.get("model"):
            raise SchemaError('the data source needs the option "model", a model directory')
        model = _model(options["model"], options.get("table"))
        model.check_no_conditions()
        model.check_rows(self._rows)
        return RowSource.of(model, self._number("seed", 0))

    @property
    def _rows(self) -> int:
        return whole_number(self._number("rows"), "rows", least=0)

    def _number(self, name: str, default: int | None = None) -> int:
        text = self.options.get(name)
        if text is None:
            if default is None:
                raise SchemaError(f"the data source needs the option {name!r}, a whole number")
            return default
        try:
            return int(text)
        except ValueError as error:
            raise SchemaError(f"option {name!r} must be a whole number, got {text!r}") from error


def _model(path: str, table: str | None) -> SynthesizerTransformerModel:
    """The model of a directory, or of one table of a database's."""
    if "tables" not in read_pointer(Folder.at(path)):
        if table is not None:
            raise SchemaError(f"option 'table' is for the model of a database; {path!r} holds a single table")
        return SynthesizerTransformerModel.load(path)
    models, linked, _ = read_database(path)
    alone = [name for name in models if linked[name].owner is None and not linked[name].references]
    if table is None or table not in linked:
        wrong = "it needs the option 'table'" if table is None else f"there is no table {table!r}"
        raise SchemaError(f"{path!r} is the model of a database: {wrong}{nearest(table or '', linked)}")
    if table not in alone:
        raise SchemaError(
            f"rows of {table!r} go with those of other tables: load the model with Synthesizer.load and call sample; "
            f"by themselves can be drawn: {', '.join(alone) or 'none'}"
        )
    return models[table]


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
        """The rows of a model."""
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


def _reader(blob: bytes, rows: int, partitions: int) -> DataSourceReader:
    """A reader that travels by value, to executors without this package."""

    class Reader(DataSourceReader):
        def partitions(self) -> Sequence[InputPartition]:
            return [InputPartition((rows * i // partitions, rows * (i + 1) // partitions)) for i in range(partitions)]

        def read(self, partition: InputPartition) -> Iterator[Any]:
            yield from pickle.loads(blob).batches(*partition.value)

    return Reader()
