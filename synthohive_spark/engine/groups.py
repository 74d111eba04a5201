"""Columns of many categories as groups: the networks make the group, and its member is drawn by frequency.

A softmax over thousands of categories would cost more than the rest of a training step, and rare ones are never
learned. Categories that go together with the same values of the other columns form a group, so a group says nearly all
that a category says about a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.encoded_table import Block, EncodedTable

GROUPS = 64
_PRIOR_ROWS = 10.0
_WIDTH = 256
_ROUNDS = 25


@dataclass(frozen=True)
class Groups:
    """The groups of a column's codes.

    Attributes:
        group_of: The group of each code, shape (codes,).
        frequencies: Share of the rows that hold each code.
    """

    group_of: npt.NDArray[np.int16]
    frequencies: npt.NDArray[np.float64]

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        return np.argsort(self.group_of, kind="stable")

    @cached_property
    def _cumulative(self) -> npt.NDArray[np.float64]:
        return np.cumsum(np.maximum(self.frequencies, 1e-12)[self._order])

    @cached_property
    def _bounds(self) -> npt.NDArray[np.float64]:
        ends = np.cumsum(np.bincount(self.group_of))
        return np.concatenate([[0.0], self._cumulative[ends - 1]])

    def block(self, block: Block) -> Block:
        """The column of groups in place of the column of codes."""
        shares = np.bincount(self.group_of, weights=self.frequencies)
        return Block(block.name, tuple(shares.tolist()), block.ranked, block.null)

    def members(self, groups: npt.NDArray[Any], uniforms: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """A code of each group, drawn by frequency with a number in (0, 1)."""
        low, high = self._bounds[groups], self._bounds[groups + 1]
        place = np.searchsorted(self._cumulative, low + uniforms * (high - low), side="right")
        return np.asarray(self._order[np.minimum(place, len(self._order) - 1)])


def fit_groups(
    table: EncodedTable, blocks: tuple[Block, ...], column: int, *, narrow: tuple[int, ...], seed: int
) -> Groups:
    """Group the codes of ``column`` by what the ``narrow`` columns hold beside them; a null stays by itself."""
    block, codes = blocks[column], table.codes[:, column].astype(np.int64)
    rng = np.random.default_rng(seed)
    counts = np.bincount(codes, minlength=block.codes).astype(np.float64)
    points = profiles(codes, counts, table, [(i, blocks[i].codes) for i in narrow], rng)
    first = int(block.null)
    group_of = np.zeros(block.codes, np.int16)
    group_of[first:] = first + _cluster(points[first:], counts[first:], GROUPS, rng)
    return Groups(np.unique(group_of, return_inverse=True)[1].astype(np.int16), np.array(block.frequencies))


def grouped(table: EncodedTable, groups: Mapping[int, Groups]) -> EncodedTable:
    """The rows with groups in place of codes."""
    if not groups:
        return table
    codes = table.codes.astype(np.int16)
    for column, own in groups.items():
        codes[:, column] = own.group_of[table.codes[:, column]]
    return EncodedTable(codes, table.ranks)


def profiles(
    codes: npt.NDArray[np.int64],
    counts: npt.NDArray[np.float64],
    table: EncodedTable,
    narrow: list[tuple[int, int]],
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """For each code, how the other columns differ beside it, in the chi-square metric of correspondence analysis.

    A code of few rows is taken for an average one as far as its rows say little, and many columns are thrown onto
    `_WIDTH` random directions, which keeps distances (Johnson and Lindenstrauss, 1984).
    """
    total = sum(size for _, size in narrow)
    made = np.zeros((len(counts), min(total, _WIDTH)))
    start = 0
    for column, size in narrow:
        pair = np.bincount(codes * size + table.codes[:, column], minlength=len(counts) * size)
        joint = pair.reshape(len(counts), size).astype(np.float64)
        share = joint.sum(axis=0) / max(joint.sum(), 1)
        own = (joint + _PRIOR_ROWS * share) / (counts[:, None] + _PRIOR_ROWS)
        away = (own - share) / np.sqrt(np.maximum(share, 1e-9))
        if total <= _WIDTH:
            made[:, start : start + size] = away
        else:
            made += away @ (rng.standard_normal((size, made.shape[1])) * made.shape[1] ** -0.5)
        start += size
    return made


def _cluster(
    points: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], groups: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """k-means of weighted points (Lloyd, 1982), begun with k-means++ (Arthur and Vassilvitskii, 2007)."""
    groups = min(groups, len(points))
    weights = weights + 1e-9
    squares = (points**2).sum(axis=1)
    centres = points[[int(rng.choice(len(points), p=weights / weights.sum()))]]
    nearest = np.full(len(points), np.inf)
    while True:
        new = centres[-1]
        nearest = np.minimum(nearest, np.maximum(squares - 2 * points @ new + new @ new, 0))
        odds = nearest * weights
        if len(centres) == groups or odds.sum() <= 0:
            break
        centres = np.concatenate([centres, points[[int(rng.choice(len(points), p=odds / odds.sum()))]]])
    for _ in range(_ROUNDS):
        member = np.argmin((centres**2).sum(axis=1) - 2 * points @ centres.T, axis=1)
        mass = np.bincount(member, weights, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, member, points * weights[:, None])
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        if np.allclose(moved, centres):
            break
        centres = moved
    return np.asarray(member, np.int64)
