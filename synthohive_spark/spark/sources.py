"""A table from wherever a user has it: a DataFrame, a catalog table, or a path."""

from __future__ import annotations

import os
import re
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.names import has_quoted_part
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.tables import read_table

_PATH = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|.*[/\\]", re.DOTALL)
_FORMATS = ("delta", "parquet")


def is_path(source: Any) -> bool:
    """Whether ``source`` is a path rather than a table name: it has a slash, or begins with a scheme."""
    if isinstance(source, str):
        return _PATH.match(source) is not None and not has_quoted_part(source)
    return isinstance(source, os.PathLike)


def as_frame(spark: SparkSession, source: Any) -> DataFrame:
    """The rows of ``source``.

    Args:
        spark: The session.
        source: A DataFrame; a table name of one to three parts (a string, or a list of them); or a path, read as Delta
            where a Delta table lies there, else as Parquet.

    Raises:
        SchemaError: If it is none of these, or there is no such table.
    """
    if is_path(source):
        return _at(spark, os.fspath(source))
    if isinstance(source, str | list | tuple):
        return read_table(spark, source)
    if hasattr(source, "sparkSession") and hasattr(source, "schema"):  # classic and Connect frames are of two classes
        return source  # type: ignore[no-any-return]
    raise SchemaError(f"a table is a DataFrame, a table name or a path; got {type(source).__name__}")


def _at(spark: SparkSession, path: str) -> DataFrame:
    reasons = []
    for name in _FORMATS:
        try:
            frame = spark.read.format(name).load(path)
            frame.schema  # noqa: B018  (Connect finds out only when it is asked)
        except PySparkException as error:
            reasons.append(f"not as {name} ({first_line(error)})")
        else:
            return frame
    raise SchemaError(f"path {path!r} cannot be read, {', '.join(reasons)}; give a Delta or a Parquet table")
