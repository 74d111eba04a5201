"""Learning one table of a database: its training rows with what other tables say about them, then its model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.dependencies import Inequality
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.aggregates_fit import find_aggregates
from synthohive_spark.engine.families.balance import LARGEST, Balance
from synthohive_spark.engine.families.cells import Cells
from synthohive_spark.engine.families.find import FamilyRows, learn_families
from synthohive_spark.engine.families.names import (
    CELL,
    ORPHAN,
    ancestor_name,
    cell_label,
    cell_name,
    count_name,
    previous_name,
    same_name,
)
from synthohive_spark.engine.families.row_orders import gap_columns
from synthohive_spark.engine.families.siblings import Siblings
from synthohive_spark.engine.families.sort_key import SortKey
from synthohive_spark.engine.families.telling import says_something
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.relational.common_ancestor import CommonAncestor
from synthohive_spark.relational.kept_tables import KeptRows
from synthohive_spark.relational.linked_table import LinkedTable, Reference
from synthohive_spark.relational.neighbours import apart, followed
from synthohive_spark.relational.training_frames import (
    COMMON,
    FAMILY,
    FEATURE,
    MET,
    OWNER,
    TrainingFrames,
    hash_name,
    order_name,
    referred_name,
)
from synthohive_spark.spark.schema import col, column_type
from synthohive_spark.spark.training_data import JoinedRows, TrainingData, canonical_order, collect_training_data
from synthohive_spark.stages.estimator import SynthesizerTransformer
from synthohive_spark.stages.model import SynthesizerTransformerModel

_CELL_ROWS = 20_000
_PARTS = 1_000_000
_WHOLE, _TEXT, _FLAG = ColumnType("bigint"), ColumnType("string"), ColumnType("boolean")


@dataclass(frozen=True)
class TableLearning:
    """What learning a table of a database needs beside the table.

    Attributes:
        frames: The prepared tables.
        privacy: What a model may keep.
        seed: Seed of the whole fit.
        decided: By table and key columns, the path that says which row a reference names.
        cells: By table, the cells of its rows.
        kept: By table that is taken over, its rows.
    """

    frames: TrainingFrames
    privacy: Privacy
    seed: int
    decided: Mapping[tuple[str, tuple[str, ...]], tuple[int, tuple[str, ...]]]
    cells: Mapping[str, Cells]
    kept: Mapping[str, KeptRows]

    def learn(
        self, name: str, config: TableDeclaration, estimator: SynthesizerTransformer
    ) -> tuple[SynthesizerTransformerModel, LinkedTable]:
        """The model of a table's rows, and the table's place in its database."""
        started, seed = time.monotonic(), derive_seed(self.seed, "table", name)
        own, plan = self.frames.tables[name], self.frames.plan.tables[name]
        df, counts, context = self.frames.rows(name)
        joined = self._joined(name, df, counts, context)
        max_rows = estimator.getOrDefault(estimator.maxTrainingRows)
        data = collect_training_data(own.frame, own.columns, max_rows=max_rows, seed=seed, joined=joined)
        rows = data.rows if data.rows.num_rows < data.statistics.rows else canonical_order(data.rows)
        rows, extra, references = self._with_cells(name, rows, counts, context, config, seed)
        declared = tuple(config.context)
        if plan.owner is None:
            columns = (*own.columns, *extra)
            family = FamilyRows(rows.select([c.name for c in columns]), columns, (), None)
        else:
            family = self._families(name, rows, extra, context, config)
            references = apart(references, rows)
        references = followed(references, rows, self.kept, self.seed)
        estimator.setParams(excludeCols=list(config.dropped), conditionCols=[*declared, *family.conditions])
        labels = [c.name for c in extra if c.type.is_string]
        rules = replace(own.rules, categorical=own.rules.categorical.union(labels, map(previous_name, labels)))
        rules = replace(rules, surrogates={n: s for n, s in rules.surrogates.items() if n in family.table.column_names})
        seen = {c.name for c in (*own.columns, *context)}
        names = frozenset(family.table.column_names)
        if family.rules is not None:
            seen |= {c.name for order in family.rules.orders.columns for c in gap_columns(order)}
            kept = [d for d in rules.declared if not isinstance(d, Inequality) or names.issuperset(d.columns)]
            rules = replace(rules, declared=tuple(kept))
        rules = replace(rules, unrelated=rules.unrelated | (names - seen), firsts=family.firsts)
        learned = TrainingData(family.table, _statistics(data.statistics, family, own.columns))
        model = estimator.learn_rows(learned, family.columns, rules, seed=seed, started=started)
        place = self._linked(name, config, data, references, family)
        return model, replace(place, balance=self._balance(name, rows, (*own.columns, *extra), context))

    def _joined(self, name: str, df: DataFrame, counts: Sequence[Column], context: Sequence[Column]) -> JoinedRows:
        own = self.frames.tables[name]
        known = {c.name for c in own.columns}
        columns = []
        for field in df.schema.fields:
            if field.name not in known:
                kind = {c.name: c for c in (*counts, *context)}.get(field.name)
                columns.append(kind or Column(field.name, column_type(field)))

        def select(share: float) -> DataFrame:
            if share == 1:
                return df
            if self.frames.plan.tables[name].owner is None:
                return df.sample(fraction=share, seed=derive_seed(self.seed, "rows", name))
            # Whole families, so that what holds among siblings is seen.
            family = F.coalesce(col(FAMILY), F.monotonically_increasing_id())
            part = F.pmod(F.xxhash64(family, F.lit(self.seed)), F.lit(_PARTS))
            return df.where(part < F.lit(int(share * _PARTS)))

        return JoinedRows(select, tuple(columns))

    def _with_cells(
        self,
        name: str,
        rows: pa.Table,
        counts: Sequence[Column],
        context: Sequence[Column],
        config: TableDeclaration,
        seed: int,
    ) -> tuple[pa.Table, tuple[Column, ...], list[Reference]]:
        """The rows with the cells of the rows that they refer to, and their own."""
        extra, references = list(counts), []
        for column in counts:
            softened = _softened(one_array(rows.column(column.name)).to_numpy(), self.privacy.extreme_rows)
            rows = rows.set_column(rows.column_names.index(column.name), column.name, pa.array(softened))
        for i, link in enumerate(self.frames.looked_up[name]):
            cells, key = self._referred(name, i, link, rows)
            there = ~null_mask(one_array(key))
            lost = there & (cells < 0)
            share = float(lost.sum() / max(there.sum(), 1)) if config.orphans == "keep" else 0.0
            labels = np.array([cell_label(c) if c >= 0 else ORPHAN for c in cells], object)
            if not share and lost.any() and (there & ~lost).any():
                rng = np.random.default_rng(derive_seed(seed, "orphans", *link.columns))
                labels[lost] = rng.choice(labels[there & ~lost], int(lost.sum()))
            column = Column(cell_name(link.columns), _TEXT)
            rows = rows.append_column(column.name, pa.array(labels, pa.string(), mask=~there))
            extra.append(column)
            sorted_by, common = (
                self._sorted_by(name, link, rows, context, cells, key),
                self._common(name, i, link, rows),
            )
            placed_by = None
            if sorted_by is not None and common is None:
                placed_by = self._placed_by(name, i, link, rows, context, sorted_by)
            references.append(Reference(link, share, False, sorted_by, placed_by, common=common and common[0]))
            if common is not None:
                flag = Column(same_name(link.columns), _FLAG)
                rows = rows.append_column(flag.name, common[1])
                extra.append(flag)
        for link in self.frames.plan.tables[name].references:
            if (name, link.columns) in self.decided:
                references.append(Reference(link, decided=self.decided[name, link.columns]))
        if name in self.cells:
            own = self._assigned(name, rows, "")
            rows = rows.append_column(CELL, pa.array([cell_label(c) for c in own], pa.string()))
            extra.append(Column(CELL, _TEXT))
        return rows, tuple(extra), references

    def _referred(
        self, name: str, i: int, link: ForeignKey, rows: pa.Table
    ) -> tuple[npt.NDArray[np.int64], pa.ChunkedArray]:
        """The cell of the row that each row refers to, -1 where it is not there; and the hash of its key."""
        key = rows.column(referred_name(i, "@key"))
        if link.parent in self.kept:
            return self.kept[link.parent].places(link.parent_columns, one_array(key)), key
        if link.parent == name:
            return np.asarray(one_array(rows.column(referred_name(i, "@level"))).fill_null(-1).to_numpy()), key
        met = ~null_mask(one_array(rows.column(referred_name(i, MET))))
        return np.where(met, self._assigned(link.parent, rows, referred_name(i, "")), -1), key

    def _common(self, name: str, i: int, link: ForeignKey, rows: pa.Table) -> tuple[CommonAncestor, pa.Array] | None:
        """The ancestor that rows have in common with those that they refer to, and where they have."""
        level, own, theirs = self.frames.common_level(name, link), referred_name(i, COMMON), referred_name(i, OWNER)
        if level is None or own not in rows.column_names:
            return None
        keys = rows.column(referred_name(i, "@key"))
        return CommonAncestor.of(level, rows.column(own), rows.column(theirs), keys)

    def _sorted_by(
        self,
        name: str,
        link: ForeignKey,
        rows: pa.Table,
        context: Sequence[Column],
        cells: npt.NDArray[np.int64],
        key: pa.ChunkedArray,
    ) -> SortKey | None:
        """What rows that refer to the same row have in common beyond its cell."""
        if link.parent in self.kept:
            return None
        keys, columns = one_array(key).fill_null(0).to_numpy(), (*self.frames.tables[name].learned, *context)
        return SortKey.fit(rows, columns, cells, keys, max(self.privacy.min_rows, 1))

    def _placed_by(
        self, name: str, i: int, link: ForeignKey, rows: pa.Table, context: Sequence[Column], key: SortKey
    ) -> SortKey | None:
        """What the rows that are referred to are sorted by, beside what those that refer to them are."""
        if link.parent == name:
            return None
        type_ = next(c.type for c in (*self.frames.tables[name].learned, *context) if c.name == key.column)
        columns = {referred_name(i, f"{FEATURE}{c.name}"): c for c in self.frames.tables[link.parent].learned}
        return SortKey.beside(key, rows, columns, type_, max(self.privacy.min_rows, 1))

    def _assigned(self, name: str, rows: pa.Table, prefix: str) -> npt.NDArray[np.int64]:
        names = [axis.name for axis in self.cells[name].axes]
        return self.cells[name].assign(pa.table([rows.column(f"{prefix}{n}") for n in names], names=names))

    def _families(
        self,
        name: str,
        rows: pa.Table,
        extra: Sequence[Column],
        context: Sequence[Column],
        config: TableDeclaration,
    ) -> FamilyRows:
        own, plan = self.frames.tables[name], self.frames.plan.tables[name]
        assert plan.owner is not None
        order = [one_array(rows.column(order_name(i))).to_numpy() for i in range(own.order)]
        owner = one_array(rows.column(FAMILY))
        siblings = Siblings.of(rows, own.learned, owner, order)
        aggregates = () if config.context else self._aggregates(name, rows, siblings)
        if plan.owner.parent in self.cells:
            label = Column(ancestor_name(1, CELL), _TEXT)
            met = ~null_mask(one_array(rows.column(ancestor_name(1, MET))))
            cells = self._assigned(plan.owner.parent, rows, ancestor_name(1, ""))
            rows = rows.append_column(label.name, pa.array([cell_label(c) for c in cells], pa.string(), mask=~met))
            context = [*context, label]
        for link in self.frames.kept_references(plan.owner.parent):
            label = Column(ancestor_name(1, cell_name(link.columns)), _TEXT)
            key = one_array(rows.column(ancestor_name(1, hash_name(link.columns))))
            places = self.kept[link.parent].places(link.parent_columns, key)
            rows = rows.append_column(label.name, pa.array(map(cell_label, places), pa.string(), mask=places < 0))
            context = [*context, label]
        return learn_families(
            rows,
            own.columns,
            extra,
            context,
            siblings,
            untouched=frozenset([*own.rules.surrogates, *(t.column.name for t in own.rules.templates)]),
            unread=self.frames.texts(name),
            privacy=self.privacy,
            declared=own.rules.declared,
            unrelated=own.rules.unrelated,
            aggregates=aggregates,
            held_by=self.frames.held_by(name),
        )

    def _aggregates(self, name: str, rows: pa.Table, siblings: Siblings) -> tuple[Aggregate, ...]:
        """The columns of a table's owner that are aggregates of its rows, in families and where there are no rows."""
        plan = self.frames.plan.tables
        owner = plan[name].owner
        assert owner is not None
        if plan[owner.parent].kept:
            return ()
        parents, children = self.frames.tables[owner.parent], self.frames.tables[name]
        above, own = (
            [c for c in table.learned if c.name not in table.rules.unrelated] for table in (parents, children)
        )
        found = find_aggregates(rows, own, above, siblings)
        if not found:
            return ()
        empty = self.frames.childless(name, [own.column for own in found])
        return tuple(replace(own, empty=empty[own.column.name]) for own in found if own.column.name in empty)

    def _linked(
        self,
        name: str,
        config: TableDeclaration,
        data: TrainingData,
        references: Sequence[Reference],
        family: FamilyRows,
    ) -> LinkedTable:
        plan, own = self.frames.plan.tables[name], self.frames.tables[name]
        unowned = orphans = 0.0
        if plan.owner is not None:
            there = ~null_mask(one_array(data.rows.column(FAMILY)))
            unowned = float(1 - there.mean())
            if config.orphans == "keep":
                met = ~null_mask(one_array(data.rows.column(ancestor_name(1, MET))))
                orphans = float((there & ~met).mean())
        made_unique = any(s.unique for n, s in own.rules.surrogates.items() if n in config.pk)
        alone = plan.owner is not None and set(config.pk) <= set(plan.owner.columns)
        return LinkedTable(
            columns=own.output,
            pk=config.pk,
            owner=plan.owner,
            references=tuple(references),
            rows=data.statistics.rows,
            unowned=unowned,
            orphans=orphans,
            counted=tuple((child, link.columns) for child, link in self.frames.counted(name)),
            rules=family.rules,
            doubles=bool(config.pk) and not made_unique and not alone,
        )

    def _balance(
        self, name: str, rows: pa.Table, columns: Sequence[Column], context: Sequence[Column]
    ) -> Balance | None:
        """The shares of a small table that others follow from or refer to."""
        counts = [count_name(child, link.columns) for child, link in self.frames.counted(name)]
        if not counts or rows.num_rows > LARGEST:
            return None
        made = self.frames.tables[name].rules.surrogates
        looked_at = [c for c in columns if c.name not in made and says_something(rows.column(c.name))]
        unread = self.frames.texts(name)
        above = [c for c in context if c.name not in unread and says_something(rows.column(c.name))]
        return Balance.fit(rows, looked_at, counts, max(self.privacy.min_rows, 1), above)


def fit_cells(frames: TrainingFrames, name: str, at_least: int, seed: int) -> Cells:
    """The cells of a table, from a bounded number of its rows."""
    features = frames.features(name)
    names = frames.feature_names(name)
    rows = features.select(*[col(n) for n in names])
    part = F.pmod(F.xxhash64(*[col(n) for n in names]), F.lit(1 << 62))
    table = canonical_order(rows.orderBy(part).limit(_CELL_ROWS).toArrow()).combine_chunks()
    said = [n for n in names if says_something(table.column(n))]
    counts = [n for n in frames.count_features(name) if n in said]
    return Cells.fit(table.select(said or names[:1]), counts, at_least, derive_seed(seed, "cells", name))


def _softened(counts: npt.NDArray[np.int64], rows: int) -> npt.NDArray[np.int64]:
    """Counts of which the greatest share their mean, so that none shows whose it is and their sum stays."""
    if rows < 2 or len(counts) < rows:
        return counts
    top = np.argsort(-counts, kind="stable")[:rows]
    made = counts.copy()
    made[top] = max(round(float(counts[top].mean())), int(counts[top].min()))
    return made


def _statistics(whole: TableStatistics, family: FamilyRows, own: Sequence[Column]) -> TableStatistics:
    """Statistics of all rows for the columns that are learned as they are; for others, those of the training rows."""
    scale = whole.rows / max(family.table.num_rows, 1)
    changed = set() if family.rules is None else {s.column.name for s in family.rules.steps}
    plain = {c.name for c in own} - changed - set(family.conditions)
    return TableStatistics(
        whole.rows,
        {
            c.name: whole.columns[c.name]
            if c.name in plain
            else ColumnStatistics(round(family.table.column(c.name).null_count * scale))
            for c in family.columns
        },
    )
