"""Two columns that decide a third one, neither of them alone."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive, SchemaError
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.composite import broken, permitted_beside
from synthohive_spark.engine.dependencies.composite_fit import composites_in_codes, find_composites
from synthohive_spark.engine.dependencies.functional import decided_next, settled
from synthohive_spark.engine.encoded_table import (
    Block,
    CompositeDependency,
    EncodedTable,
    FunctionalDependency,
    Layout,
)

ROWS = 1500


def rng(seed=0):
    return np.random.default_rng(seed)


def flights(rows=ROWS, nulls=0.0):
    """Fares by route and class, of which some are null by accident."""
    route, klass = rng(1).integers(0, 20, rows), rng(2).choice(3, rows, p=[0.6, 0.3, 0.1])
    fare = (rng(3).integers(40, 90, (20, 3)) + 0.5)[route, klass]
    fare[rng(4).random(rows) < nulls] = np.nan
    ages = rng(5).integers(18, 80, rows)
    return pd.DataFrame(
        {"route": [f"R{i:02d}" for i in route], "class": np.array(list("YMC"))[klass], "fare": fare, "age": ages}
    )


def wrong(rows, drawn, columns):
    """How many drawn rows hold another value of the last column than the real ones with the same first two."""
    there = drawn.dropna(subset=columns)
    real = rows.dropna(subset=columns).groupby(columns[:2])[columns[2]].first().rename("real")
    both = there.join(real, on=columns[:2], how="left")
    return int((both.real != both[columns[2]]).sum())


def grades(rows=ROWS):
    grade, step = rng(1).integers(1, 9, rows), rng(2).integers(1, 7, rows)
    salary = (rng(3).integers(25, 45, (8, 6)) * 1000)[grade - 1, step - 1]
    return pd.DataFrame({"grade": grade, "step": step, "salary": salary, "age": rng(4).integers(18, 65, rows)})


def seasons(rows=ROWS):
    year, month = rng(1).integers(2018, 2024, rows), rng(2).integers(1, 13, rows)
    season = rng(3).choice(["low", "mid", "high"], (6, 12))[year - 2018, month - 1]
    months = pd.Series(month).astype("Int64").mask(rng(4).random(rows) < 0.05)
    return pd.DataFrame({"year": year, "month": months, "season": season, "sold": rng(5).poisson(20, rows)})


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
@pytest.mark.parametrize(
    ("rows", "columns", "nulls"),
    [
        (flights(), ["route", "class", "fare"], ""),
        (flights(nulls=0.1), ["route", "class", "fare"], " where none is null"),
        (grades(), ["grade", "step", "salary"], ""),
        (seasons(), ["year", "month", "season"], " where none is null"),
    ],
)
def test_what_two_columns_decide_is_theirs_in_every_drawn_row(engine, rows, columns, nulls, tmp_path):
    model = engine(epochs=2, progress=False).fit(rows, seed=1)
    assert f"{columns[0]} and {columns[1]} decide {columns[2]}{nulls} in all 1,500 rows" in model.dependencies
    drawn = model.sample(2000, seed=2)
    assert wrong(rows, drawn, columns) == 0
    for name in columns:
        assert abs(drawn[name].isna().mean() - rows[name].isna().mean()) < 0.03
    model.save(tmp_path / "model")
    read = engine().load(tmp_path / "model")
    assert read.sample(300, seed=2).equals(model.sample(300, seed=2))
    assert read.dependencies == model.dependencies


def test_what_is_given_decides_and_is_led_to():
    rows = flights(nulls=0.1)
    model = Autoregressive(epochs=2, progress=False).fit(rows, seed=1)
    fares = rows.dropna().groupby(["route", "class"]).fare.first()
    drawn = model.sample(400, seed=2, given={"route": "R03", "class": "M"})
    assert set(drawn.fare.dropna()) == {fares["R03", "M"]}
    assert abs(drawn.fare.isna().mean() - 0.1) < 0.06
    drawn = model.sample(400, seed=2, given={"fare": fares["R03", "M"]})
    pairs = set(map(tuple, drawn[["route", "class"]].to_numpy()))
    assert pairs <= set(fares[fares == fares["R03", "M"]].index)
    drawn = model.sample(400, seed=2, given={"route": "R03", "fare": list(fares["R03"])})
    assert wrong(rows, drawn, ["route", "class", "fare"]) == 0


def test_a_list_that_no_combination_meets_is_refused():
    rows = flights()
    model = Autoregressive(epochs=1, progress=False).fit(rows, seed=1)
    others = sorted(set(rows.fare) - set(rows.fare[rows.route == "R03"]))[:5]
    with pytest.raises(SchemaError, match="route and class decide fare"):
        model.sample(50, seed=2, given={"route": ["R03"], "class": ["M", "Y"], "fare": others})


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_combinations_of_few_rows_are_neither_stored_nor_drawn(engine):
    rows = flights()
    held = rows.groupby(["route", "class"]).size()
    often = set(held[held >= 5].index)
    assert 0 < len(held) - len(often) < 10
    model = engine(epochs=2, progress=False).fit(rows, seed=1)
    (own,) = (o for o in model.model.layout.functional if isinstance(o, CompositeDependency))
    assert len(own.combinations) == len(often)
    drawn = model.sample(3000, seed=2)
    assert set(map(tuple, drawn[["route", "class"]].to_numpy())) <= often


def values_of(frame, types):
    columns = tuple(Column(name, ColumnType.parse(type_)) for name, type_ in types.items())
    return pa.table([pa.array(frame[c.name], c.type.arrow, from_pandas=True) for c in columns], list(types)), columns


TYPES = {"route": "string", "class": "string", "fare": "double", "age": "int"}


def test_two_columns_are_found_where_neither_decides_alone():
    rows = flights()
    assert find_composites(*values_of(rows, TYPES), 5) == [("route", "class", "fare")]
    other = rows.copy()
    other.loc[700, "fare"] += 1
    assert find_composites(*values_of(other, TYPES), 5) == []
    alone = rows.assign(fare=[int(route[1:]) % 7 + 0.5 for route in rows.route])
    assert find_composites(*values_of(alone, TYPES), 5) == []
    assert find_composites(*values_of(rows.head(150), TYPES), 5) == []  # most combinations are rare
    assert find_composites(*values_of(rows, TYPES), 40) == []


def test_of_twos_that_decide_the_same_the_coarser_counts():
    rows = flights()
    rows["leg"] = rows.route + rng(7).choice(["a", "b"], ROWS)  # decides the route
    assert find_composites(*values_of(rows, {**TYPES, "leg": "string"}), 3) == [("route", "class", "fare")]


def test_floats_and_times_decide_nothing_and_a_rare_flag_by_chance_neither():
    rows = flights()
    days = pa.array(rng(8).integers(0, 20, ROWS), pa.int32()).cast(pa.date32())
    table, columns = values_of(rows, TYPES)
    floats = table.set_column(0, "route", pa.array([float(r[1:]) / 4 for r in rows.route]))
    assert find_composites(floats, (Column("route", ColumnType("double")), *columns[1:]), 5) == []
    dates = table.set_column(0, "route", days)
    assert find_composites(dates, (Column("route", ColumnType("date")), *columns[1:]), 5) == []
    flag = np.zeros(ROWS, int)
    flag[np.flatnonzero((rows.route == "R04") & (rows["class"] == "C"))[0]] = 1
    rare = rows.assign(fare=flag.astype(float))[~((rows.route == "R04") & (rows["class"] == "C")) | (flag == 1)]
    assert find_composites(*values_of(rare, TYPES), 1) == []


ROUTE_CLASS = CompositeDependency((0, 1), 2, np.array([(1, 0, 3), (1, 1, 2), (2, 0, 1)], np.int32))
FREE = CompositeDependency((0, 1), 2, ROUTE_CLASS.combinations, (False, False, True))


def permitted(own, column, codes, known):
    every = permitted_beside(own, column, codes, {place: np.array(k, np.int64) for place, k in known.items()})
    return [np.flatnonzero(row).tolist() for row in every]


def test_codes_that_leave_a_combination_are_permitted():
    assert permitted(ROUTE_CLASS, 2, 4, {0: [1, 2, 2, -1, 1], 1: [1, 0, 1, 0, -1]}) == [
        [2],
        [1],
        [0, 1, 2, 3],
        [1, 3],
        [2, 3],
    ]
    assert permitted(ROUTE_CLASS, 0, 3, {1: [-1, 0, 1, -1], 2: [-1, -1, -1, 3]}) == [[1, 2], [1, 2], [1], [1]]
    assert permitted(ROUTE_CLASS, 1, 2, {0: [1, 2, 0], 2: [-1, -1, -1]}) == [[0, 1], [0], [0, 1]]
    assert permitted(FREE, 2, 4, {0: [1, -1], 1: [1, 0]}) == [[0, 2], [0, 1, 3]]
    assert permitted(FREE, 1, 2, {0: [2, 2], 2: [0, 1]}) == [[0, 1], [0]]


def test_rows_of_another_code_than_their_combination_has_break_it():
    codes = np.array([(1, 0, 3), (1, 0, 2), (1, 0, 0), (0, 0, 2), (2, 5, 1)])
    encoded = EncodedTable(codes, np.zeros((5, 0), np.float32))
    assert broken(ROUTE_CLASS, encoded).tolist() == [False, True, True, False, False]
    assert broken(FREE, encoded).tolist() == [False, True, False, False, False]


def test_what_two_decide_comes_behind_both_but_for_what_it_decides():
    assert decided_next([2, 0, 1], [ROUTE_CLASS]) == (0, 1, 2)
    assert decided_next([2, 0, 1], [ROUTE_CLASS, FunctionalDependency(2, 0, np.zeros(4, np.int32))]) == (1, 2, 0)
    latin = [ROUTE_CLASS, CompositeDependency((0, 2), 1, ROUTE_CLASS.combinations[:, [0, 2, 1]])]
    assert sorted(decided_next([2, 0, 1], latin)) == [0, 1, 2]


def test_drawn_codes_are_settled_and_nulls_stay_as_many():
    drawn = np.stack([rng(i).integers(0, n, 4000) for i, n in enumerate((3, 2, 4))])
    made = settled(drawn, [ROUTE_CLASS], (3, 2, 4))
    assert set(map(tuple, made.T)) == set(map(tuple, ROUTE_CLASS.combinations))
    made = settled(drawn, [FREE], (3, 2, 4))
    assert set(map(tuple, made[:, made[2] > 0].T)) == set(map(tuple, ROUTE_CLASS.combinations))
    assert np.array_equal(made[2] == 0, drawn[2] == 0)


def test_a_code_of_rare_combinations_has_made_up_ones_which_contradict_nothing():
    route, klass = rng(1).integers(0, 8, ROWS), rng(2).integers(0, 4, ROWS)
    route[:12], klass[:12] = 8, np.arange(12) % 4  # three rows a combination
    fare = rng(3).integers(0, 5, (9, 4))[route, klass]
    codes = np.stack([route, klass, fare], axis=1)
    table = pa.table({"a": route, "b": klass, "c": fare})
    blocks = [Block(name, (1 / n,) * n, False) for name, n in (("a", 9), ("b", 4), ("c", 5))]
    encoded = EncodedTable(codes, np.zeros((ROWS, 0), np.float32))
    (own,) = composites_in_codes(table, [("a", "b", "c")], encoded, blocks, (), 5)
    made = own.combinations[own.combinations[:, 0] == 8]
    usual = [np.bincount(fare[klass == k]).argmax() for k in range(4)]
    assert made.tolist() == [[8, k, usual[k]] for k in range(4)]
    kept = {tuple(row) for row in codes[route < 8]}
    assert {tuple(row) for row in own.combinations if row[0] < 8} == kept
    link = FunctionalDependency(2, 0, np.array([0] * 5, np.int32))  # whatever is made up contradicts it
    (own,) = composites_in_codes(table, [("a", "b", "c")], encoded, blocks, (link,), 5)
    assert 8 not in own.combinations[:, 0]


def test_a_layout_with_a_dependency_of_two_comes_out_of_a_file_and_is_checked():
    blocks = tuple(Block(name, (1 / n,) * n, False, null=n == 4) for name, n in (("a", 3), ("b", 2), ("c", 4)))
    layout = Layout(blocks, functional=(FREE, FunctionalDependency(2, 0, np.zeros(4, np.int32))))
    layout.check()
    read = Layout.from_json(json.loads(json.dumps(layout.to_json())))
    assert read.functional[0].columns == (0, 1, 2) and read.functional[0].free == (False, False, True)
    assert np.array_equal(read.functional[0].combinations, FREE.combinations)
    assert read.functional[1].columns == (2, 0)
    for own, message in (
        (CompositeDependency((0, 0), 2, FREE.combinations), "come twice"),
        (CompositeDependency((0, 1), 3, FREE.combinations), "not there"),
        (CompositeDependency((0, 1), 2, np.array([(1, 0, 4)], np.int32)), "codes that are not there"),
        (CompositeDependency((0, 1), 2, np.array([(1, 0, 1), (1, 0, 2)], np.int32)), "come twice"),
        (CompositeDependency((0, 1), 2, FREE.combinations, (True, False, False)), "without nulls"),
    ):
        with pytest.raises(ValueError, match=message):
            Layout(blocks, functional=(own,)).check()
