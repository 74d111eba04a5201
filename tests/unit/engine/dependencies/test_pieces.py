"""Characters of nearly unique strings that go with the values of another column."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from synthohive_spark.engine.dependencies.pieces_fit import find_pieces
from tests.helpers.scrambled import scrambled, table_of

ROWS = 2000
STATES = {"Bavaria": "27", "Berlin": "29", "Hesse": "07", "Saxony": "33", "Hamburg": "24"}


def rng(seed=0):
    return np.random.default_rng(seed)


def tax_numbers(states, seed=1):
    made = rng(seed)
    letters = ["".join(made.choice(list("ABCDEFGH"), 5)) for _ in states]
    return [
        f"{STATES[s]}{a}{n:04d}Z" for s, a, n in zip(states, letters, made.integers(0, 9999, len(states)), strict=True)
    ]


def pieces_of(found):
    return {own.column.name: own.cuts for own in found.written if isinstance(own, PiecesColumn)}


@pytest.mark.parametrize("cuts", [((0, 2),), ((1, 4), (6, 8)), ((0, 2), (2, 3), (7, 8))])
def test_pieces_come_together_again(cuts):
    column = PiecesColumn(Column("x", ColumnType("string")), cuts, ("",) * len(cuts))
    texts = pa.array(["abcdefgh", None, "ABCDEFGHIJ", "äöü€fghijk"], pa.string())
    split = column.split({"x": texts})
    assert len(split) == len(column.parts) == len(cuts) + 1
    assert column.join(split).equals(texts)
    assert split[1].to_pylist()[0] == "abcdefgh"[slice(*cuts[0])]


@pytest.mark.parametrize(
    ("form", "cuts"), [("{}", ((0, 2),)), ("({}) ", ((1, 3),)), ("DE{}-", ((2, 4),))], ids=["first", "inside", "fixed"]
)
def test_what_another_column_decides_of_a_string_is_a_piece(form, cuts):
    states = rng(2).choice(list(STATES), ROWS)
    numbers = [form.format(t[:2]) + t[2:] for t in tax_numbers(states)]
    found, table, drawn = scrambled({"state": ("string", states), "number": ("string", numbers)})
    assert pieces_of(found) == {"number": cuts}
    assert found.describe()[0] == "number is learned in 2 pieces"
    assert sorted(t[slice(*cuts[0])] for t in drawn["number"].to_pylist()) == sorted(
        t[slice(*cuts[0])] for t in numbers
    )
    assert found.split(table).column_names == [
        "state",
        "number",
        f"number\x00characters {cuts[0][0] + 1} to {cuts[0][1]}",
    ]


def test_a_beginning_that_decides_another_column_is_a_piece():
    first = rng(1).integers(0, 40, ROWS)
    codes = [f"{100 + k}{n:04d}" + "XY"[n % 2] for k, n in zip(first, rng(2).permutation(10_000), strict=False)]
    found, _, _ = scrambled({"code": ("string", codes), "state": ("string", [f"state {k // 8}" for k in first])})
    assert pieces_of(found) == {"code": ((0, 3),)}


@pytest.mark.parametrize("behind", ["{n}", "{n}-{m}", "{n:06d}"], ids=["last", "inside", "fixed"])
@pytest.mark.parametrize("word", [True, False])
def test_no_number_or_word_that_may_be_longer_is_cut(behind, word):
    states = rng(2).choice(list(STATES), ROWS)
    heads = {s: s[:3].lower() if word else code for s, code in STATES.items()}
    tails = rng(3).integers(1, 10**6, ROWS), rng(4).integers(1000, 9999, ROWS)
    spelled = str.maketrans("0123456789", "abcdefghij")
    texts = [heads[s] + behind.format(n=n, m=m) for s, n, m in zip(states, *map(np.ndarray.tolist, tails), strict=True)]
    texts = [text.translate(spelled) for text in texts] if word else texts
    table, columns = table_of({"number": ("string", texts), "state": ("string", states)})
    found = find_pieces(table, columns, columns, Privacy())
    assert [own.cuts for own in found] == ([((0, 2 + word),)] if behind == "{n:06d}" else [])


def test_chance_texts_of_few_rows_and_one_row_that_differs_make_no_piece():
    states = rng(2).choice(list(STATES), ROWS)
    numbers = tax_numbers(states)
    other = {"state": ("string", rng(3).permutation(states)), "number": ("string", numbers)}
    assert pieces_of(scrambled(other)[0]) == {}
    changed = [*numbers[:-1], ("33" if numbers[-1][1] == "7" else "07") + numbers[-1][2:]]
    assert pieces_of(scrambled({"state": ("string", states), "number": ("string", changed)})[0]) == {}
    owner = rng(4).integers(0, 1000, ROWS)
    owned = [f"{o:04d}{n:05d}" for o, n in zip(owner, rng(5).permutation(ROWS), strict=True)]
    values = {"owner": ("string", [f"owner {o}" for o in owner]), "number": ("string", [f"x{t}" for t in owned])}
    assert pieces_of(scrambled(values)[0]) == {}


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_drawn_strings_hold_what_their_row_decides_and_nothing_of_few_rows(engine, tmp_path):
    states = rng(2).choice(list(STATES), ROWS)
    numbers = tax_numbers(states)
    states[:3], numbers[:3] = "Bremen", ["88" + text[2:] for text in numbers[:3]]
    real = pd.DataFrame({"state": states, "number": numbers, "amount": rng(3).normal(size=ROWS)})
    real.loc[rng(4).random(ROWS) < 0.1, "number"] = None
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert "state decides number characters 1 to 2" in "\n".join(model.dependencies)
    made = model.sample(1000, seed=2)
    held = made.dropna(subset="number")
    assert (held["number"].str[:2] == held["state"].map(STATES)).all()
    assert held["number"].str.fullmatch(r"\d\d[A-H]{5}\d{4}Z").all()
    assert not set(held["number"]) & set(real["number"])
    assert 0.02 < made["number"].isna().mean() < 0.25
    model.save(str(tmp_path / "m"))
    again = engine(progress=False).load(str(tmp_path / "m")).sample(1000, seed=2)
    pd.testing.assert_frame_equal(again, made)
    if engine is Autoregressive:
        assert set(model.sample(200, seed=3, given={"state": "Hesse"})["number"].dropna().str[:2]) == {"07"}


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_a_category_that_a_string_tells_but_where_it_is_null_keeps_its_shares(engine):
    zone = rng(1).choice(list("ABCK"), ROWS, p=[0.4, 0.3, 0.2, 0.1])
    aisle, place = rng(2).integers(1, 13, ROWS), rng(3).integers(1, 31, ROWS)
    real = pd.DataFrame(
        {"zone": zone, "location": [f"{z}-{a:02d}-{b:03d}" for z, a, b in zip(zone, aisle, place, strict=True)]}
    )
    real["zone"] = real["zone"].where(rng(4).random(ROWS) < 0.9)
    model = engine(epochs=10, progress=False).fit(real, seed=1)
    made = model.sample(ROWS, seed=2)
    held = made.dropna(subset="zone")
    assert (held["zone"] == held["location"].str[0]).all()
    shares = held["zone"].value_counts(normalize=True)
    assert shares[["A", "B", "C", "K"]].to_numpy() == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.05)
