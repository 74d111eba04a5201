import datetime
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.arrow_numbers import BY_VALUE, from_numbers, to_numbers
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.table.encoder_fit import fit_encoder
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table.self_check import check_codec
from synthohive_spark.engine.table_statistics import TableStatistics
from synthohive_spark.errors import SchemaError

OPEN = Privacy(rare_category_rows=0, extreme_rows=0)


def round_trip(values, type_, privacy=OPEN, numeric_encoding="rank"):
    columns = (Column("c", ColumnType.parse(type_)),)
    table = pa.table({"c": pa.array(values, columns[0].type.arrow)})
    statistics = TableStatistics.of(table, columns)
    request = FitRequest(columns, seed=1, privacy=privacy, numeric_encoding=numeric_encoding)
    encoder, encoded = fit_encoder(table, columns, statistics, request)
    encoder = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    check_loaded(encoder)
    check_codec(columns[0], encoder.codecs[0])
    words = row_words(3, np.arange(len(values)), encoder.decode_words)
    return encoder.codecs[0], encoded, encoder.decode(encoded, words)["c"]


BOUNDS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
STRATEGIES = {
    **{name: st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in BOUNDS.items()},
    "float": st.floats(width=32),
    "double": st.floats(),
    "decimal(10,2)": st.decimals(-(10**7), 10**7, places=2),
    "decimal(38,3)": st.decimals(-(10**34), 10**34, places=3),
    "boolean": st.booleans(),
    "string": st.text(max_size=20),
    "varchar(5)": st.text(max_size=5),
    "date": st.dates(),
    "timestamp": st.datetimes(timezones=st.just(datetime.UTC)),
    "timestamp_ntz": st.datetimes(),
}


def test_two_values_further_apart_than_doubles_are_exact():
    codec, _, decoded = round_trip([8634297128294073.0, -372902126446920.0] * 30, "double")
    check_loaded(codec, type(codec), "codec")
    assert set(decoded.to_pylist()) == {8634297128294073.0, -372902126446920.0}


@pytest.mark.parametrize("type_", STRATEGIES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_decoding_what_was_encoded_keeps_type_nulls_and_range(type_, data):
    values = data.draw(st.lists(st.none() | STRATEGIES[type_], min_size=1, max_size=60))
    codec, _, decoded = round_trip(values, type_)
    assert decoded.type == ColumnType.parse(type_).arrow
    assert [v is None for v in decoded.to_pylist()] == [v is None for v in values]
    real = [v for v in values if v is not None and v == v]
    if codec.kind == "text":
        assert all(len(v) <= 5 for v in decoded.to_pylist() if v is not None and type_ == "varchar(5)")
    elif codec.kind in ("categorical", "boolean"):
        assert set(decoded.drop_null().to_pylist()) <= set(real)
    elif real:
        made = [v for v in decoded.to_pylist() if v is not None and v == v]
        assert all(min(real) <= v <= max(real) for v in made)


@pytest.mark.parametrize("type_", ["int", "double"])
def test_what_lies_beyond_a_range_keeps_its_share_at_the_end(type_):
    """Of a short column it is much: five rows of 80 at either end have the end's value, and the others keep theirs."""
    values = np.sort(np.random.default_rng(0).permutation(2000)[:80])
    codec, _, _ = round_trip(values.tolist(), type_, Privacy())
    codes = np.random.default_rng(1).choice(codec.size, 40_000, p=codec.frequencies)
    inside = np.random.default_rng(2).random(len(codes))
    made = np.sort(
        np.asarray(
            codec.decode(
                codes.astype(np.int32),
                ((codes + inside) / codec.bins).astype(np.float32),
                np.zeros((len(codes), 0), np.uint64),
            )
        )
    )
    assert (made[0], made[-1]) == (values[4], values[-5])
    for end in (made == values[4], made == values[-5]):
        assert abs(end.mean() - 4 / 79) < 0.01
    real = np.clip(values, values[4], values[-5])
    places = np.linspace(0.1, 0.9, 17)
    assert np.abs(np.quantile(made, places) - np.quantile(real, places)).max() < 100


def test_shared_values_are_spikes_and_come_back_exactly():
    values = [0] * 900 + list(range(100, 200))
    codec, encoded, decoded = round_trip(values, "int", Privacy())
    assert codec.spikes == (0,) and codec.bins == 8
    assert decoded.to_pylist()[:900] == [0] * 900
    assert min(decoded.to_pylist()[900:]) == 104 and max(decoded.to_pylist()[900:]) == 195


def test_ranks_of_what_remains_are_uniform():
    values = np.random.default_rng(0).lognormal(size=20_000)
    _, encoded, decoded = round_trip(values.tolist(), "double", Privacy())
    assert np.abs(np.sort(encoded.ranks[:, 0]) - np.linspace(0, 1, 20_000)).max() < 0.01
    assert np.corrcoef(np.log(values), np.log(decoded.to_numpy()))[0, 1] > 0.999


def test_numbers_keep_their_scale():
    rng = np.random.default_rng(0)
    _, _, prices = round_trip((rng.integers(0, 100_000, 3000) / 100).tolist(), "double", Privacy())
    assert all(v == round(v, 2) for v in prices.to_pylist())
    hours = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=int(h)) for h in rng.integers(0, 9000, 3000)]
    _, _, stamps = round_trip(hours, "timestamp_ntz", Privacy())
    assert all(v.minute == v.second == 0 for v in stamps.to_pylist())


def test_decimals_beyond_18_digits_stay_in_range():
    values = [Decimal("12345678901234567890123456789.123") + i for i in range(50)]
    _, _, decoded = round_trip(values, "decimal(38,3)")
    assert all(min(values) <= v <= max(values) for v in decoded.to_pylist())


def test_rare_categories_are_neither_stored_nor_drawn():
    values = ["a"] * 60 + ["b"] * 36 + ["rare"] * 4
    codec, encoded, decoded = round_trip(values, "string", Privacy())
    assert codec.values == ("a", "b")
    assert set(decoded.to_pylist()) == {"a", "b"}


def test_nan_and_infinities_are_codes_where_enough_rows_hold_them():
    values = [float("nan")] * 10 + [float("inf")] * 2 + [float(i) for i in range(200)]
    codec, _, decoded = round_trip(values, "double", Privacy())
    assert codec.specials == ("nan",)
    assert np.isnan(decoded.to_numpy()).sum() >= 10 and not np.isinf(decoded.to_numpy()).any()


def test_nearly_unique_strings_follow_patterns_and_are_not_stored():
    values = [f"N{10_000 + 37 * i}XQ" for i in range(500)]
    codec, _, decoded = round_trip(values, "string", Privacy())
    assert codec.kind == "text"
    assert not any(v in json.dumps(codec.to_json()) for v in values)
    assert all(len(v) == 8 and v[1:6].isdigit() and v[0].isupper() for v in decoded.to_pylist())


@pytest.mark.parametrize(("values", "type_"), [([1, 2, 3], "int"), (["a", "b"], "string"), ([True], "boolean")])
def test_a_column_left_without_values_is_an_error_naming_column_and_setting(values, type_):
    with pytest.raises(SchemaError, match="'c'.*rare_category_rows=5 and extreme_rows=5"):
        round_trip(values, type_, Privacy())


def test_all_null_and_constant_columns_are_no_part_of_the_encoded_table():
    for values, type_ in (([None] * 20, "int"), (["x"] * 20, "string"), ([7] * 20, "bigint")):
        _, encoded, decoded = round_trip(values, type_, Privacy())
        assert encoded.codes.shape == (20, 0)
        assert decoded.to_pylist() == values


def test_decimals_keep_the_leading_digits_of_each_value():
    rng = np.random.default_rng(0)
    small = [Decimal(str(round(v, 18))) for v in rng.random(900)]
    large = [Decimal("12345678901234567890.123456789012345678") + i for i in range(100)]
    values = small + large
    _, _, decoded = round_trip(values, "decimal(38,18)", Privacy())
    drawn = [v for v in decoded.to_pylist() if v < 1]
    assert len(drawn) == 900 and len(set(drawn)) > 800
    assert np.median([float(v) for v in drawn]) == pytest.approx(0.5, abs=0.05)
    between = [v for v in decoded.to_pylist() if v > 1 and abs(v - large[0]) > 2_000]
    assert len(between) <= Privacy().rare_category_rows


@pytest.mark.parametrize("other", [Decimal(10) ** 37, Decimal(10) ** 37 - 1, Decimal("99999999999999999e18")])
def test_decimals_of_any_size_are_exact_where_they_are_codes(other):
    values = [Decimal(-1)] * 60 + [Decimal(0)] * 20 + [other] * 20
    _, _, decoded = round_trip(values, "decimal(38,0)", Privacy())
    assert decoded.to_pylist() == values


@pytest.mark.parametrize("large", ["123456789012345678.000000000000000001", "12345678901234567890.25"])
def test_decimals_have_their_digits_beside_a_large_value(large):
    rng = np.random.default_rng(0)
    values = [Decimal(int(v)) / 10**6 for v in rng.integers(0, 10**6, 900)] + [Decimal(large)] * 100 + [None] * 50
    codec, _, decoded = round_trip(values, "decimal(38,18)", Privacy())
    assert decoded.to_pylist()[900:] == values[900:]
    small = decoded.to_pylist()[:900]
    assert len(set(small)) > 800 and all(v % Decimal("1e-6") == 0 for v in small)
    assert codec.zeros == 12


def test_digits_of_large_decimals_that_few_rows_hold_are_not_kept():
    texts = [f"12345678901234567890.{1_250_000_000_000_011 + i % 50}" for i in range(100)]
    codec, _, _ = round_trip([Decimal(text) for text in texts], "decimal(38,16)", Privacy())
    assert codec.exact and not {text.replace(".", "") for text in texts} & set(map(str, codec.exact))


@pytest.mark.parametrize("type_", ["float", "double"])
@pytest.mark.parametrize("others", [[1.5], [float(v) for v in range(-50, 50)]])
def test_minus_zero_keeps_its_share(type_, others):
    values = [-0.0] * 40 + [0.0] * 60 + others * (100 // len(others))
    _, _, decoded = round_trip(values, type_, Privacy())
    made = decoded.to_numpy()
    assert np.signbit(made[:40]).all() and not np.signbit(made[40:100]).any() and not made[:100].any()
    _, _, decoded = round_trip([-0.0] * 3 + [0.0] * 60 + others, type_, Privacy())
    assert not np.signbit(decoded.to_numpy()[:63]).any()


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(-(10**38) + 1, 10**38 - 1))
def test_numbers_of_wide_decimals_grow_with_their_values(one, other):
    type_ = ColumnType.parse("decimal(38,0)")
    numbers = to_numbers(pa.array([Decimal(one), Decimal(other)], type_.arrow), type_, BY_VALUE)
    assert np.sign(int(numbers[0]) - int(numbers[1])) in (0, np.sign(one - other))
    back = from_numbers(numbers, np.zeros(2, bool), type_, BY_VALUE).to_pylist()
    assert all(abs(b - v) <= abs(v) // 10**16 for b, v in zip(map(int, back), (one, other), strict=True))
