"""Finding the columns that say which of two others is the larger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.comparison import Comparison, says
from synthohive_spark.engine.dependencies.order import comparable

_FIRST = 200
_CHANCE = 1e-6
_MOST_COLUMNS, _MOST_WORDS = 60, 3

Signs = npt.NDArray[np.int64]


def find_comparisons(
    table: pa.Table,
    columns: Sequence[Column],
    taken: frozenset[str],
    at_least: int,
    made_of: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[Comparison, ...]:
    """The columns of two or three values that a comparison of two others decides in all rows.

    Chance is excluded: had a column nothing to do with the two, all rows of a sign would hold the same value with a
    probability below one millionth, divided by the number of tries. At most 60 numbers and times are compared.

    Args:
        table: The rows.
        columns: The columns to look at.
        taken: Columns that are computed from others already.
        at_least: Fewest rows of a value that is kept.
        made_of: By column that is computed, all that it is made of, which does not compare it.
    """
    words = [w for c in columns if c.name not in taken and (w := _words(table, c, at_least)) is not None]
    compared = [c for c in columns if c.type.is_quantitative and c.type.fits_int64][:_MOST_COLUMNS]
    pairs = [(a, b) for a, b in combinations(compared, 2) if comparable(a.type, b.type)]
    found: dict[str, Comparison] = {}
    if not words or not pairs:
        return ()
    rows = np.linspace(0, table.num_rows - 1, min(_FIRST, table.num_rows)).astype(np.intp)
    few = {c.name: one_array(table.column(c.name)).take(pa.array(rows)) for c in compared}
    codes = np.stack([own.codes[rows] for own in words])
    for one, other in pairs:
        signs = Comparison(one, one, other, (None,) * 3).signs({c.name: few[c.name] for c in (one, other)})
        for place in _deciding(signs, codes):
            own = words[place]
            sides = {side for column in (one.name, other.name) for side in (column, *made_of.get(column, ()))}
            if own.column.name not in {*found, *sides}:
                made = _comparison(table, own, one, other, np.log(_CHANCE / (len(pairs) * len(words))), at_least)
                if made is not None:
                    found[own.column.name] = made
    return tuple(found.values())


@dataclass(frozen=True)
class _Words:
    """A column of few values: the values, and the number of each row's, -1 for null."""

    column: Column
    values: list[object]
    codes: npt.NDArray[np.int64]


def _words(table: pa.Table, column: Column, at_least: int) -> _Words | None:
    if not says(column.type):
        return None
    coded = one_array(table.column(column.name)).dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1), np.int64)
    if not 2 <= len(coded.dictionary) <= _MOST_WORDS or np.bincount(codes[codes >= 0]).min() < at_least:
        return None
    return _Words(column, coded.dictionary.to_pylist(), codes)


def _deciding(signs: Signs, codes: npt.NDArray[np.int64]) -> Iterator[int]:
    """Which columns of codes, shape (columns, rows), hold one value in all rows of a sign."""
    good = np.ones(len(codes), bool)
    for sign in (-1, 0, 1):
        own = codes[:, signs == sign]
        if own.shape[1]:
            highest = own.max(axis=1)
            good &= np.where(own < 0, highest[:, None], own).min(axis=1) == highest
    yield from np.flatnonzero(good).tolist()


def _comparison(
    table: pa.Table, own: _Words, one: Column, other: Column, chance: float, at_least: int
) -> Comparison | None:
    """The comparison, if it holds in all rows and not by chance."""
    blank = Comparison(own.column, one, other, (None,) * 3)
    signs = blank.signs({c.name: one_array(table.column(c.name)) for c in (one, other)})
    there = (signs != 2) & (own.codes >= 0)
    shares = np.bincount(own.codes[there], minlength=len(own.values)) / max(there.sum(), 1)
    values, likely = [], 0.0
    for sign in (-1, 0, 1):
        theirs = own.codes[there & (signs == sign)]
        if len(theirs) and (theirs != theirs[0]).any():
            return None
        likely += len(theirs) * np.log(shares[theirs[0]]) if len(theirs) else 0.0
        values.append(own.values[theirs[0]] if len(theirs) >= at_least else None)
    told = {value for value in values if value is not None}
    if len(told) < 2 or likely >= chance:
        return None
    return Comparison(own.column, one, other, tuple(values))
