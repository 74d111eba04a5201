"""Columns that say who a row is about: what belongs to them is the same in all of their rows."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive, SchemaError
from synthohive_spark.engine.code_links import FunctionalDependency
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities import Entity, entities_of
from synthohive_spark.engine.dependencies.entities_fit import find_entities, find_entity_names
from synthohive_spark.engine.dependencies.find import with_decided_last
from synthohive_spark.engine.dependencies.product import Factor, Product
from synthohive_spark.engine.dependencies.relations import Relations
from synthohive_spark.engine.sampling.draw import Draw
from tests.helpers.scrambled import find, table_of

ROWS, CUSTOMERS = 3000, 500


def orders(kind):
    """Orders of customers: a birth date and a segment for each, which says how much they spend."""
    rng = np.random.default_rng(0)
    customer = rng.integers(0, CUSTOMERS, ROWS)
    birth = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 20_000, CUSTOMERS), "D")
    segment = rng.choice(["gold", "plain"], CUSTOMERS, p=[0.3, 0.7])
    spent = rng.gamma(3, np.where(segment[customer] == "gold", 90, 10)).round(2)
    return pd.DataFrame(
        {
            "customer": customer * 3 + 1000 if kind == "number" else [f"C{c * 7919 % 99991:05d}" for c in customer],
            "birth": birth[customer].date,
            "segment": segment[customer],
            "spent": spent,
            "channel": rng.choice(["web", "shop"], ROWS),
        }
    )


@pytest.fixture(
    scope="module", params=[(Autoregressive, "number"), (Autoregressive, "text"), (CTGAN, "number")], ids=str
)
def learned(request):
    engine, kind = request.param
    real = orders(kind)
    return real, engine(epochs=30, batch_size=100, progress=False).fit(real, seed=1)


def test_attributes_are_the_same_in_all_rows_of_an_entity(learned):
    real, model = learned
    assert any(told == "customer decides birth, segment in all 3,000 rows" for told in model.dependencies)
    made = model.sample(2000, seed=3)
    of = made.groupby("customer")
    assert of["birth"].nunique().max() == of["segment"].nunique().max() == 1
    assert of["channel"].nunique().max() == 2
    assert 3 <= len(made) / made["customer"].nunique() <= 8
    assert made["birth"].nunique() > 200
    share = {True: real["segment"].eq("gold").mean(), False: made["segment"].eq("gold").mean()}
    assert share[False] == pytest.approx(share[True], abs=0.12)
    means = made.groupby("segment")["spent"].mean()
    assert means["gold"] > 2 * means["plain"]


def test_rows_stay_a_function_of_their_ids(learned):
    _, model = learned
    generator = model.model.generator
    whole = generator.sample(Draw(np.arange(700), 5))
    part = generator.sample(Draw(np.arange(350, 420), 5))
    assert whole.slice(350, 70).combine_chunks().equals(part.combine_chunks())


def test_a_given_entity_and_a_given_attribute_stay(learned):
    real, model = learned
    customer = real["customer"][0]
    if isinstance(model, CTGAN):
        with pytest.raises(SchemaError, match="takes no other condition"):
            model.sample(50, given={"customer": customer})
        return
    made = model.sample(50, seed=1, given={"customer": customer})
    assert (made["customer"] == customer).all()
    assert made["birth"].nunique() == made["segment"].nunique() == 1
    assert (model.sample(50, seed=1, given={"segment": "gold"})["segment"] == "gold").all()


def test_what_codes_tell_of_an_entity_follows_it_with_an_engine_without_conditions():
    rng = np.random.default_rng(2)
    employee = rng.integers(0, 90, 1500)
    hired = pd.Timestamp("2010-01-01") + pd.to_timedelta(rng.integers(0, 4500, 90), "D")
    grades = rng.choice(["E1", "E2", "E3"], 90)
    rows = pd.DataFrame(
        {"employee": [f"EMP{e:04d}" for e in employee], "hired": hired[employee].date, "grade": grades[employee]}
    )
    model = CTGAN(epochs=1, progress=False).fit(rows, seed=1)
    assert "employee decides grade in all 1,500 rows" in model.dependencies
    made = model.sample(1000, seed=2)
    assert {tuple(row) for row in made[["employee", "grade"]].to_numpy()} <= {
        tuple(row) for row in rows[["employee", "grade"]].to_numpy()
    }
    assert made.groupby("employee")["hired"].nunique().max() == 1


def test_what_chance_or_a_code_explains_is_no_entity():
    rng = np.random.default_rng(1)
    country = rng.integers(0, 8, ROWS)
    rows = pd.DataFrame(
        {
            "a": rng.integers(0, 900, ROWS),
            "b": rng.normal(size=ROWS),
            "c": rng.choice(list("xyz"), ROWS),
            "country": [f"country {c}" for c in country],
            "currency": [f"currency {c // 2}" for c in country],
        }
    )
    model = Autoregressive(epochs=1, progress=False).fit(rows, seed=1)
    assert model.model.dependencies.entities == ()
    assert "country decides currency in all 3,000 rows" in model.dependencies


def accounts(rows=3000, people=400):
    """Rows of customers with an e-mail address and a phone each, a list of countries, and products with their names."""
    rng = np.random.default_rng(4)
    customer, product = rng.integers(0, people, rows), rng.integers(0, 120, rows)
    first, last = rng.choice(["anna", "ben", "eva", "hugo"], people), rng.choice(["novak", "rossi", "khan"], people)
    number, country = rng.permutation(90_000)[:people] + 10_000, rng.integers(0, 60, rows)
    email = np.array([f"{f}.{w}{n}@mail.com" for f, w, n in zip(first, last, number, strict=True)])
    return pd.DataFrame(
        {
            "email": email[customer],
            "customer": customer + 1000,
            "full": np.array([f"{f} {w}" for f, w in zip(first, last, strict=True)])[customer],
            "country": [f"country {c}" for c in country],
            "code": [f"X{c:02d}" for c in country],
            "product": [f"item {p}" for p in product],
            "sku": product + 50,
        }
    )


def test_strings_that_name_an_entity_are_about_one_for_each_and_of_few_rows():
    rows = accounts()
    table = pa.Table.from_pandas(rows)
    columns = [Column(n, ColumnType.parse("string" if rows[n].dtype == object else "bigint")) for n in rows]
    assert find_entity_names(table, columns) == {"email", "customer"}
    both = rows[["email"]].assign(key="C" + rows["customer"].astype(str))
    strings = [Column(n, ColumnType.parse("string")) for n in both]
    assert find_entity_names(pa.Table.from_pandas(both), strings) == {"email", "key"}
    shared = rows.assign(email=np.where(rows["customer"] < 1100, "office@mail.com", rows["email"]))
    assert find_entity_names(pa.Table.from_pandas(shared), columns) == {"customer"}
    assert find_entity_names(table.slice(0, 0), columns) == frozenset()


@pytest.mark.parametrize("names", [("zip", "town"), ("plz", "ort"), ("icd_code", "finding"), ("district", "plate")])
@pytest.mark.parametrize("values", [110, 150])
def test_words_that_are_one_to_one_are_of_people_only_where_one_is_called_so(names, values):
    rng = np.random.default_rng(values)
    which, of = rng.integers(0, values, 2000), rng.permutation(values)
    words = ["".join("aeioumnrst"[int(d)] for d in f"{k:03d}") for k in range(values)]
    codes = [f"{k + 10_000}" for k in range(values)] if names[0] != "district" else [w[::-1].upper() for w in words]
    held = [[codes[k] for k in which], [words[of[k]] for k in which]]

    def found(*names):
        columns = [Column(name, ColumnType("string")) for name in names]
        return find_entity_names(pa.table(dict(zip(names, held, strict=True))), columns)

    assert found(*names) == frozenset()
    assert found("login", "x") == {"login", "x"}
    assert found("x", "customer_name") == {"x", "customer_name"}
    assert found(names[0], "city_name") == frozenset()


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_codes_of_things_keep_what_belongs_to_them_and_rare_ones_are_left_out(engine):
    rng = np.random.default_rng(5)
    codes = [f"{a}{k:02d}.{k % 7}" for a in "ABCDEFG" for k in rng.permutation(99)[:20]]
    shares = rng.dirichlet(np.full(140, 0.6))
    which = rng.choice(140, 2000, p=shares)
    real = pd.DataFrame({"icd": np.array(codes)[which], "weight": (rng.permutation(900)[:140] / 100)[which]})
    rare = real["icd"].map(real["icd"].value_counts()) < 5
    assert 0.02 < rare.mean() < 0.2
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    made = model.sample(1000, seed=2)
    assert set(made["icd"]) <= set(real["icd"][~rare])
    assert set(map(tuple, made.to_numpy())) <= set(map(tuple, real.to_numpy()))


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_zip_codes_and_their_towns_are_drawn_as_they_go_together(engine):
    rng = np.random.default_rng(3)
    which = rng.integers(0, 120, 2000)
    towns = [
        f"{a}{b}"
        for a in ("Neu", "Alt", "Ober", "Nieder")
        for b in rng.permutation(list("abcdefghijklmnopqrstuvwxyzäöüß"))
    ]
    real = pd.DataFrame({"zip": [f"{k * 700 + 10_115}" for k in which], "town": [towns[k] for k in which]})
    made = engine(epochs=1, progress=False).fit(real, seed=1).sample(1000, seed=2)
    assert set(map(tuple, made.to_numpy())) <= set(map(tuple, real.to_numpy()))
    assert made["town"].nunique() > 60


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_each_entity_has_a_name_of_its_own_that_is_no_real_one(engine):
    real = accounts()[["email", "customer", "full"]]
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert "customer decides email, full in all 3,000 rows" in model.dependencies
    made = model.sample(2000, seed=2)
    assert not set(made["email"]) & set(real["email"])
    assert made["email"].str.fullmatch(r"[a-z]+\.[a-z]+\d+@mail\.com").all()
    assert made.groupby("customer")["email"].nunique().max() == 1
    assert made["email"].nunique() >= 0.98 * made["customer"].nunique() > 300
    assert set(made["full"]) <= set(real["full"])
    kept = engine(epochs=1, progress=False, categorical=["email"]).fit(real, seed=1).sample(200, seed=2)
    assert set(kept["email"]) <= set(real["email"])


def test_an_id_alone_is_personal_and_no_word_zip_code_or_number_of_many_rows():
    rng = np.random.default_rng(6)
    who, few = rng.integers(0, 300, ROWS), rng.integers(0, 120, ROWS)
    kinds = {"id": "string", "number": "bigint", "word": "string", "zip": "string", "part": "string", "free": "string"}
    rows = pd.DataFrame(
        {
            "id": [f"C{c:04d}" for c in who],
            "number": who,
            "word": ["".join("abcdefghij"[int(d)] for d in f"{c:03d}") for c in who],
            "zip": [f"{c + 10_000}" for c in who],
            "part": [f"P{c:04d}" for c in few],
            "free": [f"F{c:04d}" for c in rng.integers(0, 300, ROWS)],
        }
    )
    rows = rows.assign(segment=[f"s{c % 3}" for c in who], group=[f"g{c % 3}" for c in few])
    for name, type_ in kinds.items():
        told = pa.Table.from_pandas(rows[[name, "segment", "group"]])
        found = find_entity_names(told, [Column(name, ColumnType.parse(type_))], ["segment", "group"])
        assert found == ({name} if name in ("id", "number") else frozenset()), name
    seat = rows[["group"]].assign(id=[f"{'ABC'[c % 3]}-{c:03d}" for c in few])
    told = pa.Table.from_pandas(seat), [Column("id", ColumnType.parse("string"))]
    assert find_entity_names(*told, ["group"]) == frozenset()
    gone = rows.assign(id=rows["id"].where(rng.random(ROWS) < 0.9))[["id", "segment"]]
    assert find_entity_names(pa.Table.from_pandas(gone), [Column("id", ColumnType.parse("string"))], ["segment"])


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
@pytest.mark.parametrize("kind", ["text", "sparse", "dense"])
def test_ids_of_customers_are_made_and_about_as_many_as_there_are(engine, kind):
    rng = np.random.default_rng(7)
    who, rows = rng.integers(0, 300, ROWS), 2000
    ids = rng.permutation(900_000)[:300] + 100_000 if kind == "sparse" else np.arange(300)
    real = pd.DataFrame(
        {
            "customer": [f"C{c * 7919 % 99991:05d}" for c in who] if kind == "text" else ids[who],
            "birth": (pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.permutation(20_000)[:300], "D"))[who].date,
            "segment": rng.choice(["gold", "plain"], 300, p=[0.3, 0.7])[who],
        }
    )
    gone = rng.random(ROWS) < 0.1
    real["customer"] = real["customer"].astype(object if kind == "text" else "Int64").where(~gone)
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert "customer decides birth, segment in all 3,000 rows" in model.dependencies
    made = model.sample(rows, seed=2)
    of, known = made.groupby("customer"), set(real["customer"].dropna())
    assert of["birth"].nunique().max() == of["segment"].nunique().max() == 1
    assert 225 <= made["customer"].nunique() <= 330
    if kind != "dense":
        assert made["customer"].isin(known).mean() < 0.1
    assert 0.01 < made["customer"].isna().mean() < 0.3
    assert made["birth"].isin(set(real["birth"])).mean() < 0.15
    assert made.loc[made["customer"].isna(), "birth"].nunique() > 0.5 * made["customer"].isna().sum()


@pytest.mark.parametrize("written", ["09:30", 930, 20240131, 31012024])
def test_what_is_read_as_times_is_no_entity(written):
    rng = np.random.default_rng(8)
    of, gate = rng.integers(0, 700, ROWS), rng.integers(0, 40, 700)
    clock = written in ("09:30", 930)
    times = [f"{m // 60:02d}:{m % 60:02d}" for m in rng.permutation(1440)[:700]]
    days = (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.permutation(2000)[:700], "D")).strftime(
        "%d%m%Y" if written == 31012024 else "%Y%m%d"
    )
    texts = np.array([t.replace(":", "" if written == 930 else ":") for t in times] if clock else days)
    kind = "string" if isinstance(written, str) and clock else "bigint"
    own = texts[of] if kind == "string" else texts[of].astype(int)
    table, columns = table_of({"x": (kind, own), "gate": ("string", [f"gate {g}" for g in gate[of]])})
    assert find_entities(table, columns, Dependencies())
    assert find_entities(table, columns, find(table, columns)) == ()


def test_of_attributes_that_tell_each_other_by_codes_one_is_left_to_the_entity():
    customer = np.random.default_rng(5).integers(0, 500, ROWS)
    rows = pa.table(
        {
            "customer": customer,
            "segment": [f"segment {c % 3}" for c in customer],
            "rate": [f"rate {c % 3}" for c in customer],
        }
    )
    columns = [Column(n, ColumnType.parse("bigint" if n == "customer" else "string")) for n in rows.column_names]
    same = np.arange(3, dtype=np.int32)
    links = FunctionalDependency(1, 2, same), FunctionalDependency(2, 1, same)
    found = Dependencies(functional=links, blocks=tuple(rows.column_names))
    assert [own.columns for own in find_entities(rows, columns, found)] == [("customer", "segment")]


def test_entities_follow_the_one_that_decides_their_column():
    found = entities_of({"birth": ("customer", 500), "customer": ("order", 1500), "city": ("customer", 500)})
    assert found == (Entity("order", ("customer",), 1500), Entity("customer", ("birth", "city"), 500))
    assert [Entity.from_json(own.to_json()) for own in found] == list(found)


def test_entities_are_saved(learned, tmp_path):
    _, model = learned
    model.save(str(tmp_path / "m"))
    again = type(model)(progress=False).load(str(tmp_path / "m"))
    assert pa.Table.from_pandas(again.sample(100, seed=2)).equals(pa.Table.from_pandas(model.sample(100, seed=2)))


def test_what_is_decided_is_the_last_factor_to_be_changed():
    number = ColumnType.parse("double")
    price, quantity, amount = (
        Factor(n, number, 2, 0, 99, d) for n, d in (("price", 90), ("quantity", 5), ("amount", 9))
    )
    link = FunctionalDependency(0, 1, np.arange(3, dtype=np.int32))
    products = (Product(amount, (price, quantity), Fraction(1)),)
    found = Dependencies(relations=Relations(products=products), functional=(link,), blocks=("sku", "price"))
    made = with_decided_last(found).relations.products[0]
    assert [(own.name, own.different) for own in made.factors] == [("price", 0), ("quantity", 5)]
