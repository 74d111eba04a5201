"""The shares of a small table: what the rows of a draw are to add up to.

With few rows chance decides: independent draws of a table of 77 rows, whose counts weigh all that follows from it, miss
the real shares by far more than a model does. Only shares over enough rows are known; see `exchange` for what is done
with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from synthohive_spark.engine.arrays import one_array, value_codes
from synthohive_spark.engine.association import contingency, cramers_v
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.axis import Axis, Codes, Floats
from synthohive_spark.engine.families.names import CELL
from synthohive_spark.engine.integrity import check_distinct, check_equal

LARGEST = 5_000
"""Tables of more rows are left to chance, which is kind to them."""
_PAIRED_ROWS, _COARSE = 300, (3, 6)
_FLAT = 0.1
_TELLING = 0.3
"""The least association of a string with one of an ancestor that is looked at, by Cramér's V."""
_PLAIN_WEIGHT, _SPREAD_WEIGHT = 2.0, 8.0
_PART_WEIGHT, _PAIR_WEIGHT, _COUNT_WEIGHT, _CELL_WEIGHT, _MEAN_WEIGHT = 3.0, 3.0, 10.0, 8.0, 2.0
_RANK_WEIGHT, _WITHIN_WEIGHT = 5.0, 6.0


@dataclass(frozen=True)
class CodedRows:
    """Rows as a `Balance` sees them.

    Attributes:
        codes: The part of each axis, shape (rows, axes).
        scaled: Numbers in standard deviations, shape (rows, axes of numbers).
        counts: Counts in units of their mean, shape (rows, counts).
        coarse: The parts of pairs, shape (rows, axes).
        ranks: Counts that are axes as ranks, shape (rows, such counts).
    """

    codes: Codes
    scaled: Floats
    counts: Floats
    coarse: Codes
    ranks: Floats

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """All of these."""
        return self.codes, self.scaled, self.counts, self.coarse, self.ranks

    def take(self, rows: npt.NDArray[Any]) -> CodedRows:
        """The chosen rows."""
        return CodedRows(*(own[rows] for own in self.arrays))


@dataclass(frozen=True)
class Balance:
    """The shares of a small table.

    What rows add up to are shares of parts: of each axis, of each axis weighted by each count, and in the smallest
    tables of pairs of axes, and of texts weighted by each number; and means: of counts, of numbers and of their
    products, of the ranks of two counts, too.

    Attributes:
        axes: How its columns are cut.
        counts: Which of them count rows of other tables, and weigh a row.
        totals: The mean of each count.
        goal: What the means of rows are to be; None where too few rows are in a part to say so.
        coarse: Into how many parts numbers are cut where pairs of parts count, too; 0 where pairs do not.
        spreads: The standard deviation of each number and product whose mean counts.
    """

    axes: tuple[Axis, ...]
    counts: tuple[str, ...]
    totals: tuple[float, ...]
    goal: tuple[float | None, ...]
    coarse: int
    spreads: tuple[float, ...] = ()

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct((axis.name for axis in self.axes), "axes")
        check_equal(len(self.totals), len(self.counts), "counts and their means")
        pairs = max(len(self.numbers) ** 2 // 2, len(self.axes) * (len(self.axes) - 1) // 2 if self.coarse else 0)
        if pairs > len(self.goal) or any(total <= 0 for total in self.totals) or not 0 <= self.coarse <= _COARSE[1]:
            raise ValueError("there are no such shares")
        width = int(self._starts[-1])
        parts = width + len(self.counts) * (width + 1) + self._pair_parts + self._mean_parts
        check_equal(len(self.goal), parts, "parts and their shares")
        check_equal(len(self.spreads), self._mean_parts, "means and their deviations")

    @classmethod
    def fit(
        cls,
        rows: pa.Table,
        columns: Sequence[Column],
        counts: Sequence[str],
        at_least: int,
        ancestors: Sequence[Column] = (),
    ) -> Balance:
        """The shares of training rows.

        Args:
            rows: The rows.
            columns: The columns to look at.
            counts: Which of them count rows of other tables.
            at_least: Fewest rows of a part that is known.
            ancestors: Columns of ancestors, of which strings are looked at beside those of the rows.
        """
        said = [c for c in columns if pc.count_distinct(rows.column(c.name), mode="all").as_py() > 1]
        pairs = [*((c, "") for c in said), *((c, other) for c in said if (other := _most_telling(rows, c, ancestors)))]
        axes = tuple(axis for c, other in pairs if (axis := Axis.of(c, rows, at_least, other)).codes > 3)
        totals = tuple(max(float(np.nansum(_numbers_of(rows, n))), 1.0) / rows.num_rows for n in counts)
        least, most = _COARSE
        coarse = min(max(int((rows.num_rows / at_least) ** 0.5), least), most) if rows.num_rows <= _PAIRED_ROWS else 0
        bare = cls(axes, tuple(counts), totals, (), coarse)
        coded = bare.coded(rows)
        shares, means = bare._stacked(coded), bare._means(coded)
        goal = np.asarray(shares.sum(axis=0)).ravel() / rows.num_rows
        # A part of few rows is not known to be one; that no row is in it, is.
        held = shares.getnnz(axis=0)
        known = (held >= at_least) | (held == 0) | bare._is_mean
        stored = tuple(round(float(g), 6) if k else None for g, k in zip(goal, known, strict=True))
        spreads = tuple(round(max(float(s), _FLAT), 6) for s in means.std(axis=0))
        return cls(axes, bare.counts, totals, stored, coarse, spreads)

    def coded(self, rows: pa.Table) -> CodedRows:
        """Rows as they are looked at."""
        codes = [axis.code(rows) for axis in self.axes]
        scaled = [self.axes[i].scaled(rows) for i in self.numbers]
        counts = [np.nan_to_num(_numbers_of(rows, n)) / t for n, t in zip(self.counts, self.totals, strict=True)]
        coarse = [axis.coarse(own, self.coarse) for axis, own in zip(self.axes, codes, strict=True)]
        ranks = [self.axes[i].ranked(codes[i]) for i in self.ranked]
        every = codes, scaled, counts, coarse, ranks
        return CodedRows(*(np.stack(c or [np.zeros(rows.num_rows)], 1)[:, : len(c)] for c in every))

    @cached_property
    def numbers(self) -> list[int]:
        """The axes that are numbers."""
        return [i for i, axis in enumerate(self.axes) if axis.spread]

    def weighted(self, rows: pa.Table) -> tuple[csr_matrix, Floats]:
        """What each row adds where the goal is known, shape (rows, parts), and the goal, by how much each matters."""
        return self._stacked(self.coded(rows)).multiply(self.weights).tocsr(), self.weighted_goal

    @cached_property
    def weights(self) -> Floats:
        """How much each part matters; 0 where the goal is not known."""
        is_cell = np.repeat([axis.column.name == CELL for axis in self.axes], [axis.codes for axis in self.axes])
        is_count = np.repeat([axis.column.name in self.counts for axis in self.axes], [a.codes for a in self.axes])
        plain = np.where(is_count, _SPREAD_WEIGHT, _PLAIN_WEIGHT)
        counted = [np.append(np.where(is_cell, _CELL_WEIGHT, _PART_WEIGHT), _COUNT_WEIGHT)] * len(self.counts)
        pairs = np.full(self._pair_parts, _PAIR_WEIGHT)
        pairs[int(self._pair_starts[-1]) :] = _WITHIN_WEIGHT
        means = np.full(self._mean_parts, _MEAN_WEIGHT)
        means[len(means) - len(self._rank_products[0]) :] = _RANK_WEIGHT
        means /= np.array(self.spreads or np.ones(len(means)))
        weights: Floats = np.concatenate([plain, *counted, pairs, means])
        known: Floats = np.array([g is not None for g in self.goal] or np.ones(len(weights)), float)
        return weights * known

    @cached_property
    def weighted_goal(self) -> Floats:
        """The goal by how much each part matters."""
        return np.array([g or 0.0 for g in self.goal]) * self.weights

    def entries(self, rows: CodedRows) -> tuple[Codes, Floats]:
        """What rows add: parts and how much to each, both of shape (rows, entries), the same parts never twice."""
        n, places = len(rows.codes), self._starts[:-1] + rows.codes
        parts, values = [places], [np.ones_like(places, float)]
        width, counts = int(self._starts[-1]), len(self.counts)
        counted = np.append(places, np.full((n, 1), width), axis=1)
        starts = width + np.arange(counts) * (width + 1)
        parts.append((starts[:, None] + counted[:, None, :]).reshape(n, -1))
        values.append(np.repeat(rows.counts, counted.shape[1], axis=1))
        start = width + counts * (width + 1)
        first, second = self._pairs
        if len(first):
            pairs = rows.coarse[:, first] * self._coarse_codes[second] + rows.coarse[:, second]
            parts.append(start + self._pair_starts[:-1] + pairs)
            values.append(np.ones(pairs.shape))
        start += int(self._pair_starts[-1])
        within = self._within_starts[:, :, None] + rows.codes.T[self._texts][:, None, :]
        parts.append(start + within.reshape(-1, n).T)
        values.append(np.tile(rows.scaled, len(self._texts)))
        means = self._means(rows)
        start = len(self.weights) - self._mean_parts
        parts.append(np.broadcast_to(start + np.arange(means.shape[1]), means.shape))
        values.append(means)
        return np.concatenate(parts, axis=1), np.concatenate(values, axis=1)

    def _means(self, rows: CodedRows) -> Floats:
        (one, other), (first, second) = self._products, self._rank_products
        products = rows.scaled[:, one] * rows.scaled[:, other]
        return np.concatenate([rows.scaled, products, rows.ranks[:, first] * rows.ranks[:, second]], axis=1)

    def _stacked(self, rows: CodedRows) -> csr_matrix:
        parts, values = self.entries(rows)
        width = len(self.weights)
        ends = np.arange(len(parts) + 1) * parts.shape[1]
        shares = csr_matrix((values.ravel(), parts.ravel(), ends), (len(parts), width))
        shares.eliminate_zeros()
        return shares

    @cached_property
    def _starts(self) -> Codes:
        return np.cumsum([0, *(axis.codes for axis in self.axes)])

    @cached_property
    def _pairs(self) -> tuple[Codes, Codes]:
        first, second = np.triu_indices(len(self.axes) if self.coarse else 0, 1)
        return first, second

    @cached_property
    def _pair_starts(self) -> Codes:
        first, second = self._pairs
        return np.cumsum([0, *(self._coarse_codes[first] * self._coarse_codes[second])])

    @cached_property
    def _coarse_codes(self) -> Codes:
        return np.array([axis.coarse_codes(self.coarse) for axis in self.axes], np.int64)

    @cached_property
    def _texts(self) -> list[int]:
        """The axes of which the means of numbers within each part count."""
        return [i for i, axis in enumerate(self.axes) if axis.values and self.coarse]

    @cached_property
    def _within_starts(self) -> Codes:
        """Where the means of each number within each text begin among them, shape (texts, numbers)."""
        sizes = np.repeat(np.array([self.axes[i].codes for i in self._texts], np.int64), len(self.numbers))
        return (np.cumsum(sizes) - sizes).reshape(len(self._texts), len(self.numbers))

    @cached_property
    def _pair_parts(self) -> int:
        within = sum(self.axes[i].codes for i in self._texts) * len(self.numbers)
        return int(self._pair_starts[-1]) + within

    @cached_property
    def _products(self) -> tuple[Codes, Codes]:
        first, second = np.triu_indices(len(self.numbers))
        return first, second

    @cached_property
    def ranked(self) -> list[int]:
        """The axes of counts, whose long tails say little about how they go together."""
        return [i for i in self.numbers if self.axes[i].column.name in self.counts]

    @cached_property
    def _rank_products(self) -> tuple[Codes, Codes]:
        first, second = np.triu_indices(len(self.ranked), 1)
        return first, second

    @cached_property
    def _mean_parts(self) -> int:
        return len(self.numbers) + len(self._products[0]) + len(self._rank_products[0])

    @cached_property
    def _is_mean(self) -> npt.NDArray[np.bool_]:
        return np.arange(len(self.weights)) >= len(self.weights) - self._mean_parts

    def to_json(self) -> dict[str, Any]:
        """The shares as plain values."""
        return {
            "axes": [axis.to_json() for axis in self.axes],
            "counts": list(self.counts),
            "totals": list(self.totals),
            "goal": list(self.goal),
            "coarse": self.coarse,
            "spreads": list(self.spreads),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Balance:
        """The shares that `to_json` described."""
        axes = tuple(Axis.from_json(axis) for axis in data["axes"])
        lists = {name: tuple(data[name]) for name in ("counts", "totals", "goal", "spreads")}
        return cls(axes=axes, coarse=data["coarse"], **lists)


def _most_telling(rows: pa.Table, column: Column, ancestors: Sequence[Column]) -> str:
    """The string of an ancestor that says most about a string of the rows; empty where none says much."""
    if not column.type.is_string:
        return ""
    own, best, found = value_codes(rows.column(column.name)), _TELLING, ""
    for other in ancestors:
        if other.type.is_string and (said := cramers_v(contingency(own, value_codes(rows.column(other.name))))) > best:
            best, found = said, other.name
    return found


def _numbers_of(rows: pa.Table, name: str) -> Floats:
    return np.asarray(one_array(rows.column(name)).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
