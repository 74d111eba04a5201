import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.codecs.interface import UNLIMITED
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.string_formats import LARGEST, Format, iban_remainder, luhn_digit
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.permutation import permuted
from synthohive_spark.engine.real_values import RealValueFilter

DIGITS = tuple("0123456789")
STRING = ColumnType("string")
ROWS = 100_000


def of_digits(prefix, n, finish=""):
    return Format(((prefix,), *(DIGITS,) * n), 1, finish)


def made(codec, numbers, nulls=None):
    numbers = np.asarray(numbers, np.uint64)
    codes = np.zeros(len(numbers), np.int32) if nulls is None else np.asarray(nulls, np.int32)
    return codec.decode(codes, np.full(len(numbers), 0.5, np.float32), numbers[:, None])


SEEN = RealValueFilter.of([f"A{i:06d}" for i in range(0, 10**6, 2)], 3)
CASES = {
    "roomy": ((of_digits("A", 9),), (1.0,), 1),
    "used up": ((of_digits("A", 4),), (1.0,), 1),
    "one string": ((Format((("A",),), 1),), (1.0,), 1),
    "several": ((of_digits("A", 6), of_digits("BC", 4), of_digits("D", 2)), (0.6, 0.3, 0.1), 1),
    "several, used up": ((of_digits("A", 3), of_digits("BC", 1), of_digits("D", 2)), (0.2, 0.5, 0.3), 1),
    "another length": ((of_digits("A", 3), of_digits("A", 4), of_digits("A", 6)), (0.2, 0.5, 0.3), 4),
    "many": (tuple(of_digits(chr(65 + i), 3) for i in range(26)), tuple(1.0 + i for i in range(26)), 1),
    "huge": ((of_digits("A", 30),), (1.0,), 1),
}


@pytest.mark.parametrize("real_values", [None, SEEN], ids=["all", "seen"])
@pytest.mark.parametrize("case", CASES)
def test_unique_and_none_of_the_seen(case, real_values):
    formats, shares, width = CASES[case]
    codec = SurrogateCodec(STRING, formats, shares, key=9, round_width=width, real_values=real_values)
    values = made(codec, np.arange(ROWS))
    assert values.null_count == 0
    assert len(values.unique()) == ROWS
    if real_values is not None:
        assert not real_values.contain(values).any()
        assert not any(
            v[0] == "A" and len(v) == 7 and int(v[1:]) % 2 == 0 for v in values.to_pylist() if v[1:].isdigit()
        )
    places = np.array([0, 5, 999, 1000, 77_777, ROWS - 1])
    assert made(codec, places).equals(values.take(pa.array(places)))
    again = SurrogateCodec.from_json(codec.to_json())
    check_loaded(again)
    assert again.to_json() == codec.to_json()
    assert made(again, np.arange(2000)).equals(values.slice(0, 2000))


def test_half_of_the_space_seen():
    real = {f"K{i:03d}" for i in range(0, 1000, 2)}
    codec = SurrogateCodec(STRING, (of_digits("K", 3),), key=4, real_values=RealValueFilter.of(real, 1))
    values = made(codec, np.arange(20_000)).to_pylist()
    assert len(set(values)) == 20_000 and not real & set(values)


def test_all_of_the_space_seen():
    real = {f"K{i:03d}" for i in range(1000)}
    values = made(
        SurrogateCodec(STRING, (of_digits("K", 3),), real_values=RealValueFilter.of(real, 1)), np.arange(5000)
    ).to_pylist()
    assert len(set(values)) == 5000 and not real & set(values)
    drawn = SurrogateCodec(STRING, (of_digits("K", 3),), real_values=RealValueFilter.of(real, 1), unique=False)
    assert set(made(drawn, np.arange(50))).isdisjoint(real)


@pytest.mark.parametrize("length, expected", [(0, UNLIMITED), (4, 1000), (5, 8000), (6, 98_000), (30, UNLIMITED)])
def test_capacity_of_a_bounded_string(length, expected):
    type_ = ColumnType("varchar", length=length) if length else STRING
    codec = SurrogateCodec(type_, (of_digits("K", 3),), key=2)
    assert codec.capacity == expected
    n = min(codec.capacity, ROWS)
    values = made(codec, np.arange(n)).to_pylist()
    assert len(set(values)) == n
    assert not length or max(map(len, values)) <= length
    last = made(codec, [codec.capacity - 1])[0].as_py()
    assert not length or len(last) <= length


@pytest.mark.parametrize("length", [7, 8, 9, 12])
def test_capacity_of_several_families_with_seen(length):
    formats = (of_digits("A", 6), of_digits("BC", 4))
    real = RealValueFilter.of([f"A{i:06d}" for i in range(0, 10**6, 5)], 3)
    codec = SurrogateCodec(ColumnType("varchar", length=length), formats, (0.9, 0.1), key=2, real_values=real)
    n = min(codec.capacity, ROWS)
    assert n > 1000
    values = made(codec, np.arange(n)).to_pylist()
    assert len(set(values)) == n and max(map(len, values)) <= length
    assert not real.contain(pa.array(values)).any()


@pytest.mark.parametrize("name, digits", [("int", 9), ("bigint", 18), ("smallint", 4), ("tinyint", 2)])
@pytest.mark.parametrize("real_values", [False, True])
def test_integers(name, digits, real_values):
    formats = (Format((DIGITS[1:], *(DIGITS,) * (digits - 1)), 1),)
    real = RealValueFilter.of([str(10 ** (digits - 1) + i) for i in range(0, 80, 2)], 3) if real_values else None
    codec = SurrogateCodec(ColumnType(name), formats, real_values=real, key=1)
    n = min(codec.capacity, ROWS)
    values = made(codec, np.arange(n))
    assert values.type == ColumnType(name).arrow and len(values.unique()) == n
    assert real is None or not real.contain(values.cast(pa.string())).any()


def test_integers_of_which_all_are_real():
    real = RealValueFilter.of([str(i) for i in range(10, 100)], 3)
    codec = SurrogateCodec(ColumnType("tinyint"), (Format((DIGITS[1:], DIGITS), 1),), real_values=real, unique=False)
    assert set(made(codec, np.arange(500)).to_pylist()).isdisjoint(range(10, 100))


def test_drawn_values_follow_the_shares_and_avoid_the_seen():
    real = RealValueFilter.of([f"A{i:02d}" for i in range(50)], 3)
    codec = SurrogateCodec(STRING, (of_digits("A", 2), of_digits("B", 4)), (0.7, 0.3), unique=False, real_values=real)
    words = np.random.default_rng(1).integers(0, 2**64, 50_000, np.uint64)
    values = made(codec, words).to_pylist()
    assert not codec.unique
    assert not {f"A{i:02d}" for i in range(50)} & set(values)
    assert 0.5 < sum(v[0] == "A" for v in values) / len(values) < 0.75


def test_nulls():
    codec = SurrogateCodec(STRING, (of_digits("A", 4),)).with_nulls(1, 4)
    assert codec.frequencies == (0.25, 0.75)
    codes, _ = codec.encode(pa.array(["x", None, "y"]), np.zeros((3, 0), np.uint64))
    assert codes.tolist() == [1, 0, 1]
    values = made(SurrogateCodec.from_json(codec.to_json()), [0, 1, 2], nulls=codes)
    assert [v is None for v in values.to_pylist()] == [False, True, False]
    assert codec.with_nulls(0, 4) is codec
    assert len(made(codec, [])) == 0


def test_finishes():
    cards = made(SurrogateCodec(STRING, (of_digits("4000", 11, "luhn"),)), np.arange(2000)).to_pylist()
    assert all(len(c) == 16 and luhn_digit(c[:-1]) == c[-1] for c in cards)
    ibans = made(SurrogateCodec(STRING, (of_digits("DE", 18, "iban"),)), np.arange(2000)).to_pylist()
    assert all(len(i) == 22 and iban_remainder(i) == 1 for i in ibans)
    assert len(set(cards)) == len(set(ibans)) == 2000


def test_a_family_above_the_largest_number_varies_at_every_place():
    format_ = of_digits("", 30)
    assert format_.size == LARGEST
    values = made(SurrogateCodec(STRING, (format_,), key=5), np.arange(20_000)).to_pylist()
    for column in zip(*values, strict=True):
        counts = np.unique(column, return_counts=True)[1]
        assert len(counts) == 10 and counts.min() > 1600
    # The place where the numbers run out tells a part of them: still one to one.
    odd = Format((("a", "b", "c"), ("x", "y", "z"), *(tuple("0123456789abcdef"),) * 15), 0)
    numbers = np.arange(0, LARGEST, LARGEST // 50_000, dtype=np.uint64)
    assert len(set(odd.strings(numbers, np.zeros(len(numbers), np.uint64)).to_pylist())) == len(numbers)
    low = np.uint64(16**15) * np.arange(4, dtype=np.uint64)
    assert len(set(odd.strings(low[low < LARGEST], np.zeros((low < LARGEST).sum(), np.uint64)).to_pylist())) == 4


@pytest.mark.parametrize("size", [1, 2, 3, 10, 1000, 65_536, 65_537])
@pytest.mark.parametrize("key", [0, 12345678901234567890])
def test_permuted_is_a_permutation(size, key):
    out = permuted(np.arange(size, dtype=np.uint64), size, key)
    assert sorted(out.tolist()) == list(range(size))
    half = permuted(np.arange(size // 2, dtype=np.uint64), size, key)
    assert half.tolist() == out[: size // 2].tolist()


@pytest.mark.parametrize("name", ["tinyint", "int", "bigint", "double"])
@pytest.mark.parametrize("first, step", [(0, 1), (7, 2)])
def test_sequences_of_numbers(name, first, step):
    codec = SequenceCodec.from_json(SequenceCodec(ColumnType(name), first, step).to_json())
    n = min(codec.capacity, 10_000)
    values = made(codec, np.arange(n)).to_pylist()
    assert values == [first + i * step for i in range(n)]
    assert made(codec, [codec.capacity - 1])[0].as_py() >= values[-1]


@pytest.mark.parametrize(
    "text", ["decimal(5,0)", "decimal(20,2)", "date", "timestamp", "timestamp_ntz", "string", "varchar(4)"]
)
def test_sequences_of_other_types(text):
    codec = SequenceCodec(ColumnType.parse(text), 5, 60)
    n = min(codec.capacity, 1000)
    values = made(codec, np.arange(n))
    assert values.type == codec.type.arrow and len(values.unique()) == n
    assert made(codec, [codec.capacity - 1])[0].as_py() is not None


def test_text_counts_as_far_as_its_length_lets_it():
    codec = SequenceCodec(ColumnType.parse("varchar(4)"))
    assert codec.capacity == 10_000 and made(codec, [0, 9_999]).to_pylist() == ["0", "9999"]
