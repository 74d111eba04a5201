"""Names of entities that begin with, or hold, what another column says: a subject's number after that of its site."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.dependencies.pieces import PiecesColumn

CITIES = {"Rome": "RM", "Oslo": "OS", "Paris": "PA", "Vienna": "VI", "Bern": "BE", "Kyiv": "KY"}
DEPARTMENTS = ["HR", "SALES", "IT", "LEGAL", "OPS", "R"]


def visits(kind, rows=3000, people=400, seed=0):
    """Visits of subjects, whose ids are numbered from 1 on in each site."""
    rng = np.random.default_rng(seed)
    names = {"site": [f"S{i:02d}" for i in range(12)], "city": list(CITIES), "department": DEPARTMENTS}[kind]
    site = np.sort(rng.integers(0, len(names), people))
    number = np.arange(people) - np.searchsorted(site, site) + 1
    begin = [CITIES[names[s]] if kind == "city" else names[s] for s in site]
    ids = np.array([f"{b}-{n:04d}" for b, n in zip(begin, number, strict=True)])
    birth = (pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.permutation(20_000)[:people], "D")).date
    who = rng.permutation(np.concatenate([np.arange(people), rng.integers(0, people, rows - people)]))
    return pd.DataFrame(
        {
            "subject": ids[who],
            "site": np.array(names)[site[who]],
            "birth": birth[who],
            "sex": rng.choice(["f", "m"], people)[who],
            "weight": rng.normal(60, 5, rows).round(1) + site[who],
        }
    )


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
@pytest.mark.parametrize(("kind", "people"), [("site", 200), ("site", 1000), ("city", 400), ("department", 400)])
def test_an_id_holds_what_its_row_says_and_is_of_one_entity(engine, kind, people):
    real = visits(kind, people=people)
    real["subject"] = real["subject"].where(np.random.default_rng(1).random(len(real)) < 0.95)
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    assert any(told.startswith("subject decides ") for told in model.dependencies)
    made = model.sample(2000, seed=2)
    held, of = made.dropna(subset="subject"), made.groupby("subject")
    begin = held["site"].map(CITIES) if kind == "city" else held["site"]
    assert held["subject"].str.fullmatch(r"[A-Z0-9]+-\d{4}").all()
    assert (held["subject"].str[:-5] == begin).all()
    assert of["site"].nunique().max() == of["birth"].nunique().max() == of["sex"].nunique().max() == 1
    assert not set(held["subject"]) & set(real["subject"])
    # So many subjects come out as would of so many rows, each of any one of them.
    expected = people * (1 - np.exp(-len(held) / people))
    assert 0.8 * expected <= held["subject"].nunique() <= 1.2 * expected
    assert 0.01 < made["subject"].isna().mean() < 0.15


def test_an_id_of_a_given_site_begins_with_it(tmp_path):
    real = visits("department")
    model = Autoregressive(epochs=1, progress=False).fit(real, seed=1)
    made = model.sample(500, seed=2, given={"site": "SALES"})
    assert made["subject"].str.startswith("SALES-").all()
    of = made.groupby("subject")
    assert of["birth"].nunique().max() == 1 < of.size().max()
    model.save(str(tmp_path / "m"))
    again = Autoregressive(progress=False).load(str(tmp_path / "m"))
    pd.testing.assert_frame_equal(again.sample(300, seed=3), model.sample(300, seed=3))


def test_numbers_within_others_are_no_real_ones():
    rng = np.random.default_rng(2)
    branch = rng.integers(0, 20, 1000)
    # Each number is of many branches, each account of a row or two.
    account = [f"{1000 + b}{n:05d}" for b, n in zip(branch, rng.integers(1, 61, 1000), strict=True)]
    real = pd.DataFrame({"account": account, "branch": [str(1000 + b) for b in branch], "amount": rng.random(1000)})
    model = Autoregressive(epochs=1, progress=False).fit(real, seed=1)
    assert "account = branch + ..." in model.dependencies[0]
    made = model.sample(1000, seed=2)
    assert (made["account"].str[:4] == made["branch"]).all()
    assert made["account"].str.fullmatch(r"\d{9}").all()
    assert not set(made["account"]) & set(real["account"])
    assert made["account"].nunique() > 900


@pytest.mark.parametrize("kind", ["site", "city"])
def test_an_id_that_holds_what_is_not_in_its_row_is_learned_whole(kind):
    real = visits(kind)
    real["site"] = np.random.default_rng(3).permutation(real["site"])
    model = Autoregressive(epochs=1, progress=False).fit(real, seed=1)
    found = model.model.dependencies
    assert found.templates.columns == ()
    assert not [own for own in found.written if isinstance(own, PiecesColumn)]
    assert found.entities == (Entity("subject", ("birth", "sex"), real["subject"].nunique()),)


def test_an_address_belongs_to_the_customer_that_its_name_belongs_to():
    rng = np.random.default_rng(4)
    people, who = 300, rng.integers(0, 300, 3000)
    first, last = rng.choice(["anna", "ben", "eva", "hugo"], people), rng.choice(["novak", "rossi", "khan"], people)
    email = np.array([f"{a}.{b}{n}@mail.com" for a, b, n in zip(first, last, rng.permutation(9000), strict=False)])
    real = pd.DataFrame({"customer": who + 1000, "first": first[who], "last": last[who], "email": email[who]})
    model = Autoregressive(epochs=1, progress=False).fit(real, seed=1)
    made = model.sample(1000, seed=2)
    begin = made["first"] + "." + made["last"]
    assert [e.rstrip("0123456789") for e in made["email"].str.removesuffix("@mail.com")] == begin.tolist()
    assert made.groupby("customer")["email"].nunique().max() == made.groupby("customer")["last"].nunique().max() == 1
    assert not set(made["email"]) & set(real["email"])


def test_what_many_addresses_end_with_keeps_its_numbers():
    rng = np.random.default_rng(0)
    firsts, lasts = ([f"{c}{end}" for c in "abcdefgh" for end in ends] for ends in (("na", "lo"), ("son", "ster")))
    first, last = rng.choice(firsts, 3_000), rng.choice(lasts, 3_000)
    number, host = rng.integers(1, 60, 3_000), rng.choice(["mail.com", "post.org"], 3_000)
    email = [f"{f}.{n}{i}@{h}" for f, n, i, h in zip(first, last, number, host, strict=True)]
    real = pd.DataFrame({"first": first, "last": last, "email": email})
    made = Autoregressive(epochs=1, progress=False).fit(real, seed=1).sample(3_000, seed=2)
    parts = made["email"].str.extract(r"^([a-z]+)\.([a-z]+)(\d+)@")
    assert (parts[0] == made["first"]).all() and (parts[1] == made["last"]).all()
    assert ks_2samp(parts[2].astype(int), number).statistic < 0.05
