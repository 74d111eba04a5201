"""Which columns may be linear functions of others, judged by a few hundred rows; `sums_fit` looks at all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.linear import Mask

PAIRS_OF = 60
_ROWS = 64
_PICKS = 600
_ANCHORS = 40
_FEWEST = 8
_EXACT = 1e-6
_ROUNDED = 0.02
_STEEPEST = 1e4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Some rows of the numeric columns.

    Attributes:
        units: int64 or float64 of shape (rows,) for each column; see `read_values`.
        digits: Decimal digits of each column, -1 for floats of any value.
        present: 1 where a column has a number, shape (rows, columns).
        scaled: Numbers with mean 0 and deviation 1 in each column, 0 where there is none, shape (rows, columns).
        spread: The deviation of each column's units; 0 for a constant.
        slack: How far, in deviations, the rows of each column may lie off a function of others.
    """

    units: list[Numbers]
    digits: list[int]
    present: Floats
    scaled: Floats
    spread: Floats
    slack: Floats

    @classmethod
    def of(cls, units: list[Numbers], valid: list[Mask], digits: list[int], floats: list[bool]) -> Sample:
        """The sample of the columns' numbers."""
        scaled, spread = [], []
        for values, mask in zip(units, valid, strict=True):
            # The first value goes before the numbers become floats, or large ones would lose their last digits.
            first = values[mask.argmax()] if mask.any() else 0
            shifted = np.where(mask, values - first, 0).astype(np.float64)
            mean = shifted[mask].mean() if mask.any() else 0.0
            deviation = float(shifted[mask].std()) if mask.any() else 0.0
            spread.append(deviation)
            scaled.append(np.where(mask, shifted - mean, 0.0) / (deviation or 1.0))
        width = np.array(spread)
        rounded = np.array(floats) & (np.array(digits) >= 0)
        halves = np.where(rounded, 0.5 / np.where(width > 0, width, 1.0), 0.0)
        slack = np.minimum(halves, _ROUNDED) + _EXACT
        present = np.stack(valid, axis=1).astype(np.float64)
        return cls(units, digits, present, np.stack(scaled, axis=1), width, slack)


@dataclass(frozen=True)
class Candidate:
    """A column that may be a function of ``terms``.

    Attributes:
        column: Its position.
        terms: The positions of one or two others.
        factors: About what they are multiplied with, in units.
        effort: The spread of the products, all added, over that of the column; the lower, the seldomer a column
            computed from others will leave its range.
    """

    column: int
    terms: tuple[int, ...]
    factors: tuple[float, ...]
    effort: float


def picked_rows(values: Numbers, valid: Mask, columns: int) -> npt.NDArray[np.intp]:
    """Rows that show how a column varies, of so many columns: its ends, others than the commonest value, any."""
    there = np.flatnonzero(valid)
    if not len(there):
        return there
    some = values[_evenly(there, _ROWS)]
    different, counts = np.unique(some, return_counts=True)
    unusual = np.flatnonzero(valid & (values != different[counts.argmax()]))
    picks = max(4, min(16, _PICKS // 2 // columns))
    ends = there[[values[there].argmin(), values[there].argmax()]]
    return np.concatenate([ends, _evenly(unusual, picks), _evenly(there, picks)])


def base_rows(rows: int) -> npt.NDArray[np.intp]:
    """Rows that every sample holds."""
    return _evenly(np.arange(rows), _ROWS)


def _evenly(rows: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.intp)]


def single_candidates(sample: Sample) -> Iterator[Candidate]:
    """The columns that the sample shows to be about a linear function of one other."""
    z, there = sample.scaled, sample.present
    count = np.maximum(there.T @ there, 1.0)  # entry (i, j) of each table is about the rows that have both columns
    mean = z.T @ there / count
    variance = (z**2).T @ there / count - mean**2
    shared = z.T @ z / count - mean * mean.T
    # What is left of column i when column j has explained all it can.
    rest = variance - shared**2 / np.maximum(variance.T, 1e-12)
    likely = rest <= 2 * sample.slack[:, None] ** 2 + 1e-9
    varying = sample.spread > 0
    for term in np.flatnonzero(varying):
        yield from candidates(sample, (int(term),), np.flatnonzero(likely[:, term] & varying).tolist())


def candidates(sample: Sample, terms: tuple[int, ...], columns: Sequence[int]) -> Iterator[Candidate]:
    """The ``columns`` that the sample shows to be about a linear function of ``terms``."""
    others = np.array([c for c in columns if c not in terms], np.intp)
    here = np.flatnonzero(sample.present[:, list(terms)].all(axis=1))
    if not len(others) or len(here) < _FEWEST:
        return
    design = np.column_stack([np.ones(len(here)), sample.scaled[here][:, list(terms)]])
    there, values = sample.present[np.ix_(here, others)], sample.scaled[np.ix_(here, others)]
    size = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(here), size * size)
    gram = (there.T @ products).reshape(-1, size, size)
    enough = gram[:, 0, 0] >= _FEWEST
    enough &= np.linalg.det(gram) > 1e-9 * np.prod(np.diagonal(gram, axis1=1, axis2=2), axis=1)
    gram[~enough] = np.eye(size)
    factors = np.linalg.solve(gram, (values.T @ design)[:, :, None])[:, :, 0]
    rest = (values - design @ factors.T) * there
    error = np.sqrt((rest**2).sum(axis=0) / np.maximum(gram[:, 0, 0], 1.0))
    steep = np.abs(factors[:, 1:])
    good = enough & (error <= sample.slack[others]) & (steep > 1e-7).all(axis=1) & (steep < _STEEPEST).all(axis=1)
    for i in np.flatnonzero(good):
        column = int(others[i])
        units = factors[i, 1:] * sample.spread[column] / sample.spread[list(terms)]
        yield Candidate(column, terms, tuple(units.tolist()), float(steep[i].sum()))


def pairs_to_try(sample: Sample, columns: Sequence[int]) -> list[tuple[int, int]]:
    """All pairs of a few columns; of many, those that are part of a plain sum or difference."""
    if len(columns) <= PAIRS_OF:
        return list(combinations(columns, 2))
    digits = np.array(sample.digits)
    exact = [c for c in columns if digits[c] >= 0]
    patterns: dict[bytes, int] = {}
    for column in exact:
        patterns.setdefault(sample.present[:, column].tobytes(), column)
    found: set[tuple[int, int]] = set()
    for anchor in list(patterns.values())[:_ANCHORS]:
        rows = np.flatnonzero(sample.present[:, anchor])
        if len(rows) >= _FEWEST:
            whole = np.flatnonzero(sample.present[rows].all(axis=0))
            found |= _plain_sums(sample, rows, sorted(set(exact) & set(whole.tolist())))
    return sorted(found)


def _plain_sums(sample: Sample, rows: npt.NDArray[np.intp], columns: list[int]) -> set[tuple[int, int]]:
    """Pairs among three columns of which one is the sum or the difference of the others, up to a constant.

    A random combination of a column's rows, modulo 2**64, is linear: the one of a sum is the sum of those
    of its terms.
    """
    most = max((sample.digits[c] for c in columns), default=0)
    multipliers = np.random.default_rng(0).integers(1, 1 << 63, len(rows), np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = []
    for column in columns:
        units = sample.units[column][rows].view(np.uint64)
        units = (units - units[0]) * np.uint64(10 ** (most - sample.digits[column]) % (1 << 64))
        hashes.append((units * multipliers).sum(dtype=np.uint64))
    values = np.array(hashes, np.uint64)
    places = np.array(columns, np.intp)[values != 0]
    values = values[values != 0]
    order = np.argsort(values)
    found: set[tuple[int, int]] = set()
    for wanted in (values[:, None] - values[None, :], np.uint64(0) - values[:, None] - values[None, :]):
        at = np.minimum(np.searchsorted(values[order], wanted), max(len(values) - 1, 0))
        for i, j in np.argwhere(values[order[at]] == wanted) if len(values) else ():
            triple = sorted({int(places[i]), int(places[j]), int(places[order[at[i, j]]])})
            found.update(combinations(triple, 2))
    return found
