"""Columns that are a function of another one (city and country), or of two: what a known code permits in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.dependencies import composite
from synthohive_spark.engine.encoded_table import Codes, EncodedTable, Function, FunctionalDependency

Mask = npt.NDArray[np.bool_]


def describe(own: Function, names: Sequence[str]) -> str:
    """The dependency as a sentence; ``names`` are those of the encoded columns."""
    if not isinstance(own, FunctionalDependency):
        return composite.describe(own, names)
    return f"{names[own.determinant]} decides {names[own.dependent]}"


def broken(own: Function, encoded: EncodedTable) -> Mask:
    """Which rows have another code of the dependent column than what decides it has beside it."""
    if not isinstance(own, FunctionalDependency):
        return composite.broken(own, encoded)
    expected = own.table[encoded.codes[:, own.determinant]]
    return np.asarray((expected >= 0) & (expected != encoded.codes[:, own.dependent]))


def allowed(
    links: Sequence[Function], column: int, codes: int, known: Mapping[int, npt.NDArray[np.int64]]
) -> Mask | None:
    """The codes of ``column`` that the links permit beside what is known; a row that nothing suits may have any.

    Args:
        links: All links.
        column: The column to draw.
        codes: How many codes it has.
        known: Codes of other columns, shape (rows,); -1 in the rows that do not know one.

    Returns:
        Shape (rows, codes); None where nothing is ruled out.
    """
    permitted: Mask | None = None
    for link in links:
        if not isinstance(link, FunctionalDependency):
            if column in link.columns:
                permitted = _both(permitted, composite.permitted_beside(link, column, codes, known))
            continue
        if link.dependent == column and link.determinant in known:
            given = known[link.determinant]
            forced = np.where(given >= 0, link.table[np.maximum(given, 0)], -1)
            if (forced >= 0).any():
                permitted = _both(permitted, _only(forced, codes))
        if link.determinant == column and link.dependent in known:
            given = known[link.dependent]
            if (given >= 0).any() and (link.table >= 0).any():
                permitted = _both(permitted, _leading_to(link.table, given))
    if permitted is None:
        return None
    permitted[~permitted.any(axis=1)] = True
    return None if permitted.all() else permitted


def decided_next(order: Sequence[int], links: Sequence[Function]) -> tuple[int, ...]:
    """The order with each column right behind the first one that decides it, so that no later one can contradict.

    What two columns decide comes behind both, but for what it decides itself.

    Args:
        order: The columns.
        links: All links.
    """
    placed: dict[int, None] = {}
    begun: set[int] = set()
    decides = {(own.determinant, own.dependent) for own in links if isinstance(own, FunctionalDependency)}
    composites = [own for own in links if not isinstance(own, FunctionalDependency)]

    def place(column: int) -> None:
        if column in begun:
            return
        begun.add(column)
        for own in composites:
            for other in own.determinants if own.dependent == column else ():
                if (column, other) not in decides and other in order:
                    place(other)
        placed[column] = None
        for link in links:
            if isinstance(link, FunctionalDependency) and link.determinant == column:
                place(link.dependent)

    for column in order:
        place(column)
    return tuple(placed)


def settled(
    codes: npt.NDArray[np.int64],
    links: Sequence[Function],
    sizes: Sequence[int],
    fixed: Mask | None = None,
) -> npt.NDArray[np.int64]:
    """Codes changed where they break a link: columns of the most codes decide the others.

    A column that two decide has the code that the first asks for, and the other one a code that permits it.

    Args:
        codes: Shape (columns, rows).
        links: All links.
        sizes: How many codes each column has.
        fixed: Which codes stay, of the shape of ``codes``; none where None.
    """
    made, known = codes.copy(), np.zeros(codes.shape, bool) if fixed is None else fixed.copy()
    linked = {column for link in links for column in link.columns}
    for column in decided_next(sorted(linked, key=lambda own: (-sizes[own], own)), links):
        own = [link for link in links if column in link.columns]
        seen = {place: np.where(known[place], made[place], -1) for link in own for place in link.columns}
        wrong = np.zeros(codes.shape[1], bool)
        for link in own:
            if isinstance(link, FunctionalDependency):
                expected, other = link.table[made[link.determinant]], link.determinant + link.dependent - column
                wrong |= known[other] & (expected >= 0) & (expected != made[link.dependent])
            else:
                held = composite.permitted_beside(link, column, sizes[column], seen)
                wrong |= ~held[np.arange(len(wrong)), made[column]]
        rows = np.flatnonzero(wrong & ~known[column])
        beside = {place: codes[rows] for place, codes in seen.items() if place != column}
        permitted = allowed(own, column, sizes[column], beside)
        if permitted is not None:
            if column in composite.freed(own):  # where a value is wrong, another value is drawn, no null
                permitted[:, 0] &= ~permitted[:, 1:].any(axis=1)
            made[column, rows] = _nth(permitted, made[column, rows])
        known[column] = True
    return made


def _nth(permitted: Mask, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """In each row one of the codes that are permitted, by a number."""
    order = np.cumsum(permitted, axis=1)
    place = numbers % order[:, -1]
    return np.asarray((order > place[:, None]).argmax(axis=1))


def _both(one: Mask | None, other: Mask) -> Mask:
    if one is None:
        return other
    one &= other
    return one


def _only(forced: Codes, codes: int) -> Mask:
    """One code permitted in each row, all where it is -1."""
    permitted = np.zeros((len(forced), codes), bool)
    permitted[forced < 0] = True
    rows = np.flatnonzero(forced >= 0)
    permitted[rows, forced[rows]] = True
    return permitted


def _leading_to(table: Codes, given: npt.NDArray[np.int64]) -> Mask:
    """The codes whose entry is the one given, or unknown; all where none is given."""
    different, row = np.unique(given, return_inverse=True)
    permitted = (table[None, :] == different[:, None].astype(np.int32)) | (table < 0)
    permitted[different < 0] = True
    return np.asarray(permitted[row])
