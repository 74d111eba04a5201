"""Strings, and integers, that are numbers, times or addresses: learned as these, and written as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.flag_words import FlagColumn
from synthohive_spark.engine.dependencies.formats import (
    Format,
    NumberFormat,
    ScientificFormat,
    TimeFormat,
    format_from_json,
    format_to_json,
)
from synthohive_spark.engine.dependencies.numbers_column import NumbersColumn
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from synthohive_spark.engine.dependencies.several_formats import SeveralFormats
from synthohive_spark.engine.integrity import Bounds, check_equal

SPECIALS = (np.nan, np.inf, -np.inf)
"""What stands for words among numbers, one for each."""


@dataclass(frozen=True)
class TypedColumn:
    """A column whose values are all written in one format, but for a few words.

    Attributes:
        column: The column, of strings or integers.
        form: The format.
        words: Other values, at most as many as there are `SPECIALS`.
    """

    column: Column
    form: Format
    words: Annotated[tuple[str, ...], Bounds(0, len(SPECIALS))] = ()

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: the values."""
        type_ = ColumnType("double") if self.words else self.form.type
        return (Column(self.column.name, type_, self.column.nullable),)

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The values, null where there is none."""
        texts = arrays[self.column.name]
        values = self.form.parse(self._written(texts) if self.column.type.is_integer else texts)
        if not self.words:
            return [values]
        place = pc.index_in(texts, pa.array(self.words, pa.string()))
        special = pa.array(SPECIALS, pa.float64()).take(place)
        return [pc.coalesce(special, values.cast(pa.int32()).cast(pa.float64()) if self._is_date else _floats(values))]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column."""
        values = parts[0]
        if not self.words:
            texts = self.form.format(values)
            return texts.cast(self.column.type.arrow) if self.column.type.is_integer else texts
        numbers = np.asarray(values.fill_null(0.0).to_numpy(zero_copy_only=False))
        finite = np.isfinite(numbers)
        plain = pa.array(np.where(finite, numbers, 0.0))
        whole = plain if self.form.type.is_float else pa.array(np.rint(plain.to_numpy()).astype(np.int64))
        whole = whole.cast(pa.int32()).cast(pa.date32()) if self._is_date else whole
        texts = self.form.format(whole)
        for special, word in zip(SPECIALS, self.words, strict=False):
            texts = pc.if_else(pa.array(_is(numbers, special)), pa.scalar(word, pa.string()), texts)
        return pc.if_else(pa.array(null_mask(values)), pa.scalar(None, pa.string()), texts)

    def _written(self, numbers: pa.Array) -> pa.Array:
        """Integers as texts, those of dates with the zero before a day or month of one digit."""
        texts = numbers.cast(pa.string())
        dated = isinstance(self.form, TimeFormat) and "%j" not in self.form.form
        return pc.utf8_lpad(texts, 8, "0") if dated else texts

    @property
    def is_time(self) -> bool:
        """Whether the values are times, periods, times of day or durations."""
        return not isinstance(self.form, NumberFormat | ScientificFormat)

    @property
    def _is_date(self) -> bool:
        return self.form.type.name == "date"

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        words = f" but for {', '.join(map(repr, self.words))}" if self.words else ""
        return f"{self.column.name} is learned as {self.form.name}s{words}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {"column": self.column.to_json(), "form": format_to_json(self.form), "words": list(self.words)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TypedColumn:
        """The column that `to_json` described."""
        return cls(Column.from_json(data["column"]), format_from_json(data["form"]), tuple(data["words"]))


@dataclass(frozen=True)
class JsonColumn:
    """A column of JSON objects of one shape.

    Attributes:
        column: The column.
        shape: An object whose leaves are the places of the parts.
        leaves: The parts; the first is never null where the column is not.
        separators: What stands between items, and between a key and its value.
        ascii: Whether other characters are escaped.
    """

    column: Column
    shape: Any
    leaves: Annotated[tuple[ColumnType, ...], Bounds(1)]
    separators: tuple[str, str]
    ascii: bool

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(sorted(_places(self.shape)), list(range(len(self.leaves))), "leaves and their places")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: the leaves."""
        name = self.column.name
        return tuple(Column(f"{name}\x00{i}" if i else name, type_, True) for i, type_ in enumerate(self.leaves))

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The leaves, null where there is none or the text has another shape."""
        rows = [leaves_of(text, self.shape) for text in arrays[self.column.name].to_pylist()]
        return [
            pa.array([None if row is None else _as(row[i], type_) for row in rows], type_.arrow)
            for i, type_ in enumerate(self.leaves)
        ]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column, null where the first part is."""
        rows = zip(*(part.to_pylist() for part in parts), strict=True)
        return pa.array([None if row[0] is None else self._text(row) for row in rows], pa.string())

    def _text(self, leaves: Sequence[Any]) -> str:
        return json.dumps(_filled(self.shape, leaves), separators=self.separators, ensure_ascii=self.ascii)

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        return f"{self.column.name} is learned as JSON of {len(self.leaves)} values"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {
            "column": self.column.to_json(),
            "json": self.shape,
            "leaves": [str(type_) for type_ in self.leaves],
            "separators": list(self.separators),
            "ascii": self.ascii,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JsonColumn:
        """The column that `to_json` described."""
        leaves = tuple(map(ColumnType.parse, data["leaves"]))
        one, other = data["separators"]
        return cls(Column.from_json(data["column"]), data["json"], leaves, (one, other), data["ascii"])


@dataclass(frozen=True)
class AddressColumn:
    """A column of addresses of the Internet Protocol, version 4.

    Networks and hosts are learned apart, so that no quantile of either is an address.

    Attributes:
        column: The column.
    """

    column: Column

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: the first two numbers, and the last two."""
        name, nullable = self.column.name, self.column.nullable
        return tuple(Column(own, ColumnType("int"), nullable) for own in (name, f"{name}\x00host"))

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, null where there is no address."""
        rows = [address_of(text) for text in arrays[self.column.name].to_pylist()]
        return [pa.array([None if row is None else row[i] for row in rows], pa.int32()) for i in (0, 1)]

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column, null where the first part is."""
        rows = zip(parts[0].to_pylist(), parts[1].fill_null(0).to_pylist(), strict=True)
        return pa.array([None if a is None else f"{a >> 8}.{a & 255}.{b >> 8}.{b & 255}" for a, b in rows], pa.string())

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        return f"{self.column.name} is learned as addresses"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {"column": self.column.to_json(), "address": 4}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AddressColumn:
        """The column that `to_json` described."""
        return cls(Column.from_json(data["column"]))


Written = TypedColumn | JsonColumn | AddressColumn | SeveralFormats | NumbersColumn | FlagColumn | PiecesColumn


def written_from_json(data: Mapping[str, Any]) -> Written:
    """The column that its `to_json` described."""
    if "address" in data:
        return AddressColumn.from_json(data)
    if "numbers" in data:
        return NumbersColumn.from_json(data)
    if "forms" in data:
        return SeveralFormats.from_json(data)
    if "cuts" in data:
        return PiecesColumn.from_json(data)
    if "off" in data:
        return FlagColumn.from_json(data)
    return JsonColumn.from_json(data) if "json" in data else TypedColumn.from_json(data)


def address_of(text: str | None) -> tuple[int, int] | None:
    """The first two and the last two numbers of an address as one each; None for what is none.

    >>> address_of("10.1.0.255")
    (2561, 255)
    """
    parts = [] if text is None else text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and str(int(p)) == p and int(p) < 256 for p in parts):
        return None
    a, b, c, d = map(int, parts)
    return a << 8 | b, c << 8 | d


def leaves_of(text: str | None, shape: Any) -> list[Any] | None:
    """The leaves of a JSON text in the order of their places; None where it has another shape."""
    try:
        value = None if text is None else json.loads(text)
    except ValueError:
        return None
    found: dict[int, Any] = {}
    return [found[i] for i in sorted(found)] if value is not None and _collect(value, shape, found) else None


def _collect(value: Any, shape: Any, found: dict[int, Any]) -> bool:
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and list(value) == list(shape)
            and all(_collect(value[key], own, found) for key, own in shape.items())
        )
    if isinstance(shape, list):
        return (
            isinstance(value, list)
            and len(value) == len(shape)
            and all(_collect(item, own, found) for item, own in zip(value, shape, strict=True))
        )
    found[shape] = value
    return not isinstance(value, dict | list)


def _filled(shape: Any, leaves: Sequence[Any]) -> Any:
    if isinstance(shape, dict):
        return {key: _filled(own, leaves) for key, own in shape.items()}
    return [_filled(own, leaves) for own in shape] if isinstance(shape, list) else leaves[shape]


def _places(shape: Any) -> list[int]:
    """The places at the leaves of a shape."""
    if isinstance(shape, dict | list):
        return [place for own in (shape.values() if isinstance(shape, dict) else shape) for place in _places(own)]
    if type(shape) is not int:
        raise ValueError("a leaf has no place")
    return [shape]


def _as(value: Any, type_: ColumnType) -> Any:
    return float(value) if type_.is_float and value is not None else value


def _floats(values: pa.Array) -> pa.Array:
    return values if pa.types.is_floating(values.type) else values.cast(pa.float64())


def _is(numbers: Any, special: float) -> Any:
    return np.isnan(numbers) if np.isnan(special) else numbers == special
