"""Formats of the fakes that stand for the values of a personal column, from Faker's words for a locale.

All is decided on the driver; what is kept are pools of words and digits. Of the real values only the form counts:
how many words, which separators, how long. None of their words gets into a pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.pii import PII_KINDS
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii.fake_numbers import (
    card_formats,
    digit_formats,
    iban_formats,
    ip_formats,
    number_formats,
    phone_formats,
)
from synthohive_spark.pii.fake_terms import city_formats, company_formats, country_formats, title_formats
from synthohive_spark.pii.fake_words import (
    address_formats,
    email_formats,
    first_name_formats,
    last_name_formats,
    name_formats,
    text_formats,
    username_formats,
)
from synthohive_spark.pii.format_fitting import Avoid, WeightedFormats, shortened, without_real_words
from synthohive_spark.pii.word_pools import faker_of


def fake_formats(
    kind: str, locale: str, *, values: Sequence[str], type_: ColumnType, avoid: Avoid | None = None
) -> tuple[tuple[Format, ...], tuple[float, ...]]:
    """Formats of fakes for a column, and the share of each.

    Args:
        kind: One of `synthohive_spark.declarations.pii.PII_KINDS`.
        locale: A locale that Faker knows, such as "de_DE".
        values: Some of the real values, for their form alone.
        type_: The column's type.
        avoid: Returns those of some words that are real values and so are left out; None leaves out none.

    Raises:
        SchemaError: If the kind or the locale is not known, the extra ``pii`` is missing, or no fake fits the type.
    """
    if kind not in PII_KINDS:
        raise SchemaError(f"pii kind {kind!r} is not known{nearest(kind, PII_KINDS)}")
    fake = faker_of(locale)
    values = [value.strip() for value in values if value.strip()]
    weighted = _FORMATS[kind](fake, values, type_.length) if type_.is_string else digit_formats(kind, values, type_)
    weighted = without_real_words([(f, share) for f, share in weighted if share > 0], avoid)
    if type_.length:
        weighted = shortened(weighted, type_.length, kind)
    total = sum(share for _, share in weighted)
    return tuple(f for f, _ in weighted), tuple(share / total for _, share in weighted)


_FORMATS: dict[str, Callable[[Any, Sequence[str], int], WeightedFormats]] = {
    "email": email_formats,
    "phone": phone_formats,
    "card": card_formats,
    "iban": iban_formats,
    "number": number_formats,
    "ip": ip_formats,
    "name": name_formats,
    "first_name": first_name_formats,
    "last_name": last_name_formats,
    "username": username_formats,
    "company": company_formats,
    "title": title_formats,
    "city": city_formats,
    "country": country_formats,
    "address": address_formats,
    "text": text_formats,
}
