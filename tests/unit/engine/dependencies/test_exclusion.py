import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.exclusion import parted, permitted_beside
from synthohive_spark.engine.encoded_table import Exclusion
from synthohive_spark.engine.table.exclusions import find_numbers_apart

ROWS = 1500


def rng(seed=0):
    return np.random.default_rng(seed)


def flights(rows=ROWS, ports=12):
    names = np.array([f"P{i:02d}" for i in range(ports)])
    shares = np.arange(1, ports + 1) / np.arange(1, ports + 1).sum()
    start = rng(1).choice(ports, rows, p=shares)
    end = (start + rng(2).integers(1, ports, rows)) % ports
    return pd.DataFrame({"origin": names[start], "dest": names[end], "miles": rng(3).integers(100, 3000, rows)})


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_no_flight_ends_where_it_begins(engine, tmp_path):
    rows = flights()
    rows.loc[rng(4).random(ROWS) < 0.1, "dest"] = None
    model = engine(epochs=2).fit(rows, seed=1)
    assert "origin differs from dest in all 1,500 rows" in model.dependencies
    drawn = model.sample(3000, seed=2)
    assert not (drawn.origin == drawn.dest).any()
    assert abs(drawn.dest.isna().mean() - 0.1) < 0.05
    assert drawn.dest.value_counts(normalize=True).sub(rows.dest.value_counts(normalize=True)).abs().max() < 0.06
    model.save(tmp_path / "model")
    assert engine().load(tmp_path / "model").sample(500, seed=2).equals(model.sample(500, seed=2))


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_numbers_of_many_places_differ_too(engine):
    one, rows = rng(1).integers(0, 120, 3000), 3000
    other = (one + rng(2).integers(1, 120, rows)) % 120
    stops = pd.DataFrame({"start": one * 3 + 7, "stop": pd.Series(other * 3 + 7).astype("Int64")})
    stops.loc[rng(3).random(rows) < 0.1, "stop"] = None
    model = engine(epochs=1, progress=False).fit(stops, seed=1)
    assert "start differs from stop in all 3,000 rows" in model.dependencies
    drawn = model.sample(3000, seed=2)
    assert not (drawn.start == drawn.stop).fillna(False).any()
    assert set(drawn.stop.dropna()) <= set(stops.stop.dropna())
    assert abs(drawn.stop.isna().mean() - 0.1) < 0.04


def test_numbers_that_few_rows_hold_or_that_are_equal_once_are_no_names():
    one = rng(1).integers(0, 120, 3000)
    other = (one + rng(2).integers(1, 120, 3000)) % 120
    columns = tuple(Column(name, ColumnType("int")) for name in ("start", "stop"))
    table = pa.table([pa.array(own, pa.int32()) for own in (one, other)], ["start", "stop"])
    assert find_numbers_apart(table, columns) == {"start", "stop"}
    assert find_numbers_apart(table.slice(0, 2300), columns) == frozenset()
    other[5] = one[5]
    assert find_numbers_apart(table.set_column(1, "stop", pa.array(other, pa.int32())), columns) == frozenset()


def test_with_a_given_origin_the_destination_differs():
    model = Autoregressive(epochs=2).fit(flights(), seed=1)
    assert "P11" not in set(model.sample(500, seed=2, given={"origin": "P11"}).dest)
    assert "P11" not in set(model.sample(500, seed=2, given={"dest": "P11"}).origin)


def test_columns_that_one_row_has_equal_or_that_chance_keeps_apart_are_not_kept_apart():
    rows = flights()
    rows.loc[700, "dest"] = rows.loc[700, "origin"]
    assert not any("differs" in text for text in Autoregressive(epochs=1).fit(rows, seed=1).dependencies)
    many = np.array([f"N{i:03d}" for i in range(300)])
    one = rng(1).choice(300, ROWS)
    other = (one + rng(2).integers(1, 300, ROWS)) % 300
    rows = pd.DataFrame({"one": many[one], "other": many[other]})
    assert not any("differs" in text for text in Autoregressive(epochs=1).fit(rows, seed=1).dependencies)


def test_codes_of_the_same_value_are_ruled_out_both_ways():
    own = Exclusion(0, 1, np.array([-1, 2, 1], np.int32))
    beside_one = permitted_beside([own], 1, 3, {0: np.array([1, 2, 0, -1])})
    assert beside_one.tolist() == [[True, True, False], [True, False, True], [True] * 3, [True] * 3]
    beside_other = permitted_beside([own], 0, 3, {1: np.array([2, 1, 0, -1])})
    assert beside_other.tolist() == [[True, False, True], [True, True, False], [True] * 3, [True] * 3]
    assert permitted_beside([own], 2, 3, {0: np.array([1])}) is None


def test_what_is_equal_becomes_each_of_the_others_as_often_and_never_null():
    own = Exclusion(0, 1, np.array([-1, 2, 1, 3], np.int32))
    codes = np.stack([np.full(3000, 1), np.full(3000, 2)])
    draws = np.stack([np.zeros(3000), rng(1).random(3000)]).astype(np.float32)
    made = parted(codes, [own], {1: range(1, 5)}, draws)
    assert (made[0] == 1).all()
    assert np.abs(np.bincount(made[1], minlength=5) / 3000 - [0, 1 / 3, 0, 1 / 3, 1 / 3]).max() < 0.03
    same = np.stack([np.full(5, 1), np.full(5, 3)])
    assert np.array_equal(parted(same, [own], {1: range(1, 5)}, draws[:, :5]), same)
