"""Linear relations made to hold in drawn rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.linear import LinearRelation, Mask


def apply_linear_relations(
    arrays: Mapping[str, pa.Array], sums: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns, changed as little as makes the relations hold; types and nulls stay.

    In a row, the determined column is computed from the others, or, where it is given, a column that it is made of.
    What would leave the range of its column ends there, and others make up for it; where they cannot, it does leave it.
    Of several relations that determine one column, each in rows of its own, one at most speaks of a row: what only the
    others are made of is null there.

    Args:
        arrays: The columns by name, of equal length.
        sums: Relations, each after those that determine the columns it is made of; as found.
        given: The rows in which a column must not change; nowhere, for a name that is missing.
    """
    known = [s for s in sums if all(part.name in arrays for part in s.parts)]
    arrays = _alone(arrays, known, given)
    made = _applied(arrays, known, given)
    outside: dict[str, Mask] = {}
    for own in reversed(known):
        if (rows := _outside(own, made) & _free(given, own.column)).any():
            outside[own.column] = outside.get(own.column, np.zeros_like(rows)) | rows
    if not outside:
        return made
    # Their ends are asked for, so that what they are made of makes up for it, and what that is made of.
    ends = {s.column: s.ended(made[s.column], outside[s.column]) for s in known if s.column in outside}
    asked = {name: given.get(name, np.zeros_like(rows)) | rows for name, rows in outside.items()}
    again = _applied({**arrays, **ends}, known, {**given, **asked})
    wrong = np.logical_or.reduce([own.broken(again) for own in known])
    names = {part.name for own in known for part in own.parts}
    return again | {name: pc.if_else(pa.array(wrong), made[name], again[name]) for name in names if wrong.any()}


def _alone(
    arrays: Mapping[str, pa.Array], known: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> Mapping[str, pa.Array]:
    """The columns, of which no two relations that determine the same one speak in a row unless both are given."""
    result = dict(arrays)
    for place, own in enumerate(known):
        for other in (o for o in known[:place] if o.column == own.column):
            for kept, left in ((other, own), (own, other)):
                both = own.read(result)[1] & other.read(result)[1]
                for name in (set(left.of) - set(kept.of)) if both.any() else ():
                    gone = both & _free(given, name)
                    result[name] = pc.if_else(pa.array(gone), pa.scalar(None, result[name].type), result[name])
    return result


def _free(given: Mapping[str, Mask], name: str) -> Mask | bool:
    return ~given[name] if name in given else True


def _outside(relation: LinearRelation, arrays: Mapping[str, pa.Array]) -> Mask:
    """Where the determined column has left its range."""
    numbers, valid = relation.read(arrays)
    return np.asarray(valid & (relation.clipped(numbers[0], 0) != numbers[0]))


def _applied(
    arrays: Mapping[str, pa.Array], known: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    result = dict(arrays)
    rows = len(next(iter(result.values()), ()))
    fixed = {p.name: np.array(given.get(p.name, np.zeros(rows, bool)), bool) for s in known for p in s.parts}
    # What is given bears upon the columns it is made of, and they on theirs, before anything else is computed.
    for relation in reversed(known):
        _apply(result, relation, fixed, fixed[relation.column].copy())
    for relation in known:
        _apply(result, relation, fixed, ~fixed[relation.column])
    return result


def _apply(result: dict[str, pa.Array], relation: LinearRelation, fixed: dict[str, Mask], rows: Mask) -> None:
    """Make ``relation`` hold in ``rows``, and fix its columns there."""
    if not rows.any():
        return
    old, valid = relation.read(result)
    numbers = [values.copy() for values in old]
    todo = rows & valid & ~relation.holds(numbers)
    free = [~fixed[part.name] for part in relation.parts]
    if relation.rough:  # what is half way holds either way, and is rounded one way
        near = relation.solved(numbers, 0)
        todo |= rows & valid & free[0] & (near != numbers[0]) & (near == relation.clipped(near, 0))
    for place in (0, *range(len(relation.parts) - 1, 0, -1)):
        now = np.flatnonzero(todo & free[place])
        todo[now] = False
        if len(now):
            _settle(relation, numbers, now, place, free)
    for part, before, after in zip(relation.parts, old, numbers, strict=True):
        changed = before != after
        if changed.any():
            result[part.name] = part.replaced(result[part.name], after, changed)
        fixed[part.name] |= rows & valid


def _settle(
    relation: LinearRelation, numbers: list[Numbers], rows: npt.NDArray[np.intp], place: int, free: list[Mask]
) -> None:
    """Compute one part in ``rows``, in place; where that does not do, let another free one make up for it."""
    here = [values[rows] for values in numbers]
    solved = relation.solved(here, place)
    here[place] = solved
    possible = relation.holds(here)
    here[place] = relation.clipped(here[place], place)
    left = ~relation.holds(here)
    for other in range(len(here) - 1, 0, -1):
        if other == place or not left.any():
            continue
        tried = list(here)
        tried[other] = relation.solved(here, other)
        good = left & free[other][rows] & relation.holds(tried)
        good &= relation.clipped(tried[other], other) == tried[other]
        here[other] = np.where(good, tried[other], here[other])
        left &= ~good
    left &= ~_shared_out(relation, here, place, left, [own[rows] for own in free])
    if place == 0:  # a sum of values within their ranges is kept rather than its own range
        here[0] = np.where(left & possible, relation.parts[0].held(solved), here[0])
    keep = ~left | possible
    for values, new in zip(numbers, here, strict=True):
        values[rows[keep]] = new[keep]


def _shared_out(relation: LinearRelation, here: list[Numbers], place: int, rows: Mask, free: list[Mask]) -> Mask:
    """In which of ``rows`` several parts together make up for one at the end of its range; they do so in place."""
    if len(here) <= 3 or not rows.any():
        return np.zeros(len(rows), bool)
    tried = list(here)
    left = rows.copy()
    for other in range(len(here) - 1, 0, -1):
        if other != place:
            moved = relation.clipped(relation.solved(tried, other), other)
            tried[other] = np.where(left & free[other], moved, tried[other])
            left &= ~relation.holds(tried)
    done = rows & ~left
    for own, values in enumerate(tried):
        here[own] = np.where(done, values, here[own])
    return done
