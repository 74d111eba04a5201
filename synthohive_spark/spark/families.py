"""Drawing children on the executors: seats of siblings one after another to rows, in a lazy plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.generator import FamilyGenerator
from synthohive_spark.engine.families.names import rank_name
from synthohive_spark.engine.families.seats import FamilySeats, child_ids
from synthohive_spark.spark.generation import as_text, drawing_function, from_text
from synthohive_spark.spark.schema import quote, spark_type

ID = "@id"
"""The id of a row, from which its noise and the ids of its children follow."""
_ROW = "__synthohive_row"
TASK_ROWS = 500_000
"""Rows that are drawn together: large families take many to fill batches, and memory grows with them."""
_ID_COLUMN = Column(ID, ColumnType("bigint"))


def generate_families(
    seats: DataFrame,
    generator: FamilyGenerator,
    *,
    parent: Expression,
    place: Expression,
    size: Expression,
    number: Expression | None,
    carried: Mapping[str, Expression],
    wanted: Sequence[Column],
    ranked: Sequence[str] = (),
    seed: int,
    redraw: Mapping[str, Constraint] | None = None,
) -> DataFrame:
    """One row for each seat; starts no job and asks for no analysis.

    Args:
        seats: The seats with `FamilyRules.context`; siblings one after another, in the order of their places.
        generator: Draws the rows.
        parent: The id of a seat's parent.
        place: How many siblings come before.
        size: How many children the parent has.
        number: A number that no two rows share, from which unique values are made.
        carried: What to put before the drawn columns, by name.
        wanted: The drawn columns that come out.
        ranked: Columns for each of which it is said how many siblings before hold the same.
        seed: The sampling seed.
        redraw: Constraints that a row is drawn again for.

    Returns:
        What is carried, the id of each row, the wanted columns, the ranks.
    """
    context = generator.rules.context
    seat = F.struct(
        parent.cast("bigint").alias("parent"),
        place.cast("bigint").alias("place"),
        size.cast("bigint").alias("size"),
        *([] if number is None else [number.cast("bigint").alias("number")]),
        *[as_text(F.col(quote(c.name)).cast(spark_type(c.type)), c).alias(f"c{i}") for i, c in enumerate(context)],
    )
    columns = (_ID_COLUMN, *wanted, *(Column(rank_name(c), ColumnType("bigint")) for c in ranked))
    function = drawing_function(
        seats.sparkSession, _FamilyWork(generator, seed, dict(redraw or {}), columns, ranked), columns
    )
    drawn = seats.select(*[value.alias(name) for name, value in carried.items()], function(seat).alias(_ROW))
    made = [F.col(f"{_ROW}.c{i}").alias(c.name) for i, c in enumerate(columns)]
    return drawn.select(*[F.col(quote(name)) for name in carried], *made)


class _FamilyWork:
    """Seats of siblings to rows."""

    def __init__(
        self,
        generator: FamilyGenerator,
        seed: int,
        redraw: dict[str, Constraint],
        wanted: Sequence[Column],
        ranked: Sequence[str],
    ) -> None:
        self.generator, self.seed, self.redraw = generator, seed, redraw
        self.wanted, self.ranked = tuple(wanted), tuple(ranked)

    def draw(self, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """See `Work.draw`; batches are taken together, for the blocks of a large family are drawn beside each other."""
        waiting: list[FamilySeats] = []
        for batch in batches:
            waiting.append(self._seats(batch))
            if sum(map(len, waiting)) >= TASK_ROWS:
                yield from self._drawn(waiting)
                waiting = []
        if waiting:
            yield from self._drawn(waiting)

    def _seats(self, batch: pd.DataFrame) -> FamilySeats:
        parents, context = batch["parent"].to_numpy(np.int64), self.generator.rules.context
        # Siblings share what their ancestors hold, which is read once for those beside each other.
        new = np.diff(parents, prepend=~parents[:1]) != 0
        own = batch.loc[new]
        arrays = [from_text(own[f"c{i}"], c.type.name, c.type.arrow) for i, c in enumerate(context)]
        theirs = pa.table(arrays, names=[c.name for c in context])
        return FamilySeats(
            parents,
            batch["place"].to_numpy(np.int64),
            batch["size"].to_numpy(np.int64),
            theirs.take(pa.array(np.cumsum(new) - 1)) if arrays else theirs,
            batch["number"].to_numpy(np.int64) if "number" in batch else None,
        )

    def _drawn(self, waiting: Sequence[FamilySeats]) -> Iterator[pd.DataFrame]:
        seats, start = FamilySeats.concat(waiting), 0
        rows = self.generator.sample(seats, self.seed, self.redraw, self.ranked)
        rows = rows.append_column(ID, pa.array(child_ids(seats.parents, seats.places)))
        for own in waiting:
            part = rows.slice(start, len(own))
            start += len(own)
            yield pd.DataFrame(
                {
                    f"c{i}": pd.Series(pd.arrays.ArrowExtensionArray(one_array(part.column(c.name))))
                    for i, c in enumerate(self.wanted)
                }
            )
