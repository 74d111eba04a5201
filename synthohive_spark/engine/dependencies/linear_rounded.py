"""Rounded sums of several columns with any factors, such as means: candidates by the precision matrix of some rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.dependencies.linear_search import Candidate, Floats, Sample

_ANCHORS = 40
_SPARE = 30
"""So many rows more than columns there have to be."""
_MOST_TERMS = 8
RIDGE = 1e-9
"""Added to all variances, so that columns that exactly tell each other can be told from the rest."""
BLURRED = 1e-3
ROUNDED, _FARTHEST = 0.9, 2.0
"""Deviation and size of what rounding leaves, in half units: 1 / sqrt(3), or 1 / sqrt(2) where half of the rows lie
half way; at most 1; and some room for few rows, and for factors that are estimated."""
_CLEAR = 6.0
_STEEPEST = 1e4
_CHANCE = 1e-6


def rounded_sums(sample: Sample, columns: Sequence[int]) -> Iterator[Candidate]:
    """The columns that the sample shows to be a sum of up to eight others with any factors, to their last digit.

    One inverse of the columns' correlations tells what all others leave open of each; of one of which that is no more
    than rounding leaves, those are the terms whose partial correlation with it is no accident. Columns are looked at in
    the rows of each pattern of nulls, with all that are never null there.

    Args:
        sample: Some rows.
        columns: The columns to look at.
    """
    patterns: dict[bytes, list[int]] = {}
    for column in columns:
        patterns.setdefault(sample.present[:, column].tobytes(), []).append(column)
    for anchor in list(patterns.values())[:_ANCHORS]:
        rows = np.flatnonzero(sample.present[:, anchor[0]])
        whole = [c for c in columns if sample.present[rows, c].all()]
        if len(rows) <= len(whole) + _SPARE or len(whole) < 2:
            continue
        numbers, spread = standardized(sample.scaled[rows][:, whole])
        spread = spread * sample.spread[whole]
        half = np.array([0.5 if sample.digits[c] >= 0 else 0.0 for c in whole]) / np.where(spread > 0, spread, np.inf)
        told = precision(numbers)
        for place in np.flatnonzero(1 / np.diagonal(told) <= (ROUNDED * half + BLURRED) ** 2):
            if whole[place] in anchor and spread[place] > 0:
                terms = terms_of(told, int(place), len(rows))
                factors = rounded_factors(numbers, int(place), terms, float(half[place]))
                if factors is not None:
                    units = factors * spread[place] / spread[terms]
                    names = tuple(whole[term] for term in terms)
                    yield Candidate(whole[place], names, tuple(units.tolist()), float(np.abs(factors).sum()))


def standardized(numbers: Floats) -> tuple[Floats, Floats]:
    """Columns with mean 0 and deviation 1, those of one value 0, and their deviations; shape (rows, columns)."""
    centred = numbers - numbers.mean(axis=0)
    spread = centred.std(axis=0)
    spread = np.where(spread > 1e-12 * np.abs(numbers).max(axis=0, initial=0.0), spread, 0.0)
    return np.where(spread > 0, centred, 0.0) / np.where(spread > 0, spread, 1.0), spread


def precision(numbers: Floats) -> Floats:
    """The inverse of the correlations; 1 over its diagonal is the variance that all others leave of a column."""
    related = numbers.T @ numbers / len(numbers)
    return np.asarray(np.linalg.inv(related + RIDGE * np.eye(len(related))), np.float64)


def terms_of(told: Floats, place: int, rows: int) -> npt.NDArray[np.intp]:
    """The columns whose partial correlation with one is no accident, given a `precision` of so many rows."""
    shared = told[place] ** 2 / (told[place, place] * np.diagonal(told))
    shared[place] = 0.0
    free = rows - len(told) - 1
    return np.flatnonzero(shared * free > _CLEAR**2 * np.maximum(1 - shared, 1e-12))


def rounded_factors(
    numbers: Floats, place: int, terms: npt.NDArray[np.intp], half: float, most: int = _MOST_TERMS
) -> Floats | None:
    """The factors of the terms that leave no more of a column than its rounding; None where they leave more."""
    if not 0 < len(terms) <= most:
        return None
    factors = np.asarray(np.linalg.lstsq(numbers[:, terms], numbers[:, place], rcond=1e-12)[0], np.float64)
    rest = numbers[:, place] - numbers[:, terms] @ factors
    near = np.sqrt((rest**2).mean()) <= ROUNDED * half + 1e-6 and np.abs(rest).max() <= _FARTHEST * half + 1e-5
    return factors if near and (np.abs(factors) > 1e-7).all() and (np.abs(factors) < _STEEPEST).all() else None


def is_beyond_chance(values: npt.NDArray[np.generic], terms: int, tried: int) -> bool:
    """Whether chance would not round so many rows to their values.

    By chance, a row is rounded to its value no more often than the commonest value comes. It must be less likely than
    one in a million that all are, with as many tries as there are choices of terms, and ways to round the rows by them.

    Args:
        values: The rounded values.
        terms: How many columns they are told by.
        tried: Of how many each of these was chosen.
    """
    counts = np.unique(values, return_counts=True)[1]
    rows = int(counts.sum())
    ways = (terms + 1) * np.log(rows * len(counts)) + terms * np.log(max(tried, 1))
    return bool(rows * np.log(counts.max() / rows) + ways < np.log(_CHANCE))


def is_told_by(column: npt.NDArray[np.generic], term: npt.NDArray[np.generic]) -> bool:
    """Whether a column only rises, or only falls, with a term, so that no other is needed; a quarter with a month."""
    order = np.lexsort((column, term))
    for sign in (1, -1):
        steps = np.diff(sign * column[order[::sign]])
        if (steps >= 0).all() and not steps[np.diff(term[order[::sign]]) == 0].any():
            return True
    return False
