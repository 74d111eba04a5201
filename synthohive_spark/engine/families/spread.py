"""Counts of a small table spread evenly along the distribution that was learned of them.

Chance alone would let six rows of 77 have the greatest counts where five have, which moves everything that follows from
them. The rows keep their order: who was drawn with more has more (stratified sampling; ranks as in Iman and Conover,
1982).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.numeric import NumericCodec

_STEPS = 100


def spread_counts(rows: pa.Table, counts: Collection[str], codecs: Mapping[str, Codec]) -> pa.Table:
    """Rows whose counts are as evenly spread as they can be, in the order of those they had."""
    had = {name: np.asarray(one_array(rows.column(name)).cast(pa.float64())) for name in counts}
    for name in counts:
        codec = codecs.get(name)
        if isinstance(codec, NumericCodec) and rows.num_rows and (even := even_values(codec, rows.num_rows)):
            # Of equal counts those have more that have more of others, for counts go together.
            others = sum((own for other, own in had.items() if other != name), np.zeros(rows.num_rows))
            order = np.lexsort([others, had[name]])
            places = np.empty(len(order), np.int64)
            places[order] = np.arange(len(order))
            rows = rows.set_column(rows.column_names.index(name), name, even.take(pa.array(places)))
    return rows


def even_values(codec: NumericCodec, rows: int) -> pa.Array | None:
    """Values of a column without nulls, sorted, each for an equal share of its distribution; None if it has some."""
    if codec.has_null or not codec.size:
        return None
    shares = np.array(codec.frequencies or np.ones(codec.size))
    many = np.diff(np.round(np.cumsum(shares / shares.sum()) * _STEPS * rows), prepend=0).astype(np.int64)
    codes = np.repeat(np.arange(codec.size), many)
    inside = (np.arange(len(codes)) - np.repeat(np.cumsum(many) - many, many) + 0.5) / np.repeat(many, many)
    ranks: npt.NDArray[np.float64] = (codes - (codec.size - codec.bins) + inside) / max(codec.bins, 1)
    values = codec.decode(codes, np.clip(ranks, 0, 1).astype(np.float32), np.zeros((len(codes), 0), np.uint64))
    middle = ((np.arange(rows) + 0.5) * len(codes) / rows).astype(np.int64)
    return values.sort().take(pa.array(middle))
