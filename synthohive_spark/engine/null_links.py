"""Nulls that come together: a column that is only null where another one is, or exactly there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.interface import Block, EncodedTable

_CHANCE = 1e-6


@dataclass(frozen=True)
class NullLink:
    """Where ``column`` is null, ``within`` is null, too.

    Attributes:
        column: Position of the column.
        within: Position of the other one, whose nulls contain those of ``column``.
        same: Whether the two are null in the same rows.
    """

    column: int
    within: int
    same: bool


def find_null_links(table: EncodedTable, blocks: Sequence[Block]) -> tuple[NullLink, ...]:
    """The links that hold in all rows, and that chance would hardly make; columns of more nulls come first.

    Args:
        table: The rows.
        blocks: The columns; code 0 is null where a block says so.
    """
    nulls = {i: table.codes[:, i] == 0 for i, block in enumerate(blocks) if block.null}
    counts = {i: int(mask.sum()) for i, mask in nulls.items()}
    order = sorted((i for i in nulls if 0 < counts[i] < len(table)), key=lambda i: (-counts[i], i))
    links = []
    for place, column in enumerate(order):
        for other in order[:place]:
            by_chance = counts[column] * np.log(counts[other] / len(table))
            if by_chance < np.log(_CHANCE) and not (nulls[column] & ~nulls[other]).any():
                links.append(NullLink(column, other, counts[column] == counts[other]))
    return tuple(links)


def drawing_order(columns: int, links: Sequence[NullLink]) -> tuple[int, ...]:
    """The columns in an order in which each follows those that its nulls lie within."""
    linked = dict.fromkeys([*(link.within for link in links), *(link.column for link in links)])
    depth = {i: sum(link.column == i for link in links) for i in linked}
    ordered = sorted(linked, key=lambda i: (depth[i], i))
    return (*ordered, *(i for i in range(columns) if i not in linked))


def obey(logits: npt.NDArray[Any], column: int, links: Sequence[NullLink], codes: npt.NDArray[Any]) -> None:
    """Rule out, in place, codes of ``column`` that its links forbid.

    Args:
        logits: Shape (codes, rows); code 0 is null.
        column: The column.
        links: All links.
        codes: The codes of the columns, shape (columns, rows), -1 where they are not known yet.
    """
    for link in links:
        if link.column == column:
            other = codes[link.within]
            logits[0, other > 0] = -np.inf
            if link.same:
                logits[1:, other == 0] = -np.inf
        elif link.within == column:
            other = codes[link.column]
            logits[1:, other == 0] = -np.inf
            if link.same:
                logits[0, other > 0] = -np.inf
