"""Formats of fakes that are mostly digits: telephone, card, account and internet numbers."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii.extra import pii_extra
from synthohive_spark.pii.format_fitting import WeightedFormats
from synthohive_spark.pii.validators import ip_version, is_iban
from synthohive_spark.pii.word_pools import SEED, fallback, provider

_DRAWS = 2000
_SKELETONS = 8
_MOST_DIGITS = {"tinyint": 2, "smallint": 4, "int": 9, "bigint": 18, "float": 7, "double": 15}
_DIGITS = tuple("0123456789")
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
# By length: beginnings under which issuers hand out no cards, or only test cards.
_CARDS = {15: ("378282",), 14: ("305693",), 19: ("400000",)}
_BANK_CODES = 1000
_HEX = tuple("0123456789abcdef")
_SMALL_LETTERS = tuple(map(str.lower, _LETTERS))
_POOLS = {"9": _DIGITS, "A": _LETTERS, "a": _SMALL_LETTERS, "*": (*_DIGITS, *_LETTERS)}
_PLAIN_DIGITS = 9


def digit_formats(kind: str, values: Sequence[str], type_: ColumnType) -> WeightedFormats:
    """Plain digits, as many as most values have and the type can hold; cards with their check digit.

    Raises:
        SchemaError: If the type is neither of whole numbers nor of numbers with a fraction.
    """
    most = _MOST_DIGITS.get(type_.name, min(type_.precision - type_.scale, 18))
    if type_.name in ("boolean", "date", "timestamp", "timestamp_ntz") or most < 1:
        raise SchemaError(f"no fake of kind {kind!r} fits the type {type_}: use the pii action 'drop'")
    lengths = Counter(min(len(re.sub(r"\..*|\D", "", value)) or 1, most) for value in values) or Counter([min(9, most)])
    common = [(n, c) for n, c in lengths.most_common(3) if c >= 0.1 * max(len(values), 1)] or lengths.most_common(1)
    if kind == "card" and 13 <= common[0][0] <= 19:
        return card_formats(None, ["9" * common[0][0]], 0)[:1]
    # The longest first: numbers of another length are other numbers.
    return [(Format((_DIGITS[1:], *(_DIGITS,) * (n - 1)), 1), float(c)) for n, c in sorted(common, reverse=True)]


def phone_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """What Faker's numbers of a locale look like, with the beginnings that occur there and any digits behind."""
    _, fake = provider(fake, "phone_number")
    if not hasattr(fake, "phone_number"):
        # Providers of some locales know mobile and landline numbers only.
        fake = fallback(fake, "phone_number")
    by_skeleton: dict[str, list[str]] = defaultdict(list)
    for _ in range(_DRAWS):
        number = " ".join(fake.phone_number().split())
        by_skeleton[re.sub(r"[0-9]", "#", number)].append(number)
    wanted = Counter(_style(value) for value in values)
    groups = sorted(by_skeleton.items(), key=lambda item: (-len(item[1]), item[0]))
    styled = [(s, n) for s, n in groups if not wanted or wanted[_style(n[0])] > 0.05 * len(values)] or groups
    bounded = [(s, n) for s, n in styled if not length or len(s) <= length]
    if not bounded and length >= 7:
        return [(Format((_DIGITS[1:], *(_DIGITS,) * (min(length, 12) - 1)), 1), 1.0)]
    chosen = (bounded or styled)[:_SKELETONS]
    # The roomiest first: what is used up goes on there.
    chosen.sort(key=lambda item: (-item[0].count("#"), -len(item[1]), item[0]))
    weighted: WeightedFormats = []
    sizes = Counter(_style(n[0]) for _, n in chosen for _ in n)
    for skeleton, numbers in chosen:
        if any(_may_meet(chosen[0][0], skeleton) for _ in weighted[:1]):
            continue
        style = _style(numbers[0])
        share = len(numbers) / sizes[style] * (wanted[style] if wanted[style] else 1)
        weighted.append((_phone_format(numbers), float(share)))
    return weighted


def _style(number: str) -> str:
    return "+" if number.startswith("+") else "plain" if number.isdigit() else "grouped"


def _may_meet(first: str, other: str) -> bool:
    """Whether a number of the first skeleton, with the number of a round at its end, may be one of the other."""
    return len(other) > len(first) and other.startswith(first) and set(other[len(first) :]) == {"#"}


def _phone_format(numbers: Sequence[str]) -> Format:
    """The beginnings that occur, then any digits; the round stands at the end."""
    shape, size = numbers[0], 0
    for end in range(1, len(shape)):
        if len({number[:end] for number in numbers}) > max(1, min(60, len(numbers) // 8)):
            break
        size = end
    # Digits enough have to vary, however alike the numbers drawn are.
    while sum(c.isdigit() for c in shape[size:]) < 6 and size:
        size -= 1
    lead = tuple(sorted({number[:size] for number in numbers})) if size else ("",)
    places: list[tuple[str, ...]] = [lead]
    for place in range(size, len(shape)):
        if not re.fullmatch("[0-9]", shape[place]):
            places.append((shape[place],))
            continue
        # The first digit of a group has meaning in some places (no area code with 0 or 1); others may be any.
        found = tuple(sorted({number[place] for number in numbers}))
        places.append(found if place == size and len(found) > 1 else _DIGITS)
    return Format(tuple(places), len(places))


def card_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Card numbers with the check digit of ISO/IEC 7812, as long and grouped as most values are."""
    digits = [re.sub(r"\D", "", value) for value in values]
    long = Counter(len(d) for d in digits if 13 <= len(d) <= 19)
    size = long.most_common(1)[0][0] if long else 16
    separators = Counter(c for value in values for c in " -" if c in value)
    mark, count = separators.most_common(1)[0] if separators else ("", 0)
    mark = mark if count * 2 > len(values) and (not length or length >= size + (size - 1) // 4) else ""
    starts: tuple[str, ...] = _CARDS.get(size, ("400000", "555555") if size == 16 else ("400000",))
    # A billion numbers at least: of a short one, less of the beginning is fixed.
    starts = tuple(start[: max(1, size - 10)] for start in starts)
    return [(_card(start, size, mark), 1.0 / (which + 1)) for which, start in enumerate(starts)]


def _card(start: str, size: int, mark: str) -> Format:
    places: list[tuple[str, ...]] = []
    for place in range(size - 1):
        if place and place % 4 == 0 and mark:
            places.append((mark,))
        places.append((start[place],) if place < len(start) else _DIGITS)
    if mark and (size - 1) % 4 == 0:
        places.append((mark,))
    # Behind the fixed beginning: a longer number with the same beginning is another number.
    after = next(i for i, pool in enumerate(places) if len(pool) > 1)
    return Format(tuple(places), after, "luhn")


def iban_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Account numbers of the locale's country, or of Britain, with the check digits of ISO 13616."""
    country, shape = "GB", "????##############"
    for bank in fake.factories[0].get_providers():
        if bank.__provider__ == "faker.providers.bank":
            code, pattern = getattr(bank, "country_code", ""), getattr(bank, "bban_format", "")
            if set(pattern) <= set("?#") and _is_iban_shape(code, pattern):
                country, shape = code, pattern
    if length and length < len(shape) + 4:
        raise SchemaError(
            f"no fake of kind 'iban' fits into {length} characters: one of {country} has {len(shape) + 4}; "
            "widen the column, or choose another locale or pii action"
        )
    # Made-up codes of banks in front; behind them as many digits as a number can tell apart.
    lead = max(4, len(shape) - 16)
    rng = random.Random(SEED)
    codes = {"".join(rng.choice(_LETTERS if c == "?" else _DIGITS) for c in shape[:lead]) for _ in range(_BANK_CODES)}
    places = ((country,), tuple(sorted(codes)), *(_LETTERS if c == "?" else _DIGITS for c in shape[lead:]))
    return [(Format(places, 2, "iban"), 1.0)]


def number_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Any digits and letters where the values have such, and their marks: of a value, only its shape counts."""
    shapes = Counter(shape for value in values if re.search("[09Aa]", shape := _shape(value)))
    common = [(shape, n) for shape, n in shapes.most_common(_SKELETONS) if n >= 0.05 * len(values)]
    if not common:
        mixed = Counter(re.sub("[Aa09]", "*", shape) for shape in shapes.elements())
        common = mixed.most_common(_SKELETONS) or [("9" * _PLAIN_DIGITS, 1)]
    # The longest first: with the number of a round, they are longer than all others.
    common.sort(key=lambda own: (-len(own[0]), -own[1], own[0]))
    return [(Format(_places(shape), 1), float(n)) for shape, n in common]


def _shape(value: str) -> str:
    """The value with ``A``, ``a`` and ``9`` for letters and digits, and ``0`` for a first digit that is zero."""
    kinds = ("A" if c.isupper() else "a" if c.isalpha() else "9" if c.isdigit() else c for c in value)
    shape = "".join(c if c in "Aa9 ./-" else "-" for c in kinds)
    return f"0{shape[1:]}" if value.startswith("0") else shape


def _places(shape: str) -> tuple[tuple[str, ...], ...]:
    first = _DIGITS[1:] if shape[0] == "9" else _POOLS.get(shape[0], (shape[0],))
    return (first, *(_POOLS.get(c, (c,)) for c in shape[1:]))


def ip_formats(fake: Any, values: Sequence[str], length: int) -> WeightedFormats:
    """Private addresses (RFC 1918), or those for documentation (RFC 3849) where most values are of version 6."""
    versions = Counter(ip_version(value) for value in values)
    if versions[6] > versions[4]:
        group = ((":",), _HEX[1:], _HEX, _HEX, _HEX)
        first = (("2001:db8::",), _HEX[1:5], _HEX, _HEX, _HEX)
        places = (*first, *group, *group, *group)
        return [(Format(places, len(places)), 1.0)]
    byte = tuple(map(str, range(256)))
    # In front, a round makes another first number; behind, it could make another last one.
    return [(Format((("10.",), byte, (".",), byte, (".",), byte), 0), 1.0)]


def _is_iban_shape(country: str, shape: str) -> bool:
    """Whether IBANs of the country are of this shape, a letter for each ``?`` and a digit for each ``#``."""
    with pii_extra():
        from stdnum import iban  # noqa: PLC0415
    account = shape.replace("?", "A").replace("#", "0")
    return is_iban(country + iban.calc_check_digits(f"{country}00{account}") + account)
