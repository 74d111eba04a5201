"""A sampler that was read from files, tried once: arrays that do not fit are found here and not on an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.encoded_table import Block, EncodedTable, Known, Layout
from synthohive_spark.engine.interface import Sampler
from synthohive_spark.errors import SerializationError

S = TypeVar("S", bound=Sampler)


def checked_sampler(
    make: Callable[[], S],
    weights: Callable[[S], Iterable[npt.NDArray[Any]]],
    layout: Layout,
    *,
    any_condition: bool,
) -> S:
    """The sampler that ``make`` makes of files, after it has drawn a row.

    Args:
        make: Makes it.
        weights: Its arrays, all of which must be finite.
        layout: The encoded row.
        any_condition: Whether it also draws beside known values.

    Raises:
        SerializationError: If the arrays do not fit the layout or each other.
    """
    try:
        sampler = make()
        if not all(np.isfinite(array).all() for array in weights(sampler)):
            raise ValueError("a weight is not finite")
        context, row = _zeros(layout.context), _zeros(layout.columns)
        columns = len(layout.columns)
        known = Known(row, np.zeros((1, columns), bool), np.zeros(columns, bool))
        for own in (None, known) if any_condition else (None,):
            sampler.sample(np.zeros((1, sampler.noise_words), np.uint64), context, own)
    except (KeyError, ValueError, IndexError) as error:
        raise SerializationError(f"the networks' arrays do not fit the layout of the table: {error}") from error
    return sampler


def _zeros(blocks: tuple[Block, ...]) -> EncodedTable:
    ranks = sum(block.ranked for block in blocks)
    return EncodedTable(np.zeros((1, len(blocks)), np.int16), np.full((1, ranks), 0.5, np.float32))
