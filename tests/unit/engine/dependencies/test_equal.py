"""Columns that often hold what others hold."""

import json

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.dependencies.equal import EqualColumns
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import find, scrambled, table_of

ROWS = 2000
CITIES = [f"{name}{end}" for name in ("Ash", "Birch", "Cedar", "Dun", "Elm", "Fair") for end in ("ton", "ford", "by")]
STATES = [f"S{place % 5}" for place in range(len(CITIES))]
STREETS = [f"{tree} {kind}" for tree in ("Oak", "Pine", "Lake", "Hill") for kind in ("Street", "Road", "Lane")]


def rng(seed=0):
    return np.random.default_rng(seed)


def streets(seed, rows):
    numbers, names = rng(seed).integers(1, 400, rows), rng(seed + 1).choice(STREETS, rows)
    return np.array([f"{number} {name}" for number, name in zip(numbers, names, strict=True)], object)


def addresses(rows=ROWS, share=0.7, nulls=0.0):
    """Bills and what is shipped, to the same address in some rows: a street and a city, which decides a state."""
    bill, ship = rng(1).integers(0, len(CITIES), rows), rng(2).integers(0, len(CITIES), rows)
    same = rng(3).random(rows) < share
    ship = np.where(same, bill, ship)
    own, other = streets(10, rows), streets(20, rows)
    d = pd.DataFrame({"bill_street": own, "bill_city": np.array(CITIES)[bill], "bill_state": np.array(STATES)[bill]})
    d["ship_street"], d["ship_city"] = np.where(same, own, other), np.array(CITIES)[ship]
    d["ship_state"] = np.array(STATES)[ship]
    gone = rng(4).random(rows) < nulls
    d.loc[gone, ["ship_street", "ship_city", "ship_state"]] = None
    return d


def strings(frame):
    return {name: ("string", own) for name, own in frame.items()}


@pytest.mark.parametrize("rows", [300, ROWS])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_street_equals_another_one_as_often_as_it_does(rows, share):
    frame = addresses(rows, share)[["bill_street", "ship_street"]]
    found, _, drawn = scrambled(strings(frame))
    assert [own.describe() for own in found.equal] == ["ship_street equals bill_street"]
    d = drawn.to_pandas()
    assert (d.bill_street == d.ship_street).sum() == pytest.approx(
        (frame.bill_street == frame.ship_street).sum(), abs=3
    )
    assert found.told(table_of(strings(frame))[0])[-1].startswith("ship_street equals bill_street in ")


@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_whole_addresses_are_equal_and_a_city_stays_in_its_state(nulls):
    frame = addresses(nulls=nulls)
    found, _, drawn = scrambled(strings(frame))
    (own,) = found.equal
    assert own.column.name == "ship_street"
    assert {c.name for c in own.columns} == {"ship_street", "ship_city", "ship_state"}
    d = drawn.to_pandas()
    same = (d.ship_street == d.bill_street) & d.ship_city.notna() & d.ship_state.notna()
    assert 0.4 < same.mean() < 0.8
    assert (d.ship_city == d.bill_city)[same].all() and (d.ship_state == d.bill_state)[same].all()
    assert d.ship_street.isna().sum() == frame.ship_street.isna().sum()


def test_a_city_that_decides_what_does_not_follow_is_left_as_it_is():
    frame = addresses().drop(columns=["bill_state", "bill_street", "ship_street"])
    assert find(*table_of(strings(frame))).equal == ()
    found = find(*table_of(strings(addresses().drop(columns=["bill_state"]))))
    assert [c.name for own in found.equal for c in own.columns] == ["ship_street"]


def test_what_is_given_stays_and_the_other_equals_it():
    values = strings(addresses()[["bill_street", "ship_street"]])
    same = (values["bill_street"][1] == values["ship_street"][1]).sum()
    for name in values:
        d = scrambled(values, given={name: ["7 Elm Street"] * ROWS})[2].to_pandas()
        assert (d[name] == "7 Elm Street").all()
        assert (d.bill_street == d.ship_street).sum() == pytest.approx(same, abs=3)


@pytest.mark.parametrize("kind", ["string", "int"])
def test_chance_makes_nothing_equal_and_neither_do_few_values(kind):
    choices = list("abcdefghijklmnopqrst") if kind == "string" else list(range(20))
    values = {f"c{i}": (kind, rng(i).choice(choices, ROWS)) for i in range(12)}
    values |= {f"few{i}": (kind, rng(20 + i).choice(choices[:3], ROWS)) for i in range(6)}
    assert find(*table_of(values)).equal == ()


def test_integers_that_nothing_orders_are_equal_as_often():
    own, other = rng(1).integers(10_000, 99_999, ROWS), rng(2).integers(10_000, 99_999, ROWS)
    second = np.where(rng(3).random(ROWS) < 0.6, own, other)
    _, _, drawn = scrambled({"zip": ("int", own), "ship_zip": ("int", second)})
    d = drawn.to_pandas()
    assert (d.zip == d.ship_zip).mean() == pytest.approx((own == second).mean(), abs=0.002)


def test_what_is_loaded_is_checked():
    (own,) = find(*table_of(strings(addresses()))).equal
    data = json.loads(json.dumps(own.to_json()))
    assert EqualColumns.from_json(data) == own
    check_loaded(EqualColumns.from_json(data), EqualColumns)
    wrong = ({"of": data["of"][:1]}, {"columns": [], "of": []}, {"of": data["columns"]})
    for change in (*wrong, {"of": [{**data["of"][0], "type": "int"}, *data["of"][1:]]}):
        with pytest.raises(ValueError):
            check_loaded(EqualColumns.from_json({**data, **change}), EqualColumns)


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_engines_keep_how_often(engine):
    frame = addresses()
    model = engine(epochs=8).fit(frame, seed=1)
    d = model.sample(2000, seed=2)
    same = d.ship_street == d.bill_street
    assert same.mean() == pytest.approx((frame.ship_street == frame.bill_street).mean(), abs=0.15)
    assert (d.ship_city == d.bill_city)[same].all()
    states = dict(zip(CITIES, STATES, strict=True))
    for side in ("bill", "ship"):
        assert (d[f"{side}_city"].astype(object).map(states) == d[f"{side}_state"].astype(object)).all()
    assert any(" equal bill_street and " in text for text in model.dependencies)
