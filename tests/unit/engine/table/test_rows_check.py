import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import Autoregressive, Formula, Inequality, Metadata, Privacy, SchemaError

ROWS = 400


def warned(frame, **settings):
    with capture_logs() as logs:
        Autoregressive(progress=False, epochs=1, **settings).fit(frame, seed=1)
    return {entry["event"]: entry for entry in logs if entry["log_level"] == "warning"}


def test_columns_that_name_rows_are_named_with_the_way_out():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": rng.permutation(10 * ROWS)[:ROWS],
            "hour": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
            "code": [f"K{i:05d}" for i in rng.permutation(ROWS)],
            "moment": pd.to_datetime(rng.integers(0, 10**18, ROWS)).floor("us"),
            "measure": rng.normal(size=ROWS),
            "kind": rng.choice(list("ab"), ROWS),
        }
    )
    (found,) = (entry for event, entry in warned(frame).items() if event == "unique_columns")
    assert found["columns"] == ["id", "hour", "code"]
    assert "all 400 values are different" in found["reason"]
    assert "(pk, idCol)" in found["reason"]
    frame.loc[1, ["id", "code"]] = frame.loc[0, ["id", "code"]]
    assert warned(frame)["unique_columns"]["columns"] == ["hour"]


def test_few_rows_are_warned_of_unless_everything_may_be_kept():
    frame = pd.DataFrame({"a": np.arange(20) % 3, "b": list("xyxy") * 5})
    said = warned(frame)["few_rows"]["reason"]
    assert said.startswith("of 20 rows little may be kept: ranges end 5 rows from either end")
    assert "few_rows" not in warned(frame, privacy=Privacy(0, 0))
    assert "few_rows" not in warned(pd.concat([frame] * 4))


def test_columns_of_which_nothing_may_be_kept_are_named_together():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "c": [1.5, 2.5, 3.5]})
    with pytest.raises(SchemaError) as error:
        Autoregressive(progress=False).fit(frame, seed=1)
    assert "columns 'a', 'b', 'c' have too few rows of any one value" in str(error.value)
    assert "lower them, or exclude them" in str(error.value)


def test_series_are_warned_of_by_the_order_of_rows_or_of_a_time():
    rng = np.random.default_rng(0)
    walk, place = np.cumsum(rng.normal(size=ROWS)), rng.permutation(ROWS)
    frame = pd.DataFrame(
        {
            "walk": walk,
            "noise": rng.normal(size=ROWS),
            "trend": np.arange(ROWS) + rng.normal(size=ROWS),
            "kind": rng.choice(list("ab"), ROWS),
        }
    )
    assert warned(frame)["series"]["columns"] == ["walk"]
    shuffled = frame.iloc[place].reset_index(drop=True)
    assert "series" not in warned(shuffled)
    timed = shuffled.assign(seen=(pd.Timestamp("2024-01-01") + pd.to_timedelta(place, "h")))
    assert warned(timed)["series"]["columns"] == ["walk"]
    assert "series" not in warned(frame.sort_values("walk", ignore_index=True))


def test_what_the_rows_say_is_in_the_summary_too():
    frame = pd.DataFrame({"id": np.arange(ROWS), "code": [f"K{i:05d}" for i in range(ROWS)], "kind": list("ab") * 200})
    said = Autoregressive(progress=False, epochs=1).fit(frame, seed=1).training_summary.warnings
    assert any(text.startswith("columns 'id', 'code': all 400 values are different") for text in said)


def ordered(expression):
    """Rows and the declaration of a formula, and of an order of what it computes and is made of."""
    net, fee = np.random.default_rng(0).integers(1, 90, (2, ROWS))
    frame = pd.DataFrame({"net": net, "fee": fee}).assign(gross=lambda d: d.eval(expression))
    declared = [Formula("gross", expression), Inequality("net", "gross")]
    return frame, Metadata().add_table("table", dependencies=declared)


def test_a_declared_order_that_computed_columns_may_break_is_warned_of():
    frame, metadata = ordered("net + fee - 20")
    with capture_logs() as logs:
        fitted = Autoregressive(progress=False, epochs=1, metadata=metadata).fit(frame, seed=1)
    (said,) = (entry for entry in logs if entry["event"] == "loose_orders")
    assert said["log_level"] == "warning" and said["orders"] == ["net <= gross"]
    assert f"net <= gross: {said['reason']}" in fitted.training_summary.warnings
    frame, metadata = ordered("net + fee")
    assert "loose_orders" not in warned(frame, metadata=metadata)


def test_declarations_that_contradict_each_other_are_refused():
    frame, metadata = ordered("net - fee")
    with pytest.raises(SchemaError, match="no row can keep 'net <= gross'"):
        Autoregressive(progress=False, metadata=metadata).fit(frame, seed=1)
