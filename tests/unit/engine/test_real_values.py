import base64
import re
import tracemalloc
import zlib

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.real_values import RealValueFilter, avoid_real_values


def packed(bits):
    return base64.b85encode(zlib.compress(bits)).decode()


def test_tables_of_every_size_come_back():
    for values in (1, 40, 3_000):
        own = RealValueFilter.of((f"v{i}" for i in range(values)), seed=1)
        again = RealValueFilter.from_json(own.to_json())
        assert again == own
        check_loaded(again, RealValueFilter)


@pytest.mark.parametrize("bits", [bytes(64 << 20), bytes(10_000_000)])
def test_a_small_text_does_not_become_a_large_table(bits):
    text = packed(bits)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="larger than it can be"):
            RealValueFilter.from_json(text)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["", "!", packed(bytes(8))[:-3], base64.b85encode(b"abc").decode()])
def test_what_is_no_table(text):
    with pytest.raises((ValueError, zlib.error)):
        RealValueFilter.from_json(text)


def test_a_table_has_a_power_of_two_of_buckets():
    with pytest.raises(ValueError, match="no power of two"):
        check_loaded(RealValueFilter(bytes(24)), RealValueFilter)


def test_strings_are_changed_where_all_that_is_made_is_real():
    real = RealValueFilter.of([f"07-{i:03d}A" for i in range(1000)], seed=1)
    words = np.arange(500, dtype=np.uint64)
    made = avoid_real_values(lambda some, _: pa.array([f"07-{i:03d}A" for i in some.tolist()]), words, real).to_pylist()
    assert not real.contain(pa.array(made)).any()
    assert all(re.fullmatch(r"\d+-\d+[A-Z]+", v) for v in made)
    short = avoid_real_values(lambda some, _: pa.array([f"{i % 10}" for i in some.tolist()]), words, real, 1)
    assert set(short.to_pylist()) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


def test_no_zero_comes_to_lead_a_number():
    real = RealValueFilter.of([f"{i}" for i in range(100, 1000)], seed=1)
    words = np.arange(500, dtype=np.uint64)
    made = avoid_real_values(lambda some, _: pa.array([f"{100 + i}" for i in some.tolist()]), words, real).to_pylist()
    assert all(re.fullmatch(r"[1-9]\d*", v) for v in made) and not set(made) & {f"{i}" for i in range(100, 1000)}
