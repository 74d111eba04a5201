"""Columns that have nothing to do with each other: what is found in them is an accident."""

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.dependencies.composite_fit import find_composites
from synthohive_spark.engine.dependencies.functional_fit import find_names
from synthohive_spark.engine.table.exclusions import find_numbers_apart
from tests.helpers.scrambled import find, table_of

TABLES, COLUMNS = 40, 25
PEOPLE = ["Ann", "Bob", "Cem", "Dee", "Eve Ray", "Fay", "Gus"]


def column(kind, rng, rows):
    """A type, and values that are drawn alone."""
    makers = [
        lambda: ("int", rng.integers(0, int(rng.integers(2, 1000)), rows)),
        lambda: ("bigint", rng.poisson(rng.uniform(0.2, 40), rows)),
        lambda: ("double", np.round(rng.lognormal(rng.uniform(0, 5), 1, rows), int(rng.integers(0, 4)))),
        lambda: ("double", rng.normal(rng.uniform(0, 50), 10, rows)),
        lambda: ("boolean", rng.random(rows) < rng.uniform(0.01, 0.9)),
        lambda: ("int", (rng.random(rows) < rng.uniform(0.01, 0.4)).astype(int)),
        lambda: ("string", rng.choice(list("abcdefg")[: int(rng.integers(2, 8))], rows)),
        lambda: ("string", rng.choice(PEOPLE, rows)),
        lambda: ("string", [f"{n:04d}-{'xy'[n % 2]}" for n in rng.integers(0, 9999, rows)]),
        lambda: ("date", pa.array(rng.integers(15_000, 19_000, rows), pa.int32()).cast(pa.date32())),
        lambda: ("timestamp_ntz", pa.array(rng.integers(0, 10**15, rows)).cast(pa.timestamp("us"))),
        lambda: ("int", np.minimum(rng.geometric(0.3, rows), 12)),
    ]
    return makers[kind % len(makers)]()


def test_of_a_thousand_independent_columns_next_to_none_is_told_by_others():
    found = []
    for table_seed in range(TABLES):
        rng = np.random.default_rng(table_seed)
        rows = int(rng.choice([60, 200, 1000, 3000]))
        values = {f"c{i}": column(int(rng.integers(0, 12)), rng, rows) for i in range(COLUMNS)}
        table, columns = table_of(values)
        dependencies = find(table, columns)
        found += [own.describe() for own in (*dependencies.in_values, *dependencies.equal)]
        found += [name for name in find_names(table, columns)]
        found += find_numbers_apart(table, columns)
        found += [" and ".join(own) for own in find_composites(table, columns, 5)]
    assert TABLES * COLUMNS == 1000
    assert len(found) <= 5, found
