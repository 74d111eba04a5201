"""The linear relations that some columns may be in, before all rows are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm

_DENOMINATORS = (1, 10, 100, 1000)
_DECIMALS = (2, 3, 4, 5, 6, 8)
_FIT_ROWS = 20_000
_LEAST_ROUNDED = 0.01


def proposals(
    parts: tuple[LinearTerm, ...], some: Mapping[str, pa.Array], every: Mapping[str, pa.Array]
) -> Iterator[LinearRelation]:
    """Relations of the first of ``parts`` with the others, simple ones first.

    Args:
        parts: The columns.
        some: Rows that show how they vary, enough for a relation of whole numbers.
        every: All rows.
    """
    blank = LinearRelation(parts, (Fraction(1),) * (len(parts) - 1), Fraction(0))
    if blank.exact and len(parts) <= 3:
        through = _through_rows(blank, some)
        if through is not None:
            yield through
    yield from _near_rows(blank, every)


def plain_sum(
    parts: tuple[LinearTerm, ...], factors: tuple[float, ...], some: Mapping[str, pa.Array]
) -> Iterator[LinearRelation]:
    """The relation of the first of ``parts`` with the others multiplied by ``factors``, as a row asks for."""
    numbers, valid = LinearRelation(parts, tuple(map(Fraction, factors)), Fraction(0)).read(some)
    if valid.any():
        row = int(valid.argmax())
        first = [Fraction(int(values[row]), 10**part.digits) for values, part in zip(numbers, parts, strict=True)]
        natural = tuple(Fraction(int(factor)) for factor in factors)
        yield LinearRelation(parts, natural, first[0] - sum(f * v for f, v in zip(natural, first[1:], strict=True)))


def _through_rows(blank: LinearRelation, some: Mapping[str, pa.Array]) -> LinearRelation | None:
    """The relation of whole numbers that a few rows far apart define, exactly."""
    numbers, valid = blank.read(some)
    columns = [values[valid] for values in numbers]
    if not len(columns[0]):
        return None
    a = columns[1] - columns[1][0]
    b = columns[2] - columns[2][0] if len(columns) == 3 else np.zeros_like(a)
    scales = [float(np.abs(v).max()) or 1.0 for v in (a, b)]
    i = int((np.abs(a / scales[0]) + np.abs(b / scales[1])).argmax())
    if len(columns) == 2:
        factors = [_quotient(_step(columns[0], i), _step(columns[1], i))]
    else:
        j = int(np.abs(a / scales[0] * (b[i] / scales[1]) - b / scales[1] * (a[i] / scales[0])).argmax())
        (c1, a1, b1), (c2, a2, b2) = ([_step(values, k) for values in columns] for k in (i, j))
        determinant = a1 * b2 - a2 * b1
        factors = [_quotient(c1 * b2 - c2 * b1, determinant), _quotient(a1 * c2 - a2 * c1, determinant)]
    if not all(factors):
        return None
    ten = [10**part.digits for part in blank.parts]
    first = [Fraction(int(values[0]), t) for values, t in zip(columns, ten, strict=True)]
    natural = tuple(f * t / ten[0] for f, t in zip(factors, ten[1:], strict=True))
    offset = first[0] - sum(f * v for f, v in zip(natural, first[1:], strict=True))
    return LinearRelation(blank.parts, natural, offset)


def _step(values: Numbers, row: int) -> int:
    return int(values[row]) - int(values[0])


def _quotient(above: int, below: int) -> Fraction:
    return Fraction(above, below) if below else Fraction(0)


def _near_rows(blank: LinearRelation, arrays: Mapping[str, pa.Array]) -> Iterator[LinearRelation]:
    """Relations of floats near the one of least squares, with ever longer fractions."""
    numbers, valid = blank.read(arrays)
    rows = np.flatnonzero(valid)
    rows = rows[:: -(-len(rows) // _FIT_ROWS) or 1]
    scale = [part.ten if blank.exact else 1.0 for part in blank.parts]
    column, *terms = (values[rows] / s for values, s in zip(numbers, scale, strict=True))
    means = [term.mean() if len(term) else 0.0 for term in terms]
    design = np.column_stack([np.ones(len(rows)), *(t - m for t, m in zip(terms, means, strict=True))])
    size = np.maximum(np.abs(design).max(axis=0, initial=0.0), 1e-300)
    factors, _, rank, _ = np.linalg.lstsq(design / size, column, rcond=1e-12)
    if rank < design.shape[1]:
        return
    slopes = (factors / size)[1:]
    # Rounding takes off what it may; where it is next to nothing in next to all rows, something else is amiss in these.
    far = np.abs(column - design @ (factors / size)) * blank.parts[0].ten > 0.25
    rounds = blank.parts[0].digits >= 0 and float(far.mean()) >= _LEAST_ROUNDED
    single = any(part.type.name == "float" for part in blank.parts)
    for chosen in _simpler(slopes.tolist()):
        made = replace(blank, factors=chosen)
        unit, grain = made.units
        rough = rounds and grain < unit
        half = 0.5 / blank.parts[0].ten if rough else 0.0
        products = [float(f) * term for f, term in zip(chosen, terms, strict=True)]
        rest = column - sum(products)
        error = (1e-6 if single else 1e-12) * max(float(np.abs(values).max()) for values in (column, *products))
        offset = _offset(replace(made, rough=rough), float(rest.max()) - half, float(rest.min()) + half, error)
        if offset is not None:
            yield replace(made, offset=offset, rough=rough)


def _offset(blank: LinearRelation, low: float, high: float, error: float) -> Fraction | None:
    """The simplest offset from ``low`` to ``high``; at the ends of that, one by which what is half way goes one way."""
    unit = blank.units[0]
    for lean in blank.leanings if blank.rough else ():
        whole = round(((low + high) / 2 - float(lean)) / float(unit)) * unit
        inside = -error if not lean else error
        if low - inside <= whole + lean <= high + inside:
            return whole + lean
    return simplest(low - error, high + error)


def _simpler(slopes: list[float]) -> Iterator[tuple[Fraction, ...]]:
    """Fractions near ``slopes``, then decimals, then the slopes as they are; none of them 0."""
    near = [tuple(Fraction(slope).limit_denominator(most) for slope in slopes) for most in _DENOMINATORS]
    short = [tuple(Fraction(str(round(slope, digits))) for slope in slopes) for digits in _DECIMALS]
    chosen = [*near[:2], short[0], *near[2:], *short[1:]]
    chosen.append(tuple(Fraction(f"{slope:.12g}") for slope in slopes))
    return (factors for factors in dict.fromkeys(chosen) if all(factors))


def simplest(low: float, high: float) -> Fraction | None:
    """The simplest of a few fractions from ``low`` to ``high``; None where there is nothing between them."""
    if low > high:
        return None
    middle = (low + high) / 2
    for most in (*_DENOMINATORS, 10**6):
        fraction = Fraction(middle).limit_denominator(most)
        if low <= fraction <= high:
            return fraction
    return Fraction(f"{middle:.12g}")
