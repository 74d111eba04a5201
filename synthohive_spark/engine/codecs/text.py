"""Nearly unique strings, made from patterns: no value is stored.

A pattern is a sequence of runs of capitals, small letters, digits, or one punctuation character, each with a range of
lengths. Only patterns that enough rows share are kept as they are; rows with others (free text) are imitated by words
of usual length, as many as usual. Letters and digits are drawn by their frequencies over the whole column.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.codecs.interface import Codes, Ranks, Words, draw_codes, encode_nulls
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.noise import mix
from synthohive_spark.engine.seen import SeenValues, another, unseen

ALPHABETS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "9": "0123456789"}
_PATTERNS = 200
_SAMPLE = 20_000
_MOST_WORDS = 200

Run = tuple[str, int, int]
"""A class of ``A``, ``a``, ``9`` or a literal character, with its smallest and largest length."""


@dataclass(frozen=True)
class TextCodec:
    """One code for a string and, where the column has nulls, one before it for null.

    Attributes:
        type: The column's type; a value is cut at its length.
        has_null: Whether null is a code.
        patterns: Runs of each pattern.
        shares: Share of the values that follow each pattern.
        letters: Weights of the characters of each class, in alphabetical order.
        frequencies: Share of the rows that hold each code.
        seen: The real values, vaguely, so that none is made by chance.
    """

    type: ColumnType
    has_null: bool
    patterns: tuple[tuple[Run, ...], ...]
    shares: tuple[float, ...]
    letters: Mapping[str, tuple[float, ...]]
    frequencies: tuple[float, ...]
    seen: SeenValues | None = None
    kind: str = field(default="text", init=False)
    ranked: bool = field(default=False, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=2, init=False)

    @classmethod
    def fit(
        cls,
        type_: ColumnType,
        values: Sequence[str],
        nulls: int,
        at_least: int,
        trim: int,
        seen: SeenValues | None = None,
    ) -> TextCodec:
        """Learn patterns held by ``at_least`` values, with lengths between the ``trim``-th from either end.

        Args:
            type_: The column's type.
            values: The values that are not null; at least one.
            nulls: Rows without a value.
            at_least: Fewest values of a kept pattern or character.
            trim: Rank, from either end, of the lengths that bound a range.
            seen: What must not be made.
        """
        counts = np.array([nulls, len(values)] if nulls else [1], np.float64)
        values = values[:: max(1, len(values) // _SAMPLE)]
        by_pattern: dict[str, list[list[int]]] = defaultdict(list)
        for value in values:
            pattern, lengths = _runs(value)
            by_pattern[pattern].append(lengths)
        common = sorted(by_pattern.items(), key=lambda item: (-len(item[1]), item[0]))[:_PATTERNS]
        kept = [(p, rows) for p, rows in common if len(rows) >= max(at_least, 2)]
        patterns = [
            tuple(_run(c, column, trim) for c, column in zip(p, zip(*rows, strict=True), strict=True))
            for p, rows in kept
        ]
        shares = [len(rows) / len(values) for _, rows in kept]
        left = 1 - sum(shares)
        if left > 0.5 or not patterns:
            wordy = _word_patterns(values, trim)
            patterns += wordy
            shares += [left / len(wordy)] * len(wordy)
        return cls(
            type_,
            bool(nulls),
            tuple(patterns),
            tuple(shares),
            _letter_weights(values, at_least),
            tuple((counts / counts.sum()).tolist()),
            seen,
        )

    def encode(self, values: pa.Array, words: Words) -> tuple[Codes, Ranks]:
        """See `Codec.encode`."""
        return encode_nulls(values, self.has_null)

    def decode(self, codes: Codes, ranks: Ranks, words: Words) -> pa.Array:
        """See `Codec.decode`."""
        if not len(codes):
            return pa.array([], self.type.arrow)
        strings = unseen(self._drawn, words, self.seen)
        return pa.compute.if_else(pa.array(codes == 0), None, strings) if self.has_null else strings

    def _drawn(self, words: Words, attempt: int) -> pa.Array:
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

    def _strings(self, runs: tuple[Run, ...], words: Words) -> pa.Array:
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
            "seen": None if self.seen is None else self.seen.to_json(),
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
            None if data["seen"] is None else SeenValues.from_json(data["seen"]),
        )


def _runs(value: str) -> tuple[str, list[int]]:
    """The pattern of a value, a character for each run, and the runs' lengths."""
    classes = "".join(_class(c) for c in value)
    runs = [match.group() for match in re.finditer(r"(.)\1*", classes, re.DOTALL)]
    return "".join(run[0] for run in runs), [len(run) for run in runs]


def _class(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    if character.isspace():
        return " "
    return character if character.isascii() and character.isprintable() else "-"


def _run(kind: str, lengths: Iterable[int], trim: int) -> Run:
    ordered = sorted(lengths)
    cut = min(max(trim, 1) - 1, (len(ordered) - 1) // 2)
    return kind, ordered[cut], ordered[-1 - cut]


def _word_patterns(values: Sequence[str], trim: int) -> list[tuple[Run, ...]]:
    words = [word for value in values for word in value.split()]
    if not words:
        return [()]
    word = _run("a", (len(w) for w in words), trim)
    counts = np.quantile([len(value.split()) for value in values], [0.1, 0.3, 0.5, 0.7, 0.9]).round().astype(int)
    kind = Counter(_class(c) for w in words for c in w).most_common(1)[0][0]
    run = (kind if kind in ALPHABETS else "a", word[1], word[2])
    return [
        tuple(part for _ in range(n) for part in ((" ", 1, 1), run))[1:]
        for n in np.clip(counts, 1, _MOST_WORDS).tolist()
    ]


def _letter_weights(values: Sequence[str], at_least: int) -> dict[str, tuple[float, ...]]:
    counts = Counter(c for value in values for c in value)
    weights = {}
    for kind, alphabet in ALPHABETS.items():
        seen = [counts[c] if counts[c] >= at_least else 0 for c in alphabet]
        weights[kind] = tuple(float(n) for n in (seen if sum(seen) else [1] * len(alphabet)))
    return weights
