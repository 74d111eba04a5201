"""A sampler that was read from files, tried on a few rows: what does not fit is found here and not on an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from synthohive_spark.engine.interface import Sampler
from synthohive_spark.engine.noise import row_words
from synthohive_spark.errors import SerializationError

S = TypeVar("S", bound=Sampler)
_ROWS = 5


def checked_sampler(
    make: Callable[[], S],
    weights: Callable[[S], Iterable[npt.NDArray[Any]]],
    layout: Layout,
) -> S:
    """The sampler that ``make`` makes of files, after it has drawn a few rows.

    Args:
        make: Makes it.
        weights: Its arrays, all of which must be finite.
        layout: The encoded row.

    Raises:
        SerializationError: If the arrays do not fit the layout or each other.
    """
    try:
        sampler = make()
        for array in weights(sampler):
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError("a weight is no finite number")
        context, rows = _first_codes(layout.context), _first_codes(layout.columns)
        columns = len(layout.columns)
        known = Known(rows, np.zeros((_ROWS, columns), bool), np.zeros(columns, bool))
        words = row_words(0, np.arange(_ROWS), sampler.noise_words)
        for own in (None, known) if sampler.any_condition else (None,):
            _check_drawn(sampler.sample(words, context, own), layout.columns)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise SerializationError(f"the networks' arrays do not fit the layout of the table: {error}") from error
    return sampler


def _first_codes(blocks: tuple[Block, ...]) -> EncodedTable:
    ranks = sum(block.ranked for block in blocks)
    return EncodedTable(np.zeros((_ROWS, len(blocks)), np.int16), np.full((_ROWS, ranks), 0.5, np.float32))


def _check_drawn(drawn: EncodedTable, blocks: tuple[Block, ...]) -> None:
    sizes = np.array([block.codes for block in blocks], np.int64)
    if drawn.codes.shape != (_ROWS, len(blocks)) or (drawn.codes < 0).any() or (drawn.codes >= sizes).any():
        raise ValueError("codes are drawn that there are not")
    if drawn.ranks.shape != (_ROWS, sum(block.ranked for block in blocks)) or not np.isfinite(drawn.ranks).all():
        raise ValueError("ranks are drawn that there are not")
