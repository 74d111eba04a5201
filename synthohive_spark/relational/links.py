"""Links between tables, inferred by what their columns hold and what they are called.

A column refers to a key whose values its own are among. Values are compared by samples of the smallest hashes, which
meet whenever the columns do (Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007), so that no pair of
columns costs a job of its own. Numbers that count from 1 are among any longer count, so a column of such numbers has to
be called like the key, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.profile import ColumnProfile

KEY_WORDS = ("id", "key", "code", "uuid", "no", "num", "number")
_OF_ITSELF = {
    "parent",
    "manager",
    "boss",
    "supervisor",
    "reports",
    "reply",
    "previous",
    "next",
    "root",
    "lead",
    "super",
}
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "staff": "staff"}
_PREFIXES = ("dim", "fact", "tbl", "tb", "t", "stg", "src", "raw", "ref", "lkp", "lookup", "mst", "v")
_LINKED, _LINKED_UNNAMED = 0.8, 0.95
"""Share of a column's values that have to be keys, where its name speaks for the link, and where it does not."""
_COMPARED = 20
_BY_CHANCE = 1e-6

Counted = Callable[[str, Sequence[str], str, Sequence[str]], float | None]
"""The share of the different values of a table's columns that are among another's, by a job."""


@dataclass(frozen=True)
class TableProfile:
    """What links are inferred from: the types and profiles of a table's columns, and its primary key."""

    types: Mapping[str, ColumnType]
    profiles: Mapping[str, ColumnProfile]
    pk: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of the table; 0 where it has no column that can be learned."""
        return next((profile.rows for profile in self.profiles.values()), 0)


class Link(NamedTuple):
    """An inferred link, and the share of the different values that are keys."""

    table: str
    key: ForeignKey
    share: float


class _Candidate(NamedTuple):
    named: int
    share: float
    size: int  # the negative number of keys, so that of equal parents the smaller wins
    parent: str


def infer_links(tables: Mapping[str, TableProfile], counted: Counted) -> list[Link]:
    """The links between ``tables``, in the order of their columns; at most one of a column alone.

    Args:
        tables: The tables by name.
        counted: Counts where samples cannot tell.
    """
    found: dict[tuple[str, str], list[_Candidate]] = {}
    for name, table in tables.items():
        for column in table.types:
            candidates = sorted(_candidates(name, column, tables, counted), reverse=True)
            if candidates:
                found[name, column] = candidates
    links = []
    for name, table in tables.items():
        for column in table.types:
            best = _best(name, column, found, tables)
            if best is not None:
                links.append(Link(name, ForeignKey((column,), best.parent, tables[best.parent].pk), best.share))
        links += _composite(name, tables, counted)
    return links


def _candidates(name: str, column: str, tables: Mapping[str, TableProfile], counted: Counted) -> Iterator[_Candidate]:
    own = tables[name]
    type_ = own.types[column]
    if not (type_.is_string or type_.is_integer) or not own.profiles[column].distinct:
        return
    for parent, other in tables.items():
        if len(other.pk) != 1 or other.types[other.pk[0]] != type_ or (parent == name and column in own.pk):
            continue
        key = other.pk[0]
        named = _named_after(column, name, parent, key)
        if own.pk == (column,) and (
            named < 3 or _named_after(column, "", name, "") >= 2 or not _extends(name, parent, tables)
        ):
            continue  # it is its own table's key
        share, compared = share_within(own.profiles[column], other.profiles[key])
        if compared < min(_COMPARED, own.profiles[column].distinct):
            exact = counted(name, [column], parent, [key]) if named >= 2 else None
            share, compared = (exact, own.profiles[column].distinct) if exact is not None else (0.0, 0)
        if _linked(own.profiles[column], other.profiles[key], share, compared, named, type_.is_string):
            yield _Candidate(named, share, -other.profiles[key].distinct, parent)


def _linked(own: ColumnProfile, key: ColumnProfile, share: float, compared: int, named: int, text: bool) -> bool:
    if named >= 2:
        return share >= _LINKED
    if share < _LINKED_UNNAMED:
        return False
    if text:
        return compared >= 3 and sum(map(len, key.sample)) > len(key.sample)  # letters are grades as well as keys
    if compared < _COMPARED or own.ends is None or key.ends is None:
        return False
    # Numbers of so narrow a range are counts, years or ages sooner than keys of all those rows.
    (least, greatest), (first, last) = own.ends, key.ends
    if 2 * (greatest - least) < last - first:
        return False
    within = sum(least <= int(value) <= greatest for value in key.sample)
    density = min(1.0, key.distinct * within / len(key.sample) / (greatest - least + 1))
    return bool(density ** (share * compared) < _BY_CHANCE)


def _extends(name: str, parent: str, tables: Mapping[str, TableProfile]) -> bool:
    """Whether, of two tables with the same key, the first is the one that refers to the other.

    One whose key, or which itself, is called after the other does, else the one of fewer keys, else the later one by
    name.
    """
    if _named_after(tables[name].pk[0], "", parent, "") >= 2:
        return True
    words, other = set(_names_of(name)), set(_names_of(parent))
    longer, shorter = "".join(words_of(name)), "".join(words_of(parent))
    after, before = any(w in longer for w in other - words), any(w in shorter for w in words - other)
    if after != before:
        return after
    own, key = (tables[n].profiles[tables[n].pk[0]].distinct for n in (name, parent))
    return own < key if own != key else name > parent


def _best(
    name: str, column: str, found: Mapping[tuple[str, str], list[_Candidate]], tables: Mapping[str, TableProfile]
) -> _Candidate | None:
    """The first candidate that is no table whose key itself refers to another of them."""
    candidates = found.get((name, column), [])
    parents = {candidate.parent for candidate in candidates}
    for candidate in candidates:
        onward = {other.parent for other in found.get((candidate.parent, tables[candidate.parent].pk[0]), [])}
        if not onward & (parents - {candidate.parent}):
            return candidate
    return None


def _composite(name: str, tables: Mapping[str, TableProfile], counted: Counted) -> list[Link]:
    """Links to keys of several columns, which are called in ``name`` as they are in their own table.

    Of tables that share a key, the largest is the one that the others refer to.
    """
    own, best = tables[name], dict[frozenset[str], tuple[int, Link]]()
    for parent, other in tables.items():
        if parent == name or len(other.pk) < 2 or (set(other.pk) == set(own.pk) and own.rows >= other.rows):
            continue
        columns = [_of_part(own, parent, other, part) for part in other.pk]
        held = tuple(column for column in columns if column is not None)
        if len(held) < len(columns):
            continue
        share = counted(name, held, parent, other.pk)
        if share is not None and share >= _LINKED and other.rows > best.get(frozenset(held), (0,))[0]:
            best[frozenset(held)] = other.rows, Link(name, ForeignKey(held, parent, other.pk), share)
    return [link for _, link in best.values()]


def _of_part(own: TableProfile, parent: str, other: TableProfile, part: str) -> str | None:
    named = {column.lower(): column for column, type_ in own.types.items() if type_ == other.types[part]}
    return named.get(part.lower()) or named.get(f"{singular(parent)}_{part}".lower())


def share_within(column: ColumnProfile, key: ColumnProfile) -> tuple[float, int]:
    """The share of a column's different values that are keys, and how many of its values that was seen of."""
    seen = len(column.hashes)
    if not key.complete:
        seen = int(np.searchsorted(column.hashes, key.hashes[-1], "right"))
    if not seen:
        return 0.0, 0
    keys = set(key.sample)
    return sum(value in keys for value in column.sample[:seen]) / seen, seen


def words_of(name: str) -> list[str]:
    """The words of a name in lower case.

    >>> words_of("billTo_CustomerID")
    ['bill', 'to', 'customer', 'id']
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


def singular(table: str) -> str:
    """The singular of an English noun, as far as its ending tells."""
    if table.lower() in _IRREGULAR:
        return _IRREGULAR[table.lower()]
    for plural, single in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("uses", "us")):
        if table.lower().endswith(plural):
            return table[: -len(plural)] + single
    return table[:-1] if table.lower().endswith("s") and not table.lower().endswith("ss") else table


def _names_of(table: str) -> list[str]:
    """What rows of a table may be called: its name, without what only says that it is a table, and the singular."""
    words = words_of(table)
    while len(words) > 1 and words[0] in _PREFIXES:
        words = words[1:]
    cut = "_".join(words)
    last = "".join([*words[:-1], singular(words[-1])]) if words else ""
    forms = (table, singular(table), cut, last, table[:-1] if table.lower().endswith("s") else table)
    return list(dict.fromkeys("".join(words_of(form)) for form in forms))


def _named_after(column: str, table: str, parent: str, key: str) -> int:
    """How much a column is called like a key: 3 as the key itself or with its table, 2 with more words, 0 not."""
    words, whole = words_of(column), words_of(key)
    owners = _names_of(parent)
    specific = bool(whole) and key.lower() not in KEY_WORDS
    if (specific and words == whole) or (whole and "".join(words) in [owner + "".join(whole) for owner in owners]):
        return 3
    ends = words[:]
    while ends and ends[-1] in {*KEY_WORDS, *whole}:
        ends.pop()
    if any("".join(ends[i:]) in owners for i in range(len(ends))) or (specific and words[-len(whole) :] == whole):
        return 2
    return 2 if parent == table and _OF_ITSELF.intersection(words) else 0
