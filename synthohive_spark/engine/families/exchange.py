"""Small tables whose shares come out as they really are: rows are exchanged while their sums come nearer to the goal.

Rows of a pool of draws take the place of others; in the smallest tables, of which a model learns little, values of
columns that nothing else depends on do so as well. Both are searches of population synthesis (Voas and Williamson,
2000: combinatorial optimisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix, hstack

from synthohive_spark.engine.families.axis import Codes, Floats
from synthohive_spark.engine.families.balance import Balance, CodedRows

_POOL, _MOST = 20, 20_000
_PASSES, _TRIED = 6, 256
_VALUE_PASSES, _TRIED_VALUES = 6, 48


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
        self.every = CodedRows(*(np.concatenate(pair) for pair in zip(*map(_arrays, (rows, pool)), strict=True)))
        self.now = rows
        self.number_of = {axis: i for i, axis in enumerate(balance.numbers)}
        names = [axis.column.name for axis in balance.axes]
        self.count_of = {names.index(n): k for k, n in enumerate(balance.counts) if n in names}

    def run(self, groups: Sequence[Sequence[int]], swapped: Sequence[bool]) -> list[Codes]:
        """For each group of axes, from which row, of the rows and then the pool, each row takes its values.

        Args:
            groups: The axes of each.
            swapped: Whether rows only change places in it.
        """
        n = self.n
        sources = [np.arange(n) for _ in groups]
        away = self._added(self.now).sum(axis=0) - self.balance.weighted_goal
        for place in np.concatenate([self.rng.permutation(n * len(groups)) for _ in range(_VALUE_PASSES)]):
            row, group = divmod(int(place), len(groups))
            own, axes = sources[group], groups[group]
            if swapped[group]:
                others = np.append(self.rng.choice(n, min(n, _TRIED_VALUES), replace=False), row)
                left = self._added(self.now.take(np.array([row]))) + self._added(self.now.take(others))
                made = self._added(self._with(np.full(len(others), row), axes, own[others]))
                made += self._added(self._with(others, axes, np.full(len(others), own[row])))
            else:
                others = np.append(self.rng.integers(n, n + self.pool, _TRIED_VALUES), own[row])
                left = self._added(self.now.take(np.array([row])))
                made = self._added(self._with(np.full(len(others), row), axes, others))
            changed = made - left + away
            best = int(np.einsum("ij,ij->i", changed, changed).argmin())
            away, other = changed[best], int(others[best])
            if swapped[group]:
                own[[row, other]] = own[[other, row]]
                self._put(np.array([row, other]), axes, own[[row, other]])
            else:
                own[row] = other
                self._put(np.array([row]), axes, own[[row]])
        return sources

    def _added(self, rows: CodedRows) -> Floats:
        """What rows add to the means, by how much each part matters, shape (rows, parts)."""
        parts, values = self.balance.entries(rows)
        added = np.zeros((len(parts), len(self.balance.weights)))
        np.put_along_axis(added, parts, values * self.balance.weights[parts] / self.n, axis=1)
        return added

    def _with(self, rows: Codes, axes: Sequence[int], sources: Codes) -> CodedRows:
        """Rows with the values of others in some axes."""
        made = self.now.take(rows)
        for axis in axes:
            made.codes[:, axis] = self.every.codes[sources, axis]
            if (number := self.number_of.get(axis)) is not None:
                made.scaled[:, number] = self.every.scaled[sources, number]
            if (count := self.count_of.get(axis)) is not None:
                made.counts[:, count] = self.every.counts[sources, count]
        return made

    def _put(self, rows: Codes, axes: Sequence[int], sources: Codes) -> None:
        for own, made in zip(_arrays(self.now), _arrays(self._with(rows, axes, sources)), strict=True):
            own[rows] = made


def _arrays(rows: CodedRows) -> tuple[Codes, Floats, Floats]:
    return rows.codes, rows.scaled, rows.counts


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
        away = away - _row(shares, chosen[place])
        others = np.flatnonzero(free[place::rows]) * rows + place if within else np.flatnonzero(free)
        if len(others) > _TRIED:
            others = rng.choice(others, _TRIED, replace=False)
        tried = np.append(others, chosen[place])
        best = tried[(square[tried] + 2 * (shares[tried] @ away)).argmin()]
        free[chosen[place]], free[best] = True, False
        chosen[place], away = best, away + _row(shares, best)
    return chosen


def _row(shares: csr_matrix, row: int) -> npt.NDArray[np.float64]:
    return np.asarray(shares[row].todense(), np.float64).ravel()
