"""Finding the columns that two others decide together, neither of them alone (a route and a class, the fare)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.functional_fit import most_frequent, numbered_values
from synthohive_spark.engine.encoded_table import Block, Codes, CompositeDependency, EncodedTable, FunctionalDependency

_CHANCE = 1e-6
_ROWS_OF_A_VALUE, _ROWS_OF_A_COMBINATION = 10, 5
_MOST_COMBINATIONS = 5_000
_MOST_HELD = 0.8
"""Share of the rows that must be of combinations which may be kept."""
_ROWS, _PAIRS = 8_192, 512
_LIKELY = 12
"""Columns of which two may decide one: those that tell most about it."""
_MOST_LOOKED_AT = 400
_SMALL = 1 << 22
_NEARLY_ALL = 0.99

Named = tuple[str, str, str]
"""The columns that decide, and the one that is decided."""
Mask = npt.NDArray[np.bool_]


def find_composites(table: pa.Table, columns: Sequence[Column], at_least: int) -> list[Named]:
    """Columns that two others decide in all rows in which none is null, and that chance would hardly make them decide.

    Had a column nothing to do with one of the two, given the other, all rows would agree with a probability below one
    millionth, divided by the number of twos and columns that there are. Nearly all rows must be of combinations that
    enough rows hold. Of several twos that decide a column, that of the fewest combinations counts.

    Args:
        table: The rows.
        columns: The columns to look at, times aside.
        at_least: Fewest rows of a combination that may be kept.
    """
    read = [_Values.of(table, c) for c in columns if not c.type.is_temporal]
    rows = table.num_rows
    decide = [own for own in read if own.is_key and 2 <= own.different <= rows // _ROWS_OF_A_VALUE]
    decided = [own for own in read if 2 <= own.different <= rows // _ROWS_OF_A_COMBINATION]
    tests = len(decide) * (len(decide) - 1) // 2 * len(decided)
    found: dict[str, tuple[_Values, _Values]] = {}
    for one, other, dependent in _likely(decide, decided) if tests else ():
        if dependent.name in found and _size(*found[dependent.name]) <= max(one.different, other.different):
            continue
        if _decide(one, other, dependent, max(at_least, 1), _CHANCE / tests):
            best = found.get(dependent.name, (one, other))
            found[dependent.name] = min(best, (one, other), key=lambda two: _size(*two))
    order = {own.name: place for place, own in enumerate(read)}
    sides = {name: sorted((own.name for own in two), key=order.__getitem__) for name, two in found.items()}
    return [(one, other, name) for name, (one, other) in sides.items()]


@dataclass(frozen=True, eq=False)
class _Values:
    """A column as numbers of its values.

    Attributes:
        name: The column.
        is_key: Whether it may decide others.
        numbers: A number for each value, -1 for null.
    """

    name: str
    is_key: bool
    numbers: Codes

    @classmethod
    def of(cls, table: pa.Table, column: Column) -> _Values:
        """The column of a table."""
        numbers = np.where(null_mask(one_array(table.column(column.name))), -1, numbered_values(table, column.name))
        return cls(column.name, not column.type.is_float and column.type.name != "decimal", numbers)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many rows hold each number."""
        return np.bincount(self.numbers[self.numbers >= 0])

    @cached_property
    def different(self) -> int:
        """How many values there are."""
        return int(np.count_nonzero(self.counts))


def _likely(decide: Sequence[_Values], decided: Sequence[_Values]) -> Iterator[tuple[_Values, _Values, _Values]]:
    """Twos and columns that no two rows of some contradict, at most so many, the likeliest first."""
    every = list(dict.fromkeys([*decide, *decided]))
    places = {own.name: place for place, own in enumerate(every)}
    told, agree, differ = _agreement(decide, every)
    left = []
    for dependent in decided:
        column = places[dependent.name]
        order = np.argsort(-told[:, column], kind="stable").tolist()
        for i, j in combinations([i for i in order if decide[i] is not dependent][:_LIKELY], 2):
            one, other = places[decide[i].name], places[decide[j].name]
            if (agree[i][:, other] & differ[i][:, column]).any() or (agree[j][:, one] & differ[j][:, column]).any():
                continue
            left.append((told[i, column] + told[j, column], i, j, dependent))
    left.sort(key=lambda own: -own[0])
    for _, i, j, dependent in left[:_MOST_LOOKED_AT]:
        yield decide[i], decide[j], dependent


def _agreement(
    decide: Sequence[_Values], every: Sequence[_Values]
) -> tuple[npt.NDArray[np.float64], list[npt.NDArray[np.uint8]], list[npt.NDArray[np.uint8]]]:
    """In which columns rows agree that agree in one, by pairs of rows.

    Args:
        decide: Columns in which rows are to agree.
        every: All columns.

    Returns:
        By how much more often than by chance they do, in standard errors, shape (columns to agree in, columns); and for
        each column to agree in, in which pairs others agree, and in which they differ: a bit for each pair, shape
        (bytes, columns).
    """
    rows = len(every[0].numbers)
    chosen = np.linspace(0, rows - 1, min(rows, _ROWS)).astype(np.intp)
    small = np.int16 if max(len(own.counts) for own in every) < np.iinfo(np.int16).max else np.int32
    sample = np.stack([own.numbers[chosen].astype(small) for own in every], axis=1)
    alone = np.array([((own.counts / own.counts.sum()) ** 2).sum() for own in every])
    told = np.zeros((len(decide), len(every)))
    agree, differ = [], []
    for place, own in enumerate(decide):
        one, other = (sample[rows] for rows in _pairs_that_agree(sample[:, every.index(own)]))
        both = (one >= 0) & (other >= 0)
        same = (one == other) & both
        expected = both.sum(axis=0) * alone
        told[place] = (same.sum(axis=0) - expected) / np.sqrt(np.maximum(expected * (1 - alone), 1e-9))
        agree.append(np.packbits(same, axis=0))
        differ.append(np.packbits(both & ~same, axis=0))
    return told, agree, differ


def _pairs_that_agree(numbers: Codes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Some pairs of rows that agree in a column."""
    order = np.argsort(numbers, kind="stable")
    same = np.flatnonzero((numbers[order[1:]] == numbers[order[:-1]]) & (numbers[order[1:]] >= 0))
    some = same[np.linspace(0, len(same) - 1, min(len(same), _PAIRS)).astype(np.intp)]
    return order[some], order[some + 1]


def _size(one: _Values, other: _Values) -> int:
    """How many combinations two columns have."""
    keys = one.numbers.astype(np.int64) * len(other.counts) + other.numbers
    return len(np.unique(keys[(one.numbers >= 0) & (other.numbers >= 0)]))


def _decide(one: _Values, other: _Values, dependent: _Values, at_least: int, chance: float) -> bool:
    """Whether two columns decide a third one, and chance would hardly make them do so."""
    told = (one.numbers >= 0) & (other.numbers >= 0) & (dependent.numbers >= 0)
    of, beside, values = (own.numbers[told].astype(np.int64) for own in (one, other, dependent))
    for some in (slice(0, _ROWS), slice(None)):
        keys = of[some] * len(other.counts) + beside[some]
        if len(one.counts) * len(other.counts) > _SMALL:
            keys = np.unique(keys, return_inverse=True)[1]
        last = np.zeros(int(keys.max(initial=0)) + 1, np.int64)
        last[keys] = values[some]
        if not np.array_equal(last[keys], values[some]):
            return False
    counts = np.bincount(keys)
    held = counts[counts >= at_least]
    if not len(held) or len(held) > _MOST_COMBINATIONS or held.sum() < _MOST_HELD * len(keys):
        return False
    first = np.unique(keys, return_index=True)[1]
    each = ((own, own[first], (len(n.counts), len(dependent.counts))) for own, n in ((of, one), (beside, other)))
    return max(_log_chance(own, cells, values, sizes) for own, cells, sizes in each) < math.log(chance)


def _log_chance(
    own: npt.NDArray[np.int64], cells: npt.NDArray[np.int64], values: npt.NDArray[np.int64], sizes: tuple[int, int]
) -> float:
    """The logarithm of a bound of how likely all rows agree, did the other column split those of each value at random.

    Args:
        own: The value of one column in each row.
        cells: The same of each combination.
        values: The value of the decided column in each row.
        sizes: How many values the two columns have.
    """
    share = most_frequent(own, values, sizes)[1]
    more = np.bincount(own, minlength=sizes[0]) - np.bincount(cells, minlength=sizes[0])
    return float((more * np.log(np.maximum(share, 1e-9))).sum())


def composites_in_codes(
    table: pa.Table,
    named: Sequence[Named],
    encoded: EncodedTable,
    blocks: Sequence[Block],
    links: Sequence[FunctionalDependency],
    at_least: int,
) -> tuple[CompositeDependency, ...]:
    """The combinations of codes that enough rows hold, of each two columns and the one that they decide.

    A code of which all combinations are rare has made-up ones: with each code of the other column, what that one mostly
    decides.

    Args:
        table: The rows.
        named: What `find_composites` finds.
        encoded: The same rows, encoded.
        blocks: The encoded columns.
        links: Functional dependencies, which no made-up combination may contradict.
        at_least: Fewest rows of a combination that may be kept.
    """
    places = {block.name: place for place, block in enumerate(blocks) if not block.ranked and block.codes > 1}
    found = []
    for names in named:
        if not places.keys() >= set(names):
            continue
        columns = one, other, dependent = (places[names[0]], places[names[1]], places[names[2]])
        own = [blocks[place] for place in columns]
        codes = encoded.codes[:, columns].astype(np.int64)
        values = np.stack([numbered_values(table, name) for name in names], axis=1)
        nulls = not _in_all_rows(values)
        free = (nulls and own[0].null, nulls and own[1].null, nulls and own[2].null)
        kept, held = _held(codes, values, own, free, max(at_least, 1))
        if held < _MOST_HELD or len(np.unique(kept[:, 2])) < 2:
            continue
        made = _made_up(codes, kept, own, free, max(at_least, 1))
        for link in links:
            if {link.determinant, link.dependent} <= {*columns} and len(made):
                of, to = columns.index(link.determinant), columns.index(link.dependent)
                expected = link.table[made[:, of]]
                made = made[(expected < 0) | (expected == made[:, to])]
        every = np.concatenate([kept, made[: max(_MOST_COMBINATIONS - len(kept), 0)]]).astype(np.int32)
        found.append(CompositeDependency((one, other), dependent, every, free))
    return tuple(found)


def _in_all_rows(values: Codes) -> bool:
    """Whether two columns decide the third in all rows, null being a value like others."""
    keys = np.unique(values[:, :2], axis=0, return_inverse=True)[1].reshape(-1)
    last = np.zeros(int(keys.max()) + 1, np.int64)
    last[keys] = values[:, 2]
    return np.array_equal(last[keys], values[:, 2])


def _held(
    codes: npt.NDArray[np.int64], values: Codes, blocks: Sequence[Block], free: Sequence[bool], at_least: int
) -> tuple[npt.NDArray[np.int64], float]:
    """The combinations that enough rows truly hold, and the share of rows that hold one, of those that say anything.

    Args:
        codes: Codes of the three columns in each row.
        values: The values that they encode.
        blocks: The three columns.
        free: Of each whether its null says nothing.
        at_least: Fewest rows of a combination.
    """
    says_nothing = np.array(free) & (codes == 0)
    each = zip(codes.T, values.T, blocks, strict=True)
    true = [most_frequent(c, v, (b.codes, int(v.max()) + 1))[0][c] == v for c, v, b in each]
    told = np.logical_and.reduce(true) & ~says_nothing[:, :2].any(axis=1)
    keys, which = np.unique(codes[told, 0] * blocks[1].codes + codes[told, 1], return_inverse=True)
    says, dependent = ~says_nothing[told, 2], codes[told, 2]
    decided, share = most_frequent(which[says], dependent[says], (len(keys), blocks[2].codes))
    rows = np.bincount(which[says], minlength=len(keys))
    kept = (rows >= at_least) & (share >= _NEARLY_ALL)
    # Where what is decided is null throughout, it stays null.
    nulls = (rows == 0) & (np.bincount(which, minlength=len(keys)) >= at_least)
    decided[nulls] = 0
    made = np.stack([keys // blocks[1].codes, keys % blocks[1].codes, decided], axis=1)
    return made[kept | nulls], float(rows[kept].sum() / max((~says_nothing.any(axis=1)).sum(), 1))


def _made_up(
    codes: npt.NDArray[np.int64],
    kept: npt.NDArray[np.int64],
    blocks: Sequence[Block],
    free: Sequence[bool],
    at_least: int,
) -> npt.NDArray[np.int64]:
    """Combinations of the codes that are in none which is kept; see `_held`."""
    made = []
    codes = codes[~(free[2] & (codes[:, 2] == 0))]
    for i, j in ((0, 1), (1, 0)):
        lost = np.setdiff1d(np.arange(int(free[i]), blocks[i].codes), kept[:, i])
        decided, share = most_frequent(codes[:, j], codes[:, 2], (blocks[j].codes, blocks[2].codes))
        rows, beside = share * np.bincount(codes[:, j], minlength=blocks[j].codes), np.unique(kept[:, j])
        beside = beside[rows[beside] >= at_least]
        two = np.repeat(lost, len(beside)), np.tile(beside, len(lost))
        made.append(np.stack([two[i], two[j], decided[two[1]]], axis=1))
    return np.concatenate(made)
