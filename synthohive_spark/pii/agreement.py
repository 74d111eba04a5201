"""Which personal columns of a table speak of the same person, and how each is made of a first and a last name.

A style is a sequence of tokens: ``{first}``, ``{last}``, their first letters ``{first:1}`` and ``{last:1}``, a middle
``{letter}`` or ``{word}``, ``{digits:2}``, ``{host}``, ``{username}``, and text that stands as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from synthohive_spark.declarations import column_names
from synthohive_spark.pii.fake_words import looks_first, unspaced
from synthohive_spark.pii.format_fitting import share_of
from synthohive_spark.pii.word_pools import plain, spelled_out

FEWEST_ROWS = 20
_MOST = 0.5
"""Share of the rows that have to agree."""
_BETTER = 0.1
"""By how much more a source that tells less has to agree."""
_SHARED = 0.02
"""Share of the rows that a style has to have."""
_ORDERS = (
    ("{first}", "{last}"),
    ("{last}", "{first}"),
    ("{first:1}", "{last}"),
    ("{last}", "{first:1}"),
    ("{first}", "{last:1}"),
    ("{last:1}", "{first}"),
    ("{first}",),
    ("{last}",),
)
Tokens = tuple[str, ...]
Values = Sequence[str | None]
Person = tuple[str | None, str | None]
"""Names of the columns of the first and of the last name; that of the full name stands at both."""


@dataclass(frozen=True)
class Member:
    """A column of a group.

    Attributes:
        column: Its name.
        role: "first", "last", "name", "username" or "email".
        styles: How its values are made of the person, each with the number of rows.
        umlauts: Whether ä, ö and ü are spelled out where only ASCII letters stand.
    """

    column: str
    role: str
    styles: Mapping[Tokens, int]
    umlauts: bool = False


@dataclass
class _Tally:
    """How rows of a column are made of a person."""

    rows: int = 0
    styles: Counter[Tokens] = field(default_factory=Counter)
    umlauts: Counter[bool] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        return self.styles.total() / self.rows if self.rows >= FEWEST_ROWS else 0.0


def role_of(column: str, kind: str, values: Sequence[str], locale: str) -> str | None:
    """What a column of a kind says of a person: "first", "last", "name", "username", "email"; None for nothing.

    A column of kind "name" whose values have one word each is one of first or of last names.
    """
    roles = {"first_name": "first", "last_name": "last", "username": "username", "email": "email"}
    if kind != "name":
        return roles.get(kind)
    if share_of(lambda v: len(v.split()) == 1, values) <= 0.6 or unspaced(locale):
        return "name"
    words = column_names.name_words(column)
    if words & (column_names.FIRST | column_names.LAST):
        return "first" if words & column_names.FIRST else "last"
    return "first" if looks_first(values, locale) else "last"


def find_groups(rows: Mapping[str, Values], roles: Mapping[str, str], at_least: int) -> list[list[Member]]:
    """Groups of columns that agree in most rows, more than they would by chance.

    Args:
        rows: The values of each column, in the same rows.
        roles: What each column is: "first", "last", "name", "username" or "email"; in the order of the table.
        at_least: Fewest rows that share a style.
    """
    found: dict[str, tuple[Person | str, _Tally]] = {}
    for role in ("name", "username", "email"):
        for column in (c for c in roles if roles[c] == role):
            best = _best(column, rows, roles, at_least)
            if best is not None:
                found[column] = best
    groups: dict[Person, list[Member]] = {}
    for column, (source, tally) in found.items():
        person = _person(column, source, found)
        own = groups.setdefault(person, [])
        for name in dict.fromkeys([*(n for n in person if n), *([source] if isinstance(source, str) else [])]):
            if all(name != member.column for member in own):
                own.append(_source(name, roles[name], rows, at_least))
        own.append(_member(column, roles[column], tally))
    return _apart(groups)


def _best(
    column: str, rows: Mapping[str, Values], roles: Mapping[str, str], at_least: int
) -> tuple[Person | str, _Tally] | None:
    """What a column is made of, and how; None where nothing is in most rows."""
    best, chosen = _MOST - _BETTER, None
    for source in _sources(column, roles):
        tally = _kept(_tally(column, source, rows, roles), at_least)
        if tally.share > best + _BETTER:
            chance = _tally(column, source, rows, roles, shift=max(len(rows[column]) // 2, 1))
            if sum(chance.styles[style] for style in tally.styles) < tally.styles.total() / 2:
                best, chosen = tally.share, (source, tally)
    return chosen


def _sources(column: str, roles: Mapping[str, str]) -> Iterator[Person | str]:
    """What a column may be made of, the most telling first."""
    firsts = [name for name, role in roles.items() if role == "first"]
    lasts = [name for name, role in roles.items() if role == "last"]
    if roles[column] == "email":
        yield from (name for name, role in roles.items() if role == "username")
    yield from ((first, last) for first in firsts for last in lasts)
    if roles[column] != "name":
        yield from ((name, name) for name, role in roles.items() if role == "name")
    yield from ((first, None) for first in firsts)
    yield from ((None, last) for last in lasts)


def _tally(
    column: str, source: Person | str, rows: Mapping[str, Values], roles: Mapping[str, str], shift: int = 0
) -> _Tally:
    tally = _Tally()
    read = _of_name if roles[column] == "name" else _of_handle
    values = rows[column]
    for place, value in enumerate(values):
        other = (place + shift) % len(values)
        if isinstance(source, str):
            user = rows[source][other]
            if value and user:
                tally.rows += 1
                if value.partition("@")[0].casefold() == user.casefold():
                    tally.styles["{username}", "{host}"] += 1
            continue
        names = _names(source, rows, other)
        if value and names is not None:
            tally.rows += 1
            style, umlauts = read(value, *names)
            tally.styles.update([style] if style else [])
            tally.umlauts.update([] if umlauts is None else [umlauts])
    return tally


def _names(person: Person, rows: Mapping[str, Values], place: int) -> tuple[str | None, str | None] | None:
    """First and last name in a row, None for one that has no column; None where one is missing."""
    first, last = person
    if first == last and first is not None:
        return split_name(rows[first][place] or "")
    names = tuple(None if column is None else rows[column][place] for column in person)
    if any(column and not name for column, name in zip(person, names, strict=True)):
        return None
    return names[0], names[1]


def _kept(tally: _Tally, at_least: int) -> _Tally:
    """The tally with the styles that enough rows share."""
    fewest = max(at_least, _SHARED * tally.rows)
    styles = Counter({style: count for style, count in tally.styles.items() if count >= fewest})
    return _Tally(tally.rows, styles, tally.umlauts)


def _person(column: str, source: Person | str, found: Mapping[str, tuple[Person | str, _Tally]]) -> Person:
    """The columns of the person that a column is made of, whatever stands between."""
    while isinstance(source, str) or (source[0] == source[1] and source[0] in found):
        before = source if isinstance(source, str) else str(source[0])
        if before not in found:
            return before, before
        source = found[before][0]
    return source


def _source(name: str, role: str, rows: Mapping[str, Values], at_least: int) -> Member:
    """A column that others are made of, by itself."""
    if role in ("first", "last"):
        return Member(name, role, {("{" + role + "}",): 1})
    if role == "username":
        return Member(name, role, {})
    tally = _kept(_tally(name, (name, name), rows, {name: role}), at_least)
    return _member(name, role, tally)


def _member(column: str, role: str, tally: _Tally) -> Member:
    return Member(column, role, dict(tally.styles), tally.umlauts[True] > tally.umlauts[False])


def _apart(groups: Mapping[Person, list[Member]]) -> list[list[Member]]:
    """The groups, such that no column is in two; the larger ones first."""
    taken: set[str] = set()
    kept = []
    for members in sorted(groups.values(), key=lambda own: -len(own)):
        names = {member.column for member in members}
        if len(members) > 1 and not names & taken:
            taken |= names
            kept.append(members)
    return kept


def split_name(value: str) -> tuple[str, str] | None:
    """First and last name of a full name, without titles; None where it has one word.

    >>> split_name("Dr. Anna M. Keller"), split_name("Keller, Anna")
    (('Anna', 'Keller'), ('Anna', 'Keller'))
    """
    last, comma, first = value.partition(",")
    words = [word for word in value.split() if len(word) > 1 and not word.endswith(".")]
    if comma and first.split() and len(last.split()) < 4 and not first.strip().endswith("."):
        return first.split()[0], last.strip()
    return (words[0], words[-1].strip(",")) if len(words) > 1 else None


def _of_name(value: str, first: str | None, last: str | None) -> tuple[Tokens | None, None]:
    """How a full name is made of its parts."""
    lowered = value.lower()
    if len(lowered) != len(value):
        return None, None
    word = r"[^\W\d_](?:[\w'\u2019-]*[^\W\d_])?"
    own = {"{first}": first, "{last}": last}
    parts = {token: re.escape(name.lower()) if name else word for token, name in own.items()}
    for one, other in (("{first}", "{last}"), ("{last}", "{first}")):
        match = re.fullmatch(rf"(.{{0,8}}?){parts[one]}(.{{0,20}}?){parts[other]}(.{{0,8}})", lowered)
        if match is None:
            continue
        between = _between(match.group(2))
        before, after = value[: match.end(1)], value[match.start(3) :]
        if between and (not before or before[-1] == " ") and (not after or after[0] in " ,"):
            return tuple(t for t in (before, one, *between, other, after) if t), None
    return None, None


def _between(text: str) -> Tokens | None:
    """What stands between two names; None for what is no middle name."""
    if not re.search(r"\w", text):
        return (text,) if text else ("",)
    match = re.fullmatch(r"(\W+)([^\W\d_]+)(\W+)", text)
    return match and (match[1], "{letter}" if len(match[2]) == 1 else "{word}", match[3])


def _of_handle(value: str, first: str | None, last: str | None) -> tuple[Tokens | None, bool | None]:
    """How a user name, or what stands before the @, is made of a first and a last name."""
    local, host, _ = value.partition("@")
    local = plain(local, keep="._-")
    for forms in (spelled_out, str):
        own = {"{first}": _spellings(first, 0, forms), "{last}": _spellings(last, -1, forms)}
        for order in _ORDERS:
            tokens = _in_order(local, order, own)
            if tokens:
                told = plain(first or "") + plain(last or "")
                differ = told != plain(spelled_out(first or "")) + plain(spelled_out(last or ""))
                return (*tokens, *(["{host}"] if host else [])), forms is spelled_out if differ else None
    return None, None


def _spellings(name: str | None, word: int, form: Callable[[str], str]) -> tuple[str, ...] | None:
    """The whole name and its first or last word, in small ASCII letters; None where there is no column."""
    if name is None:
        return None
    return tuple(dict.fromkeys(p for p in (plain(form(name)), plain(form((name.split() or [""])[word]))) if p))


def _in_order(local: str, order: Tokens, own: Mapping[str, tuple[str, ...] | None]) -> Tokens | None:
    patterns = []
    for token in order:
        names = own["{" + token.strip("{}").partition(":")[0] + "}"]
        short = token.endswith(":1}")
        if names is None:
            # A column that is not there may hold anything, if what is there says enough.
            patterns.append("[a-z]" if short else "[a-z]{2,}")
        elif not names:
            return None
        else:
            patterns.append("|".join(re.escape(name[:1] if short else name) for name in names))
    if all(own["{" + token.strip("{}").partition(":")[0] + "}"] is None or token.endswith(":1}") for token in order):
        return None
    match = re.fullmatch(r"([._-]?)".join(f"(?:{pattern})" for pattern in patterns) + r"([._-]?)(\d{0,4})", local)
    if match is None:
        return None
    *marks, before, digits = match.groups()
    if before and not digits:
        return None
    made = [order[0], *(marks[0], order[1])] if len(order) > 1 else [order[0]]
    return tuple(t for t in (*made, before, f"{{digits:{len(digits)}}}" if digits else "") if t)
