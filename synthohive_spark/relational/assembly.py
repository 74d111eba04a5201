"""Drawn tables as they come out: their own columns, and keys that meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.engine.families.names import (
    CELL,
    ORPHAN,
    ancestor_name,
    cell_label,
    count_name,
    key_name,
    rank_name,
)
from synthohive_spark.engine.families.sort_key import SortKey
from synthohive_spark.relational.ancestor_matching import AKIN, AncestorMatching
from synthohive_spark.relational.linked_table import LinkedTable, Reference
from synthohive_spark.relational.matching import Matching, slot_key
from synthohive_spark.relational.spines import NUMBER, PARENT, Spines
from synthohive_spark.relational.training_frames import comparable_value
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.schema import col, column_type, quote, restored

_NEVER = 0x5A17
_TRIANGLE = 6**0.5
"""The sum of two uniform numbers is made to have a standard deviation of 1."""


def reference_name(column: str) -> str:
    """A foreign key's column, as a reference fills it."""
    return f"@found.{column}"


@dataclass(frozen=True)
class Assembly:
    """Puts drawn tables together.

    Attributes:
        spines: The rows of all tables.
    """

    spines: Spines

    def table(self, name: str) -> DataFrame:
        """A drawn table in the schema of the real one; lazy."""
        table = self.spines.tables[name]
        if table.kept is not None:
            rows = self.spines.rows(name, ())
            return rows.select(*[restored(col(c.name), c) for c in table.columns])
        filled = self._filled(table)
        own = [c.name for c in table.columns if c.name not in filled]
        rows = self.spines.aggregated(name, [*own, *self._needed(table)])
        rows = self._with_owner_key(table, rows)
        rows = self._with_references(name, rows, table.references)
        made = [restored(filled.get(c.name, col(c.name)), c) for c in table.columns]
        if not table.doubles:
            return rows.select(*made)
        first = Window.partitionBy(*[filled.get(c, col(c)) for c in table.pk]).orderBy(NUMBER)
        copies = rows.select(*made, F.row_number().over(first).alias("@copy"))
        return copies.where(col("@copy") == 1).drop("@copy")

    def keyed_rows(self, name: str, columns: Sequence[str], more: Sequence[str]) -> DataFrame:
        """The rows of a table with ``more``, and with its key columns under the names of `slot_key`."""
        late = [c for c in columns if self.spines.is_late(name, c)]
        sources = {c: self.spines.key_source(name, c) for c in columns if c not in late}
        rows = self.spines.rows(name, [*more, *sources.values(), *self._needed_for(name, late)])
        rows = self._with_late(name, rows, late)
        found = {c: reference_name(c) for c in late} | sources
        return rows.select("*", *[col(found[c]).alias(slot_key(i)) for i, c in enumerate(columns)])

    def _needed_for(self, name: str, late: Sequence[str]) -> list[str]:
        table = self.spines.tables[name]
        return self._needed(replace(table, references=self._filling(table, late)))

    def _filling(self, table: LinkedTable, late: Sequence[str]) -> tuple[Reference, ...]:
        """The references that fill columns of a key, and those that they follow, in order."""
        found = (r for own in table.references if set(own.link.columns) & set(late) for r in table.before(own))
        return tuple(dict.fromkeys(found))

    def _with_late(self, name: str, rows: DataFrame, late: Sequence[str]) -> DataFrame:
        """Rows with columns of their key that references fill."""
        return self._with_references(name, rows, self._filling(self.spines.tables[name], late))

    def _with_owner_key(self, table: LinkedTable, rows: DataFrame) -> DataFrame:
        """Rows with those columns of their owner's key that references of the owner fill."""
        if table.owner is None:
            return rows
        owner = table.owner
        pairs = [
            (o, t)
            for o, t in zip(owner.columns, owner.parent_columns, strict=True)
            if self.spines.is_late(owner.parent, t)
        ]
        if not pairs:
            return rows
        late = [t for _, t in pairs]
        there = self._with_late(
            owner.parent, self.spines.rows(owner.parent, self._needed_for(owner.parent, late)), late
        )
        there = there.select(col(ID).alias("@owner"), *[col(reference_name(t)).alias(key_name(o)) for o, t in pairs])
        return rows.join(there, col(PARENT) == col("@owner"), "left").drop("@owner")

    def _needed(self, table: LinkedTable) -> list[str]:
        """What a table's rows must carry so that the rows that they refer to can be looked up."""
        needed = []
        for reference in table.references:
            if reference.decided is None:
                needed += self._met_by(reference)
            elif reference.decided[0]:
                level, theirs = reference.decided
                above, _ = self._ancestor(table, level)
                needed += (
                    [ancestor_name(level, self.spines.key_source(above, c)) for c in theirs]
                    if self._carries(table, reference)
                    else [ancestor_name(level, ID)]
                )
        return needed

    def _ancestor(self, table: LinkedTable, level: int) -> tuple[str, LinkedTable]:
        name = ""
        for _ in range(level):
            assert table.owner is not None
            name = table.owner.parent
            table = self.spines.tables[name]
        return name, table

    def _carries(self, table: LinkedTable, reference: Reference) -> bool:
        """Whether the ancestor's foreign key that decides a reference is its owner's, or came with given rows."""
        assert reference.decided is not None
        name, above = self._ancestor(table, reference.decided[0])
        return self.spines.is_there(name) or (above.owner is not None and above.owner.columns == reference.decided[1])

    def _filled(self, table: LinkedTable) -> dict[str, Expression]:
        """What fills the columns of keys."""
        filled = {}
        for reference in table.references:
            for column in reference.link.columns:
                filled[column] = col(reference_name(column))
        if table.owner is not None:
            for column in table.owner.columns:
                filled[column] = col(key_name(column))
        return filled

    def _with_references(self, name: str, rows: DataFrame, references: Sequence[Reference]) -> DataFrame:
        """Rows with the keys of their references.

        What looks up a row reads what it starts from several times. So of several references each starts from the rows
        alone, and the plan grows with their number, not by a factor for each. The rows are read whole each time, so
        that Spark exchanges, and draws, them once (``spark.sql.exchange.reuse``).
        """
        table = self.spines.tables[name]
        looked_up = [r for r in references if r.decided is None and self.spines.tables[r.link.parent].kept is None]
        if len(looked_up) > 1:
            rows = rows.repartition(col(ID), col(NUMBER)).where(F.xxhash64("*") != F.lit(_NEVER))
        found = rows
        for reference in references:
            if reference not in looked_up or len(looked_up) == 1:
                found = self._with_reference(name, found, reference)
                continue
            alone = rows.select(*[col(c) for c in self._read_by(table, reference)])
            for own in table.before(reference):
                alone = self._with_reference(name, alone, own)
            keys = {c: f"@of.{c}" for c in (ID, NUMBER)}
            filled = [reference_name(c) for c in reference.link.columns]
            alone = alone.select(*[col(c).alias(own) for c, own in keys.items()], *map(quote, filled))
            same = [col(c) == col(own) for c, own in keys.items()]
            found = found.join(alone, same, "left").drop(*keys.values())
        return found

    def _read_by(self, table: LinkedTable, reference: Reference) -> list[str]:
        """The columns of a table's rows from which the row that a reference names is looked up."""
        before = table.before(reference)
        needed = self._needed(replace(table, references=before))
        ranks = [rank_name(own.cell) for own in before if own.apart and table.rules is not None]
        return list(dict.fromkeys([ID, NUMBER, *([PARENT] if table.owner is not None else []), *needed, *ranks]))

    def _with_reference(self, name: str, rows: DataFrame, reference: Reference) -> DataFrame:
        link, table = reference.link, self.spines.tables[name]
        if reference.decided == (0, ()):
            return rows.withColumns({reference_name(c): col(key_name(c)) for c in link.columns})
        if reference.decided is not None:
            return self._decided(table, rows, reference)
        parent = self.spines.tables[link.parent]
        if parent.kept is not None:
            return self._kept(rows, reference, parent)
        nth = rank_name(reference.cell) if reference.apart and table.rules is not None else None
        counted = count_name(name, link.columns)
        placed = [] if reference.placed_by is None else [reference.placed_by.column]
        there = self.keyed_rows(
            link.parent, link.parent_columns, [reference.cell if link.parent == name else CELL, counted, *placed]
        )
        if reference.common is not None:
            rows, there = self._of_ancestor(name, rows, there, reference)
        order, likely = self._order(name, reference), self.spines.likely_rows(name)
        key = reference.placed_by
        place = None if key is None else F.coalesce(self._scaled(link.parent, key), F.lit(0.5))
        matching = Matching(name, reference, nth, order, likely, place)
        found = matching.matched(rows, there)
        slots = {reference_name(c): slot_key(i) for i, c in enumerate(link.columns)}
        if reference.common is None:
            found = found.withColumnsRenamed({slot: own for own, slot in slots.items()})
        else:
            found = found.withColumns({own: F.coalesce(col(own), col(slot)) for own, slot in slots.items()})
            found = found.drop(*slots.values())
        if nth is not None:
            free = F.lit(True) if reference.common is None else col(AKIN).isNull()
            found = matching.apart(found, list(slots), free)
        found = found.drop(AKIN)
        return self._with_orphans(found, reference) if reference.orphans else found

    def _of_ancestor(
        self, name: str, rows: DataFrame, there: DataFrame, reference: Reference
    ) -> tuple[DataFrame, DataFrame]:
        """Rows with the keys of those of their ancestor's rows that they are given; they are of no cell any more."""
        assert reference.common is not None
        keys = {slot_key(i): reference_name(c) for i, c in enumerate(reference.link.columns)}
        counted, order = count_name(name, reference.link.columns), self._order(name, reference)
        matching = AncestorMatching(
            reference.cell, order, list(keys), counted, reference.common.shared, reference.apart
        )
        meets = col(reference.same) & (col(reference.cell) != F.lit(ORPHAN))
        rows, there = matching.matched(rows, there, F.when(meets, col(self._ancestor_id(reference))))
        rows = rows.withColumnsRenamed(keys)
        return rows.withColumn(reference.cell, F.when(col(AKIN).isNull(), col(reference.cell))), there

    def _ancestor_id(self, reference: Reference) -> str:
        assert reference.common is not None
        level = reference.common.level
        return PARENT if level == 1 else ancestor_name(level, ID)

    def _met_by(self, reference: Reference) -> list[str]:
        """What says which row of another table a row is given."""
        common = [] if reference.common is None else [reference.same, self._ancestor_id(reference)]
        found = [reference.cell, *([] if reference.sorted_by is None else [reference.sorted_by.column]), *common]
        return [c for c in found if c != PARENT]

    def _order(self, name: str, reference: Reference) -> Expression:
        """From 0 to 1, where a row stands among those of its cell."""
        together = [col(ID)] if reference.follows is None else [col(reference_name(c)) for c in reference.follows]
        drawn = F.xxhash64(*together, F.lit(self.spines.seed_of(name)), F.lit(reference.cell))
        chance = (F.pmod(F.shiftright(drawn, bits), F.lit(1 << 24)) / F.lit(1 << 24) for bits in (0, 24))
        first, second = chance
        key = reference.sorted_by
        if key is None:
            return first
        return F.coalesce(self._scaled(name, key) + (first + second - 1) * F.lit(key.noise * _TRIANGLE), first)

    def _scaled(self, name: str, key: SortKey) -> Expression:
        """From 0 to 1, where in its range a value lies that a table's rows are sorted by; null where there is none."""
        kind = column_type(T.StructField(key.column, self.spines.type_of(name, key.column)))
        at = (comparable_value(col(key.column), kind) - F.lit(key.least)) / F.lit(key.most - key.least)
        return F.when(at.isNotNull(), F.greatest(F.least(at, F.lit(1.0)), F.lit(0.0)))

    def _with_orphans(self, rows: DataFrame, reference: Reference) -> DataFrame:
        """Rows of which those that are to meet no row hold a key that no row has."""
        keys = self.spines.strange_keys(reference.link, col(NUMBER))
        lost = col(reference.cell) == F.lit(ORPHAN)
        return rows.withColumns(
            {reference_name(c): F.when(lost, key).otherwise(col(reference_name(c))) for c, key in keys.items()}
        )

    def _kept(self, rows: DataFrame, reference: Reference, parent: LinkedTable) -> DataFrame:
        """Rows with the key of the kept row that their cell is."""
        link = reference.link
        keys = zip(link.columns, link.parent_columns, strict=True)
        kept = self.spines.rows(link.parent, ()).select(
            F.lpad(col(NUMBER).cast("string"), len(cell_label(0)), "0").alias("@kept_cell"),
            *[col(theirs).alias(reference_name(own)) for own, theirs in keys],
        )
        return rows.join(kept, col(reference.cell) == col("@kept_cell"), "left").drop("@kept_cell")

    def _decided(self, table: LinkedTable, rows: DataFrame, reference: Reference) -> DataFrame:
        """Rows with the key that an ancestor's foreign key holds."""
        assert reference.decided is not None
        level, theirs = reference.decided
        pairs = list(zip(reference.link.columns, theirs, strict=True))
        ancestor, above = self._ancestor(table, level)
        if self._carries(table, reference):
            source = {own: ancestor_name(level, self.spines.key_source(ancestor, t)) for own, t in pairs}
            return rows.withColumns({reference_name(own): col(name) for own, name in source.items()})
        found = above.before(next(r for r in above.references if r.link.columns == theirs))
        there = self.spines.rows(ancestor, self._needed(replace(above, references=found)))
        for earlier in found:
            there = self._with_reference(ancestor, there, earlier)
        there = there.select(
            col(ID).alias("@above"), *[col(reference_name(t)).alias(reference_name(own)) for own, t in pairs]
        )
        return rows.join(there, col(ancestor_name(level, ID)) == col("@above"), "left").drop("@above")
