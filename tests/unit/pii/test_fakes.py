import random
import re
import sys

import numpy as np
import pyarrow as pa
import pytest
import structlog
from faker.providers.address.it_IT import Provider as ItalianAddresses

from synthohive_spark.declarations.pii import PII_KINDS
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii import heuristics, phones, validators
from synthohive_spark.pii.fakes import fake_formats

LOCALES = ("en_US", "de_DE", "ja_JP", "fr_FR")
STRING = ColumnType("string")
CHECKS = {"email": validators.is_email, "card": validators.is_card, "iban": validators.is_iban, "ip": validators.is_ip}


def made(kind, locale="en_US", values=(), type_=STRING, n=2000, unique=True, avoid=None, real_values=None):
    formats, shares = fake_formats(kind, locale, values=list(values), type_=type_, avoid=avoid)
    assert len(formats) == len(shares) and sum(shares) == pytest.approx(1)
    codec = SurrogateCodec(type_, formats, shares, unique=unique, key=7, real_values=real_values, kind="text")
    codec = SurrogateCodec.from_json(codec.to_json())
    numbers = np.arange(n, dtype=np.uint64)
    if not unique:
        numbers = np.random.default_rng(2).integers(0, 2**64, n, np.uint64)
    out = codec.decode(np.zeros(n, np.int32), np.zeros(n, np.float32), numbers[:, None])
    assert out.type == type_.arrow
    return out.to_pylist()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", PII_KINDS)
def test_unique_over_many_rows(kind, locale):
    real_values = RealValueFilter.of([f"value {i}" for i in range(50_000)], 1)
    for strings in (made(kind, locale, n=100_000), made(kind, locale, n=20_000, real_values=real_values)):
        assert len(set(strings)) == len(strings)
        assert not any("\n" in s or s != s.strip() or not s for s in strings)
        if kind in CHECKS:
            assert all(map(CHECKS[kind], strings))
    assert real_values.contain(pa.array(strings)).sum() == 0


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", ["phone", "name", "address", "email", "username", "country"])
def test_fakes_look_like_their_kind(kind, locale):
    values = made(kind, locale, n=1000, unique=False)
    check = {
        "phone": phones.may_be_phone,
        "name": lambda v: re.search(r"\d", v) is None and len(v.split()) == 2,
        "address": heuristics.is_address if locale != "fr_FR" else lambda v: re.match(r"\d+ \w", v),
        "username": lambda v: re.fullmatch(r"[a-z]{3,}", v),
        "country": lambda v: re.search(r"\d", v) is None and v[0] == v[0].upper(),
        "email": lambda v: re.fullmatch(r"[a-z]+\.[a-z]+@example\.(com|org|net)", v),
    }[kind]
    share = sum(bool(check(v)) for v in values) / len(values)
    assert share > (0.85 if kind in ("phone", "address") else 0.999), values[:10]


@pytest.mark.parametrize("kind", PII_KINDS)
def test_same_every_time_and_no_random_state_is_touched(kind):
    random.seed(4)
    np.random.seed(4)
    before = random.getstate(), np.random.get_state()[1].tolist()
    assert made(kind) == made(kind)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())


LENGTHS = {"email": 19, "phone": 7, "card": 16, "iban": 22, "number": 9, "ip": 14, "name": 7, "address": 9, "text": 4}
LENGTHS |= {"first_name": 4, "last_name": 4, "username": 6, "company": 9, "title": 5, "city": 5, "country": 6}


@pytest.mark.parametrize("more", [0, 1, 4, 11, 30])
@pytest.mark.parametrize("kind", PII_KINDS)
@pytest.mark.parametrize("locale", ["en_US", "ja_JP"])
def test_lengths_are_kept(kind, locale, more):
    type_ = ColumnType("varchar", length=LENGTHS[kind] + more + (5 if locale == "ja_JP" and kind == "address" else 0))
    formats, shares = fake_formats(kind, locale, values=[], type_=type_)
    codec = SurrogateCodec(type_, formats, shares, key=3)
    assert all(f.longest <= type_.length for f in formats)
    n = min(codec.capacity, 5000)
    assert n >= 20
    strings = codec.decode(np.zeros(n, np.int32), np.zeros(n), np.arange(n, dtype=np.uint64)[:, None]).to_pylist()
    assert len(set(strings)) == n and max(map(len, strings)) <= type_.length
    if kind in CHECKS and kind != "ip":
        assert all(map(CHECKS[kind], strings))


@pytest.mark.parametrize("kind", PII_KINDS)
def test_too_short_a_column(kind):
    with pytest.raises(SchemaError, match=rf"'{kind}'.*2 characters"):
        fake_formats(kind, "en_US", values=[], type_=ColumnType("char", length=2))


@pytest.mark.parametrize("name, most", [("tinyint", 2), ("smallint", 4), ("int", 9), ("bigint", 18)])
@pytest.mark.parametrize("kind", ["phone", "card", "iban", "name"])
def test_integers(kind, name, most):
    values = ["4111111111111111", "5555555555554444"] if kind == "card" else ["2125550123", "12345678"]
    numbers = made(kind, values=values, type_=ColumnType(name), n=30 if name == "tinyint" else 2000)
    assert len(set(numbers)) == len(numbers)
    digits = {min(len(v), most) for v in values}
    assert {len(str(n)) for n in numbers} <= digits
    if kind == "card" and name == "bigint":
        assert all(validators.is_card(str(n)) for n in numbers)


def test_other_types():
    assert made("phone", values=["2125550123"], type_=ColumnType("decimal", precision=12), n=10)
    assert made("phone", values=["2125550123.0"], type_=ColumnType("double"), n=10)[0] >= 10**9
    for name in ("date", "timestamp", "boolean"):
        with pytest.raises(SchemaError, match=name):
            fake_formats("phone", "en_US", values=[], type_=ColumnType(name))


def test_numbers_have_the_shape_of_the_values_and_none_of_their_digits():
    assert all(re.fullmatch(r"[1-9]\d{5}/\d{4}", v) for v in made("number", values=["706213/1234", "455204/9876"]))
    assert all(re.fullmatch(r"[A-Z]{2} \d\d \d\d \d\d [A-Z]", v) for v in made("number", values=["QQ 12 34 56 C"]))
    zeros = made("number", values=["012345"] * 10 + ["123456"] * 30, unique=False)
    assert 0.2 < sum(v.startswith("0") for v in zeros) / len(zeros) < 0.3 and len({v[1] for v in zeros}) == 10
    lengths = made("number", values=["12345678"] * 30 + ["123456"] * 10, n=4000)
    assert {len(v) for v in lengths} == {6, 8} and len(set(lengths)) == 4000
    mixed = ["".join(random.Random(i).choices("AB12", k=12)) for i in range(200)]
    drawn = made("number", values=mixed)
    assert all(re.fullmatch(r"[0-9A-Z]{12}", v) for v in drawn) and not {*mixed} & {*drawn}
    assert {len(str(v)) for v in made("number", values=["706213"] * 9, type_=ColumnType("int"), n=500)} == {6}


def test_names_follow_the_form_of_the_values():
    first = ["Mary", "James", "Robert", "Linda"] * 10
    last = ["Johnson", "Miller", "Davis", "Smith"] * 10
    firsts, lasts = set(made("name", values=first, unique=False)), set(made("name", values=last, unique=False))
    assert {"Jennifer", "Patricia"} & firsts and not {"Jennifer", "Patricia"} & lasts
    assert {"Wilson", "Brown"} & lasts
    assert all(re.fullmatch(r"\S+, \S+", v) for v in made("name", values=["Smith, Mary"] * 10))
    assert all(v.isupper() for v in made("name", values=["MARY SMITH", "JOHN DOE"] * 10))
    assert all(v.islower() for v in made("name", values=["mary smith", "john doe"] * 10))
    assert any(re.fullmatch(r"\S+ [A-Z]\. \S+", v) for v in made("name", values=["Mary A. Smith"] * 10))
    assert all(" " not in v for v in made("name", "ja_JP", values=["山本太郎", "佐藤花子"] * 5, n=20_000))
    assert all(len(v.split()) == 2 for v in made("name", "ja_JP", values=["山本 太郎"] * 5))


def test_parts_of_names_and_user_names_follow_the_form_of_the_values():
    assert {"Jennifer", "Patricia"} < set(made("first_name", unique=False, n=20_000))
    assert {"Wilson", "Brown"} < set(made("last_name", unique=False, n=20_000))
    assert all(v.isupper() for v in made("last_name", values=["SMITH", "DOE"]))
    assert all(re.fullmatch(r"[a-z]{3,}\d\d", v) for v in made("username", values=["jdoe42", "mroe17"]))
    assert all(re.fullmatch(r"[a-z]+_[a-z]+", v) for v in made("username", values=["jo_doe", "mia_roe"]))


def test_companies_jobs_and_places_follow_the_form_of_the_values():
    countries = made("country", unique=False)
    assert {"Germany", "New Zealand"} < set(countries)
    assert {"DE", "NZ"} < set(made("country", values=["FR", "PL"] * 5, unique=False))
    assert all(len(v) == 3 and v.isupper() for v in made("country", values=["FRA", "POL"] * 5, unique=False))
    assert all(v.isupper() for v in made("country", values=["FRANCE", "POLAND"] * 5))
    assert "Deutschland" in made("country", "de_DE", unique=False)
    assert all(" " not in v for v in made("city", values=["Dover", "Ulm"] * 5, unique=False))
    capitals = made("title", values=["Sales Manager", "Head Nurse"] * 5, unique=False)
    assert all(w[0].isupper() for v in capitals for w in v.split() if len(w) > 2) and any(
        v.endswith("Engineer") for v in capitals
    )
    assert any(re.search(r" [a-z]", v) for v in made("title", values=["Sales manager"] * 9, unique=False))
    companies = made("company", values=["Acme Ltd", "Globex Inc"] * 9, unique=False)
    assert all(re.fullmatch(r"\S+ (Inc|LLC|Group|PLC|Ltd|and Sons)", v) for v in companies)
    assert any(v.endswith("GmbH") for v in made("company", "de_DE", unique=False))


def test_names_that_are_all_real_give_way_to_others_that_read_like_names():
    common = {*made("first_name", unique=False, n=20_000)}
    strings = made("first_name", unique=False, avoid=lambda words: common & set(words))
    assert not common & set(strings) and len(set(strings)) > 200
    assert all(re.fullmatch(r"[A-Z][a-z]+-[A-Z][a-z]+", v) for v in strings)


def test_unique_names_have_a_wide_choice():
    values = [f"{a}{b} {c}" for a in "ABCDEFGHIJ" for b in ("nn", "lf") for c in ("Doe", "Roe", "Poe")]
    strings = made("name", values=values, n=50_000)
    assert sum(any(c.isdigit() for c in v) for v in strings) < 100


def test_addresses_follow_the_form_of_the_values():
    assert all("," in v for v in made("address", values=["1 Main St, Dover"] * 5))
    assert not any("," in v for v in made("address", values=["1 Main St"] * 5))
    assert all(re.match(r"\d+ ", v) for v in made("address", unique=False))
    assert all(re.search(r" \d+,", v) for v in made("address", "de_DE", unique=False))


def test_phones_follow_the_form_of_the_values():
    assert all(v.startswith("+") for v in made("phone", "de_DE", values=["+49 30 123456"] * 20))
    assert all(v.isdigit() for v in made("phone", values=["2125550123"] * 20))
    assert any(v.startswith("+") for v in made("phone", "de_DE")) and any(v[0] != "+" for v in made("phone", "de_DE"))


def test_cards_follow_the_form_of_the_values():
    for values, shape in ((["4111 1111 1111 1111"], r"\d{4}( \d{4}){3}"), (["378282246310005"], r"\d{15}")):
        cards = made("card", values=values * 10)
        assert all(re.fullmatch(shape, c) and validators.is_card(c) for c in cards)


def test_addresses_of_the_internet_follow_the_version_of_the_values():
    assert all(v.startswith("10.") for v in made("ip", values=["192.168.0.1"] * 3))
    assert all(v.startswith("2001:db8::") and validators.ip_version(v) == 6 for v in made("ip", values=["fe80::1"] * 3))


@pytest.mark.parametrize("locale", LOCALES)
def test_texts_are_as_long_as_the_values(locale):
    space = "" if locale == "ja_JP" else " "
    values = [space.join(["本日"] * n if locale == "ja_JP" else ["word"] * n) for n in (5, 8, 10, 30)] * 10
    strings = made("text", locale, values=values, unique=False)
    counts = {len(v.replace("。", "")) // 2 if locale == "ja_JP" else len(v.split()) for v in strings}
    assert min(counts) == 5 and max(counts) in (10, 30)
    starts = [v[:2] for v in strings]
    assert max(map(starts.count, set(starts))) < 300


def test_no_word_of_a_value_gets_into_a_pool():
    values = ["Xaverine Qwortle", "Zebulonia Plimmick", "Quorra Vexley"] * 50
    for kind in PII_KINDS:
        for type_ in (STRING, ColumnType("varchar", length=30)):
            formats, _ = fake_formats(kind, "en_US", values=values, type_=type_)
            words = {w.casefold() for f in formats for pool in f.pools for w in pool}
            assert not words & {w.casefold() for v in values for w in v.split()}


@pytest.mark.parametrize("kind", ["name", "email", "address", "text"])
@pytest.mark.parametrize("every", [2, 1])
def test_words_to_avoid_are_not_kept(kind, every):
    asked = []

    def avoid(words):
        words = list(words)
        if not asked:
            asked.extend(words)
            return set(words[::every])
        return set()

    values = made(kind, avoid=avoid, n=20_000)
    assert len(asked) > 100 and len(set(values)) == 20_000
    formats, _ = fake_formats(kind, "en_US", values=[], type_=STRING, avoid=lambda w: set(asked[::every]) & set(w))
    kept = {w for f in formats for pool in f.pools if len(pool) >= 20 for w in pool}
    assert not kept & set(asked[::every])
    assert all(len(pool) >= 20 for f in formats for pool in f.pools if len(pool) > 3)


def test_unknown_locale_and_kind():
    with pytest.raises(SchemaError, match="'de_DX'.*did you mean 'de_DE'"):
        fake_formats("name", "de_DX", values=[], type_=STRING)
    with pytest.raises(SchemaError, match="'nam'.*did you mean 'name'"):
        fake_formats("nam", "de_DE", values=[], type_=STRING)


def test_a_locale_without_a_provider_falls_back_and_says_so():
    with structlog.testing.capture_logs() as logs:
        values = made("address", "tw_GH", n=10)
    assert len(values) == 10
    assert [(e["locale"], e["provider"], e["log_level"]) for e in logs] == [("tw_GH", "address", "warning")]


def test_a_provider_without_phone_numbers_falls_back():
    assert all(map(phones.may_be_phone, made("phone", "en_PH", n=20, values=["2125550123"])))


def test_the_order_of_a_set_in_faker_does_not_matter(monkeypatch):
    expected = fake_formats("address", "it_IT", values=[], type_=STRING)
    monkeypatch.setattr(ItalianAddresses, "cities", ItalianAddresses.cities[::-1])
    assert fake_formats("address", "it_IT", values=[], type_=STRING) == expected


@pytest.mark.parametrize("kind, module", [("name", "faker"), ("iban", "stdnum")])
def test_without_the_extra(monkeypatch, kind, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SchemaError, match=f"extra 'pii', and '{module}'" + r".*pip install '.\[pii\]'"):
        fake_formats(kind, "de_DE", values=[], type_=STRING)
