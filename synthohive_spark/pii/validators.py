"""Whether a text is an e-mail address, a payment card number, an IBAN or an internet address, by its standard."""

from __future__ import annotations

import ipaddress
import re

from synthohive_spark.pii.extra import pii_extra

_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}")
# Issuers and lengths, which no library lists: Visa, Mastercard, American Express, Diners, JCB, and those that begin
# with 5 or 6 and differ in length (Maestro, Discover, UnionPay).
_CARD = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720))\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}|35\d{14,17}|(?:2131|1800)\d{11}|(?:5[06-8]|6\d)\d{10,17}"
)


def is_email(text: str) -> bool:
    """Whether ``text`` has the form of an e-mail address (RFC 5321, without quoted names and address literals)."""
    return _EMAIL.fullmatch(text.strip()) is not None


def is_card(text: str) -> bool:
    """Whether ``text`` is a payment card number: an issuer's prefix and length, and the check digit of ISO/IEC 7812."""
    with pii_extra():
        from stdnum import luhn  # noqa: PLC0415
    digits = re.sub(r"[ -]", "", text.strip())
    return digits.isascii() and _CARD.fullmatch(digits) is not None and luhn.is_valid(digits)


def is_iban(text: str) -> bool:
    """Whether ``text`` is an account number whose structure and check digits agree with ISO 13616."""
    with pii_extra():
        from stdnum import iban  # noqa: PLC0415
    # Checks of single countries would refuse made-up accounts, as test data and fakes have them.
    return text.isascii() and iban.is_valid(text, check_country=False)


def ip_version(text: str) -> int:
    """4 or 6 for an internet address, else 0."""
    try:
        return ipaddress.ip_address(text.strip()).version
    except ValueError:
        return 0


def is_ip(text: str) -> bool:
    """Whether ``text`` is an internet address, version 4 or 6."""
    return ip_version(text) != 0
