"""Stand-ins for columns that say something of the same person: they agree in every row, and are never learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import (
    UNLIMITED,
    CodecDefaults,
    Codes,
    NoiseBits,
    Ranks,
    encode_nulls,
)
from synthohive_spark.engine.codecs.people import TRIES, Drawn, People, Written
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.real_values import RealValueFilter, avoid_real_values


@dataclass(frozen=True)
class AgreeingCodec(CodecDefaults):
    """One code for a value and, where the column has nulls, one before it for null; values are those of a person.

    All columns of a group are decoded with the same word, find the same person by it, and write that person each in
    their own way.

    Attributes:
        type: The column's type, a string.
        people: Who is whose, the same for the whole group.
        written: How this column writes a person.
        together: Names the group.
        real_values: Values that must not be generated; None where the people keep away from them, or their words do.
        has_null: Whether null is a code.
        frequencies: Share of the rows that hold each code.
    """

    type: ColumnType
    people: People
    written: Written
    together: str = ""
    real_values: RealValueFilter | None = None
    has_null: bool = False
    frequencies: tuple[float, ...] = (1.0,)
    kind: str = field(default="text", init=False)
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=1, init=False)

    @property
    def unique(self) -> bool:  # type: ignore[override]
        """See `Codec.unique`."""
        return self.written.unique

    @property
    def numbered(self) -> bool:
        """See `CodecDefaults.numbered`."""
        return self.people.numbered

    @property
    def capacity(self) -> int:
        """How many rows, numbered from 0, get values of their own."""
        if not self.type.length:
            return UNLIMITED
        room = self.type.length - max(style.longest for style in self.written.styles)
        span = self.written.span
        numbers = 10**room // span if room > 0 else int(span == 1)
        return min(self.people.lasts * (self.people.firsts // TRIES) * numbers, UNLIMITED)

    def with_nulls(self, nulls: int, rows: int) -> AgreeingCodec:
        """See `CodecDefaults.with_nulls`."""
        if not nulls:
            return self
        return replace(self, has_null=True, frequencies=(nulls / rows, 1 - nulls / rows))

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`; of a value, only whether it is null counts."""
        return encode_nulls(values, self.has_null)

    def shared_words(self, words: NoiseBits) -> NoiseBits:
        """See `CodecDefaults.shared_words`: the people of the rows."""
        return self.people.drawn(words[:, 0]).table

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`; where the people are numbered, the word of a row is its number.

        What `shared_words` made of the words may stand in their place.
        """
        if not len(codes):
            return pa.array([], self.type.arrow)
        people = self.people.drawn(words[:, 0]) if words.shape[1] == 1 else Drawn.from_table(words)
        rows = np.arange(len(codes), dtype=np.uint64)
        values = avoid_real_values(
            lambda some, turn: self.written.strings(people.take(some.astype(np.int64)), turn),
            rows,
            self.real_values,
            self.type.length,
        )
        if self.type.length:
            values = pc.utf8_slice_codeunits(values, 0, self.type.length)
        return pc.if_else(pa.array(codes == 0), None, values) if self.has_null else values

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "codec": "agreeing",
            "type": str(self.type),
            "together": self.together,
            "people": self.people.to_json(),
            "written": self.written.to_json(),
            "real_values": None if self.real_values is None else self.real_values.to_json(),
            "has_null": self.has_null,
            "frequencies": list(self.frequencies),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AgreeingCodec:
        """The codec that `to_json` described."""
        return cls(
            ColumnType.parse(data["type"]),
            People.from_json(data["people"]),
            Written.from_json(data["written"]),
            data["together"],
            None if data["real_values"] is None else RealValueFilter.from_json(data["real_values"]),
            data["has_null"],
            tuple(data["frequencies"]),
        )
