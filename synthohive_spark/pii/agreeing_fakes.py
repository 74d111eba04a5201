"""Fakes of columns that speak of the same person: pools of first and last names, and how each column writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_uppercase

from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.people import ANY, FIRST, LAST, People, Piece, Style, Written
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.pii.agreement import Member, Tokens
from synthohive_spark.pii.fake_words import first_and_last, handle_form
from synthohive_spark.pii.format_fitting import Avoid, case_of
from synthohive_spark.pii.word_pools import compounds, faker_of, filled, plain, provider, spelled_out

_FEWEST_NAMES = 300
_FEWEST_FITTING = 60
_ROOM = 3
_HOSTS = ("example.com", "example.org", "example.net")
"""Domains for examples (RFC 2606)."""
_FREE = 8
"""So many strings of one person need no look at all of them."""


Pools = tuple[tuple[str, ...], tuple[str, ...]]
"""First names and last names."""


@dataclass(frozen=True)
class Wanted:
    """What is known of a column of a group.

    Attributes:
        type: Its type.
        values: Some of its values, for their form alone.
        unique: Whether no two rows may share a value.
        real_values: Its values, vaguely.
    """

    type: ColumnType
    values: Sequence[str]
    unique: bool
    real_values: RealValueFilter


def agreeing_codecs(
    members: Sequence[Member], wanted: Mapping[str, Wanted], locale: str, seed: int, avoid: Avoid
) -> dict[str, AgreeingCodec]:
    """Codecs of the columns of a group; without those whose strings would be too long.

    Args:
        members: How each column is made of a person.
        wanted: By column, what is known of it.
        locale: A locale that Faker knows.
        seed: Seed of the table's fit.
        avoid: Returns those of some words that are real values.
    """
    name = members[0].column
    first, last = first_and_last(*provider(faker_of(locale), "person"))
    unique = {m.column for m in members if wanted[m.column].unique}
    if any("{username}" in style for m in members if m.column in unique for style in m.styles):
        # Addresses of user names are as unique as these.
        unique |= {m.column for m in members if m.role == "username"}
    members = [_settled(m, wanted[m.column], m.column in unique) for m in members]
    pools = _fitting((filled(first), filled(last)), members, wanted, unique)
    pools = _unreal(pools, members, wanted, avoid)
    pools = _told_apart(pools, members, unique)
    written = _written(members, wanted, pools, unique, seed)
    followed = any("{username}" in style for m in members for style in m.styles)
    turns = {
        m.column: 1 if m.role == "username" and followed else written[m.column].turns
        for m in members
        if m.column in written and m.role not in ("first", "last")
    }
    checked = {column: own for column, own in turns.items() if own < _FREE}
    # User names leave little choice: where one shows a zero, the full name need not.
    users = {m.column for m in members if m.role == "username"} & set(checked)
    shown = users | {m.column for m in members if users and any("{username}" in style for style in m.styles)}
    written = {column: replace(own, padded=column in (shown or checked)) for column, own in written.items()}
    people = People(
        len(pools[0]),
        len(pools[1]),
        derive_seed(seed, "people", name),
        bool(unique & set(written)),
        tuple((written[column], wanted[column].real_values, own) for column, own in checked.items()),
    )
    return {
        column: AgreeingCodec(
            wanted[column].type, people, own, name, wanted[column].real_values if turns.get(column, 1) > 1 else None
        )
        for column, own in written.items()
    }


def _written(
    members: Sequence[Member], wanted: Mapping[str, Wanted], pools: Pools, unique: set[str], seed: int
) -> dict[str, Written]:
    """How each column writes people, without those that are too short for it."""
    written: dict[str, Written] = {}
    for member in sorted(members, key=lambda m: m.role == "email"):
        user = next((w for m in members if m.role == "username" and (w := written.get(m.column))), None)
        styles = [
            style
            for tokens, count in member.styles.items()
            for style in _styles(member, tokens, count, pools, wanted[member.column], user)
        ]
        if styles and all(_fits(style, wanted[member.column].type) for style in styles):
            follows = user is not None and all("{username}" in tokens for tokens in member.styles)
            key = user.key if follows and user else derive_seed(seed, "style", member.column)
            written[member.column] = Written(tuple(styles), member.column in unique, key)
    return written


def _settled(member: Member, wanted: Wanted, unique: bool) -> Member:
    """The member with styles that can be told apart where values are to be unique, and one where there is none."""
    styles = dict(member.styles)
    if not styles:
        first, mark, digits = handle_form(wanted.values)
        tokens = ("{first}" if first else "{first:1}", mark, "{last}", f"{{digits:{digits}}}" if digits else "")
        styles = {tuple(token for token in tokens if token): 1}
    if unique:
        kept: dict[str, Tokens] = {}
        for style in sorted(styles, key=lambda own: (-styles[own], own)):
            kept.setdefault(_shape(style), style)
        styles = {style: styles[style] for style in kept.values()}
    return replace(member, styles=styles)


def _shape(style: Tokens) -> str:
    """What strings of a style look like: a letter for each word, and no digits, for a number may stand there."""
    text = "".join("" if token.startswith("{digits") else "w" if token[0] == "{" else token for token in style)
    return re.sub(r"[^\W\d_]+", "w", text)


def _fitting(pools: Pools, members: Sequence[Member], wanted: Mapping[str, Wanted], unique: set[str]) -> Pools:
    """The names that can be written in every column, and are short enough where that leaves enough."""
    latin = any(member.role in ("username", "email") for member in members)
    if latin:
        both = [tuple(word for word in pool if plain(word)) for pool in pools]
        pools = (filled(both[0]), filled(both[1]))
    bounds = [(m, wanted[m.column].type.length) for m in members if wanted[m.column].type.length]
    for longest in range(max(map(len, pools[0] + pools[1])), 2, -1):
        short = [tuple(word for word in pool if len(word) <= longest) for pool in pools]
        if min(map(len, short)) < _FEWEST_FITTING:
            break
        pools = (short[0], short[1])
        if all(_length(member, longest) <= bound - _ROOM * (member.column in unique) for member, bound in bounds):
            break
    return pools


def _length(member: Member, longest: int) -> int:
    """Characters of the longest string of a column."""
    sizes = {"{host}": max(map(len, _HOSTS)) + 1, "{letter}": 1, "{first:1}": 1, "{last:1}": 1, "{username}": 0}
    return max(
        sum(
            int(t[8:-1]) if t.startswith("{digits") else sizes.get(t, longest) if t[0] == "{" else len(t) for t in style
        )
        for style in member.styles
    )


def _unreal(pools: Pools, members: Sequence[Member], wanted: Mapping[str, Wanted], avoid: Avoid) -> Pools:
    """The names without those that a column of first or last names holds; others in their place if too few are left."""
    made = list(pools)
    for member in members:
        if member.role not in ("first", "last"):
            continue
        axis, case = FIRST if member.role == "first" else LAST, case_of(wanted[member.column].values)
        pool = made[axis]
        for more in ((), compounds(pool, 2 * _FEWEST_NAMES), filled((), _FEWEST_NAMES)):
            if len(pool) >= min(_FEWEST_NAMES, len(pools[axis])) and pool is not made[axis]:
                break
            own = tuple(dict.fromkeys([*pool, *more[: max(_FEWEST_NAMES - len(pool), 0) * 2]]))
            real = avoid(map(case, own))
            pool = tuple(word for word in own if case(word) not in real)
        made[axis] = pool if len(pool) > 1 else made[axis]
    return made[0], made[1]


def _told_apart(pools: Pools, members: Sequence[Member], unique: set[str]) -> Pools:
    """The names without those that would make two people one in a column of unique values, and in a mixed order."""
    styles = [style for member in members if member.column in unique for style in member.styles]
    made = list(pools)
    for style in styles:
        words = [token for token in style if token in ("{first}", "{last}")]
        marks = {c for token in style if token[0] != "{" for c in token if c.isalnum() or c in ".,_-"}
        if style and "{host}" not in style and words:
            made = [tuple(w for w in pool if not marks & set(w) or len(pool) < _FEWEST_FITTING) for pool in made]
        for one, other in pairwise(style):
            if one in ("{first}", "{last}") and other[:6] in ("{first", "{last}", "{last:"):
                axis = FIRST if one == "{first}" else LAST
                made[axis] = _prefix_free(made[axis])
    seen: Counter[str] = Counter()
    turns = []
    for place, word in enumerate(made[0]):
        # Names of one letter do not follow each other.
        turns.append((seen[word[:1]], place))
        seen[word[:1]] += 1
    return tuple(made[0][place] for _, place in sorted(turns)), made[1]


def _prefix_free(words: Sequence[str]) -> tuple[str, ...]:
    """The words that begin no other one, so that where one ends can be told."""
    known = {plain(spelled_out(word)) for word in words} | {plain(word) for word in words} | set(words)
    begun = {word[:end] for word in known for end in range(1, len(word))}
    return tuple(w for w in words if not {w, plain(w), plain(spelled_out(w))} & begun)


def _styles(
    member: Member, tokens: Tokens, count: int, pools: Pools, wanted: Wanted, user: Written | None
) -> list[Style]:
    """The styles of tokens: one, or one for each style of the user name that stands in it."""
    if "{username}" not in tokens:
        return [_style(member, tokens, count, pools, wanted)]
    total = sum(style.share for style in user.styles) if user else 1
    hosts = (Piece(("@",)), Piece(_HOSTS))
    return [
        Style((*style.pieces, *hosts), style.number_at, count * style.share / total)
        for style in (user.styles if user else ())
    ]


def _style(member: Member, tokens: Tokens, count: int, pools: Pools, wanted: Wanted) -> Style:
    latin = member.role in ("username", "email")
    case = case_of([value.partition("@")[0] for value in wanted.values])
    if latin and case("aB") == "aB":
        case = str.lower

    def name(word: str) -> str:
        return case(plain(spelled_out(word) if member.umlauts else word) if latin else word)

    pieces: list[Piece] = []
    number_at = 0
    for token in tokens:
        kind, _, size = token.strip("{}").partition(":")
        if token[0] != "{":
            pieces.append(Piece((token,)))
        elif kind in ("first", "last"):
            axis = FIRST if kind == "first" else LAST
            words = tuple(map(name, pools[axis]))
            pieces.append(Piece(tuple(word[:1] for word in words) if size else words, axis))
            number_at = len(pieces)
        elif kind == "digits":
            pieces += _digits(int(size))
        else:
            pools_of = {"letter": tuple(ascii_uppercase), "word": pools[0], "host": _HOSTS}
            pieces += [Piece(("@",))] if kind == "host" else []
            pieces.append(Piece(pools_of[kind] if kind == "host" else tuple(map(case, pools_of[kind]))))
    # What is not told of a name is told by a number.
    told = {piece.axis for piece in pieces}
    pieces += [Piece(("",) * len(pools[axis]), axis) for axis in (FIRST, LAST) if axis not in told]
    return Style(tuple(pieces), number_at, float(count))


def _digits(count: int) -> list[Piece]:
    """So many digits, the first of them no zero."""
    lead = min(count, 2)
    first = Piece(tuple(str(n) for n in range(10 ** (lead - 1), 10**lead)), ANY)
    return [first, Piece(tuple(f"{n:0{count - lead}d}" for n in range(10 ** (count - lead))))] if count > 2 else [first]


def _fits(style: Style, type_: ColumnType) -> bool:
    return not type_.length or style.longest <= type_.length
