"""Drawing rows on the executors: a lazy plan round one function that carries the model.

What travels needs numpy, pandas and pyarrow on the executors, and neither torch nor this package: the package's
functions and classes are pickled by value.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark import cloudpickle
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.sampling.cases import Cases
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.engine.sampling.valid import sample_valid
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import quote, restored, spark_type

LARGEST_CLOSURE = 32 * 2**20
_ROW = "__synthohive_row"
_CONDITION = "__synthohive_condition_"
_PACKAGE = sys.modules[__name__.partition(".")[0]]
_by_value = threading.Lock()


def generate(
    df: DataFrame,
    generator: RowGenerator,
    *,
    row_id: Expression,
    passthrough: Sequence[str] = (),
    seed: int,
    number: Expression | None = None,
    redraw: Mapping[str, Constraint] | None = None,
    given: Sequence[str] = (),
    cases: Cases | None = None,
) -> DataFrame:
    """One synthetic row for each row of ``df``; starts no job and asks for no analysis.

    Args:
        df: The rows to draw for, with the given columns.
        generator: Draws the rows.
        row_id: Identifies a row of ``df``, any type; equal ids with equal conditions give equal rows.
        passthrough: Columns of ``df`` to put before the learned ones, as they are.
        seed: The sampling seed.
        number: A whole number from 0 on that no two rows share, from which unique values are made; without it, unique
            columns hold values that are only unlikely to meet.
        redraw: Constraints that a row is drawn again for, a bounded number of times, until it keeps them.
        given: Names of the learned columns that ``df`` gives, the generator's condition columns among them.
        cases: What rows are given by their ``number``, in place of ``given``.

    Returns:
        The passthrough columns, then the learned columns in learned order, given ones among them.

    Raises:
        SchemaError: If a passthrough column is named twice or is also a learned column.
    """
    check_passthrough(passthrough, generator.columns)
    own = [c for c in generator.columns if c.name in given]
    places = {c.name: i for i, c in enumerate(own)}
    wanted = [c for c in generator.columns if c.name not in given]
    made = {c.name: i for i, c in enumerate(wanted)}
    work = _Work(generator, seed, dict(redraw or {}), own, wanted, cases=cases)
    function = drawing_function(df.sparkSession, work, wanted)
    drawn = df.select(
        *[F.col(quote(name)) for name in passthrough],
        *[_learned(c).alias(f"{_CONDITION}{i}") for i, c in enumerate(own)],
        function(_seat(row_id, number, own)).alias(_ROW),
    )
    learned = [
        restored(F.col(f"{_ROW}.c{made[c.name]}"), c)
        if c.name in made
        # A given value is copied as it is, so that its column may hold a null wherever the seats do.
        else restored(F.col(f"{_CONDITION}{places[c.name]}"), Column(c.name, c.type))
        for c in generator.columns
    ]
    return drawn.select(*[F.col(quote(name)) for name in passthrough], *learned)


def fill_nulls(
    df: DataFrame, generator: RowGenerator, *, row_id: Expression, seed: int, fill: Sequence[str]
) -> DataFrame:
    """``df`` with a drawn value for each null in the columns ``fill``; starts no job and asks for no analysis.

    Args:
        df: Rows with all learned columns, and any others.
        generator: Draws the values, each given what its row holds.
        row_id: Identifies a row of ``df``, any type.
        seed: The sampling seed.
        fill: Names of learned columns.
    """
    wanted = [c for c in generator.columns if c.name in fill]
    work = _Work(generator, seed, {}, generator.columns, wanted, frozenset(fill))
    function = drawing_function(df.sparkSession, work, wanted)
    drawn = df.select("*", function(_seat(row_id, None, generator.columns)).alias(_ROW))
    filled = {c.name: F.coalesce(F.col(quote(c.name)), F.col(f"{_ROW}.c{i}")) for i, c in enumerate(wanted)}
    return drawn.withColumns(filled).drop(_ROW)


def key_values(spark: SparkSession, codec: Codec, column: Column, number: Expression) -> Expression:
    """The values that a codec of unique values makes of numbers."""
    made: Expression = drawing_function(spark, _Keys(codec), [column])(F.struct(number.cast("bigint").alias("number")))
    return made["c0"]


class _Keys:
    """Numbers to keys."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """See `Work.draw`."""
        return map(self._drawn, batches)

    def _drawn(self, batch: pd.DataFrame) -> pd.DataFrame:
        numbers = batch["number"].to_numpy(np.int64).view(np.uint64)
        codes = np.full(len(numbers), self.codec.size - 1, np.int32)  # never that of null
        values = self.codec.decode(codes, np.full(len(numbers), 0.5, np.float32), numbers[:, None])
        return pd.DataFrame({"c0": pd.Series(pd.arrays.ArrowExtensionArray(values))})


def _seat(row_id: Expression, number: Expression | None, given: Sequence[Column]) -> Expression:
    """What the function reads of a row: its id, its number, what it gives."""
    return F.struct(
        F.xxhash64(row_id).alias("id"),
        *([] if number is None else [number.cast("bigint").alias("number")]),
        *[as_text(_learned(c), c).alias(f"c{i}") for i, c in enumerate(given)],
    )


def check_passthrough(passthrough: Sequence[str], learned: Sequence[Column]) -> None:
    """A `SchemaError` if a passthrough column is named twice or is also a learned column."""
    taken = {c.name.casefold() for c in learned}
    for name in passthrough:
        if name.casefold() in taken:
            raise SchemaError(
                f"passthrough column {name!r} is also in the output as a learned or an earlier column; "
                f"rename it or take it out of passthroughCols"
            )
        taken.add(name.casefold())


def _learned(column: Column) -> Expression:
    """A condition column of the seats in its learned type."""
    return F.col(quote(column.name)).cast(spark_type(column.type))


def as_text(value: Expression, column: Column) -> Expression:
    """A condition of that column's type on its way to Python, as text.

    pandas would turn nullable integers into floats and cut instants to its own range; text keeps all of them.
    """
    if column.type.is_string:
        return value
    return (F.unix_micros(value) if column.type.name == "timestamp" else value).cast("string")


class Work(Protocol):
    """What draws rows on the executors."""

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """For each batch of seats, of columns named by what they are, a batch of as many rows, ``c0``, ``c1``, ..."""
        ...


def drawing_function(spark: SparkSession, work: Work, columns: Sequence[Column]) -> Any:
    """The UDF that does ``work``, a batch of seats to a batch of rows: a struct to a struct ``c0``, ``c1`` and so on.

    Args:
        spark: The session.
        work: Travels to the executors, by value.
        columns: What it makes.
    """
    blob = pickled_by_value(work)
    artifact = _shipped(spark, blob) if len(blob) > LARGEST_CLOSURE else None
    shell = _shell(None if artifact else blob, artifact)
    shell.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.DataFrame]}
    # Fields must be nullable, or the declared type does not match the Arrow batches that come back.
    fields = [T.StructField(f"c{i}", spark_type(c.type), True) for i, c in enumerate(columns)]
    udf: Any = F.pandas_udf(shell, returnType=T.StructType(fields))  # type: ignore[attr-defined]
    return udf.asNondeterministic()


def _shell(blob: bytes | None, artifact: str | None) -> Callable[..., Any]:
    """A function that needs nothing but the standard library, pyspark and its bytes to be unpickled."""

    def draw(batches):  # type: ignore[no-untyped-def]
        import pickle  # noqa: PLC0415

        if artifact is not None:
            from pyspark import SparkFiles  # noqa: PLC0415

            with open(SparkFiles.get(artifact), "rb") as file:
                work = pickle.load(file)
        else:
            work = pickle.loads(blob or b"")
        yield from work.draw(batches)

    return draw


class _Work:
    """A batch of ids and conditions to a batch of rows."""

    def __init__(
        self,
        generator: RowGenerator,
        seed: int,
        redraw: dict[str, Constraint],
        given: Sequence[Column],
        wanted: Sequence[Column],
        fill: frozenset[str] = frozenset(),
        cases: Cases | None = None,
    ) -> None:
        self.generator = generator
        self.seed = seed
        self.redraw = redraw
        self.given, self.wanted = tuple(given), tuple(wanted)
        self.fill, self.cases = fill, cases

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """See `Work.draw`."""
        return map(self._drawn, batches)

    def _drawn(self, batch: pd.DataFrame) -> pd.DataFrame:
        arrays = [from_text(batch[f"c{i}"], c.type.name, c.type.arrow) for i, c in enumerate(self.given)]
        conditions = pa.table(arrays, names=[c.name for c in self.given]) if arrays else None
        numbers = batch["number"].to_numpy(np.int64) if "number" in batch else None
        draw = Draw(batch["id"].to_numpy(np.int64), self.seed, conditions, numbers=numbers, fill=self.fill)
        if self.cases is not None and numbers is not None:
            rows = self.cases.sample(self.generator, draw, numbers, self.redraw)
        else:
            rows = sample_valid(self.generator, draw, self.redraw)
        return pd.DataFrame(
            {
                f"c{i}": pd.Series(pd.arrays.ArrowExtensionArray(one_array(rows.column(c.name))))
                for i, c in enumerate(self.wanted)
            }
        )


def from_text(values: Any, name: str, type_: pa.DataType) -> pa.Array:
    """What `as_text` was given: values of the Spark type ``name``, in its Arrow type."""
    text = pa.array(values, pa.string(), from_pandas=True)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    return (text.cast(pa.int64()) if name == "timestamp" else text).cast(type_)


def pickled_by_value(value: Any) -> bytes:
    """``value`` as bytes that can be unpickled where this package is not installed."""
    with _by_value, io.BytesIO() as file:
        registered = _PACKAGE.__name__ not in cloudpickle.list_registry_pickle_by_value()
        if registered:
            cloudpickle.register_pickle_by_value(_PACKAGE)
        try:
            _Pickler(file).dump(value)
        finally:
            if registered:
                cloudpickle.unregister_pickle_by_value(_PACKAGE)
        return file.getvalue()


class _Pickler(cloudpickle.Pickler):
    """Also takes by value what cloudpickle leaves to its name or refuses: cached functions and cached properties."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, functools._lru_cache_wrapper):
            return functools.lru_cache(**obj.cache_parameters()), (obj.__wrapped__,)
        if isinstance(obj, functools.cached_property):
            return _cached_property, (obj.func, obj.attrname)
        return super().reducer_override(obj)


def _cached_property(function: Callable[[Any], Any], name: str) -> functools.cached_property[Any]:
    made = functools.cached_property(function)
    made.attrname = name
    return made


def _shipped(spark: SparkSession, blob: bytes) -> str:
    """Hand ``blob`` to every executor as a file and return its name there.

    A file that was handed out cannot be replaced, so its content is in its name.
    """
    name = f"synthohive-{hashlib.sha256(blob).hexdigest()[:24]}.bin"
    folder = os.path.join(tempfile.gettempdir(), f"synthohive-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(blob)
        os.replace(file.name, path)
    spark.addArtifact(path, file=True)
    return name
