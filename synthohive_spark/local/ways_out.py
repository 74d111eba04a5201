"""What to do about columns and tables of pandas that cannot be learned as they are."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pandas as pd

from synthohive_spark.errors import SchemaError

_COMPLEX = "np.real({0}) and np.imag({0}), a column each"
_OBJECTS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((bytes, bytearray, memoryview), "{0}.map(bytes.hex)"),
    (datetime.timedelta, "pd.to_timedelta({0}).dt.total_seconds()"),
    ((datetime.time, uuid.UUID), "{0}.astype(str)"),
    ((list, tuple, dict), "{0}.map(json.dumps)"),
    (complex, _COMPLEX),
    (str, "{0}.str.encode('utf-8', 'replace').str.decode('utf-8')"),
)
_KINDS = {"m": "{0}.dt.total_seconds()", "c": _COMPLEX, "f": "{0}.astype('float64')"}
"""By the kind of a dtype."""
_NUMBERS = (bool, int, float, decimal.Decimal)
_LARGEST = 1 << 63


def way_out(values: pd.Series[Any]) -> str:
    """How a column may be made one that can be learned, as a line of code."""
    dtype = values.dtype
    present = [v for v in values.array if v is not None] if dtype.kind == "O" else []
    if isinstance(dtype, pd.SparseDtype):
        way = "{0}.sparse.to_dense()"
    elif present:
        way = _way_of_objects(present)
    else:
        way = _KINDS.get(dtype.kind, "{0}.astype(str)")
    return way.format(f"df[{values.name!r}]")


def _way_of_objects(values: list[Any]) -> str:
    for kind, way in _OBJECTS:
        if all(isinstance(v, kind) for v in values):
            return way
    large = any(isinstance(v, int) and not -_LARGEST <= v < _LARGEST for v in values)
    return "{0}.astype(float)" if not large and all(isinstance(v, _NUMBERS) for v in values) else "{0}.astype(str)"


def require_frame(pdf: Any, setting: str) -> None:
    """What is to be learned, or given, must be a DataFrame of pandas.

    Raises:
        SchemaError: If it is not, with what makes it one.
    """
    if isinstance(pdf, pd.DataFrame):
        return
    if isinstance(pdf, pd.Series):
        way = "series.to_frame('name')"
    elif hasattr(pdf, "toPandas"):
        way = "df.toPandas(), or SynthesizerTransformer, which learns it in Spark"
    elif hasattr(pdf, "to_pandas"):
        way = "table.to_pandas()"
    else:
        way = "pd.DataFrame(values, columns=[...])"
    raise SchemaError(f"{setting} needs a DataFrame of pandas, got {type(pdf).__name__}: give it {way}")


def require_names(columns: pd.Index[Any]) -> None:
    """The names of columns must be strings, each of one column.

    Raises:
        SchemaError: If they are not.
    """
    if isinstance(columns, pd.MultiIndex):
        way = "df.columns = ['_'.join(map(str, c)) for c in df.columns]"
        raise SchemaError(f"names of columns have {columns.nlevels} levels; make them one, such as by {way}")
    wrong = [name for name in columns if not isinstance(name, str)]
    doubled = columns[columns.duplicated()].unique().tolist()
    if wrong or doubled:
        problem = f"are no strings: {wrong[:5]!r}" if wrong else f"come twice: {doubled[:5]!r}"
        raise SchemaError(f"names of columns {problem}; rename them, such as by df.columns = [f'c{{i}}' for i in ...]")
