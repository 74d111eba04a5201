"""Whether a text may be a person's name, a postal address or prose: word lists and patterns, in several languages."""

from __future__ import annotations

import re

from synthohive_spark.pii.lexicon import (
    FIRST_NAMES,
    JOB_ENDINGS,
    JOB_WORDS,
    ORGANISATION_WORDS,
    STREET_ENDINGS,
    STREET_WORDS,
    STREETS_AFTER_NUMBERS,
)

_WORD = r"[^\W\d_]+(?:[.'\u2018\u2019-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_WORD}(?:(?:, ?| ){_WORD}){{0,4}}")
_US_ADDRESS = re.compile(r"^\d{1,5}\s.*[\s,][A-Z]{2} \d{5}(?:-\d{4})?$", re.DOTALL)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK_ADDRESS = re.compile(r"丁目|番地|番.*号|[0-9\uff10-\uff19一二三四五六七八九十][号號]|[로길] ?\d")
_DATE = re.compile(r"(?:\d{4}([/-])\d{1,2}\1\d{1,2}|\d{1,2}([/-])\d{1,2}\2\d{4})")
_PARTICLES = "van von der den de del della di da dos la le el bin ibn al zu zur ter ten du y e"


def is_name(text: str) -> bool:
    """Whether ``text`` may name a person: one to five words of letters, none of which names an organisation."""
    text = " ".join(text.split())
    if not 1 < len(text) <= 60 or _NAME.fullmatch(text) is None:
        return False
    return not any(word.strip(".,").casefold() in ORGANISATION_WORDS for word in text.split())


def is_capitalised(text: str) -> bool:
    """Whether ``text`` may name a person and is written like it: each word with a capital, particles aside."""
    if not is_name(text):
        return False
    words = [w for w in re.split(r"[\s,]+", text.strip()) if w.casefold() not in _PARTICLES.split()]
    return bool(words) and all(not word[0].islower() for word in words)


def has_first_name(text: str) -> bool:
    """Whether the first word, or the first after a comma, is a common first name."""
    _, comma, after = text.partition(",")
    words = (after if comma else text).split()
    # A surname alone ("James") must not count, so there have to be two words.
    return len(text.split()) > 1 and bool(words) and re.split(r"[-.]", words[0].casefold())[0] in FIRST_NAMES


def is_first_name(text: str) -> bool:
    """Whether ``text`` as a whole is a common first name."""
    return text.strip().casefold() in FIRST_NAMES


def is_address(text: str) -> bool:
    """Whether ``text`` has a house number and a word for a street, in one of several languages."""
    if not any(c.isdigit() for c in text):
        return False
    if has_street(text) or _US_ADDRESS.search(text):
        return True
    numbered = re.match(r"\d{1,5}[A-Za-z]? ((?:[A-Z][\w'.-]+ ?){2,4})", text)
    return numbered is not None and any(w.casefold() in STREETS_AFTER_NUMBERS for w in numbered.group(1).split()[1:])


def has_street(text: str) -> bool:
    """Whether ``text`` has a word for a street, and another word or a number beside it."""
    if _CJK.search(text):
        return _CJK_ADDRESS.search(text) is not None
    words = [word.casefold() for word in re.findall(r"[^\W\d_]+", text)]
    if any(word.endswith(STREET_ENDINGS) and len(word) > 6 for word in words):
        return True
    # Codes such as PL123 have no word.
    alone = re.findall(r"\b[^\W\d_]+\b", text.casefold())
    return len(words) + len(re.findall(r"\d+", text)) > 1 and not STREET_WORDS.isdisjoint(alone)


def is_number(text: str) -> bool:
    """Whether ``text`` may be a number of a person or an account: digits, and letters and single marks among them."""
    text = text.strip()
    return re.fullmatch(r"(?:[A-Za-z\d][ ./-]?){5,34}", text) is not None and sum(map(str.isdigit, text)) >= 5


def is_long_number(text: str) -> bool:
    """Whether ``text`` is a number of six digits or more, with single marks between them at most, and no date."""
    text = text.strip()
    return re.fullmatch(r"(?:\d[ /-]?){6,34}", text) is not None and _DATE.fullmatch(text) is None


def is_username(text: str) -> bool:
    """Whether ``text`` may be a user name: one word, with a letter, without marks but ``.``, ``-`` and ``_``."""
    text = text.strip()
    return re.fullmatch(r"[\w.-]{2,40}", text) is not None and re.search(r"[^\W\d_]", text) is not None


def is_term(text: str) -> bool:
    """Whether ``text`` may name a place or a job: one to eight words without digits."""
    return re.search(r"[\d@_]", text) is None and 0 < len(text.split()) <= 8 and len(text) > 2


def is_label(text: str) -> bool:
    """Whether ``text`` may name an organisation: one to eight words, digits among them."""
    return "@" not in text and re.search(r"[^\W\d_]", text) is not None and 0 < len(text.split()) <= 8


def is_country_code(text: str) -> bool:
    """Whether ``text`` has the form of a country's code of two or three letters (ISO 3166-1)."""
    return re.fullmatch(r"[A-Za-z]{2,3}", text.strip()) is not None


def is_job(text: str) -> bool:
    """Whether ``text`` has a word for somebody who works."""
    return any(word.casefold().endswith(JOB_ENDINGS) or word.casefold() in JOB_WORDS for word in text.split())


def word_count(text: str) -> int:
    """Words of ``text``; of scripts without spaces, every two characters are one."""
    return len(text.split()) + len(_CJK.findall(text)) // 2


def is_prose(text: str) -> bool:
    """Whether ``text`` reads like sentences: most of its words are words, and most of those begin with a small letter.

    Titles do not: most of their words are capitalised.
    """
    words = text.split()
    if not words or "://" in text or text[0] in "{[<":
        return False
    if len(_CJK.findall(text)) > len(text) / 2:
        return True
    letters = [w for w in words if w.strip(".,;:!?()\"'").isalpha()]
    small = sum(word.strip("(\"'")[:1].islower() for word in letters)
    numbers = sum(any(c.isdigit() for c in word) for word in words)
    return len(letters) > len(words) * 0.6 and small > len(letters) * 0.5 and numbers <= len(words) * 0.15
