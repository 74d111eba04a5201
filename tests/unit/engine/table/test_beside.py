"""Columns in order with others count beside these: what they add up to has the right distribution, too."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.code_links import Beside, Block
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.ctgan.calibration import _shares
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.table.beside import find_beside

ROWS = 4000


def stays():
    """Bills of short and long stays, how much of them is paid, and the grade that went up since."""
    rng = np.random.default_rng(0)
    bill = np.where(rng.random(ROWS) < 0.5, rng.gamma(9, 5, ROWS), rng.gamma(9, 60, ROWS)).round(2)
    open_ = np.where(rng.random(ROWS) < 0.3, 0, (bill * rng.beta(2, 4, ROWS)).round(2))
    first = rng.integers(1, 60, ROWS)
    return pd.DataFrame(
        {"bill": bill, "paid": (bill - open_).round(2), "first": first, "last": first + rng.poisson(first / 4)}
    )


@pytest.fixture(scope="module", params=["none", "nulls"])
def learned(request):
    real = stays()
    if request.param == "nulls":
        real["paid"] = real["paid"].mask(np.random.default_rng(1).random(ROWS) < 0.1)
    return real, CTGAN(epochs=2, batch_size=100, progress=False).fit(real, seed=1)


def test_what_is_added_up_has_the_right_distribution(learned):
    real, model = learned
    made = model.sample(8000, seed=2)
    for lower, upper in (("paid", "bill"), ("first", "last")):
        assert not (made[lower] > made[upper]).any()
        for name in (lower, upper):
            assert ks_2samp(real[name].dropna(), made[name].dropna()).statistic < 0.035, name
        equal = [(own[lower] == own[upper]).mean() for own in (real, made)]
        assert equal[1] == pytest.approx(equal[0], abs=0.03)
    assert made["paid"].isna().mean() == pytest.approx(real["paid"].isna().mean(), abs=0.02)


def test_what_a_category_bounds_has_the_right_distribution():
    rng = np.random.default_rng(3)
    status = rng.choice(["single", "married", "divorced"], ROWS, p=[0.3, 0.5, 0.2])
    options = np.where(status == "single", 0, rng.choice(4, ROWS, p=[0.2, 0.5, 0.2, 0.1]))
    real = pd.DataFrame({"status": status, "options": options, "age": rng.integers(20, 60, ROWS)})
    model = CTGAN(epochs=2, batch_size=100, progress=False).fit(real, seed=1)
    assert "options <= 0 where status is single in all 4,000 rows" in model.dependencies
    made = model.sample(8000, seed=2)
    assert not (made.options[made.status == "single"] > 0).any()
    assert (made.options == 0).mean() == pytest.approx((options == 0).mean(), abs=0.03)


def test_it_is_saved(learned, tmp_path):
    _, model = learned
    model.save(str(tmp_path / "m"))
    again = CTGAN(progress=False).load(str(tmp_path / "m"))
    pd.testing.assert_frame_equal(again.sample(300, seed=4), model.sample(300, seed=4))
    assert Layout.from_json(model.model.layout.to_json()).to_json() == model.model.layout.to_json()


def test_sums_and_products_have_the_right_distribution():
    rng = np.random.default_rng(2)
    price = np.where(rng.random(ROWS) < 0.5, rng.gamma(20, 0.2, ROWS), rng.gamma(20, 10, ROWS)).round(2)
    quantity = 1 + rng.poisson(np.where(price < 20, 60, 1))
    tax = (price * rng.uniform(0.05, 0.25, ROWS)).round(2)
    real = pd.DataFrame({"price": price, "quantity": quantity, "total": (price * quantity).round(2), "tax": tax})
    real["gross"] = (price + tax).round(2)
    model = CTGAN(epochs=2, batch_size=100, progress=False).fit(real, seed=1)
    made = model.sample(8000, seed=2)
    assert np.abs(made["gross"] - made["price"] - made["tax"]).max() < 0.006
    for name in real:
        assert ks_2samp(real[name], made[name]).statistic < 0.06, name


def test_strings_count_as_what_they_are():
    real = stays()
    amounts = {name: real[name].map("${:,.2f}".format) for name in ("bill", "paid")}
    model = CTGAN(epochs=1, progress=False).fit(pd.DataFrame(amounts), seed=1)
    assert len(model.model.layout.beside) == 1
    made = model.sample(2000, seed=2)
    paid, bill = (made[name].str.replace("[$,]", "", regex=True).astype(float) for name in ("paid", "bill"))
    assert (paid <= bill).all() and ks_2samp(real["paid"], paid).statistic < 0.05


def test_another_engine_need_not_look_at_it():
    made = Autoregressive(epochs=1, progress=False).fit(stays(), seed=1).sample(500, seed=2)
    assert not (made["paid"] > made["bill"]).any()


NUMBER = ColumnType.parse("bigint")


def ordered(column, *bounds, touching=False):
    columns = tuple(Column(name, NUMBER) for name in bounds)
    return OrderedColumn(Column(column, NUMBER), columns, True, 0, False, 0, 10**6, 0, touching)


def found(orders, names, values):
    rows = pa.table({name: pa.array(own, pa.int64()) for name, own in values.items()})
    codes = np.stack(
        [np.asarray(values[name]) % 50 if name in values else np.zeros(ROWS, int) for name in names], axis=1
    )
    blocks = [Block(name, (0.02,) * 50, False) for name in names]
    ranks = np.zeros((ROWS, 0), np.float32)
    links = find_beside(rows, Dependencies(orders=orders), EncodedTable(codes, ranks), blocks)
    return {(names[own.column], names[own.other]): own.table for own in links}


def test_a_column_counts_beside_the_nearest_bound_that_is_learned_as_it_is():
    start = np.arange(ROWS) % 50
    values = {"a": start, "far": start * 0, "b": start + 3, "c": start + 9}
    orders = Orders((ordered("b", "a", "far"), ordered("c", "b")), ())
    links = found(orders, ["a", "far", "b", "c"], values)
    assert set(links) == {("b", "a"), ("c", "a")}
    assert found(Orders((), orders.columns), ["a", "far", "b", "c"], values).keys() == {("b", "a"), ("c", "b")}
    flagged = Orders((ordered("b", "a", touching=True),), ())
    assert set(found(flagged, ["a", "b", "b\x00equal"], values)) == {("b\x00equal", "a"), ("b", "b\x00equal")}
    # Two columns never count beside each other, and none beside one that is not learned.
    assert len(found(Orders((), (ordered("b", "a"), ordered("a", "b"))), ["a", "b"], values)) == 1
    assert found(Orders((), (ordered("b", "a"),)), ["b"], values) == {}


def test_codes_of_near_values_are_in_one_group():
    value = np.random.default_rng(0).permutation(50)[np.arange(ROWS) % 50]
    links = found(Orders((ordered("b", "a"),), ()), ["a", "b"], {"a": value, "b": value + 1})
    table = links["b", "a"]
    assert 8 <= table.max() + 1 <= 12 and (np.diff(table) >= 0).all()
    assert np.bincount(table).max() <= 7


def test_what_few_rows_hold_is_told_together():
    codes = np.repeat([0, 1, 2, 3, 4], [60, 4, 3, 1, 2])
    every = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    shares = _shares(codes, every, 2, 5)
    # Three values of 8 rows in all; a bin of 2 rows, which is too few to tell.
    np.testing.assert_allclose(shares, np.array([60, 8 / 3, 8 / 3, 8 / 3, 0, 0]) / 68)


@pytest.mark.parametrize(
    "wrong",
    [
        Beside(0, 0, np.zeros(2, np.int32)),
        Beside(0, 2, np.zeros(2, np.int32)),
        Beside(0, 1, np.zeros(3, np.int32)),
        Beside(0, 1, np.array([0, 2], np.int32)),
        Beside(0, 1, np.array([-1, 0], np.int32)),
    ],
)
def test_a_layout_that_pairs_columns_wrongly_is_refused(wrong):
    layout = Layout((Block("a", (0.5, 0.5), False), Block("b", (0.5, 0.5), False)))
    replace(layout, beside=(Beside(0, 1, np.array([0, 1], np.int32)),)).check()
    with pytest.raises(ValueError, match="."):
        replace(layout, beside=(wrong,)).check()
