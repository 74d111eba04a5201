"""Choosing the rows of a small table from a larger pool of draws, so that its shares come out as they really are.

With few rows chance decides: independent draws of a table of 77 rows, whose counts weigh all that follows from it, miss
the real shares by far more than a model does. Rows are exchanged one by one while the sums of the chosen ones come
nearer to the real ones. Only shares over enough rows are known.
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
from synthohive_spark.engine.families.numbers import is_countable, numbers_of

LARGEST = 5_000
"""Tables of more rows are left to chance, which is kind to them."""
_POOL, _MOST = 40, 20_000
_TENTHS, _FIFTHS = 10, 5
_CATEGORIES = 60
_PAIRED_ROWS, _PAIR_CODES, _PAIR_WEIGHT, _COUNT_WEIGHT = 300, 500, 0.5, 3.0
_PASSES, _TRIED = 3, 512
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Axis:
    """How a column is cut into parts: numbers at edges, strings by value."""

    name: str
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, column: Column, values: pa.ChunkedArray, parts: int, at_least: int) -> _Axis:
        if column.type.is_string or column.type.name == "boolean":
            counted = pc.value_counts(values.drop_null().cast(pa.string())).to_pylist()
            held = sorted(counted, key=lambda e: (-e["counts"], e["values"]))
            return cls(column.name, values=tuple(e["values"] for e in held[:_CATEGORIES] if e["counts"] >= at_least))
        numbers = _numbers(column, values)
        known = np.sort(numbers[~np.isnan(numbers)])
        if len(known) < parts * max(at_least, 1):
            parts = max(len(known) // max(at_least, 1), 1)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, parts + 1))[1:-1]) if len(known) else np.zeros(0)
        return cls(column.name, edges=tuple(edges.tolist()))

    @property
    def codes(self) -> int:
        """How many parts there are, one for what is in none and one for null."""
        return (len(self.values) or len(self.edges) + 1) + 2

    def code(self, column: Column, values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
        if column.type.is_string or column.type.name == "boolean":
            text = one_array(values.cast(pa.string()))
            places = pc.index_in(text, pa.array(self.values, pa.string()))
            codes = pc.fill_null(places, len(self.values)).to_numpy(zero_copy_only=False).astype(np.int64)
            return np.where(text.is_null().to_numpy(zero_copy_only=False), self.codes - 1, codes)
        numbers = _numbers(column, values)
        return np.where(np.isnan(numbers), self.codes - 1, np.searchsorted(self.edges, numbers, "left"))


@dataclass(frozen=True)
class Balance:
    """The shares of a small table.

    Attributes:
        axes: How its columns are cut.
        counts: Which of them count rows of other tables, and weigh a row.
        totals: The sum of each count, in the mean of a row.
        goal: What the sums of rows over the parts are to be.
        paired: Whether pairs of columns count, too.
    """

    columns: tuple[Column, ...]
    axes: tuple[_Axis, ...]
    counts: tuple[str, ...]
    totals: tuple[float, ...]
    goal: tuple[float, ...]
    paired: bool

    @classmethod
    def fit(cls, rows: pa.Table, columns: Sequence[Column], counts: Sequence[str], at_least: int) -> Balance:
        """The shares of training rows."""
        paired = rows.num_rows <= _PAIRED_ROWS
        said = [c for c in columns if pc.count_distinct(rows.column(c.name), mode="all").as_py() > 1]
        parts = _FIFTHS if paired else _TENTHS
        axes = tuple(_Axis.of(c, rows.column(c.name), parts, at_least) for c in said)
        kept = [(c, a) for c, a in zip(said, axes, strict=True) if not c.type.is_string or a.values]
        totals = tuple(float(max(np.nansum(_numbers_of(rows, n)), 1)) / rows.num_rows for n in counts)
        bare = cls(tuple(c for c, _ in kept), tuple(a for _, a in kept), tuple(counts), totals, (), paired)
        goal = bare._shares(rows).sum(axis=0, dtype=np.float64) / rows.num_rows
        return cls(bare.columns, bare.axes, bare.counts, totals, tuple(np.round(goal, 6).tolist()), paired)

    def pool(self, rows: int) -> int:
        """From how many draws so many rows are chosen."""
        return rows * max(2, min(_POOL, _MOST // max(rows, 1)))

    def choose(self, pool: pa.Table, rows: int, seed: int) -> npt.NDArray[np.int64]:
        """Places in ``pool`` of so many rows whose shares are near the real ones."""
        shares = self._shares(pool) / np.float32(rows)
        rng, square = np.random.default_rng(seed), (shares**2).sum(axis=1)
        chosen, free = np.arange(rows), np.ones(len(shares), bool)
        free[:rows] = False
        away = shares[:rows].sum(axis=0) - np.array(self.goal, np.float32)
        for place in np.concatenate([rng.permutation(rows) for _ in range(_PASSES)]):
            base = away - shares[chosen[place]]
            others = np.flatnonzero(free)
            if len(others) > _TRIED:
                others = rng.choice(others, _TRIED, replace=False)
            tried = np.append(others, chosen[place])
            best = tried[(square[tried] + 2 * (shares[tried] @ base)).argmin()]
            free[chosen[place]], free[best] = True, False
            chosen[place], away = best, base + shares[best]
        return chosen

    def _shares(self, rows: pa.Table) -> Floats:
        """What each row adds to the shares, shape (rows, parts)."""
        codes = [axis.code(c, rows.column(c.name)) for c, axis in zip(self.columns, self.axes, strict=True)]
        plain = np.concatenate(
            [np.eye(a.codes, dtype=np.float32)[k] for a, k in zip(self.axes, codes, strict=True)], axis=1
        )
        parts = [plain]
        for name, total in zip(self.counts, self.totals, strict=True):
            weight = (np.nan_to_num(_numbers_of(rows, name)) / total).astype(np.float32)
            parts += [plain * weight[:, None], _COUNT_WEIGHT * weight[:, None]]
        for i, j in itertools.combinations(range(len(codes)) if self.paired else (), 2):
            size = self.axes[i].codes * self.axes[j].codes
            if size <= _PAIR_CODES:
                both = codes[i] * self.axes[j].codes + codes[j]
                parts.append(_PAIR_WEIGHT * np.eye(size, dtype=np.float32)[both])
        return np.concatenate(parts, axis=1)

    def to_json(self) -> dict[str, Any]:
        """The shares as plain values."""
        return {
            "columns": [c.to_json() for c in self.columns],
            "axes": [vars(a) for a in self.axes],
            "counts": list(self.counts),
            "totals": list(self.totals),
            "goal": list(self.goal),
            "paired": self.paired,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Balance:
        """The shares that `to_json` described."""
        return cls(
            tuple(Column.from_json(c) for c in data["columns"]),
            tuple(_Axis(a["name"], tuple(a["edges"]), tuple(a["values"])) for a in data["axes"]),
            tuple(data["counts"]),
            tuple(data["totals"]),
            tuple(data["goal"]),
            data["paired"],
        )


def _numbers(column: Column, values: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    if is_countable(column.type):
        numbers, valid = numbers_of(values, column.type)
        return np.where(valid, numbers.astype(np.float64), np.nan)
    array = one_array(values).cast(pa.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), np.float64)


def _numbers_of(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(one_array(rows.column(name)).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
