"""Whether a string looks like an e-mail address, a phone number, a payment card, a name, and so on."""

from __future__ import annotations

import ipaddress
import re

from synthohive_spark.engine.codecs.string_formats import iban_remainder, luhn_digit
from synthohive_spark.pii.words import (
    FIRST_NAMES,
    ORGANISATION_WORDS,
    STREET_ENDINGS,
    STREET_WORDS,
    STREETS_AFTER_NUMBERS,
)

# Length of an IBAN by country: the SWIFT registry of ISO 13616.
_IBANS = (
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 "
    "DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 "
    "HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 "
    "MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 "
    "RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 "
    "VG:24 XK:20 YE:30"
)
IBAN_LENGTHS = {code: int(length) for code, length in (pair.split(":") for pair in _IBANS.split())}
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}")
# Issuers and lengths of payment cards: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro.
_CARD = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]\d|[689]\d\d)\d{10}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}"
)
_DATE = re.compile(
    r"(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:\d{4}|\d{2})|\d{4} \d\d? \d\d?)(?:[ T,].*)?", re.DOTALL
)
_PHONE = re.compile(r"(\+|00)?[\d\s().\-/\u2010-\u2013]+(?:\s?(?:x|ext\.?|#)\s?\d{1,6})?", re.IGNORECASE)
_NO_PHONE = re.compile(r"[+-]?\d+\.\d+|\d{5}-\d{4}|\d{3}-\d{2}-\d{4}|97[89][- ].*|\d{4}\s?[-/]\s?\d{4}")
_WORD = r"[^\W\d_]+(?:[.'\u2018\u2019-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_WORD}(?:(?:, ?| ){_WORD}){{0,4}}")
_US_ADDRESS = re.compile(r"^\d{1,5}\s.*[\s,][A-Z]{2} \d{5}(?:-\d{4})?$", re.DOTALL)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK_ADDRESS = re.compile(r"丁目|番地|番.*号|[0-9\uff10-\uff19一二三四五六七八九十][号號]|[로길] ?\d")
_PARTICLES = "van von der den de del della di da dos la le el bin ibn al zu zur ter ten du y e"


def is_email(text: str) -> bool:
    """Whether ``text`` has the form of an e-mail address."""
    return _EMAIL.fullmatch(text.strip()) is not None


def is_card(text: str) -> bool:
    """Whether ``text`` is a payment card number: an issuer's prefix and length, and the check digit of ISO/IEC 7812."""
    digits = re.sub(r"[ -]", "", text.strip())
    if not digits.isascii() or _CARD.fullmatch(digits) is None:
        return False
    return luhn_digit(digits[:-1]) == digits[-1]


def is_iban(text: str) -> bool:
    """Whether ``text`` is an account number whose length and check digits agree with ISO 13616."""
    iban = re.sub(r"[ -]", "", text).upper()
    if len(iban) < 5 or not (iban.isascii() and iban.isalnum()) or not iban[2:4].isdigit():
        return False
    return IBAN_LENGTHS.get(iban[:2]) == len(iban) and iban_remainder(iban) == 1


def ip_version(text: str) -> int:
    """4 or 6 for an internet address, else 0."""
    try:
        return ipaddress.ip_address(text.strip()).version
    except ValueError:
        return 0


def is_ip(text: str) -> bool:
    """Whether ``text`` is an internet address, version 4 or 6."""
    return ip_version(text) != 0


def is_phone(text: str) -> bool:
    """Whether ``text`` is surely written as a phone number: with a plus, a bracket, or several groups of digits."""
    text = text.strip()
    if _PHONE.fullmatch(text) is None or _NO_PHONE.fullmatch(text) or _DATE.fullmatch(text) or is_ip(text):
        return False
    digits = sum(c.isdigit() for c in re.split(r"x|ext|#", text, flags=re.IGNORECASE)[0])
    groups = len(re.findall(r"\d+", text))
    if text.startswith(("+", "00", "(")):
        return 7 <= digits <= 16 and (text[0] != "0" or groups > 1)
    # One group after another could be any number with a hyphen: a third group, or a leading zero, makes it a phone.
    enough = groups > 2 or (groups == 2 and text[0] == "0")
    return enough and 9 <= digits <= 15


def is_plain_phone(text: str) -> bool:
    """Whether ``text`` may be a phone number, as its digits alone also may."""
    text = text.strip()
    plain = re.fullmatch(r"\+?\d{7,15}|\d{2,4}[-. /]\d{3,8}", text) is not None and len(set(text)) > 1
    return is_phone(text) or (plain and sum(c.isdigit() for c in text) >= 7)


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
    """Whether ``text`` has a word for a street, and another beside it or joined to it."""
    if _CJK.search(text):
        return _CJK_ADDRESS.search(text) is not None
    words = [word.casefold() for word in re.findall(r"[^\W\d_]+", text)]
    if any(word.endswith(STREET_ENDINGS) and len(word) > 6 for word in words):
        return True
    return len(words) + len(re.findall(r"\d+", text)) > 1 and any(word in STREET_WORDS for word in words)


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
