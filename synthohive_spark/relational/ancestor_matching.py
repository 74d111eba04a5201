"""Looking up rows for references among those of the same ancestor, as lazy plans.

The rows that refer to one of an ancestor's rows, and the places that these offer, as many as they were drawn with, are
both counted through by cells, and those of the same number meet. What is left over on either side is for
`synthohive_spark.relational.matching`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from synthohive_spark.engine.families.names import CELL
from synthohive_spark.relational.matching import counted_once
from synthohive_spark.relational.spines import BLOCK, NUMBER, PARENT
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.schema import col, quote

AKIN = "@akin"
"""True where a row was given one of its ancestor's."""
_ANCESTOR, _GROUP = "@ancestor", "@of"
_BESIDE = ("@nth", "@at", "@g_of", "@g_rows", "@g_places", "@g_none", "@s_of", "@s_at")


@dataclass(frozen=True)
class AncestorMatching:
    """Finds rows of the same ancestor.

    Attributes:
        cell: The column of the rows that says which cell they refer to.
        order: Where a row stands among those of its cell.
        keys: The columns of what can be referred to that hold its key.
        counted: Its column that says how many rows are to refer to it.
        shared: Whether rows share places where their ancestor has too few.
        apart: Whether neighbours are to find different rows.
    """

    cell: str
    order: Expression
    keys: Sequence[str]
    counted: str
    shared: bool
    apart: bool

    def matched(self, rows: DataFrame, there: DataFrame, ancestor: Expression) -> tuple[DataFrame, DataFrame]:
        """Rows with the keys that they found, null where they found none, and with `AKIN`; and what is left.

        Args:
            rows: The table's rows.
            there: The rows that can be referred to, with the ids of their owners.
            ancestor: The id of the ancestor whose rows a row is to find one of; null where it is to find any.

        Returns:
            The rows; and the places that they may have taken, in the columns of ``there``, with a count of 0 if so.
        """
        rows = rows.select("*", ancestor.alias(_ANCESTOR))
        # What has no ancestor is a group by itself, so that it makes no large one.
        rows = rows.select("*", F.coalesce(_ANCESTOR, F.xxhash64(col(ID), F.lit(self.cell))).alias(_GROUP))
        rows = rows.repartition(col(_GROUP))
        number = F.greatest(col(self.counted), F.lit(0)).cast("bigint").alias("@s_n")
        places = there.select(
            *map(quote, self.keys), NUMBER, BLOCK, CELL, number, F.coalesce(PARENT, ID).alias("@s_of")
        )
        places = places.repartition(col("@s_of"))
        groups = self._groups(rows, places)
        slots = self._slots(places, groups)
        found = self._places_of(rows, groups)
        here = slots.select("@s_of", "@s_at", *map(quote, self.keys), F.lit(True).alias(AKIN))
        same = (col(_ANCESTOR) == col("@s_of")) & (col("@at") == col("@s_at"))
        found = found.join(here, same, "left").drop(_ANCESTOR, _GROUP, *_BESIDE)
        free = (col("@s_at") >= col("@g_rows")).cast("int").alias(self.counted)
        return found, slots.select(*map(quote, self.keys), NUMBER, BLOCK, CELL, free)

    def _groups(self, rows: DataFrame, places: DataFrame) -> DataFrame:
        """By ancestor, how many rows look for one of its rows, and how many places these offer."""
        wanted = counted_once(rows.groupBy(col(_ANCESTOR).alias("@w_of")), F.count("*").alias("@w_rows"))
        every = F.count("*").alias("@o_rows")
        offered = counted_once(places.groupBy(col("@s_of").alias("@g_of")), F.sum("@s_n").alias("@o_places"), every)
        none = col("@o_places") == 0  # no row was drawn with any place: all are as good as each other
        return offered.join(wanted, col("@g_of") == col("@w_of"), "left").select(
            "@g_of",
            F.coalesce("@w_rows", F.lit(0)).alias("@g_rows"),
            F.when(none, col("@o_rows")).otherwise(col("@o_places")).alias("@g_places"),
            none.alias("@g_none"),
        )

    def _slots(self, places: DataFrame, groups: DataFrame) -> DataFrame:
        """A row for each place, numbered from 0 on within its ancestor by cells, or such that neighbours differ."""
        slots = places.join(groups, col("@s_of") == col("@g_of"), "inner")
        n = F.when(col("@g_none"), F.lit(1)).otherwise(col("@s_n")).cast("int")
        slots = slots.where(n > 0).select("*", F.explode(F.sequence(F.lit(1), n)).alias("@s_k"))
        order = ["@s_k", CELL, BLOCK, NUMBER] if self.apart else [CELL, BLOCK, NUMBER, "@s_k"]
        at = F.row_number().over(Window.partitionBy("@s_of").orderBy(*order)) - 1
        return slots.select("*", at.alias("@s_at"))

    def _places_of(self, rows: DataFrame, groups: DataFrame) -> DataFrame:
        """The rows with the number of the place that each takes; null where there is none."""
        order = Window.partitionBy(_GROUP).orderBy(col(self.cell), self.order, col(ID))
        rows = rows.select("*", (F.row_number().over(order) - 1).alias("@nth"))
        rows = rows.join(groups, col(_ANCESTOR) == col("@g_of"), "left")
        at = F.when(col("@nth") < col("@g_places"), col("@nth"))
        if self.shared:
            spread = F.floor(col("@nth") * col("@g_places") / col("@g_rows")).cast("int")
            at = F.when(col("@g_rows") > col("@g_places"), spread).otherwise(at)
        return rows.select("*", at.alias("@at"))
