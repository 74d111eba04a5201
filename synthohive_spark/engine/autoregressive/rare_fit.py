"""What goes with rare categories, told from counts.

A class of some dozen rows is in too few steps of a training to be learned. How much likelier a category of another
column is in its rows than in all is counted instead (pointwise mutual information: Church and Hanks, "Word association
norms, mutual information, and lexicography", Computational Linguistics 16, 1990), and added to the logits of that
column where the class is known; training goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.parts import Parts
from synthohive_spark.engine.autoregressive.rare import Term
from synthohive_spark.engine.smoothing import Weights, kernels, least_gain, smoothed

_SHARE = 0.02
_MOST_RARE = 0.05
"""Share of the rows that rare categories of a column have together; where they have more, they are no exceptions."""
_FEWEST = 2
_MOST = 64
_TINY = 1e-12


def rare_categories(counts: npt.NDArray[np.int64], at_least: int) -> npt.NDArray[np.bool_]:
    """Which categories of a column are rare; none where so many are that together they are no exceptions.

    Args:
        counts: How many rows hold each category.
        at_least: Fewest rows that count as a category.
    """
    rare: npt.NDArray[np.bool_] = (counts >= at_least) & (counts < _SHARE * counts.sum())
    exceptions = counts[rare].sum() <= _MOST_RARE * counts.sum()
    return rare if exceptions else np.zeros_like(rare)


def rare_terms(rows: npt.NDArray[np.int16], parts: Parts, at_least: int) -> tuple[Term, ...]:
    """What rare categories of columns of one part without ranks say of other columns; of very many the surest.

    Args:
        rows: Categories of the parts, shape (rows, parts).
        parts: What they are.
        at_least: Fewest rows that count as a category.
    """
    rare = _Rare.of(rows, parts, at_least)
    least = least_gain(len(rare.part) * (len(parts.columns) - 1))
    found: list[tuple[float, list[Term]]] = []
    for column, own in enumerate(parts.of_column) if len(rare.part) else ():
        if own[0] < parts.first_drawn or any(part in parts.echo_of for part in own):
            continue
        sizes = tuple(parts.sizes[part] for part in own)
        cells = np.ravel_multi_index(tuple(rows[:, part].astype(np.int64) for part in own), sizes)
        counts = np.bincount(cells, minlength=math.prod(sizes)).astype(np.float64)
        shares, inside = counts / len(rows), rare.inside(cells, len(counts))
        gains, told = smoothed(inside, shares, kernels(shares, _in_order(parts, column)), at_least)
        sure = (gains > least) & ~np.isin(rare.part, own)
        for part in np.unique(rare.part[sure]).tolist():
            which = sure & (rare.part == part)
            logs = _logs(told[which], inside[which].sum(axis=1), counts).reshape(-1, *sizes)
            terms = _terms(part, rare.category[which].astype(np.int32), own, logs, shares.reshape(sizes))
            found.append((float(gains[which].max()), list(terms)))
    surest = sorted(found, key=lambda pair: -pair[0])[:_MOST]
    return tuple(term for _, terms in surest for term in terms)


@dataclass(frozen=True)
class _Rare:
    """The rare categories of a table, and their rows.

    Attributes:
        part: The part of each category.
        category: The category.
        rows: Rows of all categories, of one after the other.
        which: The place of each such row's category.
    """

    part: npt.NDArray[np.int64]
    category: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: npt.NDArray[np.int16], parts: Parts, at_least: int) -> _Rare:
        """Those of columns of one part without ranks."""
        found = []
        for (part, *more), ranked in zip(parts.of_column, parts.ranked, strict=True):
            if not (more or ranked or part in parts.echo_of):
                held = np.bincount(rows[:, part], minlength=parts.sizes[part])
                rare = np.flatnonzero(rare_categories(held, max(at_least, _FEWEST))).tolist()
                found += [(part, category, np.flatnonzero(rows[:, part] == category)) for category in rare]
        sizes = [len(own) for _, _, own in found]
        own_rows = np.concatenate([np.zeros(0, np.int64), *(own for _, _, own in found)])
        parts_of, categories = (np.array([own[i] for own in found], np.int64) for i in (0, 1))
        return cls(parts_of, categories, own_rows, np.repeat(np.arange(len(found)), sizes))

    def inside(self, cells: npt.NDArray[np.int64], size: int) -> Weights:
        """How many rows of each category each cell holds, shape (categories, cells)."""
        counts = np.bincount(self.which * size + cells[self.rows], minlength=len(self.part) * size)
        return counts.reshape(-1, size).astype(np.float64)


def _terms(
    part: int, categories: npt.NDArray[np.int32], own: tuple[int, ...], logs: Weights, shares: Weights
) -> Iterator[Term]:
    """The terms of rare categories and the parts of another column.

    Args:
        part: Part of the rare categories.
        categories: The rare categories.
        own: The parts of the other column.
        logs: Logarithms by rare category, none at last, and cells of the column.
        shares: Of the cells.
    """
    if len(own) > 1:
        within = shares / np.maximum(shares.sum(axis=1, keepdims=True), _TINY)
        first = np.log(np.maximum((np.exp(logs) * within).sum(axis=2), _TINY))
        first[:, shares.sum(axis=1) == 0] = 0
        yield Term(part, categories, own, (logs - first[:, :, None]).astype(np.float32))
        logs = first
    yield Term(part, categories, own[:1], logs.astype(np.float32))


def _in_order(parts: Parts, column: int) -> list[slice]:
    """Which cells of a column are in order: numbers that many rows hold, and ranks of the others."""
    own = parts.columns[column]
    if not parts.ranked[column]:
        return []
    first = (own.codes - own.bins) * own.fine
    return [slice(0, first, own.fine), slice(first, math.prod(own.sizes))]


def _logs(shares: Weights, held: Weights, counts: Weights) -> Weights:
    """The logarithm of how much likelier cells are in rows of each category, and in those of none, than in all rows.

    Args:
        shares: Of the cells in rows of each category, shape (categories, cells).
        held: How many rows hold each category.
        counts: How many rows each cell holds.
    """
    rest = np.maximum(counts - held @ shares, np.minimum(counts, 0.5))
    every = np.vstack([shares, rest / rest.sum()]) * counts.sum() / np.maximum(counts, _TINY)
    return np.where(counts > 0, np.log(np.maximum(every, _TINY)), 0)
