import pathlib

import numpy as np
import pandas as pd
import pytest

from demo import checks, pairs
from demo.columns import column_distances, kolmogorov_smirnov, total_variation
from demo.dependencies import COMBINATIONS, DEPENDENCIES
from demo.facts import Facts
from demo.flights import around_midnight, minutes, with_features
from demo.picture import draw_picture
from demo.report import columns_table, conclusion, pairs_table, verdict
from demo.side_by_side import side_by_side

DATA = pathlib.Path(__file__).parents[2] / "demo" / "data" / "flights.parquet"
EXACT = {dependency.text for dependency in DEPENDENCIES if dependency.limit == 0}


@pytest.fixture(scope="module")
def flights():
    """As many real flights as are left when two halves of 12,000 are taken away, and those halves; in random order."""
    rows = pd.read_parquet(DATA).sample(frac=1, random_state=0, ignore_index=True)
    rows = with_features(rows)
    return rows.iloc[:12_000], rows.iloc[12_000:24_000], rows.iloc[24_000:36_000]


@pytest.fixture(scope="module")
def of_real(flights):
    return checks.compare(*flights)


def by_text(comparison):
    return {check.text: check for check in comparison.checks}


def broken(rows, flights):
    facts = Facts.of(flights[0], *COMBINATIONS)
    return {d.text: d.share(rows, facts) for d in DEPENDENCIES}


def test_real_flights_are_good(of_real):
    assert [check.text for check in of_real.checks if check.bad] == []
    assert conclusion(of_real.checks, "autoregressive").startswith("GOOD: all 17 figures")
    assert all(by_text(of_real)[text].drawn == 0 for text in EXACT)


def test_independent_columns_are_bad_though_each_column_is_perfect(flights):
    rng = np.random.default_rng(1)
    raw = pd.read_parquet(DATA)
    drawn = pd.DataFrame({name: raw[name].array.take(rng.permutation(len(raw))[:12_000]) for name in raw})
    found = by_text(checks.compare(*flights[:2], with_features(drawn)))
    assert not found[checks.COLUMNS].bad
    # Only a minute above 59, which no shuffling makes, is as it should be.
    good = {text for text, check in found.items() if check.limit is not None and not check.bad}
    assert good == {checks.COLUMNS, "the four times are hours and minutes (no 13:75)"}
    assert found[checks.CORRELATIONS].drawn > 0.9 and found[checks.MEAN].drawn > 0.15
    said = conclusion(tuple(found.values()), "autoregressive")
    assert said.startswith("NOT GOOD: 15 of 17") and "make demo MAX_SECONDS=600" in said


def test_a_delay_that_is_lost_is_bad(flights):
    """What a training does that ended before it learned how the two delays go together."""
    real, other, drawn = flights
    late = np.random.default_rng(2).permutation(drawn["arr_delay"].dropna())
    drawn = drawn.copy()
    drawn.loc[drawn["arr_delay"].notna(), "arr_delay"] = late
    found = by_text(checks.compare(real, other, drawn))
    assert found[checks.CORRELATIONS].drawn == pytest.approx(0.92, abs=0.03)
    assert found[checks.CORRELATIONS].bad and not found[checks.COLUMNS].bad


def test_a_column_that_is_off_is_bad(flights):
    real, other, drawn = flights
    shifted = drawn.assign(distance=drawn["distance"] + 100)
    found = by_text(checks.compare(real, other, shifted))
    assert found[checks.COLUMNS].bad
    assert found["the route has its one distance"].drawn > 0.9


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("hour and minute are those of sched_dep_time", {"minute": 60}),
        ("not left: no delay, no arrival; left: a tail number", {"dep_delay": np.nan}),
        ("not left: no delay, no arrival; left: a tail number", {"tailnum": None}),
        ("not arrived: neither arr_delay nor air_time", {"air_time": np.nan}),
        ("time_hour is month, day and hour in New York", {"day": 0}),
        ("the route exists", {"dest": "LGA"}),
        ("the route has its one distance", {"distance": 1}),
        ("the carrier flies the route", {"carrier": "XX"}),
        ("the aircraft is the carrier's", {"carrier": "XX"}),
        ("80 to 720 miles an hour", {"air_time": 9000.0}),
        ("arr_time - dep_time - air_time - zones: 0 to 4 h", {"air_time": 900.0}),
        ("the four times are hours and minutes (no 13:75)", {"arr_time": 1375.0}),
        ("dep_delay = dep_time - sched_dep_time", {"dep_delay": 0.5}),
        ("arr_delay = arr_time - sched_arr_time", {"arr_delay": 0.5}),
        ("the flight number is the carrier's", {"flight": -1}),
    ],
)
def test_a_broken_dependency_is_counted(flights, text, change):
    rows = flights[0]
    rows = rows[rows["arr_delay"].abs().lt(600) & rows["dep_delay"].abs().lt(600)].head(1000)
    assert broken(rows, flights)[text] == 0
    rows = rows.copy()
    rows.loc[rows.index[:100], list(change)] = list(change.values())
    assert broken(rows, flights)[text] == pytest.approx(0.1)


def test_clocks_go_round_at_midnight():
    clock = pd.Series([5, 100, 2350, 2400])
    assert minutes(clock).tolist() == [5, 60, 1430, 1440]
    late = minutes(pd.Series([10, 2350])) - minutes(pd.Series([2350, 10]))
    assert around_midnight(late).tolist() == [20, -20]


def test_strengths_of_pairs():
    rng = np.random.default_rng(0)
    labels, others = rng.integers(0, 300, (2, 3000))
    noise = rng.normal(size=3000)
    assert pairs.correlation(noise, -2 * noise) == pytest.approx(-1)
    assert pairs.correlation(noise, np.ones(3000)) == 0
    assert pairs.correlation_ratio(labels, labels * 3.0) == pytest.approx(1)
    assert pairs.correlation_ratio(labels, noise) < 0.1
    # Half of the variance lies between two groups.
    groups = np.repeat([0, 1], 5000)
    assert pairs.correlation_ratio(groups, groups * 2.0 + rng.normal(size=10_000)) == pytest.approx(0.5**0.5, abs=0.01)
    assert pairs.cramers_v(labels, (labels * 7) % 300) == pytest.approx(1, abs=0.01)
    assert pairs.cramers_v(labels, others) < 0.1
    # 2 x 2 with phi = (30 * 30 - 10 * 10) / 40**2 = 1/2; its correction takes away little of 8,000 rows.
    first, second = np.repeat([0, 0, 1, 1], [3000, 1000, 1000, 3000]), np.repeat([0, 1, 0, 1], [3000, 1000, 1000, 3000])
    assert pairs.cramers_v(first, second) == pytest.approx(0.5, abs=1e-3)


def test_nulls_are_left_out_of_strengths():
    labels, values = np.array([-1, 0, 0, 1, 1, 1]), np.array([99.0, 1.0, 1.0, 2.0, 2.0, np.nan])
    assert pairs.correlation_ratio(labels, values) == 1
    assert pairs.correlation(values, np.array([np.nan, 2.0, 2.0, 4.0, 4.0, 0.0])) == pytest.approx(1)
    assert pairs.cramers_v(np.array([-1, -1]), np.array([0, 1])) == 0


def test_distances_of_columns(flights):
    assert total_variation(pd.Series(["a", "a", "b", None]), pd.Series(["a", "b", "b", "b"])) == pytest.approx(0.5)
    assert kolmogorov_smirnov(pd.Series([1.0, 2.0]), pd.Series([2.0, 3.0])) == pytest.approx(0.5)
    assert kolmogorov_smirnov(pd.Series([1.0, 1.0]), pd.Series([1.0, None])) == pytest.approx(0.5)
    distances = column_distances(flights[0], flights[1])
    assert set(distances) == set(flights[0].columns) - {"year"}
    assert max(distance for name, distance in distances.items() if name != "tailnum") < 0.06


def test_what_is_printed(flights, of_real):
    real, _, drawn = flights
    table = side_by_side(real.head(5), drawn.head(5)).splitlines()
    assert max(map(len, table)) <= 94
    first = real.head(5).sort_values(["month", "day", "sched_dep_time"]).iloc[0]
    assert f"{first['carrier']}{first['flight']}" in table[3]
    cancelled = drawn[drawn["cancelled"]].head(1)
    assert [line.split()[-1] for line in side_by_side(cancelled, cancelled).splitlines()[9:11]] == ["-", "-"]
    assert "dep_delay, arr_delay (correlation)" in pairs_table(of_real)
    assert len(columns_table(of_real).splitlines()) == 6
    assert verdict(of_real.checks).count("  ok  ") == 17
    assert verdict(of_real.checks).count("not judged") == 1


def test_the_picture(flights, of_real, tmp_path):
    path = tmp_path / "picture.png"
    draw_picture(path, flights[0], flights[2], pairs.differences(of_real.pairs[0], of_real.pairs[2]), "Flights")
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 50_000
