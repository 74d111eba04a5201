"""Sums of three columns and more: those of the columns that are plain sums or differences of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.linear_search import Candidate, Sample

_FEWEST = 3
_ENOUGH = 2
"""As many rows for each column as there have to be."""
_EXACT = 1e-7


def long_sums(sample: Sample, columns: Sequence[int]) -> Iterator[Candidate]:
    """The columns that the sample shows to be sums of at least three others, each once, added or taken off.

    Columns are taken in the order of their spread, each written in terms of the ones before it by Gram and Schmidt's
    orthogonalisation; what nothing is left of depends on them, in one way only. So a total is found as the sum of its
    terms, and of shares that add up to 100 the widest as what the others leave.

    Args:
        sample: Some rows.
        columns: The columns to look at; only those of a fixed number of digits count.
    """
    exact = [c for c in columns if sample.digits[c] >= 0]
    patterns: dict[bytes, list[int]] = {}
    for column in exact:
        patterns.setdefault(sample.present[:, column].tobytes(), []).append(column)
    for anchor in patterns.values():
        rows = np.flatnonzero(sample.present[:, anchor[0]])
        whole = [c for c in exact if sample.present[rows, c].all()]
        if len(rows) >= _ENOUGH * len(whole) and len(whole) > _FEWEST:
            most = max(sample.digits[c] for c in whole)
            units = {c: _centred(sample.units[c][rows], most - sample.digits[c]) for c in whole}
            yield from _sums_of(units, set(anchor))


def _centred(units: Numbers, more_digits: int) -> Numbers:
    values = (units - units[0]).astype(np.float64) * 10.0**more_digits
    return np.asarray(values - values.mean())


def _sums_of(units: dict[int, Numbers], anchor: set[int]) -> Iterator[Candidate]:
    """The sums among columns, of which one at least belongs to ``anchor``."""
    free: list[int] = []
    basis = np.zeros((len(next(iter(units.values()))), 0))
    for column in sorted(units, key=lambda c: (float(np.abs(units[c]).mean()), c)):
        values = units[column]
        rest = values - basis @ (basis.T @ values)
        rest -= basis @ (basis.T @ rest)
        size, left = float(np.linalg.norm(values)), float(np.linalg.norm(rest))
        if left > _EXACT * size:
            free.append(column)
            basis = np.column_stack([basis, rest / left])
        elif size and free:
            design = np.stack([units[c] for c in free], axis=1)
            factors = np.linalg.lstsq(design, values, rcond=None)[0]
            terms = sorted(np.flatnonzero(np.abs(factors) > _EXACT), key=lambda i: free[i])
            plain = bool((np.abs(np.abs(factors[terms]) - 1) < 1e-5).all())
            names = tuple(free[i] for i in terms)
            if plain and len(names) >= _FEWEST and anchor & {column, *names}:
                yield Candidate(column, names, tuple(np.rint(factors[terms]).tolist()), float(len(names)))
