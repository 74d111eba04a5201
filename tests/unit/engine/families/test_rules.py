"""Rules as JSON, names, numbers."""

import datetime
import json

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families import names
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.numbers import comparable, is_countable, numbers_of, values_of
from synthohive_spark.engine.families.rules import FamilyRules, Step

DATE, INSTANT, LOCAL = (ColumnType(n) for n in ("date", "timestamp", "timestamp_ntz"))
NOON = datetime.datetime(1969, 12, 31, 12)


def test_rules_come_back_from_json_as_they_were():
    day = Column("day", DATE, nullable=False)
    price = Column("price", ColumnType.parse("decimal(10,2)"))
    rules = FamilyRules(
        columns=(day, price),
        context=(Column("@up1.day", INSTANT),),
        copies={"price": "@up1.price"},
        places={"line": 1},
        constant=("currency",),
        distinct=("sku",),
        steps=(Step(day, True, "@up1.day", 7, -5, 2**60), Step(price, False, None, 1, 0, 1)),
        previous=("price", "day"),
        aggregates=(Aggregate(price, "sum", "amount", 2, "null"), Aggregate(day, "max", "day")),
    )
    assert FamilyRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules
    bare = FamilyRules((day,))
    assert FamilyRules.from_json(json.loads(json.dumps(bare.to_json()))) == bare


def test_names_are_told_apart_and_lead_one_level_up():
    every = [
        names.PLACE,
        names.LEFT,
        names.CELL,
        names.count_name("orders", ["a", "b"]),
        names.count_name("orders", ["a,b", "c"]),
        names.cell_name(["a", "b"]),
        names.previous_name("a"),
        names.step_name("a"),
        names.rank_name("a"),
        names.ancestor_name(1, "a"),
        names.ancestor_name(12, "a"),
    ]
    assert len(set(every)) == len(every) and all(n.startswith(names.MARK) for n in every)
    assert [n for n in every if names.is_ancestor_name(n)] == every[-2:]
    assert not names.is_ancestor_name("@upper.a") and not names.is_ancestor_name("up1.a")
    assert names.one_level_up("@up1.a.b") == "a.b"
    assert names.one_level_up("@up2.a.b") == "@up1.a.b"
    assert names.one_level_up(names.ancestor_name(11, names.CELL)) == "@up10.@cell"


@pytest.mark.parametrize(
    ("type_", "values", "numbers"),
    [
        (ColumnType("tinyint"), [-128, None, 127], [-128, 0, 127]),
        (ColumnType("bigint"), [-(2**63), None, 2**63 - 1], [-(2**63), 0, 2**63 - 1]),
        (DATE, [datetime.date(1969, 12, 31), None, datetime.date(1970, 1, 8)], [-1, 0, 7]),
        (INSTANT, [NOON.replace(tzinfo=datetime.UTC), None], [-43_200_000_000, 0]),
        (LOCAL, [NOON, None], [-43_200_000_000, 0]),
    ],
)
def test_values_become_numbers_and_come_back(type_, values, numbers):
    array = pa.array(values, type_.arrow)
    for given in (array, pa.chunked_array([array[:1], array[1:]])):
        made, valid = numbers_of(given, type_)
        assert made.tolist() == numbers and made.dtype == np.int64
        assert valid.tolist() == [v is not None for v in values]
    assert values_of(made, valid, type_).equals(array)


def test_days_and_instants_are_compared_as_what_the_column_is():
    days = np.array([-1, 0, 3])
    instants = comparable(days, DATE, INSTANT)
    assert instants.tolist() == [-86_400_000_000, 0, 259_200_000_000]
    assert comparable(instants - 1, INSTANT, DATE).tolist() == [-2, -1, 2]  # the day that it lies in
    assert comparable(days, DATE, DATE) is days and comparable(instants, INSTANT, LOCAL) is instants


def test_what_can_be_counted():
    assert all(map(is_countable, (DATE, INSTANT, LOCAL, ColumnType("smallint"))))
    assert not any(map(is_countable, (ColumnType("string"), ColumnType("double"), ColumnType.parse("decimal(5,0)"))))
