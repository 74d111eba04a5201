"""Numbers on grids, numbers that are names, and large ones."""

import json

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.numeric_fit import fit_numeric
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.table_statistics import ColumnStatistics

ROWS = 3000


def rng(seed=0):
    return np.random.default_rng(seed)


def codec_of(values, type_="double", name="x", **more):
    array = pa.array(values, ColumnType.parse(type_).arrow, from_pandas=True)
    column = Column(name, ColumnType.parse(type_))
    codec = fit_numeric(ColumnSample(column, array, ColumnStatistics(array.null_count), Privacy(), **more))
    codec = NumericCodec.from_json(json.loads(json.dumps(codec.to_json())))
    check_loaded(codec.with_codes(codec.encode(array, row_words(0, np.arange(len(array)), 1))[0]))
    return codec, array


def any_values(codec, rows=ROWS):
    """Values of codes and ranks drawn by their shares."""
    codes = rng(7).choice(codec.size, rows, p=np.array(codec.frequencies or np.ones(codec.size) / codec.size))
    ranks = ((codes - (codec.size - codec.bins)) + rng(8).random(rows)) / max(codec.bins, 1)
    return codec.decode(codes, np.clip(ranks, 0, 1).astype(np.float32), row_words(0, np.arange(rows), 1)).to_pylist()


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        (rng(1).integers(0, 4000, ROWS) / 2, 0.5),
        (np.where(rng(1).random(ROWS) < 0.1, np.nan, rng(2).integers(0, 5000, ROWS) * 10.0), 10),
        (rng(1).integers(0, 4000, ROWS) * 0.25 + 0.1, 0.25),
        (np.round(rng(1).integers(0, 4000, ROWS) * 0.05, 2), 0.05),
    ],
)
def test_floats_on_a_grid_come_out_on_it(values, apart):
    codec, _ = codec_of(values)
    made = np.array([v for v in any_values(codec) if v is not None])
    off = (made - np.nanmin(values)) / apart
    assert np.abs(off - np.round(off)).max() < 1e-6
    assert len(set(made)) > ROWS / 4


def test_zip_codes_that_come_out_are_there():
    known = rng(1).choice(np.arange(10_000, 99_999), 300, replace=False)
    values = rng(2).choice(known, ROWS)
    codec, array = codec_of(values, "int", "zip_code")
    assert codec.bins == 0
    assert set(any_values(codec)) <= set(known.tolist())
    codes, ranks = codec.encode(array, row_words(0, np.arange(ROWS), 1))
    same = codec.decode(codes, ranks, row_words(0, np.arange(ROWS), 1)).to_pylist()
    assert np.mean([a == b for a, b in zip(same, values.tolist(), strict=True)]) > 0.97


@pytest.mark.parametrize(("name", "rare", "named"), [("zip", 0.3, True), ("zip", 0.6, False), ("x", 0.07, True)])
def test_rare_ones_of_names_are_left_out(name, rare, named):
    known = rng(1).choice(np.arange(10_000, 99_999), 700, replace=False)
    few = int(rare * ROWS) // 3
    values = np.concatenate([known[40 : 40 + few].repeat(3), rng(3).choice(known[:40], ROWS - 3 * few)])
    codec, _ = codec_of(values, "int", name)
    assert (codec.bins == 0) is named
    if named:
        assert set(any_values(codec)) <= set(known[:40].tolist())


@pytest.mark.parametrize("name", ["customer_id", "userId", "account_no"])
def test_what_is_called_a_key_is_not_taken_for_names(name):
    values = rng(2).choice(rng(1).choice(10**8, 100, replace=False), ROWS)
    assert codec_of(values, "bigint", name)[0].bins > 0
    assert codec_of(values, "bigint", "x")[0].bins == 0
    assert codec_of(values, "bigint", name, named=True)[0].bins == 0


def test_numbers_that_fill_their_range_are_no_names():
    assert codec_of(rng(1).integers(0, 90, ROWS), "int")[0].bins > 0


def test_the_ends_and_the_middle_of_64_bits_stay_apart():
    least, most = -(2**63), 2**63 - 1
    values = rng(1).choice([least, 0, most], ROWS)
    codec, array = codec_of(values, "bigint")
    codes, ranks = codec.encode(array, row_words(0, np.arange(ROWS), 1))
    assert codec.decode(codes, ranks, row_words(0, np.arange(ROWS), 1)).to_pylist() == values.tolist()
    other = codec.encode(pa.array([least + 5, -3, 4, most - 5]), row_words(0, np.arange(4), 1))
    assert codec.decode(*other, row_words(0, np.arange(4), 1)).to_pylist() == [least, 0, 0, most]
