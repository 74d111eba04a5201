"""Orders of columns as orders of their codes, for engines that keep to them while they draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import Orders
from synthohive_spark.engine.encoded_table import RANK_CELLS, OrderedCodes

_MOST_CODES = 4_096
_Floats = npt.NDArray[np.float64]


def code_orders(orders: Orders, encoder: TableEncoder) -> tuple[OrderedCodes, ...]:
    """The orders of numbers that are learned as they are.

    Args:
        orders: The orders of the table.
        encoder: The codecs of what is learned.
    """
    distances = {own.column.name for own in orders.columns if not own.touching}
    coded = [(c, codec) for c, codec in zip(encoder.columns, encoder.codecs, strict=True) if codec.varies]
    usable = {
        column.name: place
        for place, (column, codec) in enumerate(coded)
        if column.name not in distances and column.type.is_number and codec.size <= _MOST_CODES
    }
    above: dict[int, list[int]] = {}
    for own in orders.every:
        for bound in own.sources if own.column.name in usable else ():
            if bound in usable:
                low, high = (bound, own.column.name) if own.above else (own.column.name, bound)
                above.setdefault(usable[high], []).append(usable[low])
    columns = sorted({*above, *(low for lows in above.values() for low in lows)})
    if not columns:
        return ()
    ends = [_ends(*coded[column]) for column in columns]
    places = np.unique(np.concatenate([end for pair in ends for end in pair]))
    return tuple(
        OrderedCodes(
            column,
            tuple(sorted(above.get(column, ()))),
            *(np.searchsorted(places, end).astype(np.int32) for end in (first, last)),
        )
        for column, (first, last) in zip(columns, ends, strict=True)
    )


def _ends(column: Column, codec: Codec) -> tuple[_Floats, _Floats]:
    """The smallest and largest value of each code, and of each part of the ranks, as `OrderedCodes` has them."""
    alone, bins = codec.size - codec.bins, codec.bins
    codes = [np.arange(alone)] * 2
    ranks = [np.full(alone, 0.5)] * 2
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
