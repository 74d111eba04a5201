"""Strings whose shape follows another column: postcodes by country, tracking numbers by carrier."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from tests.helpers.scrambled import find, table_of

ROWS = 2000
POSTCODES = {"GB": "AA99 9AA", "FR": "99999", "NL": "9999 AA", "DE": "99999", "CA": "A9A 9A9"}
CITIES = {"Lyon": "FR", "Nice": "FR", "Leeds": "GB", "Derby": "GB", "Bonn": "DE", "Utrecht": "NL", "Ottawa": "CA"}


def rng(seed=0):
    return np.random.default_rng(seed)


def written(shape, draw):
    """A string of a shape."""
    return "".join(
        draw.choice(list("ABCDEFGH")) if c == "A" else str(draw.integers(0, 10)) if c == "9" else c for c in shape
    )


def shape_of(text):
    return re.sub(r"[0-9]", "9", re.sub(r"[A-Z]", "A", text))


def addresses(rows=ROWS, seed=1):
    draw = rng(seed)
    city = draw.choice(list(CITIES), rows)
    country = [CITIES[c] for c in city]
    codes = [written(POSTCODES[c], draw) for c in country]
    return pd.DataFrame({"country": country, "city": city, "postcode": codes, "amount": draw.gamma(2, 50, rows)})


def shaped(values, **settings):
    table, columns = table_of(values)
    return {own.column.name: own for own in find(table, columns, **settings).templates.columns}


def strings(frame):
    return {name: ("string", frame[name].tolist()) for name in frame if name != "amount"}


@pytest.mark.parametrize("rows", [400, 5000])
def test_the_shape_of_a_string_follows_the_column_of_fewest_values_that_tells_it(rows):
    found = shaped(strings(addresses(rows)))
    assert found.keys() == {"postcode"}
    assert found["postcode"].describe() == "the shape of postcode follows country"
    assert set(map(frozenset, found["postcode"].groups)) == {
        frozenset(own) for own in ({"GB"}, {"FR", "DE"}, {"NL"}, {"CA"})
    }
    by_city = shaped(strings(addresses(rows).drop(columns="country")))["postcode"]
    assert by_city.describe() == "the shape of postcode follows city"
    assert len(by_city.groups) == 4


def test_numbers_and_truth_values_decide_and_several_shapes_are_of_one_value():
    draw = rng(2)
    carrier, sent = draw.integers(0, 3, ROWS), draw.random(ROWS) < 0.5
    shapes = (("1A999999999", "1A99999999-9"), ("999999999999",), ("AA999999999",))
    number = [written(draw.choice(shapes[c]), draw) for c in carrier]
    plate = [written("AAA-9999" if s else "999 AAA", draw) for s in sent]
    values = {"carrier": ("int", carrier), "sent": ("boolean", sent), "number": ("string", number)}
    found = shaped({**values, "plate": ("string", plate)})
    assert {name: own.of.name for name, own in found.items()} == {"number": "carrier", "plate": "sent"}
    assert sorted(found["number"].groups) == [("0",), ("1",), ("2",)]
    assert sorted(found["plate"].groups) == [("false",), ("true",)]


def test_chance_and_what_tells_little_find_nothing():
    frame, draw = addresses(), rng(3)
    assert shaped(strings(frame.assign(country=draw.permutation(frame["country"]), city="here"))) == {}
    sex = draw.integers(0, 2, ROWS)
    name = [
        f"{written('A' * n, draw).title()} {written('AAAA', draw).title()}" for n in draw.integers(2, 9, ROWS) + sex
    ]
    assert shaped({"name": ("string", name), "sex": ("string", [f"s{own}" for own in sex])}) == {}
    of = {f"column {i}": ("string", draw.choice(list("abcdef"), ROWS)) for i in range(60)}
    mixed = [written(draw.choice(list(POSTCODES.values())), draw) for _ in range(ROWS)]
    assert shaped({**of, "mixed": ("string", mixed)}) == {}


@pytest.mark.parametrize("settings", [{"given": ["postcode"]}, {"imitated": frozenset(["postcode"])}], ids=str)
def test_what_is_given_or_may_not_be_looked_at_is_left(settings):
    assert shaped(strings(addresses()), **settings) == {}


def test_a_string_is_of_the_group_of_its_row():
    text, kind = (Column(name, ColumnType("string")) for name in ("text", "kind"))
    own = ShapedColumn(text, kind, (("a",), ("b", "c")), (0.5, 0.5))
    assert ShapedColumn.from_json(own.to_json()) == own
    arrays = {"text": pa.array(["1", "2", None, "4"]), "kind": pa.array(["a", "c", "b", None])}
    there, *strings_ = own.split(arrays)
    assert there.to_pylist() == ["", "", None, ""]
    assert [one.to_pylist() for one in strings_] == [["1", None, None, None], [None, "2", None, None]]
    parts = [there, pa.array(["s", "t", "u", "v"]), pa.array(["w", "x", "y", "z"])]
    assert own.join(parts, arrays).to_pylist() in (["s", "x", None, "v"], ["s", "x", None, "z"])


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_drawn_strings_have_the_shape_of_their_row_and_none_is_real(engine, tmp_path):
    real = addresses(3000)
    real.loc[rng(4).random(3000) < 0.1, "postcode"] = None
    real.loc[rng(5).random(3000) < 0.1, "country"] = None
    real.loc[:2, ["country", "postcode"]] = ["XX", "##1##"]
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert "the shape of postcode follows country in all 3,000 rows" in model.dependencies
    made = model.sample(2000, seed=2)
    held = made.dropna(subset=["postcode", "country"])
    assert held["postcode"].map(shape_of).equals(held["country"].map(POSTCODES))
    assert set(made.loc[made["country"].isna(), "postcode"].dropna().map(shape_of)) == set(POSTCODES.values())
    assert not set(held["postcode"]) & set(real["postcode"])
    assert 0.03 < made["postcode"].isna().mean() < 0.2
    model.save(str(tmp_path / "m"))
    again = engine(progress=False).load(str(tmp_path / "m")).sample(500, seed=3)
    pd.testing.assert_frame_equal(again, model.sample(500, seed=3))
    if engine is Autoregressive:
        given = model.sample(200, seed=3, given={"country": "NL"})
        assert set(given["postcode"].dropna().map(shape_of)) == {POSTCODES["NL"]}


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_a_string_of_an_entity_has_the_shape_of_its_attribute_in_all_rows(engine):
    draw, people = rng(6), 300
    country = draw.choice(list(POSTCODES), people)
    phone = np.array([written({"GB": "+44 99 9999 9999"}.get(c, "(999) 999-9999"), draw) for c in country])
    who = draw.integers(0, people, 3000)
    real = pd.DataFrame({"customer": who + 1000, "country": country[who], "phone": phone[who]})
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert "customer decides country, phone in all 3,000 rows" in model.dependencies
    made = model.sample(2000, seed=2)
    of = made.groupby("customer")
    assert of["phone"].nunique().max() == of["country"].nunique().max() == 1
    assert (made["phone"].str.startswith("+44 ") == (made["country"] == "GB")).all()
    assert not set(made["phone"]) & set(real["phone"])
    assert made["phone"].nunique() > 0.9 * made["customer"].nunique()


def test_values_of_few_rows_of_a_group_never_come_out():
    draw = rng(7)
    kind = draw.choice(["a", "b"], ROWS)
    # Of kind b, 40 numbers come again and again; those of fewer than five rows must not.
    few = [f"B{n:03d}" for n in draw.zipf(1.4, ROWS) % 400]
    text = [few[i] if k == "b" else written("99-AA-9999", draw) for i, k in enumerate(kind)]
    real = pd.DataFrame({"kind": kind, "text": text})
    model = Autoregressive(epochs=1, progress=False).fit(real, seed=1)
    made = model.sample(3000, seed=2)
    counts = real["text"].value_counts()
    assert not set(made["text"]) & set(counts[counts < 5].index)
    assert (made["text"].str.startswith("B") == (made["kind"] == "b")).all()
