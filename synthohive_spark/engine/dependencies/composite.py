"""Two columns that decide a third one (a route and a class, the fare): which combinations of codes are held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.encoded_table import CompositeDependency, EncodedTable, Function

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def describe(own: CompositeDependency, names: Sequence[str]) -> str:
    """The dependency as a sentence; ``names`` are those of the encoded columns."""
    one, other, dependent = (names[place] for place in own.columns)
    return f"{one} and {other} decide {dependent}{' where none is null' if any(own.free) else ''}"


def broken(own: CompositeDependency, encoded: EncodedTable) -> Mask:
    """Which rows have another code of the dependent column than their combination asks for; none of unknown ones."""
    first, second, dependent = (encoded.codes[:, place].astype(np.int64) for place in own.columns)
    expected = _decided(own, first, second)
    wrong = (expected >= 0) & (expected != dependent)
    return np.asarray(wrong & (dependent != 0) if own.free[2] else wrong)


def freed(links: Iterable[Function]) -> set[int]:
    """Columns of which a null goes with any combination."""
    own = (link for link in links if isinstance(link, CompositeDependency))
    return {place for link in own for place, free in zip(link.columns, link.free, strict=True) if free}


def permitted_beside(own: CompositeDependency, column: int, codes: int, known: Mapping[int, Codes]) -> Mask:
    """The codes of a column of the dependency that leave a combination beside what is known; all where none is left.

    Args:
        own: The dependency.
        column: The column to draw.
        codes: How many codes it has.
        known: Codes of the other columns, shape (rows,); -1 in the rows that do not know one.

    Returns:
        Shape (rows, codes).
    """
    place = own.columns.index(column)
    others = [i for i in range(3) if i != place]
    first, second = (known[own.columns[i]] for i in others)
    width = int(second.max(initial=-1)) + 2
    different, row = np.unique((first + 1) * width + second + 1, return_inverse=True)
    beside = np.stack([different // width - 1, different % width - 1])
    permitted = np.zeros((len(different), codes), bool)
    decided = _decided(own, *beside) if place == 2 else np.full(len(different), -1)
    there = np.flatnonzero(decided >= 0)
    permitted[there, decided[there]] = True
    left = np.flatnonzero((beside < 0).any(axis=0) | (place < 2))
    meets = np.ones((len(left), len(own.combinations)), bool)
    for i, asked in zip(others, beside[:, left, None], strict=True):
        meets &= (asked < 0) | (own.combinations[:, i] == asked)
    one, combination = np.nonzero(meets)
    permitted[left[one], own.combinations[combination, place]] = True
    says_nothing = (np.array([own.free[i] for i in others])[:, None] & (beside == 0)).any(axis=0)
    permitted[says_nothing | ~permitted.any(axis=1)] = True
    permitted[:, 0] |= own.free[place]
    return np.asarray(permitted[row])


def _decided(own: CompositeDependency, first: Codes, second: Codes) -> Codes:
    """The code that codes of the two columns decide; -1 where their combination is not known."""
    of, beside, decided = own.combinations.astype(np.int64).T
    width = int(max(second.max(initial=0), beside.max())) + 1
    keys, asked = of * width + beside, first * width + second
    order = np.argsort(keys)
    place = order[np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)]
    return np.where(keys[place] == asked, decided[place], -1)
