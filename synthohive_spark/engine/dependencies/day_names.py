"""The names of months and of days of the week in some languages, and texts with those of another."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_ENGLISH = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    *("December", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
_NAMES = {
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember "
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre "
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
    "lunes martes miércoles jueves viernes sábado domingo",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro "
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
}
LANGUAGES = tuple(_NAMES)
_WORDS = {language: frozenset(names.split()) for language, names in _NAMES.items()}


def languages_of(text: str) -> list[str]:
    """The languages with a name that is a word of a text.

    >>> languages_of("25. März 2023")
    ['German']
    """
    words = set(re.findall(r"[^\W\d]+(?:-[^\W\d]+)?", text))
    return [language for language, names in _WORDS.items() if words & names]


def to_english(texts: pa.Array, language: str) -> pa.Array:
    """Texts with English names in place of those of a language.

    >>> to_english(pa.array(["25. März 2023"]), "German")[0].as_py()
    '25. March 2023'
    """
    for name, english in zip(_NAMES[language].split(), _ENGLISH, strict=True):
        texts = pc.replace_substring_regex(texts, rf"\b{name}(\P{{L}}|$)", rf"{english}\1")
    return texts


def from_english(texts: pa.Array, language: str) -> pa.Array:
    """Texts with the names of a language in place of English ones."""
    for name, english in zip(_NAMES[language].split(), _ENGLISH, strict=True):
        texts = pc.replace_substring_regex(texts, rf"\b{english}\b", name)
    return texts
