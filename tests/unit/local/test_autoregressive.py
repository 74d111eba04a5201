import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive, SchemaError

CITIES = {"Oslo": "Norway", "Bergen": "Norway", "Rome": "Italy", "Milan": "Italy"}


@pytest.fixture(scope="module")
def table():
    """City decides country and centres the age; bonus is missing for a third; total adds up; days are working days."""
    rng = np.random.default_rng(0)
    rows = 3000
    city = rng.choice(list(CITIES), rows, p=[0.4, 0.3, 0.2, 0.1])
    age = np.where(np.isin(city, ["Oslo", "Bergen"]), 30, 60) + rng.integers(0, 10, rows)
    working = pd.bdate_range("2021-01-04", periods=500)
    return pd.DataFrame(
        {
            "city": city,
            "country": [CITIES[c] for c in city],
            "age": age,
            "net": rng.integers(0, 5000, rows),
            "tax": rng.integers(0, 900, rows),
            "bonus": np.where(rng.random(rows) < 1 / 3, np.nan, rng.normal(10, 3, rows).round(2)),
            "day": working[rng.integers(0, len(working), rows)],
        }
    ).assign(total=lambda t: t.net + t.tax)


@pytest.fixture(scope="module")
def model(table):
    return Autoregressive(epochs=25, progress=False).fit(table, seed=1)


def test_what_is_exact_in_the_table_is_exact_in_what_is_drawn(table, model):
    made = model.sample(4000, seed=2)
    assert list(made.dtypes) == list(table.dtypes) and list(made) == list(table)
    assert (made.country == made.city.map(CITIES)).all() and ((made.age < 50) == (made.country == "Norway")).all()
    assert (made.total == made.net + made.tax).mean() > 0.998  # at the ends of its range a sum may be cut
    assert (made.day.dt.dayofweek < 5).all()
    assert made.total.between(table.total.min(), table.total.max()).all()
    shares = made.city.value_counts(normalize=True)
    assert all(abs(shares[c] - s) < 0.03 for c, s in table.city.value_counts(normalize=True).items())
    assert abs(made.bonus.isna().mean() - table.bonus.isna().mean()) < 0.03


def test_saved_and_loaded_it_draws_the_same(model, tmp_path):
    model.save(str(tmp_path / "m"))
    loaded = Autoregressive().load(str(tmp_path / "m"))
    given = {"city": "Rome"}
    pd.testing.assert_frame_equal(loaded.sample(300, seed=4, given=given), model.sample(300, seed=4, given=given))


def test_any_columns_can_be_given_in_seats(table, model):
    seats = pd.DataFrame({"age": np.tile([33, 66], 500), "bonus": np.tile([np.nan, 9.5], 500)})
    made = model.sample(1000, context=seats, seed=3)
    pd.testing.assert_series_equal(made.age, seats.age)
    pd.testing.assert_series_equal(made.bonus, seats.bonus)
    young, old = made.country[::2], made.country[1::2]
    assert (young == "Norway").mean() > 0.97 and (old == "Italy").mean() > 0.97


def test_weights_are_kept_to_one_row_and_spread(model):
    made = model.sample(1000, seed=3, given=[({"city": "Oslo"}, 1), ({"city": "Milan"}, 2.0)])
    counts = made.city.value_counts()
    assert counts["Oslo"] + counts["Milan"] == 1000 and abs(counts["Oslo"] - 333.3) <= 1
    assert made.city[:300].value_counts()["Oslo"] == pytest.approx(100, abs=10)


def test_nulls_are_filled_from_what_the_row_holds(table, model):
    gaps = table.astype({"age": "float64", "total": "float64"})
    rng = np.random.default_rng(1)
    holes = {name: rng.random(len(table)) < 0.3 for name in ("country", "age", "total", "day")}
    for name, mask in holes.items():
        gaps.loc[mask, name] = None
    filled = model.impute(gaps, seed=5)
    assert not filled.isna().any().any() and list(filled.dtypes) == list(gaps.dtypes)
    for name in table:
        known = gaps[name].notna()
        assert (filled[name][known] == gaps[name][known]).all()
    assert (filled.country == table.country).all()
    inside = table.total.between(table.total.nsmallest(5).max(), table.total.nlargest(5).min())
    assert (filled.total == table.total)[inside].all()  # beyond, a sum ends at the range that is kept
    off = (filled.age - table.age)[holes["age"]]
    assert abs(off.mean()) < 1 and off.abs().max() < 40
    assert (filled.day.dt.dayofweek < 5).all()
    assert filled.age[holes["age"]].std() == pytest.approx(table.age[holes["age"]].std(), rel=0.1)
    only = model.impute(gaps, cols=["day"], seed=5)
    assert only.day.notna().all() and only.age.isna().sum() == holes["age"].sum()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(2, given={"town": "Oslo"}), "given names 'town', which is not a learned column"),
        (lambda m: m.sample(2, given={"city": "Olso"}), "'Olso', which is not among the 4 values"),
        (lambda m: m.sample(2, given={"city": None}), "'city' to None, but the column had no nulls"),
        (lambda m: m.sample(2, given=[({"city": "Oslo"}, -1)]), "a weight in given must be a number above 0, got -1"),
        (lambda m: m.sample(1, context=pd.DataFrame({"age": [1]}), given={"age": 1}), "both set"),
        (lambda m: m.sample(2, context=pd.DataFrame({"age": [1]})), "context has 1 rows for n=2"),
        (lambda m: m.impute(pd.DataFrame({"city": [None]})), "impute needs the learned column"),
    ],
)
def test_wrong_arguments_are_named(model, call, message):
    with pytest.raises(SchemaError, match=message):
        call(model)


def test_a_ctgan_takes_no_condition_that_it_did_not_learn_with(table):
    ctgan = CTGAN(epochs=1, progress=False).fit(table.head(200), seed=1)
    with pytest.raises(SchemaError, match=r"learn with conditionCols=\['city'\], or with engine='autoregressive'"):
        ctgan.sample(2, given={"city": "Oslo"})
    with pytest.raises(SchemaError, match="takes no other condition"):
        ctgan.impute(table)


def test_rows_are_not_learned_by_heart():
    rng = np.random.default_rng(2)
    real = pd.DataFrame(rng.normal(size=(2000, 6)), columns=list("abcdef"))
    train, holdout = real[:1000], real[1000:]
    made = Autoregressive(progress=False).fit(train, seed=1).sample(600, seed=2).to_numpy()

    def nearest(rows):
        return np.abs(made[:, None, :] - rows.to_numpy()[None]).sum(axis=2).min(axis=1)

    assert (nearest(train) < nearest(holdout)).mean() == pytest.approx(0.5, abs=0.06)
