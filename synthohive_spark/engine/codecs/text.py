"""Nearly unique strings, made from patterns: no value is stored.

A pattern is a sequence of runs of capitals, small letters, digits, or one punctuation character, each with a range of
lengths. Only patterns that enough rows share are kept as they are; rows with others (free text) are imitated by words
of usual length, as many as usual. Letters and digits are drawn by their frequencies over the whole column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes, encode_nulls
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.noise import mix
from synthohive_spark.engine.real_values import RealValueFilter, another, avoid_real_values

ALPHABETS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "9": "0123456789"}

Run = tuple[str, int, int]
"""A class of ``A``, ``a``, ``9`` or a literal character, with its smallest and largest length."""


@dataclass(frozen=True)
class TextCodec(CodecDefaults):
    """One code for a string and, where the column has nulls, one before it for null.

    Attributes:
        type: The column's type; a value is cut at its length.
        has_null: Whether null is a code.
        patterns: Runs of each pattern.
        shares: Share of the values that follow each pattern.
        letters: Weights of the characters of each class, in alphabetical order.
        frequencies: Share of the rows that hold each code.
        real_values: The real values, vaguely, so that none is made by chance.
    """

    type: ColumnType
    has_null: bool
    patterns: tuple[tuple[Run, ...], ...]
    shares: tuple[float, ...]
    letters: Mapping[str, tuple[float, ...]]
    frequencies: tuple[float, ...]
    real_values: RealValueFilter | None = None
    kind: str = field(default="text", init=False)
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=2, init=False)

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`."""
        return encode_nulls(values, self.has_null)

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`."""
        if not len(codes):
            return pa.array([], self.type.arrow)
        strings = avoid_real_values(self._drawn, words, self.real_values)
        return pa.compute.if_else(pa.array(codes == 0), None, strings) if self.has_null else strings

    def _drawn(self, words: NoiseBits, attempt: int) -> pa.Array:
        words = another(words, attempt)
        chosen = draw_codes(self.shares, words[:, 0])
        order, parts = [], []
        for pattern in np.unique(chosen):
            rows = np.flatnonzero(chosen == pattern)
            order.append(rows)
            parts.append(self._strings(self.patterns[pattern], words[rows, 1]))
        place = np.empty(len(words), np.int64)
        place[np.concatenate(order)] = np.arange(len(words))
        return pa.concat_arrays(parts).take(pa.array(place))

    def _strings(self, runs: tuple[Run, ...], words: NoiseBits) -> pa.Array:
        """ASCII strings of one pattern, one for each word of noise, as an Arrow array."""
        blocks, masks = [np.zeros((len(words), 0), np.uint8)], [np.zeros((len(words), 0), bool)]
        for place, (kind, low, high) in enumerate(runs):
            with np.errstate(over="ignore"):
                key = mix(words + np.uint64(place + 1) * np.uint64(0xD1B54A32D192ED03))
                index = np.arange(1, high + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
                noise = mix(key[:, None] ^ index[None, :])
            lengths = low + (key % np.uint64(high - low + 1)).astype(np.int64)
            masks.append(np.arange(high)[None, :] < lengths[:, None])
            if kind in self._tables:
                blocks.append(self._tables[kind][(noise >> np.uint64(52)).astype(np.int64)])
            else:
                blocks.append(np.full((len(words), high), ord(kind), np.uint8))
        mask, characters = np.concatenate(masks, axis=1), np.concatenate(blocks, axis=1)
        if self.type.length:
            mask &= np.cumsum(mask, axis=1) <= self.type.length
        offsets = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int32)
        return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(characters[mask].tobytes()))

    @cached_property
    def _tables(self) -> dict[str, npt.NDArray[np.uint8]]:
        """For each class, 4,096 characters in proportion to their weights."""
        points = (np.arange(4096) + 0.5) / 4096
        tables = {}
        for kind, alphabet in ALPHABETS.items():
            cumulative = np.cumsum(self.letters[kind])
            picks = np.searchsorted(cumulative, points * cumulative[-1], side="right")
            tables[kind] = np.frombuffer(alphabet.encode(), np.uint8)[np.minimum(picks, len(alphabet) - 1)]
        return tables

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "codec": "text",
            "kind": self.kind,
            "type": str(self.type),
            "has_null": self.has_null,
            "patterns": [[list(run) for run in pattern] for pattern in self.patterns],
            "shares": list(self.shares),
            "letters": {kind: list(weights) for kind, weights in self.letters.items()},
            "frequencies": list(self.frequencies),
            "real_values": None if self.real_values is None else self.real_values.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextCodec:
        """The codec that `to_json` described."""
        return cls(
            ColumnType.parse(data["type"]),
            data["has_null"],
            tuple(tuple((kind, low, high) for kind, low, high in pattern) for pattern in data["patterns"]),
            tuple(data["shares"]),
            {kind: tuple(weights) for kind, weights in data["letters"].items()},
            tuple(data["frequencies"]),
            None if data["real_values"] is None else RealValueFilter.from_json(data["real_values"]),
        )
