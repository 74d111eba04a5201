import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import ColumnType
from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def one_of(sizes, rows=ROWS, seed=1):
    return rng(seed).choice(len(sizes), rows, p=np.array(sizes) / sum(sizes))


@pytest.mark.parametrize("type_", ["int", "tinyint", "boolean", "double"])
def test_exactly_one_flag_is_set(type_):
    which = one_of([5, 3, 1, 1, 0.2])
    found, table, drawn = scrambled(
        {f"is_{i}": (type_, pa.array(which == i).cast(pa.int8()).cast(ColumnType.parse(type_).arrow)) for i in range(5)}
    )
    assert [own.always for own in found.flags] == [True]
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    assert (drawn.to_pandas().astype(int).sum(axis=1) == 1).all()
    assert drawn["is_0"].to_pandas().astype(int).sum() == (which == 0).sum()


def test_at_most_one_flag_is_set_and_two_sets_are_two():
    color, size = one_of([4, 3, 2, 1]), one_of([2, 2, 2], seed=2)
    values = {f"color_{i}": ("int", (color == i).astype(int)) for i in range(3)}
    values |= {f"size_{i}": ("int", (size == i).astype(int)) for i in range(3)}
    found, _, drawn = scrambled(values)
    assert sorted((own.always, set(own.names)) for own in found.flags) == [
        (False, {"color_0", "color_1", "color_2"}),
        (True, {"size_0", "size_1", "size_2"}),
    ]
    d = drawn.to_pandas()
    assert (d.filter(like="size").sum(axis=1) == 1).all()
    assert d.filter(like="color").sum(axis=1).max() == 1
    assert (d.filter(like="color").sum(axis=1) == 0).sum() == (color == 3).sum()


def test_nulls_come_together():
    which = one_of([1, 1, 1])
    gone = rng(3).random(ROWS) < 0.2
    values = {f"f{i}": ("int", pd.Series((which == i).astype(int), dtype="Int64").mask(gone)) for i in range(3)}
    found, _, drawn = scrambled(values)
    assert len(found.flags) == 1
    d = drawn.to_pandas()
    assert (d.isna().all(axis=1) == d.isna().any(axis=1)).all()
    assert d.isna().all(axis=1).sum() == gone.sum()


def test_given_flags_stay_and_rule_out_others():
    which = one_of([5, 3, 2])
    values = {f"f{i}": ("int", (which == i).astype(int)) for i in range(3)}
    _, _, drawn = scrambled(values, given={"f1": [1] * ROWS})
    assert drawn.to_pandas().eq([0, 1, 0]).all().all()
    _, _, drawn = scrambled(values, given={"f0": [0] * ROWS})
    d = drawn.to_pandas()
    assert d.f0.sum() == 0
    assert (d.sum(axis=1) == 1).all()


def test_flags_that_are_set_together_once_or_rarely_at_all_are_no_set():
    which = one_of([5, 3, 2])
    values = {f"f{i}": ("int", (which == i).astype(int)) for i in range(3)}
    values["f1"][1][which.argmin()] = 1
    assert scrambled(values)[0].flags == ()
    rare = {f"r{i}": ("int", (rng(i).random(ROWS) < 0.01).astype(int)) for i in range(4)}
    assert scrambled(rare)[0].flags == ()
