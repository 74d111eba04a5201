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
from synthohive_spark.declarations.table import TableDeclaration
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


@dataclass(frozen=True)
class DatabasePlan:
    """The roles of all tables, owners before the tables that they own.

    Attributes:
        tables: By name.
    """

    tables: Mapping[str, TablePlan] = field(default_factory=dict)

    @classmethod
    def of(cls, declared: Mapping[str, TableDeclaration], names: Collection[str] | None = None) -> DatabasePlan:
        """The plan of the declared tables.

        The owner link is the declared one; else the one whose columns are part of the primary key, else the one to the
        table that is farthest from its root, else the one to the table that most links lead to, else the first. A table
        that is taken over owns nothing unless that is declared, and a link that would close a circle of owners is a
        reference.

        Args:
            declared: The tables.
            names: Those that are there; all when None.

        Raises:
            SchemaError: If declared owner links form a circle.
        """
        there = set(declared if names is None else names)
        chosen: dict[str, ForeignKey | None] = {}
        for name in declared:
            if name in there:
                _choose(name, declared, there, chosen, [])
        tables = {}
        for name in sorted(chosen, key=lambda n: _depth(n, chosen)):
            links, owner = [link for link in declared[name].fk if link.parent in there], chosen[name]
            tables[name] = TablePlan(
                name,
                owner,
                tuple(link for link in links if link != owner),
                tuple(link for link in declared[name].fk if link.parent not in there),
                declared[name].keep,
            )
        return cls(tables)

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
        lines = []
        for root in (name for name, plan in self.tables.items() if plan.owner is None):
            lines += self._drawn(root, "", "")
        return "\n".join(lines)

    def _drawn(self, name: str, first: str, rest: str) -> list[str]:
        plan = self.tables[name]
        notes = ["taken over as it is"] if plan.kept else ["root"] if plan.owner is None else []
        if plan.owner is not None:
            notes.append(f"child by {_columns(plan.owner.columns)}")
        notes += [f"{_columns(r.columns)} refers to {r.parent}" for r in plan.references]
        notes += [f"{_columns(u.columns)} is made: {u.parent} is not there" for u in plan.unlinked]
        lines = [f"{first}{name}: {'; '.join(notes)}"]
        children = [n for n, p in self.tables.items() if p.owner is not None and p.owner.parent == name]
        for child in children:
            last = child == children[-1]
            lines += self._drawn(child, f"{rest}{'└── ' if last else '├── '}", f"{rest}{'    ' if last else '│   '}")
        return lines


def _columns(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _choose(
    name: str,
    declared: Mapping[str, TableDeclaration],
    there: Collection[str],
    chosen: dict[str, ForeignKey | None],
    below: list[str],
) -> None:
    """Choose the owner link of a table, after those of the tables that it could be owned by."""
    own = declared[name]
    explicit = [link for link in own.fk if link.columns == own.owner]
    possible = [
        link
        for link in explicit or own.fk
        if link.parent in there and link.parent != name and (explicit or not declared[link.parent].keep)
    ]
    if own.keep:
        possible = []
    for link in possible:
        if link.parent not in chosen and link.parent not in (*below, name):
            _choose(link.parent, declared, there, chosen, [*below, name])
    if explicit and any(link.parent in below for link in explicit):
        raise SchemaError(f"owner links form a circle: {' -> '.join([*below, name])}; name another owner for one")
    free = [link for link in possible if link.parent in chosen]
    key = set(own.pk)
    links_to = Counter(link.parent for table in declared.values() for link in table.fk)
    chosen[name] = max(
        free,
        key=lambda link: (set(link.columns) <= key, _depth(link.parent, chosen), links_to[link.parent]),
        default=None,
    )


def _depth(name: str, chosen: Mapping[str, ForeignKey | None]) -> int:
    owner = chosen[name]
    return 0 if owner is None else 1 + _depth(owner.parent, chosen)
