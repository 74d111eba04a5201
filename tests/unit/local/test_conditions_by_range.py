"""Conditions by range and by set: exactly in every row, whatever a column is learned as, and with true shares."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive, Between, Constraint, SchemaError
from synthohive_spark.engine.autoregressive import known as known_module
from synthohive_spark.engine.autoregressive.sampling import AutoregressiveSampler
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.engine.sampling.valid import sample_valid

ROWS = 4000
START = pd.Timestamp("2024-01-01")


def orders():
    """Orders: age decides most of the city, weekdays matter, an end follows a start, total = net + tax."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 70, ROWS)
    day = rng.integers(0, 365, ROWS)
    start = START + pd.to_timedelta(day - (day % 7 > 4) * 2, "D")
    end = start + pd.to_timedelta(rng.geometric(0.2, ROWS), "D")
    net = np.round(rng.gamma(2, 40, ROWS), 2)
    tax = np.round(net * rng.choice([0.07, 0.19], ROWS), 2)
    kind = rng.choice(4, ROWS, p=[0.6, 0.2, 0.15, 0.05])
    city = np.where(rng.random(ROWS) < 0.8, np.where(age < 35, "Rome", "Oslo"), rng.choice(["Bonn", "Lyon"], ROWS))
    return pd.DataFrame(
        {
            "age": age,
            "city": city,
            "score": np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(age, 5)),
            "start": start.date,
            "end": end.date,
            "seen": start + pd.to_timedelta(rng.integers(8 * 3600, 18 * 3600, ROWS), "s"),
            "net": net,
            "tax": tax,
            "total": np.round(net + tax, 2),
            "booked": start.strftime("%Y%m%d").astype(int),
            **{f"is_{name}": (kind == i).astype(int) for i, name in enumerate("abcd")},
            "member": rng.random(ROWS) < (age - 18) / 60,
        }
    )


@pytest.fixture(scope="module")
def real():
    return orders()


@pytest.fixture(scope="module")
def model(real):
    return Autoregressive(epochs=12, batch_size=128, progress=False).fit(real, seed=1)


DAYS = dt.date(2024, 3, 1), dt.date(2024, 3, 20)


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"age": Between(20, 24)}, lambda d: d["age"].between(20, 24)),
        ({"age": Between(low=66.5)}, lambda d: d["age"] >= 67),
        ({"score": Between(30.25, 31)}, lambda d: d["score"].between(30.25, 31)),
        ({"start": Between(*DAYS)}, lambda d: d["start"].between(*DAYS)),
        ({"end": Between(high="2024-02-01")}, lambda d: d["end"] <= dt.date(2024, 2, 1)),
        ({"seen": Between("2024-05-01", "2024-05-10")}, lambda d: d["seen"].between("2024-05-01", "2024-05-10")),
        ({"total": Between(300, 400)}, lambda d: d["total"].between(300, 400)),
        ({"booked": Between(20240601, 20240630)}, lambda d: d["booked"].between(20240601, 20240630)),
        ({"is_d": [1]}, lambda d: d["is_d"] == 1),
        ({"is_a": Between(0, 0)}, lambda d: d["is_a"] == 0),
        (
            {"city": ["Bonn", "Lyon"], "age": Between(30, 40)},
            lambda d: d["city"].isin(["Bonn", "Lyon"]) & d["age"].between(30, 40),
        ),
        ({"member": [True], "city": "Rome"}, lambda d: d["member"] & (d["city"] == "Rome")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_every_row_is_within_and_everything_still_holds(model, given, fits):
    made = model.sample(300, seed=5, given=given)
    assert len(made) == 300 and fits(made).all()
    np.testing.assert_allclose(made["total"], made["net"] + made["tax"], atol=0.006)
    assert (made["end"] >= made["start"]).all()
    assert (made[["is_a", "is_b", "is_c", "is_d"]].sum(axis=1) == 1).all()
    assert (made["booked"] == pd.to_datetime(made["start"]).dt.strftime("%Y%m%d").astype(int)).mean() > 0.9
    pd.testing.assert_frame_equal(made, model.sample(300, seed=5, given=given))


def test_the_others_follow_as_in_rows_that_are_within(model):
    """Compared with the model's own rows: how near these are to the real ones is up to its training."""
    made = model.sample(6000, seed=1, given={"age": Between(20, 40), "member": [True]})
    every = model.sample(60_000, seed=9)
    among = every[every["age"].between(20, 40) & every["member"]]
    for name, near in (("age", 0.5), ("score", 0.6), ("net", 3)):
        assert made[name].mean() == pytest.approx(among[name].mean(), abs=near), name
    for city in ("Rome", "Oslo"):
        assert (made["city"] == city).mean() == pytest.approx((among["city"] == city).mean(), abs=0.04)


def test_candidates_make_what_follows_a_late_column_truer(model, monkeypatch):
    every = model.sample(60_000, seed=9)
    among = every[(every["city"] == "Rome") & every["score"].between(25, 45)]

    def error():
        made = model.sample(8000, seed=2, given={"city": "Rome", "score": Between(25, 45)})
        shares = [(d["age"] // 4).value_counts(normalize=True) for d in (made, among)]
        return shares[0].sub(shares[1], fill_value=0).abs().sum() / 2

    several = error()
    monkeypatch.setattr(known_module, "CANDIDATES", 1)
    assert several < error()


def test_values_without_a_code_of_their_own_are_given_each_as_often(model):
    made = model.sample(900, seed=3, given={"score": [30.5, 41.25, 50.0]})
    assert made["score"].value_counts().to_dict() == {30.5: 300, 41.25: 300, 50.0: 300}


def test_listed_days_are_given_each_as_often_and_listed_flags_as_they_come(real, model):
    days = [dt.date(2024, 3, 4), dt.date(2024, 7, 10), dt.date(2024, 3, 5)]
    made = model.sample(600, seed=3, given={"start": days})
    assert made["start"].value_counts().to_dict() == dict.fromkeys(days, 200)
    made = model.sample(2_000, seed=3, given={"is_a": [0], "is_b": [0, 1]})
    assert (made["is_a"] == 0).all() and (model.sample(50, seed=1, given={"is_b": 1})["is_b"] == 1).all()
    assert made["is_b"].mean() == pytest.approx(real[real["is_a"] == 0]["is_b"].mean(), abs=0.08)


def test_ranges_with_weights(model):
    halves = [({"age": Between(20, 29)}, 3), ({"age": Between(50, 59)}, 1), ({"age": 18}, 1)]
    made = model.sample(1000, seed=4, given=halves)["age"]
    counts = [made.between(20, 29).sum(), made.between(50, 59).sum(), (made == 18).sum()]
    assert counts == [600, 200, 200]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"city": Between(1, 2)}, "given sets 'city' of type string to Between.*; list its values"),
        ({"age": Between(200, 300)}, "where the model knows no value of it"),
        ({"age": Between("2024-01-01")}, "is none of its type"),
        ({"start": Between(1, 2)}, "1 is none of its type"),
        ({"city": []}, "given sets 'city' to an empty list"),
        ({"city": ["Rome", "Paris"]}, "'Paris', which is not among the 4 values"),
        ({"city": ["Rome", None]}, "had no nulls"),
        ({"age": {"between": [1]}}, "a range is {'between'"),
        ({"age": {"betwen": [1, 2]}}, "a range is {'between'"),
    ],
)
def test_what_cannot_be_given_is_named(model, given, message):
    with pytest.raises(SchemaError, match=message):
        model.sample(5, given=given)


def test_a_range_as_a_file_writes_it(model):
    made = model.sample(50, seed=1, given={"age": {"between": [30, 31]}})
    pd.testing.assert_frame_equal(made, model.sample(50, seed=1, given={"age": Between(30, 31)}))


def test_constraints_that_few_rows_keep_are_met_in_full(real, model):
    narrow = {"age": Constraint(min=68), "start": Constraint(max=dt.date(2024, 3, 1)), "total": Constraint(min=50)}
    share = ((real["age"] >= 68) & (real["start"] <= dt.date(2024, 3, 1)) & (real["total"] >= 50)).mean()
    assert share < 0.01
    rows = sample_valid(model.model.generator, Draw(np.arange(300), 1), narrow).to_pandas()
    assert (rows["age"] >= 68).all() and (rows["start"] <= dt.date(2024, 3, 1)).all() and (rows["total"] >= 50).all()
    alone = sample_valid(model.model.generator, Draw(np.arange(250, 300), 1), narrow).to_pandas()
    pd.testing.assert_frame_equal(alone, rows[250:].reset_index(drop=True))


def test_a_row_that_keeps_its_constraints_is_not_drawn_again(model):
    plain = model.sample(400, seed=1)
    rows = sample_valid(model.model.generator, Draw(np.arange(400), 1), {"age": Constraint(min=30)}).to_pandas()
    kept = (plain["age"] >= 30).to_numpy()
    assert 0 < kept.sum() < 400 and (rows["age"] >= 30).all()
    np.testing.assert_array_equal(rows["net"][kept], plain["net"][kept])


@pytest.mark.parametrize(
    "given",
    [{}, {"age": [20, 40, 60]}, {"total": [99.5, 10.0, 300.25], "booked": [20240601, 20240301, 20241101]}],
    ids=["nothing", "a_column", "what_others_tell"],
)
def test_some_columns_alone_hold_what_they_hold_in_whole_rows(model, given):
    """What is not asked for is not drawn, unless what is asked for follows from it."""
    columns = {c.name: c.type.arrow for c in model.model.generator.columns}
    conditions = pa.table({n: pa.array(np.resize(v, 600), columns[n]) for n, v in given.items()}) if given else None
    draw = Draw(np.arange(600), 4, conditions)
    whole = model.model.generator.sample(draw)
    for only in [[name] for name in columns] + [["seen", "is_c", "tax"]]:
        alone = model.model.generator.sample(dataclasses.replace(draw, only=frozenset(only)))
        assert alone.equals(whole.select([name for name in columns if name in only])), only


def test_what_is_not_asked_for_is_not_drawn(model, monkeypatch):
    asked = []
    plain = AutoregressiveSampler.fill
    monkeypatch.setattr(
        AutoregressiveSampler,
        "fill",
        lambda self, parts, draws, columns, known=None: asked.append(columns) or plain(self, parts, draws, columns),
    )
    order = model.model.generator.sampler.order
    column = next(i for i, block in enumerate(model.model.generator.encoder.blocks) if block.name == "age")
    model.model.generator.sample(Draw(np.arange(10), 4, only=frozenset(["age"])))
    assert asked.pop() == order[: order.index(column) + 1]


def test_constraints_that_no_value_keeps_end_at_once(model, monkeypatch):
    draws = []
    plain = RowGenerator.sample
    monkeypatch.setattr(RowGenerator, "sample", lambda self, draw: draws.append(len(draw)) or plain(self, draw))
    rows = sample_valid(model.model.generator, Draw(np.arange(50), 1), {"age": Constraint(min=300)})
    assert rows.num_rows == 50 and draws == [50]


def test_an_engine_without_conditions_is_drawn_until_rows_fit(real):
    columns = real[["age", "city", "net"]]
    model = CTGAN(epochs=3, progress=False).fit(columns, seed=1)
    bound = float(real["net"].quantile(0.97))
    rows = sample_valid(model.model.generator, Draw(np.arange(200), 1), {"net": Constraint(min=bound)}).to_pandas()
    assert (rows["net"] >= bound).all()
    with pytest.raises(SchemaError, match="takes no other condition"):
        model.sample(5, given={"age": Between(20, 30)})
