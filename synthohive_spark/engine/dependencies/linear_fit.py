"""Finding the columns that are a linear function of others in every row of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import Numbers, to_numbers
from synthohive_spark.engine.codecs.numeric_fit import step_of
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.linear import LinearRelation, LinearTerm, Mask, read_values
from synthohive_spark.engine.dependencies.linear_candidates import plain_sum, proposals
from synthohive_spark.engine.dependencies.linear_rounded import is_beyond_chance, is_told_by, rounded_sums
from synthohive_spark.engine.dependencies.linear_search import (
    Candidate,
    Sample,
    base_rows,
    candidates,
    pairs_to_try,
    picked_rows,
    single_candidates,
)
from synthohive_spark.engine.dependencies.linear_sums import plain_sums

_ROWS = 50
_DIFFERENT_TERMS = 20
_DIFFERENT_VALUES = 3
_LEAST_CHANGE = 0.1
"""What changes less of a rounded column's last digit is no term."""
_LARGEST = 1 << 60
_FIRST_ROWS = 2_000
MOST_BANDS = 64
"""Of a column of no more values, and one number that tells it, these are told as bands of that."""
_SPIKE, _SHARPER = 0.1, 2.0
"""Share of a column's rows that have one value, at least, and against the least such share of its terms."""
_FEW_LOST, _MOST_LOST = 0.05, 0.5
"""Shares of a column's rows in which a term may be null."""


def find_linear_relations(
    table: pa.Table, columns: tuple[Column, ...], privacy: Privacy, taken: frozenset[str] = frozenset()
) -> tuple[LinearRelation, ...]:
    """The relations that hold in all rows in which none of their columns is null, at least 50 of them.

    A column is a linear function of one or two others, or the plain sum of any number, terms taken off among them.

    No column is determined twice, none by itself over others. Relations of one term come first; among the rest those
    whose terms are there wherever the column is; then those that seldom lead out of a range; then those that determine
    later columns. What leaves out more than half of a column's rows does not tell how the column is made, unless others
    that speak of other rows do so together. A column that another one determines takes no part in relations of
    two terms. Of more than 60 columns, only sums and differences are tried, beside relations of one term.

    Args:
        table: The rows.
        columns: The columns to look at; only numbers count, without decimals of more than 18 digits.
        privacy: Where the ranges of the columns end.
        taken: Columns that nothing may determine.

    Returns:
        Each after those that determine the columns it is made of.
    """
    search = _Search(table, [c for c in columns if c.type.is_number and c.type.fits_int64], privacy, taken)
    if table.num_rows < _ROWS or len(search.columns) < 2:
        return ()
    sample = search.draw()
    search.accept(single_candidates(sample))
    roots = [i for i in range(len(search.columns)) if sample.spread[i] > 0 and i not in search.found]
    pairs = pairs_to_try(sample, roots)
    tried = [c for pair in pairs for c in candidates(sample, pair, roots)]
    # Where a column has fewer digits than its terms, rounding may hide that more than these make it.
    search.accept(c for c in tried if not search.is_coarser(c))
    sums = list(plain_sums(sample, [i for i in range(len(search.columns)) if sample.spread[i] > 0]))
    search.accept(sums)
    search.accept(c for c in tried if search.is_coarser(c))
    search.accept_rounded(sample, free := search.free(sample))
    # A column in another unit beside it hides of what it is the sum.
    if len(others := [c for c in free if not search.is_scaled(c)]) < len(free):
        search.accept_rounded(sample, others)
    search.replace_rounded(sums)
    search.accept_others()
    return search.ordered()


@dataclass
class _Search:
    """What is known so far; columns go by their positions."""

    table: pa.Table
    columns: list[Column]
    privacy: Privacy
    taken: frozenset[str]
    found: dict[int, list[tuple[Candidate, LinearRelation]]] = field(default_factory=dict)
    partial: list[Candidate] = field(default_factory=list)
    valid: list[Mask] = field(default_factory=list)
    digits: list[int] = field(default_factory=list)
    rows: npt.NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    parts: dict[int, LinearTerm | None] = field(default_factory=dict)
    spikes: dict[int, float] = field(default_factory=dict)
    some: dict[str, pa.Array] = field(default_factory=dict)

    def draw(self) -> Sample:
        """Choose the rows that are looked at first, and read them."""
        picks = [base_rows(self.table.num_rows)]
        large = []
        for column in self.columns:
            values = one_array(self.table.column(column.name))
            digits = digits_of(values, column.type)
            numbers, valid = read_values(values, column.type, digits)
            picks.append(picked_rows(numbers, valid, len(self.columns)))
            # The rows picked hold the ends of the column.
            large.append(digits >= 0 and bool((np.abs(numbers[picks[-1]].astype(np.float64)) >= _LARGEST).any()))
            self.digits.append(digits)
            self.valid.append(valid)
        self.rows = np.unique(np.concatenate(picks))
        chosen = self.table.select(list(dict.fromkeys(c.name for c in self.columns))).take(pa.array(self.rows))
        self.some = {column.name: one_array(chosen.column(column.name)) for column in self.columns}
        read = [read_values(self.some[c.name], c.type, d) for c, d in zip(self.columns, self.digits, strict=True)]
        present: list[Mask] = [mask & (not out) for (_, mask), out in zip(read, large, strict=True)]
        return Sample.of(
            [numbers for numbers, _ in read],
            present,
            self.digits,
            [c.type.is_float or c.type.scale > 0 for c in self.columns],
        )

    def accept(self, proposed: Iterable[Candidate]) -> None:
        """Keep, best first, what holds in all rows and neither determines a column twice nor closes a circle."""
        for candidate in sorted(proposed, key=self._preference):
            if (lost := self._lost(candidate)) > _FEW_LOST:
                self.partial.append(candidate)
            if candidate.column not in self.found and lost <= _MOST_LOST:
                self._keep(candidate)

    def replace_rounded(self, sums: Iterable[Candidate]) -> None:
        """Let exact sums tell what is the rounded sum of two columns: of taxes and net, not of a rate of the latter."""
        for candidate in sorted(sums, key=self._preference):
            known = self.found.get(candidate.column, [])
            if len(known) == 1 and known[0][1].rough and len(known[0][0].terms) == 2:
                del self.found[candidate.column]
                if self._lost(candidate) > self._lost(known[0][0]) or not self._keep(candidate):
                    self.found[candidate.column] = known

    def accept_others(self) -> None:
        """Keep what determines a column in rows of which nothing else speaks, if most of the column's rows are told."""
        for column in sorted({candidate.column for candidate in self.partial}, reverse=True):
            known = self.found.get(column, [])
            self.found[column] = list(known)
            told = np.logical_or.reduce([np.zeros(len(self.valid[column]), bool), *(self._rows(c) for c, _ in known)])
            for candidate in self.partial:
                if candidate.column == column and not ((rows := self._rows(candidate)) & told).any():
                    told |= rows & self._keep(candidate)
            if told.sum() < (1 - _MOST_LOST) * self.valid[column].sum():
                self.found[column] = known

    def _keep(self, candidate: Candidate) -> bool:
        """Keep a candidate if it holds in all rows and closes no circle, and say whether it does."""
        barred = self.columns[candidate.column].name in self.taken
        barred = barred or self._leads_to(candidate.terms, candidate.column)
        relation = None if barred else self._relation(candidate)
        if relation is not None:
            self.found.setdefault(candidate.column, []).append((candidate, relation))
        return relation is not None

    def ordered(self) -> tuple[LinearRelation, ...]:
        """What was found, terms before what they determine."""
        depth: dict[int, int] = {}

        def depth_of(column: int) -> int:
            if column not in depth:
                depth[column] = 1 + max(map(depth_of, self._terms(column)), default=0)
            return depth[column]

        found = (own for c in sorted(self.found, key=lambda c: (depth_of(c), c)) for own in self.found[c])
        return tuple(relation for _, relation in found)

    def free(self, sample: Sample) -> list[int]:
        """The columns that vary, and that no relation tells exactly."""
        exact = {c for c, own in self.found.items() if any(not relation.rough for _, relation in own)}
        return [c for c in range(len(self.columns)) if sample.spread[c] > 0 and c not in exact]

    def accept_rounded(self, sample: Sample, columns: Sequence[int]) -> None:
        """Keep what is a rounded sum of others of these columns, but for what follows one in bands."""
        self.accept(c for c in rounded_sums(sample, columns) if not self.is_in_bands(c))

    def is_scaled(self, column: int) -> bool:
        """Whether a column is another one multiplied, as far as its digits go."""
        return any(len(candidate.terms) == 1 for candidate, _ in self.found.get(column, ()))

    def is_in_bands(self, candidate: Candidate) -> bool:
        """Whether a column has so few values that it follows its only term in bands, which are told as such."""
        if len(candidate.terms) > 1:
            return False
        values = one_array(self.table.column(self.columns[candidate.column].name))
        return len(values.unique()) <= MOST_BANDS

    def is_coarser(self, candidate: Candidate) -> bool:
        """Whether a column has fewer digits than one of its terms."""
        return 0 <= self.digits[candidate.column] < max(self.digits[term] for term in candidate.terms)

    def _asks_for_fractions(self, candidate: Candidate) -> bool:
        """Whether most values of the terms would ask for a fraction of a unit, which the column cannot take."""
        exact = all(self.digits[c] >= 0 for c in (candidate.column, *candidate.terms))
        return exact and any(abs(f - round(f)) > 1e-6 * max(abs(f), 1e-3) for f in candidate.factors)

    def _preference(self, candidate: Candidate) -> tuple[Any, ...]:
        lost, broken = round(self._lost(candidate), 1), self._asks_for_fractions(candidate)
        # Of two that tell each other when rounded, the one on the finer scale is computed: pounds of kilos.
        lossy = broken and len(candidate.factors) == 1 and abs(candidate.factors[0]) < 1
        spiked = self._loses_a_spike(candidate)
        apart = min(candidate.factors) < 0
        return lost, broken, lossy, spiked, round(candidate.effort, 1), apart, -candidate.column, candidate.terms

    def _loses_a_spike(self, candidate: Candidate) -> bool:
        """Whether many rows share a value of the column, such as 0, that the others would have to add up to."""
        own, *others = (self._commonest(place) for place in (candidate.column, *candidate.terms))
        return len(others) > 1 and own > max(_SPIKE, _SHARPER * min(others))

    def _commonest(self, place: int) -> float:
        """The share of a column's rows that hold its commonest value."""
        if place not in self.spikes:
            values = self.table.column(self.columns[place].name).filter(pa.array(self.valid[place]))
            counts = np.asarray(values.value_counts().field("counts"))
            self.spikes[place] = float(counts.max() / counts.sum()) if len(counts) else 0.0
        return self.spikes[place]

    def _rows(self, candidate: Candidate) -> Mask:
        """The rows that have the column and all terms."""
        rows: Mask = np.logical_and.reduce([self.valid[c] for c in (candidate.column, *candidate.terms)])
        return rows

    def _lost(self, candidate: Candidate) -> float:
        """The share of the column's rows in which a term is null."""
        return 1 - float(self._rows(candidate).sum()) / max(int(self.valid[candidate.column].sum()), 1)

    def _terms(self, column: int) -> list[int]:
        return [term for own, _ in self.found.get(column, ()) for term in own.terms]

    def _leads_to(self, terms: Sequence[int], column: int) -> bool:
        return any(term == column or self._leads_to(self._terms(term), column) for term in terms)

    def _relation(self, candidate: Candidate) -> LinearRelation | None:
        places = (candidate.column, *candidate.terms)
        parts = [self._part(place) for place in places]
        if any(part is None for part in parts):
            return None
        known = tuple(part for part in parts if part is not None)
        arrays = {part.name: one_array(self.table.column(part.name)) for part in known}
        plain = len(known) > 3 and all(abs(factor) == 1 for factor in candidate.factors)
        proposed = plain_sum(known, candidate.factors, self.some) if plain else proposals(known, self.some, arrays)
        for proposal in proposed:
            if not proposal.fits() or not _holds(proposal, self.some):
                continue
            if _holds(proposal, arrays) and _is_no_accident(proposal, arrays, len(self.columns)):
                return proposal
        return None

    def _part(self, place: int) -> LinearTerm | None:
        """The column with its range; None where it has too few values for one."""
        if place not in self.parts:
            column = self.columns[place]
            digits = self.digits[place]
            numbers, valid = read_values(one_array(self.table.column(column.name)), column.type, digits)
            ends = _ends(numbers[valid], self.privacy.trim)
            self.parts[place] = None if ends is None else LinearTerm(column.name, column.type, digits, *ends)
        return self.parts[place]


def digits_of(values: pa.Array, type_: ColumnType) -> int:
    """Decimal digits of all values; -1 for floats that need more than eight, or too many to be exact."""
    if not type_.is_float:
        return type_.scale
    numbers = to_numbers(values, type_)
    numbers = numbers[np.isfinite(numbers)]
    for part in (numbers[:_FIRST_ROWS], numbers):
        digits = step_of(part, part[:0], type_)
        if digits < 0:
            return -1
    return digits if not len(numbers) or np.abs(numbers).max() * 10.0**digits < 2.0**53 else -1


def _ends(numbers: Numbers, trim: int) -> tuple[Any, Any] | None:
    """The values of rank ``trim`` from either end, counted from 0."""
    last = len(numbers) - 1 - trim
    if last < trim:
        return None
    ordered = np.partition(numbers, (trim, last))
    return ordered[trim].item(), ordered[last].item()


def _holds(relation: LinearRelation, arrays: Mapping[str, pa.Array]) -> bool:
    numbers, valid = relation.read(arrays)
    return bool(relation.holds([values[valid] for values in numbers]).all())


def _is_no_accident(relation: LinearRelation, arrays: Mapping[str, pa.Array], tried: int) -> bool:
    """Whether enough rows, and different ones, speak for the relation."""
    numbers, valid = relation.read(arrays)
    column, *terms = (values[valid] for values in numbers)
    unit = float(relation.units[0]) if relation.rough else 0.0
    for factor, part in zip(relation.factors, relation.parts[1:], strict=True):
        if abs(float(factor)) * (part.high - part.low) / part.ten < _LEAST_CHANGE * unit:
            return False
    if len(column) < _ROWS or (relation.rough and not is_beyond_chance(column, len(terms), tried)):
        return False
    if relation.rough and len(terms) > 1 and any(is_told_by(column, term) for term in terms):
        return False
    for rows in (slice(0, _FIRST_ROWS), slice(None)):
        different = len(np.unique(np.stack([term[rows] for term in terms]), axis=1).T)
        if different >= _DIFFERENT_TERMS and len(np.unique(column[rows])) >= _DIFFERENT_VALUES:
            return True
    return False
