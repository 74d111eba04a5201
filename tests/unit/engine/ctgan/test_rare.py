import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.conditions import SamplingConditions
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable

SLOTS = Slots((3, 4), 0)
ROWS = 10_000


@pytest.fixture(scope="module")
def table():
    """10,000 rows: code 2 of the first column in 50, 20 of which hold code 3 of the second, as 60 others do."""
    codes = np.zeros((ROWS, 2), np.int32)
    codes[:50, 0], codes[:20, 1], codes[100:160, 1] = 2, 3, 3
    codes[5000:, 0], codes[6000:6004, 1] = 1, 2
    return EncodedTable(codes, np.zeros((ROWS, 0), np.float32))


@pytest.fixture(scope="module")
def rare(table):
    return RareCodes.of(table, SLOTS, at_least=5)


def test_the_rarest_code_of_a_row_stands_for_it_and_too_few_rows_for_none(rare):
    assert rare.places.tolist() == [2, 6]
    assert rare.shares.tolist() == [50 / ROWS, 60 / ROWS]


def test_as_many_codes_are_rare_as_a_tenth_of_the_rows_holds():
    codes = (np.arange(ROWS) % 200).astype(np.int32)[:, None]
    made = RareCodes.of(EncodedTable(codes, np.zeros((ROWS, 0), np.float32)), Slots((200,), 0), at_least=5)
    assert len(made.places) == 20 and made.shares.sum() == pytest.approx(0.1)


def test_exceptions_come_before_the_codes_of_a_column_of_many_names():
    codes = np.stack([np.arange(ROWS) % 200, np.arange(ROWS) < 80], axis=1).astype(np.int32)
    made = RareCodes.of(EncodedTable(codes, np.zeros((ROWS, 0), np.float32)), Slots((200, 2), 0), at_least=5)
    assert made.places[0] == 201 and made.shares[0] == 80 / ROWS
    assert len(made.places) > 1 and made.shares.sum() <= 0.1


def test_conditions_are_rare_as_often_as_rows_are_and_else_common(rare):
    blocks = (Block("a", (0.5, 0.495, 0.005), False), Block("b", (0.99, 0.0, 0.002, 0.008), False))
    uniforms = (np.arange(ROWS) + 0.5) / ROWS
    counts = np.bincount(SamplingConditions.of(blocks, SLOTS, rare).draw(uniforms), minlength=7)
    assert counts[2] == 50 and counts[6] == 60
    assert counts[:2].sum() == pytest.approx((ROWS - 110) / 2, abs=1) and counts[4] == 0


def test_a_rare_code_comes_under_its_own_condition_and_with_rarer_ones_alone(rare):
    logits = np.zeros((4, 3), np.float32)
    made = rare.rule_out(logits, 1, SLOTS, np.array([2, 6, 0]))
    assert np.isfinite(made[:, 0]).all()  # the rarer one of the other column
    assert np.isfinite(made[:, 1]).tolist() == [False, False, False, True]
    assert np.isfinite(made[:, 2]).tolist() == [True, True, True, False]
    first = rare.rule_out(np.zeros((3, 3), np.float32), 0, SLOTS, np.array([2, 6, 0]))
    assert np.isfinite(first).T.tolist() == [[False, False, True], [True, True, False], [True, True, False]]


def test_what_is_known_to_be_ruled_out_is_not_forced(rare):
    logits = np.zeros((4, 1), np.float32)
    logits[3] = -np.inf
    assert rare.rule_out(logits, 1, SLOTS, np.array([6]))[:, 0].tolist() == [0, 0, 0, -np.inf]


def test_what_goes_with_a_rare_class_is_learned():
    rng = np.random.default_rng(0)
    fraud = np.zeros(4000, bool)
    fraud[rng.choice(4000, 30, replace=False)] = True
    df = pd.DataFrame(
        {
            "amount": rng.normal(size=4000) + 5 * fraud,
            "kind": rng.choice(list("abc"), 4000),
            "label": np.where(fraud, "fraud", "ok"),
        }
    )
    small = {"embedding_dim": 16, "generator_dim": (64, 64), "discriminator_dim": (64, 64), "learning_rate": 1e-3}
    drawn = CTGAN(progress=False, epochs=100, **small).fit(df, seed=1).sample(30_000, seed=2)
    made = drawn.label == "fraud"
    assert made.mean() == pytest.approx(30 / 4000, rel=0.2)
    assert drawn.amount[made].mean() - drawn.amount[~made].mean() > 3.8


@pytest.mark.parametrize(
    ("places", "shares"), [([7], [0.1]), ([-1], [0.1]), ([2, 2], [0.1, 0.1]), ([2], [0.9]), ([2], [-0.1]), ([2], [])]
)
def test_rare_codes_that_are_none_are_refused(places, shares):
    with pytest.raises(ValueError, match="rare codes"):
        RareCodes(np.array(places), np.array(shares)).check(SLOTS)


def test_a_rare_null_comes_as_often_where_it_may_only_stand_in_rows_of_other_nulls():
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({name: rng.gamma(2, 50, 6000).round(1) for name in ("assets", "debt", "home", "income")})
    for name, nulls in (("assets", 90), ("debt", 30), ("home", 10)):
        rows.loc[: nulls - 1, name] = np.nan
    model = CTGAN(epochs=1, progress=False).fit(rows, seed=1)
    assert "home is null only where debt is in all 6,000 rows" in model.dependencies
    made = model.sample(40_000, seed=2)
    for name in ("assets", "debt", "home"):
        assert made[name].isna().mean() == pytest.approx(rows[name].isna().mean(), rel=0.3), name
    assert made["assets"][made["debt"].isna()].isna().all() and made["debt"][made["home"].isna()].isna().all()
