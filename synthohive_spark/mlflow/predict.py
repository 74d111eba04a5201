"""Learned tables as MLflow's Python functions: seats in, rows out, as pandas DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synthohive_spark.declarations.hints import whole_number
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.errors import SchemaError
from synthohive_spark.local.pandas_columns import arrow_of
from synthohive_spark.mlflow.signature import ALL_SEATS
from synthohive_spark.model_directory.pointer import read_pointer
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.model_directory.table_files import checked_parts, read_table_model
from synthohive_spark.spark.xxhash import xxhash64

if TYPE_CHECKING:
    from synthohive_spark.synthesizer import Synthesizer

_DTYPES = {
    **{pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype()},
    **{pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()},
}


class TableRows:
    """Draws rows of a single table, without Spark.

    ``predict(seats)`` gives one row for each seat, as `SynthesizerTransformerModel.transform` does: what a seat holds
    of the learned columns is kept, and the row id, where there is one, fixes the row. ``predict(pd.DataFrame(),
    params={"n": 1000, "seed": 7})`` gives the rows of ``sample(1000, seed=7)``.
    """

    def __init__(self, path: str) -> None:
        self.model, metadata = read_table_model(path)
        with checked_parts("the row id of the model"):
            key = metadata["stage"]["id_column"]
            self.key = None if key is None else Column.from_json(key["column"])
            self.place = 0 if key is None else int(key["place"])

    def predict(self, model_input: pd.DataFrame | None, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of seats, or so many rows.

        Args:
            model_input: The seats: a row for each row that comes out. Other columns than learned ones are not read.
            params: ``seed`` fixes the rows, default 0; ``n`` draws so many, without seats.

        Raises:
            SchemaError: If seats and ``n`` are given, a condition is missing, or a value does not fit its column.
        """
        params = params or {}
        seed, n = int(params.get("seed") or 0), params.get("n")
        seats = pd.DataFrame() if model_input is None else model_input
        given = [c for c in self.model.columns if c.name in seats.columns]
        if n is None or n == ALL_SEATS:
            n = len(seats)
        elif given or (self.key is not None and self.key.name in seats.columns):
            raise SchemaError(f"n={n} rows were asked for beside seats: give one of the two")
        n = whole_number(n, "n", least=0)
        self.model.check_given([c.name for c in given], "the input")
        known = pa.table([_cast(seats, c) for c in given], names=[c.name for c in given]) if given else None
        numbers, ids = np.arange(n), self._ids(seats, n)
        numbered = self.key is None or self.key.name not in seats.columns
        draw = Draw(xxhash64(ids), seed, known, numbers=numbers if numbered else None)
        rows = self.model.generator.sample(draw)
        return _as_pandas(rows if self.key is None else rows.add_column(self.place, self.key.name, ids))

    def _ids(self, seats: pd.DataFrame, n: int) -> pa.Array:
        """What identifies the rows: the seats' own ids, or numbers from 0 on."""
        if self.key is None:
            return pa.array(np.arange(n))
        if self.key.name not in seats.columns:
            blank = np.zeros(n, np.int32), np.zeros(n, np.float32)
            return SequenceCodec(self.key.type).decode(*blank, np.arange(n, dtype=np.uint64)[:, None])
        ids = _cast(seats, self.key)
        if ids.null_count:
            raise SchemaError(
                f"the row id {self.key.name!r} of a seat is null; give each an id, or leave the column out"
            )
        return ids


class DatabaseRows:
    """Draws the tables of a database by Spark, and gives one of them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._loaded: Synthesizer | None = None

    def predict(self, model_input: pd.DataFrame | None, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a table.

        Args:
            model_input: How many ``rows`` of which ``table``, one in a row, as in `Synthesizer.sample`; the real sizes
                where it is empty.
            params: ``table``, the one that comes out; ``seed``, which fixes the rows, default 0.

        Raises:
            SchemaError: If a table is not learned, or none was named.
        """
        from synthohive_spark.synthesizer import Synthesizer as Loaded  # noqa: PLC0415  (tables alone need no Spark)

        params = params or {}
        if self._loaded is None:
            self._loaded = Loaded.load(self.path)
        rows = None
        if model_input is not None and len(model_input):
            rows = {str(name): int(n) for name, n in zip(model_input["table"], model_input["rows"], strict=True)}
        table = params.get("table") or next(iter(self._loaded.models))
        drawn = self._loaded.sample(rows, tables=[table], seed=int(params.get("seed") or 0))
        return _as_pandas(drawn[table].toArrow())


def _load_pyfunc(path: str) -> TableRows | DatabaseRows:
    """What MLflow calls for the Python function of a model that lies at ``path``."""
    return DatabaseRows(path) if "tables" in read_pointer(Folder.at(path)) else TableRows(path)


def _cast(seats: pd.DataFrame, column: Column) -> pa.Array:
    try:
        return arrow_of(seats[column.name])[0].cast(column.type.arrow)
    except pa.ArrowException as error:
        raise SchemaError(f"column {column.name!r} of the seats cannot be cast to {column.type}: {error}") from error


def _as_pandas(rows: pa.Table) -> pd.DataFrame:
    """Rows in the types of the signature: decimals as floats, dates as times, integers and flags that take nulls."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_decimal(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(pa.float64()))
    made: pd.DataFrame = rows.to_pandas(types_mapper=_DTYPES.get, date_as_object=False)
    return made
