"""Drawn tables as they come out: their own columns, and keys that meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.names import CELL, ancestor_name, rank_name
from synthohive_spark.relational.linked_table import LinkedTable, Reference
from synthohive_spark.relational.matching import Matching, slot_key
from synthohive_spark.relational.spines import BLOCK, NUMBER, Spines, key_name
from synthohive_spark.relational.table_learning import cell_label
from synthohive_spark.spark.families import ID
from synthohive_spark.spark.schema import col, quote, restored


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
        rows = self._found(name)
        filled = self._filled(table)
        made = [restored(filled.get(c.name, col(c.name)), self._nullable(name, c)) for c in table.columns]
        df = rows.select(*made, col(NUMBER), col(ID))
        if table.doubles:
            first = Window.partitionBy(*map(quote, table.pk)).orderBy(NUMBER)
            df = df.withColumn("@copy", F.row_number().over(first)).where(col("@copy") == 1).drop("@copy")
        return df.drop(NUMBER, ID)

    def _nullable(self, name: str, column: Column) -> Column:
        """The column; one that a link fills may hold null only where the real one does."""
        return column

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

    def _found(self, name: str) -> DataFrame:
        """The rows of a table with the keys of all rows that they refer to."""
        table = self.spines.tables[name]
        rows = self.spines.rows(name)
        for reference in table.references:
            rows = self._with_reference(name, rows, reference)
        return rows

    def _with_reference(self, name: str, rows: DataFrame, reference: Reference) -> DataFrame:
        link, table = reference.link, self.spines.tables[name]
        if reference.decided == (0, ()):
            return rows.withColumns({reference_name(c): col(key_name(c)) for c in link.columns})
        if reference.decided is not None:
            return self._decided(name, rows, reference)
        parent = self.spines.tables[link.parent]
        if parent.kept is not None:
            return self._kept(rows, reference, parent)
        nth = rank_name(reference.cell) if reference.apart and table.rules is not None else None
        found = Matching(self.spines, name, reference, nth).matched(rows, self.spines.rows(name, numbered=False))
        return _renamed(found, {slot_key(i): reference_name(c) for i, c in enumerate(link.columns)})

    def _kept(self, rows: DataFrame, reference: Reference, parent: LinkedTable) -> DataFrame:
        """Rows with the key of the kept row that their cell is."""
        link = reference.link
        kept = self.spines.rows(link.parent).select(
            F.lpad(col(NUMBER).cast("string"), len(cell_label(0)), "0").alias("@kept_cell"),
            *[col(c).alias(slot_key(i)) for i, c in enumerate(link.parent_columns)],
        )
        rows = rows.join(kept, col(reference.cell) == col("@kept_cell"), "left").drop("@kept_cell")
        return _renamed(rows, {slot_key(i): reference_name(c) for i, c in enumerate(link.columns)})

    def _decided(self, name: str, rows: DataFrame, reference: Reference) -> DataFrame:
        """Rows with the key that an ancestor's foreign key holds."""
        assert reference.decided is not None
        level, theirs = reference.decided
        ancestor = name
        for _ in range(level):
            owner = self.spines.tables[ancestor].owner
            assert owner is not None
            ancestor = owner.parent
        above = self.spines.tables[ancestor]
        if above.owner is not None and theirs == above.owner.columns:
            carried = {
                reference_name(c): col(ancestor_name(level, key_name(t)))
                for c, t in zip(reference.link.columns, theirs, strict=True)
            }
            return rows.withColumns(carried)
        found = next(r for r in above.references if r.link.columns == theirs)
        there = self._with_reference(ancestor, self.spines.rows(ancestor), found)
        there = there.select(
            col(ID).alias("@above"),
            *[col(reference_name(t)).alias(slot_key(i)) for i, t in enumerate(theirs)],
        )
        at = col(ancestor_name(level, ID))
        rows = rows.join(there, at == col("@above"), "left").drop("@above")
        return _renamed(rows, {slot_key(i): reference_name(c) for i, c in enumerate(reference.link.columns)})


def _renamed(df: DataFrame, names: Mapping[str, str]) -> DataFrame:
    return df.withColumnsRenamed(dict(names))


__all__ = ["BLOCK", "CELL", "Assembly"]
