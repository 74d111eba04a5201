"""Looking up rows for references, as lazy plans: by cells, and within a cell by place.

The rows that refer to a cell, sorted by what rows with the same key have in common, and the places that its rows offer,
as many as they were drawn with, are both counted through, and those of the same number meet. What one cell has too many
of goes to where places are left. So degrees come out as they were drawn, and nothing is collected. Ranks are found
within parts of the order, and parts by small aggregates.

Where rows that are referred to have an order that goes with that of the others, as drivers' birthdays go with the dates
of their races, both are counted through in that order, and of a cell what is too many is taken evenly from all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, GroupedData, Window, WindowSpec
from pyspark.sql import functions as F

from synthohive_spark.engine.families.names import CELL, ORPHAN, cell_label, count_name
from synthohive_spark.relational.linked_table import Reference
from synthohive_spark.relational.spines import BLOCK, NUMBER, PARENT
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.schema import col, quote

_KEY = "@slot_key"
_IS_ROW = "@g_is_row"
_GROUP = ("@g_own", "@g_other", "@g_before", "@g_spare")
_NO_CELL = "*"
_PART_ROWS, _PARTS = 4096, 1024
_FEWEST_PARTS, _ERAS = 64, 8
"""Parts of a common order in which siblings that refer to the same cell are counted through one after another."""
_PASSES = (True, 1), (False, 1), (False, 8), (False, 8), (False, 0)
"""Keys that siblings share go first to others of the same cell, and of so many parts of the order; last to any."""


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
        place: From 0 to 1, where a row that can be referred to stands in the order of those that refer to its cell;
            None where it has none.
    """

    name: str
    reference: Reference
    nth: str | None
    order: Expression
    likely: int
    place: Expression | None = None

    def matched(self, rows: DataFrame, there: DataFrame) -> DataFrame:
        """``rows`` with the key of the row that each refers to, null where it refers to none.

        Args:
            rows: The table's rows.
            there: The rows that can be referred to, with their keys by `slot_key`.
        """
        rows = rows.select("*", self.part.alias("@at_part"), self.order.alias("@at_order"))
        rows = rows.repartition(self._cell, self._nth, col("@at_part"))
        places = self._places(there)
        groups = self._groups(rows, places)
        at, offered = self._of_rows(rows, groups), self._of_places(places, groups)
        same = (col("@at_cell") == col("@of_cell")) & (col("@at_rank") == col("@of_rank"))
        return at.join(offered, same, "left").drop("@at_cell", "@at_rank", "@of_cell", "@of_rank")

    def apart(self, rows: DataFrame, keys: Sequence[str], free: Expression) -> DataFrame:
        """Rows of which those that got the same key as a sibling pass theirs on to the next such row, of a like one.

        Args:
            rows: What `matched` made.
            keys: The columns of the key.
            free: Whether a row may give up its key; who refers to no row does not.
        """
        for key in keys:
            free &= col(key).isNotNull()
        for turn, (like, parts) in enumerate(_PASSES):
            # In an order that chance decides, since neighbours in time are rows of the same family.
            chance = F.xxhash64(col(NUMBER), F.lit(turn))
            order = [self._cell, chance] if like else [chance]
            part = F.floor(self.part / F.lit(parts)) if parts else F.pmod(chance, F.lit(self._parts))
            same = Window.partitionBy(PARENT, *map(quote, keys)).orderBy(NUMBER)
            rows = rows.select("*", ((F.row_number().over(same) > 1) & free).alias("@twice"))
            group = Window.partitionBy("@twice", part).orderBy(*order, NUMBER)
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

    @property
    def part(self) -> Expression:
        """The part of the order that a row belongs to, each of some thousand rows."""
        return self._part_of(self.order)

    def _part_of(self, order: Expression) -> Expression:
        part = F.floor(order * F.lit(self._parts)).cast("int")
        return F.greatest(F.least(part, F.lit(self._parts - 1)), F.lit(0))

    @property
    def _parts(self) -> int:
        return max(min(self.likely // _PART_ROWS + 1, _PARTS), 1 if self.place is None else _FEWEST_PARTS)

    def _era(self, part: Expression) -> Expression:
        return F.lit(0) if self.place is None else F.floor(part * F.lit(_ERAS) / F.lit(self._parts))

    def _places(self, there: DataFrame) -> DataFrame:
        """The rows that can be referred to, with how many places each was drawn with."""
        places = there.select(
            col(NUMBER).alias("@s_number"),
            self._own_cell.alias("@s_cell"),
            (col(BLOCK) if self.place is None else self._part_of(self.place)).alias("@s_part"),
            (F.lit(0.0) if self.place is None else self.place).alias("@s_order"),
            F.greatest(col(count_name(self.name, self.reference.link.columns)), F.lit(0)).cast("bigint").alias("@s_n"),
            *map(quote, self._keys),
        )
        return places.repartition(col("@s_cell"), col("@s_part"))

    def _groups(self, rows: DataFrame, places: DataFrame) -> DataFrame:
        """Rows and places by cell and part of the order, of which there are few: how they meet.

        ``@g_own`` of the cell are on this side, ``@g_other`` on the other; ``@g_before`` of them come before a group,
        and what is left over in it begins with the number ``@g_spare``. Places are scaled to as many as are wanted.
        """
        keys = [self._cell.alias("@g_cell"), col("@at_part").alias("@g_part"), self._nth.alias("@g_nth")]
        wanted = counted_once(rows.groupBy(*keys), F.count("*").alias("@g_n"))
        wanted = wanted.where(col("@g_cell").isNotNull() & (col("@g_cell") != F.lit(ORPHAN)))
        keys = [col("@s_cell").alias("@g_cell"), col("@s_part").alias("@g_part"), F.lit(0).alias("@g_nth")]
        offered = counted_once(places.groupBy(*keys), F.sum("@s_n").alias("@g_n"), F.count("*").alias("@g_rows"))
        wanted = wanted.withColumns({"@g_rows": col("@g_n"), _IS_ROW: F.lit(True)})
        groups = wanted.unionByName(offered.withColumn(_IS_ROW, F.lit(False))).repartition(1)
        every = ["@g_cell"] if self._is_tree else []
        # Where no row was drawn with any place, all rows are as good as each other.
        none = F.sum(F.when(~col(_IS_ROW), col("@g_n"))).over(Window.partitionBy(*every)) == 0
        groups = groups.withColumn("@g_none", F.coalesce(none, F.lit(False)) & ~col(_IS_ROW))
        groups = groups.withColumn("@g_n", F.when(col("@g_none"), col("@g_rows")).otherwise(col("@g_n")))
        side = Window.partitionBy(_IS_ROW, *every)
        total = F.sum(F.when(~col(_IS_ROW), col("@g_n"))).over(Window.partitionBy(*every))
        groups = groups.withColumns(
            {
                "@g_at": _before(F.sum("@g_n"), side.orderBy("@g_cell", "@g_part", "@g_nth")),
                "@g_total": F.coalesce(total, F.lit(0)),
                "@g_wanted": F.coalesce(
                    F.sum(F.when(col(_IS_ROW), col("@g_n"))).over(Window.partitionBy(*every)), F.lit(0)
                ),
            }
        )
        scaled = _scaled(col("@g_at") + col("@g_n")) - _scaled(col("@g_at"))
        groups = groups.withColumn("@g_n", F.when(col(_IS_ROW), col("@g_n")).otherwise(scaled))
        own = Window.partitionBy("@g_cell", _IS_ROW)
        groups = groups.withColumns(
            {
                "@g_own": F.sum("@g_n").over(own),
                "@g_all": F.sum("@g_n").over(Window.partitionBy("@g_cell")),
                "@g_before": _before(F.sum("@g_n"), own.orderBy(self._era(col("@g_part")), "@g_nth", "@g_part")),
            }
        )
        groups = groups.withColumn("@g_other", col("@g_all") - col("@g_own"))
        start, end = col("@g_before"), col("@g_before") + col("@g_n")
        left = end - self._met(end) - (start - self._met(start))
        # In a common order what is left over keeps to it; else to that of the cells, which says what is alike.
        order = ["@g_cell"] if self.place is None else ["@g_part", "@g_cell"]
        spare = _before(F.sum(left), Window.partitionBy(_IS_ROW).orderBy(*order, "@g_before"))
        return groups.withColumn("@g_spare", spare - (start - self._met(start)))

    def _of_rows(self, rows: DataFrame, groups: DataFrame) -> DataFrame:
        """The rows, each with the cell in which it meets another, or none if it is left over, and its number there."""
        groups = groups.where(col(_IS_ROW)).select("@g_cell", "@g_part", "@g_nth", *_GROUP)
        same = (
            self._cell.eqNullSafe(col("@g_cell")) & (self._nth == col("@g_nth")) & (col("@at_part") == col("@g_part"))
        )
        order = Window.partitionBy(self._cell, self._nth, "@at_part").orderBy("@at_order", ID)
        rows = rows.join(groups, same, "left").withColumn("@at_rank", F.row_number().over(order) - 1)
        cell, rank = self._at(col("@g_before") + col("@at_rank"))
        rows = rows.withColumns({"@at_cell": cell, "@at_rank": rank})
        return rows.drop("@at_part", "@at_order", "@g_cell", "@g_part", "@g_nth", *_GROUP)

    def _of_places(self, places: DataFrame, groups: DataFrame) -> DataFrame:
        """The key of a row for each place that it has, with the cell and the number as `_of_rows` has them."""
        more = ("@g_at", "@g_none", "@g_total", "@g_wanted")
        groups = groups.where(~col(_IS_ROW)).select("@g_cell", "@g_part", *_GROUP, *more)
        slots = places.join(groups, (col("@s_cell") == col("@g_cell")) & (col("@s_part") == col("@g_part")), "inner")
        n = F.when(col("@g_none"), F.lit(1)).otherwise(col("@s_n"))
        order = Window.partitionBy("@s_cell", "@s_part").orderBy("@s_order", "@s_number")
        slots = slots.withColumns({"@s_n": n, "@s_at": col("@g_at") + _before(F.sum(n), order)})
        first, last = _scaled(col("@s_at")), _scaled(col("@s_at") + col("@s_n"))
        start = col("@g_before") - _scaled(col("@g_at"))
        slots = slots.where(last > first).select(
            *map(quote, self._keys),
            "@g_cell",
            *_GROUP,
            F.explode(F.sequence(start + first, start + last - 1)).alias("@s_rank"),
        )
        cell, rank = self._at(col("@s_rank"))
        return slots.select(*map(quote, self._keys), cell.alias("@of_cell"), rank.alias("@of_rank"))

    def _at(self, rank: Expression) -> tuple[Expression, Expression]:
        """In which cell what has a rank on its side of it meets another, none if it is left over; its number there."""
        met = self._met(rank)
        spare = self._met(rank + 1) == met
        cell = F.when(spare, F.lit(_NO_CELL)).otherwise(col("@g_cell"))
        return cell, F.when(spare, col("@g_spare") + rank - met).otherwise(met)

    def _met(self, many: Expression) -> Expression:
        """How many of the first so many on one side of a cell meet one on the other."""
        own, other = F.greatest("@g_own", F.lit(1)), col("@g_other")
        if self.place is None:
            return F.least(many, other)
        whole = many * other
        return F.when(own > other, F.round((whole - whole % own) / own).cast("bigint")).otherwise(many)

    @property
    def _is_tree(self) -> bool:
        """Whether rows refer to rows of their own table; then a cell is a level, and only rows one level up will do."""
        return self.reference.link.parent == self.name

    @property
    def _own_cell(self) -> Expression:
        """The cell of a row that is referred to: in a tree, its level."""
        if not self._is_tree:
            return col(CELL)
        above = col(self.reference.cell)
        level = F.coalesce(above.cast("int") + 1, F.lit(0))
        return F.lpad(level.cast("string"), len(cell_label(0)), "0")

    @property
    def _keys(self) -> list[str]:
        return [slot_key(i) for i in range(len(self.reference.link.columns))]


def _before(total: Expression, order: WindowSpec) -> Expression:
    """What comes before a row."""
    return F.coalesce(total.over(order.rowsBetween(Window.unboundedPreceding, -1)), F.lit(0))


def _scaled(place: Expression) -> Expression:
    """A place among all that are offered, scaled to as many as are wanted."""
    return F.floor(place * col("@g_wanted") / F.greatest("@g_total", F.lit(1))).cast("bigint")


def counted_once(groups: GroupedData, *aggregates: Expression) -> DataFrame:
    """Groups of rows with aggregates, which read whole rows.

    So what goes into them is what goes on beside them, column by column, and Spark draws it once for both: it reuses an
    exchange of the same plan (``spark.sql.exchange.reuse``).
    """
    whole = F.bit_xor(F.xxhash64("*")).alias("@whole")
    return groups.agg(*aggregates, whole).where(col("@whole").isNotNull()).drop("@whole")
