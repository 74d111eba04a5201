"""Rows that meet those that they refer to."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.families.names import CELL, cell_label, count_name
from synthohive_spark.relational.linked_table import Reference
from synthohive_spark.relational.matching import Matching, slot_key
from synthohive_spark.relational.spines import BLOCK, NUMBER, PARENT
from synthohive_spark.spark.families import ID


def test_siblings_pass_on_what_they_hold_twice_and_who_refers_to_no_row_still_does_not(spark):
    reference = Reference(ForeignKey(["driver"], "drivers", ["driver"]), apart=True)
    matching = Matching("results", reference, None, F.lit(0.5), 12)
    keys = [*"aab", None, None, *"ccd", None, None, *"eef", None, None]
    rows = [(i, i // 5, "00", key) for i, key in enumerate(keys)]
    made = spark.createDataFrame(rows, [NUMBER, PARENT, reference.cell, "key"])
    held = matching.apart(made, ["key"], F.lit(True)).select(NUMBER, PARENT, "key").orderBy(NUMBER).collect()
    assert [row.key is None for row in held] == [key is None for key in keys]
    assert Counter(row.key for row in held) == Counter(keys)
    pairs = [(row[PARENT], row.key) for row in held if row.key is not None]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("placed", [True, False])
def test_rows_meet_as_many_others_as_these_have_places_and_in_a_common_order_where_there_is_one(spark, placed):
    """Races of sixty years, five drivers in each; drivers are as old as the years in which they race."""
    rng = np.random.default_rng(0)
    year, born = np.repeat(np.arange(240) / 4, 5), np.sort(rng.uniform(0, 60, 60))
    places = rng.multinomial(1200, np.full(60, 1 / 60))
    reference = Reference(ForeignKey(["driver"], "drivers", ["driver"]), apart=True)
    # Cells of eras, which rows do not quite hit, so that some of each have too many rows and some too many places.
    cell = np.clip((year + rng.normal(0, 5, 1200)) // 20, 0, 2).astype(int)
    nth = [int((cell[i - i % 5 : i] == cell[i]).sum()) for i in range(1200)]
    drawn = {NUMBER: range(1200), ID: rng.integers(0, 1 << 40, 1200), PARENT: np.arange(1200) // 5, "year": year}
    rows = pd.DataFrame({**drawn, reference.cell: [cell_label(c) for c in cell], "nth": nth})
    there = pd.DataFrame(
        {
            NUMBER: rng.permutation(60),
            BLOCK: 0,
            CELL: [cell_label(int(b // 20)) for b in born],
            "born": born,
            count_name("results", ["driver"]): places,
            slot_key(0): range(60),
        }
    )
    matching = Matching(
        "results",
        reference,
        "nth",
        F.col("year") / 60,
        1200,
        F.col("born") / 60 if placed else None,
    )
    found = matching.matched(spark.createDataFrame(rows), spark.createDataFrame(there)).toPandas()
    assert sorted(found[NUMBER]) == list(range(1200))
    assert Counter(found[slot_key(0)]) == Counter({i: n for i, n in enumerate(places) if n})
    apart = np.abs(found["year"] - born[found[slot_key(0)].astype(int)])
    assert (apart.quantile(0.95) < 9) if placed else (apart.quantile(0.95) > 12), apart.describe()
