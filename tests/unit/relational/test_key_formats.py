import itertools
import re
import uuid

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.key_formats import key_formats

RNG = np.random.default_rng(5)


def made(values, n, at_least=5, start=0):
    formats, shares, width = key_formats(values, at_least)
    codec = SurrogateCodec(ColumnType("string"), formats, shares, round_width=width)
    codec = SurrogateCodec.from_json(codec.to_json())
    words = np.arange(start, start + n, dtype=np.uint64)[:, None]
    return codec.decode(np.zeros(n, np.int32), np.zeros(n, np.float32), words).to_pylist()


def test_prefix_stays_and_digits_vary():
    values = [f"CUST-{i:06d}" for i in range(3000)]
    strings = made(values, 5000)
    assert all(re.fullmatch(r"CUST-\d{6}", s) for s in strings)
    assert len(set(strings)) == 5000
    assert {s[5] for s in strings} == set("0123456789")


def test_no_leading_zero_where_there_is_none():
    values = [str(i) for i in range(10_000, 13_000)]
    assert all(re.fullmatch(r"[1-9]\d{4}", s) for s in made(values, 3000))


def test_round_goes_on_in_front_of_the_digits():
    values = [f"C{i:03d}" for i in range(1000)]
    strings = made(values, 20_000)
    assert len(set(strings)) == 20_000
    assert all(re.fullmatch(r"C\d{3,5}", s) for s in strings)


def test_families_of_several_forms_are_disjoint_with_rounds():
    digits = RNG.integers(0, 10, (3000, 5))
    values = ["N" + "".join(map(str, d)) for d in digits[:1500]]
    values += ["N" + "".join(map(str, d[:3])) + "UA" for d in digits[1500:2200]]
    values += ["N" + "".join(map(str, d[:3])) + "ZQ" for d in digits[2200:]]
    formats, shares, _ = key_formats(values, 5)
    assert len(formats) == 2 and sum(shares) == pytest.approx(1)
    assert formats[0].size >= formats[1].size
    strings = made(values, 300_000)
    assert len(set(strings)) == 300_000
    assert all(s[0] == "N" for s in strings)
    assert {s[-1] for s in strings if s[-1].isalpha()} <= set("NUAZQ")


def test_families_of_several_lengths_are_disjoint_with_rounds():
    values = [f"A{i}" for i in range(100)] + [f"B{i:02d}-{i % 7}{i % 3}" for i in range(100)]
    strings = made(values, 50_000)
    assert len(set(strings)) == 50_000


@pytest.mark.parametrize("upper", [False, True])
def test_uuids_look_random_all_over(upper):
    values = [str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(500)]
    values = [v.upper() for v in values] if upper else values
    strings = made(values, 100_000)
    assert len(set(strings)) == 100_000
    assert all(uuid.UUID(s).version == 4 and uuid.UUID(s).variant == uuid.RFC_4122 for s in strings[:2000])
    assert all(s == (s.upper() if upper else s.lower()) for s in strings[:2000])
    for place in (0, 1, 2, 7, 9, 15, 20, 24, 35):
        counts = np.unique([s[place] for s in strings], return_counts=True)[1]
        assert len(counts) == 16 and counts.min() > 5500
    # Neither half may repeat: both look like numbers of their own.
    assert len({s[:18] for s in strings}) > 99_990 and len({s[19:] for s in strings}) > 99_990


def test_hex_stays_hex():
    values = [RNG.bytes(16).hex() for _ in range(500)]
    formats, _, _ = key_formats(values, 5)
    assert len(formats) == 1
    assert all(re.fullmatch(r"[0-9a-f]{32}", s) for s in made(values, 2000))


def test_rare_families_are_dropped():
    values = [f"K{i:04d}" for i in range(500)] + ["secret-one", "SECRET/2"]
    formats, _, _ = key_formats(values, 5)
    assert len(formats) == 1
    assert not any("ecret" in word.lower() for f in formats for pool in f.pools for word in pool)


def test_where_no_family_is_left_no_value_is_kept():
    values = ["Alpha-1", "Bee/22", "C_333"]
    formats, shares, width = key_formats(values, 5)
    assert len(formats) == 1 and shares == (1.0,) and width == 1
    assert all(len(pool) > 1 for pool in formats[0].pools)
    assert len(set(made(values, 20_000))) == 20_000


@pytest.mark.parametrize("values", [[], [""], ["x"], ["-", "--"], ["ß", "ü"], ["😀1", "😀2"]])
def test_odd_samples_still_give_keys(values):
    for at_least in (0, 1, 5):
        strings = made(values, 2000, at_least)
        assert len(set(strings)) == 2000


def test_constants_are_shared_by_enough_values():
    values = [f"{''.join(w)}{i}" for i in range(2) for w in itertools.product("xyz", repeat=2)]
    for formats in (key_formats(values, 5)[0], key_formats(values, 1)[0]):
        for value in values:
            assert not any("".join(pool[0] for pool in f.pools) == value and f.size == 1 for f in formats)


def test_a_letter_that_few_values_hold_is_not_kept():
    values = [f"{'AB'[i % 2]}{i:03d}" for i in range(200)] + ["Q999", "Q998"]
    formats, _, _ = key_formats(values, 5)
    assert formats[0].pools[0] == ("A", "B")


def test_arrow_type():
    assert isinstance(pa.array(made([f"K{i}" for i in range(10, 99)], 10)), pa.StringArray)
