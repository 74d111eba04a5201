"""Codecs of primary keys: surrogates, never learned, in the type and the pattern of the real ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.key_formats import key_formats

_MINUTE = 60 * 1_000_000
_START_OF_2000 = 10_957


def key_codec(
    type_: ColumnType, sample: Sequence[str], privacy: Privacy, bounds: Constraint | None = None
) -> SurrogateCodec | SequenceCodec:
    """The codec of a key.

    Numbers count from 0, or from the least number that is allowed. Dates and timestamps count by the real keys' own
    step, from the lower end of what the privacy settings let be known of their range. Strings follow the patterns of
    the real ones.

    Args:
        type_: The column's type.
        sample: Some of the real keys, as text.
        privacy: What may be kept of them.
        bounds: The constraint of the column.
    """
    if type_.is_string:
        formats, shares, round_width = key_formats(sample, privacy.min_rows)
        return SurrogateCodec(type_, formats, shares, round_width=round_width)
    if type_.is_temporal:
        first, step = _start_and_step(type_, sample, max(privacy.extreme_rows, 1))
        return SequenceCodec(type_, first=first, step=step)
    return SequenceCodec(type_, first=0 if bounds is None or bounds.min is None else math.ceil(bounds.min))


def _start_and_step(type_: ColumnType, sample: Sequence[str], rank: int) -> tuple[int, int]:
    """The value of this rank from below, and the greatest step by which all values lie apart."""
    days = type_.name == "date"
    try:
        values = pa.array(sample, pa.string()).cast(pa.date32() if days else pa.timestamp("us"))
    except pa.ArrowInvalid:  # a year that text does not hold in four digits
        values = pa.array([], pa.date32() if days else pa.timestamp("us"))
    numbers = np.unique(values.cast(pa.int32()).cast(pa.int64()) if days else values.cast(pa.int64()))
    if len(numbers) < max(rank, 2):
        return (_START_OF_2000, 1) if days else (_START_OF_2000 * 24 * 60 * _MINUTE, _MINUTE)
    return int(numbers[rank - 1]), int(np.gcd.reduce(np.diff(numbers)))
