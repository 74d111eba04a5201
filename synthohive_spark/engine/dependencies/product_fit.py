"""Finding the columns that are a product or a quotient of two or three others in every row of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, permutations

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.linear import LinearRelation
from synthohive_spark.engine.dependencies.linear_candidates import simplest
from synthohive_spark.engine.dependencies.linear_fit import digits_of
from synthohive_spark.engine.dependencies.product import Factor, Floats, Mask, Product, values_of
from synthohive_spark.engine.dependencies.relations import reached

_ROWS = 50
_DIFFERENT = 20
_FIRST = 200
_MOST_COLUMNS, _MOST_OF_THREE = 40, 20
_PERCENT = 0.01
_FEW_UNTOLD = 0.01
"""Share of rows in which a divisor may be 0 beside different values of the column."""
_PLAIN = 100


def product_parts(table: pa.Table, columns: Sequence[Column], privacy: Privacy) -> tuple[Factor, ...]:
    """The columns that may be in products: the first 40 numbers that vary.

    Args:
        table: The rows.
        columns: The columns to look at; only numbers count.
        privacy: Where the ranges of the columns end.
    """
    if table.num_rows < _ROWS:
        return ()
    found = (part for column in columns if (part := _part(table, column, privacy)) is not None)
    return tuple(islice(found, _MOST_COLUMNS))


def find_products(
    table: pa.Table, parts: Sequence[Factor], taken: frozenset[str], sums: Sequence[LinearRelation] = ()
) -> tuple[Product, ...]:
    """The products that hold in all rows in which none of their columns is null, at least 50 of them.

    Powers are looked for before products, these before quotients, those of two columns before those of three, of which
    the third may be taken off or added as a share (``quantity * price * (1 - discount)``). A third factor, and a square
    beside another one, are looked for among at most 20 columns. That a column is a product in 50 rows, with 20
    different values, is no accident, however many are tried: a row by chance comes within the rounding of its column
    once in as many times as the column has different values.

    Args:
        table: The rows.
        parts: The columns to look at; see `product_parts`.
        taken: Columns that are computed from others already.
        sums: How some of these are, so that no column leads to itself.

    Returns:
        Each after those that determine its factors.
    """
    if len(parts) < 2:
        return ()
    sample = SomeRows.of(table, parts)
    made_of = {own.column: set(own.of) for own in sums}
    found: dict[str, Product] = {}
    for factors in attempts(parts):
        for place in sample.fitting(factors):
            column = parts[place]
            names = {factor.name for factor in factors}
            if column.name in {*taken, *found} or any(column.name in {name, *reached(name, made_of)} for name in names):
                continue
            product = _product(table, column, factors)
            if product is not None and not _is_said_better(table, product):
                found[column.name] = product
                made_of[column.name] = names
    return in_order(found.values())


def in_order(products: Iterable[Product]) -> tuple[Product, ...]:
    """Products, each after those that determine what it is made of."""
    found = {own.column.name: own for own in products}
    return tuple(sorted(found.values(), key=lambda own: (_depth(found, own.column.name), own.column.name)))


def _part(table: pa.Table, column: Column, privacy: Privacy) -> Factor | None:
    if not (column.type.is_number and column.type.fits_int64):
        return None
    values = one_array(table.column(column.name))
    numbers, valid = values_of(values, column.type)
    ordered = np.sort(numbers[valid])
    if len(ordered) < max(_ROWS, 2 * privacy.trim + 1) or ordered[0] == ordered[-1]:
        return None
    low, high = ordered[[privacy.trim, -1 - privacy.trim]].tolist()
    digits, different = digits_of(values, column.type), np.unique(ordered)
    units = np.rint((different - different[0]) * 10.0 ** max(digits, 0)).astype(np.int64)
    step = int(np.gcd.reduce(units)) if digits >= 0 else 1
    # A double written with fifteen digits is not quite the single that it was.
    apart = np.abs(different.astype(np.float32) - different)
    single = column.type.name == "float" or (digits < 0 and bool((apart <= 1e-13 * np.abs(different)).all()))
    return Factor(column.name, column.type, digits, low, high, len(different), step=max(step, 1), single=single)


@dataclass(frozen=True)
class SomeRows:
    """Some rows: numbers, and where there is one, of shape (rows, columns)."""

    places: dict[str, int]
    numbers: Floats
    valid: Mask
    half: Floats
    """Half a unit of each column's last digit."""

    @classmethod
    def of(cls, table: pa.Table, parts: Sequence[Factor], most: int = _FIRST) -> SomeRows:
        """So many rows of the columns."""
        rows = pa.array(np.linspace(0, table.num_rows - 1, min(most, table.num_rows)).astype(np.intp))
        read = [values_of(one_array(table.column(p.name)).take(rows), p.type) for p in parts]
        half = [0.5 * 10.0**-p.digits if p.digits >= 0 else 0.0 for p in parts]
        numbers, valid = (np.stack(own, axis=1) for own in zip(*read, strict=True))
        return cls({p.name: i for i, p in enumerate(parts)}, numbers, valid, np.array(half))

    def product(self, factors: tuple[Factor, ...]) -> tuple[Floats, Mask]:
        """The product, and the rows in which there is one."""
        product, there = np.ones(len(self.numbers)), np.ones(len(self.numbers), bool)
        for factor in factors:
            place = self.places[factor.name]
            with np.errstate(invalid="ignore", over="ignore"):
                product = product * factor.multiplier(self.numbers[:, place])
            there = there & self.valid[:, place]
        return product, there & np.isfinite(product)

    def fitting(self, factors: tuple[Factor, ...]) -> list[int]:
        """The columns that the rows show to be about a multiple of a product."""
        product, there = self.product(factors)
        there = there & (product != 0)
        if there.sum() < min(_DIFFERENT, len(there)):
            return []
        rows = self.valid & there[:, None]
        product = np.where(there, product, 0.0)
        sizes = np.where(rows, np.abs(product)[:, None], -1.0)
        largest = sizes.argmax(axis=0)
        columns = np.arange(len(largest))
        at, of = self.numbers[largest, columns], product[largest]
        scale = at / np.where(of == 0, 1.0, of)
        made = scale * product[:, None]
        slack = self.half * (1 + np.abs(product[:, None] / np.where(of == 0, 1.0, of))) * (1 + 1e-6)
        fits = (np.abs(self.numbers - made) <= slack + 1e-5 * np.abs(made)) | ~rows
        enough = rows.sum(axis=0) >= min(_DIFFERENT, len(rows))
        return np.flatnonzero(fits.all(axis=0) & enough & (at != 0) & (of != 0)).tolist()


def attempts(parts: Sequence[Factor]) -> Iterator[tuple[Factor, ...]]:
    """What may be multiplied, the likelier first."""
    yield from ((replace(part, power=power),) for power in (2, 3) for part in parts)
    yield from ((replace(part, divides=True, power=power),) for power in (1, 2) for part in parts)
    pairs = list(combinations(parts, 2))
    yield from pairs
    shares = [s for part in parts for s in _shares(part)]
    yield from ((part, share) for share in shares for part in parts if part.name != share.name)
    triples = list(combinations(parts, 3)) if len(parts) <= _MOST_OF_THREE else []
    yield from triples
    if triples:
        yield from ((*p, s) for s in shares for p in pairs if s.name not in (p[0].name, p[1].name))
    for factors in (*pairs, *triples):
        for place, factor in enumerate(factors):
            yield (*factors[:place], replace(factor, divides=True), *factors[place + 1 :])
    for one, other in permutations(parts, 2) if triples else ():
        square = replace(one, power=2)
        yield from ((other, square), (other, replace(square, divides=True)), (replace(other, divides=True), square))


def _shares(part: Factor) -> list[Factor]:
    """A column as a share that is taken off or added, where it looks like one."""
    if part.low < 0 or part.high > 100 or (part.high > 1 and part.digits < 0):
        return []
    unit = 1.0 if part.high <= 1 else _PERCENT
    if unit == 1.0 and part.digits == 0:
        return []
    return [replace(part, added=1, sign=sign * unit) for sign in (-1, 1)]


def _product(table: pa.Table, column: Factor, factors: tuple[Factor, ...]) -> Product | None:
    """The product with its scale, if it holds in all rows and enough speak for it."""
    arrays = {part.name: one_array(table.column(part.name)) for part in (column, *factors)}
    product, there = Product(column, factors, Fraction(1)).computed(arrays)
    values, valid = values_of(arrays[column.name], column.type)
    rows = there & valid
    if rows.sum() < _ROWS or min(len(np.unique(np.round(product[rows], 9))), len(np.unique(values[rows]))) < _DIFFERENT:
        return None
    read = [values_of(arrays[factor.name], factor.type) for factor in factors]
    untold = values[np.logical_and.reduce([valid, ~there, *(there for _, there in read)])]
    if len(untold) > _FEW_UNTOLD * rows.sum() and (untold != untold[0]).any():
        return None
    return _scaled(table, column, factors)


def _scaled(table: pa.Table, column: Factor, factors: tuple[Factor, ...]) -> Product | None:
    """The product with its scale, if there is one with which it holds in all rows."""
    arrays = {part.name: one_array(table.column(part.name)) for part in (column, *factors)}
    blank = Product(column, factors, Fraction(1))
    product, there = blank.computed(arrays)
    values, valid = values_of(arrays[column.name], column.type)
    some = there & valid & (product != 0)
    at, of = values[some], product[some]
    if not len(at):
        return None
    exact = 1e-5 if column.single else 1e-9
    half = (0.5 * 10.0**-column.digits if column.digits >= 0 else 0.0) + exact * np.abs(at)
    ends = (at - half) / of, (at + half) / of
    scale = scale_between(float(np.minimum(*ends).max()), float(np.maximum(*ends).min()))
    if not scale:
        return None
    made = replace(blank, scale=scale)
    return made if not made.broken(arrays).any() else None


def scale_between(low: float, high: float) -> Fraction | None:
    """The simplest scale from ``low`` to ``high``, of which a simple multiple of pi is one."""
    scale = simplest(low, high)
    if scale is None or scale.denominator <= _PLAIN:
        return scale
    circles = (Fraction(f"{math.pi * above / below:.15g}") for above in (1, 2, 4) for below in (1, 2, 3, 4, 6, 12))
    return next((circle for circle in circles if low <= circle <= high), scale)


def _is_said_better(table: pa.Table, own: Product) -> bool:
    """Whether a factor is as much a product of the others, and rounded less: then the column follows from that."""
    for factor in own.factors:
        if factor.added or factor.power > 1 or coarseness(table, factor) >= coarseness(table, own.column):
            continue
        others = tuple(replace(f, divides=f.divides == factor.divides) for f in own.factors if f != factor)
        column = replace(own.column, divides=factor.divides)
        turned = _product(table, replace(factor, divides=False), (column, *others))
        if turned is not None:
            return True
    return False


def coarseness(table: pa.Table, part: Factor) -> float:
    """Half a unit of the last digit, in units of the usual size of a value."""
    numbers, valid = values_of(one_array(table.column(part.name)), part.type)
    half = 0.5 * 10.0**-part.digits if part.digits >= 0 else 0.0
    return half / max(float(np.median(np.abs(numbers[valid]))), 1e-300)


def _depth(found: dict[str, Product], name: str) -> int:
    if name not in found:
        return 0
    return 1 + max(_depth(found, part.name) for part in found[name].parts)
