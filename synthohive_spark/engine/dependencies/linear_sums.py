"""Sums of several columns: those of the columns that are plain sums or differences of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.linear_search import Candidate, Sample

_FEWEST = 2
_MOST_MULTIPLES, _MOST_TOGETHER = 6, 3
"""Of columns that are multiples of each other, how many are looked at, and how many may be in a sum."""
_MOST_LATER = 4
_SPARE = 8
"""So many rows more than columns there have to be."""
_PRIME = (1 << 31) - 1
"""The product of two numbers below it is one of 64 bits."""


def plain_sums(sample: Sample, columns: Sequence[int]) -> Iterator[Candidate]:
    """The columns that the sample shows to be sums of at least two others, each once, added or taken off.

    Columns are taken in the order of their spread, and each written in terms of the ones before it by Gaussian
    elimination; what nothing is left of depends on them, in one way only. So a total is found as the sum of its terms,
    and of shares that add up to 100 the widest as what the others leave. Whole numbers are reckoned with modulo a
    prime, so that a share of a column that is rounded to cents is no multiple of it; by chance, a column depends on
    others once in (2**31)**8 times. A multiple of a column stands for that where it makes the sum a plain one, and
    beside it where both are added, such as two equal halves of a tax. Each sum is solved for its other columns, too, as
    what is known may ask for.

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
        if len(rows) > len(whole) + _SPARE and len(whole) > _FEWEST:
            yield from _sums_of(sample, rows, whole, set(anchor))


def _sums_of(sample: Sample, rows: npt.NDArray[np.intp], columns: list[int], anchor: set[int]) -> Iterator[Candidate]:
    """The sums among columns, of which one at least belongs to ``anchor``."""
    most = max(sample.digits[c] for c in columns)
    mixing = np.random.default_rng(0).integers(1, _PRIME, (len(columns) + _SPARE, len(rows)))
    spread, mixed = {}, {}
    for column in columns:
        units = sample.units[column][rows]
        units = units - units[0]
        ten = 10 ** (most - sample.digits[column])
        spread[column] = float(np.abs(units - units.mean()).mean()) * ten
        mixed[column] = (mixing * (units % _PRIME) % _PRIME).sum(axis=1) % _PRIME * (ten % _PRIME) % _PRIME
    free: list[int] = []
    told: dict[int, dict[int, int]] = {}
    basis: list[tuple[int, Numbers, Numbers]] = []
    # Of columns that are the same in these rows, the one that is there in them alone comes first.
    for column in sorted(columns, key=lambda c: (spread[c], c not in anchor, c)):
        rest, terms = mixed[column].copy(), np.zeros(len(columns), np.int64)
        for pivot, reduced, made_of in basis:
            factor = rest[pivot]
            rest = (rest - factor * reduced) % _PRIME
            terms = (terms + factor * made_of) % _PRIME
        if rest.any():
            pivot = int(rest.argmax())
            inverse = pow(int(rest[pivot]), -1, _PRIME)
            own = -terms % _PRIME
            own[len(free)] = 1
            free.append(column)
            basis.append((pivot, rest * inverse % _PRIME, own * inverse % _PRIME))
        elif spread[column]:
            told[column] = {free[i]: int(terms[i]) for i in np.flatnonzero(terms[: len(free)])}
    for column, weights in told.items():
        signs = _signs(weights, told)
        if signs and len(signs) >= _FEWEST and anchor & {column, *signs}:
            signs[column] = -1
            # What stands for a column may be wider than the column told.
            widest = max(signs, key=lambda c: (spread[c], c == column))
            ordered = sorted(signs, key=lambda c: (c != widest, -spread[c], c))
            yield from _solved({name: signs[name] for name in ordered})


def _signs(weights: Mapping[int, int], told: Mapping[int, Mapping[int, int]]) -> dict[int, int]:
    """The columns that are added (1) or taken off (-1), multiples among them that stand for others; none if it fails.

    Args:
        weights: What each column is multiplied with, modulo the prime.
        told: The same by column that is told by others, of which those told by one are its multiples.
    """
    signs: dict[int, int] = {}
    for name, weight in weights.items():
        known = [(name, 1), *((own, of[name]) for own, of in told.items() if of.keys() == {name})][:_MOST_MULTIPLES]
        sets = (own for size in range(1, _MOST_TOGETHER + 1) for own in combinations(known, size))
        signed = ((own, sign) for own in sets for sign in (1, -1))
        own, sign = next(((o, s) for o, s in signed if not (sum(k for _, k in o) - s * weight) % _PRIME), ((), 0))
        if not own:
            return {}
        signs |= {column: sign for column, _ in own}
    return signs


def _solved(signs: dict[int, int]) -> Iterator[Candidate]:
    """The columns whose sum with these signs is constant, solved for the first or, with more effort, a later one."""
    widest = next(iter(signs))
    for place, (column, own) in enumerate(signs.items()):
        others = sorted((name for name in signs if name != column), key=lambda c: (c != widest, c))
        factors = tuple(float(-signs[name] * own) for name in others)
        later = 0.5 + 0.1 * min(place - 1, _MOST_LATER) if place else 0.0
        yield Candidate(column, tuple(others), factors, len(others) + later)
