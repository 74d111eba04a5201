import datetime
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthohive_spark import CTGAN
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.mixture import MixtureCodec
from synthohive_spark.engine.codecs.mixture_fit import fit_mixture
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.noise import normal_quantile, row_words
from synthohive_spark.engine.table.encoder_fit import fit_encoder
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.errors import SchemaError
from tests.unit.engine.codecs.test_codecs import STRATEGIES, round_trip

DOUBLE = ColumnType("double")
OPEN = Privacy(rare_category_rows=0, extreme_rows=0)
START = datetime.datetime(2024, 1, 1)


def bells(rows=2000, seed=0):
    """A bell of a third of the rows at 0, and one of the rest at 40."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(rows) < 1 / 3, rng.normal(0, 2, rows), rng.normal(40, 3, rows))


def fitted(values, type_=DOUBLE, privacy=Privacy(), seed=0):  # noqa: B008
    sample = ColumnSample(Column("c", type_), pa.array(values, type_.arrow), ColumnStatistics(0), privacy, seed)
    return fit_mixture(sample)


def words(rows):
    return row_words(5, np.arange(rows), 1)


def mixture_trip(values, type_, privacy=OPEN):
    return round_trip(values, type_, privacy, "mixture")


def test_two_bells_are_two_modes_with_their_means_stds_and_weights():
    codec = fitted(bells(1500), seed=2)
    width = codec.high - codec.low
    modes = sorted(zip(codec.means, codec.stds, codec.weights, strict=True))
    assert len(modes) == 2
    for (mean, std, weight), (true_mean, true_std, share) in zip(modes, [(0, 2, 1 / 3), (40, 3, 2 / 3)], strict=True):
        assert codec.low + width * mean == pytest.approx(true_mean, abs=0.3)
        # The fit's prior, the std of the whole column, makes modes of few rows wider.
        assert width * std == pytest.approx(true_std, abs=0.6)
        assert weight == pytest.approx(share, abs=0.03)


def test_modes_of_a_large_table_stay_apart_and_sum_up_to_the_bells():
    x = bells(30_000)
    codec = fitted(x)
    means = codec.low + (codec.high - codec.low) * np.array(codec.means)
    left = means < 20
    assert ((means < 3) | (means > 35)).all()
    assert np.array(codec.weights)[left].sum() == pytest.approx(1 / 3, abs=0.02)


def test_the_score_of_a_rank_is_the_distance_from_the_mean_in_stds():
    x = np.clip(bells(), 0, 45)
    codec = fitted(x, privacy=OPEN)
    codes, ranks = codec.encode(pa.array(x), words(len(x)))
    width = codec.high - codec.low
    mean, std = codec.low + width * np.array(codec.means)[codes], width * np.array(codec.stds)[codes]
    np.testing.assert_allclose(normal_quantile(ranks), (x - mean) / std, atol=1e-3)


def test_modes_are_drawn_from_their_probabilities():
    codec = MixtureCodec(DOUBLE, False, (), 0.0, 1.0, (0.8, 0.2), (0.4, 0.6), (0.1, 0.05), -1)
    codes, _ = codec.encode(pa.array(np.full(200_000, 0.5)), words(200_000))
    odds = 0.8 / 0.1 * np.exp(-0.5), 0.2 / 0.05 * np.exp(-2)
    assert np.bincount(codes)[0] / 200_000 == pytest.approx(odds[0] / sum(odds), abs=0.003)


EXACT = {
    "int": (bells() * 100).astype(int).tolist(),
    "bigint": (bells().round().astype(int) * 1000 + 2**62).tolist(),
    "decimal(10,2)": [Decimal(int(v)).scaleb(-2) for v in bells() * 50],
    "date": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(v)) for v in bells() * 20],
    "timestamp_ntz": [START + datetime.timedelta(minutes=int(v), microseconds=7) for v in bells() * 500],
    "timestamp": [(START + datetime.timedelta(hours=int(v))).replace(tzinfo=datetime.UTC) for v in bells() * 100],
}


@pytest.mark.parametrize("type_", EXACT)
def test_whole_numbers_dates_and_decimals_come_back_exactly(type_):
    codec, _, decoded = mixture_trip(EXACT[type_], type_)
    assert isinstance(codec, MixtureCodec)
    assert decoded.type == ColumnType.parse(type_).arrow
    assert decoded.to_pylist() == EXACT[type_]


def test_floats_come_back_closely_and_prices_exactly():
    codec, _, decoded = mixture_trip(bells().tolist(), "double")
    np.testing.assert_allclose(decoded.to_numpy(), bells(), atol=1e-3)
    prices = bells().round(2).tolist()
    assert mixture_trip(prices, "double")[2].to_pylist() == prices


def test_numbers_of_any_size_and_decimals_beyond_18_digits_stay_close():
    wide = np.linspace(-1e300, 1e300, 200)
    np.testing.assert_allclose(mixture_trip(wide.tolist(), "double")[2].to_numpy(), wide, atol=1e295)
    wide = np.sort(np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 200))
    codec, _, decoded = mixture_trip(wide.tolist(), "bigint")
    np.testing.assert_allclose(decoded.to_numpy(), wide, atol=1e14)
    assert codec.step == 1 and (codec.low, codec.high) == (wide[0], wide[-1])
    values = [Decimal("12345678901234567890123456789.123") + 10**25 * i for i in range(50)]
    codec, _, decoded = mixture_trip(values, "decimal(38,3)")
    assert codec.shift and codec.bounds == (int(values[0] * 1000), int(values[-1] * 1000))
    assert all(abs(a - b) < 10**21 for a, b in zip(decoded.to_pylist(), values, strict=True))


def test_nulls_and_special_floats_are_codes_where_enough_rows_hold_them():
    special = [None] * 7 + [float("nan")] * 6 + [float("inf")] * 5 + [float("-inf")] * 2
    codec, encoded, decoded = mixture_trip(special + bells().tolist(), "double", Privacy())
    assert codec.has_null and codec.specials == ("nan", "inf")
    shown = decoded.to_pylist()
    assert shown[:7] == [None] * 7 and np.isnan(np.array(shown[7:13])).all() and shown[13:18] == [np.inf] * 5
    assert None not in shown[7:] and -np.inf not in shown
    assert codec.frequencies[:1] == (7 / 2020,)


def test_a_value_that_was_not_kept_gets_that_of_another_row():
    codec = fitted([None] * 7 + [np.nan] * 6 + bells().tolist())
    codes, ranks = codec.encode(pa.array([np.inf, -np.inf] * 15_000), words(30_000))
    assert np.bincount(codes) / 30_000 == pytest.approx((0, 0, *codec.weights), abs=0.01) and codes.min() == 2
    assert np.abs(np.sort(ranks) - np.linspace(0, 1, 30_000)).max() < 0.02


@pytest.mark.parametrize("privacy", [OPEN, Privacy(), Privacy(5, 50)])
def test_no_value_leaves_the_range_that_may_be_kept(privacy):
    x = np.sort(bells())
    codec = fitted(x, privacy=privacy)
    trim = max(privacy.extreme_rows, 1) - 1
    assert (codec.low, codec.high) == (x[trim], x[-1 - trim])
    codes = np.random.default_rng(0).integers(0, codec.size, 100_000)
    ranks = np.random.default_rng(1).random(100_000, np.float32) ** 8
    ranks = np.where(codes % 2, ranks, 1 - ranks)
    made = codec.decode(codes, ranks, words(0)).to_numpy()
    assert codec.low <= made.min() < codec.low + 1e-9 and codec.high - 1e-9 < made.max() <= codec.high


@pytest.mark.parametrize(("type_", "low", "high", "step"), [("int", -3, 7, 5), ("double", 0.4, 10.8, 0)])
def test_steps_do_not_leave_the_range_either(type_, low, high, step):
    codec = MixtureCodec(ColumnType(type_), False, (), low, high, (1.0,), (0.5,), (1.0,), step)
    made = codec.decode(np.zeros(3, np.int32), np.array([0, 0.5, 1], np.float32), words(0)).to_pylist()
    assert made == [low, np.round((low + high) / 2), high]


def test_true_ends_of_all_rows_are_the_range_where_the_settings_allow():
    statistics = ColumnStatistics(0, minimum=-100, maximum=100)
    values = pa.array(range(60), pa.int32())
    column = Column("c", ColumnType("int"))
    ends = [fit_mixture(ColumnSample(column, values, statistics, p)) for p in (OPEN, Privacy())]
    assert [(c.low, c.high) for c in ends] == [(-100, 100), (4, 55)]


def test_a_mode_of_few_rows_is_dropped():
    x = np.concatenate([bells(300), np.linspace(999, 1001, 4)])

    def largest_mean(codec):
        return codec.low + (codec.high - codec.low) * max(codec.means)

    codec = fitted(x, privacy=Privacy(5, 0))
    assert largest_mean(fitted(x, privacy=Privacy(4, 0))) > 700 and largest_mean(codec) < 100
    assert sum(codec.weights) == pytest.approx(1)


@pytest.mark.parametrize("values", [[None] * 20, [7] * 20, [1, 2, 3] * 3, [7] * 50 + [8]])
def test_a_column_in_which_no_mode_can_be_told_is_encoded_by_rank(values):
    codec, _, decoded = mixture_trip(values, "bigint", Privacy(5, 1))
    assert isinstance(codec, NumericCodec) or codec.high == 8
    assert set(decoded.to_pylist()) <= set(values)


def test_a_column_left_without_values_is_an_error():
    with pytest.raises(SchemaError, match="'c'.*rare_category_rows=5 and extreme_rows=5"):
        mixture_trip([1, 2, 3], "int", Privacy())


@pytest.mark.parametrize("type_", ["smallint", "bigint", "float", "double", "decimal(38,3)", "date", "timestamp"])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_column_keeps_type_nulls_and_range(type_, data):
    values = data.draw(st.lists(st.none() | STRATEGIES[type_], min_size=12, max_size=60))
    _, _, decoded = mixture_trip(values, type_)
    assert decoded.type == ColumnType.parse(type_).arrow
    assert [v is None for v in decoded.to_pylist()] == [v is None for v in values]
    real = [v for v in values if v is not None and v == v]
    assert all(min(real) <= v <= max(real) for v in decoded.to_pylist() if v is not None and v == v)


def test_the_seed_and_the_name_of_a_column_fix_its_codec(monkeypatch):
    monkeypatch.setattr("synthohive_spark.engine.codecs.mixture_fit.ROWS", 1000)
    columns = tuple(Column(name, DOUBLE) for name in "ab")
    table = pa.table({name: bells(3000) for name in "ab"})
    statistics = TableStatistics.of(table, columns)

    def fit(seed):
        request = FitRequest(columns, seed, numeric_encoding="mixture")
        return fit_encoder(table, columns, statistics, request)

    before = np.random.get_state()
    (first, encoded), (again, same) = fit(1), fit(1)
    after = np.random.get_state()
    assert first == again and (encoded.ranks == same.ranks).all() and (encoded.codes == same.codes).all()
    assert first.codecs[0].means != first.codecs[1].means
    assert first.codecs[0].means != fit(2)[0].codecs[0].means
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_json_gives_the_codec_back():
    for type_ in ("double", "decimal(38,3)", "timestamp"):
        values = [Decimal(10) ** 30 * i for i in range(99)] if type_[1] == "e" else bells().astype(int).tolist()
        codec = fitted([None, *values], ColumnType.parse(type_))
        data = json.loads(json.dumps(codec.to_json()))
        assert data["codec"] == "mixture" and MixtureCodec.from_json(data) == codec


def test_fits_in_threads_leave_warnings_and_blas_threads_as_they_are():
    from threadpoolctl import threadpool_info

    values = [bells(300, seed) for seed in range(8)]
    filters, threads = list(warnings.filters), [(p["prefix"], p["num_threads"]) for p in threadpool_info()]
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        inside = list(warnings.filters)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(fitted, values))
        assert list(warnings.filters) == inside
    assert not heard
    assert list(warnings.filters) == filters
    assert [(p["prefix"], p["num_threads"]) for p in threadpool_info()][: len(threads)] == threads


def test_an_unknown_encoding_is_an_error_that_names_the_known_ones():
    message = "numeric_encoding 'bell'.* is not known; choose one of rank, mixture"
    with pytest.raises(SchemaError, match=message):
        CTGAN(numeric_encoding="bell")
    with pytest.raises(SchemaError, match=message):
        round_trip([1, 2, 3], "int", OPEN, "bell")


def test_a_ctgan_of_modes_draws_the_table_it_learned(tmp_path):
    x = bells(1500)
    apart = np.random.default_rng(9).normal(0, 9, 1500)
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta((x * 5 + apart).astype(int), unit="D")
    pdf = pd.DataFrame({"x": x, "n": (x * 10).astype("int32"), "day": days, "group": np.where(x < 20, "a", "b")})
    small = {"epochs": 5, "embedding_dim": 32, "generator_dim": (64,), "discriminator_dim": (64,), "progress": False}
    model = CTGAN(numeric_encoding="mixture", **small).fit(pdf, seed=1)
    drawn = model.sample(1500, seed=2)
    assert drawn.dtypes.astype(str).to_dict() == pdf.dtypes.astype(str).to_dict()
    assert drawn["x"].mean() == pytest.approx(x.mean(), abs=1.5)
    assert drawn["n"].mean() == pytest.approx(pdf["n"].mean(), abs=15)
    assert drawn["x"].between(x.min(), x.max()).all()
    model.save(str(tmp_path / "m"))
    pd.testing.assert_frame_equal(CTGAN().load(str(tmp_path / "m")).sample(50, seed=2), drawn.head(50))
