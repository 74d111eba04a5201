"""Looking up rows for references, as lazy plans: by cells, and within a cell by place.

The rows that refer to a cell, sorted by what rows with the same key have in common, and the places that its rows offer,
as many as they were drawn with, are both counted through, and those of the same number meet. What one cell has too many
of goes, in the order of the cells, to where places are left. So degrees come out as they were drawn, and nothing is
collected. Ranks are found within parts of the order, and parts by small aggregates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, GroupedData, Window
from pyspark.sql import functions as F

from synthohive_spark.engine.families.names import CELL, ORPHAN, cell_label, count_name
from synthohive_spark.relational.linked_table import Reference
from synthohive_spark.relational.spines import BLOCK, NUMBER, PARENT
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.schema import col, quote

_KEY = "@slot_key"
_SPARE = "@slot_spare"
_INDEX = "@slot_index"
_PART_ROWS, _PARTS = 4096, 1024
_LEVEL = 1 << 40
"""More places than a level of a tree has."""
_PASSES = 0, 1, 1, 1, 1
"""Keys that siblings share go first to others of the same cell, then to any."""


def slot_key(i: int) -> str:
    """The column that holds the i-th part of the key of the row that was found."""
    return f"{_KEY}{i}"


@dataclass(frozen=True)
class Matching:
    """Finds the rows that one reference of a table names.

    Attributes:
        name: The table.
        reference: The reference.
        nth: The column that says how many siblings before a row refer to the same cell; None for none.
        order: From 0 to 1, where a row stands among those of its cell.
        likely: About how many rows there are.
    """

    name: str
    reference: Reference
    nth: str | None
    order: Expression
    likely: int

    def matched(self, rows: DataFrame, there: DataFrame) -> DataFrame:
        """``rows`` with the key of the row that each refers to, null where it refers to none.

        Args:
            rows: The table's rows.
            there: The rows that can be referred to, with their keys by `slot_key`.
        """
        rows = rows.select("*", self.part.alias("@at_part"), self.order.alias("@at_order"))
        rows = rows.repartition(self._cell, self._nth, col("@at_part"))
        demand = self._demand(rows)
        slots, supply = self._slots(demand, there)
        cells = self._cells(demand, supply)
        at = self._child_places(rows, demand, cells)
        offered = self._slot_places(slots, cells)
        both = (col("@at_spare") == col(_SPARE)) & (col("@at_index") == col(_INDEX))
        return at.join(offered, both, "left").drop("@at_spare", "@at_index", _SPARE, _INDEX)

    def apart(self, rows: DataFrame, keys: Sequence[str], free: Expression) -> DataFrame:
        """Rows of which those that got the same key as a sibling pass theirs on to the next such row, of a like one.

        Args:
            rows: What `matched` made.
            keys: The columns of the key.
            free: Whether a row may give up its key; who refers to no row does not.
        """
        order = [self._cell, self.order]
        for key in keys:
            free &= col(key).isNotNull()
        for nearest in _PASSES:
            same = Window.partitionBy(PARENT, *map(quote, keys)).orderBy(NUMBER)
            rows = rows.select("*", ((F.row_number().over(same) > 1) & free).alias("@twice"))
            group = Window.partitionBy("@twice", self.part).orderBy(*order[nearest:], NUMBER)
            whole = group.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
            passed = {
                c: F.when(col("@twice"), F.coalesce(F.lead(col(c)).over(group), F.first(col(c)).over(whole))).otherwise(
                    col(c)
                )
                for c in keys
            }
            rows = rows.withColumns(passed).drop("@twice")
        return rows

    @property
    def _cell(self) -> Expression:
        return col(self.reference.cell)

    @property
    def _nth(self) -> Expression:
        return F.lit(0) if self.nth is None else col(self.nth)

    def _demand(self, rows: DataFrame) -> DataFrame:
        """How many rows refer to each cell, by (cell, nth, part), with how many come before in the cell."""
        groups = rows.groupBy(self._cell.alias("@d_cell"), self._nth.alias("@d_nth"), col("@at_part").alias("@d_part"))
        counted = counted_once(groups, F.count(F.lit(1)).alias("@d_rows")).where(self._refers)
        order = Window.partitionBy("@d_cell").orderBy("@d_nth", "@d_part")
        before = F.sum("@d_rows").over(order.rowsBetween(Window.unboundedPreceding, -1))
        return counted.withColumn("@d_before", F.coalesce(before, F.lit(0)))

    @property
    def part(self) -> Expression:
        """The part of the order that a row belongs to, each of some thousand rows."""
        parts = min(self.likely // _PART_ROWS + 1, _PARTS)
        part = F.floor(self.order * F.lit(parts)).cast("int")
        return F.greatest(F.least(part, F.lit(parts - 1)), F.lit(0))

    @property
    def _refers(self) -> Expression:
        return col("@d_cell").isNotNull() & (col("@d_cell") != F.lit(ORPHAN))

    def _slots(self, demand: DataFrame, there: DataFrame) -> tuple[DataFrame, DataFrame]:
        """The rows that can be referred to with their places from and to; and how many places each cell has."""
        link = self.reference.link
        keys = [slot_key(i) for i in range(len(link.columns))]
        places = there.select(
            col(NUMBER).alias("@s_number"),
            col(BLOCK).alias("@s_block"),
            self._own_cell.alias("@s_cell"),
            F.greatest(col(count_name(self.name, link.columns)), F.lit(0)).cast("bigint").alias("@s_n"),
            *map(quote, keys),
        )
        places = places.repartition(col("@s_cell"), col("@s_block"))
        blocks = self._blocks(places, demand)
        supply = blocks.groupBy("@b_cell").agg(
            F.min("@b_offset").alias("@b_first"),
            F.max(col("@b_offset") + col("@b_sum")).alias("@b_last"),
            F.max("@b_total").alias("@b_total"),
            F.max("@b_wanted").alias("@b_wanted"),
        )
        supply = supply.select(
            col("@b_cell").alias("@k_cell"),
            self._place(col("@b_first")).alias("@k_first"),
            (self._place(col("@b_last")) - self._place(col("@b_first"))).alias("@k_places"),
        )
        same = (col("@s_cell") == col("@b_cell")) & (col("@s_block") == col("@b_block"))
        n = F.when(col("@b_none"), F.lit(1)).otherwise(col("@s_n"))
        order = Window.partitionBy("@s_cell", "@s_block").orderBy("@s_number")
        before = F.coalesce(F.sum(n).over(order.rowsBetween(Window.unboundedPreceding, -1)), F.lit(0))
        places = places.join(blocks, same, "inner").select(
            "*", n.alias("@s_all"), (col("@b_offset") + before).alias("@s_at")
        )
        first, last = self._place(col("@s_at")), self._place(col("@s_at") + col("@s_all"))
        slots = places.select("@s_cell", *map(quote, keys), first.alias("@s_from"), last.alias("@s_to"))
        return slots.where(col("@s_to") > col("@s_from")), supply

    def _blocks(self, places: DataFrame, demand: DataFrame) -> DataFrame:
        """The places of each (cell, block), those before it, and how many are wanted, of all or of a tree's level."""
        groups = places.groupBy(col("@s_cell").alias("@b_cell"), col("@s_block").alias("@b_block"))
        blocks = counted_once(groups, F.sum("@s_n").alias("@b_n"), F.count("*").alias("@b_rows"))
        every = Window.partitionBy("@b_cell" if self._is_tree else F.lit(0))
        # Where no row was drawn with any place, all rows are as good as each other.
        blocks = blocks.select("*", (F.sum("@b_n").over(every) == 0).alias("@b_none"))
        blocks = blocks.select("*", F.when(col("@b_none"), col("@b_rows")).otherwise(col("@b_n")).alias("@b_sum"))
        earlier = every.orderBy("@b_cell", "@b_block").rowsBetween(Window.unboundedPreceding, -1)
        blocks = blocks.select(
            "@b_cell",
            "@b_block",
            "@b_sum",
            "@b_none",
            F.coalesce(F.sum("@b_sum").over(earlier), F.lit(0)).alias("@b_offset"),
            F.sum("@b_sum").over(every).alias("@b_total"),
        )
        rows = F.coalesce(F.sum("@d_rows"), F.lit(0)).alias("@b_wanted")
        if not self._is_tree:
            return blocks.crossJoin(demand.agg(rows))
        wanted = demand.groupBy(col("@d_cell").alias("@v_cell")).agg(rows)
        return blocks.join(wanted, col("@b_cell") == col("@v_cell"), "inner").drop("@v_cell")

    @property
    def _is_tree(self) -> bool:
        """Whether rows refer to rows of their own table; then a cell is a level, and only rows one level up will do."""
        return self.reference.link.parent == self.name

    def _place(self, place: Expression) -> Expression:
        """A place among all that are offered, scaled to as many as are wanted."""
        scaled = F.floor(place * col("@b_wanted") / F.greatest(col("@b_total"), F.lit(1))).cast("bigint")
        return scaled + col("@b_cell").cast("bigint") * F.lit(_LEVEL) if self._is_tree else scaled

    @property
    def _own_cell(self) -> Expression:
        """The cell of a row that is referred to: in a tree, its level."""
        if not self._is_tree:
            return col(CELL)
        above = col(self.reference.cell)
        level = F.coalesce(above.cast("int") + 1, F.lit(0))
        return F.lpad(level.cast("string"), len(cell_label(0)), "0")

    def _cells(self, demand: DataFrame, supply: DataFrame) -> DataFrame:
        """For each cell how many rows and places meet in it, and how many of either are left over before it."""
        wanted = demand.groupBy(col("@d_cell").alias("@w_cell")).agg(F.sum("@d_rows").alias("@w_rows"))
        both = supply.join(wanted, col("@k_cell") == col("@w_cell"), "full").select(
            F.coalesce("@k_cell", "@w_cell").alias("@c_cell"),
            F.coalesce("@k_first", F.lit(0)).alias("@c_first"),
            F.coalesce("@k_places", F.lit(0)).alias("@c_places"),
            F.coalesce("@w_rows", F.lit(0)).alias("@c_rows"),
        )
        both = both.withColumn("@c_met", F.least("@c_places", "@c_rows"))
        earlier = Window.partitionBy(F.lit(0)).orderBy("@c_cell").rowsBetween(Window.unboundedPreceding, -1)
        for side in ("rows", "places"):
            left = F.sum(col(f"@c_{side}") - col("@c_met")).over(earlier)
            both = both.withColumn(f"@c_spare_{side}", F.coalesce(left, F.lit(0)))
        return both

    def _child_places(self, rows: DataFrame, demand: DataFrame, cells: DataFrame) -> DataFrame:
        key = self._cell.eqNullSafe(col("@d_cell")) & (self._nth == col("@d_nth")) & (col("@at_part") == col("@d_part"))
        rows = rows.join(demand, key, "left")
        order = Window.partitionBy(self._cell, self._nth, "@at_part").orderBy("@at_order", ID)
        rank = col("@d_before") + F.row_number().over(order) - 1
        rows = rows.withColumn("@d_rank", rank).drop("@at_part", "@at_order", *_DEMAND_COLUMNS)
        rows = rows.join(cells, self._cell == col("@c_cell"), "left")
        spare = col("@d_rank") >= col("@c_met")
        rows = rows.withColumn("@at_spare", spare).withColumn(
            "@at_index",
            F.when(spare, col("@c_spare_rows") + col("@d_rank") - col("@c_met")).otherwise(
                col("@c_first") + col("@d_rank")
            ),
        )
        return rows.drop("@d_rank", *_CELL_COLUMNS)

    def _slot_places(self, slots: DataFrame, cells: DataFrame) -> DataFrame:
        keys = [slot_key(i) for i in range(len(self.reference.link.columns))]
        slots = slots.select(
            "@s_cell", *map(quote, keys), F.explode(F.sequence(col("@s_from"), col("@s_to") - 1)).alias("@s_slot")
        )
        slots = slots.join(cells, col("@s_cell") == col("@c_cell"), "inner")
        within = col("@s_slot") - col("@c_first")
        spare = within >= col("@c_met")
        index = F.when(spare, col("@c_spare_places") + within - col("@c_met")).otherwise(col("@s_slot"))
        return slots.select(*map(quote, keys), spare.alias(_SPARE), index.alias(_INDEX))


def counted_once(groups: GroupedData, *aggregates: Expression) -> DataFrame:
    """Groups of rows with aggregates, which read whole rows.

    So what goes into them is what goes on beside them, column by column, and Spark draws it once for both: it reuses an
    exchange of the same plan (``spark.sql.exchange.reuse``).
    """
    whole = F.bit_xor(F.xxhash64("*")).alias("@whole")
    return groups.agg(*aggregates, whole).where(col("@whole").isNotNull()).drop("@whole")


_DEMAND_COLUMNS = ("@d_cell", "@d_nth", "@d_part", "@d_rows", "@d_before")
_CELL_COLUMNS = ("@c_cell", "@c_first", "@c_places", "@c_rows", "@c_met", "@c_spare_rows", "@c_spare_places")
