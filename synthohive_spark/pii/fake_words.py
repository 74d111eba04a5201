"""Formats of fakes made of words: names, e-mail addresses, postal addresses, texts."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.pii.format_fitting import WeightedFormats, cased, share_of
from synthohive_spark.pii.word_pools import (
    FEWEST,
    SEED,
    drawn,
    faker_of,
    fallback,
    filled,
    folded,
    listed,
    provider,
    recombined,
    same_length,
)

_WORDS = 2000
_UNSPACED = ("ja", "zh", "th", "ko")
_WITH_CITY = 30
_MOST_WORDS = 40
_WORDS_A_PLACE = 100
_SENTENCE = 12


def email_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """A first and a last name in small ASCII letters, at a domain for examples (RFC 2606)."""
    first, last = latin_names(fake)
    # The number of a round stands before the @: no word has a digit.
    return [(Format((filled(first), (".",), filled(last), ("@example.",), ("com", "org", "net")), 3), 1.0)]


def latin_names(fake: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names in small ASCII letters; those of en_US where the locale has none."""
    person, fake = provider(fake, "person")
    first, last = map(folded, first_and_last(person, fake))
    if min(len(first), len(last)) < FEWEST and hasattr(fake, "first_romanized_name"):
        # Names in another script: their spelling in Latin letters.
        first, last = folded(drawn(fake.first_romanized_name, _WORDS)), folded(drawn(fake.last_romanized_name, _WORDS))
    if min(len(first), len(last)) < FEWEST:
        first, last = map(folded, first_and_last(*provider(fallback(fake, "person"), "person")))
    return first, last


def first_and_last(person: Any, fake: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names of one word each."""
    keep = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
    first = listed(person, "first_names", fake.first_name, _WORDS, keep)
    return first, listed(person, "last_names", fake.last_name, _WORDS, keep)


def first_name_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """First names of one word."""
    return [(cased(Format((filled(first_and_last(*provider(fake, "person"))[0]),), 1), values), 1.0)]


def last_name_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Last names of one word."""
    return [(cased(Format((filled(first_and_last(*provider(fake, "person"))[1]),), 1), values), 1.0)]


def username_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """A first name or its first letter and a last name, with a mark between and digits behind as most values have."""
    first, last = latin_names(fake)
    whole, mark, digits = handle_form(values)
    places = [filled(first), (mark,)] if whole else [tuple(ascii_lowercase)]
    places += [filled(last), *[tuple("0123456789")] * digits]
    return [(cased(Format(tuple(places), 3 if whole else 2), values), 1.0)]


def handle_form(values: Sequence[str]) -> tuple[bool, str, int]:
    """Whether a mark stands between two words in most of some user names, which one, and how many digits end them."""
    found = (re.search(r"(?<=[^\W\d_])[._-](?=[^\W\d_])", value) for value in values)
    marks = Counter(match.group() for match in found if match)
    mark, count = marks.most_common(1)[0] if marks else ("", 0)
    ends = Counter(len(value) - len(value.rstrip("0123456789")) for value in values)
    whole = count * 2 > len(values)
    return whole, mark if whole else "", min(ends.most_common(1)[0][0], 4) if ends else 0


def name_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Names as most values have them: one word or two, which comes first, with a middle initial, in which case."""
    person, fake = provider(fake, "person")
    first, last = first_and_last(person, fake)
    last_first, between = _name_order(person)
    close = unspaced(fake.locales[0])
    single = share_of(lambda v: len(v.split()) == 1, values) > 0.6
    if single and close:
        between = ""
        single = sum(map(len, values)) / len(values) < 2.5
    elif close and values:
        between = " "
    if single:
        words = first if _more_in(first, last, values) else last
        return [(cased(Format((filled(words),), 1), values), 1.0)]
    if share_of(lambda v: "," in v, values) > 0.5:
        last_first, between = True, ", "
    if close:
        first, last = recombined(first, _WORDS), recombined(last, _WORDS)
    front, back = (last, first) if last_first else (first, last)
    if not between:
        front = same_length(front)
    plain = cased(Format((filled(front), (between,), filled(back)), 3), values)
    initials = share_of(lambda v: re.search(r"\b[A-Z]\.", v) is not None, values)
    if initials <= 0.05 and len(set(values)) > 0.98 * len(values) > 0:
        # Where hardly two share a name, two pools are soon used up.
        initials = 0.3
    if initials <= 0.05 or last_first or not fake.first_name()[:1].isascii():
        return [(plain, 1.0)]
    middle = Format((filled(first), (" ",), tuple(ascii_uppercase), (". ",), filled(last)), 5)
    return [(cased(middle, values), initials), (plain, 1 - initials)]


def _more_in(first: Sequence[str], last: Sequence[str], values: Sequence[str]) -> bool:
    """Whether more of the values are first names than last names."""
    known = [{word.casefold() for word in words} for words in (first, last)]
    hits = [sum(value.casefold() in words for value in values) for words in known]
    return hits[0] > hits[1]


def looks_first(values: Sequence[str], locale: str) -> bool:
    """Whether single names are rather first names of a locale than last names."""
    return _more_in(*first_and_last(*provider(faker_of(locale), "person")), values)


def unspaced(locale: str) -> bool:
    """Whether names of a locale are written without spaces."""
    return locale[:2] in _UNSPACED


def _name_order(person: Any) -> tuple[bool, str]:
    """Whether the last name comes first in a locale, and what stands between the two."""
    for pattern in getattr(person, "formats", ()):
        tokens = re.findall(r"\{\{(\w+?)\}\}", pattern)
        if sorted(token.split("_")[0] for token in tokens) == ["first", "last"]:
            between = re.search(r"\}\}(.*?)\{\{", pattern)
            return tokens[0].startswith("last"), between.group(1) if between else " "
    return False, " "


def address_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """A street and a house number in the order of the locale, and a city where most values go on behind them."""
    address, fake = provider(fake, "address")
    if address.__lang__ == "it_IT":
        # Faker takes these cities from a set, in an order that differs from process to process.
        address.cities = sorted(address.cities)
    city_too = not values or share_of(lambda v: re.search(r"[,\n]", v) is not None, values) > 0.5
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
    return [(cased(Format(places, round_at), values), 1.0)]


def _cjk_address(fake: Any) -> Format:
    """Addresses without separators: the part before the first number, then numbers, each with its word."""
    lead = (re.split(r"[0-9A-Z\n]", fake.address())[0].strip() for _ in range(_WORDS))
    place = filled(tuple(dict.fromkeys(word for word in lead if len(word) > 3 and not re.search(r"\d", word))))
    language = fake.locales[0][:2]
    ends = {"ja": ("丁目", "番", "号"), "zh": ("号", "楼", "室"), "ko": ("-", "-", "번지")}[language]
    numbers = [tuple(map(str, range(1, most))) for most in (43, 28, 21)]
    return Format((place, numbers[0], (ends[0],), numbers[1], (ends[1],), numbers[2], (ends[2],)), 7)


def text_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Sentences of as many words as the values have, in five sizes."""
    lorem, fake = provider(fake, "lorem")
    words = tuple(dict.fromkeys(word for word in lorem.word_list if re.fullmatch(r"[^\W\d_]+", word)))
    between, end = (" ", ".") if getattr(lorem, "word_connector", " ") else ("", "。")
    if not between:
        words = same_length(words)
    words = filled(random.Random(SEED).sample(words, len(words)))
    if length:
        # Short words let more of them in, and leave the sentence its length.
        words = filled(sorted(words, key=len)[: max(len(words) // 4, FEWEST)])
    per_word = max(map(len, words)) + len(between)
    most = min(_MOST_WORDS, max(1, (length - len(end)) // per_word)) if length else _MOST_WORDS
    counts = [len(v.split()) if between else max(1, len(v) // max(len(words[0]), 1)) for v in values] or [12]
    ordered = sorted(counts)
    picks = [min(most, max(1, ordered[int(q * (len(ordered) - 1))])) for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return [(_text_format(words, n, between, end), float(c)) for n, c in sorted(Counter(picks).items(), reverse=True)]


def _text_format(words: Sequence[str], count: int, between: str, end: str) -> Format:
    """``count`` words; a sentence has up to a dozen of them."""
    size = max(min(_WORDS_A_PLACE, len(words)), FEWEST)
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
