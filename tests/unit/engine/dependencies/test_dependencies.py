import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.decided import count_broken
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.settings import TrainingSettings
from synthohive_spark.engine.table.fit import fit_table
from synthohive_spark.engine.table.request import FitRequest
from tests.helpers.fake_engine import MarginalEngine

ROWS = 4000
TYPES = {
    "net": "int",
    "tax": "int",
    "total": "int",
    "age": "int",
    "minor": "boolean",
    "city": "string",
    "country": "string",
    "moved": "string",
    "left": "string",
}
TOTAL, MINOR, COUNTRY, MOVED = (
    "total = net + tax",
    "minor follows age",
    "city decides country",
    "moved is null only where left is",
)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    net, tax, age, city = (rng.integers(0, most, ROWS) for most in (5000, 900, 90, 12))
    stayed = rng.random(ROWS) < 0.4
    values = {
        "net": net,
        "tax": tax,
        "total": net + tax,
        "age": age,
        "minor": age < 18,
        "city": [f"city {c}" for c in city],
        "country": [f"country {c % 4}" for c in city],
        "moved": pa.array(rng.choice(["by car", "by rail"], ROWS), mask=stayed),
        "left": pa.array(rng.choice(["north", "south"], ROWS), mask=stayed | (rng.random(ROWS) < 0.3)),
    }
    # One row that holds everything stands first, for the tests that break something.
    order = np.argsort(values["left"].is_null().to_numpy(zero_copy_only=False), kind="stable")
    return pa.table({n: pa.array(v).cast(ColumnType.parse(TYPES[n]).arrow) for n, v in values.items()}).take(order)


@pytest.fixture(scope="module")
def model(table):
    columns = tuple(Column(name, ColumnType.parse(kind)) for name, kind in TYPES.items())
    return fit_table(table, MarginalEngine(TrainingSettings()), FitRequest(columns, seed=1))


def broken(model, table):
    words = row_words(1, np.arange(table.num_rows), model.encoder.encode_words)
    encoded = model.encoder.encode(model.dependencies.split(table), words)
    return count_broken(model.dependencies, table, encoded)


def changed(table, name, rows, value):
    """The table with another value of a column in its first rows."""
    at, own = table.column_names.index(name), table.column(name)
    return table.set_column(at, name, pc.if_else(pa.array(np.arange(ROWS) < rows), value, own))


def test_the_rows_that_were_learned_break_nothing(model, table):
    found = broken(model, table)
    assert set(found.values()) == {0}
    assert len(found) == len(model.dependencies.describe())
    for text in (TOTAL, MINOR, COUNTRY, MOVED):
        assert any(sentence.startswith(text) for sentence in found), found


@pytest.mark.parametrize(
    ("text", "column", "rows", "value"),
    [
        (TOTAL, "total", 3, lambda t: pc.add(t["total"], pa.scalar(1, pa.int32()))),
        (MINOR, "minor", 5, lambda t: pc.invert(t["minor"])),
        (COUNTRY, "country", 7, lambda t: pc.if_else(pc.equal(t["country"], "country 0"), "country 1", "country 0")),
        (MOVED, "moved", 2, lambda t: pa.scalar(None, pa.string())),
    ],
)
def test_rows_that_break_what_holds_are_counted(model, table, text, column, rows, value):
    found = broken(model, changed(table, column, rows, value(table)))
    assert [count for sentence, count in found.items() if sentence.startswith(text)] == [rows], found
    about_others = {sentence: count for sentence, count in found.items() if column not in sentence}
    assert set(about_others.values()) <= {0}


def test_columns_that_depend_on_each_other_are_in_one_group(model):
    groups = model.dependencies.together([*TYPES, "other"])
    expected = [["net", "tax", "total"], ["age", "minor"], ["city", "country"], ["moved", "left"], ["other"]]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, expected))
    assert model.dependencies.together(["total", "minor", "city"]) == [["total"], ["minor"], ["city"]]
