"""Strings that are times, or numbers, written in a few formats: several currencies, measures and their limits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.formats import (
    NumberFormat,
    TimeFormat,
    format_to_json,
    one_of_several_from_json,
)
from synthohive_spark.engine.integrity import Bounds, check_distinct

_LIMIT = re.compile(r"([<>≤≥]=? ?)([0-9]{1,12}(?:\.[0-9]{1,8})?)")


@dataclass(frozen=True)
class SeveralFormats:
    """A column of dates, of instants, or of numbers, that are written in a few formats, such as several currencies.

    Attributes:
        column: The column, of strings.
        forms: The formats; of those that a text fits, the first counts.
        words: Other values, which are kept as they are: limits, such as ``<0.5``, among numbers.
    """

    column: Column
    forms: Annotated[tuple[TimeFormat | NumberFormat, ...], Bounds(1)]
    words: tuple[str, ...] = ()

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if len({(form.name, form.name == "time" and form.type) for form in self.forms}) > 1:
            raise ValueError("formats of several kinds are in one column")
        check_distinct([*self._labels, *self.words], "formats")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: the values, and how each is written."""
        name, nullable = self.column.name, self.column.nullable
        return Column(name, self._type, nullable), Column(f"{name}\x00form", ColumnType("string"), nullable)

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The parts, null where a text has none of the formats."""
        texts = arrays[self.column.name]
        found = pa.nulls(len(texts), self._type.arrow)
        which = pa.nulls(len(texts), pa.string())
        for form, label in zip(self.forms, self._labels, strict=True):
            own = form.parse(texts)
            fits = pc.and_(pc.is_null(found), pc.equal(form.format(own), texts).fill_null(False))
            found = pc.if_else(fits, own.cast(self._type.arrow), found)
            which = pc.if_else(fits, pa.scalar(label), which)
        return self._with_words(texts, found, which) if self.words else [found, which]

    def _with_words(self, texts: pa.Array, found: pa.Array, which: pa.Array) -> list[pa.Array]:
        """The parts, also of words: the number of a limit, and of another word that of some row."""
        coded = texts.filter(pc.is_null(which)).dictionary_encode()
        read = [self._word(text) for text in coded.dictionary.to_pylist()]
        rows = np.flatnonzero(null_mask(which))
        labels = pa.array([label for label, _ in read], pa.string()).take(coded.indices)
        numbers = pa.array([number for _, number in read], pa.float64()).take(coded.indices)
        plain = np.asarray(found.drop_null())
        if len(plain):
            numbers = pc.if_else(
                labels.is_valid(), pc.coalesce(numbers, pa.array(np.resize(plain, len(rows)))), numbers
            )
        mask = pa.array(null_mask(which))
        return [
            pc.replace_with_mask(found, mask, numbers.cast(self._type.arrow)),
            pc.replace_with_mask(which, mask, labels),
        ]

    def _word(self, text: str) -> tuple[str | None, float | None]:
        """The word that a text is read as, or a format, and its number; a rare limit is the next one of its sign."""
        sign, number = limit_of(text) or ("", None)
        if text in self.words or number is None:
            return (text if text in self.words else None), number
        others = [(abs(own[1] - number), word) for word in self.words if (own := limit_of(word)) and own[0] == sign]
        return (min(others)[1] if others else self._labels[0]), number

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column, null where the first part is."""
        found, which = parts
        texts = self.forms[0].format(found)
        for form, label in zip(self.forms[1:], self._labels[1:], strict=True):
            texts = pc.if_else(pc.equal(which, label).fill_null(False), form.format(found), texts)
        word = pc.and_(found.is_valid(), pc.is_in(which, pa.array(self.words, pa.string())))
        return pc.if_else(word, which, texts)

    @property
    def _labels(self) -> list[str]:
        """What tells the formats apart; how many decimals there are, where nothing else does."""
        labels = [form.label for form in self.forms]
        several = Counter(labels)
        return [
            f"{label} of {form.digits} decimals" if several[label] > 1 and isinstance(form, NumberFormat) else label
            for label, form in zip(labels, self.forms, strict=True)
        ]

    @property
    def _type(self) -> ColumnType:
        """The type of the values: of numbers one that holds those of all formats."""
        types = [form.type for form in self.forms]
        return ColumnType("double") if self.words else next((type_ for type_ in types if type_.is_float), types[0])

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        forms = f" in {len(self.forms)} formats" if len(self.forms) > 1 else ""
        words = f" but for {len(self.words)} words" if self.words else ""
        return f"{self.column.name} is learned as {self.forms[0].name}s{forms}{words}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        forms = [format_to_json(form) for form in self.forms]
        return {"column": self.column.to_json(), "forms": forms, "words": list(self.words)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SeveralFormats:
        """The column that `to_json` described."""
        forms = tuple(map(one_of_several_from_json, data["forms"]))
        return cls(Column.from_json(data["column"]), forms, tuple(data.get("words", ())))


def limit_of(text: str) -> tuple[str, float] | None:
    """The sign and the number of a limit; None for what is none.

    >>> limit_of("<0.5"), limit_of(">= 100"), limit_of("0.5")
    (('<', 0.5), ('>= ', 100.0), None)
    """
    match = _LIMIT.fullmatch(text)
    return (match[1], float(match[2])) if match else None
