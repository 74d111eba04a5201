from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.helpers.scrambled import count_broken, scrambled

ROWS = 1000
FIRST = ["James", "Mary", "Ann Lee", "Zoé", "Ali"]
LAST = ["Smith", "Jones", "O'Neil", "Brown", "Li"]


def rng(seed=0):
    return np.random.default_rng(seed)


def people(rows=ROWS):
    return rng(1).choice(FIRST, rows), rng(2).choice(LAST, rows)


def templates_of(found):
    return [own.describe() for own in found.templates.columns]


@pytest.mark.parametrize("rows", [100, 1000])
def test_a_full_name_is_made_of_first_and_last(rows):
    first, last = people(rows)
    values = {"first": ("string", first), "last": ("string", last)}
    values |= {"full": ("string", [f"{a} {b}" for a, b in zip(first, last, strict=True)])}
    found, table, drawn = scrambled(values)
    assert templates_of(found) == ['full = first + " " + last']
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert (d.full == d["first"] + " " + d["last"]).all()
    assert d.full.nunique() == len(FIRST) * len(LAST)


def test_an_address_starts_with_the_name_and_goes_on_as_it_likes():
    first, last = people()
    number, at = rng(3).integers(1, 99_999, ROWS), rng(4).choice(["@mail.com", "@post.org"], ROWS)
    rows = zip(first, last, number, at, strict=True)
    mail = [f"{a.lower().replace(' ', '')}.{b.lower()}{n}{d}" for a, b, n, d in rows]
    found, _, drawn = scrambled({"first": ("string", first), "last": ("string", last), "mail": ("string", mail)})
    assert [p.name for own in found.templates.columns for p in own.parts] == ["mail"]
    for a, b, text in zip(*(drawn[n].to_pylist() for n in ("first", "last", "mail")), strict=True):
        assert text.startswith(f"{a.lower().replace(' ', '')}.{b.lower()}")
        assert text.endswith(("@mail.com", "@post.org"))


NAMES = ["O'Brien", "José", "Anne-Marie", "Smith", "van Dyk", "Müller"]
PLAIN = str.maketrans({"é": "e", "ü": "u", "'": None, "-": None, " ": None})


@pytest.mark.parametrize("domain", ["@mail.com", ""])
def test_an_address_holds_names_without_their_accents_and_marks(domain):
    first, last = rng(1).choice(NAMES, ROWS), rng(2).choice(NAMES, ROWS)
    numbers = rng(3).permutation(ROWS)
    plain = [(a.lower().translate(PLAIN), b.lower().translate(PLAIN)) for a, b in zip(first, last, strict=True)]
    mail = [f"{a}.{b}{i}{domain}" for (a, b), i in zip(plain, numbers, strict=True)]
    _, _, drawn = scrambled({"first": ("string", first), "last": ("string", last), "mail": ("string", mail)})
    for a, b, text in zip(*(drawn[n].to_pylist() for n in ("first", "last", "mail")), strict=True):
        assert text.startswith(f"{a.lower().translate(PLAIN)}.{b.lower().translate(PLAIN)}")


def test_a_user_name_begins_with_an_initial():
    first, last = rng(1).choice(["Ann", "Élodie", "Bob", "Mia"], ROWS), rng(2).choice(NAMES, ROWS)
    user = [
        f"{a[0].lower().replace('é', 'e')}{b.lower().translate(PLAIN)}{i}"
        for a, b, i in zip(first, last, rng(3).permutation(ROWS), strict=True)
    ]
    found, _, drawn = scrambled({"first": ("string", first), "last": ("string", last), "user": ("string", user)})
    assert len(found.templates.columns[0].fields) == 2
    for a, b, text in zip(*(drawn[n].to_pylist() for n in ("first", "last", "user")), strict=True):
        assert text.startswith(a[0].lower().replace("é", "e") + b.lower().translate(PLAIN))


def test_an_initial_before_a_name_with_accents_is_told_by_both_and_two_initials_are_not():
    first = rng(1).choice(["Raúl", "Ana", "José", "Íñigo", "Lucía"], 500)
    last = rng(2).choice(["García", "Muñoz", "Ruiz", "Peña", "Gil"], 500)
    plain = dict(zip("áéíóúñ", "aeioun", strict=True))
    numbers = rng(3).integers(1, 99, 500)

    def found(last_name):
        users = [(f[0] + w).lower() for f, w in zip(first, last_name, strict=True)]
        users = ["".join(plain.get(c, c) for c in user) + str(n) for user, n in zip(users, numbers, strict=True)]
        values = {"first": ("string", first), "last": ("string", last), "user": ("string", users)}
        found, _, drawn = scrambled(values)
        return found.templates.columns, drawn.to_pylist()

    (own,), drawn = found(last)
    assert own.sources == ("first", "last")
    begin = [(row["first"][0] + row["last"]).lower() for row in drawn]
    begin = ["".join(plain.get(c, c) for c in text) for text in begin]
    assert [row["user"].rstrip("0123456789") for row in drawn] == begin
    assert found([w[:1] for w in last])[0] == ()


def test_a_template_that_tells_all_is_better_than_one_of_more_columns():
    first, last = rng(1).choice(["Ann", "Bob", "Mia"], ROWS), rng(2).choice(["Smith", "Jones"], ROWS)
    user = [f"{a[0].lower()}{b.lower()}{i}" for a, b, i in zip(first, last, rng(3).permutation(ROWS), strict=True)]
    values = {"first": ("string", first), "last": ("string", last), "user": ("string", user)}
    found, _, _ = scrambled({**values, "mail": ("string", [f"{u}@mail.com" for u in user])})
    assert 'mail = user + "@mail.com"' in templates_of(found)
    code = [f"{a[0]}{i:06d}" for a, i in zip(first, rng(4).permutation(ROWS), strict=True)]
    assert templates_of(scrambled({"first": ("string", first), "code": ("string", code)})[0]) == []


def test_a_place_in_a_store_follows_its_zone_aisle_and_bin():
    zone, aisle, place = rng(1).choice(list("ABCK"), ROWS), rng(2).integers(1, 13, ROWS), rng(3).integers(1, 31, ROWS)
    location = [f"{z}-{a:02d}-{b:03d}" for z, a, b in zip(zone, aisle, place, strict=True)]
    values = {"zone": ("string", zone), "location": ("string", location)}
    assert templates_of(scrambled(values)[0]) == ["location = zone + ..."]
    values |= {"aisle": ("int", aisle), "bin": ("int", place)}
    found, _, drawn = scrambled(values)
    text = 'location = zone + "-" + aisle (padded with zeros 2) + "-" + bin (padded with zeros 3)'
    assert templates_of(found) == [text]
    assert sorted(drawn["zone"].to_pylist()) == sorted(zone)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda n: f"INV-{n}", 'label = "INV-" + number'),
        (lambda n: f"{n:08d}", "label = number (padded with zeros 8)"),
        (lambda n: f"{n}/A", 'label = number + "/A"'),
        (lambda n: str(n)[:2], "label = number (first characters 2)"),
        (lambda n: str(n)[-3:], "label = number (last characters 3)"),
    ],
)
def test_a_label_holds_a_number(make, text):
    number = rng(1).integers(1000, 99_999, ROWS)
    label = [make(n) for n in number.tolist()]
    found, _, drawn = scrambled({"number": ("int", number), "label": ("string", label)})
    assert templates_of(found) == [text]
    assert drawn["label"].to_pylist() == [make(n) for n in drawn["number"].to_pylist()]


def test_a_number_holds_a_date():
    day = rng(1).integers(15_000, 19_000, ROWS)
    days = pa.array(day, pa.int32()).cast(pa.date32())
    number = [f"{d:%Y%m%d}-{i:04d}" for i, d in enumerate(days.to_pylist())]
    found, _, drawn = scrambled({"day": ("date", days), "number": ("string", number)})
    assert templates_of(found) == ["number = day (as yyyymmdd) + ..."]
    rows = zip(drawn["day"].to_pylist(), drawn["number"].to_pylist(), strict=True)
    assert all(number.startswith(f"{day:%Y%m%d}-") for day, number in rows)


@pytest.mark.parametrize("form", ["%d.%m.%Y %H:%M", "%d.%m.%Y"])
def test_a_year_of_another_time_is_not_cut_out_of_a_text_that_is_a_time(form):
    start = np.datetime64("2022-01-01T00:00") + rng(1).integers(0, 900 * 1440, ROWS).astype("timedelta64[m]")
    end = start + rng(2).integers(10, 300, ROWS).astype("timedelta64[m]")
    end = np.where(end.astype("datetime64[Y]") == start.astype("datetime64[Y]"), end, start)
    text = [t.strftime(form) for t in start.tolist()]
    found, _, drawn = scrambled({"start": ("string", text), "end": ("timestamp_ntz", end.astype("datetime64[us]"))})
    assert templates_of(found) == []
    assert [own.column.name for own in found.written] == ["start"]
    assert len(found.orders.columns) == 1
    read = [datetime.strptime(t, form) for t in drawn["start"].to_pylist()]
    assert all(b >= a for a, b in zip(read, drawn["end"].to_pylist(), strict=True))


@pytest.mark.parametrize(("form", "text"), [("%y%m%d", "yymmdd"), ("%d.%m.%Y", "dd.mm.yyyy"), ("%y%m", "yymm")])
def test_a_document_number_holds_a_date(form, text):
    day = np.datetime64("2022-01-01") + rng(1).integers(0, 900, ROWS).astype("timedelta64[D]")
    number = [f"{d.strftime(form)}-{i:05d}" for d, i in zip(day.tolist(), rng(2).permutation(ROWS), strict=True)]
    found, _, drawn = scrambled({"day": ("date", day), "number": ("string", number)})
    assert templates_of(found) == [f"number = day (as {text}) + ..."]
    for d, n in zip(drawn["day"].to_pylist(), drawn["number"].to_pylist(), strict=True):
        assert n.startswith(f"{d.strftime(form)}-")


@pytest.mark.parametrize(
    ("form", "type_", "printed", "text"),
    [
        ("%d.%m.%Y", "string", "%Y%m%d", "yyyymmdd"),
        ("%m/%d/%Y", "string", "%Y", "yyyy"),
        ("%Y-%m-%d %H:%M", "string", "%y%m", "yymm"),
        ("%Y%m%d", "int", "%Y-%m", "yyyy-mm"),
    ],
)
def test_a_document_number_holds_a_date_that_is_a_text_or_a_number(form, type_, printed, text):
    day = (np.datetime64("2022-01-01T08:30") + rng(1).integers(0, 900, ROWS).astype("timedelta64[D]")).tolist()
    number = [f"INV-{d.strftime(printed)}-{i:05d}" for d, i in zip(day, rng(2).permutation(ROWS), strict=True)]
    number = [None if gone else own for gone, own in zip(rng(3).random(ROWS) < 0.1, number, strict=True)]
    days = [own if type_ == "string" else int(own) for own in (d.strftime(form) for d in day)]
    found, table, drawn = scrambled({"day": (type_, days), "number": ("string", number)})
    assert templates_of(found) == [f'number = "INV-" + day (as {text}) + ...']
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    assert drawn["number"].null_count == number.count(None)
    for d, n in zip(drawn["day"].to_pylist(), drawn["number"].to_pylist(), strict=True):
        assert n is None or n.startswith(f"INV-{datetime.strptime(str(d), form).strftime(printed)}-")
    drawn = scrambled({"day": (type_, days), "number": ("string", number)}, given={"day": [days[0]] * ROWS})[2]
    assert {n[: -len("-00000")] for n in drawn["number"].to_pylist() if n} == {f"INV-{day[0].strftime(printed)}"}


def test_case_and_columns_of_columns():
    first, _ = people()
    code = [a.upper() for a in first]
    tag = [f"#{c}#" for c in code]
    found, _, drawn = scrambled({"tag": ("string", tag), "code": ("string", code), "first": ("string", first)})
    assert len(templates_of(found)) == 2
    d = drawn.to_pandas()
    assert (d.tag == "#" + d.code + "#").all()
    assert (d.code == d["first"].str.upper()).all()


def test_nulls_stay_where_they_are_and_given_strings_as_they_are():
    first, last = people()
    full = [f"{a} {b}" if i % 5 else None for i, (a, b) in enumerate(zip(first, last, strict=True))]
    values = {"first": ("string", first), "last": ("string", last), "full": ("string", full)}
    found, _, drawn = scrambled(values)
    assert templates_of(found) == ['full = first + " " + last']
    assert drawn["full"].null_count == ROWS // 5
    _, _, drawn = scrambled(values, given={"full": ["Mary Brown"] * ROWS})
    assert set(drawn["full"].to_pylist()) == {"Mary Brown"}


def test_texts_of_bounded_length_stay_so():
    first, last = people()
    full = [f"{a} {b}" for a, b in zip(first, last, strict=True)]
    kind = f"varchar({max(map(len, full))})"
    _, _, drawn = scrambled({"first": ("string", first), "last": ("string", last), "full": (kind, full)})
    assert max(map(len, drawn["full"].to_pylist())) <= max(map(len, full))


def test_one_row_that_differs_chance_and_categories_are_no_template():
    first, last = people()
    full = [f"{a} {b}" for a, b in zip(first, last, strict=True)]
    full[-1] = "Nobody"
    values = {"first": ("string", first), "last": ("string", last), "full": ("string", full)}
    assert templates_of(scrambled(values)[0]) == []
    letters = {"a": ("string", rng(1).choice(list("ab"), ROWS)), "b": ("string", rng(2).choice(["xab", "aby"], ROWS))}
    assert templates_of(scrambled(letters)[0]) == []


def test_a_category_is_not_put_together_but_may_say_another():
    region, place = rng(1).choice(["north", "south"], ROWS), rng(2).integers(1, 4, ROWS)
    shop = [f"{r}-{p}" for r, p in zip(region, place, strict=True) if (r, p) != ("south", 3)]
    region = [name[:5] for name in shop]
    found, _, drawn = scrambled({"region": ("string", region), "shop": ("string", shop)})
    assert templates_of(found) == ["region = shop (first characters 5)"]
    assert set(drawn["shop"].to_pylist()) == set(shop)
    assert drawn["region"].to_pylist() == [name[:5] for name in drawn["shop"].to_pylist()]
