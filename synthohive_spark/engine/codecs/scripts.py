"""Classes of characters: capitals, small letters and digits of the Latin script, and the letters of others."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

ALPHABETS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz", "9": "0123456789"}
_LETTERS = {
    "GREEK": "Ωω",
    "CYRILLIC": "Жж",
    "ARMENIAN": "Ֆֆ",
    "GEORGIAN": "ხხ",
    "HEBREW": "א",
    "ARABIC": "ب",
    "DEVANAGARI": "अ",
    "BENGALI": "অ",
    "TAMIL": "அ",
    "THAI": "ก",
    "HANGUL": "한",
    "HIRAGANA": "あ",
    "KATAKANA": "ア",
    "CJK": "中",
}
"""By the first word of their Unicode names, what stands for the letters of a script, capitals first."""
OTHER = "ʘ"
"""Stands for letters of any other script."""
MIXED = "ʬ"
"""Stands for letters and digits of which any may follow any; no character has this class."""
_ZEROS = frozenset(c for c in map(chr, range(0x80, 0x20000)) if unicodedata.decimal(c, -1) == 0)
"""Of each script but the Latin one, the digit that stands for all ten."""
DIGITS = _ZEROS | {"9"}
"""Classes of digits."""
SPREAD = frozenset([OTHER, *_ZEROS, *(letter for letters in _LETTERS.values() for letter in letters)])
"""Classes whose alphabets are what the values hold."""


@lru_cache(maxsize=1 << 16)
def class_of(character: str) -> str:
    """What stands for a character's class; the character itself where it is no letter, digit or space.

    >>> [class_of(c) for c in "Zé7٣_北я"]
    ['A', 'a', '9', '٠', '_', '中', 'ж']
    """
    zero = "" if character.isascii() else chr(ord(character) - unicodedata.decimal(character, 0))
    if zero in _ZEROS:
        return zero
    if character.isdigit():
        return "9"
    if character.isspace():
        return " "
    script = unicodedata.name(character, "").split(" ")[0]
    if script in _LETTERS and (character.isalpha() or unicodedata.category(character)[0] == "M"):
        return _LETTERS[script][0 if character.isupper() else -1]
    if character.isalpha():
        return ("A" if character.isupper() else "a") if script == "LATIN" else OTHER
    return character if character.isprintable() else "-"
