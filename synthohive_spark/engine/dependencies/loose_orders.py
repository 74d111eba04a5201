"""Declared orders that computed columns may break, tried out on rows whose learned columns know nothing of each other.

An order of two columns that are both computed, or of which one is computed from the other, is kept by nothing but what
they are computed from. Mostly that does (a tax is no more than its total); where it does not, such rows show it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.order import OrderedColumn, Orders
from synthohive_spark.engine.dependencies.rewriting import virtual

_ROWS = 4_096


def loose_orders(
    found: Dependencies,
    table: pa.Table,
    columns: Sequence[Column],
    orders: Sequence[tuple[str, str]],
    given: Collection[str],
) -> dict[tuple[str, str], float]:
    """The orders that rows may break whatever holds in them, and the share of rows that do.

    Args:
        found: What holds in rows.
        table: The training rows.
        columns: The columns that are looked at.
        orders: Pairs of columns, lower and upper, that count if both are looked at and not both given.
        given: Columns that will be given, not drawn.
    """
    types = {c.name: c for c in virtual(found.written, columns)}
    asked = [own for own in orders if types.keys() >= set(own) and not set(own) <= set(given)]
    if not asked or not table.num_rows:
        return {}
    rows = np.linspace(0, table.num_rows - 1, min(table.num_rows, _ROWS)).astype(np.intp)
    some = table.select([c.name for c in columns]).take(pa.array(rows))
    split, rng = found.split(some), np.random.default_rng(0)
    drawn = {n: one_array(split.column(n)).take(pa.array(rng.permutation(len(rows)))) for n in split.column_names}
    fixed = {c.name: one_array(some.column(c.name)) for c in columns if c.name in given}
    made = pa.table(found.restore(drawn, fixed, frozenset()))
    broken = {}
    for low, high in asked:
        order = OrderedColumn(types[high], (types[low],), True, -1, False, 0, 0, 0)
        (mask,) = Dependencies(written=found.written, orders=Orders((), (order,))).broken_in_values(made).values()
        if mask.any():
            broken[low, high] = float(mask.mean())
    return broken
