"""Columns of a pandas DataFrame in the package's types, and back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.errors import ConstraintViolationError, SchemaError, shortened
from synthohive_spark.local.ways_out import require_names, way_out
from synthohive_spark.logs import get_logger

_NAMES = {
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.date32(): "date",
}
_EXACT = 2.0**53
_LONGEST_VALUE = 60
_log = get_logger(__name__)


def learnable(pdf: pd.DataFrame, left_out: set[str]) -> tuple[pa.Table, tuple[Column, ...]]:
    """The rows and columns of a DataFrame without some columns; a `SchemaError` names what cannot be learned."""
    arrays, columns = [], []
    require_names(pdf.columns)
    for name in pdf.columns:
        if name in left_out:
            continue
        array, type_ = arrow_of(pdf[name])
        arrays.append(array)
        columns.append(Column(name, type_))
    return pa.table(arrays, names=[c.name for c in columns]), tuple(columns)


def arrow_of(values: pd.Series[Any]) -> tuple[pa.Array, ColumnType]:
    """A pandas column in the nearest type the package learns."""
    array = _read(values)
    kind = array.type
    if pa.types.is_null(kind):
        array, kind = array.cast(pa.string()), pa.string()
    if pa.types.is_floating(kind) and array.null_count and _are_whole(array):
        array, kind = array.cast(pa.int64()), pa.int64()  # what pandas makes of integers where some are missing
    if pa.types.is_unsigned_integer(kind) and len(array) and (pc.max(array).as_py() or 0) >= 1 << 63:
        way = f"make it text by df[{values.name!r}].astype(str), or exclude it"
        raise SchemaError(f"column {values.name!r} holds whole numbers of 2**63 and more; {way}")
    if pa.types.is_timestamp(kind):
        _warn_of_nanoseconds(values.name, array)
        type_ = ColumnType("timestamp_ntz" if kind.tz is None else "timestamp")
    elif pa.types.is_decimal128(kind):
        type_ = ColumnType("decimal", precision=kind.precision, scale=kind.scale)
    elif pa.types.is_unsigned_integer(kind):
        type_ = ColumnType("bigint")
    elif kind in _NAMES:
        type_ = ColumnType(_NAMES[kind])
    else:
        raise _unlearnable(values)
    return array.cast(type_.arrow, safe=False), type_


def _read(values: pd.Series[Any]) -> pa.Array:
    """A pandas column in Arrow, categories as their values."""
    if isinstance(values.dtype, pd.SparseDtype):
        raise _unlearnable(values)
    try:
        array = pa.array(values, from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(
            f"column {values.name!r} holds values of several types; make them one type, such as by {way_out(values)}"
        ) from error
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _unlearnable(values) from error
    if pa.types.is_date(array.type) and any(isinstance(v, datetime.datetime) for v in values.dropna().array):
        way = f"pd.to_datetime(df[{values.name!r}])"
        raise SchemaError(f"column {values.name!r} holds dates and times; make them one type, such as by {way}")
    return array


def _unlearnable(values: pd.Series[Any]) -> SchemaError:
    return SchemaError(
        f"column {values.name!r} of type {values.dtype} cannot be learned; make it one that can, such as by "
        f"{way_out(values)}, or exclude it"
    )


def given_values(values: pd.Series[Any], column: Column, setting: str) -> pa.Array:
    """The values of a column that a user gives, in its learned type: numbers by value, anything else by type.

    Raises:
        SchemaError: If one of them is no value of the learned type.
    """
    array, type_ = arrow_of(values)
    learned = column.type
    alike = learned.holds(type_) or (learned.is_number and type_.is_number) or array.null_count == len(array)
    if not alike:
        raise SchemaError(f"{setting} gives {column.name!r} as {type_}, but it was learned as {learned}; cast it")
    try:
        return array.cast(learned.arrow)
    except pa.ArrowInvalid as error:
        wrong = next((repr(v.as_py()) for v in array if not _is_of(v, learned.arrow)), "a value")
        raise SchemaError(
            f"{setting} gives {column.name!r} as {type_} with {shortened(wrong, _LONGEST_VALUE)}, which is no value of "
            f"{learned}, as it was learned; correct it, or cast the column"
        ) from error


def _is_of(value: pa.Scalar, type_: pa.DataType) -> bool:
    try:
        value.cast(type_)
    except pa.ArrowInvalid:
        return False
    return True


def _warn_of_nanoseconds(name: Any, values: pa.Array) -> None:
    if values.type.unit == "ns" and pc.any(pc.not_equal(pc.nanosecond(values), 0)).as_py():
        _log.warning("nanoseconds_dropped", column=name, reason="times are learned to the microsecond, as in Spark")


def _are_whole(values: pa.Array) -> bool:
    """Whether all floats are whole numbers that integers hold exactly."""
    present = values.drop_null().to_numpy()
    return bool(len(present)) and bool((np.abs(present) < _EXACT).all() and (present == np.floor(present)).all())


def series_of(values: pa.ChunkedArray | pa.Array) -> pd.Series[Any]:
    """Values as pandas holds them in Arrow."""
    chunked = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    return pd.Series(pd.array(chunked, dtype=pd.ArrowDtype(values.type)))


def restore(values: pd.Series[Any], dtype: str | None) -> pd.Series[Any]:
    """The values in the dtype that the learned column had."""
    arrow = values.array._pa_array if hasattr(values.array, "_pa_array") else pa.chunked_array([pa.array(values)])
    plain: pd.Series[Any] = arrow.to_pandas()
    if dtype is None or str(plain.dtype) == dtype:
        return plain
    if str(values.dtype) == dtype:
        return values
    if dtype == "object":
        # Integers beside None would come as floats.
        return pd.Series(arrow.to_pylist(), dtype=object) if pa.types.is_integer(arrow.type) else plain.astype(object)
    whole = dtype.startswith(("int", "uint")) or dtype[0].isupper()
    try:
        return (values if whole else plain).astype(dtype)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        raise ConstraintViolationError(
            f"column {values.name!r}: a generated value cannot be cast back to {dtype}: {error}"
        ) from error


def check_dtypes(dtypes: Mapping[str, str], types: Mapping[str, pa.DataType]) -> None:
    """Check that the dtypes that were read from files are those of columns of these types.

    Raises:
        ValueError: If one is of no column, or none that a column of a DataFrame has; whatever else is raised says that
            a column of such a type cannot have it.
    """
    check_loaded(dtypes, Mapping[str, str], "dtypes")
    for name, dtype in dtypes.items():
        if name not in types:
            raise ValueError(f"a dtype is of {name!r}, which is no column")
        found = pd.api.types.pandas_dtype(dtype)
        if isinstance(found, np.dtype) and found.kind in "SUV" and found.itemsize:
            raise ValueError(f"{dtype!r} is no dtype that pandas keeps")
        restore(series_of(pa.array([], types[name])), dtype)
