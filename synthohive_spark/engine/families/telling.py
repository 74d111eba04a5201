"""Which conditions say anything about a row: what has nothing to do with any column only slows learning and drawing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column

_ROWS, _BINS, _CATEGORIES = 20_000, 12, 24
_SIGNIFICANT = 4.0
"""Standard deviations above what chance would give."""
_MOST = 32
Codes = npt.NDArray[np.int64]


def telling_conditions(
    rows: pa.Table, made: Sequence[Column], given: Sequence[Column], seed: int = 0
) -> frozenset[str]:
    """The given columns that go with a made one beyond chance, the `_MOST` that do most.

    The measure is mutual information over parts of the values, whose chance level is that of a chi-square statistic.

    Args:
        rows: Training rows with all these columns.
        made: The columns that are generated.
        given: The columns that could be given.
        seed: Fixes which rows are looked at.
    """
    if rows.num_rows > _ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(rows.num_rows, _ROWS, replace=False))
        rows = rows.take(pa.array(chosen))
    own = [_parts(rows.column(c.name), c) for c in made]
    worth = {}
    for column in given:
        codes = _parts(rows.column(column.name), column)
        excess = [_excess(codes, other) for other in own]
        if excess and max(e for _, e in excess) > _SIGNIFICANT:
            worth[column.name] = sum(max(share, 0.0) for share, e in excess if e > _SIGNIFICANT)
    return frozenset(sorted(worth, key=lambda name: (-worth[name], name))[:_MOST])


def says_something(values: pa.ChunkedArray) -> bool:
    """Whether a column can say something about others: no constant, no string that is nearly unique."""
    different = pc.count_distinct(values, mode="all").as_py()
    return different > 1 and (not pa.types.is_string(values.type) or different <= max(len(values) / 2, 2))


def _parts(values: pa.ChunkedArray, column: Column) -> Codes:
    """Common values as they are, numbers of many values cut at quantiles; null is a part of its own."""
    array = one_array(values)
    if column.type.is_quantitative and pc.count_distinct(array).as_py() > _BINS:
        wide = array.cast(pa.int32()).cast(pa.int64()) if column.type.name == "date" else array
        wide = wide.cast(pa.int64()) if column.type.is_temporal else wide
        numbers = np.asarray(wide.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), float)
        edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, _BINS + 1)[1:-1]))
        return np.where(null_mask(array), _BINS, np.searchsorted(edges, numbers, "left"))
    codes = np.asarray(array.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False), np.int64)
    counts = np.bincount(codes)
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(rank[codes], _CATEGORIES)


def _excess(first: Codes, second: Codes) -> tuple[float, float]:
    """Mutual information beyond chance in nats, and how many standard deviations of chance that is."""
    size = int(second.max()) + 1
    joint = np.bincount(first * size + second, minlength=(int(first.max()) + 1) * size).reshape(-1, size).astype(float)
    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]
    n = joint.sum()
    free = (joint.shape[0] - 1) * (joint.shape[1] - 1)
    if not free:
        return 0.0, 0.0
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / n
    statistic = 2 * (joint[joint > 0] * np.log(joint[joint > 0] / expected[joint > 0])).sum()
    return float(statistic - free) / (2 * n), float((statistic - free) / np.sqrt(2 * free))
