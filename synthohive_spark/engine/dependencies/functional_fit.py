"""Finding the columns that are a function of another one (city and country), as tables from code to code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.code_links import Block, FunctionalDependency
from synthohive_spark.engine.codecs.numeric_fit import OF_THINGS, ROWS_OF_A_CODE
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoded_table import Codes, EncodedTable

MOST_CODES = 50_000
_CHANCE = 1e-6
_NEARLY_ALL = 0.99
_MOST = 0.5
_MOSTLY = 0.9
_STAGES = (1_000, 8_000)
_SMALL = 1 << 22
ROWS_OF_A_NAME = 20
"""Rows of a value on average."""
_NONE: Mapping[str, int] = MappingProxyType({})

Mask = npt.NDArray[np.bool_]


def find_functional_dependencies(
    table: pa.Table,
    names: Sequence[str],
    encoded: EncodedTable,
    blocks: Sequence[Block],
    pairs: Sequence[tuple[int, int]] | None = None,
) -> tuple[FunctionalDependency, ...]:
    """The links that hold in all rows in which the one that decides is not null, and that chance would hardly make.

    Whether one column is a function of another is seen from the values; a row of a rare value has the code of another.

    Args:
        table: The rows.
        names: The columns that may be looked at; of these, the ones with a block in ``blocks`` count.
        encoded: The same rows, encoded.
        blocks: The encoded columns.
        pairs: What `deciding_pairs` finds, where that is known.
    """
    pairs = deciding_pairs(table, names, blocks) if pairs is None else pairs
    values = {place: numbered_values(table, blocks[place].name) for place, _ in pairs}
    links = []
    for of, column in pairs:
        codes = _code_table(
            values[of],
            np.asarray(encoded.codes[:, of], np.int32),
            np.asarray(encoded.codes[:, column], np.int32),
            (blocks[of].codes, blocks[column].codes),
        )
        if (codes >= 0).any():
            links.append(FunctionalDependency(of, column, codes))
    return tuple(links)


def deciding_pairs(table: pa.Table, names: Sequence[str], blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Positions of encoded columns, each with one that it decides in all rows, and that chance would hardly make.

    Args:
        table: The rows.
        names: The columns that may be looked at; of these, the ones with a block in ``blocks`` count.
        blocks: The encoded columns.
    """
    wanted = set(names) & set(table.column_names)
    places = [i for i, b in enumerate(blocks) if not b.ranked and b.codes > 1 and b.name in wanted]
    if len(places) < 2 or not table.num_rows:
        return []
    values = [numbered_values(table, blocks[place].name) for place in places]
    keys = {i: alone_if_null(values[i], table.column(blocks[place].name)) for i, place in enumerate(places)}
    few = [blocks[place].codes <= MOST_CODES for place in places]
    found = dict.fromkeys(value_functions(values, few))
    # A null decides as a value does, or else says nothing.
    nullable = [own and keys[i] is not values[i] for i, own in enumerate(few)]
    found |= dict.fromkeys(value_functions(values, nullable, keys) if any(nullable) else ())
    return [(places[i], places[j]) for i, j in found]


def find_names(
    table: pa.Table, columns: Sequence[Column], computed: Collection[str] = (), things: Mapping[str, int] = _NONE
) -> frozenset[str]:
    """Numbers that are names: integers that decide what other columns hold, and numbers that a column decides.

    The number of a product is no quantity, and its price is none that could lie between two others. Columns of which
    few rows hold each value are not looked at, unless they are called zip codes or the like: they may be the keys of
    people; strings of ``things`` are. Neither is what follows a number along a curve, nor part of a date.

    Args:
        table: The rows.
        columns: The columns to look at.
        computed: Those of them whose numbers are computed from others.
        things: Strings that are no keys of people, each with how many rows nearly all of its values need.
    """
    looked_at = [c for c in columns if not c.type.is_temporal]
    if len(looked_at) < 2 or not table.num_rows:
        return frozenset()
    values = [numbered_values(table, c.name) for c in looked_at]
    keys = [c for c in looked_at if c.type.is_integer or c.type.is_string]
    enough = {c: ROWS_OF_A_CODE if OF_THINGS.search(c.name) else ROWS_OF_A_NAME for c in keys}
    most = {c: min(MOST_CODES, table.num_rows // rows) for c, rows in enough.items()}
    few = [len(np.unique(v)) <= most.get(c, 0) for c, v in zip(looked_at, values, strict=True)]
    told = [c.name in things and are_shared(v, things[c.name]) for c, v in zip(looked_at, values, strict=True)]
    few = [own or other for own, other in zip(few, told, strict=True)]
    names: set[str] = set()
    for of, column in value_functions(values, few):
        pair = looked_at[of], looked_at[column]
        computes = any(own.name in computed or "\x00" in own.name for own in pair)
        if not (pair[1].type.is_number and computes):
            names |= {own.name for own in pair if own.type.is_number}
    return frozenset(names)


def are_shared(values: Codes, least: int) -> bool:
    """Whether nearly all rows have a value that ``least`` rows share, and so is kept."""
    return float(np.mean(np.bincount(values)[values] >= least)) >= _MOSTLY


def numbered_values(table: pa.Table, name: str) -> Codes:
    """A number for each different value, null among them, as they come."""
    column = one_array(table.column(name))
    return np.asarray(column.dictionary_encode(null_encoding="encode").indices, np.int32)


def alone_if_null(numbers: Codes, values: pa.ChunkedArray) -> Codes:
    """Numbers of values, each null having one of its own: nothing is then said of rows without a value."""
    missing = null_mask(one_array(values))
    if not missing.any():
        return numbers
    made = np.where(missing, len(numbers) + np.arange(len(numbers)), numbers)
    return np.asarray(np.unique(made, return_inverse=True)[1], np.int32)


def value_functions(
    values: list[Codes], eligible: list[bool], keys: Mapping[int, Codes] | None = None
) -> list[tuple[int, int]]:
    """Pairs (of, column) such that rows that agree in ``of`` agree in ``column``, in all rows.

    Args:
        values: A number for each value of each column.
        eligible: Which columns may be ``of``.
        keys: Other numbers of some columns that count where these are ``of``.
    """
    rows = len(values[0])
    counts = [np.bincount(v) for v in values]
    # How likely two rows are to agree in a column, had it nothing to do with any other.
    agreement = np.array([((c / rows) ** 2).sum() for c in counts])
    stages = [np.linspace(0, rows - 1, size).astype(np.intp) for size in _STAGES if size < rows]
    samples = [np.stack([v[chosen] for v in values], axis=1) for chosen in stages]
    found: list[tuple[int, int]] = []
    for of in np.flatnonzero(eligible).tolist():
        own = (keys or {}).get(of, values[of])
        size = int(own.max()) + 1
        different = np.count_nonzero(np.bincount(own))
        if 2 * different > rows:
            continue
        chance = (rows - different) * np.log(agreement)
        left = np.flatnonzero((chance < np.log(_CHANCE)) & (np.arange(len(values)) != of))
        for chosen, sample in zip(stages, samples, strict=True):
            left = left[_agree(own[chosen], sample[:, left], size)]
        last = _last_rows(own, size)[own]
        found.extend((of, int(column)) for column in left if np.array_equal(values[column][last], values[column]))
    return found


def _agree(own: Codes, others: Codes, different: int) -> Mask:
    """Which of the columns ``others`` have equal values wherever ``own`` has."""
    return np.asarray((others[_last_rows(own, different)[own]] == others).all(axis=0))


def _last_rows(values: Codes, different: int) -> npt.NDArray[np.intp]:
    """The last row of each value."""
    last = np.zeros(different, np.intp)
    last[values] = np.arange(len(values))
    return last


def _code_table(values: Codes, of: Codes, column: Codes, sizes: tuple[int, int]) -> Codes:
    """The code of ``column`` beside each code of ``of``, where nearly all rows that truly have the latter agree.

    Args:
        values: The values that ``of`` encodes; a code stands for the one it has most often.
        of: Codes of the determining column.
        column: Codes of the determined one.
        sizes: How many codes the two have.
    """
    owner, share = most_frequent(of, values, (sizes[0], int(values.max()) + 1))
    # A code of many values (that of all that are imitated) has no owner.
    own = (owner[of] == values) | (share[of] < _MOST)
    best, share = most_frequent(of[own], column[own], sizes)
    return np.where(share >= _NEARLY_ALL, best, -1).astype(np.int32)


def most_frequent(
    keys: npt.NDArray[Any], values: npt.NDArray[Any], sizes: tuple[int, int]
) -> tuple[Codes, npt.NDArray[np.float64]]:
    """For each key the most frequent value beside it, -1 for none, and its share of the key's rows."""
    joined = keys.astype(np.int64) * sizes[1] + values
    if sizes[0] * sizes[1] <= _SMALL:
        counts = np.bincount(joined, minlength=sizes[0] * sizes[1])
        pairs = np.flatnonzero(counts)
        counts = counts[pairs]
    else:
        pairs, counts = np.unique(joined, return_counts=True)
    order = np.argsort(counts, kind="stable")
    key = pairs[order] // sizes[1]
    best, most = np.full(sizes[0], -1, np.int32), np.zeros(sizes[0])
    best[key], most[key] = pairs[order] % sizes[1], counts[order]  # of one key, the last and so the largest stays
    return best, most / np.maximum(np.bincount(keys, minlength=sizes[0]), 1)
