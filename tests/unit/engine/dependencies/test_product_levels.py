"""Products, and sums, of a column and a number that a category stands for."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.dependencies.product import Product
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 2000
CENT = 0.00501
TIMES = {"monthly": 12, "quarterly": 4, "yearly": 1}
VAT = {"DE": 0.19, "FR": 0.2, "IT": 0.22, "CH": 0.081, "SE": 0.25}
FEES = {"standard": 4.9, "express": 12.5, "pickup": 0.0}


def rng(seed=0):
    return np.random.default_rng(seed)


def told(values, **settings):
    """What is said of drawn rows, and these, after it was seen that none of real and drawn rows breaks it."""
    found, table, drawn = scrambled(values, **settings)
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())
    return [own.describe() for own in (*found.relations.linear, *found.relations.products)], drawn.to_pandas()


def numbers_of(column, numbers):
    return column.astype(object).map(numbers).astype(float)


def instalments(rows=ROWS, nulls=0.0):
    frequency = rng(1).choice(list(TIMES), rows, p=[0.6, 0.3, 0.1])
    d = pd.DataFrame({"frequency": frequency, "instalment": rng(2).integers(20, 900, rows)})
    d["annual"] = d.instalment * d.frequency.map(TIMES)
    gone = [rng(i).random(rows) < nulls for i in (3, 4, 5)]
    return {
        "frequency": ("string", d.frequency.mask(gone[0])),
        "instalment": ("int", d.instalment.astype("Int64").mask(gone[1])),
        "annual": ("bigint", d.annual.astype("Int64").mask(gone[2])),
    }


@pytest.mark.parametrize("rows", [200, ROWS])
@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_an_instalment_times_its_frequency_is_a_year_and_not_a_twelfth_an_instalment(rows, nulls):
    values = instalments(rows, nulls)
    said, d = told(values)
    assert said == ["annual = instalment * a number for each frequency"]
    there = d.dropna()
    assert len(there) > rows / 2
    assert (there.annual == there.instalment * numbers_of(there.frequency, TIMES)).all()
    for name, (_, own) in values.items():
        assert d[name].isna().sum() == own.isna().sum()
    assert set(there.frequency) == set(TIMES)


@pytest.mark.parametrize("digits", [0, 2])
def test_a_tax_of_each_country_is_added_to_the_cent(digits):
    country, net = rng(1).choice(list(VAT), ROWS), np.round(rng(2).gamma(2, 400, ROWS), 2)
    gross = np.round(net * (1 + numbers_of(pd.Series(country), VAT)), digits)
    values = {"country": ("string", country), "net": ("double", net), "gross": ("double", gross)}
    said, d = told(values)
    assert said == ["gross = net * a number for each country"]
    made = d.net * (1 + numbers_of(d.country, VAT))
    assert (np.abs(d.gross - made) <= 0.5 * 10.0**-digits + 1e-6).all()
    (own,) = find(*table_of(values)).relations.products
    rates = dict(own.factors[1].levels)
    assert {name: round(rate - 1, 9) for name, rate in rates.items()} == VAT


def test_an_amount_is_its_smallest_unit_by_currency_which_no_rounding_changes():
    currency = rng(1).choice(["USD", "EUR", "JPY"], ROWS)
    units = np.rint(rng(2).lognormal(7, 1, ROWS)).astype(int)
    amount = units / np.where(currency == "JPY", 1, 100)
    values = {"currency": ("string", currency), "amount": ("double", amount), "units": ("bigint", units)}
    said, d = told(values)
    assert said == ["amount = units * a number for each currency"]
    assert (np.abs(d.units - d.amount * np.where(d.currency == "JPY", 1, 100)) < 1e-6).all()


@pytest.mark.parametrize("kind", ["string", "int", "boolean"])
def test_a_fee_of_each_kind_of_shipping_is_added(kind):
    if kind == "boolean":
        way = rng(1).random(ROWS) < 0.3
        fee = np.where(way, 12.5, 4.9)
    else:
        place = rng(1).integers(0, 3, ROWS)
        fee = np.array(list(FEES.values()))[place]
        way = place * 5 if kind == "int" else np.array(list(FEES))[place]
    goods = np.round(rng(2).gamma(2, 30, ROWS), 2)
    values = {"goods": ("double", goods), "way": (kind, way), "total": ("double", np.round(goods + fee, 2))}
    said, d = told(values)
    assert said == ["total = goods + a number for each way"]
    of = dict(zip(way.tolist(), fee.tolist(), strict=True))
    assert (np.abs(d.total - d.goods - d.way.map(of)) < 1e-6).all()


@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_a_line_is_quantity_times_price_less_the_discount_of_its_customers_tier(nulls):
    off = {"gold": 0.8, "silver": 0.9, "none": 1.0}
    tier, quantity = rng(1).choice(list(off), ROWS), rng(2).integers(1, 20, ROWS)
    price = np.round(rng(3).gamma(2, 40, ROWS), 2)
    line = np.round(quantity * price * numbers_of(pd.Series(tier), off), 2).mask(rng(4).random(ROWS) < nulls)
    values = {"tier": ("string", tier), "quantity": ("int", quantity), "price": ("double", price)}
    said, d = told(values | {"line": ("double", line)})
    assert said == ["line = quantity * price * a number for each tier"]
    there = d.dropna()
    assert len(there) == line.notna().sum()
    assert (np.abs(there.line - there.quantity * there.price * numbers_of(there.tier, off)) <= CENT).all()


@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_a_tariff_is_a_base_and_a_rate_of_each_plan(nulls):
    rates, bases = {"small": 0.25, "family": 0.1, "flat": 0.0}, {"small": 5.0, "family": 12.5, "flat": 40.0}
    plan, used = rng(1).choice(list(rates), ROWS), rng(2).integers(0, 600, ROWS)

    def bill(plan, used):
        return numbers_of(plan, bases) + used * numbers_of(plan, rates)

    cost = bill(pd.Series(plan), used).round(1).mask(rng(4).random(ROWS) < nulls)
    said, d = told({"plan": ("string", plan), "used": ("int", used), "cost": ("double", cost)})
    assert said == ["cost = used * a number for each plan + a number for each plan"]
    there = d.dropna()
    assert len(there) == cost.notna().sum()
    assert (np.abs(there.cost - bill(there.plan, there.used)) <= 0.0501).all()


def test_a_given_result_moves_the_number_and_a_given_category_the_result():
    values = instalments()
    d = scrambled(values, given={"annual": [1200] * ROWS})[2].to_pandas()
    assert (d.annual == 1200).all()
    assert (d.instalment == 1200 / numbers_of(d.frequency, TIMES))[d.frequency != "yearly"].all()
    d = scrambled(values, given={"frequency": ["monthly"] * ROWS, "instalment": [50] * ROWS})[2].to_pandas()
    assert (d.annual == 600).all()
    d = scrambled(values, given={"annual": [600] * ROWS, "instalment": [150] * ROWS})[2].to_pandas()
    assert set(d.frequency) == {"quarterly"}


def test_a_level_may_follow_the_number_that_it_multiplies():
    amount = np.round(rng(1).gamma(2, 500, ROWS), 2)
    tier = np.select([amount < 500, amount < 2000], ["low", "middle"], "high")
    fee = np.round(amount * np.select([tier == "low", tier == "middle"], [0.05, 0.03], 0.01), 2)
    values = {"amount": ("double", amount), "tier": ("string", tier), "fee": ("double", fee)}
    found, table, drawn = scrambled(values)
    assert "fee = amount * a number for each tier" in found.describe()
    assert "tier follows amount, in 3 bands" in found.describe()
    assert not any(count_broken(found, drawn).values())
    d = drawn.to_pandas()
    assert (np.select([d.amount < 500, d.amount < 2000], ["low", "middle"], "high") == d.tier).mean() > 0.999
    rate = np.select([d.tier == "low", d.tier == "middle"], [0.05, 0.03], 0.01)
    assert (np.abs(d.fee - d.amount * rate) <= CENT).all()


def test_sums_go_on_from_what_a_category_decides():
    country, net = rng(1).choice(list(VAT), ROWS), np.round(rng(2).gamma(2, 400, ROWS), 2)
    tax = np.round(net * numbers_of(pd.Series(country), VAT).to_numpy(), 2)
    values = {"country": ("string", country), "net": ("double", net), "tax": ("double", tax)}
    said, d = told(values | {"total": ("double", np.round(net + tax, 2))})
    assert len(said) == 2
    assert (np.abs(d.total - d.net - d.tax) < 1e-6).all()
    assert (np.abs(d.tax - d.net * numbers_of(d.country, VAT)) <= 2 * CENT).all()


@pytest.mark.parametrize("many", [True, False])
def test_what_no_category_has_to_do_with_is_not_found(many):
    other = rng(9).choice(list("uvw"), ROWS)
    listed = np.round(rng(2).gamma(2, 40, ROWS), 2)
    # Each product has one price and one weight, so each has its number.
    price, weight = (np.round(rng(i).uniform(5, 90, 40), 1) for i in (3, 4))
    place = rng(6).integers(0, 40, ROWS)
    label = np.array([f"p{own}" for own in place]) if many else np.array(list("abcdef"))[place % 6]
    values = {"label": ("string", label), "other": ("string", other)}
    values |= {"price": ("double", price[place]), "weight": ("double", weight[place])}
    values |= {"listed": ("double", listed), "sold": ("double", np.round(listed * rng(5).uniform(0.8, 1, ROWS), 2))}
    assert find(*table_of(values)).relations.products == ()
    broken = instalments()
    broken["annual"][1][7] += 12
    assert find(*table_of(broken)).relations.products == ()


def test_what_lies_half_a_unit_off_in_nearly_all_rows_is_no_number():
    """Ages at a birthday or before it: half a year off, every one of them, would be within rounding."""
    born, year = rng(1).integers(1940, 1955, ROWS), rng(2).integers(1968, 1988, ROWS)
    age = year - born - (rng(3).random(ROWS) < 0.8)
    values = {"year": ("int", year), "birth_year": ("int", born), "age": ("int", age)}
    assert find(*table_of(values)).relations.products == ()
    exact = {**values, "age": ("int", year - born + np.where(born % 2, 3, 1))}
    assert len(find(*table_of(exact)).relations.products) == 1


def test_of_a_rare_level_nothing_is_stored():
    values = instalments()
    frequency = values["frequency"][1].copy()
    frequency[:4] = "weekly"
    annual = values["annual"][1].copy()
    annual[:4] = 52 * values["instalment"][1][:4]
    rare = values | {"frequency": ("string", frequency), "annual": ("bigint", annual)}
    (own,) = find(*table_of(rare)).relations.products
    assert {level for level, _ in own.factors[1].levels} == set(TIMES)
    (own,) = find(*table_of(rare), privacy=Privacy(rare_category_rows=0)).relations.products
    assert dict(own.factors[1].levels)["weekly"] == 52


def test_what_is_loaded_is_checked():
    (own,) = find(*table_of(instalments())).relations.products
    data = json.loads(json.dumps(own.to_json()))
    assert Product.from_json(data) == own
    check_loaded(Product.from_json(data), Product)
    for levels in ([["monthly", 12], ["monthly", 4]], [[3, 12]], [["monthly", "twelve"]], []):
        wrong = {**data, "factors": [data["factors"][0], {**data["factors"][1], "levels": levels}]}
        with pytest.raises((ValueError, pa.ArrowException)):
            check_loaded(Product.from_json(wrong), Product)


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_engines_keep_it(engine):
    frame = pd.DataFrame({name: own for name, (_, own) in instalments(nulls=0.1).items()})
    model = engine(epochs=2).fit(frame, seed=1)
    d = model.sample(1500, seed=2).dropna()
    assert len(d) > 500
    assert (d.annual == d.instalment * numbers_of(d.frequency, TIMES)).all()
    assert any(text.startswith("annual = instalment * a number for each frequency") for text in model.dependencies)
