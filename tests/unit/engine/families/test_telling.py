"""Which conditions say anything about a row."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.telling import telling_conditions

ROWS = 800
NUMBER, TEXT, DAY, FLAG = (ColumnType(n) for n in ("double", "string", "date", "boolean"))


def telling(made, given, seed=0):
    """Names of the given columns that say something; columns are pairs of values and a type."""
    both = {**made, **given}
    table = pa.table({name: pa.array(values) for name, (values, _) in both.items()})
    columns = {name: Column(name, type_) for name, (_, type_) in both.items()}
    return telling_conditions(table, [columns[n] for n in made], [columns[n] for n in given], seed)


def days(numbers):
    return pa.array(np.asarray(numbers, "int32")).cast(pa.date32())


def test_what_goes_with_a_made_column_is_found_whatever_the_types():
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    made = {"x": (x, NUMBER), "y": (rng.normal(size=ROWS), NUMBER)}
    given = {
        "same": (x + rng.normal(size=ROWS), NUMBER),
        "bent": (np.abs(x), NUMBER),
        "word": (np.where(x > 0, "up", "down"), TEXT),
        "day": (days(1000 + 100 * x), DAY),
        "flag": (x > 1, FLAG),
        "null": ([None if v > 0.5 else 1.0 for v in x], NUMBER),
        "noise": (rng.normal(size=ROWS), NUMBER),
        "constant": (np.ones(ROWS), NUMBER),
    }
    assert telling(made, given) == set(given) - {"noise", "constant"}


@pytest.mark.parametrize("seed", range(10))
def test_chance_says_nothing(seed):
    rng = np.random.default_rng(seed)
    kinds = {
        "number": (rng.normal(size=ROWS), NUMBER),
        "few": (rng.integers(0, 3, ROWS).astype(float), NUMBER),
        "word": (rng.choice(list("abcdefgh"), ROWS), TEXT),
        "many": ([f"{v}" for v in rng.integers(0, 300, ROWS)], TEXT),
        "day": (days(rng.integers(0, 3000, ROWS)), DAY),
        "null": ([None if v else 0.5 for v in rng.integers(0, 2, ROWS)], NUMBER),
    }
    made = {f"made_{n}": (rng.permutation(np.asarray(v, object)).tolist(), t) for n, (v, t) in kinds.items()}
    made["made_day"] = (days(rng.integers(0, 3000, ROWS)), DAY)
    assert len(telling(made, kinds)) <= 1  # of 36 pairs


def test_those_that_say_most_are_taken_where_there_are_many():
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    noise = np.linspace(0.1, 1.5, 50)
    given = {f"g{i:02d}": (x + noise[i] * rng.normal(size=ROWS), NUMBER) for i in range(50)}
    found = telling({"x": (x, NUMBER)}, given)
    assert len(found) == 32 and {f"g{i:02d}" for i in range(20)} < found


def test_without_columns_nothing_is_found():
    x = np.arange(ROWS, dtype=float)
    assert telling({"x": (x, NUMBER)}, {}) == frozenset()
    assert telling({}, {"x": (x, NUMBER)}) == frozenset()
