"""Keys that meet no row, keys that are null, families of thousands, and parents that are all alike."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Metadata, Privacy, Synthesizer

SALES = 900


def declared(orphans):
    return (
        Metadata()
        .add_table("shops", pk="id")
        .add_table("goods", pk="code")
        .add_table("sales", pk="id", fk={"shop": "shops.id", "good": "goods.code"}, owner="shop", orphans=orphans)
        .add_table("letters", pk="id", fk={"shop": "shops.id"})
    )


def tables():
    """Sales of which a fifth names no shop that is there, and a tenth no good; letters of which a third names none."""
    rng = np.random.default_rng(0)
    shops = pd.DataFrame({"id": range(10, 110), "size": rng.choice(["small", "large"], 100)})
    goods = pd.DataFrame({"code": [f"G-{i:04d}" for i in range(60)], "kind": rng.choice(["a", "b"], 60)})
    lost_shop, lost_good = rng.random(SALES) < 0.2, rng.random(SALES) < 0.1
    sales = pd.DataFrame(
        {
            "id": range(SALES),
            "shop": np.where(lost_shop, rng.integers(5000, 5040, SALES), rng.choice(shops.id, SALES)),
            "good": np.where(lost_good, "G-9999", rng.choice(goods.code, SALES)),
            "price": rng.integers(1, 50, SALES),
        }
    )
    shop = pd.array(rng.choice(shops.id, 400), "Int64")
    shop[rng.random(400) < 0.3] = pd.NA
    letters = pd.DataFrame({"id": range(400), "shop": shop, "pages": rng.integers(1, 9, 400)})
    return {"shops": shops, "goods": goods, "sales": sales, "letters": letters}


def learned(spark, metadata, frames, **params):
    synthesizer = Synthesizer(
        metadata, spark, engine="autoregressive", progress=False, privacy=params.pop("privacy", Privacy())
    )
    return synthesizer.fit({n: spark.createDataFrame(t) for n, t in frames.items()}, seed=1, **{"epochs": 3, **params})


@pytest.fixture(scope="module")
def kept(spark):
    made = learned(spark, declared("keep"), tables()).sample(scale=2, seed=1)
    return {name: df.toPandas() for name, df in made.items()}


def test_the_share_of_rows_without_their_owner_is_kept(kept):
    sales = kept["sales"]
    lost = ~sales["shop"].isin(kept["shops"].id)
    assert abs(lost.mean() - 0.2) < 0.04 and sales["shop"].notna().all()
    assert 0.8 < len(sales) / (2 * SALES) < 1.25
    assert sales["shop"][lost].nunique() > 50  # not one that all name
    assert not sales["shop"][lost].isin(tables()["shops"].id).any()


def test_the_share_of_references_to_no_row_is_kept(kept):
    lost = ~kept["sales"].good.isin(kept["goods"].code)
    assert abs(lost.mean() - 0.1) < 0.04
    assert kept["sales"].good[lost].str.fullmatch(r"G-\d+").all()


def test_keys_stay_dense_and_single_beside_orphans(kept):
    assert sorted(kept["sales"].id) == list(range(len(kept["sales"])))
    assert sorted(kept["shops"].id) == list(range(10, 210))


def test_rows_without_an_owner_stay_without_one(kept):
    letters = kept["letters"]
    assert abs(letters["shop"].isna().mean() - 0.3) < 0.06
    assert letters["shop"].dropna().isin(kept["shops"].id).all()
    assert sorted(letters.id) == list(range(len(letters)))
    assert 0.8 < len(letters) / 800 < 1.25


def test_unless_they_are_to_be_kept_there_are_no_orphans(spark):
    frames = {name: table for name, table in tables().items() if name != "letters"}
    metadata = Metadata()
    for name in frames:
        own = declared("none").tables[name]
        metadata.tables[name] = own
    made = {n: df.toPandas() for n, df in learned(spark, metadata, frames, epochs=1).sample(seed=1).items()}
    assert made["sales"]["shop"].isin(made["shops"].id).all() and made["sales"].good.isin(made["goods"].code).all()
    assert 0.7 < len(made["sales"]) / SALES < 1.3


def test_parents_of_thousands_beside_parents_of_none(spark):
    rng = np.random.default_rng(0)
    heavy = np.arange(90) % 30 == 0
    sizes = np.where(heavy, 3000, np.arange(90) % 3)
    owner = np.repeat(np.arange(90), sizes)
    makers = pd.DataFrame({"id": np.arange(90) * 5, "industry": np.where(heavy, "cars", "boats")})
    parts = pd.DataFrame(
        {
            "id": np.arange(len(owner)) + 1,
            "maker": owner * 5,
            "line": np.concatenate([np.arange(k) for k in sizes]) + 1,
            "currency": np.array(["EUR", "CHF", "USD"])[rng.integers(0, 3, 90)][owner],
            "weight": rng.integers(1, 99, len(owner)),
        }
    )
    metadata = Metadata().add_table("makers", pk="id").add_table("parts", pk="id", fk={"maker": "makers.id"})
    privacy = Privacy(0, 0)
    synthesizer = learned(spark, metadata, {"makers": makers, "parts": parts}, epochs=2, privacy=privacy)
    made = {name: df.toPandas() for name, df in synthesizer.sample(seed=1).items()}
    drawn = made["parts"]
    counts = made["makers"].id.map(drawn.maker.value_counts()).fillna(0)
    assert counts.max() == 3000 and 1 <= (counts > 2000).sum() <= 8
    assert (counts <= 2).sum() > 75 and (counts == 0).any()
    assert (counts[made["makers"].industry == "boats"] <= 2).mean() > 0.8
    assert sorted(drawn.id) == list(range(1, len(drawn) + 1))
    by = drawn.sort_values("id").groupby("maker")
    assert (by.currency.nunique() == 1).all()
    assert all(line.tolist() == list(range(1, len(line) + 1)) for _, line in by.line)


def test_parents_that_hold_nothing_but_their_key(spark):
    """Each has one child, so not even their counts differ."""
    owners = pd.DataFrame({"id": range(60), "kind": "same"})
    cards = pd.DataFrame({"owner": range(60), "colour": ["red", "blue"] * 30})
    metadata = Metadata().add_table("owners", pk="id").add_table("cards", pk="owner", fk={"owner": "owners.id"})
    made = learned(spark, metadata, {"owners": owners, "cards": cards}, epochs=1).sample({"owners": 25}, seed=1)
    made = {name: df.toPandas() for name, df in made.items()}
    assert sorted(made["cards"].owner) == sorted(made["owners"].id) == list(range(25))


def test_a_parent_of_a_few_rows(spark):
    """Twelve rows are too few for the settings to show their counts one by one, and still have children."""
    rng = np.random.default_rng(0)
    areas = pd.DataFrame({"id": [f"A{i:02d}" for i in range(12)], "side": ["east", "west"] * 6})
    homes = pd.DataFrame({"id": range(500), "area": rng.choice(areas.id, 500), "rooms": rng.integers(1, 6, 500)})
    metadata = Metadata().add_table("areas", pk="id").add_table("homes", pk="id", fk={"area": "areas.id"})
    made = learned(spark, metadata, {"areas": areas, "homes": homes}).sample(seed=1)
    made = {name: df.toPandas() for name, df in made.items()}
    assert len(made["areas"]) == 12 == made["areas"].id.nunique()
    assert made["homes"].area.isin(made["areas"].id).all() and 0.75 < len(made["homes"]) / 500 < 1.3
    counts = areas.id.map(homes.area.value_counts())
    assert made["homes"].area.value_counts().max() < counts.max()  # the largest is not shown
