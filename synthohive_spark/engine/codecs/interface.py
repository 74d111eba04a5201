"""What a codec is, and what all codecs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.encoded_table import Allowed
from synthohive_spark.engine.noise import uniforms

Codes = npt.NDArray[np.int32]
Ranks = npt.NDArray[np.float32]
NoiseBits = npt.NDArray[np.uint64]
UNLIMITED = 1 << 46
"""More rows than any table has."""


class Codec(Protocol):
    """The fitted, invertible encoding of one column.

    Attributes:
        kind: How the column is modelled.
        frequencies: Share of the rows that hold each code.
        size: How many codes there are.
        has_null: Whether code 0 stands for null.
        ranked: Whether a rank in (0, 1) goes with the code.
        bins: How many of the codes, the last ones, are equal parts of the ranks; 0 where ranks have another meaning.
        varies: Whether there is anything to learn: more than one code, or a rank.
        unique: Whether no two rows get the same value; it is then made from a number of the row's own.
        numbered: Whether values are made from a number of the row's own, where there is one.
        together: Names the columns that are decoded with the same word; empty for a column by itself.
        capacity: How many rows, numbered from 0, get values of their own.
        encode_words: 64-bit words of noise that a row needs to be encoded.
        decode_words: 64-bit words of noise that a row needs to be decoded.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def frequencies(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def has_null(self) -> bool: ...  # noqa: D102
    @property
    def ranked(self) -> bool: ...  # noqa: D102
    @property
    def bins(self) -> int: ...  # noqa: D102
    @property
    def varies(self) -> bool: ...  # noqa: D102
    @property
    def unique(self) -> bool: ...  # noqa: D102
    @property
    def numbered(self) -> bool: ...  # noqa: D102
    @property
    def together(self) -> str: ...  # noqa: D102
    @property
    def capacity(self) -> int: ...  # noqa: D102
    @property
    def encode_words(self) -> int: ...  # noqa: D102
    @property
    def decode_words(self) -> int: ...  # noqa: D102

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """Codes and ranks of ``values``; a value that was not kept gets the code of another, drawn from ``words``."""
        ...

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """Values of the column's Arrow type; ``ranks`` are read only where `ranked`."""
        ...

    def allowed(self, domain: Domain) -> Allowed | None:
        """What may be drawn for a value in ``domain`` to come out; None where codes do not tell."""
        ...

    def shared_words(self, words: NoiseBits) -> NoiseBits:
        """What all columns that are decoded together are decoded with, of the words of one of them."""
        ...

    def with_nulls(self, nulls: int, rows: int) -> Codec:
        """The codec of a column with so many nulls in so many rows, where it is made without looking at them."""
        ...

    def with_codes(self, codes: Codes) -> Codec:
        """The codec with the shares of its codes as found in ``codes``, where it has none yet."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The codec as plain values."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Codec:
        """The codec that `to_json` described."""
        ...


class CodecDefaults:
    """What most codecs answer; a codec overrides what is different in it."""

    frequencies: tuple[float, ...]
    unique: bool = False
    together: str = ""

    @property
    def numbered(self) -> bool:
        """Whether values are made from a number of the row's own."""
        return self.unique

    @property
    def ranked(self) -> bool:
        """Whether a rank goes with the code."""
        return False

    @property
    def capacity(self) -> int:
        """How many rows get values of their own."""
        return UNLIMITED

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.frequencies)

    @property
    def varies(self) -> bool:
        """Whether there is anything to learn."""
        return self.size > 1 or self.ranked

    def allowed(self, domain: Domain) -> Allowed | None:
        """See `Codec.allowed`; codes do not tell."""
        return None

    def shared_words(self, words: NoiseBits) -> NoiseBits:
        """The words."""
        return words

    def with_nulls(self, nulls: int, rows: int) -> Self:
        """The codec as it is: its nulls were seen when it was fitted."""
        return self

    def with_codes(self, codes: Codes) -> Self:
        """The codec with the shares of its codes as found in ``codes``, where it has none yet."""
        if self.frequencies:
            return self
        counts = np.bincount(codes, minlength=self.size).astype(np.float64)
        shares = tuple((counts / max(counts.sum(), 1)).tolist())
        return replace(self, frequencies=shares)  # type: ignore[type-var]


def draw_codes(frequencies: npt.ArrayLike, words: NoiseBits) -> Codes:
    """Draw a code for each word, with the given frequencies (of any sum above zero)."""
    cumulative = np.cumsum(np.asarray(frequencies, np.float64))
    picks = np.searchsorted(cumulative, uniforms(words) * cumulative[-1], side="right")
    return np.asarray(np.minimum(picks, len(cumulative) - 1), np.int32)


def encode_nulls(values: pa.Array, has_null: bool) -> tuple[Codes, Ranks]:
    """Codes of a column of which only the nulls are learned: null first, where it is a code, then any value."""
    codes = (~null_mask(values)).astype(np.int32) if has_null else np.zeros(len(values), np.int32)
    return codes, np.full(len(values), 0.5, np.float32)
