"""One seed fixes codec fits, initial weights, training order and sampling; and values that fit no type are errors."""

import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Constraint, ConstraintViolationError, Metadata, SchemaError
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.ctgan import training
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.table.encoder_fit import fit_encoder
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table_statistics import TableStatistics
from synthohive_spark.model_directory.table_files import write_table_model

SMALL = CTGANSettings(epochs=1, batch_size=100, embedding_dim=16, generator_dim=(32,), discriminator_dim=(32,))
COLUMNS = (Column("x", ColumnType("int")), Column("k", ColumnType("string")))


def rows(n=500):
    rng = np.random.default_rng(0)
    words = np.where(np.arange(n) < 3, "rare", np.array(["a", "b", "c"])[rng.integers(0, 3, n)])
    return pa.table({"x": pa.array(rng.integers(0, 10_000, n), pa.int32()), "k": pa.array(words)})


def encode(seed):
    table = rows()
    statistics = TableStatistics.of(table, COLUMNS)
    return fit_encoder(table, COLUMNS, statistics, FitRequest(COLUMNS, seed))


def started(seed):
    encoder, table = encode(1)
    nothing = EncodedTable(np.zeros((len(table), 0), np.int16), np.zeros((len(table), 0), np.float32))
    return training.CTGANTrainer(table, nothing, Layout(encoder.blocks), SMALL, seed)


def test_the_fit_of_codecs_follows_the_seed():
    one, again, other = encode(1)[1], encode(1)[1], encode(2)[1]
    assert np.array_equal(one.ranks, again.ranks) and np.array_equal(one.codes, again.codes)
    assert not np.array_equal(one.ranks, other.ranks)
    # The three rows of a rare value are drawn from the others', by the seed.
    assert len({tuple(encode(seed)[1].codes[:3, 1].tolist()) for seed in range(8)}) > 1


def test_initial_weights_follow_the_seed():
    one, again, other = (started(seed).generator.state_dict() for seed in (1, 1, 2))
    assert all(bool((one[name] == again[name]).all()) for name in one)
    assert any(not bool((one[name] == other[name]).all()) for name in one if name.endswith("weight"))


def test_the_order_of_training_follows_the_seed():
    def drawn(seed):
        state = started(seed)
        return np.concatenate([state.conditions.draw(state.numpy_rng, 100)[1] for _ in range(3)])

    assert np.array_equal(drawn(1), drawn(1)) and not np.array_equal(drawn(1), drawn(2))


def test_sampling_follows_the_seed():
    pdf = rows().to_pandas()
    model = CTGAN(epochs=1, batch_size=100, progress=False).fit(pdf, seed=1)
    first = model.sample(200, seed=3)
    pd.testing.assert_frame_equal(first, model.sample(200, seed=3))
    assert not first.equals(model.sample(200, seed=4))


def test_a_generated_value_that_does_not_fit_its_type_names_column_and_value():
    codec = NumericCodec(ColumnType("tinyint"), False, (), (300,), (), (), 0, 1, frequencies=(1.0,))
    encoder = TableEncoder((Column("level", ColumnType("tinyint")),), (codec,))
    table = EncodedTable(np.zeros((5, 0), np.int16), np.zeros((5, 0), np.float32))
    message = r"column 'level': a generated value cannot be cast to tinyint: .*300"
    with pytest.raises(ConstraintViolationError, match=message):
        encoder.decode(table, np.zeros((5, 0), np.uint64))


def test_a_generated_value_that_does_not_fit_its_dtype_names_column_and_value(tmp_path):
    pdf = pd.DataFrame({"n": np.arange(300, dtype=np.int16) % 30, "k": ["a", "b", "c"] * 100})
    model = CTGAN(epochs=1, batch_size=100, progress=False).fit(pdf, seed=1)
    # A model directory that was written for another frame.
    write_table_model(tmp_path / "model", model.model, {"pandas": {"dtypes": {"n": "int16", "k": "int64"}}})
    model.load(tmp_path / "model")
    message = "column 'k': a generated value cannot be cast back to int64: .*'[abc]'"
    with pytest.raises(ConstraintViolationError, match=message):
        model.sample(5, seed=1)


def test_ctgan_on_pandas_says_what_it_does_not_do():
    pdf = pd.DataFrame({"a": range(50), "b": range(50), "mail": ["x"] * 50})
    for metadata, message in (
        (Metadata().add_table("t", pk=["a", "b"]), "a table on pandas has a primary key of one column, not"),
        (Metadata().add_table("t", pii={"mail": "fake"}), "a table on pandas only drops personal columns"),
        (
            Metadata().add_table("t", exclude=["mial"]),
            "column 'mial' is declared but not in the table .exclude.; did you mean 'mail'",
        ),
    ):
        with pytest.raises(SchemaError, match=message):
            CTGAN(metadata, progress=False).fit(pdf, table_name="t", seed=1)
    dropped = Metadata().add_table("t", pk="a", pii={"mail": "drop"}, constraints={"b": Constraint(min=0)})
    model = CTGAN(dropped, epochs=1, progress=False).fit(pdf, table_name="t", seed=1)
    assert list(model.sample(5, seed=1).columns) == ["b"]
    assert model.sample(5, seed=1, keys=True).to_dict("list")["a"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("keys", "made"),
    [
        ([f"c{i}" for i in range(50)], ["0", "1", "2"]),
        ([uuid.UUID(int=i) for i in range(50)], ["0", "1", "2"]),
        ([Decimal(i) for i in range(50)], [Decimal(0), Decimal(1), Decimal(2)]),
    ],
    ids=["text", "uuid", "decimal"],
)
def test_keys_are_made_on_request_in_the_type_of_the_real_ones(keys, made, tmp_path):
    pdf = pd.DataFrame({"age": range(50), "id": keys})
    model = CTGAN(Metadata().add_table("t", pk="id"), epochs=1, progress=False).fit(pdf, "t", seed=1)
    model.save(str(tmp_path / "m"))
    for own in (model, CTGAN().load(str(tmp_path / "m"))):
        assert list(own.sample(3, seed=1).columns) == ["age"]
        assert own.sample(3, seed=1, keys=True)["id"].tolist() == made


def test_a_key_that_cannot_number_the_rows_is_refused_only_where_it_is_asked_for():
    pdf = pd.DataFrame({"age": range(50), "id": pd.Series(range(50), dtype="int8")})
    model = CTGAN(Metadata().add_table("t", pk="id"), epochs=1, progress=False).fit(pdf, "t", seed=1)
    assert len(model.sample(200, seed=1)) == 200
    with pytest.raises(SchemaError, match="the key 'id' of type tinyint cannot number 200 rows"):
        model.sample(200, seed=1, keys=True)
