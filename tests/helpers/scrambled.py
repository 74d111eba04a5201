"""What an engine that learns nothing would draw: every learned column by itself, put together again."""

import json

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.find import find_in_values
from synthohive_spark.engine.encoded_table import Layout
from synthohive_spark.engine.table_statistics import TableStatistics


def table_of(values):
    """Rows and columns of ``{name: (type, values)}``."""
    types = {name: ColumnType.parse(type_) for name, (type_, _) in values.items()}
    table = pa.table({name: _array(own, types[name]) for name, (_, own) in values.items()})
    return table, tuple(Column(name, type_) for name, type_ in types.items())


def _array(values, type_):
    return values if isinstance(values, pa.Array) else pa.array(values, type_.arrow, from_pandas=True)


def find(table, columns, *, privacy=Privacy(), calendar=True, given=(), **rules):  # noqa: B008
    """What holds in the values, as it comes out of a file."""
    found = find_in_values(
        table,
        columns,
        ColumnRules(**rules),
        privacy,
        TableStatistics.of(table, columns),
        calendar=calendar,
        given=frozenset(given),
    )
    return Dependencies.from_json(json.loads(json.dumps(found.to_json())), Layout(()))


def scrambled(values, *, given=None, seed=0, **settings):
    """What was found in ``{name: (type, values)}``, the rows, and as many whose learned columns know nothing of others.

    Args:
        values: The rows.
        given: Given columns of the drawn rows, by name.
        seed: Fixes the order of each column.
        settings: See `find`.
    """
    table, columns = table_of(values)
    found = find(table, columns, **settings)
    split = found.split(table)
    assert split.column_names == [c.name for c in found.split_columns(columns)]
    rng = np.random.default_rng(seed)
    drawn = {n: one_array(split.column(n)).take(pa.array(rng.permutation(len(split)))) for n in split.column_names}
    kinds = {c.name: c.type for c in columns}
    asked = {n: _array(own, kinds[n]) for n, own in (given or {}).items()}
    made = found.restore(drawn, asked, frozenset())
    assert set(made) == set(values)
    for name, own in made.items():
        assert own.type == kinds[name].arrow
    return found, table, pa.table({name: made[name] for name in values})


def count_broken(found, table):
    """How many rows break what was found in values."""
    return {text: int(mask.sum()) for text, mask in found.broken_in_values(table).items()}
