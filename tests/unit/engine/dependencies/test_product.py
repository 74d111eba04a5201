from fractions import Fraction
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from synthohive_spark.engine.dependencies import find as find_module
from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def products_of(found):
    return [own.describe() for own in found.relations.products]


@pytest.mark.parametrize("rows", [200, 2000])
def test_a_total_is_quantity_times_price_to_the_cent(rows):
    quantity, price = rng(1).integers(1, 20, rows), np.round(rng(2).gamma(2, 20, rows), 2)
    total = np.round(quantity * price, 2)
    values = {"quantity": ("int", quantity), "price": ("double", price), "total": ("double", total)}
    found, table, drawn = scrambled(values)
    assert products_of(found) == ["total = quantity * price"]
    assert count_broken(found, table) == count_broken(found, drawn) == {"total = quantity * price": 0}
    d = drawn.to_pandas()
    assert np.abs(d.total - d.quantity * d.price).max() < 0.0051
    assert d.quantity.nunique() > 15


def test_a_discount_is_taken_off_and_a_tax_is_added_to_what_comes_out():
    quantity, price = rng(1).integers(1, 20, ROWS), np.round(rng(2).uniform(5, 90, ROWS), 2)
    discount, rate = rng(3).choice([0.0, 0.05, 0.1, 0.25], ROWS), rng(4).choice([7, 19], ROWS)
    net = np.round(quantity * price * (1 - discount), 2)
    gross = np.round(net * (1 + rate / 100), 2)
    values = {
        "quantity": ("int", quantity),
        "price": ("double", price),
        "discount": ("double", discount),
        "net": ("double", net),
        "rate": ("int", rate),
        "gross": ("double", gross),
    }
    found, _, drawn = scrambled(values)
    assert sorted(products_of(found)) == ["gross = net * (1 + rate / 100)", "net = quantity * price * (1 - discount)"]
    assert set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert np.abs(d.net - d.quantity * d.price * (1 - d.discount)).max() < 0.0051
    assert np.abs(d.gross - d.net * (1 + d.rate / 100)).max() < 0.0051


@pytest.mark.parametrize("written", [lambda own: own, lambda own: np.array([float(f"{x:.15g}") for x in own])])
def test_what_other_programs_kept_in_single_precision_is_computed_in_it(written):
    size, rank = np.round(rng(1).uniform(0.5, 9, ROWS), 2), rng(2).integers(1, 300, ROWS)
    percentile = (rank / size).astype(np.float32).astype(np.float64)
    values = {"size": ("double", size), "rank": ("int", rank), "percentile": ("double", written(percentile))}
    found, table, drawn = scrambled(values)
    assert products_of(found) == ["percentile = rank / size"]
    assert set(count_broken(found, table).values()) == {0}
    d = drawn.to_pandas()
    np.testing.assert_allclose(d.percentile, d["rank"] / d["size"], rtol=1e-6)
    assert (d.percentile == d.percentile.astype(np.float32)).all()
    assert d["size"].isin(size).mean() > 0.95


def test_a_percentage_is_a_quotient_times_a_hundred():
    whole, part = rng(1).integers(50, 900, ROWS), rng(2).integers(0, 50, ROWS)
    values = {"whole": ("int", whole), "part": ("int", part), "share": ("double", np.round(100 * part / whole, 1))}
    found, _, drawn = scrambled(values)
    assert products_of(found) == ["share = 100 * part / whole"]
    d = drawn.to_pandas()
    assert np.abs(d.share - 100 * d.part / d.whole).max() <= 0.0501


def test_sums_of_products_and_products_of_sums_hold_together():
    listed, off = rng(1).integers(50, 900, ROWS), rng(2).integers(0, 40, ROWS)
    quantity, postage = rng(3).integers(1, 9, ROWS), rng(4).integers(0, 30, ROWS)
    price = listed - off
    goods = quantity * price
    values = {
        "listed": ("int", listed),
        "off": ("int", off),
        "price": ("int", price),
        "quantity": ("int", quantity),
        "goods": ("int", goods),
        "postage": ("int", postage),
        "total": ("int", goods + postage),
    }
    found, _, drawn = scrambled(values)
    d = drawn.to_pandas()
    assert (d.price == d.listed - d.off).all()
    assert (d.goods == d.quantity * d.price).all()
    assert (d.total == d.goods + d.postage).all()
    assert set(count_broken(found, drawn).values()) == {0}


def test_nulls_stay_and_a_given_product_moves_a_factor():
    quantity, price = rng(1).integers(1, 20, ROWS), np.round(rng(2).uniform(5, 90, ROWS), 2)
    total = pd.Series(np.round(quantity * price, 2)).mask(rng(3).random(ROWS) < 0.2)
    values = {"quantity": ("int", quantity), "price": ("double", price), "total": ("double", total)}
    found, table, drawn = scrambled(values)
    assert drawn["total"].null_count == table["total"].null_count
    assert set(count_broken(found, drawn).values()) == {0}
    _, _, drawn = scrambled(values, given={"total": [240.0] * ROWS, "quantity": [4] * ROWS})
    assert set(drawn["price"].to_pylist()) == {60.0}
    _, _, drawn = scrambled(values, given={"quantity": [4] * ROWS})
    d = drawn.to_pandas().dropna()
    assert (d.quantity == 4).all()
    assert np.abs(d.total - 4 * d.price).max() < 0.0051


def test_a_row_that_breaks_it_and_columns_of_chance_are_no_product():
    quantity, price = rng(1).integers(1, 20, ROWS), np.round(rng(2).uniform(5, 90, ROWS), 2)
    total = np.round(quantity * price, 2)
    total[7] += 5
    values = {"quantity": ("int", quantity), "price": ("double", price), "total": ("double", total)}
    assert products_of(scrambled(values)[0]) == []
    own = {f"c{i}": ("double", np.round(rng(i).uniform(0, 100, ROWS), 1)) for i in range(12)}
    assert products_of(scrambled(own)[0]) == []


def test_a_factor_of_few_values_keeps_them():
    months, rate = rng(1).choice([12, 24, 36, 48, 60], ROWS), rng(2).integers(300, 9900, ROWS)
    values = {"months": ("int", months), "rate": ("int", rate), "amount": ("bigint", months * rate)}
    found, _, drawn = scrambled(values)
    assert products_of(found) == ["amount = months * rate"]
    d = drawn.to_pandas()
    assert set(d.months) == {12, 24, 36, 48, 60}
    assert (d.amount == d.months * d.rate).all()
    assert d.amount.max() <= np.sort(months * rate)[-5]


def test_a_factor_may_follow_a_number():
    rng = np.random.default_rng(0)
    seconds = np.where(rng.random(2000) < 0.15, 0, rng.integers(1, 900, 2000))
    minutes, tariff = np.ceil(seconds / 60).astype(int), rng.choice([0.09, 0.19, 0.29], 2000)
    values = {
        "seconds": ("int", seconds),
        "minutes": ("int", minutes),
        "tariff": ("double", tariff),
        "charge": ("double", np.round(minutes * tariff, 2)),
    }
    found, table, drawn = scrambled(values)
    assert set(count_broken(found, table)) >= {"charge = minutes * tariff", "minutes follows seconds, in 16 bands"}
    assert set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert ((d.minutes == 0) == (d.seconds == 0)).all()
    assert (np.abs(d.charge - d.minutes * d.tariff) < 0.0051).all()


def test_three_numbers_make_a_volume_and_an_interest():
    length, width, height = (np.round(rng(i).uniform(10, 90, ROWS), 1) for i in (1, 2, 3))
    values = {"length": length, "width": width, "height": height, "volume": np.round(length * width * height, 1)}
    values["kilos"] = np.round(rng(4).uniform(1, 50, ROWS), 2)
    principal, rate = rng(5).integers(1_000, 90_000, ROWS).astype(float), rng(6).integers(20, 95, ROWS) / 10
    days = rng(7).integers(10, 360, ROWS).astype(float)
    values |= {"principal": principal, "rate": rate, "days": days}
    values["interest"] = np.round(principal * rate * days / 36_500, 2)
    found, table, drawn = scrambled({name: ("double", own) for name, own in values.items()})
    interest, volume = found.relations.products
    assert interest.columns == ("interest", "principal", "rate", "days")
    assert interest.scale == Fraction(1, 36_500)
    assert volume.describe() == "volume = length * width * height"
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())
    d = drawn.to_pandas()
    assert np.abs(d.volume - d.length * d.width * d.height).max() < 0.0501
    assert np.abs(d.interest - d.principal * d.rate * d.days / 36_500).max() < 0.00501


def test_products_are_looked_for_once_where_no_sum_computes_one_of_them():
    quantity, price = rng(1).integers(1, 9, 400), rng(2).integers(1, 400, 400)
    tax = rng(3).integers(1, 90, 400)
    own = {"quantity": quantity, "price": price, "net": quantity * price, "tax": tax, "gross": quantity * price + tax}
    with mock.patch.object(find_module, "find_products", wraps=find_module.find_products) as search:
        found, _, _ = scrambled({name: ("bigint", v) for name, v in own.items()})
    assert search.call_count == 1
    assert set(found.describe()) >= {"net = quantity * price", "gross = net + tax"}


@pytest.mark.parametrize("text_first", [False, True])
@pytest.mark.parametrize("rows", [300, ROWS])
def test_columns_that_say_the_same_do_not_cancel_each_other_in_a_product(rows, text_first):
    price, fragile = np.round(rng(1).gamma(2, 20, rows), 2), rng(2).random(rows) < 0.4
    pair = [("price", ("double", price)), ("price_text", ("string", [f"$ {own:.2f}" for own in price]))]
    values = dict(pair[::-1] if text_first else pair) | {
        "deposit": ("double", np.where(fragile, 0.25, 0.0)),
        "fragile": ("string", np.where(fragile, "Y", "N")),
        "kilos": ("double", np.round(price * 2.37, 3)),
        "distance": ("double", np.round(rng(3).uniform(1, 900, rows), 1)),
        "pounds": ("double", np.round(np.round(price * 2.37, 3) * 2.20462, 3)),
    }
    found, table, drawn = scrambled(values)
    assert products_of(found) == []
    assert [len(own.of) for own in found.relations.linear] == [1, 1, 1]
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())
    d = drawn.to_pandas()
    assert (d.price_text == d.price.map(lambda own: f"$ {own:.2f}")).all()


@pytest.mark.parametrize(
    ("share", "varied", "told"),
    [(0.2, True, []), (0.2, False, ["rate"]), (0.004, True, ["rate"]), (0.0, True, ["rate"])],
)
def test_a_quotient_tells_a_column_if_it_is_one_value_where_there_is_no_quotient(share, varied, told):
    shown = rng(1).integers(1, 900, ROWS)
    clicks = rng(2).binomial(shown, 0.3)
    rate = np.round(clicks / shown, 3)
    none = rng(3).random(ROWS) < share
    shown, rate = np.where(none, 0, shown), np.where(none & ~np.bool_(varied), 0.0, rate)
    values = {"shown": ("int", shown), "clicks": ("int", clicks), "rate": ("double", rate)}
    found, _, drawn = scrambled(values)
    assert [own.column.name for own in found.relations.products] == told
    d = drawn.to_pandas()[lambda d: d.shown > 0]
    assert (np.abs(d.rate - d.clicks / d.shown).max() < 0.000501) == bool(told)


def test_a_total_is_a_sum_where_net_makes_both_tax_and_total():
    net, rate = np.round(rng(1).gamma(2, 20, ROWS), 2), rng(2).choice([0.07, 0.19], ROWS)
    tax = np.round(net * rate, 2)
    values = {"net": net, "rate": rate, "tax": tax, "total": np.round(net + tax, 2)}
    values = {name: ("double", own) for name, own in values.items()} | {"percent": ("int", np.rint(100 * rate))}
    found, _, drawn = scrambled(values)
    assert [own.describe() for own in (*found.relations.linear, *found.relations.products)] == [
        "total = net + tax",
        "tax = net * rate",
    ]
    assert not any(count_broken(found, drawn).values())


def test_what_is_made_of_a_multiple_is_made_of_one_of_both():
    weight, distance = np.round(rng(1).gamma(2, 20, ROWS), 2), rng(2).integers(1, 90, ROWS)
    pounds = np.round(weight * 2.20462, 2)
    values = {
        "weight": ("double", weight),
        "pounds": ("double", pounds),
        "distance": ("int", distance),
        "fee": ("double", np.round(pounds * distance * 0.35, 2)),
        "toll": ("double", np.round(pounds * distance * 0.13, 2)),
    }
    found, _, drawn = scrambled(values)
    assert products_of(found) == ["fee = 0.35 * pounds * distance", "toll = 0.13 * pounds * distance"]
    assert [own.describe() for own in found.relations.linear] == ["pounds = 2.20462 * weight, rounded"]
    assert not any(count_broken(found, drawn).values())
