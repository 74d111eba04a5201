"""Categories that may decide how numbers go together: columns of few values, and which one each row holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column

_MOST_LEVELS, _MOST_CATEGORIES = 64, 40
_MOST_HELD = 0.8
"""Share of the rows that must hold values which may be kept."""


@dataclass(frozen=True, eq=False)
class Category:
    """A column of few values.

    Attributes:
        column: The column.
        levels: Its values, but for rare ones.
        codes: Which of them each row holds; -1 where it is null or rare.
    """

    column: Column
    levels: list[Any]
    codes: npt.NDArray[np.int64]


def find_categories(table: pa.Table, columns: Iterable[Column], at_least: int) -> list[Category]:
    """The first 40 strings, truth values and integers of at most 64 values, those of the fewest first.

    Args:
        table: The rows.
        columns: The columns to look at.
        at_least: Fewest rows of a value that may be kept.
    """
    found = islice(_categories(table, columns, at_least), _MOST_CATEGORIES)
    return sorted(found, key=lambda own: len(own.levels))


def _categories(table: pa.Table, columns: Iterable[Column], at_least: int) -> Iterator[Category]:
    for column in columns:
        if not (column.type.is_string or column.type.is_integer or column.type.name == "boolean"):
            continue
        coded = one_array(table.column(column.name)).dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1), np.int64)
        counts = np.bincount(codes[codes >= 0], minlength=len(coded.dictionary))
        kept = np.flatnonzero(counts >= at_least)
        if 2 <= len(kept) <= _MOST_LEVELS and counts[kept].sum() >= _MOST_HELD * counts.sum():
            place = np.full(len(counts) + 1, -1)
            place[kept] = np.arange(len(kept))
            yield Category(column, coded.dictionary.take(pa.array(kept)).to_pylist(), place[codes])
