import random
import uuid

import pytest

from synthohive_spark.declarations.pii import PII_KINDS
from synthohive_spark.engine.codecs.string_formats import luhn_digit
from synthohive_spark.pii import checks
from synthohive_spark.pii.detection import find_kind

RNG = random.Random(11)


def several_of(text):
    return text.split()


FIRST = several_of("Mary John Linda Robert Susan Thomas Karen Paul Laura Peter Anna Daniel Emma Frank Julia Martin")
LAST = several_of("Okafor Lindqvist Harrow Brandt Quimby Vasquez Tanner Oduya Sorel Whitcombe Drummond Achterberg")
STREETS = several_of("Oak Maple Harbour Mill Castle Bridge Garden Orchard Abbey Station")


def several(make, n=200):
    return [make() for _ in range(n)]


def digits(n):
    return "".join(RNG.choices("0123456789", k=n))


def card():
    base = "4" + digits(14)
    return base + luhn_digit(base)


def iban():
    account = digits(18)
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"


def grouped(text, mark):
    return mark.join(text[i : i + 4] for i in range(0, len(text), 4))


def person():
    return f"{RNG.choice(FIRST)} {RNG.choice(LAST)}"


def sentence():
    words = several_of("the order came late and nobody could say when it would be sent to us again this week")
    return " ".join(RNG.sample(words, 12)).capitalize() + "."


PERSONAL = [
    ("c1", "email", lambda: f"{RNG.choice(LAST).lower()}{digits(2)}@mail.example.co.uk"),
    ("c1", "ip", lambda: ".".join(str(RNG.randrange(256)) for _ in range(4))),
    ("c1", "ip", lambda: "2001:db8::" + ":".join(f"{RNG.randrange(1, 65536):x}" for _ in range(4))),
    ("c1", "iban", iban),
    ("c1", "iban", lambda: grouped(iban(), " ")),
    ("c1", "card", card),
    ("c1", "card", lambda: grouped(card(), "-")),
    ("c1", "phone", lambda: f"+49 {RNG.randrange(100, 999)} {digits(7)}"),
    ("c1", "phone", lambda: f"({RNG.randrange(200, 999)}) {digits(3)}-{digits(4)}"),
    ("c1", "phone", lambda: f"{RNG.randrange(200, 999)}-{digits(3)}-{digits(4)} x{digits(3)}"),
    ("c1", "phone", lambda: "0" + " ".join(digits(2) for _ in range(5))[1:]),
    ("c1", "phone", lambda: f"0{digits(3)}/{digits(7)}"),
    ("mobile_no", "phone", lambda: str(RNG.randrange(10**9, 10**10))),
    ("customerPhone", "phone", lambda: str(RNG.randrange(10**9, 10**10))),
    ("full_name", "name", person),
    ("c1", "name", person),
    ("c1", "name", lambda: ", ".join(reversed(person().split()))),
    ("name", "name", person),
    ("last_name", "name", lambda: RNG.choice(LAST)),
    ("lastName", "name", lambda: RNG.choice(LAST).upper()),
    ("first_name", "name", lambda: RNG.choice(FIRST)),
    ("Nachname", "name", lambda: RNG.choice(LAST).lower()),
    ("c1", "address", lambda: f"{RNG.randrange(1, 900)} {RNG.choice(STREETS)} Street, Springfield"),
    ("c1", "address", lambda: f"{RNG.randrange(1, 900)} {RNG.choice(STREETS)} Trace Apt. 3, Dover, DE {digits(5)}"),
    ("c1", "address", lambda: f"{RNG.choice(LAST)}straße {RNG.randrange(1, 99)}, {digits(5)} Ulm"),
    ("c1", "address", lambda: f"{RNG.randrange(1, 99)}, rue {RNG.choice(LAST)}, {digits(5)} Lyon"),
    ("c1", "address", lambda: f"Calle {RNG.choice(LAST)} {RNG.randrange(1, 99)}"),
    ("c1", "address", lambda: f"東京都港区{RNG.randrange(1, 9)}丁目{RNG.randrange(1, 30)}番{RNG.randrange(1, 30)}号"),
    ("address", "address", lambda: f"{RNG.randrange(1, 900)} {RNG.choice(LAST)}, Unit {digits(1)}"),
    ("c1", "text", sentence),
    ("comments", "text", sentence),
]


@pytest.mark.parametrize("column, kind, make", PERSONAL)
def test_personal_columns_are_found(column, kind, make):
    values = several(make)
    finding = find_kind(column, values)
    assert finding is not None and finding.kind == kind
    assert finding.kind in PII_KINDS
    assert "%" in finding.reason
    assert not any(value in finding.reason for value in values if len(value) > 2)


PLAIN = {
    "name": several(
        lambda: f"{RNG.choice([*LAST, *FIRST])} {RNG.choice(['Airport', 'Regional', 'Municipal Airport'])}"
    ),
    "airport": several(lambda: f"{RNG.choice(LAST)} {RNG.choice(['Field', 'Intl', 'Landing Strip', 'Heliport'])}"),
    "carrier_name": ["United Air Lines Inc.", "JetBlue Airways", "Alaska Airlines Inc.", "Mesa Airlines Inc."] * 10,
    "workclass": several(lambda: RNG.choice(["Private", "Self-emp-not-inc", "State-gov", "Never-worked"])),
    "marital-status": several(lambda: RNG.choice(["Never-married", "Married-civ-spouse", "Divorced"])),
    "relationship": several(lambda: RNG.choice(["Husband", "Wife", "Own-child", "Not-in-family"])),
    "native-country": several(lambda: RNG.choice(["United-States", "Mexico", "Holand-Netherlands", "South"])),
    "city": several(lambda: RNG.choice(["Virginia Beach", "Charlotte", "St. Paul", "Jackson", "San Jose", "New York"])),
    "town": several(lambda: RNG.choice(["Paris, France", "Houston, Texas", "Dover, DE", "Georgia", "Santa Rosa"])),
    "state": several(lambda: RNG.choice(["California", "New York", "North Dakota", "Virginia"])),
    "product": several(lambda: f"Steel Water Bottle {RNG.choice(STREETS)} {digits(3)} ml with Sports Cap Blue"),
    "title": several(lambda: f"The {RNG.choice(STREETS)} of {RNG.choice(LAST)} and the {RNG.choice(STREETS)} Years"),
    "tailnum": several(lambda: f"N{digits(5)}"),
    "customer": [f"C{i:05d}" for i in range(200)],
    "uid": several(lambda: str(uuid.UUID(int=RNG.getrandbits(128)))),
    "hash": several(lambda: f"{RNG.getrandbits(128):032x}"),
    "day": several(lambda: f"20{RNG.randrange(10, 24)}-{RNG.randrange(1, 13):02d}-{RNG.randrange(1, 29):02d}"),
    "us_day": several(lambda: f"{RNG.randrange(1, 13):02d}/{RNG.randrange(1, 29):02d}/2013"),
    "german_day": several(lambda: f"{RNG.randrange(1, 29)}.{RNG.randrange(1, 13)}.2013"),
    "at": several(lambda: f"2013-01-{RNG.randrange(1, 29):02d} 10:{RNG.randrange(60):02d}:00"),
    "clock": several(lambda: f"{RNG.randrange(24):02d}:{RNG.randrange(60):02d}"),
    "price": several(lambda: f"{RNG.randrange(1, 10**7)}.{digits(2)}"),
    "count": several(lambda: str(RNG.randrange(0, 1000))),
    "year": several(lambda: str(RNG.randrange(1950, 2024))),
    "years": several(lambda: f"{(y := RNG.randrange(1950, 2024))}-{y + 1}"),
    "zip": several(lambda: digits(5)),
    "zip4": several(lambda: f"{digits(5)}-{digits(4)}"),
    "amount": several(lambda: str(RNG.randrange(10**9, 10**10))),
    "account_id": several(lambda: digits(16)),
    "isbn": several(lambda: f"978-3-16-{digits(6)}-{digits(1)}"),
    "url": several(lambda: f"https://example.com/{digits(6)}/the-page"),
    "carrier": several(lambda: RNG.choice(["UA", "AA", "B6", "9E"])),
    "origin": several(lambda: RNG.choice(["EWR", "JFK", "LGA"])),
    "tzone": several(lambda: RNG.choice(["America/New_York", "America/Chicago", "Europe/Paris"])),
    "type": ["Fixed wing multi engine", "Fixed wing single engine", "Rotorcraft"] * 60,
    "model": several(lambda: f"A{digits(3)}-{digits(3)}"),
    "manufacturer": several(lambda: RNG.choice(["EMBRAER", "AIRBUS INDUSTRIE", "BOEING", "JOHN DEERE"])),
    "income": several(lambda: RNG.choice(["<=50K", ">50K"])),
    "cut": several(lambda: RNG.choice(["Very Good", "Ideal", "Premium", "Fair"])),
    "clarity": several(lambda: RNG.choice(["SI2", "VS1", "VVS2", "IF"])),
    "lat": several(lambda: f"-{RNG.randrange(90)}.{digits(7)}"),
    "version": several(lambda: ".".join(digits(1) for _ in range(4))),
    "mac_address": several(lambda: ":".join(f"{RNG.randrange(256):02x}" for _ in range(6))),
    "company_name": several(lambda: f"{RNG.choice(LAST)} {RNG.choice(['GmbH', 'Ltd', 'Inc.'])}"),
    "file_name": several(lambda: f"{RNG.choice(LAST)} Report"),
    "log": several(
        lambda: f"2013-01-{digits(2)} 10:00:{digits(2)} WARN {digits(3)} Worker {digits(4)} Stopped {digits(2)}"
    ),
    "json": several(lambda: f'{{"a": {digits(2)}, "b": {digits(3)}, "c": {digits(2)}, "d": {digits(2)}}}'),
    "blank": ["", " "],
    "none": [],
}


@pytest.mark.parametrize("column", PLAIN)
def test_other_columns_are_left_alone(column):
    assert find_kind(column, PLAIN[column]) is None
    if column not in ("version", "company_name", "file_name"):
        assert find_kind("x", PLAIN[column]) is None


def test_a_name_that_the_values_contradict_finds_nothing():
    assert find_kind("email", ["yes", "no"] * 20) is None
    assert find_kind("phone", ["Android", "iPhone"] * 20) is None
    assert find_kind("ip_address", [digits(3) for _ in range(20)]) is None
    assert find_kind("first_name", [digits(3) for _ in range(20)]) is None
    assert find_kind("product_name", several(person)) is None


def test_one_number_in_ten_passes_the_check_digit_and_that_is_no_card():
    values = several(lambda: "4" + digits(15), 2000)
    assert 100 < sum(map(checks.is_card, values)) < 300
    assert find_kind("card_number", values) is None


def test_a_name_lowers_the_share_that_is_asked_for():
    values = several(lambda: "a.b@example.org", 60) + several(lambda: "none", 40)
    assert find_kind("c1", values) is None
    assert find_kind("email", values).reason.startswith("called 'email', and 60 % of its 100 values")


@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "30569309025904"])
def test_card(number):
    assert checks.is_card(number)
    assert not checks.is_card(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text", ["0000000000000000", "1234567890123452", "411111111111", "\uff14111111111111111", "", "card"]
)
def test_no_card(text):
    assert not checks.is_card(text)


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO9386011117947"])
def test_iban(text):
    assert checks.is_iban(text)
    assert not checks.is_iban(text[:-1])
    assert not checks.is_iban(text[:-1] + ("1" if text[-1] != "1" else "2"))


@pytest.mark.parametrize("text", ["", "DE", "DE89", "XX89370400440532013000", "DEßß370400440532013000"])
def test_no_iban(text):
    assert not checks.is_iban(text)


@pytest.mark.parametrize(
    "text, version",
    [("10.0.0.1", 4), ("::1", 6), ("2001:db8::a", 6), ("10.0.0", 0), ("12", 0), ("aa:bb:cc:dd:ee:ff", 0)],
)
def test_ip(text, version):
    assert checks.ip_version(text) == version
