"""Which formats of dates and times a text may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

import pyarrow as pa

from synthohive_spark.engine.dependencies.day_names import languages_of, to_english
from synthohive_spark.engine.dependencies.formats import TimeFormat

_DATES = (
    *("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d/%m/%y"),
    *("%m/%d/%y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y", "%d%m%Y", "%d.%m.%y", "%d. %B %Y"),
    *("%d de %B de %Y", "%Y年%m月%d日", "%Y.%m.%d", "%d-%b-%y", "%Y%j", "%Y-%j"),
)
_WEEKDAYS = ("%a, {}", "%A, {}", "%a {}", "%A {}")
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
_ENDS = ("", "Z", " UTC", " GMT")
_OFFSET = re.compile(r"(?<=:[0-9]{2}) ?[+-][0-9]{2}:?[0-9]{2}$")
_DIRECTIVE = re.compile("%-?[A-Za-z]")


def time_forms(texts: Iterable[str]) -> Iterator[TimeFormat]:
    """Formats in which some of the texts are read, of those with the same marks the usual ones first.

    An offset at the end is a part of the format: the time is what the text shows.
    """
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for text in texts:
        offset = _OFFSET.search(text)
        bare, end = (text[: offset.start()], offset.group()) if offset else (text, "")
        groups[_marks(bare), end, ""].append(text)
        for language in languages_of(bare):
            groups[_marks(to_english(pa.array([bare]), language)[0].as_py()), end, language].append(text)
    for (marks, end, language), own in groups.items():
        for form in _by_marks().get(marks, ()):
            made = TimeFormat(form + end, language)
            if (not language or "%B" in form) and made.parse(pa.array(own)).null_count < len(own):
                yield made


@cache
def _by_marks() -> dict[str, list[str]]:
    """The forms by what is neither letter nor digit in them."""
    found: dict[str, list[str]] = defaultdict(list)
    dates = [*_DATES, *(w.format(d) for w in _WEEKDAYS for d in _DATES if " %b" in d or " %B" in d or "%d %b" in d)]
    plain = [*dates, *(f"{d}{t}{c}{e}" for d in dates for t in (" ", "T") for c in _TIMES for e in _ENDS)]
    for form in (*plain, *filter(None, (variant for own in plain for variant in _unpadded(own)))):
        found[_marks(_DIRECTIVE.sub("", form))].append(form)
    return found


def _unpadded(form: str) -> Iterator[str]:
    """The form without zeros before days and months, before hours, and before both."""
    if "%j" in form or "%m%d" in form or "%d%m" in form:
        return
    for zeros in ("[dm]", "[HI]", "[dmHI]"):
        own = re.sub(f"%({zeros})", r"%-\1", form)
        if own != form:
            yield own


def _marks(text: str) -> str:
    return re.sub(r"\w", "", text)
