"""Finding echoes: generated columns that often hold what a given one does.

Rows in a sequence mostly hold what the row before held: a currency, a name, a state. A network learns that one value
after another, and forgets it where the rest of what is given is new to it; so it is told, and learns how often.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Echo
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec, Codes, NoiseBits
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoded_table import EncodedTable

_MOST_CODES = 256
_WORTH = 0.1
"""Nats a row by which it must say more to know how often a column echoes than to know its shares."""


def find_echoes(encoder: TableEncoder, rows: EncodedTable, given: TableEncoder, context: EncodedTable) -> list[Echo]:
    """The echo of each generated column that has one, of the given column that says most about it."""
    found, theirs = [], _coded(given)
    for column, (own, codec) in enumerate(_coded(encoder)):
        best = _WORTH
        echo: Echo | None = None
        for place, (other, other_codec) in enumerate(theirs):
            if own.type != other.type or not _has_few_codes(codec) or not _has_few_codes(other_codec):
                continue
            table = same_values(other_codec, codec)
            codes = rows.codes[:, column].astype(np.int64)
            gain = _worth(codes, table[context.codes[:, place]], codec.size)
            if gain > best:
                best, echo = gain, Echo(place, column, table)
        if echo is not None:
            found.append(echo)
    return found


def _coded(encoder: TableEncoder) -> Sequence[tuple[Column, Codec]]:
    """The columns of the encoded table with their codecs."""
    return [(c, codec) for c, codec in zip(encoder.columns, encoder.codecs, strict=True) if codec.varies]


def _has_few_codes(codec: Codec) -> bool:
    return not codec.ranked and codec.size <= _MOST_CODES


def same_values(first: Codec, second: Codec) -> Codes:
    """For each code of one codec, the code of another that stands for the same value, -1 where none does."""
    codes = np.arange(first.size, dtype=np.int32)
    middle = np.full(first.size, 0.5, np.float32)

    def noise(words: int) -> NoiseBits:
        return np.zeros((first.size, words), np.uint64)

    values = first.decode(codes, middle, noise(first.decode_words))
    found = second.encode(values, noise(second.encode_words))[0]
    again = second.decode(found, middle, noise(second.decode_words))
    same = [a == b for a, b in zip(values.to_pylist(), again.to_pylist(), strict=True)]
    return np.where(same, found, -1).astype(np.int32)


def _worth(codes: npt.NDArray[np.int64], said: Codes, size: int) -> float:
    """By how much rows are likelier if it is known how often a column holds what is said, in nats a row."""
    there, hit = said >= 0, said == codes
    shares = np.bincount(codes, minlength=size) / len(codes)
    others = np.bincount(codes[~hit], minlength=size) / max((~hit).sum(), 1)
    often = hit.sum() / max(there.sum(), 1)
    with np.errstate(divide="ignore"):
        mixed = np.where(there, (1 - often) * others[codes] + often * hit, others[codes])
        return float((np.log(mixed) - np.log(shares[codes])).mean())
