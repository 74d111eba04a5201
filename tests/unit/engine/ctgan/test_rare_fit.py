import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.rare_fit import Cells, Told, find_told
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable, Layout

RANKED = Block("x", (0.2, 0.2, 0.2, 0.2, 0.2), True, bins=4)


def test_cells_are_codes_and_small_parts_of_the_ranks_each_within_a_bin():
    cells = Cells.of(RANKED)
    ranks = np.random.default_rng(0).random(10_000).astype(np.float32)
    codes = np.where(np.arange(10_000) % 5, 1 + (ranks * 4).astype(np.int64), 0)
    places = cells.of_rows(codes, ranks)
    assert (cells.code[places] == codes).all()
    assert (places[codes == 0] == 0).all() and len(np.unique(places)) > 256
    assert np.diff(cells.edges).max() == 1 / 256 and np.diff(cells.edges).min() < 2e-5


def test_columns_without_bins_have_their_codes_alone():
    cells = Cells.of(Block("a", (0.5, 0.5), True))
    codes = np.array([0, 1, 1])
    assert len(cells) == 2 and not cells.in_order
    assert cells.of_rows(codes, np.zeros(3, np.float32)).tolist() == [0, 1, 1]


def test_what_is_told_gives_shares_of_codes_and_quantiles_of_ranks():
    cells = Cells.of(RANKED)
    inside = (cells.edges[:-1] >= 0.875) & (cells.edges[1:] <= 0.9375)
    shares = np.concatenate([[0.25], 0.75 * np.where(inside, np.diff(cells.edges), 0) / 0.0625])[None]
    told = Told(np.array([3]), cells, shares)
    assert told.codes(0) == pytest.approx([0.25, 0, 0, 0, 0.75])
    assert told.ranks(0, 4, 5) == pytest.approx([0.8756, 0.890625, 0.90625, 0.921875, 0.9369], abs=1e-3)


def encoded(shift, rows=6_000, rare=30, seed=0):
    """A label, 1 in some rows, and a number whose ranks are the last ones there, or any."""
    rng = np.random.default_rng(seed)
    label = (np.arange(rows) < rare).astype(np.int32)
    number = rng.normal(size=rows) + shift * label
    ranks = ((np.argsort(np.argsort(number)) + 0.5) / rows).astype(np.float32)
    codes = np.stack([label, (ranks * 4).astype(np.int32)], axis=1)
    share = rare / rows
    layout = Layout((Block("label", (1 - share, share), False), Block("number", (0.25,) * 4, True, bins=4)))
    return EncodedTable(codes, ranks[:, None]), layout


def found(table, layout):
    slots = Slots.of(layout.columns)
    return find_told(table, layout, slots, RareCodes.of(table, slots, layout.at_least))


def test_a_rare_code_tells_where_the_ranks_of_its_rows_lie():
    table, layout = encoded(5)
    told = found(table, layout)[1]
    real = table.ranks[:30, 0]
    assert told.which.tolist() == [0]
    assert told.codes(0)[3] > 0.97
    assert np.median(told.ranks(0, 3, 17)) == pytest.approx(np.median(real), abs=1e-3)


def test_chance_tells_nothing():
    assert [found(*encoded(0, seed=seed)) for seed in range(40)] == [{}] * 40


def test_the_rarest_code_of_a_row_is_that_row_s():
    slots = Slots((2, 3), 0)
    rare = RareCodes(np.array([4, 1]), np.array([0.01, 0.02]))
    codes = np.array([[0, 0], [1, 0], [1, 2], [0, 2], [0, 1]])
    assert rare.of_rows(codes, slots).tolist() == [-1, 1, 0, 0, -1]
    assert rare.of_conditions(np.array([0, 1, 2, 3, 4])).tolist() == [-1, 1, -1, -1, 0]


@pytest.mark.parametrize(("rows", "encoding"), [(15, "rank"), (40, "rank"), (40, "mixture")])
def test_what_goes_with_a_rare_class_takes_no_long_training(rows, encoding, tmp_path):
    rng = np.random.default_rng(rows)
    fraud = np.arange(6_000) < rows
    real = pd.DataFrame(
        {
            "amount": rng.normal(size=6_000) + 5 * fraud,
            "country": np.where(rng.random(6_000) < 0.9 * fraud, "XX", rng.choice(["DE", "FR", "IT"], 6_000)),
            "hours": rng.gamma(2, 1, 6_000),
            "city": [f"city {i}" for i in np.minimum(rng.zipf(1.3, 6_000), 300)],
            "label": np.where(fraud, "fraud", "ok"),
        }
    )
    small = {"embedding_dim": 16, "generator_dim": (32,), "discriminator_dim": (32,)}
    model = CTGAN(progress=False, epochs=3, numeric_encoding=encoding, **small).fit(real, seed=1)
    made = model.sample(40_000, seed=2)
    own = made.label == "fraud"
    seen = real.amount[fraud].clip(made.amount.min(), made.amount.max())
    assert own.mean() == pytest.approx(rows / 6_000, rel=0.33)
    assert abs(made.amount[own].mean() - seen.mean()) < 0.5 * real.amount[fraud].std()
    assert (made.country[own] == "XX").mean() == pytest.approx((real.country[fraud] == "XX").mean(), abs=0.15)
    assert made.amount.mean() == pytest.approx(real.amount.mean(), abs=0.05)
    model.save(tmp_path / "model")
    assert CTGAN().load(tmp_path / "model").sample(2_000, seed=2).equals(model.sample(2_000, seed=2))
