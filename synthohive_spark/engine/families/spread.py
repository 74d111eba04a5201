"""Counts of a small table spread evenly along the distribution that was learned of them.

Chance alone would let six rows of 77 have the greatest counts where five have, which moves everything that follows from
them. The rows keep their order: who was drawn with more has more (stratified sampling; ranks as in Iman and Conover,
1982).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.numeric import NumericCodec

_STEPS = 100
Counts = npt.NDArray[np.int64]


def spread_counts(rows: pa.Table, means: Mapping[str, float], codecs: Mapping[str, Codec]) -> pa.Table:
    """Rows whose counts are as evenly spread as they can be, in the order of those they had.

    Args:
        rows: The rows.
        means: By count its mean, which is kept.
        codecs: The codecs of the rows' columns.
    """
    had = {name: np.asarray(one_array(rows.column(name)).cast(pa.float64())) for name in means}
    for name, mean in means.items():
        codec = codecs.get(name)
        if not isinstance(codec, NumericCodec) or codec.has_null or not rows.num_rows:
            continue
        # Of equal counts those have more that have more of others, for counts go together.
        others = sum((own for other, own in had.items() if other != name), np.zeros(rows.num_rows))
        values = np.empty(rows.num_rows, np.int64)
        values[np.lexsort([others, had[name]])] = _with_mean(even_values(codec, rows.num_rows), mean)
        column = rows.schema.field(name)
        rows = rows.set_column(rows.column_names.index(name), column, pa.array(values).cast(column.type))
    return rows


def _with_mean(values: Counts, mean: float) -> Counts:
    """Sorted counts with what their sum lacks shared out in proportion to them, so that zeros stay."""
    lacking = round(mean * len(values)) - values.sum()
    added = np.diff(np.round(lacking * np.cumsum(values) / max(values.sum(), 1)), prepend=0)
    return np.asarray(values + added.astype(np.int64))


def even_values(codec: NumericCodec, rows: int) -> Counts:
    """Whole numbers of a column without nulls, sorted, each for an equal share of its distribution."""
    shares = np.array(codec.frequencies or np.ones(codec.size))
    many = np.diff(np.round(np.cumsum(shares / shares.sum()) * _STEPS * rows), prepend=0).astype(np.int64)
    codes = np.repeat(np.arange(codec.size, dtype=np.int32), many)
    inside = (np.arange(len(codes)) - np.repeat(np.cumsum(many) - many, many) + 0.5) / np.repeat(many, many)
    ranks = np.clip((codes - (codec.size - codec.bins) + inside) / max(codec.bins, 1), 0, 1).astype(np.float32)
    values = np.sort(np.asarray(codec.decode(codes, ranks, np.zeros((len(codes), 0), np.uint64))).astype(np.int64))
    return values[((np.arange(rows) + 0.5) * len(codes) / rows).astype(np.int64)]
