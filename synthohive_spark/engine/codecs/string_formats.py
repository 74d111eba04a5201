"""Families of strings: one word out of each of several pools, joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.integrity import Bounds, Whole
from synthohive_spark.engine.noise import NoiseBits, mix

LARGEST = 1 << 62
_LONG = 100


@dataclass(frozen=True)
class Format:
    """A family of strings, and a number for each of them.

    Different choices of words must make different strings, so pools beside each other need separators or words of one
    length. A family that is used up goes on in rounds: from the first round on, its number stands before pool
    ``round_at``, and no word around it may be mistaken for it.

    Of a family of more than 2**62 strings, the last pools tell them apart; the words of the first ones follow from
    those by a hash, so that every place varies (the digits of a UUID, the words of a long text).

    Attributes:
        pools: The words at each place.
        round_at: Place of the number of the round.
        finish: "luhn" to append a check digit (ISO/IEC 7812), "iban" to put the two check digits (ISO 13616) after the
            first two letters; "" for neither.
    """

    pools: Annotated[tuple[Annotated[tuple[str, ...], Bounds(1)], ...], Bounds(1)]
    round_at: Whole
    finish: str = ""

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.round_at > len(self.pools) or self.finish not in ("", *_FINISHES):
            raise ValueError("there is no such format")
        if self.finish and not all(word.isascii() and len(word) < _LONG for pool in self.pools for word in pool):
            raise ValueError(f"words cannot have the finish {self.finish!r}")
        if self.finish == "iban" and not all(word.isalnum() for pool in self.pools for word in pool):
            raise ValueError("words cannot have the finish 'iban'")

    @property
    def size(self) -> int:
        """How many strings there are, at most 2**62."""
        size = 1
        for pool in self.pools:
            size = min(LARGEST, size * len(pool))
        return size

    @property
    def longest(self) -> int:
        """Characters of the longest string."""
        ends = {"luhn": 1, "iban": 2}.get(self.finish, 0)
        return sum(max(map(len, pool)) for pool in self.pools) + ends

    def strings(self, indices: NoiseBits, rounds: NoiseBits, round_width: int = 1) -> pa.Array:
        """The strings of these numbers, each below `size`, in these rounds."""
        parts: list[Any] = []
        rest, told = indices, 1
        for place, words in enumerate(reversed(self._arrays)):
            size = np.uint64(len(words))
            chosen = rest
            if told * len(words) > LARGEST and len(words) > 1:
                # What the later pools tell of the number decides the turn of this one: still one to one.
                low = indices % np.uint64(told) if told < LARGEST else indices
                with np.errstate(over="ignore"):
                    turn = mix(low + np.array([(place + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF], np.uint64))
                chosen = rest % size + turn % size
            parts.append(words.take(pa.array((chosen % size).astype(np.int64))))
            rest, told = rest // size, min(told * len(words), LARGEST)
        parts.reverse()
        if (rounds > 0).any():
            parts.insert(self.round_at, pa.array([f"{r:0{round_width}d}" if r else "" for r in rounds.tolist()]))
        joined = pc.binary_join_element_wise(*parts, "")
        finish = _FINISHES.get(self.finish)
        return joined if finish is None else pa.array([finish(text) for text in joined.to_pylist()], pa.string())

    @cached_property
    def _arrays(self) -> tuple[pa.Array, ...]:
        return tuple(pa.array(pool, pa.string()) for pool in self.pools)

    def to_json(self) -> dict[str, Any]:
        """The family as plain values."""
        return {"pools": [list(pool) for pool in self.pools], "round_at": self.round_at, "finish": self.finish}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Format:
        """The family that `to_json` described."""
        return cls(tuple(tuple(pool) for pool in data["pools"]), data["round_at"], data["finish"])


def luhn_digit(digits: str) -> str:
    """The digit that makes ``digits`` pass the Luhn check when it is appended.

    >>> luhn_digit("7992739871")
    '3'
    """
    total = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def iban_remainder(iban: str) -> int:
    """The number that the check of an IBAN is about; 1 if it passes.

    >>> iban_remainder("GB82WEST12345698765432")
    1
    """
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97


def _with_luhn(text: str) -> str:
    return text + luhn_digit("".join(c for c in text if c.isdigit()))


def _with_iban(text: str) -> str:
    check = 98 - iban_remainder(f"{text[:2]}00{text[2:]}")
    return f"{text[:2]}{check:02d}{text[2:]}"


_FINISHES: dict[str, Callable[[str], str]] = {"luhn": _with_luhn, "iban": _with_iban}
