"""Which kind of personal data a column holds, by its name and by what its values look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthohive_spark.declarations import column_names
from synthohive_spark.pii import heuristics, phones, validators

_MOST = 0.8
_NEARLY_ALL = 0.95
_HALF = 0.5
_WRITTEN = 0.4
_FEWEST = 10
_TEXT_WORDS = 6
_LONGEST = 1000


@dataclass(frozen=True)
class Finding:
    """What kind of personal data a column seems to hold.

    Attributes:
        kind: One of `synthohive_spark.declarations.pii.PII_KINDS`.
        reason: Why, in one sentence with figures and without a value.
    """

    kind: str
    reason: str


@dataclass(frozen=True)
class _Form:
    """How a kind is told by the form of its values.

    Attributes:
        kind: Its name.
        description: What the values look like.
        check: Whether a value looks like it.
        alone: Share of the values that suffices by itself.
        named: Share that suffices where the column's name speaks for the kind, too.
        names: Words of names that speak for the kind.
    """

    kind: str
    description: str
    check: Callable[[str], bool]
    alone: float
    named: float
    names: frozenset[str]


_FORMS = (
    _Form("email", "e-mail addresses", validators.is_email, _MOST, _HALF, column_names.EMAIL),
    _Form("iban", "IBANs with right check digits", validators.is_iban, _MOST, _HALF, column_names.IBAN),
    # One in ten numbers passes the check digit by chance, so nearly all have to.
    _Form("card", "payment cards with right check digits", validators.is_card, _NEARLY_ALL, _MOST, column_names.CARD),
    _Form("ip", "internet addresses", validators.is_ip, _MOST, _HALF, column_names.IP),
)


def find_kind(column: str, values: Sequence[str]) -> Finding | None:
    """The kind of personal data that a column seems to hold; None where nothing speaks for any.

    Args:
        column: The column's name.
        values: A sample of its values, as strings and without nulls.
    """
    values, words = _readable(values), column_names.name_words(column)
    for find in (_form, _number, _phone, _username, _address, _person, _text) if values else ():
        finding = find(column, words, values)
        if finding is not None:
            return finding
    return None


def find_fake_kind(column: str, values: Sequence[str]) -> Finding | None:
    """The kind of fakes that suits a column which a user calls personal; None where nothing speaks for any."""
    return find_kind(column, values) or find_term(column, values)


def find_term(column: str, values: Sequence[str]) -> Finding | None:
    """Whether a column seems to hold companies, titles of jobs, cities or countries, which need not be personal.

    Args:
        column: The column's name.
        values: A sample of its values, as strings and without nulls.
    """
    values, words = _readable(values), column_names.name_words(column)
    if not values:
        return None
    codes = _share(heuristics.is_country_code, values)
    for kind, names, check, what in (
        ("country", column_names.COUNTRY, heuristics.is_term, "are a few words"),
        ("city", column_names.CITY, heuristics.is_term, "are a few words"),
        ("title", column_names.JOB, heuristics.is_term, "are a few words"),
        ("title", frozenset({"title"}), heuristics.is_job, "name a job"),
        ("company", column_names.COMPANY, heuristics.is_label, "are a few words"),
    ):
        share = max(_share(check, values), codes if kind == "country" else 0)
        if words & names and share >= _MOST and not words & column_names.NOT_TERM:
            return Finding(kind, _reason(column, share, values, what))
    return None


def number_hint(values: Sequence[str]) -> str | None:
    """What to say of a column of text that is nearly unique, where it may number people or accounts; None elsewhere.

    Numbers of orders and parcels look the same, so nothing is proposed by that.

    Args:
        values: A sample of its values, as strings and without nulls.
    """
    values = _readable(values)
    share = _share(heuristics.is_long_number, values) if len(values) >= _FEWEST else 0.0
    if share < _MOST:
        return None
    found = f"{_percent(share)} are long numbers, perhaps of persons or of accounts"
    return f"{found}: if so, it belongs into pii, as {{action: fake, kind: number}}"


def _readable(values: Sequence[str]) -> list[str]:
    """The values that say something, cut where they are long."""
    return [value[:_LONGEST] for value in values if value.strip()]


def _form(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    for form in _FORMS:
        if form.kind == "ip" and "version" in words:
            continue
        share = _share(form.check, values)
        named = bool(words & form.names)
        # A handful of numbers passes any check by chance.
        few = form.kind == "card" and len(set(values)) < 3
        if share >= (form.named if named else form.alone) and (named or not few):
            what = f"look like {form.description}"
            return Finding(form.kind, _reason(column if named else None, share, values, what))
    return None


def _number(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    if not words & column_names.NUMBER or words & column_names.NOT_NUMBER or len(set(values)) < 3:
        return None
    share = _share(heuristics.is_number, values)
    if share < _MOST:
        return None
    return Finding("number", _reason(column, share, values, "are digits, some with letters and marks among them"))


def _phone(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    readable = _share(phones.may_be_phone, values)
    written = [value for value in values if phones.is_written_as_phone(value)]
    share = len(written) / len(values)
    named = bool(words & column_names.PHONE) or {"contact", "number"} <= words
    if not (named and readable >= _HALF):
        enough = share >= _MOST or (readable >= _NEARLY_ALL and share >= _WRITTEN)
        # Nearly all phone numbers of a country exist there; of random digits grouped like them, about half do.
        if not enough or len(set(values)) < 3 or phones.share_in_one_country(written) < 0.6:
            return None
    if share >= _MOST:
        return Finding("phone", _reason(None, share, values, "look like phone numbers"))
    if named:
        return Finding("phone", _reason(column, readable, values, "may be phone numbers"))
    what = f"may be phone numbers, and {_percent(share)} are written like them"
    return Finding("phone", _reason(None, readable, values, what))


def _username(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    if not (words & column_names.USERNAME) or len(set(values)) < 3:
        return None
    share = _share(heuristics.is_username, values)
    if share < _MOST:
        return None
    return Finding("username", _reason(column, share, values, "are one word of letters, digits, dots and hyphens"))


def _person(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    thing = bool(words & column_names.THINGS)
    named = bool(words & {"name", "names"})
    strong = bool(words & column_names.PERSON) or (named and bool(words & column_names.ROLES))
    if strong and not thing:
        capitals, letters = _share(heuristics.is_capitalised, values), _share(heuristics.is_name, values)
        kind = _part_of_name(words, values)
        if capitals >= 0.6:
            return Finding(kind, _reason(column, capitals, values, "are capitalised words"))
        if letters >= _MOST:
            return Finding(kind, _reason(column, letters, values, "are a few words of letters"))
    if thing or len(set(values)) < _FEWEST:
        return None
    first = _share(heuristics.has_first_name, values)
    several = _share(lambda value: heuristics.is_capitalised(value) and 2 <= len(value.split()) <= 4, values)
    if several >= 0.75 and first >= (0.3 if named or words & column_names.ROLES else _HALF):
        what = f"are two to four capitalised words, and {_percent(first)} have a common first name"
        return Finding("name", _reason(None, several, values, what))
    single = _share(heuristics.is_first_name, values)
    if named and single >= _HALF:
        return Finding("first_name", _reason(column, single, values, "are common first names"))
    return None


def _part_of_name(words: frozenset[str], values: Sequence[str]) -> str:
    """Which part of a name a column holds that is called for one."""
    if _share(lambda value: len(value.split()) == 1, values) < _HALF:
        return "name"
    first, last = bool(words & column_names.FIRST), bool(words & column_names.LAST)
    return "name" if first == last else "first_name" if first else "last_name"


def _address(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    share = _share(heuristics.is_address, values)
    prose = _share(lambda value: heuristics.word_count(value) > 15, values)
    if share >= 0.7 and prose < _HALF and len(set(values)) >= 3:
        return Finding("address", _reason(None, share, values, "have a house number and a word for a street"))
    if not words & column_names.ADDRESS or words & column_names.NOT_ADDRESS:
        return None
    share = _share(_may_be_address, values)
    if share < _HALF:
        return None
    return Finding("address", _reason(column, share, values, "have a word for a street, or words and a number"))


def _may_be_address(value: str) -> bool:
    if heuristics.has_street(value):
        return True
    return len(value.split()) > 1 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _text(column: str, words: frozenset[str], values: Sequence[str]) -> Finding | None:
    length = sum(map(heuristics.word_count, values)) / len(values)
    distinct = len(set(values)) / len(values)
    named = bool(words & column_names.TEXT)
    if length < _TEXT_WORDS or distinct < 0.9 or len(values) < _FEWEST:
        return None
    if _share(heuristics.is_prose, values) < (0.3 if named else 0.6):
        return None
    what = f"{len(values):,} values have {length:.0f} words on average, and {_percent(distinct)} of them are unique"
    return Finding("text", f"called {column!r}, and its {what}" if named else f"its {what}")


def _share(check: Callable[[str], bool], values: Sequence[str]) -> float:
    return sum(map(check, values)) / len(values)


def _percent(share: float) -> str:
    # Rounded down, so that "100 %" means all.
    return f"{int(share * 100)} %"


def _reason(column: str | None, share: float, values: Sequence[str], what: str) -> str:
    if column is None:
        return f"{_percent(share)} of {len(values):,} values {what}"
    return f"called {column!r}, and {_percent(share)} of its {len(values):,} values {what}"
