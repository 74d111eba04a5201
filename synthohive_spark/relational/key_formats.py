"""Families of the strings of a key: what its real values have in common, and none of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from synthohive_spark.engine.codecs.string_formats import Format

_ALPHABETS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "9": "0123456789"}
_FAMILIES = 50
_DEFAULT_DIGITS = 8
# RFC 9562; of a surrogate, version and variant are those of random numbers.
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
)

_Pools = tuple[tuple[str, ...], ...]


def key_formats(values: Sequence[str], at_least: int) -> tuple[tuple[Format, ...], tuple[float, ...], int]:
    """Families that make strings like ``values``, with their shares and the digits of a round (see `SurrogateCodec`).

    Values of a family have a digit, a capital, a small letter or the same other character at the same places. Where
    such families would be nearly as many as values (hexadecimal digits), they are taken together. A character is kept
    only where enough values share it.

    Args:
        values: Some of the real keys.
        at_least: Fewest values of a family, or of a character, that is kept.
    """
    plain = [value for value in dict.fromkeys(values) if value]
    uuids = [value for value in plain if _UUID.fullmatch(value)]
    families: list[tuple[int, _Pools]] = []
    if len(uuids) >= max(at_least, 2):
        plain = [value for value in plain if not _UUID.fullmatch(value)]
        upper = sum(any(c in "ABCDEF" for c in value) for value in uuids) > len(uuids) / 2
        families.append((len(uuids), _uuid_pools(upper)))
    families += _families(plain, at_least)
    families = [family for family in families if any(len(pool) > 1 for pool in family[1])]
    if not families:
        families = [(1, _majority(plain or ["0" * _DEFAULT_DIGITS], at_least))]
    families = sorted(families, key=lambda family: -family[0])[:_FAMILIES]
    formats = [(count, Format(pools, _round_place(pools))) for count, pools in families]
    formats.sort(key=lambda family: -family[1].size)
    total = sum(count for count, _ in formats)
    longest = max(f.longest for _, f in formats)
    width = max(1, longest - formats[0][1].longest + 1)
    return tuple(f for _, f in formats), tuple(count / total for count, _ in formats), width


def _families(values: Sequence[str], at_least: int) -> list[tuple[int, _Pools]]:
    """Values taken together by length and punctuation, and within that by their classes, where that leaves enough."""
    fewest = max(at_least, 1)
    coarse: dict[str, list[str]] = defaultdict(list)
    for value in values:
        coarse["".join("9" if _class(c) in _ALPHABETS else c for c in value)].append(value)
    found = []
    for group in coarse.values():
        fine: dict[str, list[str]] = defaultdict(list)
        for value in group:
            fine["".join(map(_class, value))].append(value)
        kept = [own for own in fine.values() if len(own) >= fewest]
        if sum(map(len, kept)) * 2 >= len(group) and len(fine) * 4 <= max(len(group), 4):
            found += [(len(own), _pools(own, fewest)) for own in kept]
        elif len(group) >= fewest:
            found.append((len(group), _pools(group, fewest)))
    return found


def _pools(family: Sequence[str], at_least: int) -> _Pools:
    """The characters at each place of values that are alike."""
    held = Counter(c for value in family for c in set(value))
    letters = {kind: tuple(c for c in _ALPHABETS[kind] if held[c] >= max(at_least, 2)) for kind in "Aa"}
    pools: list[tuple[str, ...]] = []
    first_digit = True
    for column in zip(*family, strict=True):
        classes = {_class(c) for c in column}
        if not classes <= set(_ALPHABETS):
            pools.append((column[0],))
            continue
        pool: list[str] = []
        if "9" in classes:
            # A leading zero is used where there is one: else numbers of that form would look padded.
            skip_zero = first_digit and classes == {"9"} and "0" not in column
            pool += _ALPHABETS["9"][skip_zero:]
            first_digit = False
        shared = len(set(column)) == 1 and len(family) >= max(at_least, 2)
        for kind in sorted(classes & set("Aa")):
            pool += [column[0]] if shared else letters[kind] if len(letters[kind]) > 1 else _ALPHABETS[kind]
        pools.append(tuple(pool))
    return tuple(pools)


def _majority(values: Sequence[str], at_least: int) -> _Pools:
    """For values of which no two are alike: places as many as most have, each with the class that most have there."""
    length = Counter(map(len, values)).most_common(1)[0][0]
    pools: list[tuple[str, ...]] = []
    for column in zip(*(value for value in values if len(value) == length), strict=True):
        common, count = Counter(map(_class, column)).most_common(1)[0]
        if common in _ALPHABETS:
            pools.append(tuple(_ALPHABETS[common]))
        else:
            pools.append((common,) if count >= max(at_least, 2) else tuple(_ALPHABETS["9"]))
    if not any(len(pool) > 1 for pool in pools):
        return (tuple(_ALPHABETS["9"]),) * length
    return tuple(pools)


def _class(character: str) -> str:
    """A, a or 9 for an ASCII letter or digit; else the character itself."""
    if not (character.isascii() and character.isalnum()):
        return character
    return "9" if character.isdigit() else "A" if character.isupper() else "a"


def _uuid_pools(upper: bool) -> _Pools:
    digits: Iterable[str] = "0123456789ABCDEF" if upper else "0123456789abcdef"
    every, variant = tuple(digits), ("8", "9", "A", "B") if upper else ("8", "9", "a", "b")
    shape = "x" * 8 + "-" + "x" * 4 + "-4" + "x" * 3 + "-v" + "x" * 3 + "-" + "x" * 12
    return tuple(every if c == "x" else variant if c == "v" else (c,) for c in shape)


def _round_place(pools: _Pools) -> int:
    """Before the first digit: a round then reads as a longer number. A prefix stays in front."""
    for place, pool in enumerate(pools):
        if len(pool) > 1 and pool[0].isdigit() and all(word.isdigit() for word in pool):
            return place
    return next((place for place, pool in enumerate(pools) if len(pool) > 1), 0)
