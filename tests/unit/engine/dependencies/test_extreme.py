"""Columns that are the greatest or the least of others."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.dependencies.extreme import Extreme
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def readings(count=3, rows=ROWS, nulls=0.0, digits=1):
    made = {}
    for place in range(count):
        own = pd.Series(np.round(rng(place + 1).normal(20 + place, 5, rows), digits))
        made[f"r{place}"] = own.mask(rng(place + 50).random(rows) < nulls)
    return pd.DataFrame(made)


def doubles(frame):
    return {name: ("double", own) for name, own in frame.items()}


def texts(found):
    return [own.describe() for own in found.relations.extremes]


def told(values, **settings):
    found, table, drawn = scrambled(values, **settings)
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())
    return found, drawn.to_pandas()


@pytest.mark.parametrize("rows", [200, ROWS])
@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("greatest", [True, False])
def test_the_highest_or_lowest_of_readings_is_theirs(rows, count, greatest):
    frame = readings(count, rows)
    end = frame.max(axis=1) if greatest else frame.min(axis=1)
    found, d = told(doubles(frame) | {"end": ("double", end), "other": ("double", rng(9).normal(20, 9, rows))})
    (text,) = texts(found)
    assert text.startswith(f"end is the {'greatest' if greatest else 'least'} of r0")
    own = d[list(frame)]
    assert (d.end == (own.max(axis=1) if greatest else own.min(axis=1))).all()


@pytest.mark.parametrize("beside", [True, False])
def test_nulls_count_as_they_do_in_the_rows(beside):
    frame = readings(nulls=0.3)
    end = frame.max(axis=1, skipna=beside)
    found, d = told(doubles(frame) | {"end": ("double", end)})
    assert len(texts(found)) == 1
    assert found.relations.extremes[0].beside_nulls == beside
    expected = d[list(frame)].max(axis=1, skipna=beside)
    assert (d.end.isna() == expected.isna()).all()
    assert (d.end == expected)[expected.notna()].all()


def test_what_is_null_more_often_stays_so():
    frame = readings()
    end = frame.max(axis=1).mask(rng(7).random(ROWS) < 0.2)
    found, d = told(doubles(frame) | {"end": ("double", end)})
    assert len(texts(found)) == 1
    assert d.end.isna().sum() == end.isna().sum()
    assert (d.end == d[list(frame)].max(axis=1))[d.end.notna()].all()


@pytest.mark.parametrize("kind", ["date", "timestamp_ntz"])
def test_the_first_of_some_dates_and_the_days_to_the_last(kind):
    days = [rng(i).integers(18_000, 19_000, ROWS) for i in (1, 2, 3)]
    days.append(np.minimum.reduce(days))

    def times(own, gone):
        values = pa.array(own, pa.int32(), mask=gone).cast(pa.date32())
        return values if kind == "date" else values.cast(pa.timestamp("us"))

    gone = rng(5).random(ROWS) < 0.3
    days[3] = np.where(gone, np.minimum(days[0], days[2]), days[3])
    names = ("seen", "called", "paid", "first")
    masks = (np.zeros(ROWS, bool), gone, np.zeros(ROWS, bool), np.zeros(ROWS, bool))
    values = {n: (kind, times(own, mask)) for n, own, mask in zip(names, days, masks, strict=True)}
    found, d = told(values)
    assert texts(found) == ["first is the least of seen, called and paid"]
    d = d.apply(pd.to_datetime)
    assert (d["first"] == d[["seen", "called", "paid"]].min(axis=1)).all()


def test_a_range_follows_from_both_ends():
    frame = readings()
    high, low = frame.max(axis=1), frame.min(axis=1)
    own = {"high": ("double", high), "low": ("double", low), "range": ("double", np.round(high - low, 1))}
    found, d = told(doubles(frame) | own)
    assert len(texts(found)) == 2
    assert "range = high - low" in found.describe()
    assert (np.abs(d.range - d[list(frame)].max(axis=1) + d[list(frame)].min(axis=1)) < 1e-6).all()


def test_what_is_given_stays_and_others_move():
    frame = readings()
    values = doubles(frame) | {"end": ("double", frame.max(axis=1))}
    d = scrambled(values, given={"end": [25.0] * ROWS})[2].to_pandas()
    assert (d.end == 25).all()
    assert (d[list(frame)].max(axis=1) == 25).all()
    d = scrambled(values, given={"end": [25.0] * ROWS, "r0": [20.0] * ROWS})[2].to_pandas()
    assert (d.r0 == 20).all()
    assert (d[list(frame)].max(axis=1) == 25).all()


def test_one_row_that_says_otherwise_or_columns_of_chance_are_no_extreme():
    frame = readings()
    end = frame.max(axis=1)
    end[7] += 1
    assert texts(find(*table_of(doubles(frame) | {"end": ("double", end)}))) == []
    few = {f"f{i}": ("int", (rng(i).random(ROWS) < 0.02).astype(int)) for i in range(6)}
    apart = {f"n{i}": ("int", rng(i).integers(0, 5, ROWS) + 10 * i) for i in range(8)}
    assert texts(find(*table_of(few | apart))) == []


def test_what_is_loaded_is_checked():
    frame = readings()
    (own,) = find(*table_of(doubles(frame) | {"end": ("double", frame.max(axis=1))})).relations.extremes
    data = json.loads(json.dumps(own.to_json()))
    assert Extreme.from_json(data) == own
    check_loaded(Extreme.from_json(data), Extreme)
    for wrong in ({"of": data["of"][:1]}, {"of": [data["of"][0]] * 2}, {"column": {**data["column"], "type": "date"}}):
        with pytest.raises(ValueError):
            check_loaded(Extreme.from_json({**data, **wrong}), Extreme)


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_engines_keep_it(engine):
    frame = readings(nulls=0.1)
    frame["end"] = frame.max(axis=1)
    model = engine(epochs=2).fit(frame, seed=1)
    d = model.sample(1500, seed=2)
    there = d.end.notna()
    assert there.mean() > 0.9
    assert (d.end == d[["r0", "r1", "r2"]].max(axis=1))[there].all()
    assert any(text.startswith("end is the greatest of r0, r1 and r2") for text in model.dependencies)
