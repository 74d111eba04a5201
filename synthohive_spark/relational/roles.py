"""Roles of tables, proposed from the data: which link a table's rows are made along, and what is taken over as it is.

Rows are made along a link that is never null and always met, the more specific its parent the better; tables of a few
rows that describe no one are lookup tables, which own nothing where there is another possibility.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from synthohive_spark.declarations.column_names import PEOPLE, PERSON, name_words
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.owners import Candidate, choose_owners
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.table import TableDeclaration, label
from synthohive_spark.relational.links import TableProfile, singular, words_of

FEW_ROWS = 100
_MOST_ROWS, _SMALL_SHARE = 5_000, 0.005
"""Rows of a lookup table beside a far larger one, and its share of the other's rows."""
_MOST_CHILDREN = 1_000
_LOSSES = (0.0, 0.02, 0.1, 0.5)
"""Shares of rows without a parent that make a link worse than another."""
_OF_PEOPLE = PERSON - {"nom", "nombre", "nombres"} | {
    *("birth", "birthday", "birthdate", "birthyear", "born", "dob", "salary", "wage", "ssn", "passport"),
}
_TIMES = 5
"""Rows of the largest table that refers to one of a few rows, in units of its own, for that to be a lookup table."""


@dataclass
class Role:
    """What is proposed for a table.

    Attributes:
        owner: Columns of the link along which its rows are made; empty where the choice is left to the plan.
        keep: Whether it is taken over as it is.
        exclude: Columns that are left out for that.
        reasons: Why, by setting; also for a table that only looks as if it should be kept.
    """

    owner: tuple[str, ...] = ()
    keep: bool = False
    exclude: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkedTable:
    """What the role of a table is inferred from.

    Attributes:
        profile: Its columns.
        links: Its links, each with the share of its different values that are keys.
        personal: Its columns of personal data.
        lost: Its columns of which the privacy settings leave no value.
    """

    profile: TableProfile
    links: Sequence[tuple[ForeignKey, float]] = ()
    personal: Collection[str] = ()
    lost: Sequence[str] = ()

    @property
    def too_small(self) -> bool:
        """Whether it cannot be learned."""
        return bool(self.lost) or (bool(self.profile.profiles) and not self.profile.rows)


def infer_roles(tables: Mapping[str, LinkedTable]) -> dict[str, Role]:
    """The role of each table; links of a column alone or of several are to tables that are there."""
    lookups = _lookups(tables)
    roles = {name: Role() for name in tables}
    for name, left_out in _kept(tables, lookups).items():
        roles[name].keep, roles[name].exclude = True, left_out
    for name, own in tables.items():
        reason = _why_kept(name, own, tables, roles, lookups)
        if reason:
            roles[name].reasons["keep"] = reason
    _propose_owners(tables, roles, lookups)
    return roles


def _kept(tables: Mapping[str, LinkedTable], lookups: Collection[str]) -> dict[str, list[str]]:
    """The tables to take over, with their columns that refer to learned tables and so are left out.

    They are those too small to be learned that show no one, and lookup tables of a few rows that such refer to.
    """
    few = {name for name in lookups if tables[name].profile.rows <= FEW_ROWS}
    while outward := {name for name in few if not few.issuperset(link.parent for link in _onward(name, tables))}:
        few -= outward
    small = {name for name, own in tables.items() if own.too_small and not _shows_people(name, own)}
    while True:
        learned = {name: [link for link in _onward(name, tables) if link.parent not in small | few] for name in small}
        # Without a part of its key, a table cannot be taken over.
        cut = {n for n in small if any(set(link.columns).intersection(tables[n].profile.pk) for link in learned[n])}
        if not cut:
            break
        small -= cut
    kept = set(small)
    while more := {link.parent for name in kept for link in _onward(name, tables)} & few - kept:
        kept |= more
    return {
        name: list(dict.fromkeys(column for link in learned.get(name, ()) for column in link.columns)) for name in kept
    }


def _why_kept(
    name: str,
    own: LinkedTable,
    tables: Mapping[str, LinkedTable],
    roles: Mapping[str, Role],
    lookups: Collection[str],
) -> str | None:
    """Why a table is proposed to be kept, or looks like it; None where nothing speaks for that."""
    rows = f"{own.profile.rows:,} rows"
    few = f"{rows} are too few to learn {_listed(own.lost)}" if own.lost else "it has no rows"
    referring = _referring(name, tables)
    if own.too_small and roles[name].keep:
        return f"taken over as it is: {few}, and nothing looks personal"
    if own.too_small:
        people = _shows_people(name, own)
        return f"not taken over, though {few}: " + ("it may show people" if people else "its key is of a learned table")
    if roles[name].keep:
        kept = _listed([child for child in referring if roles[child].keep])
        return f"taken over as it is: a lookup table of {rows} to which {kept} refers, which is taken over, too"
    if name in lookups:
        refer = "refers" if len(referring) == 1 else "refer"
        what = f"{rows} to which {_listed(referring)} {refer}, and nothing looks personal"
        return f"looks like a lookup table: {what}; keep=True would take it over as it is"
    return None


def _lookups(tables: Mapping[str, LinkedTable]) -> set[str]:
    """Tables of few rows to which others refer, which refer to no others than such, and show no one."""
    found = {name for name, own in tables.items() if _is_small(name, tables) and not _shows_people(name, own)}
    while outward := {n for n in found if not found.issuperset(link.parent for link in _onward(n, tables))}:
        found -= outward
    return found


def _is_small(name: str, tables: Mapping[str, LinkedTable]) -> bool:
    """Whether a table has few rows beside the largest one that refers to it, directly or through others."""
    found, open_ = set[str](), [name]
    while open_:
        new = set(_referring(open_.pop(), tables)) - found - {name}
        found |= new
        open_ += new
    rows, most = tables[name].profile.rows, max((tables[child].profile.rows for child in found), default=0)
    return bool(found) and (_has_few(rows, most) or rows <= min(_MOST_ROWS, _SMALL_SHARE * most))


def _has_few(rows: int, others: int) -> bool:
    return rows <= min(FEW_ROWS, others / _TIMES)


def _shows_people(name: str, own: LinkedTable) -> bool:
    words = {word for part in words_of(name) for word in (part, singular(part))}
    columns = {word for column in own.profile.types for word in name_words(column)}
    return bool(own.personal) or bool(words & PEOPLE) or bool(columns & _OF_PEOPLE)


def _onward(name: str, tables: Mapping[str, LinkedTable]) -> list[ForeignKey]:
    """The links of a table to others."""
    return [link for link, _ in tables[name].links if link.parent != name]


def _referring(name: str, tables: Mapping[str, LinkedTable]) -> list[str]:
    """The other tables that refer to a table."""
    return [child for child in tables if child != name and any(link.parent == name for link in _onward(child, tables))]


def _propose_owners(tables: Mapping[str, LinkedTable], roles: Mapping[str, Role], lookups: Collection[str]) -> None:
    """Name the owner link where there are several, or another would be chosen without its name, with the reason."""
    candidates = {
        name: [
            _candidate(own, link, share, tables[link.parent], link.parent in lookups)
            for link, share in own.links
            if link.parent != name and not roles[link.parent].keep and not roles[name].keep
        ]
        for name, own in tables.items()
    }
    chosen = choose_owners(candidates)
    above: dict[str, list[str]] = {}
    for name, owner in chosen.items():
        above[name] = [] if owner is None else [owner.link.parent, *above[owner.link.parent]]
    declared = {
        name: TableDeclaration(
            pk=own.profile.pk,
            fk=tuple(link for link, _ in own.links),
            keep=roles[name].keep,
            exclude=tuple(roles[name].exclude),
        )
        for name, own in tables.items()
    }
    plan = DatabasePlan.of(declared)
    for name, owner in chosen.items():
        if owner is None or (len(candidates[name]) < 2 and plan.tables[name].owner == owner.link):
            continue
        others = [
            f"{label(other.link.columns)} ({_why_not(name, other, owner, above)})"
            for other in candidates[name]
            if other is not owner
        ]
        text = f", not by {', nor by '.join(others)}" if others else f", which does not follow from {name}"
        roles[name].owner = owner.link.columns
        roles[name].reasons["owner"] = f"rows follow from those of {owner.link.parent}{text}"


def _candidate(own: LinkedTable, link: ForeignKey, share: float, parent: LinkedTable, lookup: bool) -> Candidate:
    """A link with what speaks for it; see `_CRITERIA` for the order."""
    profiles = [own.profile.profiles[column] for column in link.columns]
    rows, nulls = own.profile.rows or 1, max(profile.nulls for profile in profiles)
    lost = nulls / rows + (1 - share) * (1 - nulls / rows)
    used = max(profile.distinct for profile in profiles) if len(profiles) == 1 else parent.profile.rows
    children = (rows - nulls) / max(1, min(used, parent.profile.rows))
    coarse = _has_few(parent.profile.rows, rows) or (used <= FEW_ROWS and children > _MOST_CHILDREN)
    certain = (nulls == 0, -sum(lost > loss for loss in _LOSSES), set(link.columns) <= set(own.profile.pk))
    spread = children if children <= _MOST_CHILDREN else _MOST_CHILDREN / children
    met = lost <= _LOSSES[-1]
    return Candidate(link, (met, not lookup, not coarse, *certain), (spread,), (met, *certain, children))


_CRITERIA = (
    "most of its rows meet none",
    "{parent} looks like a lookup table",
    "{parent} has few rows, or few that it names",
    "it can be null",
    "more of its rows meet none",
    "it is no part of the primary key",
)


def _why_not(name: str, other: Candidate, owner: Candidate, above: Mapping[str, Sequence[str]]) -> str:
    """Why a link is not the owner link of a table."""
    parent = other.link.parent
    if name in above[parent]:
        return f"{parent} follows from {name}"
    for mine, its, text in zip(other.worth, owner.worth, _CRITERIA, strict=True):
        if mine != its:
            return text.format(parent=parent)
    if len(above[parent]) != len(above[owner.link.parent]):
        return f"{parent} is nearer to its root"
    if other.then != owner.then:
        return f"{parent} has fewer rows for each of its own"
    return "it comes later"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)
