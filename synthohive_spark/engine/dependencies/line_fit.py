"""Finding the strings that begin with a date or time, such as lines of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.formats import TimeFormat
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from synthohive_spark.engine.dependencies.time_forms import time_forms

_ROWS, _DIFFERENT, _SOME = 50, 30, 40
_SHORTEST, _LONGEST = 8, 32
_ENDS, _WORD, _NEARLY_ALL = " ]),;|\t", r"\pL{3}", 0.9


def find_lines(table: pa.Table, columns: Sequence[Column], left: frozenset[str]) -> list[PiecesColumn]:
    """The strings that begin with a date or time of one format and length in all rows, after at most one bracket.

    There are at least 50 rows, with 30 different times, and a mark or space stands behind each, then, in nine of ten
    rows, a word. That digits are times in all of them by chance is out of the question. What is a time as a whole is
    none of these.

    Args:
        table: The rows.
        columns: The columns to look at; strings count.
        left: Columns that are left as they are.
    """
    read = {c: one_array(table.column(c.name)).drop_null() for c in columns if c.type.is_string and c.name not in left}
    found = {c: next(_times(texts), None) for c, texts in read.items() if len(texts) >= _ROWS}
    return [PiecesColumn(c, (cut,), ("",), early=True) for c, cut in found.items() if cut is not None]


def _times(texts: pa.Array) -> Iterator[tuple[int, int]]:
    """Where the time stands with which all texts begin, the longest one first."""
    first, whole = texts[0].as_py(), texts.slice(0, _SOME)
    if any(_are_times(form, whole) for form in time_forms(whole.to_pylist())):
        return
    start = int(first[:1] in ("[", "("))
    ends = [end for end in range(start + _SHORTEST, min(start + _LONGEST, len(first))) if first[end] in _ENDS]
    for end in reversed(ends if first[start : start + 1].isalnum() else []):
        some = pc.utf8_slice_codeunits(texts.slice(0, _SOME), start, end)
        for form in time_forms(some.to_pylist()):
            times = pc.utf8_slice_codeunits(texts, start, end).unique()
            behind = pc.utf8_slice_codeunits(texts, end, end + 1).unique().to_pylist()
            words = pc.match_substring_regex(pc.utf8_slice_codeunits(texts, end, None), _WORD)
            likely = len(times) >= _DIFFERENT and behind == [first[end]] and pc.mean(words).as_py() >= _NEARLY_ALL
            if likely and _are_times(form, times):
                yield start, end


def _are_times(form: TimeFormat, texts: pa.Array) -> bool:
    """Whether all texts are written in a format."""
    return bool(pc.all(pc.equal(form.format(form.parse(texts)), texts).fill_null(False)).as_py())
