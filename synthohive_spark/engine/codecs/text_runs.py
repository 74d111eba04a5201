"""The parts that patterns of strings are made of, and how their characters are drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.codecs.scripts import DIGITS, class_of
from synthohive_spark.engine.integrity import Bounds, Share, Whole
from synthohive_spark.engine.noise import NoiseBits, mix, uniforms

LONGEST = 250_000
"""Characters of a string of a pattern, and of the table of the texts at a place."""
Characters = npt.NDArray[np.uint32]
_NEARLY_ALL = 0.99
_LONG = 20


class Shape(NamedTuple):
    """How the texts of one length look at a place.

    Attributes:
        length: Their length.
        share: Their share of the texts.
        heads: The characters that they begin with, all of one length, with their shares; none where these are drawn
            one by one.
        places: The characters at each place behind the head with their shares; none where any of the class may stand.
    """

    length: Whole
    share: Share
    heads: Mapping[str, Share] = {}
    places: tuple[Mapping[str, Share], ...] = ()

    def room(self, size: int) -> float:
        """How many texts there are, of so many characters of the class."""
        head = len(next(iter(self.heads), ""))
        free = self.length - head - len(self.places)
        kinds = [len(self.heads) or 1, *(len(place) or size for place in self.places)]
        return math.prod(map(float, kinds)) * float(size) ** min(free, _LONG)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        sizes = {len(head) for head in self.heads}
        if len(sizes) > 1 or sum(sizes) + len(self.places) > self.length:
            raise ValueError("texts of a length are longer, or their heads differ in length")
        if any(len(c) != 1 for place in self.places for c in place):
            raise ValueError("at a place of a text stands one character")


class Run(NamedTuple):
    """A part of a pattern.

    Attributes:
        kind: A class of characters, or a literal character; two classes are those of the first and of the others.
        low: Smallest length.
        high: Largest length.
        texts: Texts that are used as they are, each with its share of the rows; the others get characters.
        shapes: How these look, by length; where there are none, all lengths are as likely.
    """

    kind: Annotated[str, Bounds(1, 2)]
    low: Whole
    high: Whole
    texts: Mapping[str, Share] = {}
    shapes: tuple[Shape, ...] = ()

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        lengths = [shape.length for shape in self.shapes]
        if any(not self.low <= length <= self.high for length in lengths) or len(set(lengths)) < len(lengths):
            raise ValueError("shapes of a part of a pattern have lengths of its own, each another")

    @property
    def longest(self) -> int:
        """Characters of the longest text."""
        return max([self.high, *map(len, self.texts)])

    @property
    def room(self) -> float:
        """About how many texts there are."""
        if class_of(self.kind[0]) == self.kind[0] and not self.kind[0].isalnum():
            return 1.0
        size = 10 if self.kind in DIGITS else 26
        shapes = self.shapes or tuple(Shape(length, 1.0) for length in (self.low, self.high))
        made = sum(shape.room(size) for shape in shapes) if sum(self.texts.values()) < _NEARLY_ALL else 0.0
        return made + len(self.texts)

    @property
    def with_any_digits(self) -> Run:
        """The same, any digit being as likely as any other where it is made of such."""
        if self.kind not in DIGITS:
            return self
        zero = ord("0" if self.kind == "9" else self.kind)
        digits = {chr(zero + digit): 0.1 for digit in range(10)}
        return self._replace(shapes=tuple(Shape(*own[:2], {}, (digits,) * own.length) for own in self.shapes))

    def drawn(self, key: NoiseBits, tables: Mapping[str, Characters]) -> tuple[Characters, npt.NDArray[np.bool_]]:
        """Characters for each word of noise, and which of them count, shape (rows, longest).

        Args:
            key: A word for each row.
            tables: For each class, 4,096 characters in proportion to their weights.
        """
        longest = self.longest
        with np.errstate(over="ignore"):
            noise = mix(key[:, None] ^ (np.arange(1, longest + 3, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
        lengths = self.low + (key % np.uint64(self.high - self.low + 1)).astype(np.int64)
        drawn = (noise[:, :longest] >> np.uint64(52)).astype(np.int64)
        first, others = (tables.get(kind) for kind in (self.kind[0], self.kind[-1]))
        characters = np.full(drawn.shape, ord(self.kind[0]), np.uint32) if others is None else others[drawn]
        if len(self.kind) > 1 and first is not None:
            characters[:, :1] = first[drawn[:, :1]]
        if self.shapes:
            chosen = _chosen([shape.share for shape in self.shapes], noise[:, longest + 1])
            lengths = np.array([shape.length for shape in self.shapes], np.int64)[chosen]
            for place, shape in enumerate(self.shapes):
                rows = np.flatnonzero(chosen == place)
                _put_shape(characters, rows, shape, noise)
        if self.texts:
            chosen = np.searchsorted(np.cumsum(list(self.texts.values())), uniforms(noise[:, longest]), side="right")
            told = np.flatnonzero(chosen < len(self.texts))
            characters[told] = _table(self.texts, longest)[chosen[told]]
            lengths[told] = np.array([len(text) for text in self.texts], np.int64)[chosen[told]]
        return characters, np.arange(longest)[None, :] < lengths[:, None]

    def to_json(self) -> list[Any]:
        """The part as plain values."""
        shapes = [[*shape[:2], dict(shape.heads), [dict(place) for place in shape.places]] for shape in self.shapes]
        return [*self[:3], dict(self.texts), shapes]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Run:
        """The part that `to_json` described."""
        kind, low, high, *more = data
        texts, shapes = more[0] if more else {}, more[1] if len(more) > 1 else ()
        return cls(kind, low, high, texts, tuple(Shape(own[0], own[1], own[2], tuple(own[3])) for own in shapes))


def _put_shape(characters: Characters, rows: npt.NDArray[np.intp], shape: Shape, noise: NoiseBits) -> None:
    """Write the texts of a shape into some rows."""
    start = 0
    if shape.heads:
        start = len(next(iter(shape.heads)))
        chosen = _chosen(list(shape.heads.values()), noise[rows, 0])
        characters[rows, :start] = _table(shape.heads, start)[chosen]
    for place, weights in enumerate(shape.places, start):
        if weights:
            chosen = _chosen(list(weights.values()), noise[rows, place])
            characters[rows, place] = np.array([ord(c) for c in weights], np.uint32)[chosen]


def _chosen(shares: list[float], words: NoiseBits) -> npt.NDArray[np.intp]:
    """Which of several things each word stands for, by shares of any sum."""
    cumulative = np.cumsum(shares)
    picks = np.searchsorted(cumulative, uniforms(words) * cumulative[-1], side="right")
    return np.asarray(np.minimum(picks, len(shares) - 1), np.intp)


def _table(texts: Mapping[str, float], width: int) -> Characters:
    """The characters of texts, shape (texts, width)."""
    rows = [[ord(c) for c in text.ljust(width)] for text in texts]
    return np.array(rows, np.uint32).reshape(len(texts), width)
