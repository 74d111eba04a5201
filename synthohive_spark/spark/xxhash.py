"""Spark's ``xxhash64`` of whole numbers and of their digits, on numpy: the ids that rows are drawn by, without Spark.

The hash is XXH64 with the seed 42, as `org.apache.spark.sql.catalyst.expressions.XXH64` has it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.errors import SchemaError

Words = npt.NDArray[np.uint64]
_P1, _P2, _P3, _P4, _P5 = map(
    np.uint64,
    (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5),
)
_SEED = np.uint64(42)


def xxhash64(values: pa.Array) -> npt.NDArray[np.int64]:
    """The hash of each value of an array without nulls.

    Args:
        values: Integers, or strings of ASCII characters, fewer than 32 of them.

    Raises:
        SchemaError: If they are of another type.
    """
    with np.errstate(over="ignore"):
        if values.type == pa.int64():
            return _long(np.asarray(values).view(np.uint64)).view(np.int64)
        if pa.types.is_integer(values.type):
            return _int(np.asarray(values.cast(pa.int32())).view(np.uint32).astype(np.uint64)).view(np.int64)
        if pa.types.is_string(values.type):
            return _texts(values).view(np.int64)
    raise SchemaError(f"rows cannot be identified by {values.type}; use an integer or a string column")


def _long(numbers: Words) -> Words:
    return _finished(_eight(np.full(len(numbers), _SEED + _P5 + np.uint64(8)), numbers))


def _int(numbers: Words) -> Words:
    return _finished(_four(np.full(len(numbers), _SEED + _P5 + np.uint64(4)), numbers))


def _texts(values: pa.Array) -> Words:
    texts = [text.encode() for text in values.to_pylist()]
    sizes = np.array([len(text) for text in texts], np.int64)
    made = np.zeros(len(texts), np.uint64)
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        data = np.frombuffer(b"".join(texts[row] for row in rows), np.uint8).reshape(len(rows), size)
        made[rows] = _bytes(data)
    return made


def _bytes(data: npt.NDArray[np.uint8]) -> Words:
    """The hash of texts of one length, shape (texts, bytes)."""
    size, place = data.shape[1], 0
    made = np.full(len(data), _SEED + _P5 + np.uint64(size))
    for width, step, kind in ((8, _eight, "<u8"), (4, _four, "<u4")):
        while place + width <= size:
            block = np.ascontiguousarray(data[:, place : place + width]).view(kind)[:, 0].astype(np.uint64)
            made, place = step(made, block), place + width
    for own in range(place, size):
        made = _rotated(made ^ (data[:, own].astype(np.uint64) * _P5), 11) * _P1
    return _finished(made)


def _eight(made: Words, block: Words) -> Words:
    return _rotated(made ^ (_rotated(block * _P2, 31) * _P1), 27) * _P1 + _P4


def _four(made: Words, block: Words) -> Words:
    return _rotated(made ^ (block * _P1), 23) * _P2 + _P3


def _finished(made: Words) -> Words:
    made = (made ^ (made >> np.uint64(33))) * _P2
    made = (made ^ (made >> np.uint64(29))) * _P3
    return made ^ (made >> np.uint64(32))


def _rotated(words: Words, bits: int) -> Words:
    return (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))
