"""Strings that are put together from other columns: a full name, an e-mail address, a label with a number in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.formats import TimeFormat, format_to_json, time_format_from_json
from synthohive_spark.engine.dependencies.letters import LETTERS
from synthohive_spark.engine.dependencies.rewriting import replaced
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from synthohive_spark.engine.integrity import Bounds, check_equal

Mask = npt.NDArray[np.bool_]
_STRING = ColumnType("string")


def _without(pattern: str) -> Callable[[pa.Array, int], pa.Array]:
    return lambda values, _: pc.replace_substring_regex(values, pattern, "")


def _printed(form: str) -> Callable[[pa.Array, int], pa.Array]:
    return lambda values, _: pc.strftime(values, form)


WHOLE: dict[str, Callable[[pa.Array, int], pa.Array]] = {
    "as it is": lambda values, _: values,
    "in small letters": lambda values, _: pc.utf8_lower(values),
    "in capitals": lambda values, _: pc.utf8_upper(values),
    "in title case": lambda values, _: pc.utf8_title(values),
    "in small letters without spaces": lambda values, _: pc.utf8_lower(pc.replace_substring(values, " ", "")),
    "in small letters with hyphens": lambda values, _: pc.utf8_lower(pc.replace_substring(values, " ", "-")),
    "in small letters with underscores": lambda values, _: pc.utf8_lower(pc.replace_substring(values, " ", "_")),
    "padded with zeros": lambda values, width: pc.utf8_lpad(values, width, "0"),
}
"""Forms of a string, or of digits, that say all of it."""
PARTIAL: dict[str, Callable[[pa.Array, int], pa.Array]] = {
    "first characters": lambda values, size: pc.utf8_slice_codeunits(values, 0, size),
    "first characters in small letters": lambda values, size: pc.utf8_lower(pc.utf8_slice_codeunits(values, 0, size)),
    "first characters in capitals": lambda values, size: pc.utf8_upper(pc.utf8_slice_codeunits(values, 0, size)),
    "last characters": lambda values, size: pc.utf8_slice_codeunits(values, -size, None),
    "first word": _without(r"\s.*$"),
    "last word": _without(r"^.*\s"),
    "before @": _without(r"@.*$"),
    "after @": _without(r"^.*@"),
}
"""Forms that say a part of it."""
TIMES: dict[str, Callable[[pa.Array, int], pa.Array]] = {
    "as yyyy-mm-dd": _printed("%Y-%m-%d"),
    "as yyyymmdd": _printed("%Y%m%d"),
    "as yyyymm": _printed("%Y%m"),
    "as yyyy-mm": _printed("%Y-%m"),
    "as yymmdd": _printed("%y%m%d"),
    "as yymm": _printed("%y%m"),
    "as dd.mm.yyyy": _printed("%d.%m.%Y"),
    "as dd/mm/yyyy": _printed("%d/%m/%Y"),
    "as mm/dd/yyyy": _printed("%m/%d/%Y"),
    "as yyyy": _printed("%Y"),
}
"""Forms of a date or an instant, which is read in UTC."""
_FORMS = {**WHOLE, **PARTIAL, **TIMES, **LETTERS}


@dataclass(frozen=True)
class Field:
    """A column as it stands in a string.

    Attributes:
        source: The column.
        form: How it is written, one of `WHOLE`, `PARTIAL`, `TIMES` and `LETTERS`.
        size: How many characters, for the forms that ask for it.
        read: How the source is written where it is a text, or a number, that is a time; its type is that of the time.
    """

    source: Column
    form: str = "as it is"
    size: Annotated[int, Bounds(0, 1_000)] = 0
    read: TimeFormat | None = None

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.form not in _FORMS:
            raise ValueError(f"there is no form {self.form!r}")

    def text(self, values: pa.Array) -> pa.Array:
        """The texts of values."""
        if pa.types.is_integer(values.type):
            values = values.cast(pa.string())
        if self.read is not None:
            values = self.read.parse(values)
        return _FORMS[self.form](values, self.size)

    def describe(self) -> str:
        """The field in words."""
        size = f" {self.size}" if self.size else ""
        return self.source.name if self.form == "as it is" else f"{self.source.name} ({self.form}{size})"

    def to_json(self) -> dict[str, Any]:
        """The field as plain values."""
        read = {} if self.read is None else {"read": format_to_json(self.read)}
        return {"source": self.source.to_json(), "form": self.form, "size": self.size, **read}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Field:
        """The field that `to_json` described."""
        read = {"read": time_format_from_json(data["read"])} if "read" in data else {}
        return cls(**{**data, "source": Column.from_json(data["source"]), **read})


@dataclass(frozen=True)
class TemplateColumn:
    """A string column that is put together from other columns, fixed text, and what else stands between them.

    Attributes:
        column: The column.
        fields: What of other columns stands in it, in order.
        gaps: What stands before each field and after the last: fixed text, or None for what is learned.
    """

    column: Column
    fields: tuple[Field, ...]
    gaps: tuple[str | None, ...]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.gaps), len(self.fields) + 1, "fields and what stands between")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the column: gaps, the first by its name; where none is, whether it is null."""
        name, nullable = self.column.name, self.column.nullable
        learned = [place for place, gap in enumerate(self.gaps) if gap is None]
        more = tuple(Column(f"{name}\x00{place}", _STRING, nullable) for place in learned[1:])
        return (Column(name, _STRING, nullable), *more)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the columns that stand in it."""
        return tuple(field.source.name for field in self.fields)

    @property
    def is_open(self) -> bool:
        """Whether something is learned of it: then it says more than its sources do."""
        return None in self.gaps

    @property
    def untold(self) -> tuple[Column, ...]:
        """The parts that say more than the sources do."""
        return self.parts if self.is_open else ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, null where the column is, or is not what the template says.

        Args:
            arrays: The column and its sources, by name.
        """
        values = arrays[self.column.name]
        if None not in self.gaps:
            there = pa.array(~null_mask(values))
            return [pc.if_else(there, pa.scalar("", pa.string()), pa.scalar(None, pa.string()))]
        texts = [field.text(arrays[field.source.name]).to_pylist() for field in self.fields]
        found = [cut(value, own, self.gaps) for value, *own in zip(values.to_pylist(), *texts, strict=True)]
        learned = [place for place, gap in enumerate(self.gaps) if gap is None]
        return [pa.array([None if row is None else row[place] for row in found], pa.string()) for place in learned]

    def join(self, parts: Sequence[pa.Array], arrays: Mapping[str, pa.Array]) -> pa.Array:
        """The column, null where the first part or a source is.

        Args:
            parts: What `split` made.
            arrays: The sources, by name.
        """
        learned, pieces = list(parts), []
        for place, gap in enumerate(self.gaps):
            if gap is None:
                own = learned.pop(0)
                pieces.append(own if own is parts[0] else pc.fill_null(own, ""))
            elif gap:
                pieces.append(pa.scalar(gap, pa.string()))
            if place < len(self.fields):
                field = self.fields[place]
                pieces.append(field.text(arrays[field.source.name]))
        joined = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.string()))
        if self.column.type.length:
            joined = pc.utf8_slice_codeunits(joined, 0, self.column.type.length)
        return pc.if_else(pa.array(null_mask(parts[0])), pa.scalar(None, pa.string()), joined)

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold another string; one with a null breaks nothing."""
        texts = [field.text(arrays[field.source.name]).to_pylist() for field in self.fields]
        rows = zip(arrays[self.column.name].to_pylist(), *texts, strict=True)
        return np.array([None not in row and cut(row[0], row[1:], self.gaps) is None for row in rows], bool)

    def describe(self) -> str:
        """The template as a sentence, such as ``full = first + " " + last``."""
        pieces = []
        for place, gap in enumerate(self.gaps):
            pieces += ["..."] if gap is None else [f'"{gap}"'] if gap else []
            pieces += [self.fields[place].describe()] if place < len(self.fields) else []
        return f"{self.column.name} = {' + '.join(pieces)}"

    def to_json(self) -> dict[str, Any]:
        """The template as plain values."""
        fields = [own.to_json() for own in self.fields]
        return {"column": self.column.to_json(), "fields": fields, "gaps": list(self.gaps)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TemplateColumn:
        """The template that `to_json` described."""
        fields = tuple(map(Field.from_json, data["fields"]))
        return cls(Column.from_json(data["column"]), fields, tuple(data["gaps"]))


@dataclass(frozen=True)
class Templates:
    """The columns of a table that are put together from others, or made as others say.

    Attributes:
        columns: Each after those that it is put together from.
    """

    columns: tuple[TemplateColumn | ShapedColumn, ...] = ()

    @property
    def opened(self) -> dict[str, tuple[str, ...]]:
        """By column of which something is learned, the names of its sources."""
        return {own.column.name: own.sources for own in self.columns if own.is_open}

    def join(
        self, arrays: Mapping[str, pa.Array], given: Mapping[str, pa.Array], fixed: Mapping[str, Mask]
    ) -> dict[str, pa.Array]:
        """The columns with those that are put together in place of their parts.

        Args:
            arrays: All columns by name, in final form but for these.
            given: Given columns by name.
            fixed: By given column, in which rows it is given.
        """
        result = dict(arrays)
        for own in self.columns:
            first, *others = (part.name for part in own.parts)
            if first in arrays:
                result[first] = own.join([arrays[first], *(result.pop(name) for name in others)], result)
            if first in given:
                result[first] = replaced(result.get(first), given[first], fixed[first])
        return result

    def to_json(self) -> list[dict[str, Any]]:
        """The templates as plain values."""
        return [own.to_json() for own in self.columns]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> Templates:
        """The templates that `to_json` described."""
        return cls(tuple((ShapedColumn if "groups" in own else TemplateColumn).from_json(own) for own in data))


def cut(value: str | None, fields: Sequence[str | None], gaps: Sequence[str | None]) -> list[str] | None:
    """What stands before each field and after the last; None where a value is not made so.

    >>> cut("ann.lee7@mail.org", ["ann", "lee"], ["", ".", None])
    ['', '.', '7@mail.org']
    """
    if value is None:
        return None
    at, found = 0, []
    for text, gap in zip(fields, gaps, strict=False):
        if text is None:
            return None
        start = value.find(text, at) if gap is None else at + len(gap)
        if start < 0 or not value.startswith(text, start) or (gap is not None and value[at:start] != gap):
            return None
        found.append(value[at:start])
        at = start + len(text)
    rest, last = value[at:], gaps[-1]
    return None if last is not None and rest != last else [*found, rest]
