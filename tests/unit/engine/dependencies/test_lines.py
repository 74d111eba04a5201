"""Strings that begin with a date or time: lines of logs."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from tests.helpers.scrambled import find, scrambled, table_of

FORMS = {
    "{} ERROR disk {} is full": "%Y-%m-%d %H:%M:%S",
    "[{}] GET /page/{}": "%d/%m/%Y %H:%M",
    "{}; order {} came in": "%Y-%m-%d",
    "{}, note {}": "%d %b %Y",
}


def lines(form, rows=1000, seed=1):
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2023-12-15") + pd.to_timedelta(rng.integers(0, 86_400 * 100, rows), "s")
    return [
        form.format(time.strftime(FORMS[form]), number)
        for time, number in zip(times, rng.integers(100, 99_999, rows), strict=True)
    ]


def times_of(texts, form):
    start = form.index("{")
    size = len(pd.Timestamp("2024-03-01").strftime(FORMS[form]))
    return pd.to_datetime(texts.str[start : start + size], format=FORMS[form])


def opened(values):
    found = find(*table_of(values))
    return {own.column.name: own.cuts for own in found.written if isinstance(own, PiecesColumn) and own.early}


@pytest.mark.parametrize("form", FORMS)
def test_lines_begin_with_a_time_that_is_learned_as_such(form):
    texts = lines(form)
    found, _, drawn = scrambled({"line": ("string", texts)}, calendar=False)
    start, size = form.index("{"), len(pd.Timestamp(0).strftime(FORMS[form]))
    characters = f"characters {start + 1} to {start + size}"
    assert found.describe()[:2] == ["line is learned in 2 pieces", f"line {characters} is learned as times"]
    made, real = drawn["line"].to_pandas(), pd.Series(texts)
    assert sorted(times_of(made, form)) == sorted(times_of(real, form))
    assert made.str[:start].eq(form[:start]).all()
    assert sorted(made.str[start + size :]) == sorted(real.str[start + size :])


def test_a_time_alone_a_number_and_a_range_are_no_lines():
    rng = np.random.default_rng(2)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 86_400 * 100, 1000), "s")
    for form in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ"):
        assert opened({"time": ("string", [time.strftime(form) for time in times])}) == {}
    numbers = [f"{n:08d} in stock" for n in rng.integers(10_000_000, 99_999_999, 1000)]
    assert opened({"number": ("string", numbers)}) == {}
    one = [*lines("{}; order {} came in")[:-1], "soon; order 7 came in"]
    assert opened({"one": ("string", one)}) == {}


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_times_of_drawn_lines_can_be_read(engine, tmp_path):
    form = "{} ERROR disk {} is full"
    real = pd.DataFrame({"line": lines(form, 2000), "host": np.random.default_rng(3).choice(["a", "b"], 2000)})
    real.loc[1::9, "line"] = None
    model = engine(epochs=1, progress=False).fit(real, seed=1)
    drawn = model.sample(1000, seed=2)
    made = drawn.dropna()
    assert 0.03 < 1 - len(made) / len(drawn) < 0.25
    times, known = times_of(made["line"], form), times_of(real["line"], form)
    assert known.min() <= times.min() < times.max() <= known.max()
    assert made["line"].str[19:].str.fullmatch(r" ERROR disk \d{3,5} is full").all()
    assert not set(made["line"]) & set(real["line"])
    model.save(str(tmp_path / "m"))
    again = engine(progress=False).load(str(tmp_path / "m")).sample(500, seed=3)
    pd.testing.assert_frame_equal(again, model.sample(500, seed=3))
    if engine is Autoregressive:
        given = model.sample(20, seed=4, given={"line": real["line"][0]})
        assert set(given["line"]) == {real["line"][0]}
