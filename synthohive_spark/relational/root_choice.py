"""Choosing the rows of small roots, on the driver, by what they hold and by what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.families.balance import LARGEST, Beneath
from synthohive_spark.engine.families.generator import FamilyGenerator, FamilySeats, child_ids
from synthohive_spark.engine.families.names import count_name, one_level_down
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.stages.model import SynthesizerTransformerModel

_MOST_BENEATH = 100_000


@dataclass(frozen=True)
class _Drawn:
    """Rows of a table as `Spines` draws them, with their ids, all that their ancestors hold, and their roots."""

    name: str
    rows: pa.Table
    ids: npt.NDArray[np.int64]
    roots: npt.NDArray[np.int64]


@dataclass(frozen=True)
class RootChoice:
    """Chooses which rows of a larger pool of draws are the rows of a root.

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

    def of(self, name: str, rows: int, seed: int) -> npt.NDArray[np.int64] | None:
        """Ids of so many rows of a root; None where they need not be chosen."""
        table = self.tables[name]
        if table.balance is None or not 0 < rows <= LARGEST:
            return None
        ids = np.arange(table.balance.pool(rows))
        pool = self.models[name].table_model.generator.sample(Draw(ids, self.seed_of(name)))
        many, beneath = rows / max(table.rows, 1), []
        for drawn in self._beneath(_Drawn(name, pool, ids, ids), many, len(ids) / rows):
            balance, likely = self.tables[drawn.name].balance, self.tables[drawn.name].rows * many
            assert balance is not None
            beneath.append(Beneath(balance, drawn.rows, drawn.roots, likely))
        return table.balance.choose(pool, rows, seed, beneath)

    def _beneath(self, above: _Drawn, many: float, pools: float) -> Iterator[_Drawn]:
        """The rows of the small tables that follow from drawn ones."""
        for name, table in self.tables.items():
            if table.owner is None or table.owner.parent != above.name or table.balance is None:
                continue
            likely = table.rows * many
            if name in self.changed or likely > LARGEST or likely * pools > _MOST_BENEATH:
                continue
            drawn = self._children(name, table, above)
            yield drawn
            yield from self._beneath(drawn, many, pools)

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
        return _Drawn(name, rows, child_ids(seats.parents, seats.places), above.roots[parents])
