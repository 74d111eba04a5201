"""Formats of fakes that are terms of a language: companies, titles of jobs, cities, countries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any

from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.pii.fake_words import first_and_last
from synthohive_spark.pii.format_fitting import WeightedFormats, cased, share_of
from synthohive_spark.pii.word_pools import FEWEST, drawn, filled, provider

_DRAWS = 2000
_TERM = r"[^\W\d_]+(?:[ .'\u2019/-]+[^\W\d_]+)*\.?"
_MOST_SUFFIXES = 40
_LONG = 50


def company_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Companies as the locale writes them, of as many words as most values have where it writes such."""
    _, person = provider(fake, "person")
    company, fake = provider(fake, "company")
    last = first_and_last(*provider(person, "person"))[1]
    weighted: WeightedFormats = []
    taken: set[str] = set()
    for pattern in dict.fromkeys(getattr(company, "formats", ())):
        made = _company_format(fake, pattern, last, length)
        shapes = set() if made is None else _shapes(made)
        if made is not None and not shapes & taken:
            taken |= shapes
            weighted.append((cased(made, values), 1.0))
    weighted.sort(key=lambda own: -own[0].size)
    if not weighted or weighted[0][0].size < _DRAWS:
        words = filled(drawn(fake.company, _DRAWS, rf"{_TERM}|[^\d\n]+"))
        return [(cased(Format((words,), 1), values), 1.0)]
    if 0 < length < _LONG:
        # Several names would have to be very short ones.
        return [min(weighted, key=lambda own: sum(len(pool) >= FEWEST for pool in own[0].pools))]
    counts = Counter(len(value.split()) for value in values)
    likely = [(f, float(counts[len(_example(f).split())])) for f, _ in weighted]
    fitting = [(f, share) for f, share in likely if share > 0.05 * len(values)]
    return fitting or weighted


def _company_format(fake: Any, pattern: str, last: Sequence[str], length: int) -> Format | None:
    """A pattern of Faker such as ``{{last_name}} {{company_suffix}}``; None where its words cannot be told apart."""
    places: list[tuple[str, ...]] = []
    for text, token in re.findall(r"([^{]*)(?:\{\{(\w+)\}\})?", pattern):
        if text:
            places.append((text,))
        elif token and places and len(places[-1]) > 1:
            return None
        if token == "last_name":
            places.append(filled(last))
        elif token and hasattr(fake, token):
            terms = sorted(drawn(getattr(fake, token), 500, r"[^\d\n]+"), key=lambda term: (len(term) > 5, term))
            places.append(tuple(terms)[: 3 if 0 < length < _LONG else _MOST_SUFFIXES])
        elif token:
            return None
    if not any(len(place) >= FEWEST for place in places) or not all(places):
        return None
    return Format(tuple(places), len(places))


def _shapes(format_: Format) -> set[str]:
    """What the strings of a format look like, a letter for each word."""
    some = [{re.sub(r"[^\W\d_]+", "w", word) for word in pool} for pool in format_.pools]
    return {"".join(parts) for parts in product(*some)}


def _example(format_: Format) -> str:
    return "".join(pool[0] for pool in format_.pools)


def title_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Titles of jobs; those with commas and slashes only where many values have them."""
    _, fake = provider(fake, "job")
    marked = share_of(lambda v: "," in v or "/" in v, values) > 0.1
    keep = r"[^\d\n]+" if marked else r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+)*"
    words = filled(drawn(fake.job, 10 * _DRAWS, keep))
    return [(_titled(Format((_worded(words, values),), 1), values), 1.0)]


def city_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Cities, of as many words as the values have."""
    address, fake = provider(fake, "address")
    if address.__lang__ == "it_IT":
        # Faker takes these cities from a set, in an order that differs from process to process.
        address.cities = sorted(address.cities)
    return [(cased(Format((_worded(filled(drawn(fake.city, 2 * _DRAWS, _TERM)), values),), 1), values), 1.0)]


def country_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Countries, or their codes of two or three letters (ISO 3166-1) where the values are such."""
    _, fake = provider(fake, "address")
    for letters, kind in ((2, "alpha-2"), (3, "alpha-3")):
        if share_of(lambda v, n=letters: len(v) == n and v.isascii() and v.isalpha(), values) > 0.8:  # type: ignore[misc]
            codes = drawn(lambda k=kind: fake.country_code(representation=k), _DRAWS)  # type: ignore[misc]
            return [(cased(Format((tuple(sorted(codes)),), 1), values), 1.0)]
    names = drawn(fake.country, _DRAWS, r"[^\d\n(]*[^\W\d_]" if hasattr(fake, "country") else _TERM)
    return [(cased(Format((filled(tuple(sorted(names))),), 1), values), 1.0)]


def _worded(words: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    """The words of pools whose number of parts many values have; all where these are too few."""
    counts = Counter(len(value.split()) for value in values)
    common = {n for n, count in counts.items() if count >= 0.1 * len(values)}
    fitting = tuple(word for word in words if len(word.split()) in common)
    return fitting if len(fitting) >= 5 * FEWEST else tuple(words)


def _titled(format_: Format, values: Sequence[str]) -> Format:
    """The format with a capital at each word, where values of several words have that."""
    several = [value for value in values if len(value.split()) > 1]
    made = cased(format_, values)
    if made is not format_ or share_of(lambda v: all(w[0].isupper() or len(w) < 4 for w in v.split()), several) < 0.6:
        return made
    pool = tuple(dict.fromkeys(_capitals(word) for word in format_.pools[0]))
    return Format((pool,), format_.round_at)


def _capitals(text: str) -> str:
    return " ".join(word if len(word) < 3 else word[:1].upper() + word[1:] for word in text.split())
