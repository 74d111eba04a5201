"""Integers, dates and instants as 64-bit integers, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import ColumnType

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DAY = 86_400_000_000
"""Microseconds."""


def numbers_of(values: pa.ChunkedArray | pa.Array, type_: ColumnType) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Values as integers (days of dates, microseconds of instants), 0 where null, and where they are not null."""
    array = one_array(values) if isinstance(values, pa.ChunkedArray) else values
    valid = ~null_mask(array)
    whole = array.cast(pa.int32()) if type_.name == "date" else array
    return np.asarray(pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), np.int64), valid


def values_of(numbers: Numbers, valid: npt.NDArray[np.bool_], type_: ColumnType) -> pa.Array:
    """What `numbers_of` was given."""
    array = pa.array(numbers, pa.int64(), mask=~valid)
    if type_.name == "date":
        return array.cast(pa.int32()).cast(type_.arrow)
    return array.cast(type_.arrow)


def is_countable(type_: ColumnType) -> bool:
    """Whether values are integers, dates or instants."""
    return type_.is_integer or type_.is_temporal


def floats_of(values: pa.ChunkedArray, type_: ColumnType) -> Floats:
    """Values as floating point numbers, as `numbers_of` makes dates and instants, NaN where null."""
    if is_countable(type_):
        numbers, valid = numbers_of(values, type_)
        return np.where(valid, numbers.astype(np.float64), np.nan)
    array = one_array(values).cast(pa.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), np.float64)


def comparable(numbers: Numbers, from_: ColumnType, to: ColumnType) -> Numbers:
    """Days as microseconds or the other way round, where one of two types is a date and the other an instant."""
    if from_.name == "date" and to.name != "date":
        return numbers * DAY
    if from_.name != "date" and to.name == "date":
        return numbers // DAY
    return numbers
