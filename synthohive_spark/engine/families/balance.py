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

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.numbers import floats_of

LARGEST = 5_000
"""Tables of more rows are left to chance, which is kind to them."""
_POOL, _MOST = 20, 20_000
_TENTHS = 10
_CATEGORIES = 60
_PAIRED_ROWS, _PAIR_PARTS = 300, (3,)
_PAIR_WEIGHT, _COUNT_WEIGHT, _MOMENT_WEIGHT, _PART_WEIGHT = 0.3, 3.0, 1.0, 1.0
_PASSES, _TRIED = 3, 256
_TOGETHER = 10_000
Floats = npt.NDArray[np.float32]


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
        parts = max(1, min(_TENTHS, len(known) // at_least))
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
        return np.nan_to_num((within - self.centre) / self.spread).astype(np.float32)


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
        shares, parts = bare._shares(rows)
        goal = shares.mean(axis=0, dtype=np.float64)
        # A part of few rows is not known to be one; that no row is in it, is.
        held = (shares != 0).sum(axis=0)
        known = (held >= at_least) | (held == 0) | ~parts
        stored = tuple(round(float(g), 6) if k else None for g, k in zip(goal, known, strict=True))
        return cls(axes, bare.counts, totals, stored, bare.paired)

    def pool(self, rows: int) -> int:
        """From how many draws so many rows are chosen."""
        return rows * max(2, min(_POOL, _MOST // max(rows, 1)))

    def choose(self, pool: pa.Table, rows: int, seed: int) -> npt.NDArray[np.int64]:
        """Places in ``pool`` of so many rows whose shares are near the real ones."""
        return _exchanged(self.known_shares(pool) / np.float32(rows), self.known_goal, rows, seed, within=False)

    @property
    def known_goal(self) -> Floats:
        """The goal where it is known."""
        return np.array([g for g in self.goal if g is not None], np.float32)

    def known_shares(self, rows: pa.Table) -> Floats:
        """What each row adds where the goal is known."""
        return self._shares(rows)[0][:, [g is not None for g in self.goal]]

    def _shares(self, rows: pa.Table) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """What each row adds, shape (rows, parts), and which of it are shares of parts rather than moments."""
        codes = [axis.code(rows.column(axis.column.name)) for axis in self.axes]
        none = np.zeros((rows.num_rows, 0), np.float32)
        plain = np.concatenate([none, *(_one_hot(k, a.codes) for a, k in zip(self.axes, codes, strict=True))], axis=1)
        plain *= np.float32(_PART_WEIGHT)
        parts = [plain]
        for name, total in zip(self.counts, self.totals, strict=True):
            weight = (np.nan_to_num(_numbers_of(rows, name)) / total).astype(np.float32)
            parts += [plain * weight[:, None], _COUNT_WEIGHT * weight[:, None]]
        for i, j in itertools.combinations(range(len(codes)) if self.paired else (), 2):
            first, second = self.axes[i], self.axes[j]
            for size in _PAIR_PARTS:
                (a, m), (b, k) = _coarse(first, codes[i], size), _coarse(second, codes[j], size)
                parts.append(_PAIR_WEIGHT * _one_hot(a * k + b, m * k))
        moments = [axis.scaled(rows.column(axis.column.name)) for axis in self.axes if axis.spread]
        products = [a * b for a, b in itertools.combinations_with_replacement(moments, 2)]
        shares = np.concatenate(parts, axis=1)
        flat = np.stack([*moments, *products] or [np.zeros(len(shares), np.float32)], axis=1) * np.float32(
            _MOMENT_WEIGHT
        )
        is_part = np.r_[np.ones(shares.shape[1], bool), np.zeros(flat.shape[1], bool)]
        return np.concatenate([shares, flat], axis=1), is_part

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

    def shares(self, versions: int) -> Floats:
        """What each version of each root adds."""
        added = np.zeros((versions, len(self.balance.known_goal)), np.float32)
        for start in range(0, self.rows.num_rows, _TOGETHER):
            part = self.balance.known_shares(self.rows.slice(start, _TOGETHER))
            np.add.at(added, self.version[start : start + _TOGETHER], part)
        return added


def choose_versions(descendants: Sequence[Descendants], roots: int, versions: int, seed: int) -> npt.NDArray[np.int64]:
    """One of the versions of each root, such that the shares of what follows from them are near the real ones."""
    shares, goals = [], []
    for own in descendants:
        likely = np.float32(max(own.rows.num_rows / versions, 1))
        shares.append(own.shares(roots * versions) / likely)
        goals.append(own.balance.known_goal)
    chosen = _exchanged(np.concatenate(shares, axis=1), np.concatenate(goals), roots, seed, within=True)
    return chosen // roots


def _exchanged(shares: Floats, goal: Floats, rows: int, seed: int, *, within: bool) -> npt.NDArray[np.int64]:
    """Which rows of a pool, exchanged one by one while the sum of what they add comes nearer to the goal.

    Args:
        shares: What each row of the pool adds.
        goal: The sum that is wished for.
        rows: How many are chosen, at first those that come first.
        seed: Fixes the choice.
        within: Whether a row gives way only to those whole ``rows`` further on.
    """
    rng, square = np.random.default_rng(seed), (shares**2).sum(axis=1)
    chosen, free = np.arange(rows), np.arange(len(shares)) >= rows
    away = shares[:rows].sum(axis=0) - goal
    for place in np.concatenate([rng.permutation(rows) for _ in range(_PASSES)]):
        base = away - shares[chosen[place]]
        others = np.flatnonzero(free[place::rows]) * rows + place if within else np.flatnonzero(free)
        if len(others) > _TRIED:
            others = rng.choice(others, _TRIED, replace=False)
        tried = np.append(others, chosen[place])
        best = tried[(square[tried] + 2 * (shares[tried] @ base)).argmin()]
        free[chosen[place]], free[best] = True, False
        chosen[place], away = best, base + shares[best]
    return chosen


_NUMBERS = ("centre", "spread", "least", "most")


def _is_text(column: Column) -> bool:
    return column.type.is_string or column.type.name == "boolean"


def _one_hot(codes: npt.NDArray[np.int64], size: int) -> Floats:
    return np.eye(size, dtype=np.float32)[codes]


def _coarse(axis: _Axis, codes: npt.NDArray[np.int64], parts: int) -> tuple[npt.NDArray[np.int64], int]:
    """Parts of numbers taken together to about so many; strings as they are."""
    if _is_text(axis.column):
        return codes, axis.codes
    held = axis.codes - 2
    fewer = np.where(codes >= held, parts, codes * parts // max(held, 1))
    return fewer, parts + 1


def _numbers_of(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(one_array(rows.column(name)).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
