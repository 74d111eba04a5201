"""Strings of one pattern in groups, such that what stands at one place tells nothing of what stands at another.

`Disk fails on db-380` and `Order 12 shipped to Rome` are phrases with places for names and numbers: drawn place by
place, their words would mix. Divided by a word, each phrase is a pattern of its own, and what varies in it stays drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.chi_square import chi_square_deviations

Rows = Sequence[list[str]]
_ROWS = 20
"""Rows of a text that may be told from others."""
_LOOKED_AT, _MOST_PLACES = 4_000, 24
_SURE, _TOLD = 6.0, 0.1
_DEEPEST = 6


def by_phrase(rows: Rows, depth: int = 0) -> list[Rows]:
    """Rows of runs, as many in each, in groups by texts that tell others.

    That chance does not make it so is seen by a chi-squared test: its statistic is six standard deviations above what
    it would be, which happens once in a billion tests. A tenth of what there is to tell must be told.

    Args:
        rows: The runs of each string.
        depth: How often they were divided already.
    """
    if len(rows) < 2 * _ROWS or depth == _DEEPEST:
        return [rows]
    columns = [_labels([row[place] for row in rows]) for place in range(len(rows[0]))]
    some = [own for own in columns if own is not None][:_MOST_PLACES]
    few = np.linspace(0, len(rows) - 1, min(_LOOKED_AT, len(rows))).astype(np.intp)
    told = np.zeros((len(some), len(some)))
    for place, own in enumerate(some):
        for other in range(place):
            told[place, other] = told[other, place] = _told(own[few], some[other][few])
    if not told.any():
        return [rows]
    chosen = some[int(told.sum(axis=1).argmax())]
    groups = [[rows[row] for row in np.flatnonzero(chosen == label).tolist()] for label in np.unique(chosen)]
    return [made for group in groups for made in by_phrase(group, depth + 1)]


def _labels(texts: Sequence[str]) -> npt.NDArray[np.int64] | None:
    """A number for each text that enough rows hold, else for its length, else 0; None where there is one."""
    counts, lengths = Counter(texts), Counter(map(len, texts))
    if len(counts) == 1:
        return None
    names = {text: place for place, (text, count) in enumerate(sorted(counts.items()), 1) if count >= _ROWS}
    sizes = {size: -size for size, count in lengths.items() if count >= _ROWS}
    made = np.array([names.get(text, sizes.get(len(text), 0)) for text in texts], np.int64)
    labels: npt.NDArray[np.int64] = np.unique(made, return_inverse=True)[1].astype(np.int64)
    return labels if labels.max() > 0 else None


def _told(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """How much two numberings tell of each other, in nats; 0 where chance may do it, or it is little."""
    counts = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(counts, (one, other), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if chi_square_deviations(counts) <= _SURE:
        return 0.0
    shares = [counts.sum(axis=axis) / counts.sum() for axis in (0, 1)]
    most = min(float(-(share * np.log(share)).sum()) for share in shares)
    there = counts > 0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    told = float((counts[there] * np.log(counts[there] / expected[there])).sum() / counts.sum())
    return told if told > _TOLD * most else 0.0
