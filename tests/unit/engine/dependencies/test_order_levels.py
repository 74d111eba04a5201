"""Orders that hold where a category has some values, and signs of numbers that a category decides."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.dependencies.order_where import OrderedWhere
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 2000
SIGNS = {"deposit": 1, "interest": 1, "withdrawal": -1, "fee": -1, "transfer": 0}


def rng(seed=0):
    return np.random.default_rng(seed)


def cents(values):
    return np.round(values, 2)


def trades(rows=ROWS, nulls=0.0):
    side = rng(1).choice(["buy", "sell", "short"], rows)
    entry = cents(rng(2).lognormal(4, 0.5, rows))
    near, far = (
        np.maximum(cents(entry * rng(i).uniform(0.005, most, rows)), 0.01) for i, most in ((3, 0.05), (4, 0.1))
    )
    sign = np.where(side == "buy", -1, 1)
    stop = pd.Series(cents(entry + sign * near)).mask(rng(5).random(rows) < nulls)
    return {
        "side": ("string", pd.Series(side).mask(rng(6).random(rows) < nulls)),
        "entry": ("double", entry),
        "stop": ("double", stop),
        "target": ("double", cents(entry - sign * far)),
    }


def bookings(kind="double", rows=ROWS):
    type_ = rng(1).choice(list(SIGNS), rows, p=[0.3, 0.1, 0.3, 0.1, 0.2])
    sign = np.array([SIGNS[own] for own in type_])
    sign = np.where(sign == 0, rng(3).choice([-1, 1], rows), sign)
    size = rng(2).gamma(1.5, 100, rows)
    amount = sign * (cents(size + 0.01) if kind == "double" else np.ceil(size).astype(int))
    return {"type": ("string", type_), "amount": (kind, amount)}


def partial_of(found):
    return sorted(own.describe() for own in found.orders.partial)


@pytest.mark.parametrize("rows", [400, ROWS])
@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_a_stop_lies_above_the_entry_of_a_sale_and_below_that_of_a_purchase(rows, nulls):
    values = trades(rows, nulls)
    found, table, drawn = scrambled(values)
    texts = partial_of(found)
    assert len(texts) == 4
    assert all(("stop" in text or "target" in text) and "entry" in text for text in texts)
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    bought = (d.side == "buy")[d.side.notna()]
    there = d[d.side.notna()]
    assert ((there.stop < there.entry) == bought)[there.stop.notna()].all()
    assert ((there.target > there.entry) == bought).all()
    for name, (_, own) in values.items():
        assert d[name].isna().sum() == pd.Series(own).isna().sum()


@pytest.mark.parametrize("kind", ["double", "int"])
def test_the_sign_of_an_amount_follows_from_its_type_but_of_a_transfer(kind):
    values = bookings(kind)
    found, table, drawn = scrambled(values)
    texts = partial_of(found)
    assert [text.split(" where ")[0] for text in texts] == ["amount < 0", "amount > 0"]
    assert {*texts[0].split(" is ")[1].split(" or ")} == {"withdrawal", "fee"}
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    sign = d.type.map(SIGNS)
    assert (np.sign(d.amount) == sign)[sign != 0].all()
    assert 0.2 < (d.amount[sign == 0] > 0).mean() < 0.8
    assert d.amount.between(np.min(values["amount"][1]), np.max(values["amount"][1])).all()


def test_a_refund_is_nothing_but_of_what_was_refunded():
    status = rng(1).choice(["paid", "refunded", "open"], ROWS, p=[0.6, 0.2, 0.2])
    price = cents(rng(2).gamma(2, 40, ROWS) + 1)
    refund = np.where(status == "refunded", cents(price * rng(3).uniform(0.1, 1, ROWS)), 0.0)
    found, table, drawn = scrambled(
        {"status": ("string", status), "price": ("double", price), "refund": ("double", refund)}
    )
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert ((d.refund > 0) == (d.status == "refunded")).all()
    assert (d.refund <= d.price).all()


def test_times_are_in_order_where_a_flag_says_so():
    late = rng(1).random(ROWS) < 0.3
    kind = np.where(late, "late", rng(2).choice(["in time", "early"], ROWS))
    due = rng(3).integers(18_000, 19_000, ROWS)
    came = due + np.where(late, rng(4).integers(1, 30, ROWS), -rng(5).integers(0, 20, ROWS))
    days = {n: pa.array(own, pa.int32()).cast(pa.date32()) for n, own in (("due", due), ("came", came))}
    found, _, drawn = scrambled({"kind": ("string", kind)} | {n: ("date", own) for n, own in days.items()})
    assert len(found.orders.partial) == 2
    d = drawn.to_pandas()
    assert ((d.came > d.due) == (d.kind == "late")).all()


def test_what_is_given_stays_and_others_move():
    values = trades()
    d = scrambled(values, given={"side": ["buy"] * ROWS})[2].to_pandas()
    assert (d.stop < d.entry).all() and (d.target > d.entry).all()
    d = scrambled(values, given={"stop": [60.0] * ROWS})[2].to_pandas()
    assert (d.stop == 60).all()
    assert ((d.entry > 60) == (d.side == "buy")).all()
    d = scrambled(values, given={"stop": [60.0] * ROWS, "entry": [50.0] * ROWS})[2].to_pandas()
    assert (d.stop == 60).all() and (d.entry == 50).all()
    assert set(d.side) == {"sell", "short"}
    d = scrambled(bookings(), given={"amount": [-5.0] * ROWS})[2].to_pandas()
    assert not {"deposit", "interest"} & set(d.type)


def test_a_sum_is_kept_with_the_sign_of_its_term():
    values = bookings("int")
    before = rng(7).integers(2_000, 90_000, ROWS)
    values |= {"before": ("int", before), "after": ("int", before + values["amount"][1])}
    found, _, drawn = scrambled(values)
    assert set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    sign = d.type.map(SIGNS)
    assert (d.after == d.before + d.amount).all()
    assert (np.sign(d.amount) == sign)[sign != 0].all()


def test_what_a_category_has_nothing_to_do_with_or_ranges_tell_is_not_found():
    values = trades()
    values["stop"][1][7] = 2 * values["entry"][1][7] - values["stop"][1][7]
    values["target"][1][7] = 2 * values["entry"][1][7] - values["target"][1][7]
    found, _, _ = scrambled(values)
    wrong = values["side"][1][7]
    assert all(wrong not in own.levels for own in found.orders.partial)
    unit = rng(1).choice(["yen", "dollar"], ROWS)
    price = cents(rng(2).lognormal(np.where(unit == "yen", 9, 4), 0.5))
    own = {"unit": ("string", unit), "price": ("double", price), "age": ("int", rng(3).integers(18, 90, ROWS))}
    assert partial_of(find(*table_of(own))) == []
    apart = {f"c{i}": ("double", rng(i).normal(0, 1, ROWS)) for i in range(8)}
    apart |= {f"k{i}": ("string", rng(20 + i).choice(list("abcde"), ROWS)) for i in range(8)}
    assert partial_of(find(*table_of(apart))) == []


def test_what_is_loaded_is_checked():
    own = find(*table_of(trades())).orders.partial[0]
    data = json.loads(json.dumps(own.to_json()))
    assert OrderedWhere.from_json(data) == own
    check_loaded(OrderedWhere.from_json(data), OrderedWhere)
    for wrong in ({"levels": []}, {"levels": [3]}, {"gap": "much"}):
        with pytest.raises((ValueError, pa.ArrowException)):
            check_loaded(OrderedWhere.from_json({**data, **wrong}), OrderedWhere)


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_engines_keep_both(engine):
    values = trades() | bookings()
    frame = pd.DataFrame({name: own for name, (_, own) in values.items()})
    model = engine(epochs=2).fit(frame, seed=1)
    d = model.sample(1500, seed=2)
    assert ((d.stop < d.entry) == (d.side == "buy")).all()
    sign = d.type.astype(object).map(SIGNS).astype(int)
    assert (np.sign(d.amount) == sign)[sign != 0].all()
    assert any(text.startswith("amount > 0 where type is ") for text in model.dependencies)
