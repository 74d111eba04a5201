"""Orders of columns as orders of their codes, for engines that keep to them while they draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.code_orders import RANK_CELLS, CodeOrder, CodeOrders, Ends, Equality
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.orders import Orders

_MOST_CODES = 4_096
_Floats = npt.NDArray[np.float64]


def find_code_orders(orders: Orders, encoder: TableEncoder) -> CodeOrders:
    """The orders of numbers that are learned as they are.

    Args:
        orders: The orders of the table.
        encoder: The codecs of what is learned.
    """
    coded = [(c, codec) for c, codec in zip(encoder.columns, encoder.codecs, strict=True) if codec.varies]
    distances = {own.column.name for own in orders.columns if not own.touching}
    usable = {
        column.name: place
        for place, (column, codec) in enumerate(coded)
        if column.name not in distances and column.type.is_number and codec.size <= _MOST_CODES
    }
    flags = {column.name: (place, codec) for place, (column, codec) in enumerate(coded)}
    found = []
    for own in orders.every:
        bounds = tuple(usable[name] for name in own.sources if name in usable)
        if bounds and own.column.name in usable:
            equality = _equality(own, flags) if len(bounds) == len(own.bounds) else None
            found.append(CodeOrder(usable[own.column.name], bounds, own.above, equality))
    columns = sorted({column for own in found for column in own.columns})
    ends = [_ends(*coded[column]) for column in columns]
    places = np.unique(np.concatenate([[], *(end for pair in ends for end in pair)]))
    places = places[np.isfinite(places)]
    in_order = [Ends(*(_places(places, end) for end in pair)) for pair in ends]
    return CodeOrders(tuple(found), dict(zip(columns, in_order, strict=True)))


def _equality(own: OrderedColumn, coded: dict[str, tuple[int, Codec]]) -> Equality | None:
    """The column that says where another equals its nearest bound, if it is learned."""
    if not own.touching or own.parts[1].name not in coded:
        return None
    place, codec = coded[own.parts[1].name]
    codes = np.arange(codec.size, dtype=np.int32)
    values = codec.decode(codes, np.full(codec.size, 0.5, np.float32), np.zeros((codec.size, 0), np.uint64)).to_pylist()
    return Equality(place, values.index(True), values.index(False)) if {True, False} <= {*values} else None


def _places(values: _Floats, ends: _Floats) -> npt.NDArray[np.int32]:
    """Where numbers stand among values, from 1 on."""
    return np.where(np.isneginf(ends), 0, np.searchsorted(values, ends) + 1).astype(np.int32)


def _ends(column: Column, codec: Codec) -> tuple[_Floats, _Floats]:
    """The smallest and largest value of each code, as `Ends` has them; infinite where it stands for no number."""
    alone, bins = codec.size - codec.bins, codec.bins
    codes, ranks = [np.arange(alone)] * 2, [np.full(alone, 0.5)] * 2
    if bins:
        edges = np.arange(RANK_CELLS + 1) / RANK_CELLS
        # An edge between two bins is the end of one and the start of the next.
        of_edges = (np.floor(edges[:-1] * bins), np.ceil(edges[1:] * bins) - 1)
        codes = [np.append(codes[0], alone + own) for own in of_edges]
        ranks = [np.append(ranks[0], edges[:-1]), np.append(ranks[0], edges[1:])]
    first, last = (
        codec.decode(c.astype(np.int32), r.astype(np.float32), np.zeros((len(c), 0), np.uint64))
        for c, r in zip(codes, ranks, strict=True)
    )
    return _floats(first, column, -np.inf), _floats(last, column, np.inf)


def _floats(values: pa.Array, column: Column, otherwise: float) -> _Floats:
    numbers = to_numbers(values, column.type).astype(np.float64) / 10.0**column.type.scale
    return np.where(null_mask(values) | ~np.isfinite(numbers), otherwise, numbers)
