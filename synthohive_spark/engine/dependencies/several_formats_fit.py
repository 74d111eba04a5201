"""Finding the strings that are numbers, but for the limits beyond which nothing is measured."""

from __future__ import annotations

import re
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.formats import NumberFormat
from synthohive_spark.engine.dependencies.several_formats import SeveralFormats, limit_of

_DIFFERENT, _MOST_FORMS, _MOST_WORDS = 30, 4, 60
_WORD_SHARE, _PLAIN_SHARE = 0.01, 0.3
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.([0-9]{1,8}))?")


def find_limits(column: Column, values: pa.Array, privacy: Privacy) -> SeveralFormats | None:
    """A column of numbers and of limits that enough rows hold; of words, too, if many rows hold them.

    At least 30 different numbers are there, in three tenths of the rows. Numbers with as many decimals each are a
    format. Chance writes no limits.

    Args:
        column: The column.
        values: Its values.
        privacy: How many rows must hold a word.
    """
    counted = pc.value_counts(values.drop_null())
    rows = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    least, size = max(privacy.min_rows, 3), sum(rows.values())
    decimals, different, words = Counter[int](), 0, list[str]()
    for text, count in rows.items():
        match, limit = _PLAIN.fullmatch(text), limit_of(text)
        if match:
            decimals[len(match[1] or "")] += count
            different += 1
        elif limit is None and count < max(least, _WORD_SHARE * size):
            return None
        elif count >= least:
            words.append(text)
    limits = [word for word in words if limit_of(word)]
    if not limits or len(words) > _MOST_WORDS or different < _DIFFERENT or decimals.total() < _PLAIN_SHARE * size:
        return None
    if len(decimals) > _MOST_FORMS or min(decimals.values()) < least:
        return None
    forms = tuple(NumberFormat(digits=digits) for digits, _ in decimals.most_common())
    made = SeveralFormats(column, forms, tuple(sorted(words)))
    known = values.filter(pc.is_in(values, pa.array([t for t in rows if t in words or not limit_of(t)], pa.string())))
    return made if made.join(made.split({column.name: known})).equals(known) else None
