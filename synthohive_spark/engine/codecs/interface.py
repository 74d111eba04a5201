"""What a codec is, and what all codecs share."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.noise import uniforms

Codes = npt.NDArray[np.int32]
Ranks = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint64]


class Codec(Protocol):
    """The fitted, invertible encoding of one column.

    Attributes:
        kind: How the column is modelled.
        frequencies: Share of the rows that hold each code.
        ranked: Whether a rank in (0, 1) goes with the code.
        encode_words: Words of noise a row needs to be encoded.
        decode_words: Words of noise a row needs to be decoded.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def frequencies(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def ranked(self) -> bool: ...  # noqa: D102
    @property
    def encode_words(self) -> int: ...  # noqa: D102
    @property
    def decode_words(self) -> int: ...  # noqa: D102

    def encode(self, values: pa.Array, words: Words) -> tuple[Codes, Ranks]:
        """Codes and ranks of ``values``; a value that was not kept gets the code of another, drawn from ``words``."""
        ...

    def decode(self, codes: Codes, ranks: Ranks, words: Words) -> pa.Array:
        """Values of the column's Arrow type; ``ranks`` are read only where `ranked`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The codec as plain values."""
        ...


def draw_codes(frequencies: npt.ArrayLike, words: Words) -> Codes:
    """Draw a code for each word, with the given frequencies (of any sum above zero)."""
    cumulative = np.cumsum(np.asarray(frequencies, np.float64))
    picks = np.searchsorted(cumulative, uniforms(words) * cumulative[-1], side="right")
    return np.asarray(np.minimum(picks, len(cumulative) - 1), np.int32)


def encode_nulls(values: pa.Array, has_null: bool) -> tuple[Codes, Ranks]:
    """Codes of a column of which only the nulls are learned: null first, where it is a code, then any value."""
    codes = (~null_mask(values)).astype(np.int32) if has_null else np.zeros(len(values), np.int32)
    return codes, np.full(len(values), 0.5, np.float32)


def null_mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Where ``values`` is null."""
    mask: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return mask
