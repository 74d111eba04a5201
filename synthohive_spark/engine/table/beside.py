"""Columns whose values count beside those of another one: distances, bounds, terms of a sum, factors of a product."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.code_links import Beside, Block
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.linear import LinearTerm
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.dependencies.product import Factor
from synthohive_spark.engine.dependencies.relations import Relations
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.temporal.calendar_parts import Calendar

_GROUPS, _ROWS = 12, 200
"""Groups at most, and about the fewest rows of one."""


def find_beside(
    rows: pa.Table, dependencies: Dependencies, encoded: EncodedTable, blocks: Sequence[Block]
) -> tuple[Beside, ...]:
    """Columns that others are made of or bounded by together, each with one of these, in groups of like values.

    A column in order with others counts beside the nearest of them, one that is in order where a category has some
    values beside that category, a term or factor beside the first of those that are learned.

    Args:
        rows: The rows.
        dependencies: What holds in all of them.
        encoded: The same rows as codes.
        blocks: The encoded columns.
    """
    # Strings as the numbers and times that they are; nothing as a distance or a part.
    rows = replace(dependencies, orders=Orders(), relations=Relations(), calendar=Calendar()).split(rows)
    places = {block.name: place for place, block in enumerate(blocks)}
    found: dict[int, Beside] = {}
    for name, bound in (*_in_order(rows, dependencies.orders), *_together(dependencies, places)):
        column, other = places.get(name), places.get(bound.name)
        if column is None or other is None or column in found or _leads_to(found, other, column):
            continue
        numbers = np.zeros(len(encoded))
        if bound.name in rows.column_names:
            numbers = to_numbers(one_array(rows.column(bound.name)), bound.type).astype(np.float64)
        found[column] = Beside(column, other, _near(encoded.codes[:, other], numbers, blocks[other]))
    for own in dependencies.orders.partial:
        column, other = places.get(own.column.name), places.get(own.category.name)
        if column is None or other is None or column in found or _leads_to(found, other, column):
            continue
        alike = [o for o in dependencies.orders.partial if (o.column, o.category) == (own.column, own.category)]
        counts = np.stack([o.counts(one_array(rows.column(own.category.name))) for o in alike])
        found[column] = Beside(column, other, _under(encoded.codes[:, other], counts, blocks[other].codes))
    return tuple(found.values())


def _together(dependencies: Dependencies, learned: Collection[str]) -> Iterator[tuple[str, Column]]:
    """Names of terms and factors, each with the first one."""
    made: list[Sequence[LinearTerm | Factor]] = [relation.parts[1:] for relation in dependencies.relations.linear]
    for parts in (*made, *(own.factors for own in dependencies.relations.products)):
        own = [Column(part.name, part.type) for part in parts if part.name in learned]
        yield from ((other.name, own[0]) for other in own[1:])


def _in_order(rows: pa.Table, orders: Orders) -> Iterator[tuple[str, Column]]:
    """Names of encoded columns, each with the nearest that is learned as it is."""
    arrays = {name: one_array(rows.column(name)) for own in orders.every for name in (own.column.name, *own.sources)}
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


def _under(codes: npt.NDArray[np.integer], counts: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.int32]:
    """The group of each code: the orders, shape (orders, rows), that count in most of its rows."""
    rows = np.bincount(codes, minlength=size)
    most = np.stack([2 * np.bincount(codes, weights=own, minlength=size) > rows for own in counts])
    return np.unique(most, axis=1, return_inverse=True)[1].reshape(-1).astype(np.int32)
