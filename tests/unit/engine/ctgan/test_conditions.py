import numpy as np

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.conditions import SamplingConditions, TrainingConditions
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable


def block(name, frequencies, ranked=False):
    return Block(name, tuple(frequencies), ranked)


BLOCKS = (
    block("a", (0.9, 0.1)),
    block("b", (0.2, 0.3, 0.5), True),
    block("c", (1.0,), True),
)


def table(rows=5000):
    rng = np.random.default_rng(0)
    codes = np.stack([rng.choice(b.codes, rows, p=b.frequencies) for b in BLOCKS], axis=1)
    return EncodedTable(codes.astype(np.int16), np.full((rows, 2), 0.5, np.float32))


def test_slots_put_one_hot_codes_first_then_ranks():
    slots = Slots.of(BLOCKS)
    assert slots.codes == (2, 3, 1) and slots.starts == (0, 2, 5)
    assert slots.one_hot == 6 and slots.width == 6 + 2


def test_every_condition_names_a_code_of_its_row_in_every_column():
    slots, rows = Slots.of(BLOCKS), table()
    conditions = TrainingConditions(rows, slots)
    places, chosen = conditions.draw(np.random.default_rng(1), 3000)
    columns = conditions.column_of(places)
    assert set(columns) == {0, 1, 2}
    for place, row, column in zip(places, chosen, columns, strict=True):
        assert rows.codes[row, column] == place - slots.starts[column]


def test_training_draws_by_log_frequency_and_sampling_by_frequency():
    slots, rows = Slots.of(BLOCKS), table()
    counts = np.bincount(rows.codes[:, 0])
    log_share = np.log1p(counts) / np.log1p(counts).sum()
    conditions = TrainingConditions(rows, slots)
    places, _ = conditions.draw(np.random.default_rng(1), 60_000)
    drawn = np.bincount(places, minlength=6)
    np.testing.assert_allclose(drawn[:2] / drawn[:2].sum(), log_share, atol=0.02)
    np.testing.assert_allclose(drawn[:2].sum() / drawn.sum(), 1 / 3, atol=0.02)
    uniforms = np.random.default_rng(2).random(60_000)
    drawn = np.bincount(SamplingConditions.of(BLOCKS, slots, RareCodes.none()).draw(uniforms), minlength=6)
    np.testing.assert_allclose(drawn / 20_000, [0.9, 0.1, 0.2, 0.3, 0.5, 1.0], atol=0.03)


def test_a_code_that_no_training_row_holds_is_never_a_condition():
    blocks = (block("a", (0.5, 0.2, 0.3)),)
    rows = EncodedTable(np.array([[0], [2]] * 50, np.int16), np.zeros((100, 0), np.float32))
    places, _ = TrainingConditions(rows, Slots.of(blocks)).draw(np.random.default_rng(0), 2000)
    assert set(places) == {0, 2}


def test_given_columns_take_the_place_of_conditions():
    slots = Slots.of(BLOCKS)
    assert slots.conditioned(Slots.of(())) is slots
    assert slots.conditioned(Slots.of(BLOCKS[:1])).one_hot == 0
