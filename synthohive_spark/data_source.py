"""``spark.read.format("synthohive")``: the rows of a saved model as a data source, for SQL, Connect and pipelines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import types as T
from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader

from synthohive_spark.declarations.hints import nearest, whole_number
from synthohive_spark.errors import SchemaError
from synthohive_spark.model_directory.pointer import read_pointer
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.relational.database_files import read_database
from synthohive_spark.spark.generation import pickled_by_value
from synthohive_spark.spark.schema import struct_field
from synthohive_spark.stages.model import SynthesizerTransformerModel
from synthohive_spark.stages.row_source import RowReader, RowSource

_OPTIONS = ("model", "table", "rows", "seed", "partitions", "rowsPerSecond", "maxRowsPerTrigger")
_OF_TABLES = "provider"
"""An option that Spark gives where a table is made."""
_PARTITION_ROWS, _MOST_PARTITIONS = 50_000, 200
_PER_TRIGGER = 100_000


def register_data_source(spark: SparkSession) -> None:
    """Make ``spark.read.format("synthohive")`` known to a session, and temporary views ``USING synthohive`` with it.

    Options: ``model``, a model directory; ``rows``, how many; ``seed``, which fixes them, 0 when not given;
    ``partitions``, as many tasks draw them (one for 50,000 rows when not given); ``table``, a table of a database's
    model, one whose rows follow from no other's. The rows are those of
    ``SynthesizerTransformerModel.sample(rows, seed)``, drawn as Arrow batches. ``spark.readStream`` takes
    ``rowsPerSecond`` (default 1) and ``maxRowsPerTrigger`` (default 100,000) as well, and there ``rows`` is where the
    stream ends, which is never, or where unique values end, when not given; streams need Spark 4.2.

    The model is read where Spark's driver runs, by the Python of its workers if that has this package, else by the one
    that calls this. Executors need numpy and Arrow alone.

    Args:
        spark: The session.
    """
    spark.dataSource.register(_source(sys.executable, os.pathsep.join(filter(None, sys.path))))


def prepared(options: Mapping[str, str]) -> dict[str, Any]:
    """What the data source needs to know of a model, as plain values: a schema, and what reads rows.

    Raises:
        SchemaError: If an option is missing, unknown or out of range.
        SerializationError: If there is no model, or it was altered.
    """
    known = {name.casefold(): name for name in _OPTIONS}
    if _OF_TABLES in options:
        raise SchemaError(
            "Spark keeps no options of a table that a Python data source fills, so it could not be read: give "
            "CREATE TEMPORARY VIEW in place of CREATE TABLE, or write the rows to a table"
        )
    given = {known.get(name.casefold(), name): value for name, value in options.items()}
    for name in given:
        if name not in _OPTIONS:
            raise SchemaError(f"there is no option {name!r}{nearest(name, _OPTIONS)}")
    if not given.get("model"):
        raise SchemaError('the data source needs the option "model", a model directory')
    model = _model(given["model"], given.get("table"))
    model.check_no_conditions()
    rows = _number(given, "rows", None, least=0)
    if rows is not None:
        model.check_rows(rows)
    source = RowSource.of(model, _number(given, "seed", 0) or 0)
    blob = pickled_by_value(source)
    parts = _number(given, "partitions", min(max(-(-(rows or 0) // _PARTITION_ROWS), 1), _MOST_PARTITIONS), least=1)
    return {
        "schema": T.StructType([struct_field(column) for column in source.columns]),
        "reader": pickled_by_value(RowReader(blob, rows, parts or 1)),
        "stream": _stream(given, blob, model.most_rows if rows is None else rows),
    }


def _stream(given: Mapping[str, str], blob: bytes, rows: int | None) -> bytes | None:
    """What reads a stream; None where Spark is too old."""
    try:
        from synthohive_spark.stages.row_stream import RowStream  # noqa: PLC0415
    except ImportError:
        return None
    per_trigger = _number(given, "maxRowsPerTrigger", _PER_TRIGGER, least=1) or 1
    parts = _number(given, "partitions", 1, least=1) or 1
    return pickled_by_value(RowStream(blob, rows, _number(given, "rowsPerSecond", 1, least=1) or 1, per_trigger, parts))


def _number(given: Mapping[str, str], name: str, default: int | None, least: int | None = None) -> int | None:
    text = given.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError as error:
        raise SchemaError(f"option {name!r} must be a whole number, got {text!r}") from error
    return number if least is None else whole_number(number, name, least=least)


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


def _source(python: str, path: str) -> type[DataSource]:
    """The data source as a class that travels by value: where it is unpickled, this package need not be.

    Args:
        python: An interpreter that has this package.
        path: Where that interpreter looks for modules.
    """
    ask = _asking(python, path)

    class SyntheticRows(DataSource):
        @classmethod
        def name(cls) -> str:
            return "synthohive"

        def schema(self) -> T.StructType:
            self._forget_idle_profilers()
            self._prepared: dict[str, Any] = self._prepare()
            schema: T.StructType = self._prepared["schema"]
            return schema

        def reader(self, schema: T.StructType) -> DataSourceReader:
            reader: DataSourceReader = self._unpickled("reader")
            return reader

        def streamReader(self, schema: T.StructType) -> DataSourceStreamReader:
            reader: DataSourceStreamReader = self._unpickled("stream")
            return reader

        def _unpickled(self, which: str) -> Any:
            import pickle  # noqa: PLC0415

            self._forget_idle_profilers()
            # Taken out, for this object goes to the executors beside the reader.
            made = self.__dict__.pop("_prepared", None) or self._prepare()
            if made[which] is None:
                raise ValueError("a stream of synthetic rows needs Spark 4.2")
            return pickle.loads(made[which])

        def _forget_idle_profilers(self) -> None:
            """Profilers that are off report empty accumulators, and ``spark-pipelines run`` fails at them."""
            from pyspark.accumulators import _accumulatorRegistry  # noqa: PLC0415

            for number in [number for number, own in _accumulatorRegistry.items() if own._value == {}]:
                del _accumulatorRegistry[number]

        def _prepare(self) -> dict[str, Any]:
            try:
                from synthohive_spark.data_source import prepared  # noqa: PLC0415
            except ImportError:
                return ask(self.options)
            return prepared(self.options)

    return SyntheticRows


def _asking(python: str, path: str) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """A function that has another interpreter call `prepared`, where this one has not the package; travels by value."""

    def ask(options: Mapping[str, str]) -> dict[str, Any]:
        import json  # noqa: PLC0415
        import os  # noqa: PLC0415
        import pickle  # noqa: PLC0415
        import subprocess  # noqa: PLC0415

        code = (
            "import json, pickle, sys; from synthohive_spark.data_source import prepared; "
            "sys.stdout.buffer.write(pickle.dumps(prepared(json.load(sys.stdin))))"
        )
        try:
            done = subprocess.run(
                [python, "-c", code],
                check=False,
                input=json.dumps(dict(options)).encode(),
                capture_output=True,
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError as error:
            raise RuntimeError(
                "the Python that Spark's driver starts has not the package synthohive_spark, which reads the model: "
                f"install it there ({python} cannot be run: {error})"
            ) from error
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        made: dict[str, Any] = pickle.loads(done.stdout)
        return made

    return ask
