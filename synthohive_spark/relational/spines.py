"""The rows of owner trees, as lazy plans: roots are counted, children follow from their parents.

A row's id is a function of its parent's id and its place among the siblings, so the same rows come out however they are
partitioned. Numbers from which keys are made are dense: counts are added up within blocks of roots, and blocks by one
aggregate, never over a whole table in one partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.balance import LARGEST
from synthohive_spark.engine.families.generator import FamilyGenerator
from synthohive_spark.engine.families.names import ancestor_name, count_name
from synthohive_spark.engine.families.rules import BLOCK as FAMILY_BLOCK
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.sampling.constraints import sample_valid
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.table.conditions import Conditions
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.spark.conditions import condition_values
from synthohive_spark.spark.families import ID, generate_families
from synthohive_spark.spark.generation import generate
from synthohive_spark.spark.schema import col, quote, spark_type
from synthohive_spark.stages.model import SynthesizerTransformerModel

NUMBER = "@number"
"""From 0 on, a number of its own for each row of a table."""
BLOCK = "@block"
"""Which block of roots a row belongs to."""
PLACE = "@seat_place"
SIZE = "@seat_size"
PARENT = "@parent"
"""The id of a row's parent."""
_BLOCK_ROOTS, _BLOCKS = 4096, 1024
_UNOWNED = -1


def key_name(column: str) -> str:
    """A foreign key's column, as the owner link fills it."""
    return f"@key.{column}"


@dataclass(frozen=True)
class Spines:
    """The rows of a draw, table by table, before references are looked up.

    Attributes:
        spark: The session.
        tables: The tables' places in the database.
        models: The models of their rows.
        sizes: How many rows of each root.
        seed: Fixes the rows.
        totals: Exact numbers of rows that children are to have.
        conditions: Values that are the same in all rows of a root.
        redraw: By table, constraints that a row is drawn again for.
    """

    spark: SparkSession
    tables: Mapping[str, LinkedTable]
    models: Mapping[str, SynthesizerTransformerModel]
    sizes: Mapping[str, int]
    seed: int
    totals: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, Conditions] = field(default_factory=dict)
    redraw: Mapping[str, Mapping[str, Constraint]] = field(default_factory=dict)

    @cached_property
    def chosen(self) -> dict[str, npt.NDArray[np.int64]]:
        """By small root, which rows of a larger pool are its rows."""
        return {name: rows for name in self.sizes if (rows := self._chosen(name)) is not None}

    def _chosen(self, name: str) -> npt.NDArray[np.int64] | None:
        balance, n = self.tables[name].balance, self.sizes[name]
        if balance is None or not 0 < n <= LARGEST or name in self.conditions:
            return None
        model, ids = self.models[name].table_model, np.arange(balance.pool(n))
        pool = sample_valid(model.generator, Draw(ids, self.seed_of(name)), self.redraw.get(name, {}))
        return balance.choose(pool, n, derive_seed(self.seed, "choice", name))

    def rows(self, name: str, *, numbered: bool = True) -> DataFrame:
        """The rows of a table: id, block, learned columns, ancestors' columns, owner's key; number if ``numbered``."""
        table = self.tables[name]
        if table.kept is not None:
            return self._kept(table)
        return self._roots(name) if table.owner is None else self._children(name, table, numbered)

    def root(self, name: str) -> str:
        """The table at the top of a table's owners."""
        owner = self.tables[name].owner
        return name if owner is None else self.root(owner.parent)

    def block_roots(self, name: str) -> int:
        """How many roots a block of a root's table has."""
        return max(_BLOCK_ROOTS, -(-self._size(self.root(name)) // _BLOCKS))

    def unowned(self, name: str) -> int:
        """How many rows of a table have no owner."""
        table, owner = self.tables[name], self.tables[name].owner
        if owner is None or not table.unowned + table.orphans:
            return 0
        root = self.root(name)
        scale = self._size(root) / max(self.tables[root].rows, 1)
        return round((table.unowned + table.orphans) * table.rows * scale)

    def _size(self, root: str) -> int:
        kept = self.tables[root].kept
        return self.sizes[root] if kept is None else kept.num_rows

    def _blocks(self, name: str) -> int:
        return -(-self._size(self.root(name)) // self.block_roots(name))

    def _roots(self, name: str) -> DataFrame:
        n, model = self.sizes[name], self.models[name].table_model
        given = self.conditions.get(name, Conditions())
        number = col("id")
        block = F.floor(number / F.lit(self.block_roots(name))).cast("int")
        seats = self.spark.range(n).select(
            number.alias(ID), number.alias(NUMBER), block.alias(BLOCK), *condition_values(given, number, n)
        )
        return generate(
            seats,
            model.generator,
            row_id=col(ID),
            chosen=self.chosen.get(name),
            passthrough=[ID, NUMBER, BLOCK],
            seed=self.seed_of(name),
            number=col(NUMBER),
            given=given.names,
            redraw=self.redraw.get(name),
        )

    def _kept(self, table: LinkedTable) -> DataFrame:
        assert table.kept is not None
        numbers = pa.array(range(table.kept.num_rows), pa.int64())
        rows = table.kept.append_column(NUMBER, numbers)
        df = self.spark.createDataFrame(rows)
        return df.select(
            col(NUMBER).alias(ID), NUMBER, F.lit(0).alias(BLOCK), *[quote(c) for c in table.kept.column_names]
        )

    def _children(self, name: str, table: LinkedTable, numbered: bool) -> DataFrame:
        owner, rules = table.owner, table.rules
        assert owner is not None
        assert rules is not None
        count = col(count_name(name, owner.columns))
        total = self.totals.get(name)
        parents = self.rows(owner.parent, numbered=numbered or total is not None)
        if numbered or total is not None:
            parents = self._started(name, parents, count, total)
        else:
            parents = parents.withColumn(SIZE, F.greatest(count, F.lit(0))).withColumn("@start", F.lit(0))
        context = self._ancestor_columns(name)
        place = col(PLACE)
        kept = [*context, *map(key_name, owner.columns), BLOCK, PARENT, SIZE, "@start"]
        seats = parents.where(col(SIZE) > 0).select(
            *self._carried(name, context),
            BLOCK,
            col(ID).alias(PARENT),
            SIZE,
            "@start",
            F.explode(F.sequence(F.lit(0), ((col(SIZE) - 1) / FAMILY_BLOCK).cast("int"))).alias("@part"),
        )
        first = col("@part") * FAMILY_BLOCK
        last = F.least(first + (FAMILY_BLOCK - 1), col(SIZE).cast("int") - 1)
        seats = seats.select(*map(quote, kept), F.explode(F.sequence(first, last)).alias(PLACE))
        alone = self.unowned(name)
        if alone:
            seats = self._alone(name, table, alone, context).unionByName(seats)
        number = col("@start") + place + F.lit(alone)
        if alone:
            number = F.when(col(BLOCK) == _UNOWNED, col("@start")).otherwise(number)
        carried = {c: col(c) for c in (*context, *map(key_name, owner.columns), BLOCK, PARENT)}
        if numbered:
            carried[NUMBER] = number.cast("bigint")
        return generate_families(
            seats,
            FamilyGenerator(self.models[name].table_model.generator, rules),
            parent=col(PARENT),
            place=place,
            size=col(SIZE),
            number=number if numbered else None,
            carried=carried,
            wanted=rules.columns,
            ranked=[r.cell for r in table.references if r.apart],
            seed=self.seed_of(name),
            redraw=self.redraw.get(name),
        )

    def _started(self, name: str, parents: DataFrame, count: Expression, total: int | None) -> DataFrame:
        """Parents with the number of their first child, and how many they have."""
        parents = parents.withColumn("@count", F.greatest(count, F.lit(0)).cast("bigint"))
        before = Window.partitionBy(BLOCK).orderBy(NUMBER).rowsBetween(Window.unboundedPreceding, -1)
        parents = parents.withColumn("@start", F.coalesce(F.sum("@count").over(before), F.lit(0)))
        owner = self.tables[name].owner
        assert owner is not None
        if self._blocks(name) > 1 or total is not None or self.unowned(owner.parent):
            rows = self.rows(owner.parent, numbered=False)
            sums = rows.groupBy(BLOCK).agg(F.sum(F.greatest(count, F.lit(0))).cast("bigint").alias("@sum"))
            earlier = Window.partitionBy(F.lit(0)).orderBy(BLOCK).rowsBetween(Window.unboundedPreceding, -1)
            every = Window.partitionBy(F.lit(0))
            offsets = sums.select(
                col(BLOCK).alias("@offset_block"),
                F.coalesce(F.sum("@sum").over(earlier), F.lit(0)).alias("@offset"),
                F.sum("@sum").over(every).alias("@total"),
            )
            parents = parents.join(offsets, col(BLOCK) == col("@offset_block"), "left").drop("@offset_block")
            parents = parents.withColumn("@start", col("@start") + col("@offset"))
        size = col("@count")
        if total is not None:
            # In proportion, and so that the numbers add up exactly.
            scaled = [
                F.floor(at * F.lit(total - self.unowned(name)) / F.greatest(col("@total"), F.lit(1)))
                for at in (col("@start"), col("@start") + size)
            ]
            return parents.withColumn(SIZE, scaled[1] - scaled[0]).withColumn("@start", scaled[0])
        return parents.withColumn(SIZE, size)

    def _ancestor_columns(self, name: str) -> list[str]:
        """Names of what a row of a table carries of its ancestors."""
        found, level, at = [], 1, name
        while (owner := self.tables[at].owner) is not None:
            found += [ancestor_name(level, c) for c in self._own_columns(owner.parent)]
            at, level = owner.parent, level + 1
        return found

    def _own_columns(self, name: str) -> list[str]:
        """Names of what the rows of a table have of their own: learned columns, keys of their owner, id."""
        table = self.tables[name]
        if table.kept is not None:
            return [*table.kept.column_names, ID]
        learned = [c.name for c in (self.models[name].columns if table.rules is None else table.rules.columns)]
        owner = [] if table.owner is None else [key_name(c) for c in table.owner.columns]
        return [*learned, *owner, ID]

    def _carried(self, name: str, context: Sequence[str]) -> list[Expression]:
        owner = self.tables[name].owner
        assert owner is not None
        made = []
        for column in context:
            level, inner = column.removeprefix("@up").split(".", 1)
            there = inner if level == "1" else ancestor_name(int(level) - 1, inner)
            made.append(col(there).alias(column))
        for own, theirs in zip(owner.columns, owner.parent_columns, strict=True):
            made.append(col(self.key_source(owner.parent, theirs)).alias(key_name(own)))
        return made

    def key_source(self, name: str, column: str) -> str:
        """The column of a table's spine that holds one of its key columns."""
        owner = self.tables[name].owner
        return key_name(column) if owner is not None and column in owner.columns else column

    def _alone(self, name: str, table: LinkedTable, n: int, context: Sequence[str]) -> DataFrame:
        """Seats of rows without an owner."""
        owner = table.owner
        assert owner is not None
        types = self.types(name)
        number = col("id")
        return self.spark.range(n).select(
            *[F.lit(None).cast(types[c]).alias(c) for c in (*context, *map(key_name, owner.columns))],
            F.lit(_UNOWNED).alias(BLOCK),
            F.xxhash64(F.lit(name), number).alias(PARENT),
            F.lit(1).cast("bigint").alias(SIZE),
            number.alias("@start"),
            F.lit(0).alias(PLACE),
        )

    def types(self, name: str) -> dict[str, T.DataType]:
        """Spark types of what a table's rows carry."""
        found: dict[str, T.DataType] = {}
        level, at = 1, name
        own = {c.name: spark_type(c.type) for c in self.tables[name].columns}
        if (owner := self.tables[name].owner) is not None:
            found.update({key_name(c): own[c] for c in owner.columns})
        while (owner := self.tables[at].owner) is not None:
            parent = self.tables[owner.parent]
            learned = (
                [Column(c, ColumnType("bigint")) for c in self._own_columns(owner.parent) if c.startswith("@")]
                if parent.kept is not None
                else list(self.models[owner.parent].columns if parent.rules is None else parent.rules.columns)
            )
            found[ancestor_name(level, ID)] = T.LongType()
            for column in (*learned, *parent.columns):
                found[ancestor_name(level, column.name)] = spark_type(column.type)
                found[ancestor_name(level, key_name(column.name))] = spark_type(column.type)
            at, level = owner.parent, level + 1
        return found

    def seed_of(self, name: str) -> int:
        """The seed of a table's rows."""
        return derive_seed(self.seed, "sample", name)
