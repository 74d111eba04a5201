"""Strings of which most are nearly unique, made from patterns, and those that many rows share, as they are.

A pattern is a sequence of runs of capitals, small letters, digits, both mixed, letters of another script, or one
punctuation character, each with its lengths, and with texts that many rows hold at that place. Where texts at one
place tell those at another, each has a pattern of its own, so that phrases are kept. Only patterns that enough rows
share are kept as they are; rows with others (free text) are imitated by words, as many as usual. Digits, and letters
of codes, are drawn by how often enough rows hold them at their place, other letters by how often the whole column
does. Of what is made from patterns no value is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes, encode_nulls
from synthohive_spark.engine.codecs.scripts import ALPHABETS
from synthohive_spark.engine.codecs.text_runs import LONGEST, Run
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.encoded_table import Allowed
from synthohive_spark.engine.integrity import Bounds, Share, check_distinct, check_equal
from synthohive_spark.engine.noise import mix
from synthohive_spark.engine.real_values import RealValueFilter, another, avoid_real_values

_UTF8_ENDS = 0x80, 0x800, 0x10000
"""From these characters on, one more byte is needed."""


@dataclass(frozen=True)
class TextCodec(CodecDefaults):
    """A code for null, where the column has nulls, then one for each word, then one for all other strings.

    Attributes:
        type: The column's type; a value is cut at its length.
        has_null: Whether null is a code.
        patterns: Runs of each pattern.
        shares: Share of the values that follow each pattern.
        letters: For each class its characters with their weights.
        frequencies: Share of the rows that hold each code.
        real_values: The real values, vaguely, so that none is made by chance.
        words: Values that are codes.
    """

    type: ColumnType
    has_null: bool
    patterns: tuple[tuple[Run, ...], ...]
    shares: tuple[Share, ...]
    letters: Mapping[str, Mapping[str, Annotated[float, Bounds(0)]]]
    frequencies: tuple[Share, ...]
    real_values: RealValueFilter | None = None
    words: tuple[str, ...] = ()
    kind: str = field(default="text", init=False)
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=2, init=False)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.frequencies), int(self.has_null) + len(self.words) + 1, "codes and frequencies")
        check_equal(len(self.shares), len(self.patterns), "patterns and their shares")
        check_distinct(self.words, "words")
        for runs in self.patterns:
            if any(run.low > run.high or run.longest * len(run.texts) > LONGEST for run in runs):
                raise ValueError("a part of a pattern has no such length")
            if sum(run.longest for run in runs) > LONGEST:
                raise ValueError(f"a pattern is longer than {LONGEST:,} characters")
        for kind, weights in self.letters.items():
            if not sum(weights.values()) > 0 or any(len(c) != 1 for c in (kind, *weights)):
                raise ValueError(f"{kind!r} is no class of characters")
        if not self.patterns or not self.type.is_string:
            raise ValueError(f"there are no patterns of {self.type}")

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`."""
        codes, ranks = encode_nulls(values, self.has_null)
        if self.words:
            rest = len(self.words)
            found = pc.fill_null(pc.index_in(values, pa.array(self.words, pa.string())), rest)
            codes = np.where(codes == int(self.has_null), found.to_numpy() + int(self.has_null), codes).astype(np.int32)
        return codes, ranks

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`."""
        rest = int(self.has_null) + len(self.words)
        drawn = np.flatnonzero(codes >= rest)
        strings = pa.array([], pa.string())
        if len(drawn):
            strings = self._strings_of(words[drawn])
        if len(drawn) == len(codes):
            return strings
        # What is no word comes after all that are.
        places = np.where(codes >= rest, 0, codes)
        places[drawn] = rest + np.arange(len(drawn))
        kept = pa.array([*([None] if self.has_null else []), *self.words], pa.string())
        return pa.concat_arrays([kept, strings]).take(pa.array(places))

    def allowed(self, domain: Domain) -> Allowed | None:
        """See `Codec.allowed`; of what is made from patterns codes do not tell."""
        kept = pa.array([*([None] if self.has_null else []), *self.words], pa.string())
        told = domain.values is not None and set(domain.values) <= set(kept.to_pylist())
        return Allowed(np.append(domain.holds(kept), False).astype(np.float64)) if told else None

    def _strings_of(self, words: NoiseBits) -> pa.Array:
        """Strings of the patterns, by their shares, none of them real."""
        chosen = draw_codes(self.shares, words[:, 0])
        order, parts = [], []
        for pattern in np.unique(chosen).tolist():
            rows = np.flatnonzero(chosen == pattern)
            order.append(rows)
            parts.append(self.strings(pattern, words[rows, 1]))
        place = np.empty(len(words), np.int64)
        place[np.concatenate(order)] = np.arange(len(words))
        return pa.concat_arrays(parts).take(pa.array(place))

    def strings(self, pattern: int, words: NoiseBits) -> pa.Array:
        """Strings of one pattern, one for each word."""
        own = self.patterns[pattern]
        return avoid_real_values(
            lambda some, attempt: self._strings(own, another(some, attempt)),
            words,
            self.real_values,
            self.type.length,
        )

    def _strings(self, runs: tuple[Run, ...], words: NoiseBits) -> pa.Array:
        """Strings of one pattern, one for each word of noise, as an Arrow array."""
        blocks, masks = [np.zeros((len(words), 0), np.uint32)], [np.zeros((len(words), 0), bool)]
        for place, run in enumerate(runs):
            with np.errstate(over="ignore"):
                key = mix(words + np.uint64(place + 1) * np.uint64(0xD1B54A32D192ED03))
            characters, mask = run.drawn(key, self._tables)
            blocks.append(characters)
            masks.append(mask)
        mask, characters = np.concatenate(masks, axis=1), np.concatenate(blocks, axis=1)
        if self.type.length:
            mask &= np.cumsum(mask, axis=1) <= self.type.length
        sizes = mask.astype(np.int64) + sum((mask & (characters >= end)).astype(np.int64) for end in _UTF8_ENDS)
        offsets = np.concatenate([[0], np.cumsum(sizes.sum(axis=1))]).astype(np.int32)
        text = characters[mask].astype("<u4").tobytes().decode("utf-32-le").encode("utf-8", "surrogatepass")
        return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(text))

    @cached_property
    def _tables(self) -> dict[str, npt.NDArray[np.uint32]]:
        """For each class, 4,096 characters in proportion to their weights."""
        points = (np.arange(4096) + 0.5) / 4096
        tables = {}
        for kind, weights in self.letters.items():
            cumulative = np.cumsum(list(weights.values()))
            picks = np.searchsorted(cumulative, points * cumulative[-1], side="right")
            alphabet = np.array([ord(c) for c in weights], np.uint32)
            tables[kind] = alphabet[np.minimum(picks, len(alphabet) - 1)]
        return tables

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "codec": "text",
            "kind": self.kind,
            "type": str(self.type),
            "has_null": self.has_null,
            "patterns": [[run.to_json() for run in pattern] for pattern in self.patterns],
            "shares": list(self.shares),
            "letters": {kind: dict(weights) for kind, weights in self.letters.items()},
            "frequencies": list(self.frequencies),
            "real_values": None if self.real_values is None else self.real_values.to_json(),
            "words": list(self.words),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextCodec:
        """The codec that `to_json` described."""
        return cls(
            ColumnType.parse(data["type"]),
            data["has_null"],
            tuple(tuple(map(Run.from_json, pattern)) for pattern in data["patterns"]),
            tuple(data["shares"]),
            {kind: _weights(kind, weights) for kind, weights in data["letters"].items()},
            tuple(data["frequencies"]),
            None if data["real_values"] is None else RealValueFilter.from_json(data["real_values"]),
            tuple(data.get("words", ())),
        )


def _weights(kind: str, weights: Mapping[str, float] | list[float]) -> dict[str, float]:
    """The characters of a class with their weights; a list has those of its alphabet."""
    return dict(zip(ALPHABETS[kind], weights, strict=True)) if isinstance(weights, list) else dict(weights)
