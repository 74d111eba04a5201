import datetime
import json

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.comparison import Comparison
from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def games(nulls=0.0):
    home, away = rng(1).poisson(1.5, ROWS), rng(2).poisson(1.1, ROWS)
    result = np.select([home > away, home < away], ["H", "A"], "D").astype(object)
    result[rng(3).random(ROWS) < nulls] = None
    return {"home": ("int", home), "away": ("int", away), "result": ("string", result)}


@pytest.mark.parametrize("nulls", [0.0, 0.2])
def test_who_won_follows_from_the_goals(nulls):
    found, table, drawn = scrambled(games(nulls))
    (own,) = found.relations.comparisons
    assert own.describe() == "result says whether home or away is larger"
    assert own.values == ("A", "D", "H")
    assert count_broken(found, table) == count_broken(found, drawn) == {own.describe(): 0}
    assert drawn["result"].null_count == table["result"].null_count
    assert abs(np.mean(np.array(drawn["home"]) > np.array(drawn["away"])) - 0.45) < 0.05


def test_a_delivery_after_its_day_is_late_whatever_the_types():
    due = rng(1).integers(18_000, 18_400, ROWS)
    came = due * 86_400_000_000 + (rng(2).normal(-1, 2, ROWS) * 86_400_000_000).astype(np.int64)
    late = came // 86_400_000_000 > due
    days = [datetime.date(1970, 1, 1) + datetime.timedelta(days=int(d)) for d in due]
    values = {"due": ("date", days), "came": ("timestamp_ntz", pd.to_datetime(came, unit="us"))}
    found, _, drawn = scrambled({**values, "late": ("boolean", late)})
    (own,) = found.relations.comparisons
    assert set(own.columns) == {"due", "came", "late"}
    assert not any(count_broken(found, drawn).values())
    assert 0.1 < np.mean(drawn["late"].to_pylist()) < 0.9


def test_a_given_result_moves_the_goals_and_stays_within_what_they_were():
    for result in ("H", "D", "A"):
        found, table, drawn = scrambled(games(), given={"result": [result] * ROWS})
        assert set(drawn["result"].to_pylist()) == {result}
        assert not any(count_broken(found, drawn).values())
    _, _, drawn = scrambled(games(), given={"result": ["H"] * ROWS, "away": [0] * ROWS})
    assert set(drawn["away"].to_pylist()) == {0}
    assert min(drawn["home"].to_pylist()) >= 1


def test_one_row_that_says_otherwise_or_a_column_that_chance_makes_is_no_comparison():
    values = games()
    values["result"][1][7] = "H" if values["result"][1][7] != "H" else "A"
    assert scrambled(values)[0].relations.comparisons == ()
    values = {"a": ("int", rng(1).integers(0, 90, ROWS)), "b": ("int", rng(2).integers(0, 90, ROWS))}
    assert scrambled({**values, "c": ("boolean", rng(3).random(ROWS) < 0.5)})[0].relations.comparisons == ()


def test_what_fewer_rows_say_than_privacy_asks_is_not_stored():
    values = games()
    home, away, result = (np.array(own) for _, own in values.values())
    keep = (home != away) | (np.cumsum(home == away) <= 4)
    few = {
        name: (type_, own[keep]) for (name, (type_, _)), own in zip(values.items(), (home, away, result), strict=True)
    }
    assert scrambled(few)[0].relations.comparisons == ()  # the value of four rows is none that is kept
    (own,) = scrambled(few, privacy=Privacy(rare_category_rows=0))[0].relations.comparisons
    assert own.values == ("A", "D", "H")


def test_what_is_loaded_must_be_comparable():
    (own,) = scrambled(games())[0].relations.comparisons
    data = json.loads(json.dumps(own.to_json()))
    assert Comparison.from_json(data) == own
    with pytest.raises(ValueError, match="compared"):
        Comparison.from_json({**data, "one": {**data["one"], "type": str(ColumnType("string"))}}).check()


def test_a_model_keeps_it_when_a_result_is_given():
    frame = pd.DataFrame({name: own for name, (_, own) in games().items()})
    model = Autoregressive(epochs=2).fit(frame, seed=1)
    drawn = model.sample(500, seed=2, given={"result": "D"})
    assert (drawn.home == drawn.away).all()
    drawn = model.sample(2000, seed=3)
    assert (np.select([drawn.home > drawn.away, drawn.home < drawn.away], ["H", "A"], "D") == drawn.result).all()
