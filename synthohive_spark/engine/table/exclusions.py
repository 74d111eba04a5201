"""Finding columns that never hold the same value in a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.exclusion import Different
from synthohive_spark.engine.dependencies.functional_fit import ROWS_OF_A_NAME
from synthohive_spark.engine.encoded_table import Exclusion
from synthohive_spark.engine.table.echoes import same_values

_CHANCE = 1e-6
_MOST_COLUMNS, _MOST_CODES = 60, 2_000


def find_exclusions(table: pa.Table, names: Sequence[str], encoder: TableEncoder) -> dict[Different, Exclusion]:
    """The pairs of columns of words or names that differ in all rows, and that chance would hardly make differ.

    Had two columns nothing to do with each other, all rows would differ with a probability below one millionth, divided
    by the number of pairs that are tried.

    Args:
        table: The rows.
        names: The columns that may be looked at, whose codes stand for their values.
        encoder: Their codecs.
    """
    coded = [(c, codec) for c, codec in zip(encoder.columns, encoder.codecs, strict=True) if codec.varies]
    places = {column.name: place for place, (column, _) in enumerate(coded)}
    usable = [
        name
        for name in names
        if name in places and not coded[places[name]][1].ranked and coded[places[name]][1].size <= _MOST_CODES
    ][:_MOST_COLUMNS]
    pairs = [(a, b) for a, b in combinations(usable, 2) if coded[places[a]][0].type == coded[places[b]][0].type]
    found = {}
    for one, other in pairs:
        if _differ(one_array(table.column(one)), one_array(table.column(other)), len(pairs)):
            first, second = places[one], places[other]
            same = same_values(coded[first][1], coded[second][1])
            if (same >= 0).any():
                found[Different((one, other))] = Exclusion(first, second, same)
    return found


def find_numbers_apart(table: pa.Table, columns: Sequence[Column]) -> frozenset[str]:
    """Integers that differ from another column in all rows, not by chance, and so are names: numbers of places.

    Columns of which few rows hold each value are not looked at: they may be the keys of people.

    Args:
        table: The rows.
        columns: The columns that may be looked at.
    """
    most = min(_MOST_CODES, table.num_rows // ROWS_OF_A_NAME)
    numbers = {c: one_array(table.column(c.name)) for c in columns if c.type.is_integer}
    usable = [c for c, values in numbers.items() if pc.count_distinct(values).as_py() <= most][:_MOST_COLUMNS]
    pairs = [(a, b) for a, b in combinations(usable, 2) if a.type == b.type]
    apart = [two for two in pairs if _differ(numbers[two[0]], numbers[two[1]], len(pairs))]
    return frozenset(c.name for two in apart for c in two)


def _differ(one: pa.Array, other: pa.Array, tried: int) -> bool:
    """Whether two columns differ in all rows, and not by chance."""
    both = pc.and_(one.is_valid(), other.is_valid())
    one, other = one.filter(both), other.filter(both)
    if not len(one) or pc.any(pc.equal(one, other)).as_py():
        return False
    shares = [{v["values"]: v["counts"] / len(one) for v in pc.value_counts(own).to_pylist()} for own in (one, other)]
    equal = sum(share * shares[1].get(value, 0.0) for value, share in shares[0].items())
    return bool(len(one) * np.log1p(-min(equal, 1 - 1e-12)) < np.log(_CHANCE / tried))
