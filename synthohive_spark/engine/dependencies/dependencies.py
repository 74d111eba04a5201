"""Everything that holds in all rows of a table: found once, kept exactly in every row that is drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.code_links import Function, NullInclusion
from synthohive_spark.engine.columns import Column, source_of
from synthohive_spark.engine.dependencies import functional, null_inclusion
from synthohive_spark.engine.dependencies.combinations import Combinations
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.dependencies.equal import EqualColumns
from synthohive_spark.engine.dependencies.exclusion import Different
from synthohive_spark.engine.dependencies.flags import FlagSet
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from synthohive_spark.engine.dependencies.relations import Relations
from synthohive_spark.engine.dependencies.rewriting import Joint, Rewritten, joint_columns, replaced, split, virtual
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from synthohive_spark.engine.dependencies.template import TemplateColumn, Templates
from synthohive_spark.engine.dependencies.typed import JsonColumn, Written, written_from_json
from synthohive_spark.engine.encoded_table import Layout
from synthohive_spark.engine.temporal.calendar_parts import Calendar

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dependencies:
    """What holds in all rows of a table.

    Most are in values: no engine sees them, they are taken out by `split` and put back by `restore`. What entities
    decide is drawn by itself, see `synthohive_spark.engine.sampling.entities`. Functional dependencies and null
    inclusions are in codes: an engine finds them in its `Layout` and keeps to them while it draws.

    Attributes:
        templates: Strings that are put together from other columns.
        written: Strings and integers that are numbers, times, addresses or JSON, or of several pieces; JSON first,
            since its leaves are columns like others.
        combinations: Columns of which only known combinations come out.
        flags: Sets of flags of which at most one is set.
        orders: Columns that lie on one side of others.
        calendar: Dates and timestamps that are cut into parts.
        relations: Columns that are computed from others.
        entities: Columns that decide others, of too many values for a table of codes.
        functional: Columns that are a function of another one, or of two.
        null_inclusions: Columns that are null only where another one is.
        blocks: Names of the encoded columns, to which the positions of these two refer.
        different: Columns that never hold the same value.
        equal: Columns that often equal others.
    """

    templates: Templates = field(default_factory=Templates)
    written: tuple[Written, ...] = ()
    combinations: tuple[Combinations, ...] = ()
    flags: tuple[FlagSet, ...] = ()
    orders: Orders = field(default_factory=Orders)
    calendar: Calendar = field(default_factory=Calendar)
    relations: Relations = field(default_factory=Relations)
    entities: tuple[Entity, ...] = ()
    functional: tuple[Function, ...] = ()
    null_inclusions: tuple[NullInclusion, ...] = ()
    blocks: tuple[str, ...] = ()
    different: tuple[Different, ...] = ()
    equal: tuple[EqualColumns, ...] = ()

    @property
    def rewritten(self) -> tuple[Rewritten, ...]:
        """Columns that are learned as something else."""
        return tuple(own for stage in self._stages for own in stage)

    @property
    def _stages(self) -> tuple[tuple[Rewritten, ...], ...]:
        """The same, in the order in which they are rewritten: what is written becomes values before these are read."""
        read = tuple(own for own in self.written if own not in self._opened)
        untold = (own for own in self.relations.timed if not own.learned)
        numbers: tuple[Rewritten, ...] = (*joint_columns(self.flags), *self.equal, *self.orders.columns, *untold)
        return self._opened, self.templates.columns, joint_columns(self.combinations), read, numbers

    @property
    def _opened(self) -> tuple[Written, ...]:
        """The columns of JSON, and those that begin with a time."""
        early = (own for own in self.written if isinstance(own, PiecesColumn) and own.early)
        return *(own for own in self.written if isinstance(own, JsonColumn)), *early

    def split(self, table: pa.Table) -> pa.Table:
        """The table with the parts of each column that is learned in parts, at its place.

        One whose parts only other columns tell is left out where these are not there.
        """
        for stage in self._stages:
            table = split(stage, table)
        return self.calendar.split(table)

    def split_columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns of a `split` table."""
        made = tuple(columns)
        for stage in self._stages:
            made = virtual(stage, made)
        return self.calendar.virtual(made)

    @property
    def column_of_part(self) -> dict[str, str]:
        """The column that each part of one that is learned in parts belongs to, by the part's name."""
        calendar = {part.name: own.column.name for own in self.calendar.columns for part in own.parts}
        return calendar | {part.name: source_of(part.name) for own in self.rewritten for part in own.parts}

    def known_rows(self, name: str, given: Mapping[str, pa.Array], fill: frozenset[str]) -> Mask:
        """In which rows what is given tells the parts of a column: those in which it and its sources are known."""
        sources = [source for own in self.rewritten if own.column.name == name for source in own.sources]
        masks = [~null_mask(given[column]) for column in (name, *sources) if column in fill]
        every: Mask = np.logical_and.reduce([np.ones(len(given[name]), bool), *masks])
        return every

    @property
    def in_pieces(self) -> tuple[TemplateColumn | ShapedColumn | PiecesColumn, ...]:
        """Strings of which some characters are learned, and others are told by other columns."""
        pieces = (own for own in self.written if isinstance(own, PiecesColumn) and not own.early)
        return *(own for own in self.templates.columns if own.is_open), *pieces

    @property
    def joint(self) -> frozenset[str]:
        """Columns that are learned together as one."""
        together: tuple[Joint, ...] = (*self.flags, *self.combinations)
        return frozenset(name for own in together for name in own.names)

    @property
    def computed(self) -> frozenset[str]:
        """Columns whose values others tell, in some rows at least, and those that are learned together as one."""
        equal = (column.name for own in self.equal for column in own.columns)
        return self.joint.union((own.column.name for own in self.templates.columns), self.relations.made_of, equal)

    def whole(self, names: Collection[str]) -> set[str]:
        """Those of ``names`` whose codes are of their values: neither distances nor parts, nor computed at last."""
        parts: dict[str, list[str]] = {}
        for part, column in self.column_of_part.items():
            parts.setdefault(column, []).append(part)
        ordered = (*self.orders.every, *self.orders.partial)
        otherwise = self.computed | {own.column.name for own in ordered}
        return {name for name in names if parts.get(name, [name]) == [name] and name not in otherwise}

    @property
    def _decided(self) -> frozenset[str]:
        """Columns that follow a number though another column decides them: the number suits what was drawn of them."""
        derived, computed = self.relations.derived, self.computed
        follows = {own.column: own.of.name for own in derived if not own.line and own.of.name not in computed}
        named = ((self.blocks[own.columns[0]].split("\x00")[0], self.blocks[own.dependent]) for own in self.functional)
        return frozenset(other for one, other in named if other in follows and one != follows[other])

    @property
    def first(self) -> tuple[int, ...]:
        """The encoded columns of entities and of what they decide, in this order."""
        whole = [self.column_of_part.get(block, block) for block in self.blocks]
        names = dict.fromkeys(name for own in self.entities for name in own.columns)
        return tuple(place for name in names for place, column in enumerate(whole) if column == name)

    def together(self, names: Sequence[str]) -> list[list[str]]:
        """Columns in groups, such that no dependency is between columns of two groups."""
        links = [list(columns_of(own)) for own in (*self.in_values, *self.equal)]
        links += [list(own.columns) for own in self.entities]
        whole = [self.column_of_part.get(block, block) for block in self.blocks]
        links += [[whole[place] for place in own.columns] for own in self.functional]
        links += [[whole[own.column], whole[own.within]] for own in self.null_inclusions]
        group = {name: [name] for name in names}
        for first, *others in links:
            for other in others:
                if first in group and other in group and group[first] is not group[other]:
                    group[first] += group[other]
                    group |= dict.fromkeys(group[other], group[first])
        return list({id(own): own for own in group.values()}.values())

    def restore(
        self, drawn: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fill: frozenset[str]
    ) -> dict[str, pa.Array]:
        """Drawn columns such that everything holds and what is given stays.

        The order matters. Parts become dates first, given values take their places, and distances are counted from
        these, so that relations are computed from what will be seen. Parts and distances of times come before linear
        relations and products, which may be made of each other, and these before derived columns, which may follow one
        of theirs. Strings are put together last, and JSON of these.
        Where a derived column is given, the number it follows moves to suit it, and relations of that number are
        computed again before the other derived columns follow.

        Args:
            drawn: The drawn columns by name, parts among them.
            given: Given columns by name.
            fill: Given columns of which a null is not given.
        """
        arrays, asked = self.calendar.join(dict(drawn)), given
        fixed = {n: ~null_mask(own) if n in fill else np.ones(len(own), bool) for n, own in given.items()}
        given = {**given, **self._read(given)}
        for own in self.written:
            fixed |= {part.name: fixed[own.column.name] for part in own.parts if part.name in given}
        early = {own.column.name for own in (*self.written, *self.relations.timed)}
        later = {own.column.name for stage in self._stages for own in stage} - early
        later |= {own.column.name for own in self.orders.columns}
        arrays |= {n: replaced(arrays.get(n), given[n], fixed[n]) for n in given.keys() - later}
        for combinations in self.combinations:
            arrays = combinations.join(arrays, given, fixed)
        several: tuple[FlagSet | EqualColumns, ...] = (*self.flags, *self.equal)
        for joined in several:
            arrays = joined.join(arrays, given, fixed)
        relations = self.relations
        arrays, fixed = relations.placed(self.orders, arrays, given, fixed)
        arrays = relations.in_order(self.orders, arrays, fixed)
        arrays = relations.followed(*relations.moved(arrays, fixed, self._decided))
        opened = self._opened
        leaves = {**asked, **self._read(asked, opened)}
        arrays = self._joined([own for own in self.written if own not in opened], arrays, leaves, fixed)
        return self._joined(opened, self.templates.join(arrays, leaves, fixed), asked, fixed)

    def _joined(
        self,
        written: Sequence[Written],
        arrays: Mapping[str, pa.Array],
        given: Mapping[str, pa.Array],
        fixed: Mapping[str, Mask],
    ) -> dict[str, pa.Array]:
        """The columns with those that are written in place of their parts."""
        made = dict(arrays)
        for own in written:
            first, *others = (part.name for part in own.parts)
            if first in made:
                made[first] = own.join([made[first], *(made.pop(name) for name in others)])
            if first in given:
                made[first] = replaced(made.get(first), given[first], fixed[first])
        return made

    def _read(self, given: Mapping[str, pa.Array], written: Sequence[Written] | None = None) -> dict[str, pa.Array]:
        """The values of given columns that are learned as something else, JSON before what its leaves hold."""
        read: dict[str, pa.Array] = {}
        for own in self.written if written is None else written:
            known = {**given, **read}
            if own.column.name in known:
                read |= zip((part.name for part in own.parts), own.split(known), strict=True)
        return read

    def describe(self) -> list[str]:
        """What was found, a sentence for each dependency."""
        return [
            *(own.describe().replace("\x00", " ") for own in (*self.written, *self.in_values, *self.equal)),
            *(own.describe() for own in self.calendar.columns),
            *(own.describe() for own in self.entities),
            *(functional.describe(own, self.shown) for own in self.functional),
            *(null_inclusion.describe(own, self.shown) for own in self.null_together),
        ]

    def among(self, names: Collection[str]) -> Dependencies:
        """Those that hold in values and speak of these columns alone."""

        def kept(own: Any) -> bool:
            return set(columns_of(own)) <= set(names)

        return Dependencies(
            templates=Templates(tuple(filter(kept, self.templates.columns))),
            written=tuple(own for own in self.written if own.column.name in names),
            combinations=tuple(filter(kept, self.combinations)),
            flags=tuple(filter(kept, self.flags)),
            orders=self.orders.among(kept),
            relations=self.relations.among(kept),
            different=tuple(filter(kept, self.different)),
            equal=tuple(filter(kept, self.equal)),
        )

    def linked(self, names: Collection[str], given: Collection[str] = ()) -> frozenset[str]:
        """The columns ``names``, and all whose values may change theirs.

        A column that follows a number changes that number only where it is among those ``given``.
        """
        every = frozenset(names)
        derived = self.relations.derived
        every_kind = (*self.in_values, *self.equal)
        found = [(columns_of(own),) * 2 for own in every_kind if own not in (*derived, *self.different)]
        found += [(columns_of(own), columns_of(own)[: None if own.column in given else 1]) for own in derived]
        while more := {name for own, changed in found if every.intersection(changed) for name in own} - every:
            every |= more
        return every

    def about(self, names: Collection[str], given: Collection[str] = ()) -> Dependencies:
        """All that makes the values of columns beside ``given`` ones."""
        linked = self.linked(names, given)
        calendar = Calendar(tuple(own for own in self.calendar.columns if own.column.name in linked))
        return replace(self.among(linked), calendar=calendar)

    def told(self, table: pa.Table) -> tuple[str, ...]:
        """What holds in rows, a sentence for each, such as ``end >= start in all 43,824 rows``.

        Of what was declared and does not, the sentence says how many rows break it; what was found holds in all.
        """
        texts = dict.fromkeys((own.describe() for own in self.in_values), 0)
        declared = replace(self, templates=Templates(), relations=Relations(formulas=self.relations.formulas))
        texts |= {text: int(mask.sum()) for text, mask in declared.broken_in_values(table).items()}
        texts |= {own.describe(): 0 for own in self.entities}
        # What decides, or is decided by, a part that goes by the name of its column does not tell the column.
        told = {block for block in self.blocks if "\x00" in block} | self.whole(self.blocks) | self._decided
        links = (o for o in self.functional if {self.blocks[place] for place in o.columns} <= told)
        texts |= {functional.describe(own, self.shown): 0 for own in links}
        texts |= {null_inclusion.describe(own, self.shown): 0 for own in self.null_together}
        rows = f"{table.num_rows:,} rows"
        return tuple(
            (f"{text}, as declared; {broken:,} of {rows} break it" if broken else f"{text} in all {rows}").replace(
                "\x00", " "
            )
            for text, broken in texts.items()
        ) + tuple(f"{own.describe()} in {own.count(table):,} of {rows}".replace("\x00", " ") for own in self.equal)

    def broken_in_values(self, table: pa.Table) -> dict[str, Mask]:
        """Which rows break what holds in values, by the sentence that describes it.

        Args:
            table: Rows with the learned columns that are spoken of.
        """
        wanted = {name for own in self.in_values for name in columns_of(own)}
        raw = {name: one_array(table.column(name)) for name in table.column_names if name in wanted}
        read = {**raw, **self._read(raw)}
        opened = {**raw, **self._read(raw, self._opened)}
        found = {own.describe(): own.broken(opened) for own in self.templates.columns}
        others = [own for own in self.in_values if own not in self.templates.columns]
        return found | {own.describe(): own.broken(read) for own in others}

    @property
    def in_values(self) -> tuple[Any, ...]:
        """What holds in values, in the order in which it is told."""
        rewritten = (*self.templates.columns, *self.combinations, *self.flags, *self.orders.every)
        return (*rewritten, *self.orders.partial, *self.relations.every, *self.different)

    def to_json(self) -> dict[str, Any]:
        """What is in values as plain values; what is in codes is part of the layout."""
        return {
            "templates": self.templates.to_json(),
            "written": [own.to_json() for own in self.written],
            "combinations": [own.to_json() for own in self.combinations],
            "flags": [own.to_json() for own in self.flags],
            "orders": self.orders.to_json(),
            "calendar": self.calendar.to_json(),
            "relations": self.relations.to_json(),
            "entities": [own.to_json() for own in self.entities],
            "equal": [own.to_json() for own in self.equal],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], layout: Layout) -> Dependencies:
        """The dependencies that `to_json` described, and those of the layout."""
        return cls(
            Templates.from_json(data.get("templates", [])),
            tuple(map(written_from_json, data.get("written", []))),
            tuple(Combinations.from_json(own) for own in data.get("combinations", [])),
            tuple(FlagSet.from_json(own) for own in data.get("flags", [])),
            Orders.from_json(data["orders"]),
            Calendar.from_json(data["calendar"]),
            Relations.from_json(data["relations"]),
            tuple(Entity.from_json(own) for own in data.get("entities", [])),
            layout.functional,
            layout.null_inclusions,
            tuple(block.name for block in layout.columns),
            tuple(Different((layout.columns[e.one].name, layout.columns[e.other].name)) for e in layout.exclusions),
            tuple(EqualColumns.from_json(own) for own in data["equal"]),
        )

    @property
    def null_together(self) -> list[NullInclusion]:
        """Null inclusions that tell of two columns; those of the parts of one tell nothing about it."""
        whole = [self.column_of_part.get(name, name) for name in self.blocks]
        told = null_inclusion.telling(self.null_inclusions)
        return [own for own in told if whole[own.column] != whole[own.within]]

    @property
    def shown(self) -> list[str]:
        """Names of the encoded columns for people: a part by its column and what it is of it."""
        return [name.replace("\x00", " ") for name in self.blocks]


def columns_of(own: Any) -> tuple[str, ...]:
    """The columns that something which holds in values speaks of, those of JSON for their leaves."""
    if isinstance(own, TemplateColumn | ShapedColumn | OrderedColumn):
        names: tuple[str, ...] = (own.column.name, *own.sources)
    else:
        names = own.names if isinstance(own, FlagSet | Combinations | EqualColumns) else own.columns
    return tuple(map(source_of, names))
