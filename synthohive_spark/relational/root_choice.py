"""Choosing the rows of small roots, on the driver, by what they hold and by what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.domain import keeps
from synthohive_spark.engine.families.balance import LARGEST
from synthohive_spark.engine.families.exchange import (
    Descendants,
    choose_rows,
    choose_versions,
    exchange_values,
    pool_size,
)
from synthohive_spark.engine.families.generator import FamilyGenerator
from synthohive_spark.engine.families.names import count_name, one_level_down
from synthohive_spark.engine.families.seats import FamilySeats, child_ids
from synthohive_spark.engine.families.spread import spread_counts
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.valid import domains_of, sample_valid
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.stages.model import SynthesizerTransformerModel

_VERSIONS, _MOST_ROWS = 30, 20_000


@dataclass(frozen=True)
class ChosenRoots:
    """The rows of a small root.

    Attributes:
        rows: The rows.
        ids: Their ids, from which those of what follows from them are made.
    """

    rows: pa.Table
    ids: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Drawn:
    """Rows of a table as `Spines` draws them, with all that their ancestors hold, and the version of a root of each."""

    rows: pa.Table
    ids: npt.NDArray[np.int64]
    version: npt.NDArray[np.int64]


@dataclass(frozen=True)
class RootChoice:
    """Chooses which rows of a larger pool of draws are the rows of a root.

    First the rows, by what they hold, and in the smallest tables their values; then, of several versions of all that
    follows from each row, the one that suits best.

    Attributes:
        tables: The tables' places in the database.
        models: The models of their rows.
        seed_of: The seed of each table's rows.
        changed: Tables whose rows will not be those that their parents say, and so are not looked at.
    """

    tables: Mapping[str, LinkedTable]
    models: Mapping[str, SynthesizerTransformerModel]
    seed_of: Callable[[str], int]
    changed: frozenset[str]

    def of(self, name: str, rows: int, seed: int, redraw: Mapping[str, Constraint]) -> ChosenRoots | None:
        """So many rows of a root; None where they need not be chosen.

        Args:
            name: The root.
            rows: How many.
            seed: Fixes the choice.
            redraw: Constraints that a row is drawn again for.
        """
        balance, model = self.tables[name].balance, self.models[name].table_model
        if balance is None or not 0 < rows <= LARGEST:
            return None
        size = pool_size(rows)
        draw = Draw(np.arange(size), self.seed_of(name))
        pool = model.generator.sample(draw)
        chosen = choose_rows(balance, pool, rows, seed)
        # Drawn again for what is unique, which follows from the number of a row.
        numbered = Draw(chosen, draw.seed, numbers=np.arange(rows))
        own = model.generator.sample(numbered)
        groups = model.dependencies.together(own.column_names)
        means = {n: mean for n, mean in zip(balance.counts, balance.totals, strict=True) if [n] in groups}
        own = spread_counts(own, means, model.codecs)
        own = exchange_values(balance, own, pool, groups, seed)
        broken = np.flatnonzero(~keeps(own, domains_of(redraw)))
        if len(broken):
            again = sample_valid(model.generator, numbered.redraw(broken, 0), redraw)
            places = np.arange(rows)
            places[broken] = rows + np.arange(len(broken))
            own = pa.concat_tables([own, again]).combine_chunks().take(pa.array(places))
        return ChosenRoots(own, chosen + size * self._versions(name, own, chosen, size, seed))

    def _versions(
        self, name: str, roots: pa.Table, draws: npt.NDArray[np.int64], size: int, seed: int
    ) -> npt.NDArray[np.int64]:
        """Which version of what follows from each root."""
        rows, many = len(draws), len(draws) / max(self.tables[name].rows, 1)
        small = self._small(name, many)
        versions = min(_VERSIONS, int(_MOST_ROWS // max(sum(small.values()), 1)))
        if not small or versions < 2:
            return np.zeros(rows, np.int64)
        ids = np.concatenate([draws + size * version for version in range(versions)])
        every = pa.concat_tables([roots] * versions).combine_chunks()
        drawn = {name: _Drawn(every, ids, np.arange(rows * versions))}
        found = []
        for child in small:
            owner = self.tables[child].owner
            assert owner is not None
            drawn[child] = self._children(child, self.tables[child], drawn[owner.parent])
            balance = self.tables[child].balance
            assert balance is not None
            found.append(Descendants(balance, drawn[child].rows, drawn[child].version))
        return choose_versions(found, rows, versions, seed)

    def _small(self, name: str, many: float) -> dict[str, float]:
        """The small tables that follow from a root, owners first, with how many rows they are likely to have."""
        found: dict[str, float] = {}
        for child, table in self.tables.items():
            if table.owner is None or table.owner.parent != name or table.balance is None or child in self.changed:
                continue
            if (likely := table.rows * many) <= LARGEST:
                found |= {child: likely, **self._small(child, many)}
        return found

    def _children(self, name: str, table: LinkedTable, above: _Drawn) -> _Drawn:
        assert table.owner is not None
        assert table.rules is not None
        sizes = np.maximum(one_array(above.rows.column(count_name(name, table.owner.columns))).to_numpy(), 0)
        parents = np.repeat(np.arange(len(sizes)), sizes)
        places = np.arange(len(parents)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        back = pa.array(parents)
        held = {one_level_down(n): above.rows.column(n) for n in above.rows.column_names}
        context = pa.table(
            [one_array(held[c.name]).take(back).cast(c.type.arrow) for c in table.rules.context],
            names=[c.name for c in table.rules.context],
        )
        generator = FamilyGenerator(self.models[name].table_model.generator, table.rules)
        seats = FamilySeats(above.ids[parents], places, sizes[parents], context)
        rows = generator.sample(seats, self.seed_of(name))
        for ancestor, values in held.items():
            rows = rows.append_column(ancestor, one_array(values).take(back))
        return _Drawn(rows, child_ids(seats.parents, seats.places), above.version[parents])
