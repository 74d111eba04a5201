"""Whether values are phone numbers: by how they are written, and by the numbering plans that phonenumbers knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synthohive_spark.pii.extra import pii_extra

_SAMPLE = 100
_FIRST_LOOK = 10
_LIKELY = 5
_PHONE = re.compile(r"([+(\d][\d\s().\-/\u2010-\u2013]*)((?:x|ext\.?|#)\s?\d{1,6})?", re.IGNORECASE)
_DATE_OR_DECIMAL = re.compile(r"\d{4}([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2\d{2,4}|\d+\.\d\d?")


def may_be_phone(text: str) -> bool:
    """Whether ``text`` can be read as a phone number, as its digits alone also can.

    Seven digits are the fewest of a local number, fifteen the most of any (E.164).
    """
    number, _ = _parts(text)
    return 7 <= _digits(number) <= 15 and len(set(number)) > 1 and not _DATE_OR_DECIMAL.fullmatch(number)


def is_written_as_phone(text: str) -> bool:
    """Whether ``text`` is written as a phone number: with a plus, a bracket, or several groups of digits.

    Two groups could be any number with a hyphen: a third one, a bracket or a leading zero makes it a phone.
    """
    number, _ = _parts(text)
    groups = len(re.findall(r"\d+", number))
    if number.startswith("+"):
        return 7 <= _digits(number) <= 15 and (groups > 1 or _is_international(number))
    least = 7 if number.startswith("(") else 9
    return groups > (1 if number.startswith(("0", "(")) else 2) and least <= _digits(number) <= 15


def share_in_one_country(values: Sequence[str]) -> float:
    """Share of the values that can be dialled in one country, the one where it is highest.

    An international number counts if it is as long as its country's are; a national one if it is assigned and, unless
    an extension, a bracket or a leading zero marks it as a phone, grouped as usual there. Of many values some are read.
    """
    with pii_extra():
        from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415
    read = values[:: len(values) // _SAMPLE + 1]
    national = [value for value in read if not _parts(value)[0].startswith("+")]
    found = sum(_is_international(_parts(value)[0]) for value in read)

    def dialled(country: str, some: Sequence[str]) -> int:
        return sum(_is_national(value, country) for value in some)

    if national:
        countries = [regions[0] for regions in COUNTRY_CODE_TO_REGION_CODE.values()]
        countries.sort(key=lambda country: -dialled(country, national[:_FIRST_LOOK]))
        found += max(dialled(country, national) for country in countries[:_LIKELY])
    return found / len(read)


def _is_international(number: str) -> bool:
    with pii_extra():
        import phonenumbers as pn  # noqa: PLC0415
    try:
        reason = pn.is_possible_number_with_reason(pn.parse(number))
    except pn.NumberParseException:
        return False
    return bool(reason == pn.ValidationResult.IS_POSSIBLE)


def _is_national(text: str, country: str) -> bool:
    with pii_extra():
        from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415
    number, extension = _parts(text)
    marked = extension or "(" in number or number.startswith("0")
    leniency = Leniency.VALID if marked else Leniency.STRICT_GROUPING
    return any(found.raw_string == text.strip() for found in PhoneNumberMatcher(text, country, leniency, 1))


def _parts(text: str) -> tuple[str, str]:
    """The number, with a plus in place of 00 and a country code, and its extension; empty where it is no number."""
    match = _PHONE.fullmatch(text.strip().removeprefix("tel:"))
    if match is None:
        return "", ""
    return re.sub(r"^00(?=[1-9]\d*\D)", "+", match[1].strip()), match[2] or ""


def _digits(number: str) -> int:
    return sum(c.isdigit() for c in number)
