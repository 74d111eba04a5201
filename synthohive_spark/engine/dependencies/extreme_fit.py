"""Finding the columns that are the greatest or the least of others."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.extreme import Extreme
from synthohive_spark.engine.dependencies.relations import reached

_ROWS, _FIRST, _MOST_COLUMNS = 50, 500, 100
_FEWEST = 10
"""Rows in which a column alone is the greatest."""
_CHANCE = 1e-6

Mask = npt.NDArray[np.bool_]


def find_extremes(table: pa.Table, columns: Sequence[Column], taken: Collection[str]) -> tuple[Extreme, ...]:
    """The columns that are the greatest, or the least, of at least two others of their type in all rows.

    Chance is excluded: had the column nothing to do with one of these, it would equal it in all rows in which no other
    one tells it with a probability below one millionth, divided by the number of pairs. At most 100 columns of a type
    are looked at.

    Args:
        table: The rows.
        columns: The columns to look at; numbers and times count.
        taken: Columns that nothing may determine.

    Returns:
        Each after those that it is made of.
    """
    found: dict[str, Extreme] = {}
    if table.num_rows < _ROWS:
        return ()
    numbers = [c for c in columns if c.type.is_quantitative and c.type.fits_int64]
    for type_ in dict.fromkeys(c.type for c in numbers):
        read = [_Read(c, one_array(table.column(c.name))) for c in numbers if c.type == type_][:_MOST_COLUMNS]
        for greatest in (True, False):
            for place, others in _candidates(read, greatest):
                own = read[place]
                if own.column.name not in found and own.column.name not in taken:
                    made = _extreme(own, [read[i] for i in others], greatest, math.log(_CHANCE / len(read) ** 2))
                    needs = {name: extreme.columns[1:] for name, extreme in found.items()}
                    if made and not any(own.column.name in reached(n, needs) for n in made.columns[1:]):
                        found[own.column.name] = made
    needs = {name: own.columns[1:] for name, own in found.items()}
    return tuple(sorted(found.values(), key=lambda own: len(reached(own.column.name, needs) & found.keys())))


@dataclass(frozen=True, init=False, eq=False)
class _Read:
    """A column's numbers, and where there is one."""

    column: Column
    numbers: Numbers
    valid: Mask

    def __init__(self, column: Column, values: pa.Array) -> None:
        numbers = to_numbers(values, column.type)
        valid = ~null_mask(values) & np.isfinite(numbers)
        for name, own in (("column", column), ("numbers", np.where(valid, numbers, 0)), ("valid", valid)):
            object.__setattr__(self, name, own)


def _candidates(read: Sequence[_Read], greatest: bool) -> Iterator[tuple[int, list[int]]]:
    """Columns, and those that some rows do not show to lie beyond them, if these tell them in all of these rows."""
    if len(read) < 3:
        return
    rows = len(read[0].numbers)
    chosen = np.linspace(0, rows - 1, min(rows, _FIRST)).astype(np.intp)
    numbers = np.stack([own.numbers[chosen] for own in read])
    valid = np.stack([own.valid[chosen] for own in read])
    for place in range(len(read)):
        there = valid & valid[place]
        beyond = (numbers > numbers[place]) if greatest else (numbers < numbers[place])
        others = [i for i in np.flatnonzero(~(beyond & there).any(axis=1)).tolist() if i != place]
        equal = (numbers[others] == numbers[place]) & there[others]
        alone = there[place] & ~valid[others].any(axis=0)
        if len(others) > 1 and (equal.any(axis=0) | ~there[place] | alone).all():
            yield place, others


def _extreme(own: _Read, others: Sequence[_Read], greatest: bool, chance: float) -> Extreme | None:
    """The extreme of those of ``others`` that it needs, if it is one in all rows and not by chance."""
    kept = []
    for other in others:
        beyond = other.numbers > own.numbers if greatest else other.numbers < own.numbers
        if not (beyond & own.valid & other.valid).any():
            kept.append(other)
    told = {id(other): (other.numbers == own.numbers) & own.valid & other.valid for other in kept}
    # What adds nothing is left out, columns that seldom are the greatest first.
    for other in sorted(kept, key=lambda other: int(told[id(other)].sum())):
        rest = [told[id(one)] for one in kept if one is not other]
        if rest and not (told[id(other)] & ~np.logical_or.reduce(rest)).any():
            kept.remove(other)
    if len(kept) < 2:
        return None
    count = np.sum([told[id(other)] for other in kept], axis=0)
    values, counts = np.unique(own.numbers[own.valid], return_counts=True)
    share = math.log(counts.max() / counts.sum())
    sure = [int((told[id(other)] & (count == 1)).sum()) for other in kept]
    if min(sure) < _FEWEST or min(sure) * share >= chance or len(values) < 2:
        return None
    nulls = np.logical_or.reduce([~other.valid for other in kept])
    there = np.logical_or.reduce([other.valid for other in kept])
    if (own.valid & ~nulls & (count == 0)).any() or (own.valid & ~nulls).sum() < _ROWS:
        return None
    some = own.valid & nulls & there
    beside = not (some & (count == 0)).any() and (bool(some.any()) or not (nulls & there).any())
    said = there if beside else ~nulls
    of = tuple(other.column for other in kept)
    return Extreme(own.column, of, greatest, beside, bool(np.array_equal(own.valid, said)))
