"""What is learned of a table's place in its database, beside the model of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.balance import Balance
from synthohive_spark.engine.families.names import cell_name, count_name, one_level_down, same_name
from synthohive_spark.engine.families.rules import FamilyRules
from synthohive_spark.engine.families.sort_key import SortKey
from synthohive_spark.engine.integrity import Share, Whole, check_distinct, check_equal
from synthohive_spark.relational.common_ancestor import CommonAncestor


@dataclass(frozen=True)
class Reference:
    """A link along which a fitting row of another table is looked up.

    Attributes:
        link: The link.
        orphans: Share of the keys that meet no row, where these are to be kept.
        apart: Whether children of one parent are to refer to different rows.
        sorted_by: What the rows of a cell are sorted by before they are given rows; None where chance decides.
        placed_by: What the rows that are referred to are sorted by, where it goes with that; None elsewhere.
        follows: Columns of an earlier reference that few of these rows go with; rows that refer to the same row by it
            are given rows one after another.
        decided: The ancestor (1 for the owner, 2 for its owner) and its foreign key that say which row it is; no
            columns where the owner link itself says it; None where the row is looked up.
        common: The ancestor that owns the row referred to as well, often the same one; None where there is none.
    """

    link: ForeignKey
    orphans: Share = 0.0
    apart: bool = False
    sorted_by: SortKey | None = None
    placed_by: SortKey | None = None
    follows: tuple[str, ...] | None = None
    decided: tuple[Whole, tuple[str, ...]] | None = None
    common: CommonAncestor | None = None

    @property
    def cell(self) -> str:
        """The learned column that says to which cell the row belongs."""
        return cell_name(self.link.columns)

    @property
    def same(self) -> str:
        """The learned column that says whether both have the same ancestor, where they often do."""
        return same_name(self.link.columns)

    def to_json(self) -> dict[str, Any]:
        """The reference as plain values."""
        decided = None if self.decided is None else [self.decided[0], list(self.decided[1])]
        return {
            "link": vars(self.link),
            "orphans": self.orphans,
            "apart": self.apart,
            "sorted_by": None if self.sorted_by is None else self.sorted_by.to_json(),
            "placed_by": None if self.placed_by is None else self.placed_by.to_json(),
            "follows": None if self.follows is None else list(self.follows),
            "decided": decided,
            "common": None if self.common is None else vars(self.common),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reference:
        """The reference that `to_json` described."""
        decided = data["decided"]
        return cls(
            ForeignKey(**data["link"]),
            data["orphans"],
            data["apart"],
            None if data["sorted_by"] is None else SortKey.from_json(data["sorted_by"]),
            None if data["placed_by"] is None else SortKey.from_json(data["placed_by"]),
            None if data["follows"] is None else tuple(data["follows"]),
            None if decided is None else (decided[0], tuple(decided[1])),
            None if data["common"] is None else CommonAncestor(**data["common"]),
        )


@dataclass(frozen=True)
class LinkedTable:
    """A table's place in its database.

    Attributes:
        columns: What comes out, in order, keys among them.
        pk: The primary key.
        owner: The link along which rows are made; None for a root.
        references: The other links.
        rows: How many rows the real table has.
        unowned: Share of the rows without an owner.
        orphans: Share of the rows whose owner is not there, where these are to be kept.
        counted: Links of which the table's rows know how many rows refer to them: pairs of a table and its columns.
        rules: What holds in all families; None for a root.
        balance: The shares of the rows of a small table that others follow from or refer to.
        kept: The rows of a table that is taken over as it is.
        doubles: Whether rows may come out whose primary key another has, which then must be left out.
    """

    columns: tuple[Column, ...]
    pk: tuple[str, ...] = ()
    owner: ForeignKey | None = None
    references: tuple[Reference, ...] = ()
    rows: Whole = 0
    unowned: Share = 0.0
    orphans: Share = 0.0
    counted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rules: FamilyRules | None = None
    balance: Balance | None = None
    kept: pa.Table | None = field(default=None, compare=False)
    doubles: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        names = [c.name for c in self.columns]
        check_distinct(names, "columns")
        if not {*self.pk, *self.key_columns} <= set(names):
            raise ValueError("keys are of columns that are not there")
        before: set[tuple[str, ...]] = set()
        for own in self.references:
            if own.follows is not None and own.follows not in before:
                raise ValueError("a reference follows one that does not come before it")
            before.add(own.link.columns)
        if self.kept is None:
            return
        check_equal({f.name: f.type for f in self.kept.schema}, self.kept_types, "kept rows and their columns")
        check_equal(self.kept.num_rows, self.rows, "kept rows and their number")
        self.kept.validate(full=True)

    @property
    def links(self) -> tuple[ForeignKey, ...]:
        """All links."""
        return (*([] if self.owner is None else [self.owner]), *(r.link for r in self.references))

    @property
    def looked_up(self) -> tuple[ForeignKey, ...]:
        """The links whose rows must be there when rows are drawn: all but those that another path decides."""
        found = (r.link for r in self.references if r.decided is None)
        return (*([] if self.owner is None else [self.owner]), *found)

    def before(self, reference: Reference) -> tuple[Reference, ...]:
        """The references whose rows must be found first, and the reference itself."""
        earlier = [r for r in self.references if r.link.columns == reference.follows]
        return (*(r for e in earlier for r in self.before(e)), reference)

    @property
    def key_columns(self) -> frozenset[str]:
        """Columns that links fill."""
        return frozenset(c for link in self.links for c in link.columns)

    @property
    def extra(self) -> tuple[str, ...]:
        """Counts, cells, and whether ancestors are the same, among what is drawn."""
        counts = [count_name(child, columns) for child, columns in self.counted]
        cells = [r.cell for r in self.references if r.decided is None]
        return (*counts, *cells, *(r.same for r in self.references if r.common is not None))

    @property
    def kept_types(self) -> dict[str, pa.DataType]:
        """The columns of rows that are taken over, how many rows refer to each among them, with their types."""
        return {**{c.name: c.type.arrow for c in self.columns}, **dict.fromkeys(self.extra, pa.int64())}

    def to_json(self) -> dict[str, Any]:
        """What is plain of it; the rows of a kept table lie in a file of their own."""
        return {
            "columns": [c.to_json() for c in self.columns],
            "pk": list(self.pk),
            "owner": None if self.owner is None else vars(self.owner),
            "references": [r.to_json() for r in self.references],
            "rows": self.rows,
            "unowned": self.unowned,
            "orphans": self.orphans,
            "counted": [[child, list(columns)] for child, columns in self.counted],
            "rules": None if self.rules is None else self.rules.to_json(),
            "balance": None if self.balance is None else self.balance.to_json(),
            "doubles": self.doubles,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LinkedTable:
        """The table that `to_json` described, without its rows."""
        return cls(
            columns=tuple(Column.from_json(c) for c in data["columns"]),
            pk=tuple(data["pk"]),
            owner=None if data["owner"] is None else ForeignKey(**data["owner"]),
            references=tuple(Reference.from_json(r) for r in data["references"]),
            rows=data["rows"],
            unowned=data["unowned"],
            orphans=data["orphans"],
            counted=tuple((child, tuple(columns)) for child, columns in data["counted"]),
            rules=None if data["rules"] is None else FamilyRules.from_json(data["rules"]),
            balance=None if data["balance"] is None else Balance.from_json(data["balance"]),
            doubles=data["doubles"],
        )


def aggregates_of(tables: Mapping[str, LinkedTable], name: str) -> dict[str, tuple[Aggregate, ...]]:
    """By child, the columns of a table that are aggregates of its rows; a column is of one child alone."""
    found: dict[str, tuple[Aggregate, ...]] = {}
    taken: set[str] = set()
    for child, table in tables.items():
        if table.owner is None or table.owner.parent != name or table.rules is None:
            continue
        own = tuple(a for a in table.rules.aggregates if a.column.name not in taken)
        taken |= {a.column.name for a in own}
        if own:
            found[child] = own
    return found


def check_links(tables: Mapping[str, LinkedTable], learned: Mapping[str, Sequence[Column]]) -> None:
    """Check that what was read of tables speaks of tables and columns that are there.

    Args:
        tables: The tables.
        learned: Of those that have a model, the columns that it draws.

    Raises:
        ValueError: If something is not there.
    """
    for name, table in tables.items():
        for link in table.links:
            there = {c.name for c in tables[link.parent].columns} if link.parent in tables else set()
            if not set(link.parent_columns) <= there:
                raise ValueError(f"table {name!r} refers to columns of {link.parent!r} that are not there")
        _check_owners(tables, name)
        for child, columns in table.counted:
            if child not in tables or columns not in [link.columns for link in tables[child].links]:
                raise ValueError(f"table {name!r} counts rows of {child!r} that do not refer to it")
        if table.rules is not None and name in learned:
            made = {c.name for c in table.rules.columns}
            if not {c.name for c in table.columns} - table.key_columns - {*table.pk} <= made:
                raise ValueError(f"table {name!r} has columns that nothing makes")
            above = () if table.owner is None else tables[table.owner.parent].columns
            for own in table.rules.aggregates:
                if own.column not in above or own.of not in {None, *made}:
                    raise ValueError(f"table {name!r} has aggregates of columns that are not there")
        if name in learned:
            _check_columns(tables, learned, name)


def _check_columns(tables: Mapping[str, LinkedTable], learned: Mapping[str, Sequence[Column]], name: str) -> None:
    table, there = tables[name], _held(tables, learned, name)
    axes = () if table.balance is None else table.balance.axes
    if any(not {axis.column.name, axis.beside} <= {*there, ""} for axis in axes):
        raise ValueError(f"table {name!r} has shares of columns that are not there")
    for reference in table.references:
        sides = (reference.sorted_by, there), (reference.placed_by, _held(tables, learned, reference.link.parent))
        if any(key is not None and key.column not in held for key, held in sides):
            raise ValueError(f"table {name!r} sorts by columns that are not there")


def _check_owners(tables: Mapping[str, LinkedTable], name: str) -> None:
    above = [name]
    while (owner := tables[above[-1]].owner) is not None:
        if owner.parent in above:
            raise ValueError(f"table {name!r} is among its own owners")
        above.append(owner.parent)


def _held(tables: Mapping[str, LinkedTable], learned: Mapping[str, Sequence[Column]], name: str) -> set[str]:
    """The names of what the rows of a table hold, and of what those of its ancestors do."""
    rules, owner = tables[name].rules, tables[name].owner
    own = {c.name for c in (learned.get(name, ()) if rules is None else rules.columns)}
    return own if owner is None else own | {one_level_down(n) for n in _held(tables, learned, owner.parent)}
