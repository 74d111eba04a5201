"""Finding the columns of two values that are flags, by what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.flag_words import FlagColumn, Word
from synthohive_spark.engine.dependencies.flags_fit import find_flag_sets
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm
from synthohive_spark.engine.dependencies.rewriting import split, virtual

_LOOKED_AT = 1_000
_ROWS = 50
_MOST = 64
_FEWEST = 3
_COUNTED_ROWS = 500
_COUNTS = 3
"""Different counts that have to come up."""


def find_flags(
    table: pa.Table, columns: Sequence[Column], at_least: int
) -> tuple[tuple[FlagColumn, ...], tuple[LinearRelation, ...]]:
    """The columns of the same two values of which at most one is set in a row, or of which another one is the count.

    The two may be any: ``Y`` and ``N``, ``x`` and null, 1 and 2. For sets, what `find_flag_sets` asks for holds. A
    count has at least three different values, and is the number of the same flags in every row in which none is null.

    Args:
        table: The rows.
        columns: The columns to look at; strings, numbers and booleans count.
        at_least: Fewest rows that hold a value.

    Returns:
        The columns that are to be read as zeros and ones, and the counts.
    """
    groups: dict[tuple[str, Word, Word], list[FlagColumn]] = {}
    for column in columns:
        own = flag_of(column, one_array(table.column(column.name)))
        if own is not None:
            groups.setdefault((_kind(column), own.off, own.on), []).append(own)
    found: dict[str, FlagColumn] = {}
    counts: list[LinearRelation] = []
    integers = [c for c in columns if c.type.is_integer]
    for flags in (own for own in groups.values() if _FEWEST <= len(own) <= _MOST):
        oriented = _rarer_on(table, flags, at_least)
        plain = all(map(_plain, oriented))
        made = [] if plain else _in_sets(table, oriented)
        found |= {own.column.name: own for own in made}
        # Zeros and ones, and booleans, that are a set are found so later.
        sets = {own.column.name for own in (_in_sets(table, oriented) if plain else made)}
        left = [own for own in oriented if own.column.name not in sets]
        for count, chosen in _counted(table, left, integers):
            counts.append(_count(count, chosen))
            found |= {own.column.name: own for own in chosen if not own.column.type.is_number or not plain}
    return tuple(found.values()), tuple(counts)


def _count(column: Column, flags: Sequence[FlagColumn]) -> LinearRelation:
    """The number of set flags."""
    types = [own.column.type if own.column.type.is_number and _plain(own) else own.parts[0].type for own in flags]
    terms = [LinearTerm(own.column.name, type_, 0, 0, 1) for own, type_ in zip(flags, types, strict=True)]
    whole = LinearTerm(column.name, column.type, 0, 0, len(flags))
    return LinearRelation((whole, *terms), (Fraction(1),) * len(flags), Fraction(0))


def flag_of(column: Column, values: pa.Array) -> FlagColumn | None:
    """A column of exactly two values, one of them perhaps null, as flags; None for another one."""
    if not (column.type.is_string or column.type.name == "boolean" or column.type.is_integer or column.type.is_float):
        return None
    if len(pc.unique(values.slice(0, _LOOKED_AT).drop_null())) > 2:
        return None
    words = pc.unique(values.drop_null()).to_pylist()
    if column.type.is_float and not np.isfinite(words).all():
        return None
    words = sorted(words)
    if len(words) == 1 and values.null_count:
        return FlagColumn(column, None, words[0])
    return FlagColumn(column, *words) if len(words) == 2 and words[0] != words[1] else None


def _kind(column: Column) -> str:
    return "string" if column.type.is_string else "boolean" if column.type.name == "boolean" else "number"


def _plain(own: FlagColumn) -> bool:
    """Whether a flag is one without being read: zeros and ones, or false and true."""
    return own.off == 0 and own.on == 1


def _turned(own: FlagColumn) -> FlagColumn:
    return replace(own, off=own.on, on=own.off)


def _rarer_on(table: pa.Table, flags: Sequence[FlagColumn], at_least: int) -> list[FlagColumn]:
    """The flags such that the value says yes that fewer rows hold; none where too few hold one of the two."""
    set_ = sum(pc.sum(own.split(_read(table, own))[0]).as_py() or 0 for own in flags)
    held = sum(
        len(table) - (0 if None in (own.off, own.on) else _read(table, own)[own.column.name].null_count)
        for own in flags
    )
    if min(set_, held - set_) < max(at_least, 1) * len(flags):
        return []
    plain = all(map(_plain, flags))
    return [own if plain or 2 * set_ <= held else _turned(own) for own in flags]


def _read(table: pa.Table, own: FlagColumn) -> dict[str, pa.Array]:
    return {own.column.name: one_array(table.column(own.column.name))}


def _in_sets(table: pa.Table, flags: Sequence[FlagColumn]) -> list[FlagColumn]:
    """Those of which at most one is set."""
    found: list[FlagColumn] = []
    for some in (flags, [_turned(own) for own in flags]):
        taken = {own.column.name for own in found}
        left = [own for own in some if own.column.name not in taken]
        columns = virtual(left, [own.column for own in left])
        sets = find_flag_sets(split(left, table.select([c.name for c in columns])), columns) if left else ()
        names = {name for own in sets for name in own.names}
        found += [own for own in left if own.column.name in names]
    return found


def _counted(
    table: pa.Table, flags: Sequence[FlagColumn], integers: Sequence[Column]
) -> Iterator[tuple[Column, list[FlagColumn]]]:
    """Columns that are the count of some flags, of set ones or of others; a flag is in one count."""
    left = list(flags)
    every = {own.column.name: own.split(_read(table, own))[0] for own in flags}
    for count in integers:
        read = {own.column.name: every[own.column.name] for own in left if own.column != count}
        values = one_array(table.column(count.name))
        if len(read) < _FEWEST or not _may_count(values, len(read)):
            continue
        there = ~np.logical_or.reduce([null_mask(values), *map(null_mask, read.values())])
        if there.sum() < _ROWS or len(np.unique(values.filter(pa.array(there)).slice(0, _LOOKED_AT))) < _COUNTS:
            continue
        number = values.fill_null(0).cast(pa.int64()).to_numpy(zero_copy_only=False)[there]
        matrix = np.stack([own.fill_null(0).to_numpy(zero_copy_only=False)[there] for own in read.values()], axis=1)
        names = list(read)
        for turned in (False, True):
            places = _summed(1.0 - matrix if turned else matrix.astype(np.float64), number)
            chosen = {names[place] for place in places}
            if chosen and not (turned and any(_plain(own) for own in left if own.column.name in chosen)):
                some = [own for own in left if own.column.name in chosen]
                yield count, [_turned(own) for own in some] if turned else some
                left = [own for own in left if own.column.name not in chosen]
                break


def _may_count(values: pa.Array, most: int) -> bool:
    ends = pc.min_max(values)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return bool(low is not None and low >= 0 and _COUNTS - 1 <= high <= most)


def _summed(flags: npt.NDArray[np.float64], number: npt.NDArray[np.int64]) -> list[int]:
    """The flags of which numbers are the sum; none where they are not."""
    rows = np.linspace(0, len(number) - 1, min(_COUNTED_ROWS, len(number))).astype(np.intp)
    if len(np.unique(number[rows])) < _COUNTS or (flags[rows].sum(axis=1) < number[rows]).any():
        return []
    factors = np.linalg.lstsq(flags[rows], number[rows].astype(np.float64), rcond=None)[0]
    chosen = np.flatnonzero(np.rint(factors) == 1)
    sums = len(chosen) > 1 and np.array_equal(flags[:, chosen].sum(axis=1), number)
    return chosen.tolist() if sums else []
