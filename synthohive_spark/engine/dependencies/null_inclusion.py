"""Nulls that come together: a column that is only null where another one is, or exactly there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block, NullInclusion
from synthohive_spark.engine.encoded_table import EncodedTable

_CHANCE = 1e-6


def find_null_inclusions(table: EncodedTable, blocks: Sequence[Block]) -> tuple[NullInclusion, ...]:
    """The inclusions that hold in all rows, and that chance would hardly make; columns of more nulls come first.

    What follows from two of them is one, too: nulls drawn in any order then never leave a column nothing to hold.

    Args:
        table: The rows.
        blocks: The columns; code 0 is null where a block says so.
    """
    nulls = {i: table.codes[:, i] == 0 for i, block in enumerate(blocks) if block.null}
    counts = {i: int(mask.sum()) for i, mask in nulls.items()}
    order = sorted((i for i in nulls if 0 < counts[i] < len(table)), key=lambda i: (-counts[i], i))
    within: dict[int, set[int]] = {}
    for place, column in enumerate(order):
        own = within[column] = set()
        for other in order[:place]:
            by_chance = counts[column] * np.log(counts[other] / len(table))
            if by_chance < np.log(_CHANCE) and not (nulls[column] & ~nulls[other]).any():
                own |= {other, *within[other]}
    return tuple(
        NullInclusion(column, other, counts[column] == counts[other])
        for column in order
        for other in order
        if other in within[column]
    )


def telling(inclusions: Sequence[NullInclusion]) -> tuple[NullInclusion, ...]:
    """Those that do not follow from two others."""
    within: dict[int, set[int]] = {}
    for own in inclusions:
        within.setdefault(own.column, set()).add(own.within)
    return tuple(
        own for own in inclusions if not any(own.within in within.get(i, ()) for i in within[own.column] - {own.within})
    )


def describe(own: NullInclusion, names: Sequence[str]) -> str:
    """The inclusion as a sentence; ``names`` are those of the encoded columns."""
    where = "exactly where" if own.same else "only where"
    return f"{names[own.column]} is null {where} {names[own.within]} is"


def broken(own: NullInclusion, encoded: EncodedTable) -> npt.NDArray[np.bool_]:
    """Which rows have a null that the inclusion rules out."""
    null, outer = encoded.codes[:, own.column] == 0, encoded.codes[:, own.within] == 0
    return np.asarray(null != outer if own.same else null & ~outer)


def drawing_order(columns: int, inclusions: Sequence[NullInclusion]) -> tuple[int, ...]:
    """The columns in an order in which each follows those that its nulls lie within."""
    linked = dict.fromkeys([*(own.within for own in inclusions), *(own.column for own in inclusions)])
    depth = {i: sum(own.column == i for own in inclusions) for i in linked}
    ordered = sorted(linked, key=lambda i: (depth[i], i))
    return (*ordered, *(i for i in range(columns) if i not in linked))


def mask_nulls(
    logits: npt.NDArray[Any], column: int, inclusions: Sequence[NullInclusion], codes: npt.NDArray[Any]
) -> None:
    """Rule out, in place, codes of ``column`` that its inclusions forbid.

    Args:
        logits: Shape (codes, rows); code 0 is null.
        column: The column.
        inclusions: All inclusions.
        codes: The codes of the columns, shape (columns, rows), -1 where they are not known yet.
    """
    for own in inclusions:
        if own.column == column:
            other = codes[own.within]
            logits[0, other > 0] = -np.inf
            if own.same:
                logits[1:, other == 0] = -np.inf
        elif own.within == column:
            other = codes[own.column]
            logits[1:, other == 0] = -np.inf
            if own.same:
                logits[0, other > 0] = -np.inf
