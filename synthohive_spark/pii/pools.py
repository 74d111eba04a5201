"""Pools of words for stand-ins: drawn from Faker, cleaned, kept apart from real values, and cut to a length."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.errors import SchemaError

SEED = 20_240_229
FEWEST = 20
DIGITS = tuple("0123456789")
_FALLBACK = "en_US"
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "\u0131": "i"})
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_ROOM = 6

_log = structlog.get_logger(__name__)


def faker_of(locale: str) -> Any:
    """A Faker of one locale and a fixed seed of its own.

    Raises:
        SchemaError: If Faker is not installed, or does not know the locale.
    """
    try:
        import faker  # noqa: PLC0415
        from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415
    except ImportError as error:
        raise SchemaError("made-up personal data needs faker: pip install 'synthohive-spark[pii]'") from error
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


def folded(words: Iterable[str]) -> tuple[str, ...]:
    """Words in small ASCII letters; what has no such form is left out."""
    plain = (unicodedata.normalize("NFKD", word.lower().translate(_FOLDED)) for word in words)
    ascii_only = ("".join(c for c in word if not unicodedata.combining(c) and c not in " .'\u2019-") for word in plain)
    return tuple(dict.fromkeys(word for word in ascii_only if re.fullmatch(r"[a-z]{2,}", word)))


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
    made = dict.fromkeys(words)
    for _ in range(50 * fewest):
        letters = length or rng.choice((4, 5, 6, 7))
        word = "".join(rng.choice(_VOWELS if place % 2 else _CONSONANTS) for place in range(letters))
        made.setdefault(shape(word))
        if len(made) >= fewest:
            break
    return tuple(made)


def kept_apart(formats: Sequence[Format], avoid: Callable[[Iterable[str]], set[str]] | None) -> tuple[Format, ...]:
    """The formats without those words of their pools that ``avoid`` returns; too small pools are filled.

    Pools of fewer words than `FEWEST` and single characters are structure and stay.
    """
    if avoid is None:
        return tuple(formats)
    asked = sorted({word for f in formats for pool in f.pools if _is_content(pool) for word in pool})
    if not asked:
        return tuple(formats)
    real = set(avoid(asked))

    def clean(pool: tuple[str, ...]) -> tuple[str, ...]:
        if not _is_content(pool):
            return pool
        left = tuple(word for word in pool if word not in real)
        if len(left) >= FEWEST:
            return left
        lengths = set(map(len, pool))
        made = filled(left, FEWEST * 3, lengths.pop() if len(lengths) == 1 else 0)
        unreal = made[: len(left)] + tuple(set_apart(made[len(left) :], avoid))
        return unreal if len(unreal) > 1 else made

    return tuple(replace(f, pools=tuple(clean(pool) for pool in f.pools)) for f in formats)


def set_apart(words: Sequence[str], avoid: Callable[[Iterable[str]], set[str]]) -> list[str]:
    """The words that ``avoid`` does not return."""
    real = avoid(list(words)) if words else set()
    return [word for word in words if word not in real]


def fitted(families: Sequence[tuple[Format, float]], length: int, kind: str) -> list[tuple[Format, float]]:
    """The families whose strings have at most ``length`` characters, with fewer and shorter words where they must.

    Raises:
        SchemaError: If none can be that short.
    """
    short = [(_shortened(f, length), share) for f, share in families]
    kept = [(f, share) for f, share in short if f is not None]
    if not kept:
        raise SchemaError(
            f"no made-up value of kind {kind!r} fits into {length} characters: "
            "widen the column, or choose another pii action ('hash', 'mask', 'drop')"
        )
    return kept


def _shortened(format_: Format, length: int) -> Format | None:
    # Some room is left for the number of a round where that costs only long words.
    for goal, fewest in ((length - _ROOM, 100), (length, FEWEST)):
        pools = [list(pool) for pool in format_.pools]
        while sum(max(map(len, pool)) for pool in pools) > goal - (format_.longest - _longest(format_.pools)):
            varied = [pool for pool in pools if len(pool) >= fewest and _is_content(pool)]
            if not varied:
                break
            pool = max(varied, key=lambda p: max(map(len, p)))
            most = max(map(len, pool))
            shorter = [word for word in pool if len(word) < most]
            if len(shorter) < fewest:
                shorter = _made_short(pool, shorter, fewest, most - 1)
            if not shorter:
                break
            pool[:] = shorter
        else:
            return replace(format_, pools=tuple(tuple(pool) for pool in pools))
    return None


def _made_short(pool: Sequence[str], shorter: list[str], fewest: int, most: int) -> list[str]:
    """The shorter words and made-up ones beside them, with the separators of the pool; none where too short."""
    lead = re.match(r"^\W*", pool[0])
    start = lead.group() if lead else ""
    letters = most - len(start)
    if fewest > FEWEST or letters < 3:
        return []
    bare = [word[len(start) :] for word in shorter]
    made = filled(bare or [pool[0][len(start) :]], fewest + 1, min(letters, 5))
    return [start + word for word in made if len(start) + len(word) <= most]


def _longest(pools: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, pool)) for pool in pools)


def _is_content(pool: Sequence[str]) -> bool:
    return len(pool) >= FEWEST and not pool[0][-1:].isdigit() and max(map(len, pool)) > 1
