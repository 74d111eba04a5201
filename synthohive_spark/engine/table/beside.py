"""Columns whose values count beside those of another one: how far one lies from another, and which may not pass it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import OrderedColumn, Orders
from synthohive_spark.engine.encoded_table import Beside, Block, EncodedTable

_GROUPS, _ROWS = 12, 200
"""Groups at most, and about the fewest rows of one."""


def find_beside(rows: pa.Table, orders: Orders, encoded: EncodedTable, blocks: Sequence[Block]) -> tuple[Beside, ...]:
    """For each column that is in order with others the one of these that is nearest to it, in groups of like values.

    Args:
        rows: The rows.
        orders: The columns in order.
        encoded: The same rows as codes.
        blocks: The encoded columns.
    """
    places = {block.name: place for place, block in enumerate(blocks)}
    arrays = {name: one_array(rows.column(name)) for own in orders.every for name in (own.column.name, *own.sources)}
    found: dict[int, Beside] = {}
    for name, bound in _pairs(orders, arrays):
        column, other = places.get(name), places.get(bound.name)
        if column is None or other is None or column in found or _leads_to(found, other, column):
            continue
        numbers = to_numbers(arrays[bound.name], bound.type) if bound.name in arrays else np.zeros(len(encoded))
        table = _near(encoded.codes[:, other], numbers.astype(np.float64), blocks[other])
        found[column] = Beside(column, other, table)
    return tuple(found.values())


def _pairs(orders: Orders, arrays: Mapping[str, pa.Array]) -> Iterator[tuple[str, Column]]:
    """Names of encoded columns, each with the column that it counts beside."""
    nearest = {own.column.name: _nearest(own, arrays) for own in orders.columns}
    far = {own.column.name for own in orders.columns if not own.touching}
    for own in orders.every:
        name, bound = own.column.name, nearest.get(own.column.name) or _nearest(own, arrays)
        while bound.name in far:
            bound = nearest[bound.name]
        if own.touching:
            flag = own.parts[1]
            yield flag.name, bound
            yield name, flag
        else:
            yield name, bound


def _nearest(own: OrderedColumn, arrays: Mapping[str, pa.Array]) -> Column:
    """The bound that is nearest in most rows."""
    every, known = own.bound(arrays)

    def rows(bound: Column) -> int:
        numbers, there = replace(own, bounds=(bound,)).bound(arrays)
        return int(((numbers == every) & known & there).sum())

    return max(own.bounds, key=rows)


def _leads_to(found: Mapping[int, Beside], column: int, to: int) -> bool:
    while column in found and column != to:
        column = found[column].other
    return column == to


def _near(codes: npt.NDArray[np.integer], numbers: npt.NDArray[np.float64], block: Block) -> npt.NDArray[np.int32]:
    """The group of each code: about as many rows in each, null by itself."""
    counts = np.bincount(codes, minlength=block.codes)
    means = np.bincount(codes, weights=np.nan_to_num(numbers), minlength=block.codes) / np.maximum(counts, 1)
    order = np.argsort(means, kind="stable")
    group = np.zeros(block.codes, np.int64)
    before = np.cumsum(counts[order]) - counts[order] / 2
    group[order] = before * min(_GROUPS, max(len(codes) // _ROWS, 1)) // max(len(codes), 1)
    if block.null:
        group[0] = _GROUPS
    return np.unique(group, return_inverse=True)[1].astype(np.int32)
