"""What a context and rows to fill may hold on pandas: numbers by value, anything else by type."""

import datetime

import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import CTGAN, Autoregressive, Between, Metadata, SchemaError, SerializationError
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.local.pandas_columns import given_values


@pytest.mark.parametrize(
    ("values", "learned", "expected"),
    [
        ([1.0, None, 3.0], "int", [1, None, 3]),
        ([1, 2], "double", [1.0, 2.0]),
        ([None, None], "date", [None, None]),
        ([datetime.date(2024, 1, 2)], "timestamp_ntz", [datetime.datetime(2024, 1, 2)]),
        (["a", None], "varchar(3)", ["a", None]),
    ],
)
def test_values_of_the_learned_type_are_taken(values, learned, expected):
    made = given_values(pd.Series(values), Column("x", ColumnType.parse(learned)), "context")
    assert made.to_pylist() == expected and made.type == ColumnType.parse(learned).arrow


@pytest.mark.parametrize(
    ("values", "learned", "message"),
    [
        ([1, 2], "string", "^context gives 'x' as bigint, but it was learned as string; cast it$"),
        (["1"], "int", "gives 'x' as string, but it was learned as int"),
        ([True], "bigint", "gives 'x' as boolean"),
        ([1, 1.5], "bigint", "gives 'x' as double with 1.5, which is no value of bigint, as it was learned"),
        ([1, 300], "tinyint", "gives 'x' as bigint with 300, which is no value of tinyint"),
        (pd.to_datetime(["2024-01-02 03:04"]), "date", "gives 'x' as timestamp_ntz, but it was learned as date"),
    ],
)
def test_other_values_are_named_with_their_type(values, learned, message):
    with pytest.raises(SchemaError, match=message):
        given_values(pd.Series(values), Column("x", ColumnType.parse(learned)), "context")


def test_a_model_says_so_and_loads_by_its_class(tmp_path):
    pdf = pd.DataFrame({"kind": np.tile(["a", "b"], 100), "n": np.arange(200) % 5})
    model = Autoregressive(Metadata().add_table("t"), epochs=1, progress=False).fit(pdf, "t", seed=1)
    with pytest.raises(SchemaError, match="context gives 'kind' as bigint"):
        model.sample(2, context=pd.DataFrame({"kind": [1, 2]}))
    with pytest.raises(SchemaError, match="impute gives 'n' as string"):
        model.impute(pdf.astype({"n": str}))
    model.save(str(tmp_path / "m"))
    for loaded in (Autoregressive.load(str(tmp_path / "m")), Autoregressive().load(str(tmp_path / "m"))):
        pd.testing.assert_frame_equal(loaded.sample(20, seed=3), model.sample(20, seed=3))
    own = Autoregressive()
    assert own.load(str(tmp_path / "m")) is own
    with pytest.raises(SerializationError, match="there is no model in"):
        CTGAN.load(str(tmp_path / "none"))


@pytest.fixture(scope="module")
def seniors():
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, 600)
    city = rng.choice(["Rome", "Milan"], 600)
    frame = pd.DataFrame({"age": age, "senior": age >= 65, "city": city})
    frame["region"] = frame.city.map({"Rome": "Lazio", "Milan": "Lombardy"})
    frame["start"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 600), "D")
    frame["end"] = frame.start + pd.to_timedelta(rng.integers(0, 90, 600), "D")
    return Autoregressive(progress=False, epochs=2).fit(frame, seed=1)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"senior": True, "age": Between(18, 30)}, "senior follows age, in 2 bands"),
        ({"city": "Rome", "region": "Lombardy", "age": Between(18, 30)}, "city decides region"),
        (
            {"start": Between(low=pd.Timestamp("2024-09-01")), "end": Between(high=pd.Timestamp("2024-02-01"))},
            "end >= start",
        ),
        ([({"age": Between(70, 80), "senior": own}, 1) for own in (True, False)], "senior follows age, in 2 bands"),
    ],
)
def test_what_cannot_both_hold_is_refused_with_the_rule_that_it_breaks(seniors, given, rule):
    with pytest.raises(SchemaError) as error:
        seniors.sample(10, seed=1, given=given)
    assert f"no row keeps what holds in all learned rows: {rule}" in str(error.value)
    assert all(repr(name) in str(error.value) for name in (given if isinstance(given, dict) else given[0][0]))


def test_what_can_both_hold_is_given(seniors):
    drawn = seniors.sample(
        50, seed=1, given={"senior": True, "age": Between(70, 80), "city": "Rome", "region": "Lazio"}
    )
    assert drawn.senior.all() and drawn.age.between(70, 80).all() and set(drawn.region) == {"Lazio"}


def test_values_that_break_a_rule_together_come_out_with_a_warning_of_it(seniors):
    with capture_logs() as logs:
        drawn = seniors.sample(20, seed=1, given={"city": "Rome", "region": "Lombardy"})
    assert set(drawn.city) == {"Rome"} and set(drawn.region) == {"Lombardy"}
    said = {entry["rule"]: entry["share"] for entry in logs if entry["event"] == "given_breaks"}
    assert said["city decides region"] == 1
