"""What a category decides, the greatest of some columns, and equal ones, when rows are filled in or constrained."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Autoregressive, Constraint, Metadata

ROWS = 1500
RATES = {"DE": 0.19, "FR": 0.2, "CH": 0.081}


def rng(seed=0):
    return np.random.default_rng(seed)


def orders():
    country, net = rng(1).choice(list(RATES), ROWS), np.round(rng(2).gamma(2, 40, ROWS), 2)
    d = pd.DataFrame({"country": country, "net": net})
    d["gross"] = (d.net * (1 + d.country.map(RATES))).round(2)
    d["kind"] = rng(3).choice(["sale", "gift", "return"], ROWS)
    d["booked"] = np.where(d.kind == "return", -1, 1) * np.round(rng(4).gamma(2, 30, ROWS) + 1, 2)
    for place in range(3):
        d[f"r{place}"] = rng(5 + place).integers(0, 500, ROWS)
    d["most"] = d[["r0", "r1", "r2"]].max(axis=1)
    bill, ship = ([f"{n} {s} Road" for n, s in zip(*own, strict=True)] for own in (streets(20), streets(30)))
    d["bill"], d["ship"] = bill, np.where(rng(9).random(ROWS) < 0.6, bill, ship)
    return d


def streets(seed):
    return rng(seed).integers(1, 300, ROWS), rng(seed + 1).choice(["Oak", "Elm", "Ash", "Fir"], ROWS)


@pytest.fixture(scope="module")
def model():
    metadata = Metadata().add_table("orders", constraints={"booked": Constraint(min=-40, max=60)})
    return Autoregressive(metadata, epochs=3).fit(orders(), table_name="orders", seed=1)


def holds(d):
    rate = d.country.astype(object).map(RATES).astype(float)
    assert (np.abs(d.gross - d.net * (1 + rate)) <= 0.00501).all()
    assert ((d.booked < 0) == (d.kind == "return")).all()
    assert (d.most == d[["r0", "r1", "r2"]].max(axis=1)).all()


def test_what_is_filled_in_holds_with_what_stays(model):
    rows = orders().astype({f"r{place}": "Int64" for place in range(3)} | {"most": "Int64"})
    for place, name in enumerate(rows.columns):
        rows[name] = rows[name].mask(rng(40 + place).random(ROWS) < 0.1)
    filled = model.impute(rows, seed=3)
    assert not filled.isna().any().any()
    for name in rows:
        known = rows[name].notna()
        assert (filled.loc[known, name].astype(object) == rows.loc[known, name].astype(object)).all()
    # Not every gross amount is one of a net amount in cents.
    rate = filled.country.astype(object).map(RATES).astype(float)
    assert (np.abs(filled.gross - filled.net * (1 + rate)) <= 0.00611).all()
    assert ((filled.booked < 0) == (filled.kind == "return")).all()


def test_what_is_given_or_constrained_holds(model):
    d = model.sample(800, seed=2, given={"kind": "return", "country": "CH"})
    assert set(d.kind) == {"return"} and set(d.country) == {"CH"}
    holds(d)
    d = model.sample(800, seed=2, given={"booked": -5.0})
    assert set(d.kind) == {"return"}
    holds(d)
    d = model.sample(800, seed=4, enforce_constraints=True)
    assert d.booked.between(-40, 60).all()
    holds(d)
