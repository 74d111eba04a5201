"""How a database will be made: which rows follow from which, and which only refer to one another.

Every table has at most one owner link, along which its rows are made: a parent's row is there, its children follow.
Owner links form a forest; all other links are references. So any graph of tables can be made, circles and links of a
table to itself among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.owners import Candidate, choose_owners
from synthohive_spark.declarations.table import TableDeclaration, label
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class TablePlan:
    """The role of a table.

    Attributes:
        name: The table.
        owner: The link along which its rows are made; None for a root.
        references: Its other links to tables of the plan.
        unlinked: Its links to tables that are not there, whose values are made.
        kept: Whether the table is taken over as it is.
    """

    name: str
    owner: ForeignKey | None = None
    references: tuple[ForeignKey, ...] = ()
    unlinked: tuple[ForeignKey, ...] = ()
    kept: bool = False

    @property
    def links(self) -> tuple[ForeignKey, ...]:
        """Owner link and references."""
        return (*([] if self.owner is None else [self.owner]), *self.references)

    @property
    def role(self) -> str:
        """In one word: kept, root or child."""
        return "kept" if self.kept else "root" if self.owner is None else "child"

    def describe(self) -> str:
        """The role in words."""
        notes = ["taken over as it is" if self.kept else "root"]
        if self.owner is not None:
            notes = [f"child by {label(self.owner.columns)}"]
        notes += [f"{label(link.columns)} refers to {link.parent}" for link in self.references]
        if not self.kept:
            notes += [f"{label(link.columns)} is made: {link.parent} is not there" for link in self.unlinked]
        return "; ".join(notes)


@dataclass(frozen=True)
class DatabasePlan:
    """The roles of all tables.

    Attributes:
        tables: By name; roots first, then the tables that they own, and so on.
    """

    tables: Mapping[str, TablePlan] = field(default_factory=dict)

    @classmethod
    def of(cls, declared: Mapping[str, TableDeclaration], names: Collection[str] | None = None) -> DatabasePlan:
        """The plan of the declared tables.

        The owner link is the declared one; else the one whose columns are part of the primary key, else the one to the
        table that is farthest from its root, else the one to the table that most links lead to, else the first. A table
        that is taken over owns only tables of which that is declared, or whose key tells rows apart only together with
        the table's, and has no owner itself. Where links form a circle, one
        of its tables does without: one that loses no part of its key by it, has another owner, or is referred to by
        most, in this order, or else the first by name. A link of which a column is left out is none.

        Args:
            declared: The tables.
            names: Those that are there; all when None.

        Raises:
            SchemaError: If declared owner links form a circle, or lead from a table to itself; all are listed.
        """
        there = {name: declared[name] for name in declared if names is None or name in names}
        links_to = Counter(link.parent for own in declared.values() for link in own.fk)
        candidates = {name: _candidates(own, there, links_to) for name, own in there.items()}
        declared_owner = {name for name, own in there.items() if own.owner and candidates[name]}
        problems = [
            f"table {name!r} cannot be owned by itself: name another link in owner, or none"
            for name in sorted(declared_owner)
            if all(own.link.parent == name for own in candidates[name])
        ]
        if problems:
            raise SchemaError("; ".join(problems), problems)
        without_self = {name: [c for c in own if c.link.parent != name] for name, own in candidates.items()}
        chosen = choose_owners(without_self, declared_owner)
        return cls({name: _table_plan(name, there, owner) for name, owner in chosen.items()})

    def links_to(self, name: str) -> list[tuple[str, ForeignKey]]:
        """The links of other tables, or its own, that refer to a table: pairs of a table and its link."""
        return [(child, link) for child, plan in self.tables.items() for link in plan.links if link.parent == name]

    def is_referenced(self, name: str) -> bool:
        """Whether a table is the target of a reference."""
        return any(link in self.tables[child].references for child, link in self.links_to(name))

    def ancestors(self, name: str) -> list[str]:
        """The owner of a table, its owner, and so on."""
        found, owner = [], self.tables[name].owner
        while owner is not None:
            found.append(owner.parent)
            owner = self.tables[owner.parent].owner
        return found

    def root(self, name: str) -> str:
        """The table at the top of a table's owners, itself where it has none."""
        return [name, *self.ancestors(name)][-1]

    def linked(self, names: Collection[str]) -> list[str]:
        """All tables that are linked, directly or through others, with one of ``names``, in the order of the plan."""
        found, open_ = set(names), list(names)
        while open_:
            name = open_.pop()
            near = {link.parent for link in self.tables[name].links} | {child for child, _ in self.links_to(name)}
            open_ += sorted(near - found)
            found |= near
        return [name for name in self.tables if name in found]

    def describe(self) -> str:
        """The plan in words, with a drawing of the tables."""
        owned: dict[str | None, list[str]] = {}
        for name, plan in self.tables.items():
            owned.setdefault(plan.owner.parent if plan.owner else None, []).append(name)
        lines = []
        open_ = [(root, "", "") for root in reversed(owned.get(None, []))]
        while open_:
            name, first, rest = open_.pop()
            lines.append(f"{first}{name}: {self.tables[name].describe()}")
            children = owned.get(name, [])
            for child in reversed(children):
                last = child == children[-1]
                open_.append((child, f"{rest}{'└── ' if last else '├── '}", f"{rest}{'    ' if last else '│   '}"))
        return "\n".join(lines)


def _links(own: TableDeclaration) -> list[ForeignKey]:
    """The different links of a table whose columns all come out."""
    return [link for link in dict.fromkeys(own.fk) if not set(own.dropped).intersection(link.columns)]


def _candidates(
    own: TableDeclaration, there: Mapping[str, TableDeclaration], links_to: Mapping[str, int]
) -> list[Candidate]:
    """The links to tables that are there, itself among them, that could be the owner link of a table."""
    links = [] if own.keep else [link for link in _links(own) if not own.owner or link.columns == own.owner]
    key = set(own.pk)
    possible = [
        link
        for link in links
        if link.parent in there and (own.owner or set(link.columns) < key or not there[link.parent].keep)
    ]
    in_key = [(set(link.columns) <= key,) for link in possible]
    return [
        Candidate(link, worth, (links_to[link.parent],), worth) for link, worth in zip(possible, in_key, strict=True)
    ]


def _table_plan(name: str, there: Mapping[str, TableDeclaration], owner: Candidate | None) -> TablePlan:
    own, link = there[name], owner.link if owner else None
    links = _links(own)
    return TablePlan(
        name,
        link,
        tuple(other for other in links if other.parent in there and other != link),
        tuple(other for other in links if other.parent not in there),
        own.keep,
    )
