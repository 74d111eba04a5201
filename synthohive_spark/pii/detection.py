"""Which kind of personal data a column holds, by its name and by what its values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from synthohive_spark.pii import checks

_MOST = 0.8
_NEARLY_ALL = 0.95
_HALF = 0.5
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
class _Kind:
    """How a kind is told by the form of its values.

    Attributes:
        kind: Its name.
        words: What the values look like.
        check: Whether a value looks like it.
        alone: Share of the values that suffices by itself.
        hinted: Share that suffices where the column's name speaks for the kind, too.
        hints: Parts of names that speak for the kind.
    """

    kind: str
    words: str
    check: Callable[[str], bool]
    alone: float
    hinted: float
    hints: frozenset[str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BY_FORM = (
    _Kind("email", "e-mail addresses", checks.is_email, _MOST, _HALF, _names("email mail mailbox courriel correo")),
    _Kind("iban", "IBANs with right check digits", checks.is_iban, _MOST, _HALF, _names("iban account konto compte")),
    # One in ten numbers passes the check digit by chance, so nearly all have to.
    _Kind("card", "payment cards with right check digits", checks.is_card, _NEARLY_ALL, _MOST, _names("card pan cc")),
    _Kind("ip", "internet addresses", checks.is_ip, _MOST, _HALF, _names("ip ipv4 ipv6 host client remote")),
    _Kind("phone", "phone numbers", checks.is_phone, _MOST, _HALF, frozenset()),
)
_PHONE = _names(
    "phone phones phonenumber phoneno telephone tel telefon telefonnummer telephon teléfono telefono telefoon "
    "téléphone mobile mobil mobilnummer móvil movil cell cellphone cellular handy handynummer fax msisdn gsm whatsapp"
)
_PERSON = _names(
    "surname lastname firstname forename fullname givenname familyname middlename maidenname nachname vorname "
    "familienname nom prenom prénom apellido apellidos nombre nombres cognome sobrenome imie imię nazwisko achternaam "
    "voornaam efternamn förnamn fname lname cardholder patronymic"
)
_ROLES = _names(
    "first last full given family middle maiden customer client patient employee person people contact author owner "
    "holder member guest passenger student teacher manager staff user driver doctor nurse applicant beneficiary "
    "tenant subscriber recipient sender witness spouse father mother child parent buyer seller insured legal real"
)
_THINGS = _names(
    "product company file table column city country airport brand category event school host server domain app project "
    "team department store shop hotel item model game movie film song album book title region state county street bank "
    "organisation organization business vendor supplier manufacturer carrier airline station type class group role log "
    "screen display code short display plan site device process job task species color colour tag field branch channel"
)
_ADDRESS = _names(
    "address addr address1 address2 addressline streetaddress street strasse straße anschrift adresse adress rue calle "
    "direccion dirección domicilio indirizzo endereco endereço adres residence"
)
_TEXT = _names(
    "comment comments note notes text message description review feedback remark remarks body bio biography summary "
    "narrative complaint diagnosis bemerkung kommentar beschreibung commentaire"
)
_NO_ADDRESS = _names("email mail ip mac web url wallet memory host type")


def find_kind(column: str, values: Sequence[str]) -> Finding | None:
    """The kind of personal data that a column seems to hold; None where nothing speaks for any.

    Args:
        column: The column's name.
        values: A sample of its values, as strings and without nulls.
    """
    values = [value[:_LONGEST] for value in values if value.strip()]
    if not values:
        return None
    tokens = _tokens(column)
    for find in (_by_form, _phone, _address, _person, _text):
        finding = find(column, tokens, values)
        if finding is not None:
            return finding
    return None


def _by_form(column: str, tokens: frozenset[str], values: Sequence[str]) -> Finding | None:
    for kind in _BY_FORM:
        if kind.kind == "ip" and "version" in tokens:
            continue
        share = _share(kind.check, values)
        hinted = bool(tokens & kind.hints)
        # A handful of numbers passes any check by chance.
        few = kind.kind in ("card", "phone") and len(set(values)) < 3
        if share >= (kind.hinted if hinted else kind.alone) and (hinted or not few):
            return Finding(kind.kind, _reason(column if hinted else None, share, values, f"look like {kind.words}"))
    return None


def _phone(column: str, tokens: frozenset[str], values: Sequence[str]) -> Finding | None:
    hinted = bool(tokens & _PHONE) or {"contact", "number"} <= tokens
    share = _share(checks.is_plain_phone, values)
    if hinted and share >= _HALF:
        return Finding("phone", _reason(column, share, values, "may be phone numbers"))
    written = _share(checks.is_phone, values)
    if share < _NEARLY_ALL or written < 0.4 or len(set(values)) < 3:
        return None
    what = f"may be phone numbers, and {_percent(written)} are written like them"
    return Finding("phone", _reason(None, share, values, what))


def _person(column: str, tokens: frozenset[str], values: Sequence[str]) -> Finding | None:
    thing = bool(tokens & _THINGS)
    named = bool(tokens & {"name", "names"})
    strong = bool(tokens & _PERSON) or (named and bool(tokens & _ROLES))
    if strong and not thing:
        capitals, letters = _share(checks.is_capitalised, values), _share(checks.is_name, values)
        if capitals >= 0.6:
            return Finding("name", _reason(column, capitals, values, "are capitalised words"))
        if letters >= _MOST:
            return Finding("name", _reason(column, letters, values, "are a few words of letters"))
    if thing or len(set(values)) < _FEWEST:
        return None
    first = _share(checks.has_first_name, values)
    several = _share(lambda value: checks.is_capitalised(value) and 2 <= len(value.split()) <= 4, values)
    if several >= 0.75 and first >= (0.3 if named or tokens & _ROLES else _HALF):
        what = f"are two to four capitalised words, and {_percent(first)} have a common first name"
        return Finding("name", _reason(None, several, values, what))
    single = _share(checks.is_first_name, values)
    if named and single >= _HALF:
        return Finding("name", _reason(column, single, values, "are common first names"))
    return None


def _address(column: str, tokens: frozenset[str], values: Sequence[str]) -> Finding | None:
    share = _share(checks.is_address, values)
    prose = _share(lambda value: checks.word_count(value) > 15, values)
    if share >= 0.7 and prose < _HALF and len(set(values)) >= 3:
        return Finding("address", _reason(None, share, values, "have a house number and a word for a street"))
    if not tokens & _ADDRESS or tokens & _NO_ADDRESS:
        return None
    share = _share(_may_be_address, values)
    if share < _HALF:
        return None
    return Finding("address", _reason(column, share, values, "have a word for a street, or words and a number"))


def _may_be_address(value: str) -> bool:
    if checks.has_street(value):
        return True
    return len(value.split()) > 1 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _text(column: str, tokens: frozenset[str], values: Sequence[str]) -> Finding | None:
    words = sum(map(checks.word_count, values)) / len(values)
    distinct = len(set(values)) / len(values)
    hinted = bool(tokens & _TEXT)
    if words < _TEXT_WORDS or distinct < 0.9 or len(values) < _FEWEST:
        return None
    if _share(checks.is_prose, values) < (0.3 if hinted else 0.6):
        return None
    what = f"{len(values):,} values have {words:.0f} words on average, and {_percent(distinct)} of them are unique"
    return Finding("text", f"called {column!r}, and its {what}" if hinted else f"its {what}")


def _tokens(column: str) -> frozenset[str]:
    """Parts of a name: ``lastName_2`` has ``last`` and ``name``; whole and joined forms count, too."""
    spaced = re.sub(r"([a-zß-ÿ])([A-Z])", r"\1 \2", column)
    parts = [part for part in re.split(r"[\W_\d]+", spaced.casefold()) if part]
    joined = ["".join(pair) for pair in pairwise(parts)]
    return frozenset([*parts, *joined, column.casefold()])


def _share(check: Callable[[str], bool], values: Sequence[str]) -> float:
    return sum(map(check, values)) / len(values)


def _percent(share: float) -> str:
    # Rounded down, so that "100 %" means all.
    return f"{int(share * 100)} %"


def _reason(column: str | None, share: float, values: Sequence[str], what: str) -> str:
    if column is None:
        return f"{_percent(share)} of {len(values):,} values {what}"
    return f"called {column!r}, and {_percent(share)} of its {len(values):,} values {what}"
