"""Pools of words for fakes: from Faker's words for a locale, folded, recombined, filled up."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.pii.extra import pii_extra

SEED = 20_240_229
FEWEST = 20
_FALLBACK = "en_US"
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "\u0131": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"

_log = get_logger(__name__)


def faker_of(locale: str) -> Any:
    """A Faker of one locale and a fixed seed of its own.

    Raises:
        SchemaError: If Faker is not installed, or does not know the locale.
    """
    with pii_extra():
        import faker  # noqa: PLC0415
        from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415
    name = locale.replace("-", "_")
    if name not in AVAILABLE_LOCALES:
        raise SchemaError(f"pii locale {locale!r} is not known{nearest(name, sorted(AVAILABLE_LOCALES))}")
    fake = faker.Faker(name)
    fake.seed_instance(SEED)
    return fake


def provider(fake: Any, name: str) -> tuple[Any, Any]:
    """The provider of that name (``"person"``) and the Faker that has it: that of en_US where the locale has none."""
    locale = fake.locales[0]
    for found in fake.factories[0].get_providers():
        if found.__provider__ == f"faker.providers.{name}" and found.__lang__ in (locale, "la"):
            return found, fake
    return (None, fake) if locale == _FALLBACK else provider(fallback(fake, name), name)


def fallback(fake: Any, name: str) -> Any:
    """The Faker of en_US, for what that of the locale has not."""
    _log.warning("pii_locale_without_provider", locale=fake.locales[0], provider=name, used=_FALLBACK)
    return faker_of(_FALLBACK)


def drawn(
    make: Callable[[], str], count: int, keep: str = r"[^\W\d_]+(?:[ .'\u2019-]+[^\W\d_]+)*\.?"
) -> tuple[str, ...]:
    """Different words out of ``count`` draws, in the order drawn; those that ``keep`` does not match are left out."""
    words = dict.fromkeys(unicodedata.normalize("NFC", make().strip()) for _ in range(count))
    return tuple(word for word in words if re.fullmatch(keep, word))


def listed(person: Any, attribute: str, make: Callable[[], str], count: int, keep: str) -> tuple[str, ...]:
    """The words that a provider lists, at most ``count`` of them; those that it draws where it has no list."""
    words = list(dict.fromkeys(getattr(person, attribute, None) or ()))
    random.Random(SEED).shuffle(words)
    every = iter(words[:count])
    return drawn(lambda: next(every), len(words[:count]), keep) if words else drawn(make, count, keep)


def recombined(words: Sequence[str], count: int) -> tuple[str, ...]:
    """The words of two characters, and others of a first and a second character out of them: for names in Kanji."""
    pairs = [word for word in words if len(word) == 2]
    if not pairs:
        return tuple(words)
    made = [first[0] + second[1] for first in pairs for second in pairs]
    random.Random(SEED).shuffle(made)
    return tuple(dict.fromkeys([*words, *made]))[:count]


def plain(text: str, keep: str = "") -> str:
    """A text in small ASCII letters and digits, without marks but those to keep."""
    parts = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    return "".join(c for c in parts if c.isascii() and (c.isalnum() or c in keep))


def spelled_out(text: str) -> str:
    """A text with two letters for each umlaut, as in German."""
    return text.translate(_UMLAUTS)


def folded(words: Iterable[str]) -> tuple[str, ...]:
    """Words in small ASCII letters; what has no such form is left out."""
    lowered = (unicodedata.normalize("NFKD", word.lower().translate(_FOLDED)) for word in words)
    ascii_only = (
        "".join(c for c in word if not unicodedata.combining(c) and c not in " .'\u2019-") for word in lowered
    )
    return tuple(dict.fromkeys(word for word in ascii_only if re.fullmatch(r"[a-z]{2,}", word)))


def compounds(words: Sequence[str], count: int) -> tuple[str, ...]:
    """So many names of two of the words, joined by a hyphen; none where these are no names in Latin letters."""
    short = [word for word in words if re.fullmatch(r"[A-Z][A-Za-z\u00c0-\u024f]{1,6}", word)]
    if len(short) < 2:
        return ()
    rng = random.Random(SEED)
    pairs = (rng.sample(short, 2) for _ in range(4 * count))
    return tuple(dict.fromkeys("-".join(pair) for pair in pairs))[:count]


def same_length(words: Sequence[str]) -> tuple[str, ...]:
    """The words of the most common length, for joining without a separator."""
    length = Counter(map(len, words)).most_common(1)[0][0]
    return tuple(word for word in words if len(word) == length)


def filled(words: Sequence[str], fewest: int = FEWEST, length: int = 0) -> tuple[str, ...]:
    """At least ``fewest`` words: pronounceable ones are made up, of ``length`` letters, where there are too few."""
    if len(words) >= fewest:
        return tuple(words)
    rng = random.Random(SEED)
    shape = str.capitalize if not words or words[0][:1].isupper() else str
    if words and len(words[0]) > 1 and all(word.isupper() for word in words):
        shape = str.upper
    made = dict.fromkeys(words)
    for _ in range(50 * fewest):
        letters = length or rng.choice((4, 5, 6, 7))
        word = "".join(rng.choice(_VOWELS if place % 2 else _CONSONANTS) for place in range(letters))
        made.setdefault(shape(word))
        if len(made) >= fewest:
            break
    return tuple(made)
