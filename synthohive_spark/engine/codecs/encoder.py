"""The codecs of a table's columns, together: rows to an encoded table and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.codecs.interface import Codec, NoiseBits
from synthohive_spark.engine.codecs.registry import CODECS
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoded_table import EncodedTable, stack
from synthohive_spark.errors import ConstraintViolationError


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
                codec.has_null,
                codec.bins,
            )
            for column, codec in zip(self.columns, self.codecs, strict=True)
            if codec.varies
        )

    @property
    def encode_words(self) -> int:
        """Words of noise that a row needs to be encoded."""
        return sum(codec.encode_words for codec in self.codecs)

    @property
    def decode_words(self) -> int:
        """Words of noise that a row needs to be decoded."""
        return sum(codec.decode_words for codec in self.codecs)

    def encode(self, table: pa.Table, words: NoiseBits) -> EncodedTable:
        """Encode the rows of ``table``; ``words`` has shape (rows, encode_words)."""
        codes, ranks, used = [], [], 0
        for column, codec in zip(self.columns, self.codecs, strict=True):
            own = words[:, used : used + codec.encode_words]
            used += codec.encode_words
            if codec.varies:
                column_codes, column_ranks = codec.encode(one_array(table.column(column.name)), own)
                codes.append(column_codes)
                if codec.ranked:
                    ranks.append(column_ranks)
        return stack(codes, ranks, table.num_rows)

    def decode(
        self,
        encoded: EncodedTable,
        words: NoiseBits,
        numbers: NoiseBits | None = None,
        wanted: Collection[str] | None = None,
    ) -> dict[str, pa.Array]:
        """The columns' values by name, constants among them.

        Args:
            encoded: Codes and ranks.
            words: Noise of shape (rows, decode_words).
            numbers: A number of its own for each row, from which unique values are made; their noise when None.
            wanted: Names of the columns; None for all.

        Raises:
            ConstraintViolationError: If a generated value does not fit the type of its column.
        """
        arrays: dict[str, pa.Array] = {}
        place = rank = used = 0
        shared: dict[str, NoiseBits] = {}
        constant, middle = np.zeros(len(encoded), np.int32), np.full(len(encoded), 0.5, np.float32)
        for column, codec in zip(self.columns, self.codecs, strict=True):
            own = words[:, used : used + codec.decode_words]
            if numbers is not None and codec.numbered:
                own = numbers[:, None]
            if codec.together:
                if codec.together not in shared:
                    shared[codec.together] = codec.shared_words(own)
                own = shared[codec.together]
            used += codec.decode_words
            codes, ranks = constant, middle
            if codec.varies:
                codes = encoded.codes[:, place]
                place += 1
                if codec.ranked:
                    ranks = encoded.ranks[:, rank]
                    rank += 1
            if wanted is not None and column.name not in wanted:
                continue
            try:
                arrays[column.name] = codec.decode(codes, ranks, own)
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
