"""Surrogate strings and integers, generated rather than learned: keys, and stand-ins for personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.interface import (
    UNLIMITED,
    CodecDefaults,
    Codes,
    NoiseBits,
    Ranks,
    draw_codes,
    encode_nulls,
)
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds, Share, check_equal
from synthohive_spark.engine.noise import mix
from synthohive_spark.engine.permutation import permuted
from synthohive_spark.engine.real_values import RealValueFilter, another, avoid_real_values

_SLOTS = 1000
_TRIES = 32
_LATER = 1 << 50
_DIGITS = 20


@dataclass(frozen=True)
class SurrogateCodec(CodecDefaults):
    """One code for a value and, where the column has nulls, one before it for null; values come from formats.

    Attributes:
        type: The column's type: a string or an integer.
        formats: Families of strings; their strings differ from one another's.
        shares: Share of the values that each family generates.
        unique: Whether values are unique; they then follow the number of the row instead of its noise.
        key: Names the order in which a family is used.
        round_width: Digits, at least, of the number of a round.
        real_values: Values that must not be generated.
        has_null: Whether null is a code.
        frequencies: Share of the rows that hold each code.
        kind: ``identifier`` for keys, ``text`` for stand-ins.
    """

    type: ColumnType
    formats: tuple[Format, ...]
    shares: tuple[Annotated[float, Bounds(0)], ...] = (1.0,)
    unique: bool = True
    key: Annotated[int, Bounds(0, 1 << 64)] = 0
    round_width: Annotated[int, Bounds(1, 40)] = 1
    real_values: RealValueFilter | None = None
    has_null: bool = False
    frequencies: tuple[Share, ...] = (1.0,)
    kind: str = "identifier"
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=0, init=False)
    decode_words: int = field(default=1, init=False)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.frequencies), 1 + self.has_null, "codes and frequencies")
        check_equal(len(self.shares), len(self.formats), "formats and their shares")
        if not sum(self.shares) > 0 or not (self.type.is_string or self.type.is_integer):
            raise ValueError(f"there are no formats of {self.type}")

    @property
    def capacity(self) -> int:
        """How many rows, numbered from 0, get values of their own."""
        first = self.formats[0]
        tries = _TRIES if self.real_values else 1
        if self._room is None:
            return UNLIMITED
        own = [f.size // tries // c * _SLOTS for f, c in zip(self.formats, self._slot_counts, strict=True) if c]
        without = first.size // tries if len(self.formats) == 1 else min(own)
        # The number of the last round must have no more digits than there is room for.
        rounds = 10**self._room - 2 if self._room >= self.round_width else 0
        return min(max(without, rounds * first.size // tries), UNLIMITED)

    @property
    def _room(self) -> int | None:
        """How many digits the number of a round may have; None for any."""
        if self.type.is_string:
            return min(max(0, self.type.length - self.formats[0].longest), _DIGITS) if self.type.length else None
        return 0

    def with_nulls(self, nulls: int, rows: int) -> SurrogateCodec:
        """See `CodecDefaults.with_nulls`."""
        if not nulls:
            return self
        return replace(self, has_null=True, frequencies=(nulls / rows, 1 - nulls / rows))

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`; of a value, only whether it is null counts."""
        return encode_nulls(values, self.has_null)

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`; where `unique`, the word of a row is its number."""
        if not len(codes):
            return pa.array([], self.type.arrow)
        make = self._unique if self.unique else self._drawn
        whole = not self.type.is_string
        strings = avoid_real_values(make, words[:, 0], self.real_values, self.type.length, vary=not whole)
        if whole and self.real_values is not None:
            # What is left where every number that can be generated is a real one.
            strings = pc.if_else(pa.array(self.real_values.contain(strings)), "0", strings)
        if self.type.length:
            strings = pc.utf8_slice_codeunits(strings, 0, self.type.length)
        values = strings if self.type.is_string else strings.cast(self.type.arrow)
        return pc.if_else(pa.array(codes == 0), None, values) if self.has_null else values

    def _drawn(self, words: NoiseBits, attempt: int) -> pa.Array:
        own = another(words, attempt)
        chosen = draw_codes(self.shares, own)
        inner = mix(own ^ np.uint64(0xD1B54A32D192ED03))
        sizes = np.array([f.size for f in self.formats], np.uint64)
        return self._strings(chosen, inner % sizes[chosen], np.zeros(len(own), np.uint64))

    def _unique(self, numbers: NoiseBits, attempt: int) -> pa.Array:
        # A row has tries of its own, so that two rows never get the same string.
        tries = np.uint64(_TRIES if self.real_values else 1)
        numbers = numbers & np.uint64(_LATER - 1)
        chosen = self._slots[(numbers % np.uint64(_SLOTS)).astype(np.int64)]
        counts = np.array(self._slot_counts, np.uint64)[chosen]
        within = self._places[(numbers % np.uint64(_SLOTS)).astype(np.int64)]
        later = numbers * tries + np.uint64(min(attempt, _TRIES - 1))
        later += np.uint64(_LATER * _TRIES) * np.uint64(max(attempt - _TRIES + 1, 0))
        sizes = np.array([f.size for f in self.formats], np.uint64)
        if len(self.formats) == 1:
            index, rounds = later % sizes[0], later // sizes[0]
        else:
            index = (numbers // np.uint64(_SLOTS) * counts + within) * tries + np.uint64(attempt)
            # A family that is used up hands over to later rounds of the first one.
            over = (index >= sizes[chosen]) | (attempt >= _TRIES)
            chosen = np.where(over, 0, chosen)
            rounds = np.where(over, np.uint64(1) + later // sizes[0], np.uint64(0))
            index = np.where(over, later % sizes[0], index)
        if attempt >= _TRIES and self._room is not None:
            # There is no room for so late a round: rather a string that might, once in billions, be another row's.
            index, rounds = mix(later) % sizes[chosen], np.zeros(len(numbers), np.uint64)
        return self._strings(chosen, index, rounds)

    def _strings(self, chosen: npt.NDArray[Any], index: NoiseBits, rounds: NoiseBits) -> pa.Array:
        order, parts = [], []
        for which in np.unique(chosen):
            rows = np.flatnonzero(chosen == which)
            own = self.formats[which]
            places = permuted(index[rows], own.size, self.key + int(which))
            order.append(rows)
            parts.append(own.strings(places, rounds[rows], self.round_width))
        if len(parts) == 1:
            return parts[0]
        place = np.empty(len(chosen), np.int64)
        place[np.concatenate(order)] = np.arange(len(chosen))
        return pa.concat_arrays(parts).take(pa.array(place))

    @cached_property
    def _slot_counts(self) -> tuple[int, ...]:
        """Of a thousand rows in a row, how many go to each family."""
        exact = np.array(self.shares) / sum(self.shares) * _SLOTS
        counts = np.floor(exact).astype(np.int64)
        counts[np.argsort(counts - exact)[: _SLOTS - counts.sum()]] += 1
        return tuple(counts.tolist())

    @cached_property
    def _slots(self) -> npt.NDArray[np.int64]:
        families = np.repeat(np.arange(len(self.formats)), self._slot_counts)
        return families[permuted(np.arange(_SLOTS, dtype=np.uint64), _SLOTS, self.key).astype(np.int64)]

    @cached_property
    def _places(self) -> npt.NDArray[np.uint64]:
        """Of each slot, how many earlier ones go to the same family."""
        places = np.zeros(_SLOTS, np.uint64)
        for which, count in enumerate(self._slot_counts):
            places[self._slots == which] = np.arange(count, dtype=np.uint64)
        return places

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "codec": "surrogate",
            "type": str(self.type),
            "formats": [f.to_json() for f in self.formats],
            "shares": list(self.shares),
            "unique": self.unique,
            "key": self.key,
            "round_width": self.round_width,
            "real_values": None if self.real_values is None else self.real_values.to_json(),
            "has_null": self.has_null,
            "frequencies": list(self.frequencies),
            "kind": self.kind,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SurrogateCodec:
        """The codec that `to_json` described."""
        plain: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key != "codec"
        }
        plain["type"] = ColumnType.parse(data["type"])
        plain["formats"] = tuple(Format.from_json(f) for f in data["formats"])
        plain["real_values"] = None if data["real_values"] is None else RealValueFilter.from_json(data["real_values"])
        return cls(**plain)
