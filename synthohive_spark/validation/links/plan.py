"""What is compared of the links of a database: which keys meet which, which tables lie above one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.validation.counting import Counted, Tally
from synthohive_spark.validation.links.coding import NAMED_CODES, Coding
from synthohive_spark.validation.links.rules import Rules
from synthohive_spark.validation.links.work import Above, Hub, LinkWanted
from synthohive_spark.validation.profile import Profiled
from synthohive_spark.validation.tables import Shared

COLUMNS = 20
"""Columns of a table that are compared across links: the first that are categories, numbers or dates."""
ABOVE = 12
"""Tables above a key whose columns are compared with those below it, the nearest first."""
HOPS = 3
_MEASURED = ("categorical", "numeric", "datetime")


@dataclass(frozen=True)
class Link:
    """A link whose two tables are compared.

    Attributes:
        number: Its number.
        child: The table that holds the key.
        key: The link as it is declared.
        owner: Whether the child's rows are made along it.
    """

    number: int
    child: str
    key: ForeignKey
    owner: bool


@dataclass(frozen=True)
class Path:
    """A chain of links upwards, from a key's table on: none for that table itself."""

    links: tuple[Link, ...]

    def end(self, start: str) -> str:
        """The table it leads to."""
        return self.links[-1].key.parent if self.links else start


class LinkPlan:
    """The links between compared tables, and the columns that are compared along them.

    Links of tables that are taken over as they are say nothing of what was made, and are left out.

    Args:
        tables: The tables by name.
        counted: The counts of their values, by name.
        plan: The roles of the tables.

    Attributes:
        tables: The tables by name.
        links: The links.
        codings: By table, how its columns are read.
    """

    def __init__(self, tables: Mapping[str, Profiled], counted: Mapping[str, Counted], plan: DatabasePlan) -> None:
        self.tables = tables
        self.links: list[Link] = []
        for name, own in tables.items():
            for key in () if own.table.config.keep else plan.tables[name].links:
                if self.child_key(name, key) and self.parent_key(key):
                    self.links.append(Link(len(self.links), name, key, key == plan.tables[name].owner))
        self.codings: dict[str, tuple[Coding, ...]] = {}
        self.columns: dict[str, list[Shared]] = {}
        for name, own in tables.items():
            columns = [c for c in own.columns(*_MEASURED) if _varies(c, own, counted[name])][:COLUMNS]
            self.columns[name] = columns
            self.codings[name] = tuple(_coding(c, own, counted[name]) for c in columns)

    def child_key(self, child: str, key: ForeignKey) -> list[Shared]:
        """The columns of a link in the table that holds it; empty where they cannot be compared."""
        return self.tables[child].table.named(key.columns) if child in self.tables else []

    def parent_key(self, key: ForeignKey) -> list[Shared]:
        """The columns that a link refers to; empty where they cannot be compared."""
        return self.tables[key.parent].table.named(key.parent_columns) if key.parent in self.tables else []

    @cached_property
    def hubs(self) -> list[tuple[str, tuple[str, ...]]]:
        """The keys that links refer to: a table and its columns."""
        return list(dict.fromkeys((link.key.parent, link.key.parent_columns) for link in self.links))

    def hub_of(self, link: Link) -> int:
        """The number of the key that a link refers to."""
        return self.hubs.index((link.key.parent, link.key.parent_columns))

    def links_of(self, child: str) -> list[Link]:
        """The links that a table holds."""
        return [link for link in self.links if link.child == child]

    def paths(self, table: str) -> list[Path]:
        """The chains of at most two links from a table upwards that meet no table twice; the shortest first."""
        found, last = [Path(())], [Path(())]
        for _ in range(HOPS - 1):
            last = [
                Path((*path.links, link))
                for path in last
                for link in self.links_of(path.end(table))
                if link.key.parent not in {table, *(step.key.parent for step in path.links)}
            ]
            found += last
        return found[:ABOVE]

    def left_out(self, table: str) -> int:
        """How many chains more there are than are compared."""
        return 0 if len(self.paths(table)) < ABOVE else len(self._all_paths(table)) - ABOVE

    def _all_paths(self, table: str) -> list[tuple[str, ...]]:
        first = [(table, link.key.parent) for link in self.links_of(table) if link.key.parent != table]
        second = [(*p, link.key.parent) for p in first for link in self.links_of(p[-1]) if link.key.parent not in p]
        return [(table,), *first, *second]

    def visible(self, link: Link) -> list[tuple[int, Path]]:
        """The chains above a link's parent that do not come back to its child, and their places in `paths`."""
        if link.key.parent == link.child:
            return []
        every = enumerate(self.paths(link.key.parent))
        return [(i, p) for i, p in every if all(step.key.parent != link.child for step in p.links)]

    def work(self) -> dict[int, Hub]:
        """What is counted on the executors."""
        hubs = {}
        for number, (parent, _) in enumerate(self.hubs):
            above, start = [], 0
            for path in self.paths(parent):
                codings = self.codings[path.end(parent)]
                above.append(Above(start, codings))
                start += len(codings)
            links = {link.number: self._wanted(link) for link in self.links if self.hub_of(link) == number}
            hubs[number] = Hub(tuple(above), links)
        return hubs

    def _wanted(self, link: Link) -> LinkWanted:
        own, up = self.columns[link.child], self.columns[link.key.parent]
        comparable = [(i, j) for i, a in enumerate(own) for j, b in enumerate(up) if _comparable(a, b)]
        codings = self.codings[link.child]
        rules = Rules.of(codings, self.codings[link.key.parent], comparable)
        return LinkWanted(codings, tuple(i for i, _ in self.visible(link)), rules)


def tallies(tables: Mapping[str, Profiled], plan: DatabasePlan) -> dict[str, list[Tally]]:
    """The counts of values that links take, by table: of keys that are referred to, and of pairs of keys."""
    found: dict[str, list[Tally]] = {name: [] for name in tables}
    for name, own in tables.items():
        keys = [own.table.named(key.columns) for key in plan.tables[name].links if key.parent in tables]
        if not own.table.config.keep:
            found[name] += [
                key_pair(one, other) for i, one in enumerate(keys) for other in keys[i + 1 :] if one and other
            ]
        for key in (key for _, key in plan.links_to(name)):
            parent = own.table.named(key.parent_columns)
            found[name] += [Tally.of(parent)] if parent else []
    return found


def key_pair(one: Sequence[Shared], other: Sequence[Shared]) -> Tally:
    """Two keys of one table, taken together."""
    return Tally.of(list(dict.fromkeys([*one, *other])))


def _varies(column: Shared, own: Profiled, counted: Counted) -> bool:
    profile, rows = own.sides[0].columns[column.place], own.sides[0].rows
    if column.is_quantitative:
        values = 0 if profile.low is None else 1 if profile.low == profile.high else 2
    else:
        values = counted[Tally.of([column], named=True)].values[0]
    return values + (profile.present < rows) > 1


def _coding(column: Shared, own: Profiled, counted: Counted) -> Coding:
    if not column.is_quantitative:
        named = counted[Tally.of([column], named=True)].named
        return Coding(column.name, False, known=tuple(entry.hash for entry in named[:NAMED_CODES]))
    real, synthetic = (side.columns[column.place] for side in own.sides)
    kind = column.type.name if column.type is not None else ""
    return Coding(
        column.name,
        True,
        real.low or 0.0,
        real.high or 0.0,
        quantiles=(real.quantiles, synthetic.quantiles),
        temporal=kind in ("date", "timestamp", "timestamp_ntz"),
        days=kind == "date",
    )


def _comparable(one: Shared, other: Shared) -> bool:
    """Whether values of two columns can be equal: both texts, numbers, dates, or instants of one kind."""
    if one.type is None or other.type is None:
        return False
    kinds = ["number" if c.is_number else "text" if c.is_string else c.name for c in (one.type, other.type)]
    return kinds[0] == kinds[1]
