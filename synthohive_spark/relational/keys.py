"""Codecs of primary keys: made, never learned, in the type and the pattern of the real ones."""

from __future__ import annotations

from collections.abc import Sequence

from synthohive_spark.engine.codecs.made import MadeCodec, SequenceCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.pii.key_formats import key_formats

_DAY = 24 * 60 * 60 * 1_000_000
_START_OF_2000 = 10_957


def key_codec(type_: ColumnType, sample: Sequence[str], at_least: int) -> MadeCodec | SequenceCodec:
    """The codec of a key.

    Numbers count from 0, dates and timestamps by days and minutes from 2000 on; strings follow the patterns of the real
    ones.

    Args:
        type_: The column's type.
        sample: Some of the real keys, as text.
        at_least: Fewest keys of a pattern that is kept.
    """
    if type_.is_string:
        formats, shares, round_width = key_formats(sample, at_least)
        return MadeCodec(type_, formats, shares, round_width=round_width)
    if type_.name == "date":
        return SequenceCodec(type_, first=_START_OF_2000)
    if type_.is_temporal:
        return SequenceCodec(type_, first=_START_OF_2000 * _DAY, step=60 * 1_000_000)
    return SequenceCodec(type_)
