"""What a context and rows to fill may hold on pandas: numbers by value, anything else by type."""

import datetime

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive, Metadata, SchemaError, SerializationError
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
