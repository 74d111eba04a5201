import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.flag_words import FlagColumn
from synthohive_spark.engine.integrity import check_loaded
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


@pytest.mark.parametrize("type_", ["int", "boolean"])
@pytest.mark.parametrize(("count", "of", "rows"), [(2, 5, 2000), (3, 4, 300)])
def test_always_as_many_flags_are_set(type_, count, of, rows):
    ranks = rng(1).random((rows, of)) * np.linspace(1, 1.5, of)
    chosen = ranks.argsort(axis=1).argsort(axis=1) < count
    gone = rng(2).random(rows) < 0.1
    other = one_of([3, 2, 1], rows, seed=5)
    flags = {f"shift_{i}": pd.Series(chosen[:, i].astype(int), dtype="Int64").mask(gone) for i in range(of)}
    as_type = ColumnType.parse(type_).arrow
    values = {name: (type_, pa.array(own, pa.int8(), from_pandas=True).cast(as_type)) for name, own in flags.items()}
    values |= {f"paid_{i}": ("int", (other == i).astype(int)) for i in range(3)}
    values |= {f"free_{i}": ("int", (rng(i).random(rows) < 0.4).astype(int)) for i in range(3)}
    found, table, drawn = scrambled(values)
    assert [set(own.names) for own in found.combinations] == [flags.keys()]
    assert [set(own.names) for own in found.flags] == [{"paid_0", "paid_1", "paid_2"}]
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    made = drawn.to_pandas()[list(flags)].dropna().astype(int)
    assert (made.sum(axis=1) == count).all() and len(made) == (~gone).sum()
    assert made.mean().to_numpy() == pytest.approx(chosen[~gone].mean(axis=0))


def test_flags_that_add_up_to_the_same_by_chance_in_few_rows_are_free():
    rows = 12
    values = {
        f"f{i}": ("int", np.repeat([1, 0], rows // 2) if i % 2 else np.repeat([0, 1], rows // 2)) for i in range(4)
    }
    assert scrambled(values)[0].combinations == ()


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


PAIRS = [("N", "Y"), ("no", "yes"), ("", "x"), ("F", "T"), ("nein", "ja"), ("0", "1"), (None, "x"), ("-", None), (1, 2)]


@pytest.mark.parametrize("off, on", PAIRS)
@pytest.mark.parametrize("always", [True, False])
def test_flags_may_be_any_two_values(off, on, always):
    which = one_of([5, 3, 2] if always else [3, 3, 2, 2])
    type_ = "int" if off == 1 else "string"
    values = {f"f{i}": (type_, [on if k == i else off for k in which]) for i in range(3)}
    found, table, drawn = scrambled(values)
    assert [own.always for own in found.flags] == [always]
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    rows = list(zip(*drawn.to_pydict().values(), strict=True))
    assert all(row.count(on) == 1 or (row.count(on) == 0 and not always) for row in rows)
    assert all(row.count(on) + row.count(off) == 3 for row in rows)
    assert sum(row[0] == on for row in rows) == (which == 0).sum()
    assert drawn.schema.types == table.schema.types


def test_flags_of_words_are_null_together():
    which, gone = one_of([3, 2, 1]), rng(3).random(ROWS) < 0.2
    values = {f"f{i}": ("string", pd.Series(np.where(which == i, "Y", "N")).mask(gone)) for i in range(3)}
    found, _, drawn = scrambled(values)
    assert len(found.flags) == 1
    d = drawn.to_pandas()
    assert (d.isna().all(axis=1) == d.isna().any(axis=1)).all() and d.isna().all(axis=1).sum() == gone.sum()


def test_given_words_rule_out_others():
    which = one_of([5, 3, 2])
    values = {f"f{i}": ("string", np.where(which == i, "x", "")) for i in range(3)}
    _, _, drawn = scrambled(values, given={"f1": ["x"] * ROWS})
    assert drawn.to_pandas().eq(["", "x", ""]).all().all()


@pytest.mark.parametrize("off, on", [("N", "Y"), ("", "x"), (None, "x"), (False, True), (0, 1)])
def test_a_count_of_flags_is_their_number_in_every_row(off, on):
    set_ = rng(5).random((ROWS, 4)) < [0.2, 0.3, 0.1, 0.6]
    type_ = {bool: "boolean", int: "int"}.get(type(on), "string")
    values = {f"f{i}": (type_, [on if own else off for own in set_[:, i]]) for i in range(4)}
    values["other"] = (type_, [on if own else off for own in rng(6).random(ROWS) < 0.4])
    values["n"] = ("int", set_.sum(axis=1))
    found, table, drawn = scrambled(values)
    assert set(count_broken(found, table).values()) == {0} and len(found.relations.linear) == 1
    d = drawn.to_pydict()
    counts = [sum(own == on for own in row) for row in zip(*(d[f"f{i}"] for i in range(4)), strict=True)]
    assert counts == d["n"]
    assert set(d["f3"]) == {off, on}


def test_two_values_that_say_nothing_of_each_other_are_no_flags():
    values = {f"f{i}": ("string", rng(i).choice(["Y", "N"], ROWS, p=[0.3, 0.7])) for i in range(5)}
    found, _, _ = scrambled(values)
    assert found.flags == () == found.written


@pytest.mark.parametrize(
    "type_, off, on", [("string", 0, 1), ("int", "a", "b"), ("int", 1, True), ("int", 1, 1), ("tinyint", 0, 300)]
)
def test_words_of_flags_that_no_fit_left_are_refused(type_, off, on):
    column = Column("f", ColumnType(type_))
    with pytest.raises(ValueError, match="flags of|must be"):
        check_loaded(FlagColumn.from_json({"column": column.to_json(), "off": off, "on": on}))


def test_rare_flags_belong_to_the_set_that_they_are_never_set_with():
    which = one_of([4, 2, 2, 1, 1], rows=1500)
    found, _, _ = scrambled({f"f{i}": ("int", (which == i + 1).astype(int)) for i in range(4)})
    assert [set(own.names) for own in found.flags] == [{"f0", "f1", "f2", "f3"}]
