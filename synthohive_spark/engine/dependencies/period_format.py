"""How weeks, months and quarters of a year are written: ``2024-W05``, ``Q1 2024``, ``03/2024``."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pyarrow as pa

from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds

_YEAR_FIRST = re.compile(r"(\D*)(\d{4})(\D+)(\d{1,2})(\D*)")
_YEAR_LAST = re.compile(r"(\D*)(\d{1,2})(\D+)(\d{4})(\D*)")
UNITS = ("week", "month", "quarter")
Text = Annotated[str, Bounds(0, 40)]


@dataclass(frozen=True)
class PeriodFormat:
    """Periods of a year, each read as its first day.

    Attributes:
        unit: One of `UNITS`; weeks, and their years, are those of ISO 8601.
        before: What stands before both numbers.
        between: What stands between them.
        behind: What stands behind them.
        year_first: Whether the year comes first.
        padded: Whether the other number has two digits.
    """

    unit: str
    before: Text
    between: Annotated[str, Bounds(1, 40)]
    behind: Text
    year_first: bool
    padded: bool
    name: ClassVar[str] = "period"
    type: ClassVar[ColumnType] = ColumnType("date")

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.unit not in UNITS:
            raise ValueError(f"there is no period {self.unit!r}")

    def parse(self, texts: pa.Array) -> pa.Array:
        """The first days; null for what is no such period."""
        known = texts.dictionary_encode()
        days = pa.array([self._day(text) for text in known.dictionary.to_pylist()], pa.date32())
        return days.take(known.indices)

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of the periods of days."""
        known = values.dictionary_encode()
        texts = pa.array([self._text(day) for day in known.dictionary.to_pylist()], pa.string())
        return texts.take(known.indices)

    def _day(self, text: str) -> datetime.date | None:
        match = (_YEAR_FIRST if self.year_first else _YEAR_LAST).fullmatch(text)
        if match is None:
            return None
        year, number = int(match[2 if self.year_first else 4]), int(match[4 if self.year_first else 2])
        try:
            if self.unit == "week":
                return datetime.date.fromisocalendar(year, number, 1)
            return datetime.date(year, number if self.unit == "month" else 3 * number - 2, 1)
        except ValueError:
            return None

    def _text(self, day: datetime.date) -> str:
        year, week, _ = day.isocalendar() if self.unit == "week" else (day.year, 0, 0)
        number = {"week": week, "month": day.month, "quarter": (day.month + 2) // 3}[self.unit]
        numbers = f"{year:04d}", f"{number:02d}" if self.padded else str(number)
        first, second = numbers if self.year_first else numbers[::-1]
        return f"{self.before}{first}{self.between}{second}{self.behind}"


def period_formats(texts: pa.Array) -> Iterator[PeriodFormat]:
    """The formats of periods that all texts, of which none is null, are written in."""
    first = texts[0].as_py()
    for year_first, form in ((True, _YEAR_FIRST), (False, _YEAR_LAST)):
        match = form.fullmatch(first)
        for unit in UNITS if match else ():
            for padded in (True, False):
                assert match is not None
                own = PeriodFormat(unit, match[1], match[3], match[5], year_first, padded)
                if own.format(own.parse(texts)).equals(texts):
                    yield own
