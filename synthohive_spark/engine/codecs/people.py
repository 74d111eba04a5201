"""People of rows, of two words each, and the strings of several columns that are made of the same two words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import NoiseBits, draw_codes
from synthohive_spark.engine.noise import mix
from synthohive_spark.engine.permutation import permuted
from synthohive_spark.engine.real_values import RealValueFilter

FIRST, LAST, ANY = 0, 1, -1
TRIES = 32
"""How many first words a row may try, all of which no other row of the same last word tries."""
_ATTEMPTS = 8 * TRIES
_NUMBERS = np.uint64((1 << 50) - 1)
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Piece:
    """A part of a string.

    Attributes:
        words: What stands there.
        axis: Which of the two words of a person chooses, `FIRST` or `LAST`; `ANY` for any of ``words``.
    """

    words: tuple[str, ...]
    axis: int = ANY

    @cached_property
    def array(self) -> pa.Array:
        """The words as an Arrow array."""
        return pa.array(self.words, pa.string())


@dataclass(frozen=True)
class Drawn:
    """The people of some rows.

    Attributes:
        words: The rows' noise, or numbers.
        first: Place of the first word.
        last: Place of the last word.
        turns: How many first words rows of the same last word had before.
        start: The first word that they had first.
        tries: Which of the row's own tries this is.
        zeros: How many zeros stand before the number, of a row that can only so differ from real ones.
    """

    words: NoiseBits
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    turns: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    tries: npt.NDArray[np.int64]
    zeros: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.int64]) -> Drawn:
        """The people of some of the rows."""
        return Drawn(*(own[rows] for own in vars(self).values()))

    @property
    def table(self) -> NoiseBits:
        """The people as one array of a row for each."""
        return np.stack([own.view(np.uint64) for own in vars(self).values()], axis=1)

    @classmethod
    def from_table(cls, table: NoiseBits) -> Drawn:
        """The people that `table` described."""
        words, *others = np.ascontiguousarray(table.T)
        return cls(words, *(own.view(np.int64) for own in others))


@dataclass(frozen=True)
class Style:
    """One way in which a column's strings are put together.

    Attributes:
        pieces: The parts, in order; each axis has one, of empty words where nothing is told of it.
        number_at: The part before which a number stands, where one is needed.
        share: Share of the strings.
    """

    pieces: tuple[Piece, ...]
    number_at: int
    share: float = 1.0

    @cached_property
    def longest(self) -> int:
        """Characters of the longest string."""
        return sum(max(map(len, piece.words)) for piece in self.pieces)

    @cached_property
    def turning(self) -> int | None:
        """The last part of several words that no person chooses; None where there is none."""
        free = [i for i, piece in enumerate(self.pieces) if piece.axis == ANY and len(piece.words) > 1]
        return free[-1] if free else None

    @property
    def turns(self) -> int:
        """How many strings a person may have at least, but for what does not turn."""
        return 1 if self.turning is None else len(self.pieces[self.turning].words)

    def strings(
        self, drawn: Drawn, numbers: npt.NDArray[np.int64], zeros: npt.NDArray[np.int64], turn: int
    ) -> pa.Array:
        """The strings of people; ``turn`` chooses other words where no person does, then more zeros."""
        parts = []
        for place, piece in enumerate(self.pieces):
            index = drawn.first if piece.axis == FIRST else drawn.last
            if piece.axis == ANY:
                with np.errstate(over="ignore"):
                    chosen = mix(drawn.words + np.uint64(place + 1) * _STEP) % np.uint64(len(piece.words))
                index = chosen.astype(np.int64) + drawn.tries + (turn if place == self.turning else 0)
                index = index % len(piece.words)
            parts.append(piece.array.take(pa.array(index)))
        zeros = zeros + turn // self.turns
        if (numbers > 0).any() or (zeros > 0).any():
            shown = [f"{'0' * z}{n or ''}" for n, z in zip(numbers.tolist(), zeros.tolist(), strict=True)]
            parts.insert(self.number_at, pa.array(shown, pa.string()))
        return pc.binary_join_element_wise(*parts, "")

    def told(self, axis: int) -> list[tuple[str, ...]]:
        """What stands in a string for each word of an axis."""
        own = [piece.words for piece in self.pieces if piece.axis == axis]
        return list(zip(*own, strict=True))

    def to_json(self) -> dict[str, Any]:
        """The style as plain values."""
        pieces = [{"words": list(piece.words), "axis": piece.axis} for piece in self.pieces]
        return {"pieces": pieces, "number_at": self.number_at, "share": self.share}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Style:
        """The style that `to_json` described."""
        pieces = tuple(Piece(tuple(own["words"]), own["axis"]) for own in data["pieces"])
        return cls(pieces, data["number_at"], data["share"])


@dataclass(frozen=True)
class Written:
    """How people are written in a column.

    Attributes:
        styles: The ways, of which the person chooses one. Where strings are to be unique, those of two styles differ,
            and so do those of two people in one style, but where what is told of their words is the same.
        unique: Whether a number tells people apart whose strings would be the same.
        key: Fixes which person is written in which style.
        padded: Whether zeros stand before the number where no try is far from all real strings.
    """

    styles: tuple[Style, ...]
    unique: bool
    key: int
    padded: bool = False

    @property
    def turns(self) -> int:
        """How many strings a person may have."""
        return min(style.turns for style in self.styles)

    def strings(self, drawn: Drawn, turn: int = 0) -> pa.Array:
        """The strings of people."""
        with np.errstate(over="ignore"):
            pair = drawn.first.astype(np.uint64) * np.uint64(1 << 32) + drawn.last.astype(np.uint64)
            chosen = draw_codes([s.share for s in self.styles], mix(pair + np.uint64(self.key)))
        order, parts = [], []
        zeros = drawn.zeros if self.padded else np.zeros_like(drawn.zeros)
        for which in np.unique(chosen):
            rows = np.flatnonzero(chosen == which)
            numbers = self._numbers[which].of(drawn.take(rows)) if self.unique else np.zeros(len(rows), np.int64)
            order.append(rows)
            parts.append(self.styles[which].strings(drawn.take(rows), numbers, zeros[rows], turn))
        place = np.empty(len(chosen), np.int64)
        place[np.concatenate(order)] = np.arange(len(chosen))
        return pa.concat_arrays(parts).take(pa.array(place))

    @cached_property
    def _numbers(self) -> tuple[_Numbers, ...]:
        return tuple(_Numbers(style) for style in self.styles)

    @property
    def span(self) -> int:
        """How many numbers the words of an axis may need before any is used again."""
        return max(own.most for own in self._numbers)

    def to_json(self) -> dict[str, Any]:
        """The columns' way of writing as plain values."""
        plain = {"unique": self.unique, "key": self.key, "padded": self.padded}
        return {**plain, "styles": [style.to_json() for style in self.styles]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Written:
        """What `to_json` described."""
        return cls(**{**data, "styles": tuple(map(Style.from_json, data["styles"]))})


class _Numbers:
    """The numbers that tell apart who would be written alike in a style."""

    def __init__(self, style: Style) -> None:
        self.group, _ = _ranked(style.told(FIRST))
        self.sizes = np.bincount(self.group)
        self.starts = np.cumsum(self.sizes) - self.sizes
        order = np.argsort(self.group, kind="stable")
        self.sorted = self.group[order] * len(order) + order
        _, self.ordinals = _ranked(style.told(LAST))
        self.alike = int(self.ordinals.max(initial=0)) + 1

    @property
    def most(self) -> int:
        """How many numbers people may need whose words are all used once."""
        return int(self.sizes.max()) * self.alike

    def of(self, drawn: Drawn) -> npt.NDArray[np.int64]:
        """How many people before are written alike, or could be."""
        count, group = len(self.group), self.group[drawn.first]

        def below(place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
            return np.asarray(np.searchsorted(self.sorted, group * count + place) - self.starts[group], np.int64)

        within = (below(drawn.first) - below(drawn.start)) % self.sizes[group]
        before = drawn.turns // count * self.sizes[group] + within
        return np.asarray(before * self.alike + self.ordinals[drawn.last], np.int64)


def _ranked(told: list[tuple[str, ...]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A number for what is told of each word, and how many words before tell the same."""
    numbers: dict[tuple[str, ...], int] = {}
    group = np.array([numbers.setdefault(own, len(numbers)) for own in told], np.int64)
    seen = [0] * len(numbers)
    ordinals = np.zeros(len(told), np.int64)
    for place, own in enumerate(group.tolist()):
        ordinals[place] = seen[own]
        seen[own] += 1
    return group, ordinals


@dataclass(frozen=True)
class People:
    """A person for each row.

    Attributes:
        firsts: How many first words there are.
        lasts: How many last words there are.
        key: Fixes who is whose.
        numbered: Whether a person follows the number of the row, so that no two rows have the same words and turns.
        checks: Columns whose strings change little without their person, what they must keep away from, and how many
            strings of one person are looked at.
    """

    firsts: int
    lasts: int
    key: int
    numbered: bool
    checks: tuple[tuple[Written, RealValueFilter, int], ...] = ()

    def drawn(self, words: NoiseBits) -> Drawn:
        """The people of rows by their noise, or by their numbers where `numbered`."""
        attempts = np.zeros(len(words), np.int64)
        made = self._drawn(words, attempts)
        left = np.arange(len(words))
        for _ in range(_ATTEMPTS if self.checks else 0):
            own = made.take(left)
            hit = np.zeros(len(left), bool)
            for check in self.checks:
                rest = np.flatnonzero(~hit)
                hit[rest] = _hit(own.take(rest), *check) if len(rest) else False
            left = left[hit]
            if not len(left):
                break
            attempts[left] += 1
            again = self._drawn(words[left], attempts[left])
            for name, values in vars(made).items():
                values[left] = getattr(again, name)
        return made

    def _drawn(self, words: NoiseBits, attempts: npt.NDArray[np.int64]) -> Drawn:
        # A zero makes other strings, so that the same first words may be tried again.
        tries, zeros = attempts % TRIES, attempts // TRIES
        key = np.array([self.key & 0xFFFFFFFFFFFFFFFF], np.uint64)
        with np.errstate(over="ignore"):
            if self.numbered:
                numbers = words & _NUMBERS
                last = permuted(numbers % np.uint64(self.lasts), self.lasts, self.key)
                turns = numbers // np.uint64(self.lasts) * np.uint64(TRIES) + tries.astype(np.uint64)
                start = mix(last + key) % np.uint64(self.firsts)
            else:
                own = mix(words + key + attempts.astype(np.uint64) * _STEP)
                last, start = mix(own) % np.uint64(self.lasts), mix(~own) % np.uint64(self.firsts)
                turns = np.zeros(len(words), np.uint64)
        first = (start + turns) % np.uint64(self.firsts)
        return Drawn(
            words.copy(),
            first.astype(np.int64),
            last.astype(np.int64),
            turns.astype(np.int64),
            start.astype(np.int64),
            tries,
            zeros,
        )

    def to_json(self) -> dict[str, Any]:
        """The people as plain values."""
        checks = [[written.to_json(), real.to_json(), turns] for written, real, turns in self.checks]
        return {**vars(self), "checks": checks}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> People:
        """The people that `to_json` described."""
        checks = tuple((Written.from_json(own), RealValueFilter.from_json(real), n) for own, real, n in data["checks"])
        return cls(**{**data, "checks": checks})


def _hit(drawn: Drawn, written: Written, real_values: RealValueFilter, turns: int) -> npt.NDArray[np.bool_]:
    """Of which people every string may be a real one."""
    hit = real_values.contain(written.strings(drawn))
    for turn in range(1, turns):
        rest = np.flatnonzero(hit)
        hit[rest] = real_values.contain(written.strings(drawn.take(rest), turn)) if len(rest) else False
    return hit
