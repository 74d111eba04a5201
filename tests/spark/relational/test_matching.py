"""Siblings that are to refer to different rows."""

from collections import Counter

from pyspark.sql import functions as F

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.relational.linked_table import Reference
from synthohive_spark.relational.matching import Matching
from synthohive_spark.relational.spines import NUMBER, PARENT


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
