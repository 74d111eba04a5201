"""How numbers and times are written: strings to values and back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.day_names import LANGUAGES, from_english, to_english
from synthohive_spark.engine.dependencies.duration_format import DurationFormat
from synthohive_spark.engine.dependencies.period_format import PeriodFormat
from synthohive_spark.engine.integrity import Bounds, Digits

_DOUBLE, _BIGINT, _DATE, _TIME = (ColumnType(name) for name in ("double", "bigint", "date", "timestamp_ntz"))
_DAY_SECONDS = 86_400
_UNPADDED = "\x01"
Sign = Annotated[str, Bounds(0, 4)]
Mark = Annotated[str, Bounds(1, 4)]
"""Stand between digits; Arrow looks for an empty one without end."""


@dataclass(frozen=True)
class NumberFormat:
    """Decimal numbers: ``$1,234.50``, ``12 %``, ``1.234,5``, ``0042.5``, ``1,23,456``.

    Attributes:
        prefix: What stands before the digits.
        suffix: What stands behind them.
        thousands: What groups digits by three; "" for nothing.
        mark: The decimal mark.
        digits: How many digits stand behind it; -1 for as many as there are.
        sign_first: Whether a minus stands before the prefix.
        plus: Whether numbers that are not negative have a plus in its place.
        padded: How many digits stand before the mark at least.
        pairs: Whether only the last three digits before the mark are a group of three, and others are of two.
    """

    prefix: str = ""
    suffix: str = ""
    thousands: Sign = ""
    mark: Mark = "."
    digits: Digits = -1
    sign_first: bool = False
    plus: bool = False
    padded: Annotated[int, Bounds(0, 17)] = 0
    pairs: bool = False
    name: ClassVar[str] = "number"

    @property
    def label(self) -> str:
        """What tells it from other formats of numbers: what stands around them, such as a currency."""
        return f"{self.prefix}#{self.suffix}"

    @property
    def type(self) -> ColumnType:
        """The type of the values."""
        return _BIGINT if self.digits == 0 else _DOUBLE

    def parse(self, texts: pa.Array) -> pa.Array:
        """The values; null for what is no such number."""
        before, behind = ("", self.prefix) if self.sign_first else (self.prefix, "")
        minus = pc.starts_with(texts, f"{before}-{behind}")
        plain = pc.replace_substring(texts, "-", "", max_replacements=1)
        if self.plus:
            signed = pc.or_(minus, pc.starts_with(texts, f"{before}+{behind}"))
            plain = pc.if_else(signed, pc.replace_substring(plain, "+", "", max_replacements=1), pa.scalar(""))
        fits = pc.and_(pc.starts_with(plain, self.prefix), pc.ends_with(plain, self.suffix))
        plain = pc.utf8_slice_codeunits(plain, len(self.prefix), -len(self.suffix) if self.suffix else None)
        if self.thousands:
            plain = pc.replace_substring(plain, self.thousands, "")
        if self.mark != ".":
            plain = pc.if_else(pc.match_substring(plain, "."), pa.scalar("", pa.string()), plain)
            plain = pc.replace_substring(plain, self.mark, ".")
        fits = pc.and_(fits, pc.match_substring_regex(plain, r"^[0-9]{1,17}(\.[0-9]{1,12})?$"))
        number = pc.if_else(fits, plain, pa.scalar(None, pa.string())).cast(pa.float64())
        number = pc.if_else(minus, pc.negate(number), number)
        return number if self.type == _DOUBLE else number.cast(pa.int64(), safe=False)

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of values."""
        return pa.array([None if v is None else self._text(v) for v in values.to_pylist()], pa.string())

    def _text(self, value: float) -> str:
        size = abs(value)
        if not np.isfinite(size):
            return str(value)
        text = f"{size:,.{self.digits}f}" if self.digits >= 0 else f"{size:,.8f}".rstrip("0").rstrip(".")
        whole, _, fraction = text.partition(".")
        whole = _in_pairs(whole) if self.pairs else whole
        text = whole.replace(",", self.thousands).zfill(self.padded) + (self.mark + fraction if fraction else "")
        minus = "-" if value < 0 or (self.plus and np.signbit(value)) else "+" if self.plus else ""
        return (
            f"{minus}{self.prefix}{text}{self.suffix}"
            if self.sign_first
            else f"{self.prefix}{minus}{text}{self.suffix}"
        )


def _in_pairs(whole: str) -> str:
    """Digits in groups of two but for the last three.

    >>> _in_pairs("12,345,678"), _in_pairs("678")
    ('1,23,45,678', '678')
    """
    plain = whole.replace(",", "")
    first, last = plain[:-3], plain[-3:]
    groups = [first[max(end - 2, 0) : end] for end in range(len(first), 0, -2)]
    return ",".join((*reversed(groups), last))


@dataclass(frozen=True)
class ScientificFormat:
    """Decimal numbers with an exponent: ``1.2e-03``, ``-4E+10``.

    Attributes:
        digits: How many digits stand behind the decimal point.
        capital: Whether the exponent follows a capital E.
    """

    digits: Annotated[int, Bounds(0, 17)]
    capital: bool = False
    name: ClassVar[str] = "number with an exponent"
    type: ClassVar[ColumnType] = _DOUBLE

    def parse(self, texts: pa.Array) -> pa.Array:
        """The values; null for what is no such number."""
        fraction = rf"\.[0-9]{{{self.digits}}}" if self.digits else ""
        fits = pc.match_substring_regex(texts, rf"^-?[0-9]{fraction}{'E' if self.capital else 'e'}[+-][0-9]{{2,3}}$")
        return pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(pa.float64())

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of values."""
        spec = f".{self.digits}{'E' if self.capital else 'e'}"
        return pa.array([None if v is None else f"{v:{spec}}" for v in values.to_pylist()], pa.string())


@dataclass(frozen=True)
class TimeFormat:
    """Dates and timestamps, as ``strptime`` reads them.

    Attributes:
        form: The form, such as ``%d/%m/%Y``; ``%-d`` and the like are numbers without a zero before them.
        language: Whose names of months and days there are, one of `LANGUAGES`; "" for English ones.
    """

    form: str
    language: str = ""
    name: ClassVar[str] = "time"

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.language and self.language not in LANGUAGES:
            raise ValueError(f"there are no names of {self.language!r}")

    @property
    def label(self) -> str:
        """What tells it from other formats of times."""
        return f"{self.form} ({self.language})" if self.language else self.form

    @property
    def type(self) -> ColumnType:
        """The type of the values."""
        return _TIME if any(part in self._padded for part in ("%H", "%I")) else _DATE

    @property
    def _padded(self) -> str:
        return self.form.replace("%-", "%")

    def parse(self, texts: pa.Array) -> pa.Array:
        """The values; null for what has another form."""
        texts = to_english(texts, self.language) if self.language else texts
        return pc.strptime(texts, self._padded, "s", error_is_null=True).cast(self.type.arrow)

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of values."""
        texts = pc.strftime(values.cast(pa.timestamp("s"), safe=False), self.form.replace("%-", f"{_UNPADDED}%"))
        if "%-" in self.form:
            texts = pc.replace_substring_regex(texts, f"{_UNPADDED}0?", "")
        return from_english(texts, self.language) if self.language else texts


@dataclass(frozen=True)
class ClockFormat:
    """Times of day: ``09:30``, ``09:30:15``, and hours and minutes as one number, 930.

    Attributes:
        separator: What stands between; "" for nothing.
        seconds: Whether there are seconds.
        padded: Whether hours have two digits.
        late: Whether midnight is written as the end of a day, 24:00.
    """

    separator: Sign
    seconds: bool = False
    padded: bool = True
    late: bool = False
    name: ClassVar[str] = "clock"

    @property
    def day(self) -> int:
        """How many of the values make a day."""
        return _DAY_SECONDS if self.seconds else _DAY_SECONDS // 60

    @property
    def type(self) -> ColumnType:
        """The type of the values, minutes or seconds since midnight."""
        return _BIGINT

    def parse(self, texts: pa.Array) -> pa.Array:
        """The values; null for what is no such time."""
        return pc.index_in(texts, self._texts).cast(pa.int64())

    def format(self, values: pa.Array) -> pa.Array:
        """The texts of values, those beyond a day as of another day."""
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False) % self.day
        return self._texts.take(pa.array(numbers, mask=null_mask(values)))

    @cached_property
    def _texts(self) -> pa.Array:
        """The texts of all times of a day."""
        return pa.array([self._text(value or (self.day if self.late else 0)) for value in range(self.day)], pa.string())

    def _text(self, value: int) -> str:
        minutes, second = divmod(value, 60) if self.seconds else (value, 0)
        hour, minute = divmod(minutes, 60)
        parts = [f"{hour:02d}" if self.padded else str(hour), f"{minute:02d}", *([f"{second:02d}"] * self.seconds)]
        text = self.separator.join(parts)
        return text if self.separator or self.padded else str(int(text))


Format = NumberFormat | ScientificFormat | TimeFormat | ClockFormat | PeriodFormat | DurationFormat
_FORMATS: dict[str, type[Any]] = {form.name: form for form in get_args(Format)}


def format_to_json(own: Format) -> dict[str, Any]:
    """A format as plain values."""
    return {"format": own.name, **{f.name: getattr(own, f.name) for f in fields(own)}}


def one_of_several_from_json(data: dict[str, Any]) -> TimeFormat | NumberFormat:
    """The format of times or numbers that `format_to_json` described; another one is a `ValueError`."""
    made = format_from_json(data)
    if not isinstance(made, TimeFormat | NumberFormat):
        raise ValueError(f"{made.name} is no format of several")
    return made


def time_format_from_json(data: dict[str, Any]) -> TimeFormat:
    """The format of times that `format_to_json` described; another one is a `ValueError`."""
    made = format_from_json(data)
    if not isinstance(made, TimeFormat):
        raise ValueError(f"{made.name} is no format of times")
    return made


def format_from_json(data: dict[str, Any]) -> Format:
    """The format that `format_to_json` described."""
    values = {name: tuple(own) if isinstance(own, list) else own for name, own in data.items() if name != "format"}
    made: Format = _FORMATS[data["format"]](**values)
    return made
