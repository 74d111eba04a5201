"""The rows of owner trees, as lazy plans: roots are counted, children follow from their parents.

A row's id is a function of its parent's id and its place among the siblings, so the same rows come out however they are
partitioned. Numbers from which keys are made are dense: counts are added up within blocks of roots, and blocks by one
aggregate, never over a whole table in one partition.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.families.generator import FamilyGenerator
from synthohive_spark.engine.families.names import count_name, is_ancestor_name, is_key_name, key_name, one_level_up
from synthohive_spark.engine.families.rules import BLOCK as FAMILY_BLOCK
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.sampling.cases import Cases
from synthohive_spark.relational.aggregated_rows import aggregated_rows
from synthohive_spark.relational.linked_table import LinkedTable, aggregates_of
from synthohive_spark.relational.root_choice import ChosenRoots, RootChoice
from synthohive_spark.spark.families import ID, TASK_ROWS, generate_families
from synthohive_spark.spark.generation import generate, key_values
from synthohive_spark.spark.schema import col, quote, restored, spark_type
from synthohive_spark.stages.model import SynthesizerTransformerModel

NUMBER = "@number"
"""From 0 on, a number of its own for each row of a table."""
BLOCK = "@block"
"""Which block of roots a row belongs to."""
_PLACE = "@seat_place"
_SIZE = "@seat_size"
PARENT = "@parent"
"""The id of a row's parent."""
_BLOCK_ROOTS, _BLOCKS = 4096, 1024
_MOST_TASKS = 4096
_UNOWNED = -1
_GIVEN_BLOCKS = 64
_FAR = 8
"""In units of the likely number of rows: how far away keys are that no row has."""


_Key = tuple[str, frozenset[str], bool]


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
        conditions: What rows of a root are given.
        redraw: By table, constraints that a row is drawn again for.
        given: By table, rows that are there already.
    """

    spark: SparkSession
    tables: Mapping[str, LinkedTable]
    models: Mapping[str, SynthesizerTransformerModel]
    sizes: Mapping[str, int]
    seed: int
    totals: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, Cases] = field(default_factory=dict)
    redraw: Mapping[str, Mapping[str, Constraint]] = field(default_factory=dict)
    given: Mapping[str, DataFrame] = field(default_factory=dict)
    _frames: dict[_Key, DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def chosen(self) -> dict[str, ChosenRoots]:
        """By small root, which rows of a larger pool are its rows."""
        return {name: rows for name in self.sizes if (rows := self._chosen(name)) is not None}

    def _chosen(self, name: str) -> ChosenRoots | None:
        if name in self.conditions:
            return None
        choice = RootChoice(self.tables, self.models, self.seed_of, frozenset({*self.totals, *self.redraw}))
        return choice.of(name, self.sizes[name], derive_seed(self.seed, "choice", name), self.redraw.get(name, {}))

    def rows(self, name: str, wanted: Collection[str], *, numbered: bool = True) -> DataFrame:
        """The rows of a table: id, block, parent's id, the number if ``numbered``, and what is wanted.

        Args:
            name: The table.
            wanted: Learned columns, `key_name` of the owner's key, `ancestor_name` of what ancestors hold.
            numbered: Whether rows need numbers, and unique values their final form.
        """
        table = self.tables[name]
        if self.is_there(name):
            key: _Key = name, frozenset(c for c in wanted if is_ancestor_name(c)), True
        elif table.owner is None or table.kept is not None:
            key = name, frozenset(), True
        else:
            extra = set(table.extra) >= {c for c in wanted if not is_key_name(c)}
            own = table.extra if extra else [c.name for c in table.rules.columns] if table.rules else []
            carried = [c for c in wanted if is_ancestor_name(c)]
            key = name, frozenset([*own, *carried]), numbered
        if key not in self._frames:
            self._frames[key] = self._made(*key)
        return self._frames[key]

    def aggregated(self, name: str, wanted: Collection[str], *, numbered: bool = True) -> DataFrame:
        """The same rows, of which columns that are aggregates of children hold what the drawn children come to.

        Their ids, and so all that follows from them, are the same; the children that are counted in were drawn for
        what `rows` holds.

        Args:
            name: The table.
            wanted: As for `rows`.
            numbered: As for `rows`.
        """
        rows, table = self.rows(name, wanted, numbered=numbered), self.tables[name]
        found = {child: own for child, own in aggregates_of(self.tables, name).items() if not self.is_there(child)}
        held = {c for c in wanted if not is_key_name(c) and not is_ancestor_name(c)}
        if not found or self.is_there(name) or held <= {*table.extra}:
            return rows
        model = self.models[name].table_model
        learned = model.columns if table.rules is None else table.rules.columns
        columns = [c for c in learned if c.name not in {*table.extra, *table.key_columns, *table.pk}]
        children = [
            (self.aggregated(child, [a.of for a in own if a.of is not None], numbered=False), own)
            for child, own in found.items()
        ]
        return aggregated_rows(rows, children, PARENT, columns, model.dependencies)

    def _made(self, name: str, wanted: Collection[str], numbered: bool) -> DataFrame:
        table = self.tables[name]
        if self.is_there(name):
            return self._there(name, wanted)
        if table.kept is not None:
            return self._kept(table)
        return self._roots(name) if table.owner is None else self._children(name, table, sorted(wanted), numbered)

    def root(self, name: str) -> str:
        """The table at the top of a table's owners, or the first whose rows were given."""
        owner = self.tables[name].owner
        return name if owner is None or self.is_there(name) else self.root(owner.parent)

    def block_roots(self, name: str) -> int:
        """How many roots a block of a root's table has."""
        return max(_BLOCK_ROOTS, -(-self._size(self.root(name)) // _BLOCKS))

    def unowned(self, name: str) -> int:
        """How many rows of a table have no owner."""
        table, owner = self.tables[name], self.tables[name].owner
        if owner is None or not table.unowned + table.orphans or self.is_there(self.root(name)):
            return 0
        return round((table.unowned + table.orphans) * self.likely_rows(name))

    def likely_rows(self, name: str) -> int:
        """About how many rows a table gets."""
        root = self.root(name)
        return round(self.tables[name].rows * self._size(root) / max(self.tables[root].rows, 1))

    def _size(self, root: str) -> int:
        kept = self.tables[root].kept
        if self.is_there(root):
            return self.tables[root].rows
        return self.sizes[root] if kept is None else kept.num_rows

    def _blocks(self, name: str) -> int:
        if self.is_there(self.root(name)):
            return _GIVEN_BLOCKS
        return -(-self._size(self.root(name)) // self.block_roots(name))

    def _roots(self, name: str) -> DataFrame:
        n, model = self.sizes[name], self.models[name].table_model
        if (chosen := self.chosen.get(name)) is not None:
            numbered = chosen.rows.append_column(NUMBER, pa.array(np.arange(n)))
            rows = self.spark.createDataFrame(numbered.append_column(ID, pa.array(chosen.ids)))
            columns = [restored(col(c.name).cast(spark_type(c.type)), c) for c in model.columns]
            return rows.select(ID, NUMBER, self._block(name, col(NUMBER)), *columns)
        number, cases = col("id"), self.conditions.get(name)
        seats = self.spark.range(n).select(number.alias(ID), number.alias(NUMBER), self._block(name, number))
        return generate(
            seats,
            model.generator,
            row_id=col(ID),
            passthrough=[ID, NUMBER, BLOCK],
            seed=self.seed_of(name),
            number=col(NUMBER),
            redraw=self.redraw.get(name),
            cases=None if cases is None else cases.over(n),
        )

    def _block(self, name: str, number: Expression) -> Expression:
        return F.floor(number / F.lit(self.block_roots(name))).cast("int").alias(BLOCK)

    def _there(self, name: str, wanted: Collection[str]) -> DataFrame:
        """Rows that were given, with the counts and cells that rows like them have."""
        model, table, df = self.models[name].table_model, self.tables[name], self.given[name]
        names = [c.name for c in table.columns]
        blank = [c for c in model.conditions if c.name not in names]
        known = [c.name for c in model.columns if c.name in names and c.name not in table.pk]
        beside = {c: f"@own.{c}" for c in names if c not in known}
        seats = df.select(
            *map(quote, known),
            *[col(c).alias(own) for c, own in beside.items()],
            *[F.lit(None).cast(spark_type(c.type)).alias(c.name) for c in blank],
            F.xxhash64(*map(quote, table.pk or names)).alias(ID),
        )
        drawn = generate(
            seats,
            model.generator,
            row_id=col(ID),
            passthrough=[ID, *beside.values()],
            seed=self.seed_of(name),
            given=[*known, *(c.name for c in blank)],
        )
        made = [c.name for c in model.columns if c.name not in beside]
        unknown = [c for c in wanted if c not in made]
        drawn = drawn.select(
            ID,
            *map(quote, made),
            *[col(own).alias(c) for c, own in beside.items()],
            *[col(beside[c]).alias(key_name(c)) for c in (() if table.owner is None else table.owner.columns)],
            *[F.lit(None).cast(self.type_of(name, c)).alias(c) for c in unknown],
        )
        block = F.pmod(col(ID), F.lit(_GIVEN_BLOCKS)).cast("int")
        return drawn.select("*", col(ID).alias(NUMBER), block.alias(BLOCK), F.lit(None).cast("bigint").alias(PARENT))

    def _kept(self, table: LinkedTable) -> DataFrame:
        assert table.kept is not None
        numbers = pa.array(range(table.kept.num_rows), pa.int64())
        rows = table.kept.append_column(NUMBER, numbers)
        df = self.spark.createDataFrame(rows)
        return df.select(
            col(NUMBER).alias(ID), NUMBER, F.lit(0).alias(BLOCK), *[quote(c) for c in table.kept.column_names]
        )

    def _children(self, name: str, table: LinkedTable, wanted: list[str], numbered: bool) -> DataFrame:
        owner, rules = table.owner, table.rules
        assert owner is not None
        assert rules is not None
        count, total = col(count_name(name, owner.columns)), self.totals.get(name)
        context = list(dict.fromkeys([*(c.name for c in rules.context), *(c for c in wanted if is_ancestor_name(c))]))
        keys = {
            key_name(o): self.key_source(owner.parent, t)
            for o, t in zip(owner.columns, owner.parent_columns, strict=True)
            if not self.is_late(owner.parent, t)
        }
        above = {c: one_level_up(c) for c in context} | keys
        drawn_for = name in aggregates_of(self.tables, owner.parent)
        parents = (self.rows if drawn_for else self.aggregated)(
            owner.parent,
            dict.fromkeys([*above.values(), count_name(name, owner.columns)]),
            numbered=numbered or total is not None,
        )
        carried = [*context, *keys]
        if numbered or total is not None:
            parents = self._started(name, parents, count, total)
        else:
            parents = parents.select("*", F.greatest(count, F.lit(0)).alias(_SIZE), F.lit(0).alias("@start"))
        part = F.explode(F.sequence(F.lit(0), F.floor((col(_SIZE) - 1) / FAMILY_BLOCK).cast("int"))).alias("@part")
        seats = parents.where(col(_SIZE) > 0).select(
            *[col(source).alias(own) for own, source in above.items()],
            BLOCK,
            col(ID).alias(PARENT),
            _SIZE,
            "@start",
            part,
        )
        if (tasks := -(-self.likely_rows(name) // TASK_ROWS)) > 1:
            # Few roots must not mean few tasks; a given number of partitions is not made smaller by Spark.
            seats = seats.repartition(min(tasks, _MOST_TASKS), col(PARENT), col("@part"))
        first = col("@part") * FAMILY_BLOCK
        last = F.least(first + (FAMILY_BLOCK - 1), col(_SIZE).cast("int") - 1)
        place = F.explode(F.sequence(first, last)).alias(_PLACE)
        seats = seats.select(*map(quote, carried), BLOCK, PARENT, _SIZE, "@start", place)
        number = col("@start") + col(_PLACE)
        if alone := self.unowned(name):
            seats = self._alone(name, alone, carried).unionByName(seats)
            number = F.when(col(BLOCK) == _UNOWNED, col("@start")).otherwise(number + F.lit(alone))
        kept = {c: col(c) for c in (*(c for c in context if c in wanted), *keys, BLOCK, PARENT)}
        if numbered:
            kept[NUMBER] = number.cast("bigint")
        learned = [c for c in rules.columns if c.name in wanted]
        return generate_families(
            seats,
            FamilyGenerator(self.models[name].table_model.generator, rules),
            parent=col(PARENT),
            place=col(_PLACE),
            size=col(_SIZE),
            number=number if numbered else None,
            carried=kept,
            wanted=learned,
            ranked=[r.cell for r in table.references if r.apart and r.cell in wanted],
            seed=self.seed_of(name),
            redraw=self.redraw.get(name),
        )

    def _started(self, name: str, parents: DataFrame, count: Expression, total: int | None) -> DataFrame:
        """Parents with the number of their first child, and how many they have."""
        owner = self.tables[name].owner
        assert owner is not None
        many = F.greatest(count, F.lit(0)).cast("bigint")
        before = Window.partitionBy(BLOCK).orderBy(NUMBER).rowsBetween(Window.unboundedPreceding, -1)
        start = F.coalesce(F.sum(many).over(before), F.lit(0))
        if self._blocks(name) == 1 and total is None and not self.unowned(owner.parent):
            return parents.select("*", many.alias(_SIZE), start.alias("@start"))
        rows = self.rows(owner.parent, [count_name(name, owner.columns)], numbered=False)
        sums = rows.groupBy(col(BLOCK).alias("@offset_block")).agg(F.sum(many).alias("@sum"))
        every = Window.partitionBy(F.lit(0))
        earlier = every.orderBy("@offset_block").rowsBetween(Window.unboundedPreceding, -1)
        offsets = sums.select(
            "@offset_block",
            F.coalesce(F.sum("@sum").over(earlier), F.lit(0)).alias("@offset"),
            F.sum("@sum").over(every).alias("@total"),
        )
        parents = parents.select("*", many.alias("@count"), start.alias("@within"))
        parents = parents.join(offsets, col(BLOCK) == col("@offset_block"), "left")
        start = col("@within") + col("@offset")
        if total is None:
            return parents.select("*", col("@count").alias(_SIZE), start.alias("@start"))
        # In proportion, and so that the numbers add up exactly.
        wanted = F.lit(max(total - self.unowned(name), 0))
        first, last = (
            F.floor(at * wanted / F.greatest(col("@total"), F.lit(1))).cast("bigint")
            for at in (start, start + col("@count"))
        )
        return parents.select("*", (last - first).alias(_SIZE), first.alias("@start"))

    def key_source(self, name: str, column: str) -> str:
        """The column of a table's spine that holds one of its key columns."""
        owner = None if self.is_there(name) else self.tables[name].owner
        return key_name(column) if owner is not None and column in owner.columns else column

    def is_there(self, name: str) -> bool:
        """Whether a table's rows were given."""
        return name in self.given

    def is_late(self, name: str, column: str) -> bool:
        """Whether a key column of a table is filled by a reference, and so not among its spine's."""
        table = self.tables[name]
        owned = () if table.owner is None else table.owner.columns
        return not self.is_there(name) and table.kept is None and column in table.key_columns and column not in owned

    def strange_keys(self, link: ForeignKey, number: Expression) -> dict[str, Expression]:
        """By column of a link, a key that no row of the other table has; null where keys cannot be made."""
        parent, likely = self.tables[link.parent], max(self.likely_rows(link.parent), self.tables[link.parent].rows)
        beyond = F.lit(_FAR * likely + _FAR) + F.pmod(F.xxhash64(number), F.lit(max(likely, 1)))
        made = {}
        for own, theirs in zip(link.columns, link.parent_columns, strict=True):
            model = self.models.get(link.parent)
            codec = None if model is None else model.table_model.codecs.get(theirs)
            if codec is not None and codec.unique:
                column = next(c for c in parent.columns if c.name == theirs)
                made[own] = key_values(self.spark, codec, column, beyond)
            else:
                made[own] = F.lit(None).cast(self.type_of(link.parent, theirs))
        return made

    def _alone(self, name: str, n: int, carried: Sequence[str]) -> DataFrame:
        """Seats of rows without an owner, the first of them with a key that no row has, where orphans are kept."""
        number, table = col("id"), self.tables[name]
        lost = round(n * table.orphans / (table.unowned + table.orphans))
        keys = {}
        if lost and table.owner is not None:
            strange = self.strange_keys(table.owner, number)
            keys = {key_name(c): F.when(number < F.lit(lost), key) for c, key in strange.items()}
        return self.spark.range(n).select(
            *[keys.get(c, F.lit(None).cast(self.type_of(name, c))).alias(c) for c in carried],
            F.lit(_UNOWNED).alias(BLOCK),
            F.xxhash64(F.lit(name), number).alias(PARENT),
            F.lit(1).cast("bigint").alias(_SIZE),
            number.alias("@start"),
            F.lit(0).alias(_PLACE),
        )

    def type_of(self, name: str, column: str) -> T.DataType:
        """The Spark type of what a table's rows hold or carry."""
        if is_ancestor_name(column):
            owner = self.tables[name].owner
            assert owner is not None
            return self.type_of(owner.parent, one_level_up(column))
        table, plain = self.tables[name], column.removeprefix(key_name(""))
        learned = table.rules.columns if table.rules else () if table.kept is not None else self.models[name].columns
        types = {c.name: c.type for c in (*learned, *table.columns)}
        return spark_type(types[plain]) if plain in types else T.LongType()

    def seed_of(self, name: str) -> int:
        """The seed of a table's rows."""
        return derive_seed(self.seed, "sample", name)
