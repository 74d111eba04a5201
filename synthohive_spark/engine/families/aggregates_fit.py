"""Finding the columns of a parent that are aggregates of its children, and what these leave for each child."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.aggregates import AVG, COUNT, MAX, MIN, SUM, Aggregate
from synthohive_spark.engine.families.names import ancestor_name
from synthohive_spark.engine.families.numbers import Floats, floats_of
from synthohive_spark.engine.families.siblings import Siblings

_FEWEST = 50
_CHANCE = 1e-6
_EXACT = 1e-9
_MOST_DIGITS = 6
_FEW = 64
Flags = npt.NDArray[np.bool_]


def find_aggregates(
    rows: pa.Table, own: Sequence[Column], parents: Sequence[Column], siblings: Siblings
) -> tuple[Aggregate, ...]:
    """The columns of a parent that are aggregates of its children in all families.

    One is found where at least fifty families tell it from others (those in which a sum is not its greatest term, or in
    which children differ), and where as many values would hardly agree by chance, all pairs of columns considered.

    Args:
        rows: Training rows of the children, with columns of their parents under `ancestor_name`.
        own: Columns of the children.
        parents: Columns of the parents, by their own names.
        siblings: The families of the rows.
    """
    rows = rows.take(pa.array(siblings.order)).filter(pa.array(siblings.owned))
    firsts = siblings.firsts[siblings.owned]
    starts = np.flatnonzero(firsts)
    own = [c for c in own if c.type.is_quantitative]
    parents = [c for c in parents if c.type.is_quantitative]
    if len(starts) < _FEWEST or not parents or firsts.all():
        return ()
    tests = len(parents) * (4 * len(own) + 1)
    sizes = np.diff(starts, append=len(firsts))
    summaries = {c.name: _Summary.of(floats_of(rows.column(c.name), c.type), starts) for c in own}
    found = []
    for column in parents:
        values = floats_of(rows.column(ancestor_name(1, column.name)), column.type)[starts]
        digits = _digits(values, column)
        for function, of, aggregated, telling in _candidates(column, own, sizes, summaries):
            candidate = Aggregate(column, function, of, digits)
            if _agrees(values, aggregated, candidate.half_step) and _is_no_chance(values[telling], tests):
                positive = function == SUM and of is not None and not (summaries[of].least <= 0).any()
                found.append(replace(candidate, positive=bool(positive)))
                break
    return tuple(found)


def rests_of(rows: pa.Table, aggregate: Aggregate, own: Column, siblings: Siblings) -> pa.Array:
    """What is left of a parent's sum for each row and the siblings after it; null where the parent has none.

    Args:
        rows: Rows of the children in the order of ``siblings``, with the parent's column.
        aggregate: The sum.
        own: The children's column.
        siblings: The families.
    """
    whole = floats_of(rows.column(ancestor_name(1, aggregate.column.name)), aggregate.column.type)
    terms = np.nan_to_num(floats_of(rows.column(own.name), own.type))
    before = np.cumsum(terms) - terms
    starts = np.flatnonzero(siblings.firsts)
    before -= np.repeat(before[starts], np.diff(starts, append=len(before)))
    return pa.array(whole - before, pa.float64(), from_pandas=True)


@dataclass(frozen=True)
class _Summary:
    """Sums, extremes and numbers of the values of each family; NaN where it has none."""

    sums: Floats
    least: Floats
    most: Floats
    counts: Floats

    @classmethod
    def of(cls, values: Floats, starts: npt.NDArray[np.int64]) -> _Summary:
        there = ~np.isnan(values)
        counts = np.add.reduceat(there.astype(float), starts)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.where(there, values, 0.0), starts)
        least = np.minimum.reduceat(np.where(there, values, np.inf), starts)
        most = np.maximum.reduceat(np.where(there, values, -np.inf), starts)
        sums, least, most = (np.where(counts > 0, own, np.nan) for own in (sums, least, most))
        return cls(sums, least, most, counts)


def _candidates(
    column: Column, own: Sequence[Column], sizes: npt.NDArray[np.int64], summaries: Mapping[str, _Summary]
) -> Iterator[tuple[str, str | None, Floats, Flags]]:
    """Aggregates that a column could hold, and the families that tell each from others."""
    if column.type.is_number:
        yield COUNT, None, sizes.astype(float), np.ones(len(sizes), bool)
    number = column.type.is_number
    numbers = [(c.name, summaries[c.name]) for c in own if number and c.type.is_number]
    alike = numbers or [(c.name, summaries[c.name]) for c in own if c.type == column.type]
    for name, values in numbers:
        yield SUM, name, values.sums, (values.sums != values.most) & (values.sums != values.least)
    for name, values in alike:
        differ = values.least != values.most
        yield MAX, name, values.most, differ
        yield MIN, name, values.least, differ
    for name, values in numbers:
        yield AVG, name, values.sums / np.maximum(values.counts, 1), values.least != values.most


def _digits(values: Floats, column: Column) -> int:
    """Decimals of all values of a column."""
    if not column.type.is_float:
        return max(column.type.scale, 0) if column.type.is_number else -1
    known = values[np.isfinite(values)]
    fitting = (d for d in range(_MOST_DIGITS + 1) if np.allclose(known, np.round(known, d), rtol=1e-12, atol=0))
    return next(fitting, -1)


def _agrees(values: Floats, aggregated: Floats, half_step: float) -> bool:
    """Whether all are equal, up to rounding; most pairs of columns differ in the first few."""
    parts = slice(_FEW), slice(_FEW, None)
    return all(_equal(values[part], aggregated[part], half_step) for part in parts)


def _equal(values: Floats, aggregated: Floats, half_step: float) -> bool:
    null = np.isnan(values)
    if (null != np.isnan(aggregated)).any():
        return False
    with np.errstate(invalid="ignore"):
        distance = np.abs(values[~null] - aggregated[~null])
    return bool((distance <= half_step + _EXACT * np.maximum(np.abs(aggregated[~null]), 1)).all())


def _is_no_chance(values: Floats, tests: int) -> bool:
    """Whether values would not agree with others drawn alike, in any of so many tests."""
    values = values[~np.isnan(values)]
    if len(values) < _FEWEST:
        return False
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return bool(len(values) * np.log(max((shares**2).sum(), 1e-12)) < np.log(_CHANCE / tests))
