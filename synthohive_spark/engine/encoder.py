"""The codecs of a table's columns, together: rows to an encoded table and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.interface import Codec, Words
from synthohive_spark.engine.codecs.made import MadeCodec, SequenceCodec
from synthohive_spark.engine.codecs.mixture import MixtureCodec
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.text import TextCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.interface import Block, EncodedTable
from synthohive_spark.errors import ConstraintViolationError

CODECS: dict[str, Any] = {
    "categorical": CategoricalCodec,
    "numeric": NumericCodec,
    "mixture": MixtureCodec,
    "text": TextCodec,
    "made": MadeCodec,
    "sequence": SequenceCodec,
}


@dataclass(frozen=True)
class TableEncoder:
    """One fitted codec for each column.

    A column of one code and no rank (a constant) is no part of the encoded table; it is put back when decoding.
    """

    columns: tuple[Column, ...]
    codecs: tuple[Codec, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The encoded row, constants left out."""
        return tuple(
            Block(
                column.name,
                codec.frequencies,
                codec.ranked,
                bool(getattr(codec, "has_null", False)),
                int(getattr(codec, "bins", 0)),
            )
            for column, codec in zip(self.columns, self.codecs, strict=True)
            if _varies(codec)
        )

    @property
    def encode_words(self) -> int:
        """Words of noise that a row needs to be encoded."""
        return sum(codec.encode_words for codec in self.codecs)

    @property
    def decode_words(self) -> int:
        """Words of noise that a row needs to be decoded."""
        return sum(codec.decode_words for codec in self.codecs)

    def encode(self, table: pa.Table, words: Words) -> EncodedTable:
        """Encode the rows of ``table``; ``words`` has shape (rows, encode_words)."""
        codes, ranks, used = [], [], 0
        for column, codec in zip(self.columns, self.codecs, strict=True):
            own = words[:, used : used + codec.encode_words]
            used += codec.encode_words
            if _varies(codec):
                column_codes, column_ranks = codec.encode(whole(table.column(column.name)), own)
                codes.append(column_codes)
                if codec.ranked:
                    ranks.append(column_ranks)
        return stack(codes, ranks, table.num_rows)

    def decode(self, encoded: EncodedTable, words: Words, numbers: Words | None = None) -> list[pa.Array]:
        """The columns' values, constants among them.

        Args:
            encoded: Codes and ranks.
            words: Noise of shape (rows, decode_words).
            numbers: A number of its own for each row, from which unique values are made; their noise when None.

        Raises:
            ConstraintViolationError: If a generated value does not fit the type of its column.
        """
        arrays, place, rank, used = [], 0, 0, 0
        constant, middle = np.zeros(len(encoded), np.int32), np.full(len(encoded), 0.5, np.float32)
        for column, codec in zip(self.columns, self.codecs, strict=True):
            own = words[:, used : used + codec.decode_words]
            if numbers is not None and is_numbered(codec):
                own = numbers[:, None]
            used += codec.decode_words
            codes, ranks = constant, middle
            if _varies(codec):
                codes = encoded.codes[:, place]
                place += 1
                if codec.ranked:
                    ranks = encoded.ranks[:, rank]
                    rank += 1
            try:
                arrays.append(codec.decode(codes, ranks, own))
            except pa.ArrowInvalid as error:
                raise ConstraintViolationError(
                    f"column {column.name!r}: a generated value cannot be cast to {column.type}: {error}"
                ) from error
        return arrays

    def to_json(self) -> dict[str, Any]:
        """The encoder as plain values."""
        return {
            "columns": [
                {"column": column.to_json(), "codec": codec.to_json()}
                for column, codec in zip(self.columns, self.codecs, strict=True)
            ]
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableEncoder:
        """The encoder that `to_json` described."""
        columns, codecs = [], []
        for item in data["columns"]:
            columns.append(Column.from_json(item["column"]))
            codecs.append(CODECS[item["codec"]["codec"]].from_json(item["codec"]))
        return cls(tuple(columns), tuple(codecs))


def is_numbered(codec: Codec) -> bool:
    """Whether the codec makes values that are unique, from the number of a row."""
    return bool(getattr(codec, "numbered", False))


def _varies(codec: Codec) -> bool:
    return len(codec.frequencies) > 1 or codec.ranked


def whole(values: pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    combined = values.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def stack(codes: list[Any], ranks: list[Any], rows: int) -> EncodedTable:
    """Columns of codes and ranks as one encoded table, in the smallest integers that hold the codes."""
    largest = max((int(c.max(initial=0)) for c in codes), default=0)
    small = np.int16 if largest < np.iinfo(np.int16).max else np.int32
    return EncodedTable(
        np.stack(codes, axis=1).astype(small) if codes else np.zeros((rows, 0), small),
        np.stack(ranks, axis=1).astype(np.float32) if ranks else np.zeros((rows, 0), np.float32),
    )


def with_frequencies(codec: Any, codes: Any) -> Any:
    """The codec with the shares of its codes as found in ``codes``."""
    counts = np.bincount(codes, minlength=codec.size).astype(np.float64)
    return replace(codec, frequencies=tuple((counts / max(counts.sum(), 1)).tolist()))
