"""Small tables whose shares come out as they really are: rows are exchanged while their sums come nearer to the goal.

Rows of a pool of draws take the place of others; in the smallest tables, of which a model learns little, values of
columns that nothing else depends on do so as well. Both are searches of population synthesis (Voas and Williamson,
2000: combinatorial optimisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, hstack

from synthohive_spark.engine.families.axis import Codes, Floats
from synthohive_spark.engine.families.balance import Balance, CodedRows

_POOL, _MOST = 20, 20_000
_PASSES, _TRIED = 6, 256
_VALUE_PASSES, _TRIED_VALUES, _STILL = 6, 48, 0.99
"""Passes over all values, others tried for each, and the share of what is off that ends the passes if it stays."""


def pool_size(rows: int) -> int:
    """From how many draws so many rows are chosen."""
    return rows * max(2, min(_POOL, _MOST // max(rows, 1)))


def choose_rows(balance: Balance, pool: pa.Table, rows: int, seed: int) -> Codes:
    """Places in a pool of so many rows whose shares are near the real ones."""
    shares, goal = balance.weighted(pool)
    return _exchanged(shares / rows, goal, rows, seed, within=False)


def exchange_values(
    balance: Balance, rows: pa.Table, pool: pa.Table, together: Sequence[Sequence[str]], seed: int
) -> pa.Table:
    """Rows in which values gave way to others, where shares come nearer to the real ones by it.

    Counts change places with those of other rows, so that they stay as many as they are; other values give way to those
    of rows of a pool.

    Args:
        balance: The shares; where pairs do not count (`Balance.coarse`) nothing is exchanged.
        rows: The rows.
        pool: Draws of the same table.
        together: Columns whose values only change together; each column of the axes is in at most one group.
        seed: Fixes the exchange.
    """
    places = {axis.column.name: i for i, axis in enumerate(balance.axes)}
    groups = [(list(names), [places[n] for n in names if n in places]) for names in together]
    groups = [(names, axes) for names, axes in groups if axes]
    if not balance.coarse or len(groups) < 2:
        return rows
    search = _Values(balance, balance.coded(rows), balance.coded(pool), np.random.default_rng(seed))
    sources = search.run([axes for _, axes in groups], [bool(set(names) & set(balance.counts)) for names, _ in groups])
    both = pa.concat_tables([rows, pool]).combine_chunks()
    for (names, _), taken in zip(groups, sources, strict=True):
        for name in names:
            both_values = both.column(name).take(pa.array(taken))
            rows = rows.set_column(rows.column_names.index(name), name, both_values)
    return rows


class _Values:
    """A search over the values of rows."""

    def __init__(self, balance: Balance, rows: CodedRows, pool: CodedRows, rng: np.random.Generator) -> None:
        self.balance, self.rng = balance, rng
        self.n, self.pool = len(rows.codes), len(pool.codes)
        self.every = CodedRows(*(np.concatenate(pair) for pair in zip(rows.arrays, pool.arrays, strict=True)))
        self.now = rows
        self.added = self._added(rows)

    def run(self, groups: Sequence[Sequence[int]], swapped: Sequence[bool]) -> list[Codes]:
        """For each group of axes, from which row, of the rows and then the pool, each row takes its values.

        Args:
            groups: The axes of each.
            swapped: Whether rows only change places in it.
        """
        n = self.n
        sources = [np.arange(n) for _ in groups]
        places = [self._places(axes) for axes in groups]
        away = self.added.sum(axis=0) - self.balance.weighted_goal
        for _ in range(_VALUE_PASSES):
            before = float(away @ away)
            for place in self.rng.permutation(n * len(groups)):
                row, group = divmod(int(place), len(groups))
                away = self._changed(row, places[group], sources[group], away, swapped=swapped[group])
            if float(away @ away) > _STILL * before:
                break
        return sources

    def _changed(self, row: int, axes: list[list[int]], own: Codes, away: Floats, *, swapped: bool) -> Floats:
        """How far the means are from the goal after one row took the best values of some axes.

        Args:
            row: The row.
            axes: See `_places`.
            own: Where each row has its values from; changed in place.
            away: How far they are now.
            swapped: Whether another row takes those of this one.
        """
        if swapped:
            others = np.append(self.rng.choice(self.n, min(self.n, _TRIED_VALUES), replace=False), row)
            left = self.added[row] + self.added[others]
            made = self._added(self._with(np.full(len(others), row), axes, own[others]))
            made += self._added(self._with(others, axes, np.full(len(others), own[row])))
        else:
            others = np.append(self.rng.integers(self.n, self.n + self.pool, _TRIED_VALUES), own[row])
            left = self.added[row]
            made = self._added(self._with(np.full(len(others), row), axes, others))
        changed = made - left + away
        best = int(np.einsum("ij,ij->i", changed, changed).argmin())
        rows, theirs = [row], others[[best]]
        if swapped:
            rows, theirs = [row, others[best]], own[[others[best], row]]
        if (own[rows] != theirs).any():
            own[rows] = theirs
            self._put(np.array(rows), axes, theirs)
        return np.asarray(changed[best])

    def _added(self, rows: CodedRows) -> Floats:
        """What rows add to the means, by how much each part matters, shape (rows, parts)."""
        parts, values = self.balance.entries(rows)
        added = np.zeros((len(parts), len(self.balance.weights)))
        np.put_along_axis(added, parts, values * self.balance.weights[parts] / self.n, axis=1)
        return added

    def _places(self, axes: Sequence[int]) -> list[list[int]]:
        """The places of some axes in each of the arrays of `CodedRows`."""
        names = [self.balance.axes[axis].column.name for axis in axes]
        kept = self.balance.numbers, self.balance.ranked
        numbers, ranks = ([i for i, axis in enumerate(own) if axis in axes] for own in kept)
        counts = [k for k, name in enumerate(self.balance.counts) if name in names]
        return [list(axes), numbers, counts, list(axes), ranks]

    def _with(self, rows: Codes, axes: Sequence[Sequence[int]], sources: Codes) -> CodedRows:
        """Rows with the values of others in some axes, see `_places`."""
        made = self.now.take(rows)
        for own, every, places in zip(made.arrays, self.every.arrays, axes, strict=True):
            for place in places:
                own[:, place] = every[sources, place]
        return made

    def _put(self, rows: Codes, axes: Sequence[Sequence[int]], sources: Codes) -> None:
        changed = self._with(rows, axes, sources)
        for own, made in zip(self.now.arrays, changed.arrays, strict=True):
            own[rows] = made
        self.added[rows] = self._added(changed)


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
    version: Codes

    def weighted(self, versions: int) -> tuple[csr_matrix, Floats]:
        """What each version of each root adds, and the goal for each row, as `Balance.weighted`."""
        rows = self.rows.num_rows
        of_version = csr_matrix((np.ones(rows), (self.version, np.arange(rows))), (versions, rows))
        shares, goal = self.balance.weighted(self.rows)
        return of_version @ shares, goal


def choose_versions(descendants: Sequence[Descendants], roots: int, versions: int, seed: int) -> Codes:
    """One of the versions of each root, such that the shares of what follows from them are near the real ones."""
    weighted = [own.weighted(roots * versions) for own in descendants]
    rows = [max(own.rows.num_rows / versions, 1) for own in descendants]
    shares = hstack([added / n for (added, _), n in zip(weighted, rows, strict=True)], "csr")
    goal = np.concatenate([goal for _, goal in weighted])
    return _exchanged(shares, goal, roots, seed, within=True) // roots


def _exchanged(shares: csr_matrix, goal: Floats, rows: int, seed: int, *, within: bool) -> Codes:
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
        _add(shares, chosen[place], away, -1.0)
        others = np.flatnonzero(free[place::rows]) * rows + place if within else np.flatnonzero(free)
        if len(others) > _TRIED:
            others = rng.choice(others, _TRIED, replace=False)
        tried = np.append(others, chosen[place])
        best = tried[(square[tried] + 2 * (shares[tried] @ away)).argmin()]
        free[chosen[place]], free[best] = True, False
        _add(shares, best, away, 1.0)
        chosen[place] = best
    return chosen


def _add(shares: csr_matrix, row: int, away: Floats, times: float) -> None:
    own = slice(shares.indptr[row], shares.indptr[row + 1])
    away[shares.indices[own]] += times * shares.data[own]
