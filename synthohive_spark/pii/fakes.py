"""Stand-ins for personal values: families of made-up strings, from Faker's words for a locale.

All is decided on the driver; what is kept are pools of words and digits. Of the real values only the form counts:
how many words, which separators, how long. None of their words gets into a pool.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.pii import PII_KINDS
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii import numbers_of, pools
from synthohive_spark.pii.checks import ip_version
from synthohive_spark.pii.pools import drawn, filled, folded, provider, same_length

_HEX = tuple("0123456789abcdef")
_WORDS = 2000
_MOST_WORDS = 40
_WORDS_A_PLACE = 100
_SENTENCE = 12
_WITH_CITY = 30
_UNSPACED = ("ja", "zh", "th", "ko")

Avoid = Callable[[Iterable[str]], set[str]]
Families = list[tuple[Format, float]]


def fake_formats(
    kind: str, locale: str, *, values: Sequence[str], type_: ColumnType, avoid: Avoid | None = None
) -> tuple[tuple[Format, ...], tuple[float, ...]]:
    """Families of stand-ins for a column, and the share of each.

    Args:
        kind: One of `synthohive_spark.declarations.pii.PII_KINDS`.
        locale: A locale that Faker knows, such as "de_DE".
        values: Some of the real values, for their form alone.
        type_: The column's type.
        avoid: Returns those of some words that are real values and so must not be kept; None keeps all.

    Raises:
        SchemaError: If the kind or the locale is not known, Faker is not installed, or no stand-in fits the type.
    """
    if kind not in PII_KINDS:
        raise SchemaError(f"pii kind {kind!r} is not known{nearest(kind, PII_KINDS)}")
    fake = pools.faker_of(locale)
    values = [value.strip() for value in values if value.strip()]
    if not type_.is_string:
        families = numbers_of.digit_families(kind, values, type_)
    else:
        families = _MAKERS[kind](fake, values, type_.length)
    families = [(f, share) for f, share in families if share > 0]
    formats = pools.kept_apart([f for f, _ in families], avoid)
    families = [(f, share) for f, (_, share) in zip(formats, families, strict=True)]
    if type_.length:
        families = pools.fitted(families, type_.length, kind)
    total = sum(share for _, share in families)
    return tuple(f for f, _ in families), tuple(share / total for _, share in families)


def _email(fake: Any, values: Sequence[str], length: int) -> Families:
    person, fake = provider(fake, "person")
    first, last = map(folded, _first_and_last(person, fake))
    if min(len(first), len(last)) < pools.FEWEST and hasattr(fake, "first_romanized_name"):
        # Names in another script: their spelling in Latin letters.
        first, last = folded(drawn(fake.first_romanized_name, _WORDS)), folded(drawn(fake.last_romanized_name, _WORDS))
    if min(len(first), len(last)) < pools.FEWEST:
        first, last = map(folded, _first_and_last(*provider(pools.fallback(fake, "person"), "person")))
    # The number of a round stands before the @: no word has a digit.
    return [(Format((filled(first), (".",), filled(last), ("@example.",), ("com", "org", "net")), 3), 1.0)]


def _first_and_last(person: Any, fake: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names of one word each."""
    keep = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
    first = pools.listed(person, "first_names", fake.first_name, _WORDS, keep)
    return first, pools.listed(person, "last_names", fake.last_name, _WORDS, keep)


def _ip(fake: Any, values: Sequence[str], length: int) -> Families:
    versions = Counter(ip_version(value) for value in values)
    if versions[6] > versions[4]:
        group = ((":",), _HEX[1:], _HEX, _HEX, _HEX)
        first = (("2001:db8::",), _HEX[1:5], _HEX, _HEX, _HEX)
        places = (*first, *group, *group, *group)
        return [(Format(places, len(places)), 1.0)]
    byte = tuple(map(str, range(256)))
    # In front, a round makes another first number; behind, it could make another last one.
    return [(Format((("10.",), byte, (".",), byte, (".",), byte), 0), 1.0)]


def _name(fake: Any, values: Sequence[str], length: int) -> Families:
    person, fake = provider(fake, "person")
    first, last = _first_and_last(person, fake)
    last_first, between = _name_order(person)
    unspaced = fake.locales[0][:2] in _UNSPACED
    single = _share(lambda v: len(v.split()) == 1, values) > 0.6
    if single and unspaced:
        between = ""
        single = sum(map(len, values)) / len(values) < 2.5
    elif unspaced and values:
        between = " "
    if single:
        known = [{w.casefold() for w in words} for words in (first, last)]
        lowered = [value.casefold() for value in values]
        hits = [sum(value in words for value in lowered) for words in known]
        words = first if hits[0] > hits[1] else last
        return [(_cased(Format((filled(words),), 1), values), 1.0)]
    if _share(lambda v: "," in v, values) > 0.5:
        last_first, between = True, ", "
    if unspaced:
        first, last = pools.recombined(first, _WORDS), pools.recombined(last, _WORDS)
    front, back = (last, first) if last_first else (first, last)
    if not between:
        front = same_length(front)
    plain = _cased(Format((filled(front), (between,), filled(back)), 3), values)
    initials = _share(lambda v: re.search(r"\b[A-Z]\.", v) is not None, values)
    if initials <= 0.05 and len(set(values)) > 0.98 * len(values) > 0:
        # Where hardly two share a name, two pools are soon used up.
        initials = 0.3
    if initials <= 0.05 or last_first or not fake.first_name()[:1].isascii():
        return [(plain, 1.0)]
    middle = Format((filled(first), (" ",), tuple(ascii_uppercase), (". ",), filled(last)), 5)
    return [(_cased(middle, values), initials), (plain, 1 - initials)]


def _name_order(person: Any) -> tuple[bool, str]:
    """Whether the last name comes first in a locale, and what stands between the two."""
    for pattern in getattr(person, "formats", ()):
        tokens = re.findall(r"\{\{(\w+?)\}\}", pattern)
        if sorted(token.split("_")[0] for token in tokens) == ["first", "last"]:
            between = re.search(r"\}\}(.*?)\{\{", pattern)
            return tokens[0].startswith("last"), between.group(1) if between else " "
    return False, " "


def _cased(format_: Format, values: Sequence[str]) -> Format:
    """The format in capitals or small letters, where the values are."""
    cased = [value for value in values if value.upper() != value.lower()]
    for change, is_so in ((str.upper, str.isupper), (str.lower, str.islower)):
        if _share(is_so, cased) > 0.8:
            changed = tuple(tuple(dict.fromkeys(map(change, pool))) for pool in format_.pools)
            return Format(changed, format_.round_at, format_.finish)
    return format_


def _address(fake: Any, values: Sequence[str], length: int) -> Families:
    address, fake = provider(fake, "address")
    city_too = not values or _share(lambda v: re.search(r"[,\n]", v) is not None, values) > 0.5
    if 0 < length < _WITH_CITY:
        city_too = False
    if fake.locales[0][:2] in ("ja", "zh", "ko"):
        return [(_cjk_address(fake), 1.0)]
    words = r"[^\W\d_][^\d\n,]*[^\W\d_]\.?"
    street = filled(drawn(fake.street_name, _WORDS, words))
    street = tuple(dict.fromkeys(word[:1].upper() + word[1:] if word.isascii() else word for word in street))
    house = tuple(map(str, range(1, 200)))
    orders = getattr(address, "street_address_formats", ("{{building_number}} {{street_name}}",))
    order = next((o for o in orders if "building_number" in o and "street_name" in o), "")
    number_first = order.find("building_number") < order.find("street_name")
    if number_first:
        places: tuple[tuple[str, ...], ...] = (house, (" ",), street)
    else:
        places = (street, (" ",), house)
    # Right behind the street, which has no digit, a round cannot be taken for a house number.
    round_at = 3 if number_first else 1
    if city_too:
        places = (*places, (", ",), filled(drawn(fake.city, _WORDS, words)))
    return [(_cased(Format(places, round_at), values), 1.0)]


def _cjk_address(fake: Any) -> Format:
    """Addresses without separators: the part before the first number, then numbers, each with its word."""
    lead = (re.split(r"[0-9A-Z\n]", fake.address())[0].strip() for _ in range(_WORDS))
    place = filled(tuple(dict.fromkeys(word for word in lead if len(word) > 3 and not re.search(r"\d", word))))
    language = fake.locales[0][:2]
    ends = {"ja": ("丁目", "番", "号"), "zh": ("号", "楼", "室"), "ko": ("-", "-", "번지")}[language]
    numbers = [tuple(map(str, range(1, most))) for most in (43, 28, 21)]
    return Format((place, numbers[0], (ends[0],), numbers[1], (ends[1],), numbers[2], (ends[2],)), 7)


def _text(fake: Any, values: Sequence[str], length: int) -> Families:
    lorem, fake = provider(fake, "lorem")
    words = tuple(dict.fromkeys(word for word in lorem.word_list if re.fullmatch(r"[^\W\d_]+", word)))
    between, end = (" ", ".") if getattr(lorem, "word_connector", " ") else ("", "。")
    if not between:
        words = same_length(words)
    words = filled(random.Random(pools.SEED).sample(words, len(words)))
    if length:
        # Short words let more of them in, and leave the sentence its length.
        words = filled(sorted(words, key=len)[: max(len(words) // 4, pools.FEWEST)])
    per_word = max(map(len, words)) + len(between)
    most = min(_MOST_WORDS, max(1, (length - len(end)) // per_word)) if length else _MOST_WORDS
    counts = [len(v.split()) if between else max(1, len(v) // max(len(words[0]), 1)) for v in values] or [12]
    ordered = sorted(counts)
    picks = [min(most, max(1, ordered[int(q * (len(ordered) - 1))])) for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return [(_text_format(words, n, between, end), float(c)) for n, c in sorted(Counter(picks).items(), reverse=True)]


def _text_format(words: Sequence[str], count: int, between: str, end: str) -> Format:
    """``count`` words; a sentence has up to a dozen of them."""
    size = max(min(_WORDS_A_PLACE, len(words)), pools.FEWEST)
    made: list[tuple[str, ...]] = []
    for place in range(count):
        # Another part of the list at each place: more of the language, and no larger a model.
        start = place * size % len(words)
        part = (*words[start : start + size], *words[: max(0, start + size - len(words))])
        opens = place % _SENTENCE == 0
        if place:
            made.append((end + between if opens else between,))
        made.append(tuple(dict.fromkeys(w[:1].upper() + w[1:] if opens else w for w in part)))
    return Format((*made, (end,)), len(made))


def _share(check: Callable[[str], bool], values: Sequence[str]) -> float:
    return sum(map(check, values)) / len(values) if values else 0.0


_MAKERS: dict[str, Callable[[Any, Sequence[str], int], Families]] = {
    "email": _email,
    "phone": numbers_of.phone_families,
    "card": numbers_of.card_families,
    "iban": numbers_of.iban_families,
    "ip": _ip,
    "name": _name,
    "address": _address,
    "text": _text,
}
