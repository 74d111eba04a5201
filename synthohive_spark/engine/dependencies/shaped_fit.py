"""Finding the strings whose shape follows another column."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.chi_square import chi_square_deviations
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.registry import nearly_unique
from synthohive_spark.engine.codecs.scripts import class_of
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.entities_fit import is_of_few_rows, names_entity
from synthohive_spark.engine.dependencies.functional_fit import ROWS_OF_A_NAME, numbered_values
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from synthohive_spark.engine.table_statistics import ColumnStatistics

_ROWS, _LOOKED_AT, _FEW = 100, 3_000, 600
_MOST_VALUES, _MOST_GROUPS, _FEWEST_STRINGS = 100, 40, 20
_TOLD, _NEARLY, _NEARLY_ALL = 0.5, 0.05, 0.9
_TURNS = 5
_LONGEST = 40
_ALIKE = 3.0
"""Standard deviations of chance up to which two values are said to have the same shapes."""
_RUN = re.compile(r"(.)\1*", re.DOTALL)
_HEAD = re.compile(r"[^\w]*(\w)\1*")

Codes = npt.NDArray[np.int64]


def find_shaped(
    table: pa.Table, columns: Sequence[Column], others: Sequence[Column], privacy: Privacy
) -> tuple[ShapedColumn, ...]:
    """The strings, made from patterns, whose shape another column tells: at least half of what there is to tell of it.

    A shape is the classes of the characters of a string, or of its runs. What chance tells is taken off: what rows
    tell of those some way behind. Values of the other column that go with the same shapes make one group; those of
    fewer than 20 rows belong to none. Of several columns the one of fewest values counts, of those that tell nearly
    the most. Each group has at least 20 different strings.

    Args:
        table: The rows.
        columns: The columns to look at; strings count.
        others: What may decide the shape.
        privacy: What may be kept of the rows.
    """
    if table.num_rows < _ROWS:
        return ()
    read = {c: _labels(table, c, max(ROWS_OF_A_NAME, privacy.min_rows)) for c in others}
    labels = {c: own for c, own in read.items() if own is not None}
    found = []
    for column in columns if labels else ():
        values = one_array(table.column(column.name))
        if not column.type.is_string or len(values) - values.null_count < _ROWS:
            continue
        patterned = nearly_unique(ColumnSample(column, values, ColumnStatistics(values.null_count), privacy))
        if not patterned and not is_of_few_rows(table, column.name):
            continue
        shapes = _Shapes(values)
        told = {c: shapes.told_by(own) for c, own in labels.items() if c != column}
        told = {c: share for c, share in told.items() if share >= _TOLD}
        if not told or not (patterned or names_entity(table, column, others)):
            continue
        most = max(told.values()) - _NEARLY
        of = min((c for c, share in told.items() if share >= most), key=lambda c: len(np.unique(labels[c])))
        groups = shapes.groups(labels[of])
        rows = [np.isin(labels[of], group) for group in groups]
        numbers = numbered_values(table, column.name)
        # The patterns of few strings are hardly more than these strings.
        if 2 <= len(groups) <= _MOST_GROUPS and min(len(np.unique(numbers[own])) for own in rows) >= _FEWEST_STRINGS:
            shares = tuple(float(own.sum() / np.sum(rows)) for own in rows)
            found.append(ShapedColumn(column, of, _named(table, of, labels[of], groups), shares))
    return tuple(found)


def _named(
    table: pa.Table, column: Column, labels: Codes, groups: Sequence[Sequence[int]]
) -> tuple[tuple[str, ...], ...]:
    """The values of a column, as texts, by their labels in groups."""
    texts = one_array(table.column(column.name)).cast(pa.string())
    different, rows = np.unique(labels, return_index=True)
    names = dict(zip(different.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True))
    return tuple(tuple(names[label] for label in group) for group in groups)


def _labels(table: pa.Table, column: Column, enough: int) -> Codes | None:
    """A number for each value that enough rows hold, -1 for others; None where there are not two, or too many."""
    if not (column.type.is_string or column.type.is_integer or column.type.name == "boolean"):
        return None
    numbers = numbered_values(table, column.name).astype(np.int64)
    if 2 * (int(numbers.max()) + 1) > len(numbers):
        return None
    missing = null_mask(one_array(table.column(column.name)))
    counts = np.bincount(numbers[~missing], minlength=int(numbers.max()) + 1)
    common = counts >= enough
    held = counts[common].sum() >= max(_NEARLY_ALL * counts.sum(), len(numbers) / 2)
    if not held or not 2 <= common.sum() <= _MOST_VALUES:
        return None
    return np.where(missing, -1, np.where(common, np.cumsum(common) - 1, -1)[numbers])


class _Shapes:
    """How the strings of a column look, of some rows.

    Args:
        values: The column.
    """

    def __init__(self, values: pa.Array) -> None:
        there = np.flatnonzero(~null_mask(values))
        self.rows = there[np.linspace(0, len(there) - 1, min(_LOOKED_AT, len(there))).astype(np.intp)]
        texts = [text[:_LONGEST] for text in values.take(pa.array(self.rows)).to_pylist()]
        classes = {ord(c): class_of(c) for c in set().union(*texts)}
        spelled = [text.translate(classes) for text in texts]
        runs = [_RUN.sub(r"\1", own) for own in spelled]
        heads = [m.end() if (m := _HEAD.match(own)) else 0 for own in spelled]
        begun = [text[:end] + own[end:] for text, own, end in zip(texts, spelled, heads, strict=True)]
        self.levels = [own for own in map(_common, (runs, spelled)) if own is not None]
        self.finest = _first_common(begun, spelled, runs)

    def told_by(self, labels: Codes) -> float:
        """The share of what there is to tell of shapes that labels tell beyond chance; of two ways the larger one."""
        own = labels[self.rows]
        known = own >= 0
        return max((_told(own[known], level[known]) for level in self.levels if known.any()), default=0.0)

    def groups(self, labels: Codes) -> list[list[int]]:
        """The labels by what shapes they go with, those of most rows first."""
        own = labels[self.rows]
        counts = {
            label: np.bincount(self.finest[own == label], minlength=int(self.finest.max()) + 1)
            for label in np.unique(own[own >= 0]).tolist()
        }
        made: list[tuple[npt.NDArray[np.int64], list[int]]] = []
        for label in sorted(counts, key=lambda one: -int(counts[one].sum())):
            distances = [_distance(counts[label], other) for other, _ in made]
            place = int(np.argmin(distances)) if distances else -1
            if place >= 0 and distances[place] < _ALIKE:
                made[place] = made[place][0] + counts[label], [*made[place][1], label]
            else:
                made.append((counts[label], [label]))
        return [group for _, group in sorted(made, key=lambda own: -int(own[0].sum()))]


def _numbered(texts: Sequence[str]) -> Codes:
    return np.asarray(pa.array(texts, pa.string()).dictionary_encode().indices, np.int64)


def _common(texts: Sequence[str]) -> Codes | None:
    """A number for each text that enough rows hold, the last for others; None where these are many."""
    numbers = _numbered(texts)
    counts = np.bincount(numbers)
    common = counts >= ROWS_OF_A_NAME
    if counts[common].sum() < _NEARLY_ALL * len(numbers) or (counts > 0).sum() < 2:
        return None
    return np.where(common, np.cumsum(common) - 1, common.sum())[numbers]


def _first_common(*levels: Sequence[str]) -> Codes:
    """For each row a number of its text at the first level at which enough rows hold it."""
    made, start = np.zeros(len(levels[0]), np.int64), 1
    for texts in levels:
        numbers = _numbered(texts)
        own = np.where((np.bincount(numbers) >= ROWS_OF_A_NAME)[numbers], start + numbers, 0)
        made = np.where(made == 0, own, made)
        start += int(numbers.max()) + 1
    return np.unique(made, return_inverse=True)[1].astype(np.int64)


def _told(labels: Codes, shapes: Codes) -> float:
    """The share of the entropy of shapes that labels tell, less what those of rows some way behind tell."""
    most, size = _entropy(np.bincount(shapes)), len(labels)
    few = np.linspace(0, size - 1, min(_FEW, size)).astype(np.intp)
    # Of few rows, more seems to be told than is.
    if most <= 0 or _shared(labels[few], shapes[few]) < _TOLD * most or _shared(labels, shapes) < _TOLD * most:
        return 0.0
    turned = [np.roll(labels, turn * size // (_TURNS + 1)) for turn in range(1, _TURNS + 1)]
    return (_shared(labels, shapes) - max(_shared(own, shapes) for own in turned)) / most


def _shared(one: Codes, other: Codes) -> float:
    """The information that two numberings have in common, in nats."""
    both = np.bincount(one * (int(other.max()) + 1) + other)
    return _entropy(np.bincount(one)) + _entropy(np.bincount(other)) - _entropy(both)


def _entropy(counts: Codes) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _distance(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """By how many standard deviations two counts of shapes differ more than those of one distribution would."""
    return chi_square_deviations(np.stack([one, other])[:, (one + other) > 0].astype(np.float64))
