"""Strings of which most are nearly unique, made from patterns, and those that many rows share, as they are.

A pattern is a sequence of runs of capitals, small letters, digits, letters of another script, or one punctuation
character, each with a range of lengths, and with texts that many rows hold at that place. Only patterns that enough
rows share are kept as they are; rows with others (free text) are imitated by words, as many as usual. Other letters and
digits are drawn by their frequencies over the whole column. Of what is made from patterns no value is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes, encode_nulls
from synthohive_spark.engine.codecs.scripts import ALPHABETS
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.encoded_table import Allowed
from synthohive_spark.engine.integrity import Bounds, Share, Whole, check_distinct, check_equal
from synthohive_spark.engine.noise import mix, uniforms
from synthohive_spark.engine.real_values import RealValueFilter, another, avoid_real_values


class Run(NamedTuple):
    """A part of a pattern.

    Attributes:
        kind: A class of characters, or a literal character; two classes are those of the first and of the others.
        low: Smallest length.
        high: Largest length.
        texts: Texts that are used as they are, each with its share of the rows; the others get characters.
    """

    kind: Annotated[str, Bounds(1, 2)]
    low: Whole
    high: Whole
    texts: Mapping[str, Share] = {}

    @property
    def longest(self) -> int:
        """Characters of the longest text."""
        return max([self.high, *map(len, self.texts)])


LONGEST = 250_000
"""Characters of a string of a pattern, and of the table of the texts at a place."""
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
            strings = avoid_real_values(self._drawn, words[drawn], self.real_values)
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
        """Strings of one pattern, one for each word of noise, as an Arrow array."""
        blocks, masks = [np.zeros((len(words), 0), np.uint32)], [np.zeros((len(words), 0), bool)]
        for place, run in enumerate(runs):
            with np.errstate(over="ignore"):
                key = mix(words + np.uint64(place + 1) * np.uint64(0xD1B54A32D192ED03))
            characters, mask = self._characters(run, key)
            blocks.append(characters)
            masks.append(mask)
        mask, characters = np.concatenate(masks, axis=1), np.concatenate(blocks, axis=1)
        if self.type.length:
            mask &= np.cumsum(mask, axis=1) <= self.type.length
        sizes = mask.astype(np.int64) + sum((mask & (characters >= end)).astype(np.int64) for end in _UTF8_ENDS)
        offsets = np.concatenate([[0], np.cumsum(sizes.sum(axis=1))]).astype(np.int32)
        text = characters[mask].astype("<u4").tobytes().decode("utf-32-le").encode("utf-8", "surrogatepass")
        return pa.StringArray.from_buffers(len(words), pa.py_buffer(offsets), pa.py_buffer(text))

    def _characters(self, run: Run, key: NoiseBits) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
        """Characters of one run, and which of them count, shape (rows, longest)."""
        longest = run.longest
        with np.errstate(over="ignore"):
            noise = mix(key[:, None] ^ (np.arange(1, longest + 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
        lengths = run.low + (key % np.uint64(run.high - run.low + 1)).astype(np.int64)
        drawn = (noise[:, :longest] >> np.uint64(52)).astype(np.int64)
        first, others = (self._tables.get(kind) for kind in (run.kind[0], run.kind[-1]))
        characters = np.full(drawn.shape, ord(run.kind[0]), np.uint32) if others is None else others[drawn]
        if len(run.kind) > 1 and first is not None:
            characters[:, :1] = first[drawn[:, :1]]
        if run.texts:
            chosen = np.searchsorted(np.cumsum(list(run.texts.values())), uniforms(noise[:, -1]), side="right")
            told = np.flatnonzero(chosen < len(run.texts))
            table = np.array([[ord(c) for c in text.ljust(longest)] for text in run.texts], np.uint32)
            characters[told] = table.reshape(len(run.texts), longest)[chosen[told]]
            lengths[told] = np.array([len(text) for text in run.texts], np.int64)[chosen[told]]
        return characters, np.arange(longest)[None, :] < lengths[:, None]

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
            "patterns": [[[*run[:3], dict(run.texts)] for run in pattern] for pattern in self.patterns],
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
            tuple(tuple(Run(*run) for run in pattern) for pattern in data["patterns"]),
            tuple(data["shares"]),
            {kind: _weights(kind, weights) for kind, weights in data["letters"].items()},
            tuple(data["frequencies"]),
            None if data["real_values"] is None else RealValueFilter.from_json(data["real_values"]),
            tuple(data.get("words", ())),
        )


def _weights(kind: str, weights: Mapping[str, float] | list[float]) -> dict[str, float]:
    """The characters of a class with their weights; a list has those of its alphabet."""
    return dict(zip(ALPHABETS[kind], weights, strict=True)) if isinstance(weights, list) else dict(weights)
