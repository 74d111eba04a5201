"""Choosing the rows of a small table so that its shares are the real ones."""

import json

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.balance import Balance
from synthohive_spark.engine.families.exchange import (
    Descendants,
    choose_rows,
    choose_versions,
    exchange_values,
    pool_size,
)

TEXT = ColumnType("string")
COLUMNS = [
    Column("word", ColumnType("string")),
    Column("flag", ColumnType("boolean")),
    Column("size", ColumnType("int")),
    Column("rate", ColumnType("double")),
    Column("@n.child.k", ColumnType("bigint")),
]
COUNTS = ["@n.child.k"]


def rows(count, seed, tilt=0.0):
    rng = np.random.default_rng(seed)
    word = rng.choice(["a", "b", "c"], count, p=[0.5 - tilt, 0.3, 0.2 + tilt])
    return pa.table(
        {
            "word": word,
            "flag": rng.random(count) < 0.3,
            "size": pa.array(rng.integers(0, 50, count), pa.int32()),
            "rate": pa.array([None if r < -1 else r for r in rng.normal(size=count)]),
            "@n.child.k": rng.poisson(np.where(word == "a", 8, 1)),
        }
    )


@pytest.fixture(scope="module")
def real():
    return rows(77, 0)


@pytest.fixture(scope="module")
def balance(real):
    return Balance.fit(real, COLUMNS, COUNTS, 5)


def weighted(table):
    """What must come out: shares of words, of rows and of children, children in all, the mean size."""
    pdf = table.to_pandas()
    children = pdf["@n.child.k"]
    shares = [(pdf.word == w).mean() for w in "abc"]
    shares += [children[pdf.word == w].sum() / children.sum() for w in "abc"]
    return np.array([*shares, children.mean() / 10, pdf["size"].mean() / 50, pdf.flag.mean(), pdf.rate.isna().mean()])


@pytest.mark.parametrize("tilt", [0.0, 0.15])
def test_shares_come_nearer_to_the_real_ones(real, balance, tilt):
    far, near = [], []
    for seed in range(6):
        pool = rows(pool_size(77), 100 + seed, tilt)  # of a model that is a little wrong, too
        chosen = choose_rows(balance, pool, 77, seed)
        far.append(np.abs(weighted(pool.slice(0, 77)) - weighted(real)).max())
        near.append(np.abs(weighted(pool.take(pa.array(chosen))) - weighted(real)).max())
    assert np.mean(near) < 0.5 * np.mean(far) and np.mean(near) < 0.07, (near, far)


def test_rows_are_chosen_once_each_and_the_same_for_a_seed(balance):
    pool = rows(pool_size(77), 3)
    chosen = choose_rows(balance, pool, 77, 5)
    assert len(set(chosen)) == 77 and chosen.min() >= 0 and chosen.max() < pool.num_rows
    np.testing.assert_array_equal(chosen, choose_rows(balance, pool, 77, 5))


@pytest.mark.parametrize("count", [1, 5, 200])
def test_another_number_of_rows_has_the_same_shares(real, balance, count):
    chosen = choose_rows(balance, rows(pool_size(count), 4), count, 1)
    assert len(set(chosen)) == count
    if count == 200:
        assert np.abs(weighted(rows(pool_size(200), 4).take(pa.array(chosen))) - weighted(real)).max() < 0.06


@pytest.mark.parametrize(("count", "pool"), [(1, 20), (77, 1540), (1000, 20_000), (5000, 20_000), (50_000, 100_000)])
def test_the_pool_is_bounded(balance, count, pool):
    assert pool_size(count) == pool


def test_shares_come_back_from_json_as_they_were(balance):
    again = Balance.from_json(json.loads(json.dumps(balance.to_json())))
    assert again == balance
    pool = rows(200, 8)
    np.testing.assert_array_equal(choose_rows(again, pool, 20, 1), choose_rows(balance, pool, 20, 1))


def shares_of(table, columns, at_least):
    return Balance.fit(table, columns, [], at_least)


@pytest.mark.parametrize(("at_least", "known"), [(1, True), (4, True), (5, False)])
def test_a_part_of_few_rows_is_not_stored(at_least, known):
    words = ["often"] * 40 + ["also"] * 30 + ["seldom"] * 4
    table = pa.table({"word": words, "other": ["x", "y"] * 37})
    balance = shares_of(table, [Column("word", ColumnType("string")), Column("other", ColumnType("string"))], at_least)
    assert ("seldom" in json.dumps(balance.to_json())) == known
    shares = [g for g in balance.goal if g is not None]
    assert None in balance.goal or at_least == 1
    assert any(abs(s - 40 / 74) < 1e-6 for s in shares)
    assert any(abs(s - 4 / 74) < 1e-6 for s in shares) == known  # the share of its rows by themselves


def test_ends_of_a_range_are_not_stored():
    numbers = np.r_[np.arange(70), 10**6, -(10**6)]
    balance = shares_of(pa.table({"size": pa.array(numbers, pa.int32())}), [COLUMNS[2]], 5)
    (axis,) = balance.axes
    assert axis.least == 3 and axis.most == 66 and max(axis.edges) < 70 and min(axis.edges) >= 0


def test_columns_that_say_nothing_are_left_out():
    table = pa.table({"word": ["a"] * 60, "flag": [True] * 57 + [False] * 3, "size": pa.array([1] * 60, pa.int32())})
    assert shares_of(table, COLUMNS[:3], 5).axes == ()
    assert len(set(choose_rows(shares_of(table, COLUMNS[:3], 5), table, 10, 1))) == 10


def test_strings_are_looked_at_beside_those_of_ancestors_that_say_much():
    above, chance = Column("@up1.country", TEXT), Column("@up1.chance", TEXT)

    def races(count, seed, right):
        rng = np.random.default_rng(seed)
        country = rng.choice(["it", "fr", "uk"], count)
        name = np.where(
            rng.random(count) < right, np.char.add(country, "-gp"), rng.permutation(np.char.add(country, "-gp"))
        )
        return pa.table({"name": name, above.name: country, chance.name: rng.choice(["a", "b"], count)})

    balance = Balance.fit(races(800, 0, 1.0), [Column("name", TEXT)], [], 5, [chance, above])
    assert [(axis.column.name, axis.beside) for axis in balance.axes] == [("name", ""), ("name", above.name)]
    assert Balance.from_json(json.loads(json.dumps(balance.to_json()))) == balance
    pool = races(pool_size(80), 1, 0.4)

    def fits(rows):
        pdf = rows.to_pandas()
        return (pdf.name == pdf[above.name] + "-gp").mean()

    chosen = pool.take(pa.array(choose_rows(balance, pool, 80, 1)))
    assert fits(pool) < 0.7 and fits(chosen) > 0.95
    assert [a.beside for a in Balance.fit(races(800, 0, 0.0), [Column("name", TEXT)], [], 5, [above]).axes] == [""]


def test_pairs_count_in_the_smallest_tables_alone():
    assert [Balance.fit(rows(n, 1), COLUMNS, COUNTS, 5).coarse for n in (50, 150, 300)] == [3, 5, 6]
    assert Balance.fit(rows(301, 1), COLUMNS, COUNTS, 5).coarse == 0


def test_what_goes_together_stays_so():
    rng = np.random.default_rng(0)

    def pairs(count, together):
        word = rng.choice(["a", "b"], count)
        other = np.where(rng.random(count) < together, word, rng.choice(["a", "b"], count))
        return pa.table({"word": word, "other": other})

    columns = [Column(n, ColumnType("string")) for n in ("word", "other")]
    balance = shares_of(pairs(100, 0.9), columns, 5)
    pool = pairs(pool_size(100), 0.4)
    shares = []
    for seed in range(5):
        chosen = pool.take(pa.array(choose_rows(balance, pool, 100, seed))).to_pandas()
        shares.append((chosen.word == chosen.other).mean())
    assert np.mean(shares) > 0.76  # .7 in the pool, .95 in reality


def test_numbers_stay_with_the_texts_that_they_belong_to():
    rng = np.random.default_rng(0)
    countries = np.array([f"country {i}" for i in range(8)], object)
    centres = rng.permutation(np.linspace(-3, 3, 8))

    def places(count, right):
        own = rng.integers(0, 8, count)
        held = np.where(rng.random(count) < right, own, rng.integers(0, 8, count))
        return pa.table({"word": countries[own], "rate": centres[held] + rng.normal(size=count) / 10})

    def right(table):
        own = np.searchsorted(countries, table.column("word").to_numpy(zero_copy_only=False).astype(str))
        return (np.abs(table.column("rate").to_numpy() - centres[own]) < 0.5).mean()

    columns = [COLUMNS[0], COLUMNS[3]]
    balance, pool = shares_of(places(80, 1.0), columns, 5), places(pool_size(80), 0.2)
    chosen = [pool.take(pa.array(choose_rows(balance, pool, 80, seed))) for seed in range(3)]
    assert (
        np.mean([right(table) for table in chosen]) > 0.5
    )  # .3 in the pool, 1 in reality; .37 by shares of parts alone
    again = Balance.from_json(json.loads(json.dumps(balance.to_json())))
    assert again == balance
    again.check()


def correlated(count, seed, slope):
    rng = np.random.default_rng(seed)
    size = rng.normal(size=count)
    noise = rng.normal(size=count) * np.sqrt(1 - slope**2)
    return pa.table(
        {
            "rate": size,
            "other": slope * size + noise,
            "city": rng.choice(["a", "b", "c"], count),
            "@n.child.k": rng.poisson(np.exp(1.5 + size * slope)),
        }
    )


CORRELATED = [
    Column("rate", ColumnType("double")),
    Column("other", ColumnType("double")),
    Column("city", ColumnType("string")),
    Column("@n.child.k", ColumnType("bigint")),
]


def correlations(table):
    return table.select(["rate", "other", "@n.child.k"]).to_pandas().corr("spearman").to_numpy()[np.triu_indices(3, 1)]


def test_values_are_exchanged_until_columns_go_together():
    """Of a pool whose columns have nothing to do with each other."""
    real = correlated(80, 0, 0.9)
    balance = Balance.fit(real, CORRELATED, COUNTS, 5)
    pool = correlated(1600, 1, 0.0)
    own = pool.slice(0, 80)
    together = [[n] for n in pool.column_names]
    made = exchange_values(balance, own, pool, together, 3)
    assert np.abs(correlations(made) - correlations(real)).max() < 0.2
    assert np.abs(correlations(own) - correlations(real)).min() > 0.4
    for name in pool.column_names:  # every value is one of the pool's
        assert set(made.column(name).to_pylist()) <= set(pool.column(name).to_pylist())
    counts = made.column("@n.child.k"), own.column("@n.child.k")  # which only change places
    assert sorted(counts[0].to_pylist()) == sorted(counts[1].to_pylist()) and counts[0] != counts[1]
    assert made.equals(exchange_values(balance, own, pool, together, 3))


def test_values_that_depend_on_each_other_change_places_together():
    balance, pool = Balance.fit(correlated(80, 0, 0.9), CORRELATED, COUNTS, 5), correlated(1600, 1, 0.0)
    pool = pool.append_column("twice", pa.array(pool.column("rate").to_numpy() * 2))
    made = exchange_values(balance, pool.slice(0, 80), pool, [["rate", "twice"], ["other"], ["city"]], 3)
    np.testing.assert_array_equal(made.column("twice").to_numpy(), made.column("rate").to_numpy() * 2)
    assert made.column("@n.child.k").equals(pool.slice(0, 80).column("@n.child.k"))  # in no group
    assert not made.column("rate").equals(pool.slice(0, 80).column("rate"))


def test_values_of_larger_tables_stay_where_they_are():
    balance, pool = Balance.fit(correlated(400, 0, 0.9), CORRELATED, COUNTS, 5), correlated(1600, 1, 0.0)
    own = pool.slice(0, 80)
    assert exchange_values(balance, own, pool, [[n] for n in pool.column_names], 3) is own


def test_versions_are_chosen_by_what_follows_from_them():
    """Ten versions of the children of fifty roots, of which one share is the real one."""
    rng, roots, versions = np.random.default_rng(0), 50, 10
    columns = [Column("name", ColumnType("string")), Column("@n.child.k", ColumnType("bigint"))]

    def children(count, shares):
        return pa.table({"name": rng.choice(["a", "b", "c"], count, p=shares), "@n.child.k": np.ones(count, int)})

    balance = Balance.fit(children(400, [0.6, 0.3, 0.1]), columns, COUNTS, 5)
    drawn = children(roots * versions * 4, [0.4, 0.3, 0.3])
    version = np.repeat(np.arange(roots * versions), 4)
    chosen = choose_versions([Descendants(balance, drawn, version)], roots, versions, 1)
    assert chosen.shape == (roots,) and set(chosen) <= set(range(versions)) and len(set(chosen)) > 3
    kept = drawn.filter(pa.array(np.isin(version, chosen * roots + np.arange(roots)))).to_pandas()
    assert abs((kept.name == "a").mean() - 0.6) < 0.05 and abs((kept.name == "c").mean() - 0.1) < 0.05
