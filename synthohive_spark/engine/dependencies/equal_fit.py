"""Finding the columns that often hold what others hold, more often than chance makes them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.equal import EqualColumns, Mask
from synthohive_spark.engine.dependencies.functional_fit import MOST_CODES, numbered_values, value_functions

_CHANCE = 1e-6
_FIRST, _MOST_COLUMNS = 1_000, 200
_DIFFERENT = 10
_OFTEN, _MORE = 0.05, 3.0
"""The least share of equal rows, and how many times as many as by chance."""


def find_equal_columns(
    table: pa.Table, columns: Sequence[Column], every: Sequence[Column], given: Collection[str] = ()
) -> tuple[EqualColumns, ...]:
    """The columns of at least ten values that equal another one in some rows, and those that equal others in all these.

    Had two columns nothing to do with each other, so many rows would be equal with a probability below one millionth,
    divided by the number of pairs. Of several columns, a column equals the one that it equals most often. One that
    decides other columns, or is decided by some, counts only where these equal others in the same rows: else they would
    not go together any more.

    Args:
        table: The rows.
        columns: The columns to look at; strings and integers count.
        every: All columns that decide others, or may be decided.
        given: Columns that will be given, not drawn.
    """
    looked_at = [c for c in columns if c.type.is_string or c.type.is_integer][:_MOST_COLUMNS]
    rough = [own for own in _rough_pairs(table, looked_at) if own.column.name not in given]
    tests = len(looked_at) ** 2
    pairs = [pair for own in rough if own.is_often and (pair := _pair(table, own, tests)) and pair.is_often]
    best = {own.column.name: own for own in sorted(pairs, key=lambda own: own.share)}
    rank = {c.name: (best[c.name].share, place) for place, c in enumerate(looked_at) if c.name in best}
    links = _links(table, every) if best else []
    found: list[EqualColumns] = []
    for name, own in rank.items():
        first, taken = best[name], {column.name for other in found for column in other.columns}
        if name in taken or any(first.goes_with(best[n]) for n, other in rank.items() if other < own):
            continue
        likely = (own for own in rough if own.column.name not in taken and not (first.rough.same & ~own.same).any())
        others = (pair for own in likely if (pair := _pair(table, own, tests)) and pair.goes_with(first))
        if made := _together(first, others, links):
            found.append(EqualColumns(tuple(own.column for own in made), tuple(own.of for own in made)))
    # What others equal is there before they do.
    later = [{column.name for own in found[place:] for column in own.columns} for place in range(len(found))]
    return tuple(own for own, late in zip(found, later, strict=True) if late.isdisjoint(c.name for c in own.of))


@dataclass(frozen=True, eq=False)
class _Rough:
    """A column and an earlier one, in some rows.

    Attributes:
        column: The column.
        of: The other one.
        same: Which of the rows are equal, null counting as a value.
        is_often: Whether these may be so many that they are no accident.
    """

    column: Column
    of: Column
    same: Mask
    is_often: bool


@dataclass(frozen=True, eq=False)
class _Pair:
    """A column and one that it equals in some rows.

    Attributes:
        rough: The two in some rows.
        column: The column, nullable where it holds nulls.
        rows: Which rows are equal, null counting as a value.
        share: How many of those in which neither is null are equal.
        is_often: Whether these are so many that they are no accident.
        sure: How unlikely an accident has to be, as a logarithm.
    """

    rough: _Rough
    column: Column
    rows: Mask
    share: float
    is_often: bool
    sure: float

    @property
    def of(self) -> Column:
        """The other column."""
        return self.rough.of

    def goes_with(self, first: _Pair) -> bool:
        """Whether the two are equal wherever two others are, and chance would not make them so."""
        apart = {self.column.name, self.of.name}.isdisjoint((first.column.name, first.of.name))
        if not apart or (first.rows & ~self.rows).any():
            return False
        others = self.rows[~first.rows]
        return bool(first.rows.sum() * math.log(max((others.sum() + 1) / (len(others) + 2), 1e-9)) < self.sure)


def _together(first: _Pair, others: Iterable[_Pair], links: Sequence[set[str]]) -> list[_Pair]:
    """A pair and those that go with it, of which no column is linked to one that does not; none if the first is."""
    group = {own.column.name: own for own in (*others, first)}
    while loose := [n for n in group if any(n in link and not link <= group.keys() for link in links)]:
        group = {name: own for name, own in group.items() if name not in loose}
    if group.get(first.column.name) is not first or {own.of.name for own in group.values()} & group.keys():
        return []
    return [first, *(own for own in group.values() if own is not first)]


def _rough_pairs(table: pa.Table, columns: Sequence[Column]) -> Iterator[_Rough]:
    """Pairs of columns of one type that are equal in some rows."""
    chosen = pa.array(np.linspace(0, table.num_rows - 1, min(table.num_rows, _FIRST)).astype(np.intp))
    for type_ in dict.fromkeys(c.type.arrow for c in columns) if table.num_rows else ():
        own = [c for c in columns if c.type.arrow == type_]
        some = _codes([one_array(table.column(c.name)).take(chosen) for c in own])
        for place in range(1, len(own)):
            same = some[:place] == some[place]
            for other in np.flatnonzero(same.mean(axis=1) >= _OFTEN / 2).tolist():
                share, chance, different = _equality(some[place], some[other])
                often = share > max(_OFTEN, _MORE * chance) / 2 and different >= _DIFFERENT / 2
                yield _Rough(own[place], own[other], same[other], often)


def _pair(table: pa.Table, rough: _Rough, tests: int) -> _Pair | None:
    """The two in all rows; None where they are equal in all or in none."""
    one, other = _codes([one_array(table.column(c.name)) for c in (rough.column, rough.of)])
    share, chance, different = _equality(one, other)
    if not 0 < share < 1:
        return None
    sure, rows = math.log(_CHANCE / tests), int(((one >= 0) & (other >= 0)).sum())
    often = share >= max(_OFTEN, _MORE * chance) and different >= _DIFFERENT
    often = often and -rows * _divergence(share, max(chance, 1e-9)) < sure
    column = replace(rough.column, nullable=bool((one < 0).any()))
    return _Pair(rough, column, one == other, share, often, sure)


def _equality(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> tuple[float, float, int]:
    """The share of equal rows, that by chance, and how many values the two have at least, of rows without nulls."""
    there = (one >= 0) & (other >= 0)
    one, other = one[there], other[there]
    width = int(max(one.max(initial=0), other.max(initial=0))) + 1
    counts = [np.bincount(own, minlength=width) for own in (one, other)]
    chance = float(counts[0] @ counts[1]) / max(len(one), 1) ** 2
    return float((one == other).mean()) if len(one) else 0.0, chance, int(min(map(np.count_nonzero, counts)))


def _divergence(share: float, chance: float) -> float:
    """How unlikely a share is beside a smaller chance, in nats a row."""
    return share * math.log(share / chance) + (1 - share) * math.log((1 - share) / (1 - chance))


def _codes(arrays: Sequence[pa.Array]) -> npt.NDArray[np.int64]:
    """The same number for the same value, -1 for null, shape (columns, rows)."""
    coded = pa.chunked_array(arrays).combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1), np.int64)
    return codes.reshape(len(arrays), -1)


def _links(table: pa.Table, columns: Collection[Column]) -> list[set[str]]:
    """The names of columns of which one decides the other."""
    names = [c.name for c in columns]
    values = [numbered_values(table, name) for name in names]
    few = [len(np.unique(own)) <= MOST_CODES for own in values]
    return [{names[i], names[j]} for i, j in value_functions(values, few)]
