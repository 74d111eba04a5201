"""Columns that are a linear function of others, kept so in the rows that are made.

Columns of a fixed number of decimal digits, floats among them, are reckoned with as whole numbers of their last digit
(units), so that ``total = net + tax`` holds exactly. Only where a column has floats of any value, all are floats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.codecs.arrow_numbers import Numbers, from_numbers, to_numbers
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Digits, check_distinct, check_equal

Mask = npt.NDArray[np.bool_]
_LARGEST = 2.0**60  # whole numbers up to here can be added and compared without a thought to overflow
_WHOLE = 2.0**53


def read_values(values: pa.Array, type_: ColumnType, digits: int) -> tuple[Numbers, Mask]:
    """Units (int64), or float64 where ``digits`` is -1, and the rows that have such a number."""
    numbers = to_numbers(values, type_)
    valid = np.array(values.is_valid())
    if not type_.is_float:
        return numbers, valid
    valid &= np.isfinite(numbers)
    if digits < 0:
        return np.where(valid, numbers, 0.0), valid
    small = np.float32 if type_.name == "float" else np.float64
    ten = 10.0**digits
    valid &= np.abs(numbers) < _WHOLE / ten
    units = np.rint(np.where(valid, numbers, 0.0) * ten)
    valid &= (units / ten).astype(small) == numbers.astype(small)
    return np.where(valid, units, 0.0).astype(np.int64), valid


def type_range(type_: ColumnType) -> tuple[int, int]:
    """The smallest and the largest whole number that a type holds, of decimals without their point."""
    if type_.name == "decimal":
        return 1 - 10**type_.precision, 10**type_.precision - 1
    bits = type_.arrow.bit_width - 1
    return -(1 << bits), (1 << bits) - 1


@dataclass(frozen=True)
class LinearTerm:
    """A column of a relation.

    Attributes:
        name: The column.
        type: Its type.
        digits: Decimal digits of its values; -1 for floats of any value.
        low: Smallest value it may take, in units where it has digits.
        high: Largest value.
    """

    name: str
    type: ColumnType
    digits: Digits
    low: int | float
    high: int | float

    @property
    def ten(self) -> float:
        """Units in one."""
        return 10.0 ** max(self.digits, 0)

    def held(self, numbers: Numbers) -> Numbers:
        """Numbers brought into the range of the column's type."""
        if self.type.is_float:
            return numbers
        least, most = type_range(self.type)
        ten = 1.0 if numbers.dtype.kind == "i" else self.ten
        return np.clip(numbers, math.ceil(least / ten), math.floor(most / ten))

    def replaced(self, values: pa.Array, numbers: Numbers, rows: Mask) -> pa.Array:
        """``values`` with ``numbers`` (units or natural floats) in ``rows``."""
        whole = numbers.dtype.kind == "i"
        old = to_numbers(values, self.type)
        if self.type.is_float:
            new = numbers / self.ten if whole else numbers
        else:
            new = numbers if whole else np.rint(numbers * self.ten).astype(np.int64)
        return from_numbers(np.where(rows, new, old), ~np.asarray(values.is_valid()), self.type)


@dataclass(frozen=True)
class LinearRelation:
    """``column = factors . of + offset`` wherever none of the columns is null, NaN or infinite.

    Attributes:
        parts: The column, then those that it is made of.
        factors: One for each of the latter.
        offset: What is added.
        rough: Whether the column is the result rounded to its digits, not the result itself.
    """

    parts: tuple[LinearTerm, ...]
    factors: tuple[Fraction, ...]
    offset: Fraction
    rough: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.parts), 1 + len(self.factors), "columns and factors")
        check_distinct(self.columns, "columns of a sum")
        if not self.factors or any(part.low > part.high or not part.type.is_number for part in self.parts):
            raise ValueError("a sum is of no numbers")

    @property
    def column(self) -> str:
        """The name of the column that is determined."""
        return self.parts[0].name

    @property
    def of(self) -> tuple[str, ...]:
        """The names of the columns it is made of."""
        return tuple(part.name for part in self.parts[1:])

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return self.column, *self.of

    @cached_property
    def exact(self) -> bool:
        """Whether the relation is one of whole numbers."""
        return all(part.digits >= 0 for part in self.parts)

    @cached_property
    def equation(self) -> tuple[list[Any], Any]:
        """Weights of the parts and a constant that add up to 0; integers for units, else floats."""
        weights = [Fraction(-1), *self.factors]
        if not self.exact:
            return [float(w) for w in weights], float(self.offset)
        terms = [w / 10**part.digits for w, part in zip(weights, self.parts, strict=True)] + [self.offset]
        common = math.lcm(*(t.denominator for t in terms))
        *whole, constant = (int(t * common) for t in terms)
        return whole, constant

    @cached_property
    def leanings(self) -> tuple[Fraction, ...]:
        """Offsets that make rounding go one way: none, those of what is half way, of all between two values."""
        unit, grain = self.units
        halves = (grain / 2, -grain / 2) if self.exact else ()
        return Fraction(0), *halves, (unit - grain) / 2, (grain - unit) / 2

    @property
    def units(self) -> tuple[Fraction, Fraction]:
        """One of the column's last digit, and what it and the result are multiples of; next to nothing of floats."""
        unit = Fraction(1, 10 ** max(self.parts[0].digits, 0))
        terms = [f / 10 ** max(part.digits, 0) for f, part in zip(self.factors, self.parts[1:], strict=True)]
        grain = Fraction(1, math.lcm(unit.denominator, *(t.denominator for t in terms)))
        return unit, grain if self.exact else unit / 10**6

    def solved_for(self, place: int) -> LinearRelation:
        """The same relation, as one that determines another part.

        >>> parts = [LinearTerm(n, ColumnType("int"), 0, 0, 9) for n in ("net", "total", "tax")]
        >>> net = LinearRelation(tuple(parts), (Fraction(1), Fraction(-1)), Fraction(0))
        >>> net.describe(), net.solved_for(1).describe()
        ('net = total - tax', 'total = net + tax')
        """
        weights = [Fraction(-1), *self.factors]
        others = [i for i in range(len(self.parts)) if i != place]
        factors = tuple(-weights[i] / weights[place] for i in others)
        parts = (self.parts[place], *(self.parts[i] for i in others))
        return LinearRelation(parts, factors, -self.offset / weights[place], self.rough)

    def fits(self) -> bool:
        """Whether units within the ranges of the parts can be reckoned with in 64 bits."""
        weights, constant = self.equation
        ends = [max(abs(part.low), abs(part.high)) for part in self.parts]
        return not self.exact or sum(abs(w) * e for w, e in zip(weights, ends, strict=True)) + abs(constant) < _LARGEST

    def read(self, arrays: Mapping[str, pa.Array]) -> tuple[list[Numbers], Mask]:
        """Numbers of the parts, and the rows that the relation speaks of."""
        read = [read_values(arrays[part.name], part.type, part.digits) for part in self.parts]
        valid: Mask = np.logical_and.reduce([mask for _, mask in read])
        numbers = [values for values, _ in read]
        if self.exact:
            weights, constant = self.equation
            size = sum(abs(float(w)) * np.abs(v.astype(np.float64)) for w, v in zip(weights, numbers, strict=True))
            valid &= size + abs(float(constant)) < _LARGEST
        else:
            numbers = [v / part.ten for v, part in zip(numbers, self.parts, strict=True)]
        return numbers, valid

    def holds(self, numbers: Sequence[Numbers]) -> Mask:
        """Where ``numbers`` (as of `read`) obey the relation."""
        weights, constant = self.equation
        rest = np.abs(sum(w * v for w, v in zip(weights, numbers, strict=True)) + constant)
        if self.exact:
            return np.asarray(2 * rest <= -weights[0] if self.rough else rest == 0)
        column = self.parts[0]
        single = any(part.type.name == "float" for part in self.parts)
        size = sum(abs(w) * np.abs(v) for w, v in zip(weights, numbers, strict=True)) + abs(constant)
        slack = 1e-9 * (column.high - column.low) / column.ten
        slack = slack + 4 * float(np.finfo(np.float32 if single else np.float64).eps) * size
        return np.asarray(rest <= slack + (0.5 / column.ten if self.rough else 0.0))

    def solved(self, numbers: Sequence[Numbers], place: int) -> Numbers:
        """The value of a part that, of those it can take, comes nearest to what the others ask for."""
        weights, constant = self.equation
        others = sum(w * v for i, (w, v) in enumerate(zip(weights, numbers, strict=True)) if i != place) + constant
        weight, part = weights[place], self.parts[place]
        if not self.exact:
            value = others / -weight
            return np.asarray(np.rint(value * part.ten) / part.ten if part.digits >= 0 else value)
        quotient, left = np.divmod(-others if weight > 0 else others, abs(weight))
        return np.asarray(quotient + (2 * left + quotient % 2 > abs(weight)))  # what is half way becomes even

    def clipped(self, values: Numbers, place: int) -> Numbers:
        """Values brought into the range of a part."""
        low, high, ten = self.parts[place].low, self.parts[place].high, self.parts[place].ten
        return np.clip(values, low, high) if self.exact else np.clip(values, low / ten, high / ten)

    def ended(self, values: pa.Array, rows: Mask) -> pa.Array:
        """Values of the determined column, those in ``rows`` brought into its range."""
        part = self.parts[0]
        numbers, _ = read_values(values, part.type, part.digits if self.exact else -1)
        return part.replaced(values, self.clipped(numbers, 0), rows)

    def describe(self) -> str:
        """The relation as a sentence, such as ``total = net + 0.2 * tax``."""
        offset, how = self._rounding
        share, *others = sorted(set(self.factors))
        if len(self.factors) > 1 and not (others or offset) and share.numerator == 1 < share.denominator:
            return f"{self.column} = ({' + '.join(self.of)}) / {share.denominator}{how}"
        text = _shown(offset) if offset and min(self.factors) < 0 else ""
        for factor, part in zip(self.factors, self.parts[1:], strict=True):
            sign = ("-" if factor < 0 else "") if not text else " - " if factor < 0 else " + "
            text += f"{sign}{part.name}" if abs(factor) == 1 else f"{sign}{_shown(abs(factor))} * {part.name}"
        if offset and min(self.factors) > 0:
            text += f" {'-' if offset < 0 else '+'} {_shown(abs(offset))}"
        return f"{self.column} = {text}{how}"

    @property
    def _rounding(self) -> tuple[Fraction, str]:
        """The offset without what makes rounding go one way, and that in words."""
        if not self.rough:
            return self.offset, ""
        unit = self.units[0]
        for lean in self.leanings:
            if not (self.offset - lean) % unit:
                how = "" if 4 * abs(lean) < unit else " up" if lean > 0 else " down"
                return self.offset - lean, f", rounded{how}"
        return self.offset, ", rounded"

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows break the relation; one with a null, NaN or infinity breaks nothing."""
        numbers, valid = self.read(arrays)
        return np.asarray(valid & ~self.holds(numbers))

    def to_json(self) -> dict[str, Any]:
        """The relation as plain values."""
        return {
            "parts": [{**vars(part), "type": str(part.type)} for part in self.parts],
            "factors": [str(factor) for factor in self.factors],
            "offset": str(self.offset),
            "rough": self.rough,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LinearRelation:
        """The relation that `to_json` described."""
        parts = tuple(LinearTerm(**{**part, "type": ColumnType.parse(part["type"])}) for part in data["parts"])
        return cls(parts, tuple(map(fraction_of, data["factors"])), fraction_of(data["offset"]), data["rough"])


def fraction_of(text: str) -> Fraction:
    """The fraction that ``str`` wrote; unlike other forms of it, such as ``1e9999``, it is no larger than its text."""
    above, _, below = text.partition("/")
    return Fraction(int(above), int(below or "1"))


def _shown(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else f"{float(number):.6g}"
