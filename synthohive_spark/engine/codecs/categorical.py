"""Strings and booleans as codes: one for each value that enough rows hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.encoded_table import Allowed
from synthohive_spark.engine.integrity import Share, check_distinct, check_equal


@dataclass(frozen=True)
class CategoricalCodec(CodecDefaults):
    """A code for null, where the column has nulls, then one for each kept value in sorted order.

    Imitated values may follow, see `synthohive_spark.engine.table.stand_ins`.

    A value that was not kept is encoded as one of the kept values, drawn by their frequencies; so is a null where the
    learned column had none.
    """

    type: ColumnType
    values: tuple[Any, ...]
    has_null: bool
    frequencies: tuple[Share, ...]
    kind: str = "categorical"
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=1, init=False)
    decode_words: int = field(default=0, init=False)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.frequencies), int(self.has_null) + len(self.values), "values and frequencies")
        check_distinct(self.values, "values")
        plain = bool if self.type.name == "boolean" else str
        if not self.frequencies or not all(type(value) is plain for value in self.values):
            raise ValueError(f"there are no values of type {self.type}")

    @cached_property
    def _lookup(self) -> pa.Array:
        return pa.array([None, *self.values] if self.has_null else list(self.values), self.type.arrow)

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`."""
        found = pc.index_in(values, self._lookup)
        codes = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        unknown = codes < 0
        if unknown.any():
            shares = np.array(self.frequencies)
            if self.has_null and len(shares) > 1:
                shares[0] = 0
            codes[unknown] = draw_codes(shares, words[unknown, 0])
        return codes, np.full(len(codes), 0.5, np.float32)

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`."""
        return self._lookup.take(pa.array(codes))

    def allowed(self, domain: Domain) -> Allowed:
        """See `Codec.allowed`."""
        return Allowed(domain.holds(self._lookup).astype(np.float64))

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "codec": "categorical",
            "type": str(self.type),
            "values": list(self.values),
            "has_null": self.has_null,
            "frequencies": list(self.frequencies),
            "kind": self.kind,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CategoricalCodec:
        """The codec that `to_json` described."""
        return cls(
            ColumnType.parse(data["type"]),
            tuple(data["values"]),
            data["has_null"],
            tuple(data["frequencies"]),
            data["kind"],
        )
