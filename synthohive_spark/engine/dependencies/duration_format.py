"""How long something lasts in days, hours, minutes and seconds: ``2d 9h 51m``, ``P8DT16H``, ``101:04:30``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

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
    """

    units: Annotated[tuple[str, ...], Bounds(2, 4)]
    gaps: tuple[str, ...]
    widths: tuple[Annotated[int, Bounds(1, _LONGEST)], ...]
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
        pattern = re.compile("(\\d{1,%d})".join(re.escape(gap) for gap in self.gaps) % ((_LONGEST,) * len(self.units)))
        matches = [None if text is None else pattern.fullmatch(text) for text in texts.to_pylist()]
        return pa.array([None if m is None else self._length(m.groups()) for m in matches], pa.int64())

    def _length(self, numbers: tuple[str, ...]) -> int:
        seconds = sum(int(number) * size for number, size in zip(numbers, self._sizes, strict=True))
        return seconds // self._sizes[-1]

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of durations, negative ones as none."""
        return pa.array([None if v is None else self._text(max(int(v), 0)) for v in values.to_pylist()], pa.string())

    def _text(self, value: int) -> str:
        left, pieces = value * self._sizes[-1], []
        for gap, size, width in zip(self.gaps, self._sizes, self.widths, strict=False):
            number, left = divmod(left, size)
            pieces += [gap, str(number).zfill(width)]
        return "".join((*pieces, self.gaps[-1]))


def duration_format(texts: list[str]) -> DurationFormat | None:
    """The format that the first of some texts has, with as many digits as all of them show; None where there is none.

    Units go by the letter behind a number, or are hours (of three), minutes and seconds between colons.
    """
    numbers, gaps = re.findall(r"\d+", texts[0]), tuple(re.split(r"\d+", texts[0]))
    if not 2 <= len(numbers) <= len(SECONDS):
        return None
    if set(gaps[1:-1]) == {":"} and gaps[0] == gaps[-1] == "" and len(numbers) <= 3:
        units = tuple("hms"[-len(numbers) :])
    else:
        units = tuple(gap.strip()[:1].lower() for gap in gaps[1:])
    every = [re.findall(r"\d+", text) for text in texts]
    sizes = [SECONDS.get(unit, 0) for unit in units]
    if any(len(own) != len(numbers) for own in every) or 0 in sizes or sizes != sorted(set(sizes), reverse=True):
        return None
    widths = tuple(min(map(len, own)) for own in zip(*every, strict=True))
    padded = any(number[0] == "0" and len(number) > 1 for own in every for number in own[1:])
    if max(widths) > _LONGEST or (":" in gaps and not padded):
        return None
    return DurationFormat(units, gaps, (widths[0], *(w if padded else 1 for w in widths[1:])))
