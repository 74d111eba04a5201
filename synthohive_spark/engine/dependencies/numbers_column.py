"""Strings of a few numbers with the same text between: ``139/92``, ``1h 47m``, ``48.1351, 11.5820``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import pyarrow as pa

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Bounds, check_equal

_NUMBER = re.compile(r"(?<![\w)])-?[0-9]+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?", re.ASCII)
_LONGEST = 9
"""Digits of a number before its decimal point."""


class Number(NamedTuple):
    """How one of the numbers is written.

    Attributes:
        digits: How many digits stand behind its decimal point.
        width: How many stand before it, at least.
    """

    digits: Annotated[int, Bounds(0, 9)]
    width: Annotated[int, Bounds(1, _LONGEST)]

    def text(self, value: float) -> str:
        """The number as it is written."""
        size = f"{abs(value):.{self.digits}f}".zfill(self.width + bool(self.digits) + self.digits)
        return f"-{size}" if str(value).startswith("-") else size


@dataclass(frozen=True)
class NumbersColumn:
    """A column of strings that hold a few numbers each.

    Attributes:
        column: The column.
        numbers: How the numbers are written.
        gaps: What stands before each of them, and after the last.
    """

    column: Column
    numbers: Annotated[tuple[Number, ...], Bounds(2, 4)]
    gaps: tuple[str, ...]

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.gaps), len(self.numbers) + 1, "numbers and what stands between")

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in its place: the numbers."""
        name, nullable = self.column.name, self.column.nullable
        return tuple(
            Column(f"{name}\x00{place}" if place else name, ColumnType("double" if own.digits else "bigint"), nullable)
            for place, own in enumerate(self.numbers)
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """No other columns."""
        return ()

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """The numbers, null where a text has others between."""
        rows = [self._values(text) for text in arrays[self.column.name].to_pylist()]
        return [
            pa.array([None if row is None else row[place] for row in rows], part.type.arrow)
            for place, part in enumerate(self.parts)
        ]

    def _values(self, text: str | None) -> list[float] | None:
        found = None if text is None else cut_numbers(text)
        if found is None or found[1] != self.gaps or max(map(whole_digits, found[0])) > _LONGEST:
            return None
        values = [float(t) if own.digits else int(float(t)) for t, own in zip(found[0], self.numbers, strict=True)]
        return values if self._text(values) == text else None

    def join(self, parts: Sequence[pa.Array]) -> pa.Array:
        """The column, null where the first number is."""
        rows = zip(parts[0].to_pylist(), *(part.fill_null(0).to_pylist() for part in parts[1:]), strict=True)
        return pa.array([None if row[0] is None else self._text(row) for row in rows], pa.string())

    def _text(self, values: Sequence[float]) -> str:
        written = [own.text(value) for own, value in zip(self.numbers, values, strict=True)]
        return "".join(gap + number for gap, number in zip(self.gaps, [*written, ""], strict=True))

    def describe(self) -> str:
        """How it is learned, as a sentence."""
        return f"{self.column.name} is learned as {len(self.numbers)} numbers"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        return {"column": self.column.to_json(), "numbers": [list(n) for n in self.numbers], "gaps": list(self.gaps)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NumbersColumn:
        """The column that `to_json` described."""
        numbers = tuple(Number(*own) for own in data["numbers"])
        return cls(Column.from_json(data["column"]), numbers, tuple(data["gaps"]))


def cut_numbers(text: str) -> tuple[list[str], tuple[str, ...]]:
    """The numbers of a text, and what stands before each and after the last.

    >>> cut_numbers("1h 47m")
    (['1', '47'], ('', 'h ', 'm'))
    """
    return _NUMBER.findall(text), tuple(_NUMBER.split(text))


def whole_digits(number: str) -> int:
    """How many digits stand before the decimal point."""
    return len(number.lstrip("-").partition(".")[0])
