"""Choosing the rows of a small table so that its shares are the real ones."""

import json

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.balance import Balance

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
        pool = rows(balance.pool(77), 100 + seed, tilt)  # of a model that is a little wrong, too
        chosen = balance.choose(pool, 77, seed)
        far.append(np.abs(weighted(pool.slice(0, 77)) - weighted(real)).max())
        near.append(np.abs(weighted(pool.take(pa.array(chosen))) - weighted(real)).max())
    assert np.mean(near) < 0.5 * np.mean(far) and np.mean(near) < 0.07, (near, far)


def test_rows_are_chosen_once_each_and_the_same_for_a_seed(balance):
    pool = rows(balance.pool(77), 3)
    chosen = balance.choose(pool, 77, 5)
    assert len(set(chosen)) == 77 and chosen.min() >= 0 and chosen.max() < pool.num_rows
    np.testing.assert_array_equal(chosen, balance.choose(pool, 77, 5))


@pytest.mark.parametrize("count", [1, 5, 200])
def test_another_number_of_rows_has_the_same_shares(real, balance, count):
    chosen = balance.choose(rows(balance.pool(count), 4), count, 1)
    assert len(set(chosen)) == count
    if count == 200:
        assert np.abs(weighted(rows(balance.pool(200), 4).take(pa.array(chosen))) - weighted(real)).max() < 0.06


@pytest.mark.parametrize(("count", "pool"), [(1, 20), (77, 1540), (1000, 20_000), (5000, 20_000), (50_000, 100_000)])
def test_the_pool_is_bounded(balance, count, pool):
    assert balance.pool(count) == pool


def test_shares_come_back_from_json_as_they_were(balance):
    again = Balance.from_json(json.loads(json.dumps(balance.to_json())))
    assert again == balance
    pool = rows(200, 8)
    np.testing.assert_array_equal(again.choose(pool, 20, 1), balance.choose(pool, 20, 1))


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
    assert len(set(shares_of(table, COLUMNS[:3], 5).choose(table, 10, 1))) == 10


def test_pairs_count_in_the_smallest_tables_alone():
    assert Balance.fit(rows(300, 1), COLUMNS, COUNTS, 5).paired
    assert not Balance.fit(rows(301, 1), COLUMNS, COUNTS, 5).paired


def test_what_goes_together_stays_so():
    rng = np.random.default_rng(0)

    def pairs(count, together):
        word = rng.choice(["a", "b"], count)
        other = np.where(rng.random(count) < together, word, rng.choice(["a", "b"], count))
        return pa.table({"word": word, "other": other})

    columns = [Column(n, ColumnType("string")) for n in ("word", "other")]
    balance = shares_of(pairs(100, 0.9), columns, 5)
    pool = pairs(balance.pool(100), 0.4)
    shares = []
    for seed in range(5):
        chosen = pool.take(pa.array(balance.choose(pool, 100, seed))).to_pandas()
        shares.append((chosen.word == chosen.other).mean())
    assert np.mean(shares) > 0.76  # .7 in the pool, .95 in reality
