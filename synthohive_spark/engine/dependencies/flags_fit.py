"""Finding sets of flags of which at most one, or always as many, are set in every row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.combinations import Combinations, combinations_of
from synthohive_spark.engine.dependencies.flags import FlagSet, flags_of

Mask = npt.NDArray[np.bool_]
_ROWS = 50
_CHANCE = 1e-6
_LIKELY = 1e-3
"""How probably two flags of a set may miss each other by chance, if all others leave no doubt."""
_FEWEST = 3
"""Two flags are a column and its opposite, or two of no more than that."""
_MOST_COMBINATIONS, _MOST_LOST = 256, 0.05


def find_flag_sets(table: pa.Table, columns: Sequence[Column]) -> tuple[FlagSet, ...]:
    """Sets of at least three columns of zeros and ones, of which no row has two that are set, in at least 50 rows.

    A set of which every row has one is taken if independent flags would all add up to one with a probability below one
    millionth, divided by the number of flags. Of a set of which some rows have none, every flag must so seldom miss all
    before it, and every two of them each other in one of a thousand tables.

    Args:
        table: The rows.
        columns: The columns to look at: integers, floats and booleans that hold 0 and 1, and nothing else but nulls.
    """
    read, flags = _read(table, columns)
    left, found = list(flags), list[FlagSet]()
    while len(left) >= _FEWEST:
        first = left.pop(0)
        missing = null_mask(read[first])
        alike = [c for c in left if np.array_equal(null_mask(read[c]), missing)]
        chosen = _set_of(first, alike, flags, ~missing, len(flags))
        if chosen is not None:
            found.append(chosen)
            left = [c for c in left if c not in chosen.columns]
    return tuple(found)


def find_counted_flags(table: pa.Table, columns: Sequence[Column], at_least: int) -> tuple[Combinations, ...]:
    """Sets of at least three columns of zeros and ones, of which as many are set in every row, in at least 50 rows.

    Of these, the combinations that enough rows hold come out, which 95 % of the rows must do. Independent flags would
    always add up to the same with a probability below one millionth, divided by the number of sets there are.

    Args:
        table: The rows.
        columns: The columns to look at, as in `find_flag_sets`, without those of what it finds.
        at_least: Fewest rows that hold a combination which may come out.
    """
    read, flags = _read(table, columns)
    left, found = list(flags), list[Combinations]()
    while len(left) >= _FEWEST:
        missing = null_mask(read[left[0]])
        alike = [c for c in left if np.array_equal(null_mask(read[c]), missing)]
        left = [c for c in left if c not in alike]
        matrix = np.stack([flags[c][~missing] for c in alike]).astype(np.float64)
        for members in _constant_sums(matrix):
            if matrix.shape[1] * np.log(_chance_of_sum(matrix[members])) >= np.log(_CHANCE) - len(alike) * np.log(2):
                continue
            kept = combinations_of(table, tuple(alike[place] for place in members), at_least)
            lost = kept.broken({name: one_array(table.column(name)) for name in kept.names}).mean()
            if len(kept.rows) <= _MOST_COMBINATIONS and lost <= _MOST_LOST:
                found.append(kept)
    return tuple(found)


def _constant_sums(matrix: npt.NDArray[np.float64]) -> Iterator[list[int]]:
    """Sets of at least three rows of a matrix that add up to the same in each column; no row is in two of them."""
    if matrix.shape[1] < _ROWS:
        return
    centred = matrix - matrix.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    free = vectors[:, values < 1e-6 * matrix.shape[1]].T
    pivot = 0
    for place in range(len(matrix)):  # reduced rows of what adds up to nothing: sets that share no row come apart
        if pivot == len(free):
            break
        best = pivot + int(np.abs(free[pivot:, place]).argmax())
        if abs(free[best, place]) < 1e-6:
            continue
        free[[pivot, best]] = free[[best, pivot]]
        free[pivot] /= free[pivot, place]
        others = np.arange(len(free)) != pivot
        free[others] -= free[others, place][:, None] * free[pivot]
        pivot += 1
    taken = set[int]()
    for weights in free:
        members = np.flatnonzero(np.abs(weights) > 1e-6).tolist()
        if len(members) >= _FEWEST and taken.isdisjoint(members) and np.allclose(weights[members], 1, atol=1e-6):
            taken.update(members)
            yield members


def _chance_of_sum(flags: npt.NDArray[np.float64]) -> float:
    """How probably independent flags of the same shares add up to what these do, shape (flags, rows), in one row."""
    chances = np.ones(1)
    for share in flags.mean(axis=1):
        chances = np.convolve(chances, [1 - share, share])
    return float(chances[round(float(flags[:, 0].sum()))])


def _read(table: pa.Table, columns: Sequence[Column]) -> tuple[dict[Column, pa.Array], dict[Column, Mask]]:
    """The columns that may be flags, and where those that are flags are set."""
    read = {c: one_array(table.column(c.name)) for c in columns if _may_be_flag(c)}
    return read, {c: flags_of(values) for c, values in read.items() if _is_flag(values)}


def _may_be_flag(column: Column) -> bool:
    return column.type.is_integer or column.type.is_float or column.type.name == "boolean"


def _is_flag(values: pa.Array) -> bool:
    some = pc.unique(values.slice(0, 1_000).drop_null()).cast(pa.float64(), safe=False).to_pylist()
    if not set(some) <= {0.0, 1.0}:
        return False
    return set(pc.unique(values.drop_null()).cast(pa.float64(), safe=False).to_pylist()) == {0.0, 1.0}


def _set_of(
    first: Column, others: Sequence[Column], flags: dict[Column, Mask], there: Mask, tried: int
) -> FlagSet | None:
    """The set that a flag belongs to."""
    rows = int(there.sum())
    if rows < _ROWS:
        return None
    apart, taken = [first], flags[first].copy()
    for other in others:
        if not (taken & flags[other]).any():
            apart.append(other)
            taken |= flags[other]
    if len(apart) >= _FEWEST and taken[there].all():
        shares = np.array([flags[c].sum() / rows for c in apart])
        by_chance = float(np.prod(1 - shares) * (shares / (1 - shares)).sum())
        if rows * np.log(by_chance) < np.log(_CHANCE / tried):
            return FlagSet(_by_frequency(apart, flags), always=True)
    clear, taken = [first], flags[first]
    for other in apart[1:]:
        pairs = all(_seldom_miss(flags[other], flags[c], rows, _LIKELY) for c in clear)
        if pairs and _seldom_miss(flags[other], taken, rows, _CHANCE / tried**2):
            clear.append(other)
            taken = taken | flags[other]
    return FlagSet(_by_frequency(clear, flags), always=False) if len(clear) >= _FEWEST else None


def _seldom_miss(one: Mask, other: Mask, rows: int, chance: float) -> bool:
    """Whether two independent flags of these shares would hardly never be set together."""
    both = (one.sum() / rows) * (other.sum() / rows)
    return bool(rows * np.log1p(-both) < np.log(chance))


def _by_frequency(columns: Sequence[Column], flags: dict[Column, Mask]) -> tuple[Column, ...]:
    return tuple(sorted(columns, key=lambda c: -int(flags[c].sum())))
