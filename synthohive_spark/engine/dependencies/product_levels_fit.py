"""Finding the columns that are others times, or one plus, a number that a category stands for: a rate by country."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.levels import Category
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm
from synthohive_spark.engine.dependencies.linear_candidates import proposals
from synthohive_spark.engine.dependencies.product import Factor, Floats, Mask, Product
from synthohive_spark.engine.dependencies.product_fit import SomeRows, coarseness, in_order, scale_between
from synthohive_spark.engine.dependencies.relations import reached

_ROWS, _DIFFERENT = 50, 20
_FIRST = 256
_MOST_TRIED, _MOST_OF_TWO, _MOST_LINES = 200, 20, 16
_MOST_LOST = 0.5
_CHANCE = 1e-6
_EXACT = 1e-6
_HALF, _MOST_HALF, _FEW = 1e-3, 0.75, 10
TIMES, PLUS, LINE = "times", "plus", "line"


def find_products_by_level(
    table: pa.Table,
    parts: Sequence[Factor],
    categories: Sequence[Category],
    products: Sequence[Product],
    sums: Sequence[LinearRelation],
    firm: frozenset[str],
) -> tuple[Product, ...]:
    """The products, those of one or two columns and a number for each level of a category, and sums of one and such.

    They hold in all rows in which all are there, at least 50, with 20 different values. Chance is excluded: had the
    category nothing to do with how the columns go together, all different rows of a level would agree with a
    probability below one millionth, divided by the number of tries. What is made of fewer columns comes first, then of
    fewer levels, then what is exact, then what is rounded least. Two columns are looked for among at most 20, and one
    both multiplied and added to by categories of at most 16 levels.

    Args:
        table: The rows.
        parts: The columns to look at; see `product_parts`.
        categories: See `find_categories`.
        products: What was found without categories.
        sums: Linear relations.
        firm: Columns that nothing may determine.

    Returns:
        Each after those that determine what it is made of.
    """
    made_of = {own.column: set(own.of) for own in sums} | {own.column.name: {*own.columns[1:]} for own in products}
    search, found = _Search(table, parts, categories, firm | made_of.keys()), list(products)
    likely = sorted(search.candidates(), key=lambda own: own.effort) if search.targets else []
    for own in likely[:_MOST_TRIED]:
        names = {*(part.name for part in own.of), own.category.column.name}
        if own.column.name in made_of or any(own.column.name in {n, *reached(n, made_of)} for n in names):
            continue
        if (made := own.product(table, search.tests)) is not None:
            found.append(made)
            made_of[own.column.name] = names
    return in_order(found)


@dataclass(frozen=True)
class _Candidate:
    """A column that may be others times, or one plus, numbers of a category; ``effort`` orders them."""

    column: Factor
    of: tuple[Factor, ...]
    category: Category
    way: str
    effort: tuple[float, ...]

    def product(self, table: pa.Table, tests: int) -> Product | None:
        """The product, if it holds in all rows and chance would hardly make it."""
        names = (self.column.name, *(part.name for part in self.of), self.category.column.name)
        arrays = {name: one_array(table.column(name)) for name in names}
        values, valid = self.column.read(arrays)
        of, there = Product(self.column, self.of, Fraction(1)).computed(arrays)
        codes = self.category.codes
        known = valid & there & (codes >= 0)
        rows = known & (of != 0) if self.way == TIMES else known
        if rows.sum() < _ROWS or known.sum() < (1 - _MOST_LOST) * valid.sum():
            return None
        different = np.unique(np.stack([codes[rows], of[rows], values[rows]], axis=1), axis=0)
        codes, of, values = different[:, 0].astype(np.int64), different[:, 1], different[:, 2]
        if len(np.unique(values)) < _DIFFERENT:
            return None
        slack = _slack(self.column, values)
        lines = dict(self._lines(codes, of, values, slack))
        if lines.keys() != {*codes.tolist()}:
            return None
        times, plus = np.array([lines[code] for code in codes.tolist()]).T
        if _undecided(self.column, codes, values - times * of - plus):
            return None
        suit = [float((np.abs(values - times * of - plus) <= slack).mean()) for times, plus in {*lines.values()}]
        # Where nothing is multiplied, rows say nothing of the columns.
        says = [code for code, (times, _) in lines.items() if times]
        told = np.isin(codes, says).sum() - len(says) * (2 if self.way == LINE else 1)
        if told * math.log(max(suit)) >= math.log(_CHANCE / tests):
            return None
        made = self._of_levels(lines)
        return None if made.broken(arrays).any() else made

    def _lines(
        self, codes: npt.NDArray[np.int64], of: Floats, values: Floats, slack: Floats
    ) -> Iterator[tuple[int, tuple[float, float]]]:
        """By level, the simplest numbers with which all of its rows are multiplied, and to which they are added."""
        for code in np.unique(codes).tolist():
            rows = codes == code
            if self.way == LINE:
                if line := self._line(of[rows], values[rows], slack[rows]):
                    yield code, line
                continue
            low, high = bounds(self.way, of[rows], values[rows, None], slack[rows, None])
            number = scale_between(float(low.max()), float(high.min()))
            if number is not None:
                yield code, (float(number), 0.0) if self.way == TIMES else (1.0, float(number))

    def _line(self, of: Floats, values: Floats, slack: Floats) -> tuple[float, float] | None:
        """The simplest line through rows, if there is one."""
        flat = scale_between(float((values - slack).max()), float((values + slack).min()))
        if flat is not None:
            return 0.0, float(flat)
        arrays = {self.of[0].name: pa.array(of), self.column.name: pa.array(values)}
        double = ColumnType("double")
        parts = tuple(LinearTerm(p.name, double, p.digits, p.low, p.high) for p in (self.column, self.of[0]))
        lines = ((float(own.factors[0]), float(own.offset)) for own in proposals(parts, arrays, arrays))
        return next((own for own in lines if (np.abs(values - own[0] * of - own[1]) <= slack).all()), None)

    def _of_levels(self, lines: dict[int, tuple[float, float]]) -> Product:
        category = self.category.column
        parts = []
        for place in range(2):
            levels = tuple((self.category.levels[code], line[place]) for code, line in lines.items())
            low, high = (end(number for _, number in levels) for end in (min, max))
            parts.append(Factor(category.name, category.type, -1, low, high, len(levels), levels=levels))
        times, plus = parts
        if self.way == TIMES:
            return Product(self.column, (*self.of, times), Fraction(1))
        factors = self.of if self.way == PLUS else (*self.of, times)
        return Product(self.column, factors, Fraction(1), (plus,), (Fraction(1),))


@dataclass(frozen=True)
class _Search:
    """Some rows of numbers and categories."""

    table: pa.Table
    parts: Sequence[Factor]
    categories: Sequence[Category]
    taken: Collection[str]

    @cached_property
    def targets(self) -> list[int]:
        """The numbers that may be told."""
        if len(self.parts) < 2 or not self.categories:
            return []
        return [i for i, p in enumerate(self.parts) if p.name not in self.taken and p.different >= _DIFFERENT]

    @cached_property
    def sources(self) -> list[tuple[Factor, ...]]:
        """What they may be told by, beside a category."""
        two = combinations(self.parts, 2) if len(self.parts) <= _MOST_OF_TWO else ()
        return [*((part,) for part in self.parts), *two]

    @property
    def tests(self) -> int:
        """How many candidates there are."""
        return 3 * len(self.categories) * len(self.sources) * len(self.targets)

    def candidates(self) -> Iterator[_Candidate]:
        """What the rows do not contradict."""
        some = SomeRows.of(self.table, self.parts, _FIRST)
        chosen = np.linspace(0, self.table.num_rows - 1, len(some.numbers)).astype(np.intp)
        values, valid = some.numbers[:, self.targets], some.valid[:, self.targets]
        slack = np.stack([_slack(self.parts[t], some.numbers[:, t]) for t in self.targets], axis=1)
        coarse = [coarseness(self.table, part) for part in self.parts]
        for category in self.categories:
            codes = category.codes[chosen]
            ways = (TIMES, PLUS, LINE) if len(category.levels) <= _MOST_LINES else (TIMES, PLUS)
            for of in self.sources:
                product, known = some.product(of)
                there = valid & known[:, None]
                for way in ways if len(of) == 1 else (TIMES,):
                    fits, ends = _fitting(way, product, values, slack, there, codes)
                    for own in np.flatnonzero(fits & (there[codes >= 0].sum(axis=0) >= _DIFFERENT)).tolist():
                        if (column := self.parts[self.targets[own]]) not in of:
                            exact = _is_exact(column, of, way, [end[:, own] for end in ends])
                            effort = (
                                len(of) + (way == LINE),
                                len(category.levels),
                                not exact,
                                coarse[self.targets[own]],
                            )
                            yield _Candidate(column, of, category, way, effort)


def _fitting(
    way: str, of: Floats, values: Floats, slack: Floats, there: Mask, codes: npt.NDArray[np.int64]
) -> tuple[Mask, tuple[Floats, ...]]:
    """Which columns some rows show to be told by a number of each level, not by one of all, and its bounds.

    Args:
        way: `TIMES`, `PLUS` or `LINE`.
        of: What is multiplied, or added to, shape (rows,).
        values: The columns, shape (rows, columns).
        slack: How far each value may be off.
        there: Where both have one.
        codes: The level of each row, -1 for none.

    Returns:
        Shape (columns,), and the bounds of shape (levels, columns); none of lines.
    """
    order = np.lexsort((of, codes))[(codes < 0).sum() :]
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    if way == LINE:
        fits = _on_lines(of, values, slack, there, order, starts)
        if fits.any():
            fits &= ~_on_lines(of, values, slack, there, np.argsort(of, kind="stable"), np.zeros(1, np.intp))
        return fits, ()
    low, high = bounds(way, of, values, slack)
    low, high = np.where(there, low, -np.inf)[order], np.where(there, high, np.inf)[order]
    low, high = np.maximum.reduceat(low, starts), np.minimum.reduceat(high, starts)
    return (low <= high).all(axis=0) & (low.max(axis=0) > high.min(axis=0)), (low, high)


def _on_lines(
    of: Floats, values: Floats, slack: Floats, there: Mask, order: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]
) -> Mask:
    """Which columns lie about on the line from the first to the last row of each run that has a value.

    Args:
        of: What they may follow.
        values: The columns, shape (rows, columns).
        slack: How far each value may be off.
        there: Where both have one.
        order: The rows, those of each run in the order of ``of``.
        starts: Where runs start.
    """
    sizes = np.diff(starts, append=len(order))
    run, places = np.repeat(np.arange(len(starts)), sizes), np.arange(len(order))[:, None]
    x, y, here = of[order], values[order], there[order]
    first = np.minimum.reduceat(np.where(here, places, len(order)), starts).clip(0, len(order) - 1)
    last = np.maximum.reduceat(np.where(here, places, 0), starts)
    columns = np.arange(values.shape[1])
    far = x[last] - x[first]
    slope = (y[last, columns] - y[first, columns]) / np.where(far > 0, far, 1.0)
    made = y[first, columns][run] + slope[run] * (x[:, None] - x[first][run])
    near = np.abs(y - made) <= 3 * slack[order] + 1e-9 * np.abs(made)
    return np.asarray((near | ~here).all(axis=0) & (far > 0).all(axis=0))


def bounds(way: str, of: Floats, values: Floats, slack: Floats) -> tuple[Floats, Floats]:
    """Between which numbers that of a row's level lies.

    Args:
        way: `TIMES` or `PLUS`.
        of: What is multiplied, or added to, shape (rows,).
        values: What columns may be made of it, shape (rows, columns).
        slack: How far each value may be off.

    Returns:
        Both ends, of the shape of values.
    """
    if way == PLUS:
        return values - slack - of[:, None], values + slack - of[:, None]
    with np.errstate(divide="ignore", over="ignore"):
        ends = (values - slack) / of[:, None], (values + slack) / of[:, None]
    return np.minimum(*ends), np.maximum(*ends)


def _slack(column: Factor, values: Floats) -> Floats:
    """How far values of a column may be off, as `Product.holds` sees it."""
    exact = 1e-5 if column.single else 1e-9
    half = 0.5 * 10.0**-column.digits if column.digits >= 0 else 0.0
    return half * (1 + 1e-6) + exact * np.abs(values) + np.finfo(np.float64).tiny


def _undecided(column: Factor, codes: npt.NDArray[np.int64], off: Floats) -> bool:
    """Whether nearly all rows of a level lie half a unit off, so that rounding may give two values for most of them."""
    if column.digits < 0:
        return False
    half = np.abs(off) > (1 - _HALF) * 0.5 * 10.0**-column.digits
    rows = np.bincount(codes)
    return bool(((np.bincount(codes, weights=half) > _MOST_HALF * rows) & (rows >= _FEW)).any())


def _is_exact(column: Factor, of: Sequence[Factor], way: str, ends: Sequence[Floats]) -> bool:
    """Whether what numbers between these ends make needs no rounding."""
    if way == LINE or min(own.digits for own in (column, *of)) < 0:
        return False
    apart = math.prod(own.apart for own in of)
    finite = np.isfinite(ends).all(axis=0)
    scales = [scale_between(*pair) for pair in zip(*(end[finite].tolist() for end in ends), strict=True)]
    unit = 10.0**-column.digits
    grain = [apart] if way == PLUS else []
    steps = [*grain, *(float(own or 0) * (1 if way == PLUS else apart) for own in scales)]
    return all(abs(step / unit - round(step / unit)) < _EXACT for step in steps)
