import itertools
import random

import pyarrow as pa
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.registry import fit_codec
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.table_statistics import ColumnStatistics
from synthohive_spark.relational.small_tables import (
    Held,
    LearnedColumns,
    columns_without_values,
    keeps_nothing,
    most_rows,
)


def held(values):
    present = [value for value in values if value is not None]
    counts = [present.count(value) for value in set(present)]
    return Held(len(present), len(values) - len(present), len(counts), max(counts, default=0))


def is_refused(values, type_, privacy, many):
    """Whether the codec that would be fitted to the values keeps nothing of them."""
    array = pa.array(values, type_.arrow)
    sample = ColumnSample(Column("c", type_, True), array, ColumnStatistics(array.null_count), privacy)
    rules = ColumnRules(categorical=frozenset(["c"] if many else []))
    return fit_codec(sample, rules, "rank", len(values)).size == 0


@pytest.mark.parametrize("privacy", [Privacy(), Privacy(0, 0), Privacy(3, 1), Privacy(1, 5), Privacy(7, 2)])
@pytest.mark.parametrize("kind", ["string", "bigint", "double", "boolean", "date"])
def test_what_keeps_nothing_is_told_as_the_codecs_do(kind, privacy):
    type_, rng, refused = ColumnType(kind), random.Random(kind), 0
    for rows, distinct, null in itertools.product([1, 2, 4, 5, 8, 9, 12, 20, 40, 60], [1, 2, 3, 8, 9, 30], [0, 1]):
        drawn = [rng.randrange(distinct) for _ in range(rows)]
        values = [str(d) if kind == "string" else d % 2 == 0 if kind == "boolean" else d for d in drawn]
        values = [None] * null + values
        for many in (False, True):
            told = keeps_nothing(type_, held(values), privacy, many)
            assert told == is_refused(values, type_, privacy, many), (values, many)
            assert not told or rows <= most_rows(privacy)
            refused += told
    assert bool(refused) == (privacy.min_rows > 1 if kind in ("string", "boolean") else privacy.trim > 0)


def test_columns_of_all_small_tables_are_counted_at_once(spark):
    types = {"code": ColumnType("string"), "size": ColumnType("int"), "few": ColumnType("string")}
    small = spark.sql(
        "SELECT concat('c', id) AS code, CAST(id AS INT) AS size, IF(id = 0, NULL, 'x') AS few FROM range(6)"
    )
    pairs = spark.sql("SELECT CAST(id % 3 AS INT) AS a, CAST(id % 5 AS INT) AS b, 'same' AS c FROM range(8)")
    found = columns_without_values(
        {
            "small": LearnedColumns(small, types),
            "keyed": LearnedColumns(pairs, {n: ColumnType("int") for n in "ab"}, keys=["a", "b"]),
            "hashed": LearnedColumns(small, {"code": types["code"]}, hashed=["code"]),
            "fine": LearnedColumns(pairs, {"c": ColumnType("string")}),
            "nothing": LearnedColumns(pairs, {}),
        },
        Privacy(),
    )
    # Of a key of two columns, the one of more values is made.
    assert found == {"small": ["code", "size"], "keyed": ["a"]}
    assert columns_without_values({"small": LearnedColumns(small, types)}, Privacy(0, 0)) == {}
    assert columns_without_values({}, Privacy()) == {}
