"""Entities that drawn rows are about, for an engine that takes no conditions."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.sampling import CTGANSampler
from synthohive_spark.engine.dependencies.entities import Entity
from synthohive_spark.engine.encoded_table import EncodedTable, Known
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.entity_pool import EntityPool, drawn_entities, entity_columns, outer_entities

ROWS = 3000
BLOCKS = (Block("id", (0.25,) * 4, True, bins=4), Block("sex", (0.5, 0.5), False), Block("age", (0.5, 0.5), True))


def encoded(id_rank, sex, age_rank):
    codes = np.stack([np.zeros(len(sex), int), sex, np.zeros(len(sex), int)], axis=1)
    return EncodedTable(codes, np.stack([id_rank, age_rank], axis=1).astype(np.float32))


def pool_of(rows, tickets=None):
    names = pa.table({"id": pa.array(range(len(rows)))})
    known = Known(rows, np.ones(rows.codes.shape, bool), np.zeros(3, bool))
    tickets = np.arange(len(rows)) if tickets is None else tickets
    return EntityPool("id", 0, names, known, tickets, BLOCKS, {0: True, 1: False, 2: False})


def test_a_row_is_about_one_of_the_entities_most_like_it_and_each_as_often():
    sex = np.arange(400) % 2
    pool = pool_of(encoded(np.full(400, 0.5), sex, np.full(400, 0.5)))
    rows = encoded(np.full(8000, 0.5), np.repeat([0, 1], [6000, 2000]), np.full(8000, 0.5))
    chosen = pool.chosen(rows, row_words(1, np.arange(8000), 2))
    assert (sex[chosen] == rows.codes[:, 1]).all()
    counts = np.bincount(chosen, minlength=400)
    assert counts.min() > 0 and counts[sex == 0].max() < 60
    part = pool.chosen(rows.take(slice(900, 960)), row_words(1, np.arange(900, 960), 2))
    assert part.tolist() == chosen[900:960].tolist()


def test_what_an_entity_decides_counts_before_what_it_is_called():
    pool = pool_of(encoded(np.array([0.1, 0.9, 0.1]), np.array([0, 0, 1]), np.array([0.95, 0.5, 0.5])))
    row = encoded(np.array([0.1]), np.array([0]), np.array([0.5]))
    assert pool.chosen(row, row_words(0, np.arange(1), 2)).tolist() == [1]
    near = encoded(np.array([0.5]), np.array([1]), np.array([0.6]))
    assert pool.chosen(near, row_words(0, np.arange(1), 2)).tolist() == [2]


def test_an_entity_with_more_tickets_has_more_rows():
    same = encoded(np.full(2, 0.5), np.zeros(2, int), np.full(2, 0.5))
    pool = pool_of(same, np.repeat([0, 1], [90, 10]))
    chosen = pool.chosen(
        encoded(np.full(4000, 0.5), np.zeros(4000, int), np.full(4000, 0.5)), row_words(2, np.arange(4000), 2)
    )
    assert chosen.mean() == pytest.approx(0.1, abs=0.02)


def test_a_name_that_is_there_is_its_own_entity_and_another_always_the_same():
    pool = pool_of(encoded(np.full(3, 0.5), np.zeros(3, int), np.full(3, 0.5)))
    places = pool.named(pa.array([2, 77, 0, None, 77, None]), row_words(1, np.arange(6), 2))
    assert places[[0, 2]].tolist() == [2, 0]
    assert places[1] == places[4] and places[3] == places[5] and places.max() < 3


def test_as_many_entities_are_drawn_as_there_are():
    asked = []

    def rows(draw, inner):
        asked.append((len(draw), draw.only, inner))
        return pa.table({"id": draw.row_ids % 5000 // 2, "birth": draw.row_ids})

    entity = Entity("id", ("birth",), 2400)
    values, tickets = drawn_entities(entity, (entity,), 1, rows)
    assert values["id"].to_pylist() == list(range(2400)) and values["birth"].to_pylist() == list(range(0, 4800, 2))
    assert len(tickets) == 4800 and np.bincount(tickets).tolist() == [2] * 2400
    assert [own[0] for own in asked] == [2400, 2400] and asked[0][1:] == ({"id", "birth"}, ())
    few = Entity("id", ("birth",), 3000)
    assert drawn_entities(few, (few,), 1, rows)[0].num_rows == 2500


def test_entities_hold_those_that_they_decide():
    order, customer, item = (
        Entity("order", ("customer",), 9),
        Entity("customer", ("birth",), 5),
        Entity("item", ("p",), 3),
    )
    every = (order, customer, item)
    assert outer_entities(every) == (order, item) and outer_entities(every, order) == (customer,)
    assert entity_columns(order, every) == ("order", "customer", "birth")


@pytest.fixture(scope="module")
def learned():
    """Lines of orders of customers."""
    rng = np.random.default_rng(0)
    order = rng.integers(0, 1000, ROWS)
    customer = rng.integers(0, 300, 1000)[order]
    birth = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 300), "D")
    rows = pd.DataFrame(
        {
            "order": [f"O-{o * 7919 % 99991:05d}" for o in order],
            "customer": customer + 5000,
            "birth": birth[customer].date,
            "paid": rng.choice(["card", "cash", None], 1000, p=[0.5, 0.4, 0.1])[order],
            "amount": rng.gamma(2, 20, ROWS).round(2),
        }
    )
    return CTGAN(epochs=1, progress=False).fit(rows, seed=1)


def test_an_entity_of_an_entity_stays_so(learned):
    assert [own.column for own in learned.model.dependencies.entities] == ["order", "customer"]
    made = learned.sample(4000, seed=3)
    assert made.groupby("order")["customer"].nunique().max() == 1
    assert made.groupby("order")["paid"].nunique(dropna=False).max() == 1
    assert made.groupby("customer")["birth"].nunique().max() == 1
    assert 700 < made["order"].nunique() <= 1000 and 150 < made["customer"].nunique() <= 300


def test_given_entities_are_what_they_are_in_other_rows(learned):
    generator = learned.model.generator
    made = generator.sample(Draw(np.arange(1000), 5)).to_pandas()
    known = dict(zip(made["customer"], made["birth"], strict=True))
    asked = pa.table({"customer": pa.array([*made["customer"][:200], *[1, 2, 1, 2]], pa.int64())})
    given = generator.sample(Draw(np.arange(204), 5, conditions=asked)).to_pandas()
    assert given["customer"].tolist() == asked["customer"].to_pylist()
    assert given.groupby("customer")["birth"].nunique().max() == 1
    assert given["birth"][:200].tolist() == [known[c] for c in given["customer"][:200]]


def test_a_row_costs_one_draw(learned, monkeypatch):
    drawn = []
    sample = CTGANSampler.sample

    def counted(self, words, context, known=None, wanted=None):
        drawn.append(wanted)
        return sample(self, words, context, known, wanted)

    monkeypatch.setattr(CTGANSampler, "sample", counted)
    learned.sample(20_480, seed=4)
    assert drawn.count(None) == 20_480 // 512
    # The entities themselves, of which only what they decide is looked at.
    assert len(drawn) - drawn.count(None) <= 16 and all(len(own) <= 5 for own in drawn if own is not None)


def test_what_is_wanted_is_what_it_is_where_all_is(learned):
    sampler, words = (
        learned.model.fitted.sampler,
        row_words(1, np.arange(512), learned.model.fitted.sampler.noise_words),
    )
    nothing = EncodedTable(np.zeros((512, 0), np.int16), np.zeros((512, 0), np.float32))
    whole, ranked = sampler.sample(words, nothing), np.flatnonzero(sampler.ranked)
    for column in range(whole.codes.shape[1]):
        part = sampler.sample(words, nothing, wanted=frozenset([column]))
        assert (part.codes[:, column] == whole.codes[:, column]).mean() > 0.99
        if column in ranked:
            place = int(np.searchsorted(ranked, column))
            assert np.median(np.abs(part.ranks[:, place] - whole.ranks[:, place])) < 1e-3
