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
import pyarrow.compute as pc

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


def apply_linear_relations(
    arrays: Mapping[str, pa.Array], sums: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    """The columns, changed as little as makes the relations hold; types and nulls stay.

    In a row, the determined column is computed from the others, or, where it is given, a column that it is made of.
    What would leave the range of its column ends there, and others make up for it; where they cannot, it does leave it.
    Of several relations that determine one column, each in rows of its own, one at most speaks of a row: what only the
    others are made of is null there.

    Args:
        arrays: The columns by name, of equal length.
        sums: Relations, each after those that determine the columns it is made of; as found.
        given: The rows in which a column must not change; nowhere, for a name that is missing.
    """
    known = [s for s in sums if all(part.name in arrays for part in s.parts)]
    arrays = _alone(arrays, known, given)
    made = _applied(arrays, known, given)
    outside: dict[str, Mask] = {}
    for own in reversed(known):
        if (rows := _outside(own, made) & _free(given, own.column)).any():
            outside[own.column] = outside.get(own.column, np.zeros_like(rows)) | rows
    if not outside:
        return made
    # Their ends are asked for, so that what they are made of makes up for it, and what that is made of.
    ends = {s.column: s.ended(made[s.column], outside[s.column]) for s in known if s.column in outside}
    asked = {name: given.get(name, np.zeros_like(rows)) | rows for name, rows in outside.items()}
    again = _applied({**arrays, **ends}, known, {**given, **asked})
    wrong = np.logical_or.reduce([own.broken(again) for own in known])
    names = {part.name for own in known for part in own.parts}
    return again | {name: pc.if_else(pa.array(wrong), made[name], again[name]) for name in names if wrong.any()}


def _alone(
    arrays: Mapping[str, pa.Array], known: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> Mapping[str, pa.Array]:
    """The columns, of which no two relations that determine the same one speak in a row unless both are given."""
    result = dict(arrays)
    for place, own in enumerate(known):
        for other in (o for o in known[:place] if o.column == own.column):
            for kept, left in ((other, own), (own, other)):
                both = own.read(result)[1] & other.read(result)[1]
                for name in (set(left.of) - set(kept.of)) if both.any() else ():
                    gone = both & _free(given, name)
                    result[name] = pc.if_else(pa.array(gone), pa.scalar(None, result[name].type), result[name])
    return result


def _free(given: Mapping[str, Mask], name: str) -> Mask | bool:
    return ~given[name] if name in given else True


def _outside(relation: LinearRelation, arrays: Mapping[str, pa.Array]) -> Mask:
    """Where the determined column has left its range."""
    numbers, valid = relation.read(arrays)
    return np.asarray(valid & (relation.clipped(numbers[0], 0) != numbers[0]))


def _applied(
    arrays: Mapping[str, pa.Array], known: Sequence[LinearRelation], given: Mapping[str, Mask]
) -> dict[str, pa.Array]:
    result = dict(arrays)
    rows = len(next(iter(result.values()), ()))
    fixed = {p.name: np.array(given.get(p.name, np.zeros(rows, bool)), bool) for s in known for p in s.parts}
    # What is given bears upon the columns it is made of, and they on theirs, before anything else is computed.
    for relation in reversed(known):
        _apply(result, relation, fixed, fixed[relation.column].copy())
    for relation in known:
        _apply(result, relation, fixed, ~fixed[relation.column])
    return result


def _apply(result: dict[str, pa.Array], relation: LinearRelation, fixed: dict[str, Mask], rows: Mask) -> None:
    """Make ``relation`` hold in ``rows``, and fix its columns there."""
    if not rows.any():
        return
    old, valid = relation.read(result)
    numbers = [values.copy() for values in old]
    todo = rows & valid & ~relation.holds(numbers)
    free = [~fixed[part.name] for part in relation.parts]
    for place in (0, *range(len(relation.parts) - 1, 0, -1)):
        now = np.flatnonzero(todo & free[place])
        todo[now] = False
        if len(now):
            _settle(relation, numbers, now, place, free)
    for part, before, after in zip(relation.parts, old, numbers, strict=True):
        changed = before != after
        if changed.any():
            result[part.name] = part.replaced(result[part.name], after, changed)
        fixed[part.name] |= rows & valid


def _settle(
    relation: LinearRelation, numbers: list[Numbers], rows: npt.NDArray[np.intp], place: int, free: list[Mask]
) -> None:
    """Compute one part in ``rows``, in place; where that does not do, let another free one make up for it."""
    here = [values[rows] for values in numbers]
    solved = relation.solved(here, place)
    here[place] = solved
    possible = relation.holds(here)
    here[place] = relation.clipped(here[place], place)
    left = ~relation.holds(here)
    for other in range(len(here) - 1, 0, -1):
        if other == place or not left.any():
            continue
        tried = list(here)
        tried[other] = relation.solved(here, other)
        good = left & free[other][rows] & relation.holds(tried)
        good &= relation.clipped(tried[other], other) == tried[other]
        here[other] = np.where(good, tried[other], here[other])
        left &= ~good
    left &= ~_shared_out(relation, here, place, left, [own[rows] for own in free])
    if place == 0:  # a sum of values within their ranges is kept rather than its own range
        here[0] = np.where(left & possible, relation.parts[0].held(solved), here[0])
    keep = ~left | possible
    for values, new in zip(numbers, here, strict=True):
        values[rows[keep]] = new[keep]


def _shared_out(relation: LinearRelation, here: list[Numbers], place: int, rows: Mask, free: list[Mask]) -> Mask:
    """In which of ``rows`` several parts together make up for one at the end of its range; they do so in place."""
    if len(here) <= 3 or not rows.any():
        return np.zeros(len(rows), bool)
    tried = list(here)
    left = rows.copy()
    for other in range(len(here) - 1, 0, -1):
        if other != place:
            moved = relation.clipped(relation.solved(tried, other), other)
            tried[other] = np.where(left & free[other], moved, tried[other])
            left &= ~relation.holds(tried)
    done = rows & ~left
    for own, values in enumerate(tried):
        here[own] = np.where(done, values, here[own])
    return done
