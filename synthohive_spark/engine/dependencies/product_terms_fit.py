"""Finding the columns that are a product or a quotient of others plus columns, or one that is rounded up or down."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm
from synthohive_spark.engine.dependencies.linear_candidates import proposals
from synthohive_spark.engine.dependencies.linear_rounded import (
    BLURRED,
    RIDGE,
    ROUNDED,
    is_beyond_chance,
    precision,
    rounded_factors,
    standardized,
    terms_of,
)
from synthohive_spark.engine.dependencies.product import Factor, Floats, Product
from synthohive_spark.engine.dependencies.product_fit import SomeRows, attempts, in_order
from synthohive_spark.engine.dependencies.relations import reached

_ROWS = 50
_DIFFERENT = 20
_SAMPLE = 600
_SPARE = 30
_MOST_ATTEMPTS = 4_000
_MOST_PATTERNS = 6
_MOST_TERMS = 3
_TRIED = 20
_OPEN = 1e-6
_PRODUCT = "\x00product"

Factors = tuple[Factor, ...]
Candidate = tuple[float, Factor, Factors, Factors]
"""An effort as of linear candidates, a column, of what it may be a product, and what may be added."""


def find_sums_of_products(
    table: pa.Table,
    parts: Sequence[Factor],
    sums: Sequence[LinearRelation],
    products: Sequence[Product],
    firm: frozenset[str],
) -> tuple[Product, ...]:
    """The products, and those with up to three columns added that hold in all rows in which no column is null.

    In some rows, a column is told by all others and one product at a time, which a matrix product tells for all of
    these at once. Where that leaves no more of it than rounding, the terms are those of which this is no accident; see
    `rounded_sums`.

    Args:
        table: The rows.
        parts: The columns to look at; see `product_parts`.
        sums: Linear relations.
        products: What was found without terms.
        firm: Columns that nothing may determine.

    Returns:
        Each after those that determine what it is made of.
    """
    made_of = {own.column: set(own.of) for own in sums} | {own.column.name: {*own.columns[1:]} for own in products}
    found = list(products)
    barred = {own.column for own in sums if not own.rough}
    search = _Search(table, [part for part in parts if part.name not in barred])
    likely = sorted(search.candidates(made_of.keys() | firm), key=_preference)
    for _, column, factors, terms in likely:
        names = [part.name for part in (*factors, *terms)]
        if column.name in {*made_of, *names} or any(column.name in reached(name, made_of) for name in names):
            continue
        own = _sum_of_product(table, column, factors, terms, search.tried)
        if own is not None:
            found.append(own)
            made_of[column.name] = set(names)
    return in_order(found)


def _preference(candidate: Candidate) -> tuple[bool, float]:
    """Products before quotients, whose column may be what was multiplied; then what is told with the least effort.

    Others would seldom stay in their ranges.
    """
    effort, _, factors, _ = candidate
    return any(factor.divides for factor in factors), round(effort, 1)


@dataclass(frozen=True)
class _Search:
    """Some rows of the columns, and of their products."""

    table: pa.Table
    parts: Sequence[Factor]

    @cached_property
    def rows(self) -> SomeRows:
        return SomeRows.of(self.table, self.parts, _SAMPLE)

    @cached_property
    def factors(self) -> list[Factors]:
        return list(islice(attempts(self.parts), _MOST_ATTEMPTS))

    @property
    def tried(self) -> int:
        """Of how many products and columns a term is chosen."""
        return len(self.factors) + len(self.parts)

    @cached_property
    def products(self) -> Floats:
        """Products in these rows, NaN where there is none, of shape (rows, products)."""
        made = (self.rows.product(factors) for factors in self.factors)
        return np.stack([np.where(there, product, np.nan) for product, there in made], axis=1)

    def candidates(self, taken: Collection[str]) -> Iterator[Candidate]:
        """What may be a product with terms, but for some columns."""
        if len(self.parts) < 2:
            return
        valid = self.rows.valid
        patterns: dict[bytes, list[int]] = {}
        for place, part in enumerate(self.parts):
            if part.name not in taken:
                patterns.setdefault(valid[:, place].tobytes(), []).append(place)
        for targets in list(patterns.values())[:_MOST_PATTERNS]:
            rows = np.flatnonzero(valid[:, targets[0]])
            whole = np.flatnonzero(valid[rows].all(axis=0))
            if len(rows) > len(whole) + _SPARE:
                yield from self._told(rows, whole, targets)

    def _told(
        self, rows: npt.NDArray[np.intp], whole: npt.NDArray[np.intp], targets: Sequence[int]
    ) -> Iterator[Candidate]:
        """Those of ``targets`` that one product tells beside the columns that are never null in some rows."""
        numbers, spread = standardized(self.rows.numbers[rows][:, whole])
        told = precision(numbers)
        products = self.products[rows]
        usable = np.flatnonzero(np.isfinite(products).all(axis=0))
        made, _ = standardized(products[:, usable])
        shared = numbers.T @ made / len(rows)
        within = told @ shared
        open_ = np.maximum(1 - (shared * within).sum(axis=0), RIDGE)  # what the columns leave of each product
        for place, column in enumerate(whole.tolist()):
            half = float(self.rows.half[column]) / spread[place] if spread[place] else 0.0
            most = (ROUNDED * half + BLURRED) ** 2
            if column not in targets or not spread[place] or 1 / told[place, place] <= most:
                continue
            # What the others leave of the column when a product is among them, and of a product without the column.
            left = 1 / (told[place, place] + within[place] ** 2 / open_)
            without = open_ + within[place] ** 2 / told[place, place]
            fits = np.flatnonzero((left <= most) & (without > _OPEN))
            for own in fits[np.argsort(left[fits], kind="stable")][:_TRIED]:
                beside = np.column_stack([numbers, made[:, own]])
                terms = terms_of(precision(beside), place, len(rows))
                factors = self.factors[usable[own]]
                names = {factor.name for factor in factors}
                added = tuple(self.parts[whole[term]] for term in terms if term < len(whole))
                if len(added) == len(terms) or names & {self.parts[column].name, *(part.name for part in added)}:
                    continue
                weights = rounded_factors(beside, place, terms, half, 1 + _MOST_TERMS)
                if weights is not None:
                    yield float(np.abs(weights).sum()), self.parts[column], factors, added


def _sum_of_product(table: pa.Table, column: Factor, factors: Factors, terms: Factors, tried: int) -> Product | None:
    """The product with its terms, if it holds in all rows and enough speak for it."""
    arrays = {part.name: one_array(table.column(part.name)) for part in (column, *factors, *terms)}
    product, there = Product(column, factors, Fraction(1)).computed(arrays)
    arrays[_PRODUCT] = pa.array(product, mask=~there)
    virtual = Factor(_PRODUCT, ColumnType("double"), -1, float(product[there].min()), float(product[there].max()))
    blank = LinearRelation(tuple(map(_term, (column, virtual, *terms))), (Fraction(1),) * (1 + len(terms)), Fraction(0))
    numbers, valid = blank.read(arrays)
    values, made, *_ = (own[valid] for own in numbers)
    if len(values) < _ROWS or min(len(np.unique(values)), len(np.unique(np.round(made, 9)))) < _DIFFERENT:
        return None
    if column.digits >= 0 and not is_beyond_chance(np.round(values, column.digits), 1 + len(terms), tried):
        return None
    for own in proposals(blank.parts, {}, arrays):
        result = Product(column, factors, own.factors[0], terms, own.factors[1:], own.offset)
        if not result.broken(arrays).any():
            return result
    return None


def _term(part: Factor) -> LinearTerm:
    ten = 10.0 ** max(part.digits, 0)
    return LinearTerm(part.name, part.type, part.digits, part.low * ten, part.high * ten)
