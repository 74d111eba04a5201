"""Surrogate keys that count the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds, Long


@dataclass(frozen=True)
class SequenceCodec(CodecDefaults):
    """Keys that count: the value of row ``i`` is ``first + i * step`` (days of dates, microseconds of timestamps).

    Attributes:
        type: The column's type; any but a boolean.
        first: The value of row 0, as `synthohive_spark.engine.codecs.arrow_numbers` has it.
        step: Distance of one value to the next.
    """

    type: ColumnType
    first: Long = 0
    step: Annotated[int, Bounds(1, 1 << 62)] = 1
    kind: str = field(default="identifier", init=False)
    frequencies: tuple[float, ...] = field(default=(1.0,), init=False)
    has_null: bool = field(default=False, init=False)
    unique: bool = field(default=True, init=False)
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=1, init=False)

    @property
    def capacity(self) -> int:
        """How many rows, numbered from 0, get values of their own."""
        return max(0, (self._limit - self.first) // self.step)

    @property
    def _limit(self) -> int:
        digits = self.type.precision - self.type.scale if self.type.name == "decimal" else self.type.length
        if digits:
            return min(int(10 ** min(digits, 19)), 1 << 62)
        bits = {"tinyint": 7, "smallint": 15, "int": 31, "float": 24, "double": 53, "date": 21}
        return 1 << bits.get(self.type.name, 57 if self.type.is_temporal else 62)

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`."""
        return np.zeros(len(values), np.int32), np.full(len(values), 0.5, np.float32)

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`; the word of a row is its number."""
        numbers = (words[:, 0] % np.uint64(max(self.capacity, 1))).astype(np.int64) * self.step + self.first
        if self.type.name == "decimal":
            return pa.array(numbers).cast(pa.decimal128(19, 0)).cast(self.type.arrow)
        wide = pa.array(numbers)
        return (wide.cast(pa.int32()) if self.type.name == "date" else wide).cast(self.type.arrow)

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {"codec": "sequence", "type": str(self.type), "first": self.first, "step": self.step}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SequenceCodec:
        """The codec that `to_json` described."""
        return cls(ColumnType.parse(data["type"]), data["first"], data["step"])
