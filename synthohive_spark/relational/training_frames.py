"""Training rows of linked tables, as lazy plans: each row with its counts, its ancestors and the rows it refers to.

Tables meet by a hash of their keys, so that keys of any types are joined alike and none leaves Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.aggregates import DRAWN, NULL, ZERO
from synthohive_spark.engine.families.names import ancestor_name, count_name
from synthohive_spark.engine.families.numbers import is_countable
from synthohive_spark.spark.schema import col

FAMILY = "@family"
"""A hash of the owner's key; null for a row without owner."""
FEATURE = "@feature."
"""What says to which cell a row belongs, of the row itself."""
MET = "@met"
"""1 where a row is there."""
COMMON, OWNER = "@common", "@owner"
"""Of a reference, hashes of the row's ancestor that may own the row referred to, and of the one that does."""
_ANCESTOR_COLUMNS = 60
_LEVELS = 8
_WHOLE = ColumnType("bigint")


def hash_name(columns: Sequence[str]) -> str:
    """The column that holds a hash of a key."""
    return f"@hash.{','.join(columns)}"


def order_name(i: int) -> str:
    """The column that holds a part of the primary key as a number."""
    return f"@order.{i}"


def referred_name(i: int, column: str) -> str:
    """What the row holds that the i-th reference names."""
    return f"@ref{i}.{column}"


def keyed(df: DataFrame, config: TableDeclaration, keys: Sequence[Sequence[str]], order: Sequence[str]) -> DataFrame:
    """The table with a hash of each of ``keys``, null where a part is, and parts of its primary key as numbers."""
    hashes = []
    for columns in dict.fromkeys(map(tuple, keys)):
        parts = [col(c) for c in columns]
        whole = reduce(lambda a, b: a & b, [part.isNotNull() for part in parts])
        hashes.append(F.when(whole, F.xxhash64(*parts)).alias(hash_name(columns)))
    kinds = {field.name: field.dataType.typeName() for field in df.schema.fields}
    numbers = [_as_number(col(c), kinds[c]).alias(order_name(i)) for i, c in enumerate(order)]
    return df.select("*", *hashes, *numbers)


def _as_number(value: Expression, kind: str) -> Expression:
    if kind == "date":
        return F.unix_date(value).cast("bigint")
    if kind == "timestamp":
        return F.unix_micros(value)
    return (F.unix_micros(value.cast("timestamp")) if kind == "timestamp_ntz" else value).cast("bigint")


@dataclass(frozen=True)
class PreparedTable:
    """A table as it may be learned.

    Attributes:
        frame: Prepared columns, with hashes of keys.
        columns: The columns that are learned or made, in order.
        output: The columns that come out, keys among them.
        rules: Columns that are made, or not learned as their values suggest.
        order: How many parts of the primary key there are as numbers.
        texts: Columns that are made from patterns, of which children are given nothing.
    """

    frame: DataFrame
    columns: tuple[Column, ...]
    output: tuple[Column, ...]
    rules: ColumnRules
    order: int = 0
    texts: frozenset[str] = frozenset()

    @property
    def learned(self) -> list[Column]:
        """The columns whose values are looked at."""
        return [c for c in self.columns if c.name not in self.rules.surrogates]


@dataclass(frozen=True)
class TrainingFrames:
    """The prepared tables of a database, and how they meet.

    Attributes:
        plan: The roles of the tables.
        tables: The prepared tables that are learned, by name.
        looked_up: The references of each table for which rows are looked up.
    """

    plan: DatabasePlan
    tables: Mapping[str, PreparedTable]
    looked_up: Mapping[str, Sequence[ForeignKey]]

    def counted(self, name: str) -> list[tuple[str, ForeignKey]]:
        """Links whose rows are counted for each row of a table."""
        return [
            (child, link)
            for child, link in self.plan.links_to(name)
            if child in self.tables and (link == self.plan.tables[child].owner or link in self.looked_up[child])
        ]

    def is_referenced(self, name: str) -> bool:
        """Whether cells of a table are needed."""
        return self._has_cells(name) and any(
            link.parent == name and child != name for child, links in self.looked_up.items() for link in links
        )

    def _has_cells(self, name: str) -> bool:
        return name in self.tables and not self.plan.tables[name].kept

    def features(self, name: str) -> DataFrame:
        """What says to which cell each row of a table belongs, and the hashes of its keys."""
        df = self.with_counts(self.tables[name].frame, name, features=True)
        owner, hashes = self.plan.tables[name].owner, self._key_hashes(name)
        if owner is not None:
            hashes = list(dict.fromkeys([*hashes, hash_name(owner.columns)]))
        return df.select(*map(col, hashes), *self._features(name), F.lit(1).alias(MET))

    def kept_references(self, name: str) -> list[ForeignKey]:
        """The references of a table to tables that are taken over as they are."""
        return [link for link in self.looked_up[name] if self.plan.tables[link.parent].kept]

    def common_level(self, name: str, link: ForeignKey) -> int | None:
        """Which owner of a table's rows also owns those that a reference names, 1 for the nearest; None for none."""
        owner = self.plan.tables[link.parent].owner
        if owner is None or link.parent == name or not self._has_cells(link.parent):
            return None
        above = self.plan.ancestors(name)
        return above.index(owner.parent) + 1 if owner.parent in above else None

    def texts(self, name: str) -> frozenset[str]:
        """The columns of a table's ancestors that say nothing, as its children call them."""
        return frozenset(
            ancestor_name(level, column)
            for level, above in enumerate(self.plan.ancestors(name), 1)
            for column in self.tables[above].texts
        )

    def rows(self, name: str) -> tuple[DataFrame, tuple[Column, ...], tuple[Column, ...]]:
        """Training rows of a table.

        Returns:
            The rows; their counts; the columns of their ancestors.
        """
        plan, own = self.plan.tables[name], self.tables[name]
        df = self.with_counts(own.frame, name, features=self.is_referenced(name))
        counts = tuple(
            Column(count_name(child, link.columns), _WHOLE, nullable=False) for child, link in self.counted(name)
        )
        wanted = [col(c.name) for c in (*own.columns, *counts)]
        wanted += [col(order_name(i)) for i in range(own.order)]
        if self.is_referenced(name):
            wanted += self._features(name)
        context: list[Column] = []
        if plan.owner is not None:
            df, context = self._with_ancestors(df, name)
            wanted.append(col(hash_name(plan.owner.columns)).alias(FAMILY))
            wanted += [col(c.name) for c in context]
            wanted += [col(own) for own in self._holders(name) if own in df.columns]
            wanted.append(col(ancestor_name(1, MET)))
            wanted += [
                col(ancestor_name(1, hash_name(link.columns))) for link in self.kept_references(plan.owner.parent)
            ]
            if self.is_referenced(plan.owner.parent):
                wanted += [col(ancestor_name(1, f)) for f in self.feature_names(plan.owner.parent)]
        for i, link in enumerate(self.looked_up[name]):
            hashed = hash_name(link.columns)
            wanted.append(col(hashed).alias(referred_name(i, "@key")))
            if link.parent == name:
                df = self._with_levels(df, i, link)
                wanted.append(col(referred_name(i, "@level")))
            elif self._has_cells(link.parent):
                df = self._with_referred(df, i, link)
                wanted += [col(referred_name(i, f)) for f in (*self.feature_names(link.parent), MET)]
                wanted += self._common(df, name, i, link)
        return df.select(*wanted), counts, tuple(context)

    def _common(self, df: DataFrame, name: str, i: int, link: ForeignKey) -> list[Expression]:
        """Hashes of the ancestor that may be common to rows and to those that they refer to."""
        level, owner = self.common_level(name, link), self.plan.tables[link.parent].owner
        if level is None or owner is None:
            return []
        above = [name, *self.plan.ancestors(name)][level - 1]
        by = hash_name(self.plan.tables[above].owner.columns)  # type: ignore[union-attr]
        own = by if level == 1 else ancestor_name(level - 1, by)
        if own not in df.columns:
            return []  # too far above
        return [
            col(own).alias(referred_name(i, COMMON)),
            col(referred_name(i, hash_name(owner.columns))).alias(referred_name(i, OWNER)),
        ]

    def feature_names(self, name: str) -> list[str]:
        """Names of what `features` selects."""
        learned = [f"{FEATURE}{c.name}" for c in self.tables[name].learned]
        counts, means = [], []
        for child, link in self.counted(name):
            counts.append(f"{FEATURE}{count_name(child, link.columns)}")
            means += [f"{FEATURE}{n}" for n, _ in self._aggregates(child, link)]
        return [*learned, *counts, *means]

    def count_features(self, name: str) -> list[str]:
        """Those of `feature_names` that count."""
        return [f"{FEATURE}{count_name(child, link.columns)}" for child, link in self.counted(name)]

    def _features(self, name: str) -> list[Expression]:
        columns = {c.name: c.type for c in self.tables[name].learned}
        made = []
        for feature in self.feature_names(name):
            column = feature.removeprefix(FEATURE)
            value = col(column)
            made.append(
                (comparable_value(value, columns[column]) if column in columns else value.cast("double")).alias(feature)
            )
        return made

    def _aggregates(self, child: str, link: ForeignKey) -> list[tuple[str, Expression]]:
        """Means of what the rows of a child hold, by name."""
        found = []
        for c in self.tables[child].learned:
            if c.type.is_number or c.type.is_temporal:
                name = f"{count_name(child, link.columns)}.{c.name}"
                found.append((name, F.avg(comparable_value(col(c.name), c.type)).alias(name)))
        return found

    def _key_hashes(self, name: str) -> list[str]:
        return list(dict.fromkeys(hash_name(link.parent_columns) for _, link in self.plan.links_to(name)))

    def childless(self, name: str, columns: Sequence[Column]) -> dict[str, str]:
        """What columns of a table's owner hold where no row of the table follows: all null, all zero, or others.

        Returns:
            By column ``null`` or ``zero``, and ``drawn`` where every row of the owner has such rows; not those of which
            neither can be said.
        """
        owner = self.plan.tables[name].owner
        assert owner is not None
        counted = col(count_name(name, owner.columns))
        rows = self.with_counts(self.tables[owner.parent].frame, owner.parent).where(counted == 0)
        values = [F.array(F.count(col(c.name)), F.count_if(_is_zero(c))) for c in columns]
        row = rows.agg(F.count(F.lit(1)).alias("rows"), F.array(*values).alias("values")).first()
        assert row is not None
        found = {}
        for column, (known, zeros) in zip(columns, row["values"], strict=True):
            if not row["rows"]:
                found[column.name] = DRAWN
            elif known in (0, row["rows"]) and known == zeros:
                found[column.name] = ZERO if known else NULL
        return found

    def with_counts(self, df: DataFrame, name: str, *, features: bool = False) -> DataFrame:
        """Rows of a table with how many rows refer to each, and with means of what these hold."""
        for child, link in self.counted(name):
            own, key = hash_name(link.columns), f"@joined.{child}.{','.join(link.columns)}"
            counted = count_name(child, link.columns)
            aggregates = [F.count(F.lit(1)).alias(counted)]
            if features:
                aggregates += [expression for _, expression in self._aggregates(child, link)]
            rows = self.tables[child].frame.where(col(own).isNotNull())
            group = rows.groupBy(col(own).alias(key)).agg(*aggregates)
            df = df.join(group, col(hash_name(link.parent_columns)) == col(key), "left")
            df = df.withColumn(counted, F.coalesce(col(counted), F.lit(0))).drop(key)
        return df

    def _with_ancestors(self, df: DataFrame, name: str) -> tuple[DataFrame, list[Column]]:
        """The rows with their owner's columns, the owner's owner's, and so on, the nearest first."""
        context: list[Column] = []
        link, level = self.plan.tables[name].owner, 1
        while link is not None and (level == 1 or len(context) < _ANCESTOR_COLUMNS):
            parent = link.parent
            own = self.tables[parent]
            up = self.with_counts(own.frame, parent, features=level == 1 and self.is_referenced(parent))
            names = [c.name for c in own.learned]
            counts = [count_name(child, by.columns) for child, by in self.counted(parent)] if level == 1 else []
            context += [Column(ancestor_name(level, c.name), c.type) for c in own.learned]
            context += [Column(ancestor_name(level, c), _WHOLE) for c in counts]
            owner = self.plan.tables[parent].owner
            hashes = [hash_name(link.parent_columns), *([] if owner is None else [hash_name(owner.columns)])]
            selected = [col(c).alias(ancestor_name(level, c)) for c in dict.fromkeys([*names, *counts, *hashes])]
            if level == 1:
                hashed = (hash_name(link.columns) for link in self.kept_references(parent))
                selected += [col(c).alias(ancestor_name(1, c)) for c in hashed if c not in hashes]
                selected.append(F.lit(1).alias(ancestor_name(1, MET)))
            if level == 1 and self.is_referenced(parent):
                selected += [
                    f.alias(ancestor_name(1, n))
                    for f, n in zip(self._features(parent), self.feature_names(parent), strict=True)
                ]
            here = hash_name(link.columns) if level == 1 else ancestor_name(level - 1, hash_name(link.columns))
            there = ancestor_name(level, hash_name(link.parent_columns))
            df = df.join(up.select(*selected), col(here) == col(there), "left")
            if level > 1:
                df = df.withColumn(ancestor_name(level, FAMILY), col(here))
            link, level = owner, level + 1
        return df, context

    def _holders(self, name: str) -> list[str]:
        """The columns that say which row of each ancestor beyond the owner a row has."""
        return [ancestor_name(level, FAMILY) for level in range(2, len(self.plan.ancestors(name)) + 1)]

    def held_by(self, name: str) -> dict[str, str]:
        """For each column of a table's ancestors, as its rows call it, the column that says which row holds it.

        Rows that are taken over as they are will be the same ones when drawing, and are left out.
        """
        found: dict[str, str] = {}
        for level, above in enumerate(self.plan.ancestors(name), 1):
            if not self.plan.tables[above].kept:
                holder = FAMILY if level == 1 else ancestor_name(level, FAMILY)
                held = [
                    *(c.name for c in self.tables[above].learned),
                    *(count_name(c, k.columns) for c, k in self.counted(above)),
                ]
                found |= {ancestor_name(level, column): holder for column in held}
        return found

    def _with_referred(self, df: DataFrame, i: int, link: ForeignKey) -> DataFrame:
        features = self.features(link.parent)
        key, owner = hash_name(link.parent_columns), self.plan.tables[link.parent].owner
        names = [*self.feature_names(link.parent), MET, key]
        if owner is not None and hash_name(owner.columns) != key:
            names.append(hash_name(owner.columns))
        there = features.select(*[col(n).alias(referred_name(i, n)) for n in names])
        return df.join(there, col(hash_name(link.columns)) == col(referred_name(i, key)), "left")

    def _with_levels(self, df: DataFrame, i: int, link: ForeignKey) -> DataFrame:
        """The rows of a tree with how many levels lie above the row that each refers to, at most so many."""
        up, down = hash_name(link.parent_columns), hash_name(link.columns)
        pairs = self.tables[link.parent].frame.select(col(up).alias("@tree.key"), col(down).alias("@tree.up"))
        at, level = col(down), F.lit(-1)
        for step in range(_LEVELS):
            key, above = f"@tree{step}.key", f"@tree{step}.up"
            there = pairs.select(col("@tree.key").alias(key), col("@tree.up").alias(above))
            df = df.join(there, at == col(key), "left")
            level = level + col(key).isNotNull().cast("int")
            at = col(above)
        found = F.when(level >= 0, level.cast("bigint"))
        return df.withColumn(referred_name(i, "@level"), found)


def _is_zero(column: Column) -> Expression:
    return col(column.name) == 0 if column.type.is_number else F.lit(False)


def comparable_value(value: Expression, type_: ColumnType) -> Expression:
    """A value as a number where it has an order, else as a string."""
    if type_.name == "date":
        return F.unix_date(value).cast("double")
    if type_.is_temporal:
        return F.unix_micros(value.cast("timestamp")).cast("double")
    return value.cast("double" if type_.is_number or is_countable(type_) else "string")
