"""Rows of rare categories, seen more often than they come.

What goes with a class of one row in a thousand is learned from too few rows of each batch to be learned in time. Such a
row is repeated in every epoch. A head that knows the rare category learns what goes with it from all of its rows, and
one that does not counts a row as often as it really comes, so that no share changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.parts import Parts

_SHARE = 0.02
"""What a rare category is raised to."""
_MOST_RARE = 0.05
"""Share of the rows that rare categories of a column have together; where they have more, they are no exceptions."""
_MOST_TIMES = 20
_MOST_MORE = 0.03
"""How many more rows an epoch may have by it; many rare categories take learning away from all others."""


@dataclass(frozen=True)
class RareRows:
    """How often rows come in an epoch, and because of which part.

    Attributes:
        times: How often each row comes, shape (rows,).
        part: The part whose category is rare, for rows that come more than once.
    """

    times: npt.NDArray[np.int64]
    part: npt.NDArray[np.int64]

    def __bool__(self) -> bool:
        return bool((self.times > 1).any())


def rare_categories(counts: npt.NDArray[np.int64], at_least: int) -> npt.NDArray[np.bool_]:
    """Which categories of a column are rare; none where so many are that together they are no exceptions.

    Args:
        counts: How many rows hold each category.
        at_least: Fewest rows that count as a category.
    """
    rare: npt.NDArray[np.bool_] = (counts >= at_least) & (counts < _SHARE * counts.sum())
    exceptions = counts[rare].sum() <= _MOST_RARE * counts.sum()
    return rare if exceptions else np.zeros_like(rare)


def rare_rows(rows: npt.NDArray[np.int16], parts: Parts, at_least: int) -> RareRows:
    """The rows that hold a rare category of a column without ranks; of several the rarest counts.

    Together they make an epoch longer by 3 % at most, and come less often where they would by more.

    Args:
        rows: Categories of the parts, shape (rows, parts).
        parts: What they are.
        at_least: Fewest rows that count as a category.
    """
    times, part = np.ones(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for column in range(parts.given, len(parts.columns)):
        first, *more = parts.of_column[column]
        if more or parts.ranked[column]:
            continue
        counts = np.bincount(rows[:, first], minlength=parts.sizes[first])
        rare = rare_categories(counts, at_least)
        wanted = np.minimum(_SHARE * len(rows) / np.maximum(counts, 1), _MOST_TIMES)
        own = np.where(rare, np.maximum(np.rint(wanted), 1), 1).astype(np.int64)[rows[:, first]]
        part[own > times] = first
        times = np.maximum(times, own)
    if (times - 1).sum() > _MOST_MORE * len(rows):
        times = 1 + ((times - 1) * (_MOST_MORE * len(rows) / (times - 1).sum())).astype(np.int64)
    return RareRows(times, part)
