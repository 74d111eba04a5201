"""Codecs of primary keys: surrogates, never learned, in the type and the pattern of the real ones."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.relational.key_formats import key_formats
from synthohive_spark.relational.profile import ColumnProfile

_ROOM = 4
"""Rows, in units of the real ones, that keys must reach for at least."""
_MINUTE = 60 * 1_000_000
_START_OF_2000 = 10_957


def key_codec(
    type_: ColumnType, profile: ColumnProfile, privacy: Privacy, bounds: Constraint | None = None
) -> SurrogateCodec | SequenceCodec:
    """The codec of a key.

    Integers start and step as the real ones where these count without gaps. Dates and timestamps count by the real
    keys' own step, from the lower end of what the privacy settings let be known of their range. Other numbers count
    from 0; no number lies below what is allowed. Strings follow the patterns of the real ones.

    Args:
        type_: The column's type.
        profile: What is known of the real keys.
        privacy: What may be kept of them.
        bounds: The constraint of the column.
    """
    if type_.is_string:
        formats, shares, round_width = key_formats(profile.sample, privacy.min_rows)
        return SurrogateCodec(type_, formats, shares, round_width=round_width)
    if type_.is_temporal:
        first, step = _start_and_step(type_, profile.sample, max(privacy.extreme_rows, 1))
        return SequenceCodec(type_, first=first, step=step)
    lowest = (
        None if bounds is None or bounds.min is None or isinstance(bounds.min, datetime.date) else math.ceil(bounds.min)
    )
    first, step = _count_of(profile)
    if lowest is not None and first < lowest:
        first += -((first - lowest) // step) * step
    codec = SequenceCodec(type_, first, step)
    return codec if codec.capacity >= _ROOM * profile.rows else SequenceCodec(type_, lowest or 0)


def made_key_codec(
    type_: ColumnType, profile: ColumnProfile, privacy: Privacy, real_values: RealValueFilter
) -> SurrogateCodec | SequenceCodec:
    """The codec of a foreign key to a table that is not there: keys in the pattern of the real ones, which may repeat.

    Args:
        type_: The column's type.
        profile: What is known of the real keys.
        privacy: What may be kept of them.
        real_values: The real keys, of which none is made.
    """
    if not (type_.is_string or type_.is_integer):
        return key_codec(type_, profile, privacy)
    formats, shares, round_width = key_formats(profile.sample, privacy.min_rows)
    return SurrogateCodec(type_, formats, shares, unique=False, round_width=round_width, real_values=real_values)


def _count_of(profile: ColumnProfile) -> tuple[int, int]:
    """Start and step of integers that count without gaps; 0 and 1 for others."""
    if profile.ends is None or profile.distinct < 2:
        return 0, 1
    least, greatest = profile.ends
    step, rest = divmod(greatest - least, profile.distinct - 1)
    regular = rest == 0 and all((int(value) - least) % step == 0 for value in profile.sample)
    return (least, step) if regular and (step == 1 or profile.distinct > 2) else (0, 1)


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
