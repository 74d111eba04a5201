"""Which code a row has whose value is rare, in a column that decides others (a seat decides the plan).

A codec gives such a row the code of any frequent value. That one decides otherwise, and what only rare values decide
would never come out. So the row has the code of a value that decides the same; where those hold less than half of
such rows, of one that is imitated from the rare ones: by their patterns, or a number of their range, and no real value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec, Codes
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.text_fit import fit_text
from synthohive_spark.engine.encoded_table import EncodedTable, stack
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics

_MOST = 1_000
"""Imitated values of a column."""
_DRAWN = 8
"""Strings that are drawn for one that is wanted."""

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def with_stand_ins(
    encoder: TableEncoder,
    encoded: EncodedTable,
    table: pa.Table,
    pairs: Sequence[tuple[int, int]],
    request: FitRequest,
    statistics: TableStatistics,
) -> tuple[TableEncoder, EncodedTable]:
    """The codecs with imitated values, and the rows with codes of values that decide the same.

    Args:
        encoder: The codecs.
        encoded: The rows.
        table: The values of the rows.
        pairs: Positions of encoded columns, each with one that it decides.
        request: What is asked for.
        statistics: Statistics of all rows.
    """
    varying = [place for place, codec in enumerate(encoder.codecs) if codec.varies]
    codecs, codes = list(encoder.codecs), [own.astype(np.int32) for own in encoded.codes.T]
    values = {of: one_array(table.column(encoder.columns[varying[of]].name)) for of, _ in pairs}
    different = {of: len(own.unique()) for of, own in values.items()}
    changed = False
    # What decides a column has at least as many values, and is looked at later.
    for of in sorted(values, key=lambda own: (different[own], own)):
        codec, column = codecs[varying[of]], encoder.columns[varying[of]]
        if not isinstance(codec, CategoricalCodec | NumericCodec) or codec.ranked:
            continue
        rare = _rare(codec, codes[of], values[of])
        if not rare.any():
            continue
        own = statistics.columns.get(column.name, ColumnStatistics(0))
        sample = ColumnSample(column, values[of], own, request.privacy, derive_seed(request.seed, "stand-ins"))
        decided = sorted({other for own, other in pairs if own == of}, key=lambda other: codecs[varying[other]].size)
        classes = [codes[other] for other in decided]
        # Of strings that are declared to be categories, none is made up.
        made = _Imitations(sample, codec, not (column.type.is_string and column.name in request.rules.categorical))
        codes[of] = _placed(codes[of], rare, classes, request.privacy.min_rows, made)
        codecs[varying[of]], codes[of] = made.joined(codes[of], rare)
        changed = True
    if not changed:
        return encoder, encoded
    return TableEncoder(encoder.columns, tuple(codecs)), stack(codes, list(encoded.ranks.T), table.num_rows)


def _rare(codec: CategoricalCodec | NumericCodec, codes: Codes, values: pa.Array) -> Mask:
    """The rows whose code stands for another value."""
    blank = np.zeros((len(codes), max(codec.decode_words, 1)), np.uint64)
    decoded = codec.decode(codes, np.full(len(codes), 0.5, np.float32), blank)
    other = pc.fill_null(pc.not_equal(decoded, values.cast(decoded.type)), False).to_numpy(zero_copy_only=False)
    first = int(codec.has_null) + (len(codec.specials) if isinstance(codec, NumericCodec) else 0)
    return np.asarray(other & (codes >= first))


def _placed(
    codes: Codes,
    rare: Mask,
    classes: Sequence[Codes],
    at_least: int,
    imitated: _Imitations,
) -> Codes:
    """The codes, those of rare rows being of what decides the same: all of ``classes``, else the first of them.

    Args:
        codes: The code of each row.
        rare: Which rows hold a rare value.
        classes: The codes of what is decided, columns of few codes first.
        at_least: Fewest rows of an imitated value.
        imitated: Makes imitated values.
    """
    placed, rng = codes.copy(), np.random.default_rng(imitated.sample.seed)
    kept, first, counts = np.unique(codes[~rare], return_index=True, return_counts=True)
    first = np.flatnonzero(~rare)[first]
    left = np.flatnonzero(rare)
    for depth in range(len(classes), 0, -1):
        if not len(left):
            break
        every = np.stack([own[np.concatenate([first, left])] for own in classes[:depth]])
        label = np.unique(every, axis=1, return_inverse=True)[1].reshape(-1)
        theirs, own = label[: len(first)], label[len(first) :]
        unplaced, fresh = [], [left[:0]]
        for members in _groups(own):
            same = np.flatnonzero(theirs == own[members[0]])
            rows, weight = left[members], int(counts[same].sum())
            many = len(rows) // max(at_least, 1) if len(rows) > weight else 0
            if made := imitated.of(rows, many):
                placed[rows] = rng.permutation(np.resize(made, len(rows)))
                fresh.append(rows)
            elif len(same):
                placed[rows] = rng.choice(kept[same], len(rows), p=counts[same] / weight)
            else:
                unplaced.append(rows)
        left = np.concatenate(unplaced) if unplaced else left[:0]
        # The others may have the code of an imitated value that decides less of the same.
        new, new_first, new_counts = np.unique(placed[np.concatenate(fresh)], return_index=True, return_counts=True)
        kept, counts = np.concatenate([kept, new]), np.concatenate([counts, new_counts])
        first = np.concatenate([first, np.concatenate(fresh)[new_first]])
    return placed


def _groups(labels: Rows) -> list[Rows]:
    """The places of each label, those of most places first."""
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted(parts, key=lambda own: -len(own))


class _Imitations:
    """Values that are made up for a column, and their codes, which follow those of its codec.

    Args:
        sample: The column.
        codec: Its codec.
        wanted: Whether any may be made.
    """

    def __init__(self, sample: ColumnSample, codec: CategoricalCodec | NumericCodec, wanted: bool) -> None:
        self.sample, self.codec, self.made = sample, codec, list[Any]()
        self._most = _MOST if wanted and (sample.column.type.is_string or sample.column.type.is_integer) else 0
        self._taken = {*sample.values.unique().to_pylist(), *(sample.statistics.frequencies or ())}

    def of(self, rows: Rows, many: int) -> list[int]:
        """Codes of at most so many new values like those of ``rows``, and of no more; none where none can be made."""
        values = self.sample.values.take(pa.array(rows))
        many = min(many, len(values.unique()), self._most - len(self.made))
        if many < 1:
            return []
        seed, size = derive_seed(self.sample.seed, self.sample.column.name, str(len(self.made))), self.codec.size
        make = self._strings if self.sample.column.type.is_string else self._numbers
        made: Sequence[Any] = make(values, many, seed)
        fresh = [own for own in dict.fromkeys(made) if own not in self._taken][:many]
        self._taken.update(fresh)
        first = size + len(self.made)
        self.made += fresh
        return list(range(first, first + len(fresh)))

    def _strings(self, values: pa.Array, many: int, seed: int) -> list[str]:
        sample = replace(self.sample, values=values, statistics=ColumnStatistics(0))
        codec, drawn = replace(fit_text(sample), real_values=None), _DRAWN * many
        words = row_words(seed, np.arange(drawn), codec.decode_words)
        texts = codec.decode(np.full(drawn, codec.size - 1, np.int32), np.full(drawn, 0.5, np.float32), words)
        real = self.sample.statistics.real_values
        kept = texts if real is None else texts.filter(pa.array(~real.contain(texts)))
        return [text for text in kept.to_pylist() if text]

    def _numbers(self, values: pa.Array, many: int, seed: int) -> list[int]:
        codec = self.codec
        assert isinstance(codec, NumericCodec)
        ordered = np.sort(to_numbers(values, codec.type))
        trim = min(self.sample.privacy.trim, (len(ordered) - 1) // 2)
        origin = int(codec.spikes[0])
        low, high = ((int(own) - origin) // codec.step for own in (ordered[trim], ordered[-1 - trim]))
        drawn = np.random.default_rng(seed).integers(low, high + 1, _DRAWN * many)
        return [origin + int(codec.step) * place for place in drawn.tolist()]

    def joined(self, codes: Codes, rare: Mask) -> tuple[Codec, Codes]:
        """The codec with the new values, and the codes that it has for the given ones.

        Args:
            codes: The code of each row.
            rare: Which rows hold a rare value.
        """
        codec = self.codec
        if isinstance(codec, NumericCodec):
            others, spikes = codec.size - len(codec.spikes), np.array([*codec.spikes, *self.made])
            order = np.argsort(spikes, kind="stable")
            place = np.concatenate([np.arange(others), others + np.argsort(order)]).astype(np.int32)
            shares = np.bincount(place[codes], minlength=len(place)) / len(codes)
            sorted_spikes = tuple(spikes[order].tolist())
            return replace(codec, spikes=sorted_spikes, frequencies=tuple(shares.tolist())), place[codes]
        shares = np.array([*codec.frequencies, *np.zeros(len(self.made))])
        # The codec's shares are of all rows; it gave the part of rare values to the others, and the stand-ins have it.
        first = int(codec.has_null)
        shares[first:] *= 1 - rare.sum() / (codes >= first).sum()
        shares += np.bincount(codes[rare], minlength=len(shares)) / len(codes)
        values = (*codec.values, *self.made)
        return replace(codec, values=values, frequencies=tuple((shares / shares.sum()).tolist())), codes
