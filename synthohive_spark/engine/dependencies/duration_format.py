"""How long something lasts in days, hours, minutes and seconds: ``2d 9h 51m``, ``PT1H37M``, ``101:04:30``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import pyarrow as pa

from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds, check_equal

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = 9


@dataclass(frozen=True)
class DurationFormat:
    """Durations in whole units, the largest first, read as how many of the smallest they last.

    Attributes:
        units: The units, each one of `SECONDS`, descending.
        gaps: What stands before each number and after the last.
        widths: How many digits each number has at least.
        left_out: Which units are not written where there is none of them: no unit, the first ones, or all. One is
            always written.
    """

    units: Annotated[tuple[str, ...], Bounds(2, 4)]
    gaps: tuple[str, ...]
    widths: tuple[Annotated[int, Bounds(1, _LONGEST)], ...]
    left_out: Literal["none", "first", "all"] = "none"
    name: ClassVar[str] = "duration"
    type: ClassVar[ColumnType] = ColumnType("bigint")

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.gaps), len(self.units) + 1, "units and what stands between")
        check_equal(len(self.widths), len(self.units), "units and their digits")
        if not set(self.units) <= SECONDS.keys() or self._sizes != sorted(set(self._sizes), reverse=True):
            raise ValueError("units of a duration do not descend")

    @property
    def _sizes(self) -> list[int]:
        return [SECONDS[unit] for unit in self.units]

    def parse(self, texts: pa.Array) -> pa.Array:
        """The durations; null for what is none."""
        first, *gaps = self.gaps
        pieces = [f"(\\d{{1,{_LONGEST}}}){re.escape(gap)}" for gap in gaps]
        if self.left_out != "none":  # what stands between two units goes with the second
            pieces = [f"(?:(\\d{{1,{_LONGEST}}}){re.escape(gap.rstrip())}\\s*)?" for gap in gaps]
        pattern = re.compile(re.escape(first) + "".join(pieces))
        matches = [None if text is None else pattern.fullmatch(text) for text in texts.to_pylist()]
        found = [m.groups("0") if m and any(m.groups()) else None for m in matches]
        return pa.array([None if numbers is None else self._length(numbers) for numbers in found], pa.int64())

    def _length(self, numbers: Sequence[str]) -> int:
        seconds = sum(int(number) * size for number, size in zip(numbers, self._sizes, strict=True))
        return seconds // self._sizes[-1]

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of durations, negative ones as none."""
        return pa.array([None if v is None else self._text(max(int(v), 0)) for v in values.to_pylist()], pa.string())

    def _text(self, value: int) -> str:
        left, numbers = value * self._sizes[-1], []
        for size in self._sizes:
            number, left = divmod(left, size)
            numbers.append(number)
        shown = [bool(number) for number in numbers]
        if self.left_out != "all":
            shown = [self.left_out == "none" or any(shown[: place + 1]) for place in range(len(shown))]
        shown[-1] |= not any(shown)
        units = zip(numbers, self.widths, self.gaps[1:], shown, strict=True)
        text = self.gaps[0] + "".join(str(n).zfill(width) + gap for n, width, gap, written in units if written)
        return text if shown[-1] else text.rstrip()


def duration_forms(texts: Sequence[str]) -> Iterator[DurationFormat]:
    """The formats that the text of most numbers may have, with as many digits as all of them show.

    Units go by the letter behind a number, or are hours (of three), minutes and seconds between colons.
    """
    every = [re.findall(r"\d+", text) for text in texts]
    most = max(range(len(every)), key=lambda place: len(every[place]))
    numbers, gaps = every[most], tuple(re.split(r"\d+", texts[most]))
    if not 2 <= len(numbers) <= len(SECONDS):
        return
    if set(gaps[1:-1]) == {":"} and gaps[0] == gaps[-1] == "" and len(numbers) <= 3:
        units = tuple("hms"[-len(numbers) :])
    else:
        units = tuple(gap.strip()[:1].lower() for gap in gaps[1:])
    sizes = [SECONDS.get(unit, 0) for unit in units]
    if 0 in sizes or sizes != sorted(set(sizes), reverse=True):
        return
    if any(len(own) < len(numbers) for own in every):
        if ":" not in gaps:
            yield DurationFormat(units, gaps, (1,) * len(units), "first")
            yield DurationFormat(units, gaps, (1,) * len(units), "all")
        return
    widths = tuple(min(map(len, own)) for own in zip(*every, strict=True))
    padded = any(number[0] == "0" and len(number) > 1 for own in every for number in own[1:])
    if max(widths) <= _LONGEST and (":" not in gaps or padded):
        yield DurationFormat(units, gaps, (widths[0], *(w if padded else 1 for w in widths[1:])))
