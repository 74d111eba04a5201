"""The example databases hold what their pages say of them, and are the same every time."""

import pandas as pd
import pytest

from synthohive_spark.examples import orders, patients


@pytest.fixture(scope="module")
def shop():
    return orders.tables(200)


@pytest.fixture(scope="module")
def hospital():
    return patients.tables(300)


@pytest.mark.parametrize("module", [orders, patients], ids=["orders", "patients"])
def test_columns_are_those_of_the_schema_and_a_seed_fixes_the_rows(module):
    one, two, other = module.tables(30), module.tables(30), module.tables(30, seed=1)
    for name, ddl in module.SCHEMAS.items():
        assert list(one[name].columns) == [part.split()[0] for part in ddl.split(", ")]
        pd.testing.assert_frame_equal(one[name], two[name])
    assert any(not one[name].equals(other[name]) for name in one)


def test_orders_add_up_and_are_paid(shop):
    items, placed, payments = shop["items"], shop["orders"].set_index("order_id"), shop["payments"]
    assert (items.amount == items.quantity * items.unit_price).all()
    assert (items.groupby("order_id").amount.sum() == placed.goods).all()
    assert (placed.total == placed.goods + placed.shipping).all()
    assert not items.duplicated(["order_id", "sku"]).any()
    assert (items.sku.map(shop["products"].set_index("sku").price) == items.unit_price).all()
    joined = shop["customers"].set_index("customer_id").joined
    assert (placed.ordered_at.dt.date >= placed.customer_id.map(joined)).all()
    assert (payments.paid_at > payments.order_id.map(placed.ordered_at)).all()
    assert (payments.amount == payments.order_id.map(placed.total)).all()
    delivered = payments[payments.order_id.map(placed.status) == "delivered"]
    assert (delivered[delivered.outcome == "paid"].groupby("order_id").size() == 1).all()
    assert 0 < len(set(shop["customers"].customer_id) - set(placed.customer_id)) < 60


def test_stays_follow_one_another_and_fit_the_patient(hospital):
    stays = hospital["stays"].merge(hospital["patients"], on="patient_id")
    assert len(stays) == len(hospital["stays"]) > 300
    left = stays.discharge.notna()
    assert (stays.discharge[left] > stays.admission[left]).all() and 0 < (~left).sum() < 10
    assert stays.discharged_to.isna().equals(stays.discharge.isna())
    before = stays.sort_values("admission").groupby("patient_id").discharge.shift()
    assert not (stays.admission < before).any()
    assert stays[stays.main_code.isin(["O80", "O82"])].sex.eq("F").all()
    assert stays[stays.main_code.isin(["C61", "N40"])].sex.eq("M").all()
    assert (stays.groupby("main_code").ward.nunique() == 1).all()
    secondary = hospital["secondary"].merge(hospital["stays"], on="stay_id")
    assert len(secondary) == len(hospital["secondary"]) and not secondary.duplicated(["stay_id", "code"]).any()
    assert (secondary.code != secondary.main_code).all()
    assert set(secondary.code) | set(stays.main_code) <= set(hospital["diagnoses"].code)
