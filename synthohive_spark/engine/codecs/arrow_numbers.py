"""Arrow values of numeric and temporal types as plain numpy numbers, and back.

Floating point becomes float64. Everything else becomes int64: integers as they are, dates as days, timestamps as
microseconds, decimals as their unscaled value divided by ten to a ``shift``, which is 0 unless the column has values of
more than 18 digits. Where no shift leaves all digits of such a column, each value keeps its leading 17 (`BY_VALUE`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.columns import ColumnType

Numbers = npt.NDArray[Any]
BY_VALUE = -1
"""In place of a shift: numbers grow with the values, and have 17 digits of each."""
_WHOLE = 10**17
_DECADE = 9 * 10**16
"""How many numbers of 17 digits there are."""


def to_numbers(values: pa.Array, type_: ColumnType, shift: int = 0) -> Numbers:
    """int64 or float64 of the same length; nulls become 0."""
    if type_.name == "decimal":
        words = _decimal_words(values)
        if shift == 0:
            return words[:, 0].copy()
        if shift == BY_VALUE:
            return np.array([with_exponent(v) for v in _wide(words)], np.int64)
        ten = 10**shift
        return np.array([_rounded_quotient(v, ten) for v in _wide(words)], np.int64)
    for step in (
        (pa.float64(),) if type_.is_float else (pa.int32(), pa.int64()) if type_.name == "date" else (pa.int64(),)
    ):
        values = values if values.type == step else values.cast(step)
    return np.asarray(values.fill_null(0) if values.null_count else values)


def from_numbers(
    numbers: Numbers,
    missing: npt.NDArray[np.bool_],
    type_: ColumnType,
    shift: int = 0,
    bounds: tuple[int, int] | None = None,
) -> pa.Array:
    """An array of the column's Arrow type, null where ``missing``.

    Args:
        numbers: What `to_numbers` made.
        missing: Where there is no value.
        type_: The column's type.
        shift: The shift `to_numbers` was given.
        bounds: With a shift, the smallest and largest unscaled value allowed.
    """
    if type_.name == "decimal":
        return _decimals(numbers, missing, type_, shift, bounds)
    if type_.is_float:
        return pa.array(numbers.astype(np.float64), mask=missing).cast(type_.arrow)
    wide = pa.array(numbers.astype(np.int64), mask=missing)
    return (wide.cast(pa.int32()) if type_.name == "date" else wide).cast(type_.arrow)


def decimal_shift(values: pa.Array) -> int:
    """How many zeros to drop so that every unscaled value fits into 62 bits; `BY_VALUE` where not all end in zeros."""
    words = _decimal_words(values)
    if np.array_equal(words[:, 1], words[:, 0] >> 63) and (np.abs(words[:, 0] >> 1) < 1 << 61).all():
        return 0
    unscaled_values = _wide(words)
    largest = max((abs(v) for v in unscaled_values), default=0)
    shift = 0
    while largest // 10**shift >= 1 << 62:
        shift += 1
    return BY_VALUE if any(v % 10**shift for v in unscaled_values) else shift


def unscaled(values: pa.Array) -> list[int]:
    """The exact unscaled values of a decimal array without nulls."""
    return _wide(_decimal_words(values))


def _decimal_words(values: pa.Array) -> npt.NDArray[np.int64]:
    """Low and high word of each unscaled value, shape (rows, 2); nulls become 0."""
    if not len(values):
        return np.zeros((0, 2), np.int64)
    raw = np.frombuffer(values.buffers()[1], np.int64)
    words = raw.reshape(-1, 2)[values.offset : values.offset + len(values)].copy()
    words[values.is_null().to_numpy(zero_copy_only=False)] = 0
    return words


def _wide(words: npt.NDArray[np.int64]) -> list[int]:
    return [int.from_bytes(word.tobytes(), "little", signed=True) for word in words]


def with_exponent(value: int) -> int:
    """A number that grows with ``value`` and holds its first 17 digits and how many more there are."""
    size = abs(value)
    more = max(len(str(size)) - 17, 0)
    number: int = more * _DECADE + size // 10**more
    return -number if value < 0 else number


def without_exponent(number: int) -> int:
    """The value of which `with_exponent` made a number, with zeros in place of further digits."""
    size = abs(number)
    more = 0 if size < _WHOLE else (size - _WHOLE // 10) // _DECADE
    value: int = (size - more * _DECADE) * 10**more
    return -value if number < 0 else value


def zeros_of(numbers: Numbers) -> int:
    """In how many zeros the unscaled values end of which `BY_VALUE` made numbers."""
    every = math.gcd(*(without_exponent(int(number)) for number in numbers))
    text = str(every)
    return len(text) - len(text.rstrip("0")) if every else 0


def with_zeros(numbers: Numbers, zeros: int) -> Numbers:
    """Numbers that `BY_VALUE` makes, each the nearest of a value that ends in so many zeros."""
    ten = 10**zeros
    return np.array([with_exponent(_rounded_quotient(without_exponent(int(n)), ten) * ten) for n in numbers], np.int64)


def decimals_of(values: Sequence[int], type_: ColumnType) -> pa.Array:
    """Decimals of unscaled values."""
    data = b"".join(value.to_bytes(16, "little", signed=True) for value in values)
    return pa.Array.from_buffers(type_.arrow, len(values), [None, pa.py_buffer(data)])


def _rounded_quotient(value: int, ten: int) -> int:
    return (value + ten // 2) // ten


def _decimals(
    numbers: Numbers, missing: npt.NDArray[np.bool_], type_: ColumnType, shift: int, bounds: tuple[int, int] | None
) -> pa.Array:
    if shift == 0:
        low = numbers.astype(np.int64)
        data = np.stack([low, low >> 63], axis=1).tobytes()
    else:
        smallest, largest = bounds or (1 - 10**type_.precision, 10**type_.precision - 1)
        wide = (without_exponent(int(v)) if shift == BY_VALUE else int(v) * 10**shift for v in numbers)
        exact = (max(smallest, min(largest, v)) for v in wide)
        data = b"".join(v.to_bytes(16, "little", signed=True) for v in exact)
    valid = pa.array(~missing).buffers()[1] if missing.any() else None
    return pa.Array.from_buffers(type_.arrow, len(numbers), [valid, pa.py_buffer(data)])
