import random

import numpy as np
import pytest

from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.pii.agreeing_fakes import Wanted, agreeing_codecs
from synthohive_spark.pii.agreement import find_groups, role_of, split_name
from synthohive_spark.pii.word_pools import plain, spelled_out

FIRST = ["Anna", "Ben", "Carla", "David", "Emma", "Frank", "Gina", "Hugo", "Zoë", "Jörg"]
LAST = ["Keller", "Smith", "Jones", "Brandt", "Müller", "Lopez", "Novak", "Weber", "Rossi"]
RNG = random.Random(3)
PEOPLE = [(RNG.choice(FIRST), RNG.choice(LAST)) for _ in range(400)]
DIGITS = [RNG.randrange(10, 99) for _ in PEOPLE]
ROLES = {"first": "first", "last": "last", "full": "name", "login": "username", "mail": "email", "work": "email"}
COLUMNS = {
    "first": [first for first, _ in PEOPLE],
    "last": [last for _, last in PEOPLE],
    "full": [f"{first} {last}" for first, last in PEOPLE],
    "login": [f"{plain(f)[0]}{plain(s)}{d}" for (f, s), d in zip(PEOPLE, DIGITS, strict=True)],
}
SPELLED = [(plain(spelled_out(first)), plain(spelled_out(last))) for first, last in PEOPLE]
COLUMNS["mail"] = [f"{f}.{s}{d}@mail.org" for (f, s), d in zip(SPELLED, DIGITS, strict=True)]
COLUMNS["work"] = [f"{login}@work.com" for login in COLUMNS["login"]]


def groups(*names, columns=COLUMNS, roles=ROLES):
    return find_groups({n: columns[n] for n in names}, {n: roles[n] for n in names}, 5)


def styles(*names, **more):
    return {member.column: set(member.styles) for own in groups(*names, **more) for member in own}


def test_columns_of_one_person_are_found_and_how_they_are_made_of_the_name():
    assert styles(*ROLES) == {
        "first": {("{first}",)},
        "last": {("{last}",)},
        "full": {("{first}", " ", "{last}")},
        "login": {("{first:1}", "{last}", "{digits:2}")},
        "mail": {("{first}", ".", "{last}", "{digits:2}", "{host}")},
        "work": {("{username}", "{host}")},
    }
    assert {m.column: m.umlauts for m in groups(*ROLES)[0] if m.column in ("login", "mail")} == {
        "login": False,
        "mail": True,
    }
    assert styles("full", "mail") == {
        "full": {("{first}", " ", "{last}")},
        "mail": {("{first}", ".", "{last}", "{digits:2}", "{host}")},
    }
    assert set(styles("first", "mail")) == {"first", "mail"} and set(styles("login", "work")) == {"login", "work"}
    assert styles("first", "last") == {} == styles("first") == styles("login")


FULL = [
    (lambda f, s: f"{s}, {f}", {("{last}", ", ", "{first}")}),
    (lambda f, s: f"{s} {f}".upper(), {("{last}", " ", "{first}")}),
    (lambda f, s: f"Dr. {f} {s}", {("Dr. ", "{first}", " ", "{last}")}),
    (lambda f, s: f"{f} {RNG.choice('ABC')}. {s}", {("{first}", " ", "{letter}", ". ", "{last}")}),
    (lambda f, s: f"{f} {RNG.choice(FIRST)} {s}", {("{first}", " ", "{word}", " ", "{last}")}),
]


@pytest.mark.parametrize("make, expected", FULL)
def test_full_names_in_other_forms(make, expected):
    columns = {**COLUMNS, "full": [make(*person) for person in PEOPLE]}
    assert styles("first", "last", "full", columns=columns)["full"] == expected


def test_what_agrees_in_few_rows_or_by_chance_is_no_group():
    mails = COLUMNS["mail"]
    assert styles("full", "mail", columns={**COLUMNS, "mail": mails[7:] + mails[:7]}) == {}
    mostly = [mail if i % 10 else f"kitty{i}@mail.org" for i, mail in enumerate(mails)]
    assert set(styles("full", "mail", columns={**COLUMNS, "mail": mostly})) == {"full", "mail"}
    rarely = [f"kitty{i}@mail.org" if i % 10 else mail for i, mail in enumerate(mails)]
    assert styles("full", "mail", columns={**COLUMNS, "mail": rarely}) == {}
    same = {"full": ["Anna Keller"] * 100, "mail": ["anna.keller@mail.org"] * 100}
    assert styles("full", "mail", columns=same) == {}
    few = {name: values[:10] for name, values in COLUMNS.items()}
    assert styles(*ROLES, columns=few) == {}


def test_a_text_that_few_rows_hold_is_no_part_of_a_style():
    full = [f"{f} {s} Esq" if i < 4 else f"{f} {s}" for i, (f, s) in enumerate(PEOPLE)]
    assert styles("first", "last", "full", columns={**COLUMNS, "full": full})["full"] == {("{first}", " ", "{last}")}


def test_two_people_in_a_row_are_two_groups():
    turned = [*range(200, 400), *range(200)]
    columns = {**COLUMNS, **{f"{n}2": [COLUMNS[n][i] for i in turned] for n in ("full", "mail")}}
    roles = {**ROLES, "full2": "name", "mail2": "email"}
    found = groups("full", "mail", "full2", "mail2", columns=columns, roles=roles)
    assert [{member.column for member in own} for own in found] == [{"full", "mail"}, {"full2", "mail2"}]


def test_parts_of_names():
    assert split_name("Anna Keller") == split_name("KELLER, ANNA".title()) == ("Anna", "Keller")
    assert split_name("Dr. Anna M. Keller") == ("Anna", "Keller") and split_name("Cher") is None
    assert role_of("c", "name", ["Mary", "James"] * 9, "en_US") == "first"
    assert role_of("c", "name", ["Johnson", "Miller"] * 9, "en_US") == "last" == role_of("c", "last_name", [], "en_US")
    assert role_of("c", "name", ["Mary Miller"], "en_US") == "name" and role_of("c", "phone", ["1"], "en_US") is None


def made(*names, n=30_000, unique=("login", "mail", "work"), lengths=None, locale="en_US", columns=COLUMNS):
    (members,) = groups(*names, columns=columns)
    real = {value for name in names for value in columns[name]}
    wanted = {
        name: Wanted(
            ColumnType("varchar", length=lengths[name]) if lengths else ColumnType("string"),
            columns[name],
            name in unique,
            RealValueFilter.of(columns[name], 1),
        )
        for name in names
    }
    codecs = agreeing_codecs(members, wanted, locale, 3, lambda words: real & set(words))
    out = {}
    for name, codec in codecs.items():
        again = AgreeingCodec.from_json(codec.to_json())
        assert again.to_json() == codec.to_json() and again.together == members[0].column
        assert codec.numbered == bool(set(unique) & set(names)) and codec.unique == (name in unique)
        values = again.decode(np.zeros(n, np.int32), np.zeros(n, np.float32), np.arange(n, dtype=np.uint64)[:, None])
        some = np.array([n - 1, 5, 77], np.uint64)[:, None]
        assert again.decode(np.zeros(3, np.int32), np.zeros(3), some).to_pylist() == values.take(some[:, 0]).to_pylist()
        out[name] = values.to_pylist()
        assert not set(out[name]) & set(columns[name])
        assert name not in unique or len(set(out[name])) == n
    return out


def test_fakes_of_one_person_agree_and_what_was_unique_is():
    rows = made(*ROLES)
    for first, last, full, login, mail, work in zip(*rows.values(), strict=True):
        assert full == f"{first} {last}"
        assert login.startswith(plain(first)[0] + plain(last)) and login[-2:].isdigit()
        assert mail.startswith(f"{plain(first)}.{plain(spelled_out(last))}") and mail.partition("@")[0][-2:].isdigit()
        assert work.partition("@")[0] == login
    assert len(set(rows["first"])) > 300 and len(set(rows["last"])) > 300


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR"])
def test_fakes_agree_in_other_locales_and_without_numbers(locale):
    rows = made(*ROLES, locale=locale, unique=())
    assert all(f"{f} {s}" == full for f, s, full in zip(rows["first"], rows["last"], rows["full"], strict=True))
    assert all(plain(spelled_out(s)) in mail for s, mail in zip(rows["last"], rows["mail"], strict=True))
    assert any(not last.isascii() for last in rows["last"])


def test_short_columns_and_capitals():
    lengths = {"first": 10, "last": 12, "full": 20, "login": 16, "mail": 32, "work": 32}
    rows = made(*ROLES, lengths=lengths, columns={**COLUMNS, "last": [last.upper() for last in COLUMNS["last"]]})
    assert set(rows) == set(ROLES) and all(len(v) <= lengths[name] for name in rows for v in rows[name])
    assert all(last.isupper() and last in full.upper() for last, full in zip(rows["last"], rows["full"], strict=True))
    lengths["mail"] = 12
    assert set(made(*ROLES, lengths=lengths)) == set(ROLES) - {"mail"}


def test_names_without_a_mark_between_are_told_apart():
    mails = [f"{plain(f)}{plain(s)}@mail.org" for f, s in PEOPLE]
    rows = made("first", "last", "mail", columns={**COLUMNS, "mail": mails})
    assert all(m.startswith(plain(f) + plain(s)) for f, s, m in zip(*rows.values(), strict=True))
    short = [f"{plain(f)[0]}{plain(s)[0]}@mail.org" for f, s in PEOPLE]
    assert "mail" not in styles("first", "last", "mail", columns={**COLUMNS, "mail": short})


def test_a_full_name_and_an_address_agree_and_are_unique():
    rows = made("full", "mail", unique=("full", "mail"))
    assert all(plain(f.split()[0]) + "." in m for f, m in zip(rows["full"], rows["mail"], strict=True))
    rows = made("login", "work")
    assert all(work.partition("@")[0] == login for login, work in zip(rows["login"], rows["work"], strict=True))


def test_nulls_are_learned_and_do_not_move_the_others():
    (members,) = groups("full", "mail")
    wanted = {
        n: Wanted(ColumnType("string"), COLUMNS[n], False, RealValueFilter.of(COLUMNS[n], 1)) for n in ("full", "mail")
    }
    codec = agreeing_codecs(members, wanted, "en_US", 3, lambda words: set())["mail"]
    nullable = codec.with_nulls(1, 4)
    words = np.arange(4, dtype=np.uint64)[:, None]
    whole = codec.decode(np.zeros(4, np.int32), np.zeros(4), words).to_pylist()
    assert nullable.frequencies == (0.25, 0.75) and codec.with_nulls(0, 4) is codec
    assert nullable.decode(np.array([1, 0, 1, 1]), np.zeros(4), words).to_pylist() == [whole[0], None, *whole[2:]]


def test_columns_of_a_group_are_decoded_with_the_same_word():
    (members,) = groups("full", "mail")
    wanted = {
        n: Wanted(ColumnType("string"), COLUMNS[n], False, RealValueFilter.of(COLUMNS[n], 1)) for n in ("full", "mail")
    }
    codecs = agreeing_codecs(members, wanted, "en_US", 3, lambda words: set())
    encoder = TableEncoder(tuple(Column(n, ColumnType("string")) for n in codecs), tuple(codecs.values()))
    words = np.random.default_rng(5).integers(0, 2**64, (500, 2), np.uint64)
    nothing = EncodedTable(np.zeros((500, 0), np.int16), np.zeros((500, 0), np.float32))
    full, mail = (values.to_pylist() for values in encoder.decode(nothing, words).values())
    assert all(m.startswith(".".join(map(plain, f.split()))) for f, m in zip(full, mail, strict=True))
    words[:, 1] = 0
    again = [values.to_pylist() for values in encoder.decode(nothing, words).values()]
    assert again == [full, mail] and len(set(full)) > 450
