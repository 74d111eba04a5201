import random
import re
import subprocess
import sys
import uuid

import pytest
from stdnum import iban as stdnum_iban
from stdnum import luhn

from synthohive_spark.declarations.pii import PII_KINDS
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii import phones, validators
from synthohive_spark.pii.detection import find_fake_kind, find_kind, find_term, number_hint

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
    return base + luhn.calc_check_digit(base)


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
    ("ssn", "number", lambda: f"{digits(3)}-{digits(2)}-{digits(4)}"),
    ("birth_number", "number", lambda: f"{digits(2)}{RNG.randrange(51, 62)}{RNG.randrange(10, 29)}"),
    ("rodneCislo", "number", lambda: f"{digits(6)}/{digits(4)}"),
    ("personnummer", "number", lambda: f"19{digits(6)}-{digits(4)}"),
    ("national_insurance_no", "number", lambda: f"QQ {digits(2)} {digits(2)} {digits(2)} C"),
    ("codice_fiscale", "number", lambda: f"RSSMRA{digits(2)}T{digits(2)}A{digits(3)}S"),
    ("Passport No", "number", lambda: f"C{digits(2)}X{digits(2)}T{digits(2)}"),
    ("tax_id", "number", lambda: digits(11)),
    ("account_number", "number", lambda: digits(8)),
    ("bankAccount", "number", lambda: digits(10)),
    ("iban", "number", lambda: f"DE00{digits(18)}"),
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
    ("last_name", "last_name", lambda: RNG.choice(LAST)),
    ("lastName", "last_name", lambda: RNG.choice(LAST).upper()),
    ("first_name", "first_name", lambda: RNG.choice(FIRST)),
    ("Nachname", "last_name", lambda: RNG.choice(LAST).lower()),
    ("first_name", "name", person),
    ("userName", "username", lambda: f"{RNG.choice(LAST).lower()}{digits(2)}"),
    ("login", "username", lambda: f"{RNG.choice(FIRST)[0]}.{RNG.choice(LAST)}"),
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
    "account_to": several(lambda: digits(8)),
    "passport_expiry_date": several(lambda: f"2030-0{RNG.randrange(1, 9)}-{RNG.randrange(10, 28)}"),
    "passport_country": several(lambda: RNG.choice(["Chad", "Mali", "Oman"])),
    "account_no": several(lambda: digits(3)),
    "order_id_number": several(lambda: digits(9)),
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


@pytest.mark.parametrize("make", [lambda: digits(8), lambda: f"{digits(6)}/{digits(4)}", lambda: digits(26)])
def test_long_numbers_of_a_column_that_is_called_anything_get_a_hint(make):
    values = several(make)
    hint = number_hint([*values, "unknown"])
    assert hint.startswith("99 % are long numbers") and "pii, as {action: fake, kind: number}" in hint
    assert not any(value in hint for value in values)


def test_other_texts_get_no_hint():
    for name in ("zip", "clock", "url", "price", "tailnum", "uid", "name", "blank", "none", "version", "day", "us_day"):
        assert number_hint(PLAIN[name]) is None, name
    assert number_hint(several(lambda: digits(8), 9)) is None


TERMS = {
    "country": ("country", lambda: RNG.choice(["Chad", "New Zealand", "Costa Rica", "Trinidad and Tobago"])),
    "country_code": ("country", lambda: RNG.choice(["TD", "NZ", "CR"])),
    "homeCity": ("city", lambda: RNG.choice(["Dover", "St. Ives", "Bad Homburg"])),
    "job_title": ("title", lambda: RNG.choice(["Nurse", "Head of Sales", "Software Engineer"])),
    "title": ("title", lambda: RNG.choice(["Head Nurse", "Sales Manager", "Software Engineer", "Chief of Staff"])),
    "employer": ("company", lambda: f"{RNG.choice(LAST)} {RNG.choice(['GmbH', 'Ltd', '24'])}"),
}


@pytest.mark.parametrize("column", TERMS)
def test_companies_jobs_and_places_are_found_by_their_names_and_are_not_personal_by_themselves(column):
    kind, make = TERMS[column]
    values = several(make)
    assert find_term(column, values).kind == find_fake_kind(column, values).kind == kind
    assert find_kind(column, values) is None and find_term("c1", values) is None
    assert not any(value in find_term(column, values).reason for value in values if len(value) > 3)


@pytest.mark.parametrize(
    "column, make",
    [
        ("city_id", lambda: digits(4)),
        ("country_count", lambda: RNG.choice(["one", "two"])),
        ("title", lambda: f"The {RNG.choice(STREETS)} of {RNG.choice(LAST)}"),
        ("position", lambda: f"{digits(2)}.{digits(4)}"),
        ("company", lambda: digits(6)),
        ("occupation", sentence),
    ],
)
def test_names_of_terms_that_the_values_contradict(column, make):
    assert find_term(column, several(make)) is None


def test_no_user_names():
    assert find_kind("username", several(lambda: digits(6))) is None
    assert find_kind("login", several(lambda: f"2013-01-{RNG.randrange(1, 29):02d} 10:00")) is None
    assert find_kind("login", ["yes", "no"] * 20) is None


def like(template, n=200):
    """Strings of a template: ``_`` is any digit, ``n`` one from 2 to 9, ``?`` a capital letter."""
    rng = random.Random(template)
    pools = {"_": "0123456789", "n": "23456789", "?": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return ["".join(rng.choice(pools.get(c, c)) for c in template) for _ in range(n)]


def lines(text):
    return [line.strip() for line in re.split(r"\n|  +", text) if line.strip()]


PHONES = lines("""
    +1 212 n__-____  (212) n__-____  212-n__-____  212.n__.____  +1212n______  1-212-n__-____ x___
    +44 20 79__ ____  020 79__ ____  07700 9_____  +44 (0)20 79__ ____
    +49 151 ________  0151 ________  030/_______  +49(0)30 ________  0049 171 _______  tel:+49-30-_______
    +33 6 __ __ __ __  06 __ __ __ __  01.4_.__.__.__  +34 612 ___ ___  612 ___ ___
    +39 06 698_ ____  06 698_ ____  +31 6 n_______  06-n_______  +48 601 ___ ___  601 ___ ___
    +41 79 ___ __ __  079 ___ __ __  +46 70 ___ __ __  070-___ __ __  +47 92_ __ ___
    +81 90 n___ ____  090-n___-____  +86 138 ____ ____  138 ____ ____  +82 10 n___ ____  010-n___-____
    +91 98___ _____  +91-98________  +55 11 9n___-____  (11) 9n___-____  +61 412 ___ ___  0412 ___ ___
    +7 916 ___-__-__  8 (916) ___-__-__  +65 9___ ____  +971 50 ___ ____  +27 82 ___ ____
""")
NO_PHONES = lines("""
    __________  _________  ?__________  ___-_______-_______  __-_____-_____  20__-______  SO-____-______  0_____ n
    202_-0n-1_-0_-3_-2_  202_0n1_ 1_2_3_  202_0n1_-202_0n2_  1_/2_/202_ - 1_/2_/202_  16________  16___________
    n,___,___.__  n.___.___,__  n ___ ___ ___  +________  +n________  +n_._______  (_______)  (_____.__)
    _____-____  ___-____  _____-___  ___ __  ___ ___  __ __ __  _____-_____  __-_______
    ___-___-___  n__-___-____  ___-____-___  _____-____-__  ____-____-__  ____-______
    ____-____-____  ____ ____ ____  ____-__-___-____  ____.__.__.__  _-___-_____-_  978-_-__-______-_
    ___-__-____  ______-____  ___.___.___-__  __.___.___/0001-__  n__ ___ ___ _____  ____ _____ _
    n_.____ n_.____  1.3.6.1.4.1._____.__  n__-n__ (20__)  __-______-______-_  __ ____ ____ ___
    ??__________________  4_-______-______  1?________________
""")
IBANS = lines("""
    DE00__________________  GB00????______________  FR00__________?____________  NL00????__________
    BE00____________  ES00____________________  IT00?______________________  CH00_________________
    NO00___________  PL00________________________  SE00____________________  TR00______0_______________
    SA00____________________  BR00_______________________?1
""")
CARDS = lines("""
    4______________  4___________  51_____________  2221___________  34____________  37____________  36___________
    3005_________  6011___________  3528___________  62_____________  62________________  6759___________  5018_______
""")


@pytest.mark.parametrize("template", PHONES)
def test_phones_of_many_countries(template):
    assert find_kind("c1", like(template)).kind == "phone"


@pytest.mark.parametrize(
    "template", ["n0 __ __ __", "98___ _____", "92_ __ ___", "9___ ____", "138________", "n______"]
)
def test_phones_without_a_sign_of_one_need_a_name(template):
    assert find_kind("c1", like(template)) is None
    assert find_kind("mobile", like(template)).kind == "phone"


@pytest.mark.parametrize("template", NO_PHONES)
@pytest.mark.parametrize("column", ["x", "order_number"])
def test_orders_dates_prices_and_codes_are_no_phones(template, column):
    assert find_kind(column, like(template)) is None


@pytest.mark.parametrize("text", ["2013-01-31", "31.1.2013", "1/31/13", "1234567.89", "0000000", "1234", "12:30:45"])
def test_what_cannot_be_a_phone(text):
    assert not phones.may_be_phone(text) and not phones.is_written_as_phone(text)


def test_real_numbers_exist_in_their_country_and_few_others_do():
    assert phones.share_in_one_country(like("(212) n__-____")) > 0.9
    assert phones.share_in_one_country(like("+49 151 ________") + like("+33 6 __ __ __ __")) == 1
    assert phones.share_in_one_country(like("n__-___-____")) < 0.6
    assert phones.share_in_one_country(like("+1 212 ___")) == 0
    half = like("(212) n__-____ ext. __") + like("____-____-____")
    assert phones.share_in_one_country(half) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("template", IBANS)
@pytest.mark.parametrize("mark", ["", " ", "-"])
def test_ibans_of_many_countries(template, mark):
    values = [text[:2] + stdnum_iban.calc_check_digits(text) + text[4:] for text in like(template)]
    assert find_kind("c1", [grouped(value, mark) for value in values]).kind == "iban"
    assert find_kind("c1", like(template)) is None


@pytest.mark.parametrize("template", CARDS)
@pytest.mark.parametrize("mark", ["", " ", "-"])
def test_cards_of_many_issuers(template, mark):
    values = [text + luhn.calc_check_digit(text) for text in like(template)]
    assert find_kind("c1", [grouped(value, mark) for value in values]).kind == "card"
    assert find_kind("card", like(template + "_")) is None


@pytest.mark.parametrize("template", ["35____________", "86____________", "8949______________", "9_____________"])
def test_other_numbers_with_a_check_digit_are_no_cards(template):
    """Numbers of telephones (IMEI), of SIM cards (ICCID), of articles."""
    assert find_kind("code", [text + luhn.calc_check_digit(text) for text in like(template)]) is None


@pytest.mark.parametrize("module", ["phonenumbers", "stdnum"])
def test_without_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SchemaError, match=f"extra 'pii', and '{module}'" + r".*pip install '.\[pii\]'"):
        find_kind("c1", like("(212) n__-____"))


def test_nothing_of_the_extra_is_imported_with_the_package():
    code = """if True:
        import sys
        sys.modules.update(dict.fromkeys(("faker", "phonenumbers", "stdnum")))
        from synthohive_spark import Metadata, Synthesizer
        import synthohive_spark.pii.detection, synthohive_spark.pii.fakes
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_the_values_contradict_finds_nothing():
    assert find_kind("email", ["yes", "no"] * 20) is None
    assert find_kind("phone", ["Android", "iPhone"] * 20) is None
    assert find_kind("ip_address", [digits(3) for _ in range(20)]) is None
    assert find_kind("first_name", [digits(3) for _ in range(20)]) is None
    assert find_kind("product_name", several(person)) is None


def test_one_number_in_ten_passes_the_check_digit_and_that_is_no_card():
    values = several(lambda: "4" + digits(15), 2000)
    assert 100 < sum(map(validators.is_card, values)) < 300
    assert find_kind("card_number", values) is None


def test_a_name_lowers_the_share_that_is_asked_for():
    values = several(lambda: "a.b@example.org", 60) + several(lambda: "none", 40)
    assert find_kind("c1", values) is None
    assert find_kind("email", values).reason.startswith("called 'email', and 60 % of its 100 values")


@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "30569309025904"])
def test_card(number):
    assert validators.is_card(number)
    assert not validators.is_card(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text", ["0000000000000000", "1234567890123452", "411111111111", "\uff14111111111111111", "", "card"]
)
def test_no_card(text):
    assert not validators.is_card(text)


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO9386011117947"])
def test_iban(text):
    assert validators.is_iban(text)
    assert not validators.is_iban(text[:-1])
    assert not validators.is_iban(text[:-1] + ("1" if text[-1] != "1" else "2"))


@pytest.mark.parametrize("text", ["", "DE", "DE89", "XX89370400440532013000", "DEßß370400440532013000"])
def test_no_iban(text):
    assert not validators.is_iban(text)


@pytest.mark.parametrize(
    "text, version",
    [("10.0.0.1", 4), ("::1", 6), ("2001:db8::a", 6), ("10.0.0", 0), ("12", 0), ("aa:bb:cc:dd:ee:ff", 0)],
)
def test_ip(text, version):
    assert validators.ip_version(text) == version
