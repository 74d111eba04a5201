"""How far apart the joint distributions of pairs of columns are, in encoded rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable

CELLS = 10
MOST_PAIRS = 150
_ASSOCIATED = 0.05

Cells = list[npt.NDArray[np.int64]]


def cells_of(rows: EncodedTable, blocks: tuple[Block, ...]) -> Cells:
    """For each column the cell of each row: at most `CELLS` of its codes, or parts of its ranks if it has one code."""
    cells, rank = [], 0
    for i, block in enumerate(blocks):
        codes = rows.codes[:, i].astype(np.int64)
        if block.codes == 1 and block.ranked:
            codes = (rows.ranks[:, rank] * CELLS).astype(np.int64)
        else:  # the most frequent codes are cells of their own; the others share the last one
            codes = np.argsort(np.argsort(-np.array(block.frequencies), kind="stable"))[codes]
        rank += block.ranked
        cells.append(np.minimum(codes, CELLS - 1))
    return cells


def pairs_of(columns: int, first: int, seed: int) -> list[tuple[int, int]]:
    """Pairs of columns of which one is among the ``first``; of many pairs, a fixed sample."""
    pairs = [pair for pair in combinations(range(columns), 2) if pair[0] < first]
    if len(pairs) > MOST_PAIRS:
        pairs = [pairs[i] for i in np.random.default_rng(seed).choice(len(pairs), MOST_PAIRS, replace=False)]
    return pairs


def distance(real: Cells, drawn: Cells, pair: tuple[int, int]) -> float:
    """Total variation distance of a pair's joint distributions."""
    size = CELLS * CELLS
    joint = [np.bincount(c[pair[0]] * CELLS + c[pair[1]], minlength=size) / len(c[pair[0]]) for c in (real, drawn)]
    return float(np.abs(joint[0] - joint[1]).sum() / 2)


def pair_score(real: Cells, other: Cells, drawn: Cells, first: int, seed: int) -> float | None:
    """How much of the association between columns drawn rows have: 1 for as much as real rows, 0 for none.

    Over the pairs whose columns are associated, the distance of drawn rows from real ones is set against that of rows
    whose columns were shuffled on their own, both above the distance of other real rows.

    Args:
        real: Cells of real rows.
        other: Cells of as many other real rows.
        drawn: Cells of as many drawn rows.
        first: How many of the columns are generated; the others are given.
        seed: Fixes what is shuffled, and which of many pairs are looked at.

    Returns:
        None where no columns are associated.
    """
    rng = np.random.default_rng(seed)
    independent = [rng.permutation(cells) for cells in other]
    missed = possible = 0.0
    for pair in pairs_of(len(real), first, seed):
        chance, none = distance(real, other, pair), distance(real, independent, pair)
        if none - chance > _ASSOCIATED:
            missed += max(distance(real, drawn, pair) - chance, 0.0)
            possible += none - chance
    return None if possible == 0 else 1 - missed / possible
