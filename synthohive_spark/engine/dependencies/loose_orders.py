"""Orders tried out on rows: which of them computed columns may break, and which do not give real values back.

An order of two columns that are both computed, or of which one is computed from the other, is kept by nothing but what
they are computed from. Mostly that does (a tax is no more than its total); where it does not, rows whose learned
columns know nothing of each other show it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.dependencies.rewriting import virtual

_ROWS = 4_096
_MOST_LOST, _FEWEST = 0.1, 20


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
    some, rng = _some(table, columns), np.random.default_rng(0)
    split = found.split(some)
    drawn = {n: one_array(split.column(n)).take(pa.array(rng.permutation(len(some)))) for n in split.column_names}
    made = pa.table(found.restore(drawn, _given(some, given), frozenset()))
    broken = {}
    for low, high in asked:
        order = OrderedColumn(types[high], (types[low],), True, -1, False, 0, 0, 0)
        (mask,) = Dependencies(written=found.written, orders=Orders((), (order,))).broken_in_values(made).values()
        if mask.any():
            broken[low, high] = float(mask.mean())
    return broken


def without_lossy_orders(
    found: Dependencies, table: pa.Table, columns: Sequence[Column], given: Collection[str]
) -> Dependencies:
    """What holds in rows, but for the orders of columns of which the parts of real rows do not give the values back.

    Args:
        found: What holds in numbers and times.
        table: The training rows.
        columns: The columns that are looked at.
        given: Columns that will be given, not drawn.
    """
    if not found.orders.columns or not table.num_rows:
        return found
    some = _some(table, columns)
    split = found.split(some)
    drawn = {n: one_array(split.column(n)) for n in split.column_names}
    made = found.restore(drawn, _given(some, given), frozenset())
    # Beyond the ends of the ranges values move, and others with them.
    within, lost = np.ones(len(some), bool), dict[str, npt.NDArray[np.bool_]]()
    for own in found.orders.every:
        name = own.column.name
        real = one_array(some.column(name))
        old, new = to_numbers(real, own.column.type), to_numbers(made[name], own.column.type)
        within &= null_mask(real) | ((old >= own.low) & (old <= own.high))
        lost[name] = ~null_mask(real) & ~np.isclose(old, new, rtol=1e-9, atol=0)
    lossy = {name for name, rows in lost.items() if (rows & within).sum() > _MOST_LOST * max(within.sum(), _FEWEST)}
    left = tuple(own for own in found.orders.columns if own.column.name not in lossy)
    return replace(found, orders=replace(found.orders, columns=left))


def _some(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    rows = np.linspace(0, table.num_rows - 1, min(table.num_rows, _ROWS)).astype(np.intp)
    return table.select([c.name for c in columns]).take(pa.array(rows))


def _given(rows: pa.Table, given: Collection[str]) -> dict[str, pa.Array]:
    return {name: one_array(rows.column(name)) for name in rows.column_names if name in given}
