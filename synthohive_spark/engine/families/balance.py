"""Choosing the rows of a small table from a larger pool of draws, so that its shares come out as they really are.

With few rows chance decides: independent draws of a table of 77 rows, whose counts weigh all that follows from it, miss
the real shares by far more than a model does. Rows are exchanged one by one while the sums of the chosen ones come
nearer to the real ones, those of what follows from the rows as well. Only shares over enough rows are known.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix, diags, hstack

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.names import CELL
from synthohive_spark.engine.families.numbers import floats_of

LARGEST = 5_000
"""Tables of more rows are left to chance, which is kind to them."""
_POOL, _MOST = 20, 20_000
_QUANTILES = 20
_CATEGORIES = 60
_PAIRED_ROWS, _PAIR_PARTS = 300, 3
_PART_WEIGHT, _PAIR_WEIGHT, _COUNT_WEIGHT, _CELL_WEIGHT, _MOMENT_WEIGHT = 1.0, 0.3, 10.0, 8.0, 1.0
_PASSES, _TRIED = 6, 256
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Axis:
    """How a column is cut into parts: numbers at edges, strings by value.

    Attributes:
        column: The column.
        edges: Where numbers are cut.
        values: The strings that have a part of their own.
        centre: The mean of numbers.
        spread: Their standard deviation.
        least: The smallest number that is told apart.
        most: The largest.
    """

    column: Column
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    centre: float = 0.0
    spread: float = 0.0
    least: float = 0.0
    most: float = 0.0

    @classmethod
    def of(cls, column: Column, values: pa.ChunkedArray, at_least: int) -> _Axis:
        if _is_text(column):
            counted = pc.value_counts(values.drop_null().cast(pa.string())).to_pylist()
            held = sorted(counted, key=lambda e: (-e["counts"], e["values"]))
            return cls(column, values=tuple(e["values"] for e in held[:_CATEGORIES] if e["counts"] >= at_least))
        numbers = floats_of(values, column.type)
        known = np.sort(numbers[~np.isnan(numbers)])
        if len(known) < 2:
            return cls(column)
        parts = max(1, min(_QUANTILES, len(known) // at_least))
        edges = np.unique(np.quantile(known, np.linspace(0, 1, parts + 1))[1:-1])
        least, most = (known[at_least - 1], known[-at_least]) if len(known) >= 2 * at_least else (known[0], known[0])
        within = np.clip(known, least, most)
        ends = float(within.mean()), float(within.std()), float(least), float(most)
        return cls(column, tuple(edges.tolist()), (), *ends)

    @property
    def codes(self) -> int:
        """How many parts there are, one for what is in none and one for null among them."""
        return (len(self.values) if _is_text(self.column) else len(self.edges) + 1) + 2

    def code(self, values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
        if _is_text(self.column):
            text = one_array(values.cast(pa.string()))
            places = pc.index_in(text, pa.array(self.values, pa.string()))
            codes = pc.fill_null(places, len(self.values)).to_numpy(zero_copy_only=False).astype(np.int64)
            return np.where(text.is_null().to_numpy(zero_copy_only=False), self.codes - 1, codes)
        numbers = floats_of(values, self.column.type)
        return np.where(np.isnan(numbers), self.codes - 1, np.searchsorted(self.edges, numbers, "left"))

    def scaled(self, values: pa.ChunkedArray) -> Floats:
        """Numbers in standard deviations from their mean."""
        within = np.clip(floats_of(values, self.column.type), self.least, self.most)
        return np.nan_to_num((within - self.centre) / self.spread)


@dataclass(frozen=True)
class _Block:
    """What each row adds to one of some parts.

    Attributes:
        codes: Which part.
        size: How many parts there are.
        values: How much each row adds.
        weight: How much it matters that the sums are right.
        is_moment: Whether it is a mean of numbers, and not a share of rows.
    """

    codes: npt.NDArray[np.int64]
    size: int
    values: Floats
    weight: float
    is_moment: bool = False


@dataclass(frozen=True)
class Balance:
    """The shares of a small table.

    Attributes:
        axes: How its columns are cut.
        counts: Which of them count rows of other tables, and weigh a row.
        totals: The mean of each count.
        goal: What the means of rows over the parts are to be; None where too few rows are in a part to say so.
        paired: Whether pairs of parts count, too.
    """

    axes: tuple[_Axis, ...]
    counts: tuple[str, ...]
    totals: tuple[float, ...]
    goal: tuple[float | None, ...]
    paired: bool

    @classmethod
    def fit(cls, rows: pa.Table, columns: Sequence[Column], counts: Sequence[str], at_least: int) -> Balance:
        """The shares of training rows."""
        said = [c for c in columns if pc.count_distinct(rows.column(c.name), mode="all").as_py() > 1]
        axes = tuple(axis for c in said if (axis := _Axis.of(c, rows.column(c.name), at_least)).codes > 3)
        totals = tuple(max(float(np.nansum(_numbers_of(rows, n))), 1.0) / rows.num_rows for n in counts)
        bare = cls(axes, tuple(counts), totals, (), rows.num_rows <= _PAIRED_ROWS)
        blocks = bare._blocks(rows)
        shares = _stacked(blocks, rows.num_rows)
        goal = np.asarray(shares.sum(axis=0, dtype=np.float64)).ravel() / rows.num_rows
        # A part of few rows is not known to be one; that no row is in it, is.
        held = shares.getnnz(axis=0)
        is_moment = np.concatenate([np.full(own.size, own.is_moment) for own in blocks] or [held > 0])
        known = (held >= at_least) | (held == 0) | is_moment
        stored = tuple(round(float(g), 6) if k else None for g, k in zip(goal, known, strict=True))
        return cls(axes, bare.counts, totals, stored, bare.paired)

    def pool(self, rows: int) -> int:
        """From how many draws so many rows are chosen."""
        return rows * max(2, min(_POOL, _MOST // max(rows, 1)))

    def choose(self, pool: pa.Table, rows: int, seed: int) -> npt.NDArray[np.int64]:
        """Places in ``pool`` of so many rows whose shares are near the real ones."""
        shares, goal = self.weighted(pool)
        return _exchanged(shares / rows, goal, rows, seed, within=False)

    def weighted(self, rows: pa.Table) -> tuple[csr_matrix, Floats]:
        """What each row adds where the goal is known, shape (rows, parts), and the goal, by how much each matters."""
        blocks = self._blocks(rows)
        weights = np.concatenate([np.full(own.size, own.weight) for own in blocks] or [np.zeros(0)])
        known = np.array([g is not None for g in self.goal], bool)
        goal = np.array([g for g in self.goal if g is not None], np.float64)
        return _stacked(blocks, rows.num_rows)[:, known] @ diags(weights[known], format="csr"), goal * weights[known]

    def _blocks(self, rows: pa.Table) -> list[_Block]:
        """What each row adds."""
        every = np.ones(rows.num_rows)
        counts = [np.nan_to_num(_numbers_of(rows, n)) / t for n, t in zip(self.counts, self.totals, strict=True)]
        coded = [(axis, axis.code(rows.column(axis.column.name))) for axis in self.axes]
        alone = np.zeros(rows.num_rows, np.int64)
        blocks = [_Block(codes, axis.codes, every, _PART_WEIGHT) for axis, codes in coded]
        for count in counts:
            blocks.append(_Block(alone, 1, count, _COUNT_WEIGHT))
            for axis, codes in coded:
                weight = _CELL_WEIGHT if axis.column.name == CELL else _PART_WEIGHT
                blocks.append(_Block(codes, axis.codes, count, weight))
        for (one, own), (other, theirs) in itertools.combinations(coded if self.paired else (), 2):
            (a, m), (b, k) = _coarse(one, own), _coarse(other, theirs)
            blocks.append(_Block(a * k + b, m * k, every, _PAIR_WEIGHT))
        moments = [axis.scaled(rows.column(axis.column.name)) for axis in self.axes if axis.spread]
        products = [a * b for a, b in itertools.combinations_with_replacement(moments, 2)]
        return [*blocks, *(_Block(alone, 1, own, _MOMENT_WEIGHT, is_moment=True) for own in (*moments, *products))]

    def to_json(self) -> dict[str, Any]:
        """The shares as plain values."""
        return {
            "axes": [{**vars(a), "column": a.column.to_json()} for a in self.axes],
            "counts": list(self.counts),
            "totals": list(self.totals),
            "goal": list(self.goal),
            "paired": self.paired,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Balance:
        """The shares that `to_json` described."""
        axes = [
            _Axis(Column.from_json(a["column"]), tuple(a["edges"]), tuple(a["values"]), *(a[n] for n in _NUMBERS))
            for a in data["axes"]
        ]
        return cls(tuple(axes), tuple(data["counts"]), tuple(data["totals"]), tuple(data["goal"]), data["paired"])


@dataclass(frozen=True)
class Descendants:
    """Rows of a table that follow from several versions of each of some roots.

    Attributes:
        balance: The shares of their table.
        rows: The rows.
        version: Of which version of which root each row is, the number of a version times that of roots, and the root.
    """

    balance: Balance
    rows: pa.Table
    version: npt.NDArray[np.int64]

    def weighted(self, versions: int) -> tuple[csr_matrix, Floats]:
        """What each version of each root adds, and the goal for each row, as `Balance.weighted`."""
        rows = self.rows.num_rows
        of_version = csr_matrix((np.ones(rows), (self.version, np.arange(rows))), (versions, rows))
        shares, goal = self.balance.weighted(self.rows)
        return of_version @ shares, goal


def choose_versions(descendants: Sequence[Descendants], roots: int, versions: int, seed: int) -> npt.NDArray[np.int64]:
    """One of the versions of each root, such that the shares of what follows from them are near the real ones."""
    weighted = [own.weighted(roots * versions) for own in descendants]
    rows = [max(own.rows.num_rows / versions, 1) for own in descendants]
    shares = hstack([added / n for (added, _), n in zip(weighted, rows, strict=True)], "csr")
    goal = np.concatenate([goal for _, goal in weighted])
    return _exchanged(shares, goal, roots, seed, within=True) // roots


def _exchanged(shares: csr_matrix, goal: Floats, rows: int, seed: int, *, within: bool) -> npt.NDArray[np.int64]:
    """Which rows of a pool, exchanged one by one while the sum of what they add comes nearer to the goal.

    Args:
        shares: What each row of the pool adds.
        goal: The sum that is wished for.
        rows: How many are chosen, at first those that come first.
        seed: Fixes the choice.
        within: Whether a row gives way only to those whole ``rows`` further on.
    """
    rng = np.random.default_rng(seed)
    square = np.asarray(shares.multiply(shares).sum(axis=1)).ravel()
    chosen, free = np.arange(rows), np.arange(shares.shape[0]) >= rows
    away = np.asarray(shares[:rows].sum(axis=0)).ravel() - goal
    for place in np.concatenate([rng.permutation(rows) for _ in range(_PASSES)]):
        away = away - _row(shares, chosen[place])
        others = np.flatnonzero(free[place::rows]) * rows + place if within else np.flatnonzero(free)
        if len(others) > _TRIED:
            others = rng.choice(others, _TRIED, replace=False)
        tried = np.append(others, chosen[place])
        best = tried[(square[tried] + 2 * (shares[tried] @ away)).argmin()]
        free[chosen[place]], free[best] = True, False
        chosen[place], away = best, away + _row(shares, best)
    return chosen


def _row(shares: csr_matrix, row: int) -> Floats:
    return np.asarray(shares[row].todense(), np.float64).ravel()


def _stacked(blocks: Sequence[_Block], rows: int) -> csr_matrix:
    """Blocks beside each other, shape (rows, parts)."""
    if not blocks:
        return csr_matrix((rows, 0))
    starts = np.cumsum([0, *(own.size for own in blocks)])
    columns = np.stack([start + own.codes for start, own in zip(starts[:-1], blocks, strict=True)], axis=1)
    values = np.stack([own.values for own in blocks], axis=1)
    ends = np.arange(rows + 1) * len(blocks)
    shares = csr_matrix((values.ravel(), columns.ravel(), ends), (rows, int(starts[-1])))
    shares.eliminate_zeros()
    return shares


_NUMBERS = ("centre", "spread", "least", "most")


def _is_text(column: Column) -> bool:
    return column.type.is_string or column.type.name == "boolean"


def _coarse(axis: _Axis, codes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
    """Parts of numbers taken together to few; strings as they are."""
    if _is_text(axis.column):
        return codes, axis.codes
    held = axis.codes - 2
    fewer = np.where(codes >= held, _PAIR_PARTS, codes * _PAIR_PARTS // max(held, 1))
    return fewer, _PAIR_PARTS + 1


def _numbers_of(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(one_array(rows.column(name)).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
