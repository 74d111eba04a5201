"""Rows of rare values in a column that decides others: none of what it decides is lost, and no real value comes out."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.functional_fit import deciding_pairs, find_functional_dependencies
from synthohive_spark.engine.table.encoder_fit import fit_encoder
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table.stand_ins import with_stand_ins
from synthohive_spark.engine.table_statistics import TableStatistics

ROWS = 2000


def fitted(values, types=None, **rules):
    """Values that are encoded with stand-ins: columns of codes, codecs, and what each code of the first decides."""
    columns = tuple(Column(name, ColumnType.parse((types or {}).get(name, "string"))) for name in values)
    table = pa.table({c.name: pa.array(values[c.name], c.type.arrow) for c in columns})
    request = FitRequest(columns, seed=0, rules=ColumnRules(**rules))
    statistics = TableStatistics.of(table, columns)
    encoder, encoded = fit_encoder(table, columns, statistics, request)
    pairs = deciding_pairs(table, list(values), encoder.blocks)
    encoder, encoded = with_stand_ins(encoder, encoded, table, pairs, request, statistics)
    links = find_functional_dependencies(table, (), encoded, encoder.blocks, pairs)
    return encoded.codes.T, encoder.codecs, {(o.determinant, o.dependent): o.table for o in links}


def plans(seats=70):
    """Plans, and seats whose first letters are those of the plan; those of the smallest plan have few rows each."""
    rng = np.random.default_rng(0)
    plan = rng.choice(["gold", "basic", "trial"], ROWS, p=[0.6, 0.376, 0.024])
    return {"seat": [f"{p[:2].upper()}-{rng.integers(seats)}" for p in plan], "plan": plan.tolist()}


def test_what_only_rare_values_decide_is_decided_by_imitated_ones():
    real = plans()
    codes, (seat, plan), links = fitted(real)
    trial = np.array(real["plan"]) == "trial"
    made = [v for v in seat.values if v.startswith("TR")]
    assert len(made) == trial.sum() // 5 and not set(made) & set(real["seat"])
    assert all(v[:3] == "TR-" and v[3:].isdigit() for v in made)
    assert np.array_equal(codes[0] >= seat.size - len(made), trial)
    assert np.bincount(codes[0])[-len(made) :].min() >= 5
    assert np.array_equal(links[0, 1][codes[0]], codes[1])
    assert [plan.values[c] for c in codes[1]] == real["plan"]
    assert sum(seat.frequencies) == pytest.approx(1) and len(seat.frequencies) == seat.size
    assert sum(seat.frequencies[-len(made) :]) == pytest.approx(trial.mean())


def test_several_columns_are_decided_as_well_where_a_row_suits_all():
    real = plans(60)
    codes, _, links = fitted(
        {**real, "tier": [p[0] for p in real["plan"]], "paid": [str(p != "trial") for p in real["plan"]]}
    )
    for other in (1, 2, 3):
        assert np.array_equal(links[0, other][codes[0]], codes[other])


def test_rare_values_have_the_codes_of_what_decides_the_same():
    rng = np.random.default_rng(1)
    town = np.minimum(rng.zipf(1.9, ROWS), 400)
    state = np.array([f"state{t % 3}" for t in town])
    codes, (towns, states), links = fitted({"town": [f"town{t:03d}" for t in town], "state": state.tolist()})
    assert set(towns.values) < {f"town{t:03d}" for t in town}
    kept = np.array([f"town{t:03d}" in towns.values for t in town])
    assert (~kept).sum() > 20
    assert np.array_equal(links[0, 1][codes[0]], codes[1])
    assert [states.values[c] for c in codes[1]] == state.tolist()


def test_numbers_that_are_names_are_imitated_within_the_range_of_their_class():
    rng = np.random.default_rng(2)
    small = rng.random(ROWS) < 0.02
    zip_code = np.where(small, 90_000 + 10 * rng.integers(0, 60, ROWS), 10_000 + 10 * rng.integers(0, 40, ROWS))
    county = np.where(small, "small", [f"county{z // 100}" for z in zip_code])
    codes, (numbers, _), links = fitted(
        {"zip": zip_code, "county": county}, {"zip": "int"}, categorical=frozenset(["zip"])
    )
    made = [z for z in numbers.spikes if z not in set(zip_code)]
    assert len(made) == small.sum() // 5
    assert all(90_000 <= z < 90_600 and z % 10 == 0 for z in made) and list(numbers.spikes) == sorted(numbers.spikes)
    assert np.array_equal(np.array(numbers.spikes)[codes[0]][~small], zip_code[~small])
    assert np.array_equal(links[0, 1][codes[0]], codes[1])
    assert numbers.frequencies == pytest.approx(np.bincount(codes[0], minlength=numbers.size) / ROWS)


def test_of_several_columns_that_are_decided_the_coarsest_is_kept_where_all_cannot_be():
    real = plans()
    rng = np.random.default_rng(3)
    number_of = {s: int(rng.integers(9)) for s in sorted(set(real["seat"]))}
    codes, (seat, _, _), links = fitted({**real, "desk": [f"desk{number_of[s]}" for s in real["seat"]]})
    trial = np.array(real["plan"]) == "trial"
    assert np.array_equal(links[0, 1][codes[0]], codes[1])
    assert {seat.values[c][:2] for c in codes[0, trial]} == {"TR"}


def test_nothing_is_made_up_of_declared_categories_or_of_fewer_rows_than_may_be_kept():
    real = plans()
    _, (seat, _), _ = fitted(real, categorical=frozenset(["seat"]))
    assert set(seat.values) <= set(real["seat"])
    plan = ["none"] * 4 + real["plan"][4:]
    few = [f"NO-{i}" for i in range(4)] + real["seat"][4:]
    _, (seat, _), _ = fitted({"seat": few, "plan": plan})
    assert not [v for v in seat.values if v.startswith("NO")] and [v for v in seat.values if v.startswith("TR")]


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_drawn_rows_have_all_that_is_decided(engine):
    import pandas as pd

    real = pd.DataFrame(plans())
    model = engine(epochs=3, progress=False).fit(real, seed=1)
    made = model.sample(4000, seed=2)
    assert (made["plan"] == "trial").mean() == pytest.approx(0.024, abs=0.012)
    assert (made["seat"].str[:2] == made["plan"].str[:2].str.upper()).all()
    if engine is Autoregressive:
        asked = model.sample(300, seed=3, given={"plan": "trial"})["seat"]
        assert asked.str.startswith("TR-").all() and asked.nunique() > 4
