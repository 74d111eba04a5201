"""Finding the strings, and integers, that are numbers, times, addresses or JSON."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.duration_format import duration_forms
from synthohive_spark.engine.dependencies.formats import (
    ClockFormat,
    Format,
    NumberFormat,
    ScientificFormat,
    TimeFormat,
)
from synthohive_spark.engine.dependencies.numbers_column import Number, NumbersColumn, cut_numbers, whole_digits
from synthohive_spark.engine.dependencies.several_formats import SeveralFormats
from synthohive_spark.engine.dependencies.several_formats_fit import find_limits
from synthohive_spark.engine.dependencies.time_forms import time_forms
from synthohive_spark.engine.dependencies.typed import (
    SPECIALS,
    AddressColumn,
    JsonColumn,
    TypedColumn,
    Written,
    address_of,
    leaves_of,
)

_ROWS = 50
_DIFFERENT = 30
_SOME = 500
_WORD_SHARE = 0.01
_NAMES, _NAMES_ROWS = 0.5, 0.9
_MANY_RARE, _NEARLY_ALL = 0.1, 0.98
_MOST_NUMBERS, _MOST_DIGITS, _SHORT = 4, 4, 7
_MOST_LEAVES = 50
_MOST_UNITS, _LONGEST_UNIT = 12, 3
_TRIED, _MOST_FORMS = 40, 4
_INTEGER_DATES = (8, "%Y%m%d"), (7, "%Y%j"), (8, "%d%m%Y"), (8, "%m%d%Y")
_YEARS = "1900-01-01", "2199-12-31"
_NUMBER = re.compile(r"(-?)([^\d\-]*)(-?)(\d[\d., '\u2019\u00a0\u2009\u202f]*\d|\d)([^\d]*)")
_SIGNED = re.compile(r"[^\d+-]*[+-]")
_EXPONENT = re.compile(r"-?[0-9](\.[0-9]+)?([eE])[+-][0-9]+")
_SPACES = (" ", "\u00a0", "\u2009", "\u202f", "'", "\u2019")
_GROUPINGS = ("", "."), (",", "."), ("", ","), (".", ","), *((space, mark) for space in _SPACES for mark in ".,")
_PAIRS = re.compile(r"(?<!\d)\d{1,2}(,\d{2})+,\d{3}(?!\d)")
_CLOCKS = (ClockFormat(":"), ClockFormat(":", True), ClockFormat(":", False, False), ClockFormat(":", True, False))
_INTEGER_CLOCKS = tuple(ClockFormat("", seconds, False, late) for seconds in (False, True) for late in (False, True))


def find_typed(table: pa.Table, columns: Sequence[Column], left: frozenset[str], privacy: Privacy) -> list[Written]:
    """The columns all of whose values, of at least 30 and in at least 50 rows, are written in one format.

    Times may be written in up to four, and numbers with up to twelve units or currencies, or beside limits (``<0.5``).

    Of strings up to three words that many rows hold may be written otherwise (``N/A``). What is read and written
    again must be the same in every row. Digits alone, all of one length, are no number but a code. Integers are dates
    if all are, between 1900 and 2199, and times of day if all their minutes, and seconds, are below 60.

    Args:
        table: The rows.
        columns: The columns to look at; strings and integers count.
        left: Columns that are left as they are.
        privacy: How many rows must hold a word.
    """
    found: list[Written] = []
    for column in columns:
        if column.name in left or not (column.type.is_string or column.type.is_integer):
            continue
        values = one_array(table.column(column.name))
        if len(values) - values.null_count < _ROWS:
            continue
        if column.type.is_string:
            typed: Written | None = _typed(column, values, privacy) or _times(column, values, privacy)
            typed = (
                typed
                or _amounts(column, values, privacy)
                or find_limits(column, values, privacy)
                or _address(column, values)
                or _numbers(column, values, privacy)
            )
        else:
            typed = _calendar_integer(column, values)
        if typed is not None:
            found.append(typed)
    return found


def find_json(table: pa.Table, columns: Sequence[Column], left: frozenset[str]) -> list[JsonColumn]:
    """The columns of strings that are JSON objects of one shape in all rows, at least 50 of them.

    Args:
        table: The rows.
        columns: The columns to look at.
        left: Columns that are left as they are.
    """
    read = {c: one_array(table.column(c.name)) for c in columns if c.type.is_string and c.name not in left}
    found = (_json(c, values) for c, values in read.items() if len(values) - values.null_count >= _ROWS)
    return [own for own in found if own is not None]


def _typed(column: Column, values: pa.Array, privacy: Privacy) -> TypedColumn | None:
    counted = pc.value_counts(values.drop_null())
    different = counted.field("values")
    if len(different) < _DIFFERENT:
        return None
    words = _common_words(different, np.asarray(counted.field("counts")), max(privacy.min_rows, 3))
    some = [text for text in different.take(_evenly(len(different))).to_pylist() if text not in words]
    every = different.filter(pc.invert(pc.is_in(different, pa.array(list(words), pa.string())))) if words else different
    for form in _forms(some):
        parsed = form.parse(pa.array(some, pa.string()))
        failed = pc.not_equal(form.format(parsed), pa.array(some, pa.string())).fill_null(True)
        if any(failed.to_pylist()):
            continue
        own = tuple(word for word in words if form.parse(pa.array([word]))[0].as_py() is None)
        rest = pa.concat_arrays([every, pa.array([w for w in words if w not in own], pa.string())])
        if len(own) > len(SPECIALS) or len(rest) < _DIFFERENT or not _says(form, rest, values):
            continue
        if pc.equal(form.format(form.parse(rest)), rest).fill_null(False).false_count == 0:
            return TypedColumn(column, form, own)
    return None


def _times(column: Column, values: pa.Array, privacy: Privacy) -> SeveralFormats | None:
    """A column of dates, or of instants, in a few formats that enough rows have."""
    present = values.drop_null()
    different = pc.unique(present)
    if len(different) < _DIFFERENT:
        return None
    left = different.take(_evenly(len(different)))
    few = left.slice(0, _TRIED)
    forms = list(time_forms(few.to_pylist()))
    chosen: list[TimeFormat] = []
    while len(left) and forms and len(chosen) < _MOST_FORMS:
        best = max(forms, key=lambda form: _written_so(form, left).true_count)
        fits = _written_so(best, left)
        if not fits.true_count:
            return None
        chosen.append(best)
        forms = [form for form in forms if form.type == best.type]
        left = left.filter(pc.invert(fits))
    if len(left) or len(chosen) < 2:
        return None
    own = SeveralFormats(column, tuple(chosen))
    which = own.split({column.name: present})[1]
    counts = pc.value_counts(which).field("counts")
    return own if not which.null_count and pc.min(counts).as_py() >= max(privacy.min_rows, 1) else None


def _amounts(column: Column, values: pa.Array, privacy: Privacy) -> SeveralFormats | None:
    """A column of numbers with a currency or unit each, of a few that enough rows have."""
    counted = pc.value_counts(values.drop_null())
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    rows: Counter[tuple[str, str]] = Counter()
    shapes: set[str] = set()
    for text, count in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
        match = _NUMBER.fullmatch(text)
        around = (match[2], match[5]) if match else ("", "")
        if max(map(len, map(str.strip, around))) > _LONGEST_UNIT or around == ("", ""):
            return None
        groups[around].append(text)
        rows[around] += count
        shapes.add(re.sub("[0-9]", "9", match[4]) if match else "")
        if len(groups) > _MOST_UNITS:
            return None
    if len(counted) < _DIFFERENT or len(groups) < 2 or min(rows.values()) < max(privacy.min_rows, 3):
        return None
    # Digits behind letters that all have one length are codes: A12.1.
    if len(shapes) == 1 and any(before[-1:].isalpha() for before, _ in groups):
        return None
    whole = not any(shape.strip("9") for shape in shapes)
    if whole and any(c.isalpha() for around in groups for c in "".join(around)):
        return None
    forms = [next(_fitting(texts), None) for texts in groups.values()]
    return None if None in forms else SeveralFormats(column, tuple(form for form in forms if form is not None))


def _fitting(texts: Sequence[str]) -> Iterator[NumberFormat]:
    """Formats of numbers in which all texts are written."""
    every = pa.array(texts)
    yield from (form for form in _number_forms(texts) if _written_so(form, every).false_count == 0)


def _written_so(form: TimeFormat | NumberFormat, texts: pa.Array) -> pa.Array:
    return pc.equal(form.format(form.parse(texts)), texts).fill_null(False)


def _says(form: Format, different: pa.Array, values: pa.Array) -> bool:
    """Whether a format tells more than its texts do.

    Whole numbers of which nearly every row has its own, or that follow letters, name rows; digits alone that repeat
    are names, too.
    """
    if not isinstance(form, NumberFormat) or form.digits or form.thousands:
        return True
    if form.padded and not form.suffix:
        return False
    share = len(different) / (len(values) - values.null_count)
    if (share > _NAMES_ROWS and not form.suffix) or any(c.isalpha() for c in form.prefix):
        return False
    return bool(form.prefix or form.suffix) or share > _NAMES


def _common_words(different: pa.Array, counts: npt.NDArray[np.int64], at_least: int) -> tuple[str, ...]:
    """The values that a noticeable share of the rows holds, those of most rows first."""
    many = np.flatnonzero(counts >= max(at_least, _WORD_SHARE * counts.sum()))
    return tuple(different.take(pa.array(many[np.argsort(-counts[many])])).to_pylist())


def _evenly(rows: int) -> pa.Array:
    return pa.array(np.linspace(0, rows - 1, min(_SOME, rows)).astype(np.int64))


def _forms(texts: Sequence[str]) -> Iterator[Format]:
    """Formats that some texts may be written in."""
    if not texts:
        return
    first = texts[0]
    yield from (form for form in _CLOCKS if form.parse(pa.array([first]))[0].as_py() is not None)
    if any(c.isdigit() for c in first) and len(first) >= 6:
        yield from time_forms([first])
    yield from duration_forms(texts)
    exponent = _EXPONENT.fullmatch(first)
    if exponent:
        yield ScientificFormat(len(exponent[1] or ".") - 1, exponent[2] == "E")
    yield from _number_forms(texts)


def _number_forms(texts: Sequence[str]) -> Iterator[NumberFormat]:
    plus = all(_SIGNED.match(text) for text in texts) and any("+" in text for text in texts)
    if plus:
        texts = [text.replace("+", "", 1) for text in texts]
    matches = [_NUMBER.fullmatch(text) for text in texts]
    if not all(matches):
        return
    groups = [match.groups() for match in matches if match is not None]
    prefixes, suffixes = {g[1] for g in groups}, {g[4] for g in groups}
    if len(prefixes) > 1 or len(suffixes) > 1 or any(g[0] and g[2] for g in groups):
        return
    prefix, suffix, sign_first = prefixes.pop(), suffixes.pop(), any(g[0] for g in groups) and any(g[1] for g in groups)
    digits = [g[3] for g in groups]
    plain = not prefix and not suffix
    if plain and all(text.isdigit() for text in digits) and len({len(text) for text in digits}) == 1:
        return
    # Only zeros before numbers of several digits show to what width these are filled up.
    widths = [len(re.split("[.,]", text)[0]) for text in digits]
    padded = min(widths) if any(text[0] == "0" and len(text) > 1 and text[1].isdigit() for text in digits) else 0
    for thousands, mark in _GROUPINGS:
        if thousands and not any(thousands in text for text in digits):
            continue
        decimals = {len(text.rpartition(mark)[2]) if mark in text else 0 for text in digits}
        size = decimals.pop() if len(decimals) == 1 else -1
        pairs = thousands == "," and any(_PAIRS.match(text) for text in digits)
        yield NumberFormat(prefix, suffix, thousands, mark, size, sign_first, plus, padded, pairs)


def _address(column: Column, values: pa.Array) -> AddressColumn | None:
    texts = values.drop_null().to_pylist()
    return AddressColumn(column) if all(address_of(text) is not None for text in texts) else None


def _numbers(column: Column, values: pa.Array, privacy: Privacy) -> NumbersColumn | None:
    """A column of a few numbers with the same text between, where many rows hold what few others do.

    Numbers that all have one length are codes, and so are long ones of which nearly every row has its own.
    """
    counted = pc.value_counts(values.drop_null())
    texts, counts = counted.field("values").to_pylist(), np.asarray(counted.field("counts"))
    rare = counts[counts < max(privacy.min_rows, 2)].sum()
    if len(texts) < _DIFFERENT or rare < _MANY_RARE * counts.sum():
        return None
    few, gaps = cut_numbers(texts[0])
    if not 2 <= len(few) <= _MOST_NUMBERS or any(c.isalpha() for c in gaps[0]) or {".", ",", ""} & set(gaps[1:-1]):
        return None
    rows = [cut_numbers(text) for text in texts]
    if any(own != gaps for _, own in rows):
        return None
    columns = list(zip(*(numbers for numbers, _ in rows), strict=True))
    longest = [max(map(whole_digits, own)) for own in columns]
    unlike = [own for own in columns if len(set(map(len, own))) > 1]
    whole = not any("." in own[0] for own in columns)
    names = len(texts) / counts.sum() > (_NAMES_ROWS if sum(longest) > _SHORT else _NEARLY_ALL)
    if not unlike or max(longest) > _MOST_DIGITS or (whole and names and not any(c.isalpha() for c in "".join(gaps))):
        return None
    forms = tuple(Number(len(own[0].partition(".")[2]), _width(own)) for own in columns)
    made = NumbersColumn(column, forms, gaps)
    return made if made.join(made.split({column.name: values})).equals(values) else None


def _width(numbers: Sequence[str]) -> int:
    """How many digits a number has at least; two, where zeros make those of up to two digits equally long."""
    return 2 if all(whole_digits(own) == 2 for own in numbers) and any(own[0] == "0" for own in numbers) else 1


def _calendar_integer(column: Column, values: pa.Array) -> TypedColumn | None:
    """A column of dates or times of day that are written as integers."""
    different = pc.unique(values.drop_null())
    if len(different) < _DIFFERENT or pc.min(different).as_py() < 0:
        return None
    texts = different.cast(pa.int64()).cast(pa.string())
    lengths = set(pc.utf8_length(texts).to_pylist())
    first, last = (pa.scalar(text).cast(pa.date32()) for text in _YEARS)
    for length, written in _INTEGER_DATES if lengths <= {7, 8} else ():
        if max(lengths) == length:
            date = TypedColumn(column, TimeFormat(written))
            dates = date.split({column.name: different})[0]
            inside = pc.and_(pc.greater_equal(dates, first), pc.less_equal(dates, last)).fill_null(False)
            # The 31st of February is read as a day of March.
            if inside.false_count == 0 and date.join([dates]).equals(different):
                return date
    for form in _INTEGER_CLOCKS:
        largest = pc.max(different).as_py()
        if (1_000 if not form.seconds else 100_000) <= largest <= (240_000 if form.seconds else 2_400):
            parsed = form.parse(texts)
            if not parsed.null_count and pc.equal(form.format(parsed), texts).false_count == 0:
                return TypedColumn(column, form)
    return None


def _json(column: Column, values: pa.Array) -> JsonColumn | None:
    """A column of JSON objects with the same keys, and leaves of one type each."""
    texts = values.drop_null().to_pylist()
    if not texts[0].startswith("{"):
        return None
    try:
        shape, size = _shape(json.loads(texts[0]), 0)
    except ValueError:
        return None
    rows = [leaves_of(text, shape) for text in texts]
    if not 0 < size <= _MOST_LEAVES or any(row is None for row in rows):
        return None
    types = [_type_of(set(map(type, leaf))) for leaf in zip(*(row for row in rows if row is not None), strict=True)]
    whole = [i for i, leaf in enumerate(zip(*(row for row in rows if row), strict=True)) if None not in leaf]
    leaves = [type_ for type_ in types if type_ is not None]
    if len(leaves) < len(types) or not whole:
        return None
    order = [whole[0], *(i for i in range(size) if i != whole[0])]
    made = _renumbered(shape, {old: new for new, old in enumerate(order)})
    for separators in ((", ", ": "), (",", ":"), (", ", ":"), (",", ": ")):
        for ascii_ in (True, False):
            own = JsonColumn(column, made, tuple(leaves[i] for i in order), separators, ascii_)
            if own.join(own.split({column.name: values})).equals(values):
                return own
    return None


def _shape(value: Any, start: int) -> tuple[Any, int]:
    """A value with numbers from ``start`` on for its leaves, and the next number."""
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for key, item in value.items():
            made[key], start = _shape(item, start)
        return made, start
    if isinstance(value, list):
        items = []
        for item in value:
            own, start = _shape(item, start)
            items.append(own)
        return items, start
    return start, start + 1


def _renumbered(shape: Any, numbers: dict[int, int]) -> Any:
    if isinstance(shape, dict):
        return {key: _renumbered(own, numbers) for key, own in shape.items()}
    return [_renumbered(own, numbers) for own in shape] if isinstance(shape, list) else numbers[shape]


def _type_of(types: set[type]) -> ColumnType | None:
    types = types - {type(None)}
    if types in ({int}, {bool}, {str}):
        return ColumnType({int: "bigint", bool: "boolean", str: "string"}[types.pop()])
    return ColumnType("double") if types in ({float}, {int, float}) else None
