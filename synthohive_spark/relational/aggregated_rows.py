"""Drawn rows whose columns hold what their children come to, and what these columns decide in their row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.linear import LinearRelation
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.spark.aggregates import aggregate, of_parent
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.generation import as_text, drawing_function, from_text
from synthohive_spark.spark.schema import col

_OWNER, _ROW = "@aggregate_owner", "@aggregate_row"
_WIDEST = 1 << 59


def aggregated_rows(
    rows: DataFrame,
    children: Sequence[tuple[DataFrame, Sequence[Aggregate]]],
    parent: str,
    columns: Sequence[Column],
    dependencies: Dependencies,
) -> DataFrame:
    """The rows with what their children come to in place of what was drawn; starts no job and asks for no analysis.

    Args:
        rows: The drawn rows, with their ids.
        children: Rows of tables that follow from them, and the columns that are aggregates of these.
        parent: The children's column that holds the id of their parent.
        columns: What the rows hold.
        dependencies: What holds among these columns, and is computed again.
    """
    made: dict[str, Column] = {}
    for there, asked in children:
        found = [f"@aggregate_{len(made) + i}" for i in range(len(asked))]
        sums = there.groupBy(col(parent).alias(_OWNER)).agg(
            *[aggregate(own).alias(name) for own, name in zip(asked, found, strict=True)]
        )
        rows = rows.join(sums, col(ID) == col(_OWNER), "left")
        rows = rows.withColumns(
            {
                name: of_parent(own, col(name), col(_OWNER).isNotNull(), col(own.column.name))
                for own, name in zip(asked, found, strict=True)
            }
        ).drop(_OWNER)
        made |= {name: own.column for own, name in zip(asked, found, strict=True)}
    work = _Computed.of(dependencies, columns, [column.name for column in made.values()])
    values = {column.name: col(name) for name, column in made.items()}
    if work.computed:
        seat = F.struct(
            *[as_text(values.get(c.name, col(c.name)), c).alias(f"c{i}") for i, c in enumerate(work.columns)],
            *[as_text(col(work.columns[i].name), work.columns[i]).alias(f"drawn{i}") for i in work.aggregated],
        )
        rows = rows.withColumn(_ROW, drawing_function(rows.sparkSession, work, work.computed)(seat))
        values |= {c.name: col(_ROW)[f"c{i}"] for i, c in enumerate(work.computed)}
    return rows.withColumns(values).drop(_ROW, *made)


@dataclass(frozen=True)
class _Computed:
    """Rows in which some columns have changed to what these decide.

    Attributes:
        columns: The columns that have to do with each other.
        aggregated: The places of those that have changed.
        computed: Those that may change with them.
        dependencies: What holds among them.
    """

    columns: tuple[Column, ...]
    aggregated: tuple[int, ...]
    computed: tuple[Column, ...]
    dependencies: Dependencies

    @classmethod
    def of(cls, dependencies: Dependencies, columns: Sequence[Column], changed: Sequence[str]) -> _Computed:
        names = [c.name for c in columns]
        own = dependencies.among(names)
        linear = tuple(_following(relation, changed) for relation in own.relations.linear)
        own = replace(own, relations=replace(own.relations, linear=linear))
        groups = [group for group in own.together(names) if not set(changed).isdisjoint(group)]
        touched = tuple(c for c in columns if any(c.name in group for group in groups))
        places = tuple(i for i, c in enumerate(touched) if c.name in changed)
        computed = tuple(c for c in touched if c.name not in changed)
        return cls(touched, places, computed, own.among([c.name for c in touched]))

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """See `synthohive_spark.spark.generation.Work`."""
        return map(self._rows, batches)

    def _rows(self, batch: pd.DataFrame) -> pd.DataFrame:
        own = {c.name: from_text(batch[f"c{i}"], c.type.name, c.type.arrow) for i, c in enumerate(self.columns)}
        given = {self.columns[i].name: own[self.columns[i].name] for i in self.aggregated}
        before = {
            self.columns[i].name: from_text(batch[f"drawn{i}"], self.columns[i].type.name, self.columns[i].type.arrow)
            for i in self.aggregated
        }
        split = self.dependencies.split(pa.table({**own, **before}))
        drawn = {name: one_array(split.column(name)) for name in split.column_names}
        made: Mapping[str, pa.Array] = self.dependencies.restore(drawn, given, frozenset())
        return pd.DataFrame(
            {f"c{i}": pd.Series(pd.arrays.ArrowExtensionArray(made[c.name])) for i, c in enumerate(self.computed)}
        )


def _following(relation: LinearRelation, changed: Sequence[str]) -> LinearRelation:
    """A relation that determines none of the changed columns, but the widest of the others: a total, not its part.

    Nothing else makes up for a total that leaves the learned range: what the children come to is no extreme.
    """
    free = [i for i, part in enumerate(relation.parts) if part.name not in changed]
    if relation.column in changed and free and not relation.rough:
        relation = relation.solved_for(max(free, key=lambda i: relation.parts[i].high - relation.parts[i].low))
    first, *others = relation.parts
    return replace(relation, parts=(replace(first, low=-_WIDEST, high=_WIDEST), *others))
