"""Columns that are a product of others, or a quotient, plus others: total = quantity * price + shipping.

A category may stand for a number, too: the months of an instalment's frequency, the tax rate of a country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.linear import fraction_of, type_range
from synthohive_spark.engine.integrity import Bounds, Digits, Whole, check_distinct, check_equal

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
LARGEST = 2.0**53
"""Numbers up to here are exact as floats."""
_ZERO = Fraction(0)
_LEAN = Fraction(10**6 - 1, 2 * 10**6)
"""See `synthohive_spark.engine.dependencies.linear.LinearRelation.leanings` of floats of any value."""


@dataclass(frozen=True)
class Factor:
    """A column of a product, or one that is added to it.

    Attributes:
        name: The column.
        type: Its type.
        digits: Decimal digits of its values; -1 for floats of any value.
        low: Smallest value it may take.
        high: Largest value.
        different: How many different values it has: those of few are the last to be changed.
        divides: Whether it is divided by.
        added: What is added to its product with ``sign`` before it is multiplied: 1 of a discount of 0.2, or of a tax.
        sign: 1, or -1 for what is taken off; 1/100 and -1/100 of percentages.
        step: How many units of the last digit its values are a multiple of apart, from ``low``.
        power: How often it multiplies.
        single: Whether its values are floats of single precision, whatever its type.
        levels: Of a category, its values, each with the number that it stands for; others stand for none.
    """

    name: str
    type: ColumnType
    digits: Digits
    low: float
    high: float
    different: Whole = 0
    divides: bool = False
    added: Annotated[int, Bounds(0, 1)] = 0
    sign: float = 1.0
    step: Annotated[int, Bounds(1, 1 << 62)] = 1
    power: Annotated[int, Bounds(1, 3)] = 1
    single: bool = False
    levels: tuple[tuple[Any, float], ...] = ()

    @property
    def apart(self) -> float:
        """How far neighbouring values lie apart; 0 of floats of any value."""
        return self.step * 10.0**-self.digits if self.digits >= 0 else 0.0

    def rounded(self, values: Floats) -> Floats:
        """Values of as many digits, or as precise."""
        if self.digits >= 0:
            return np.round(values, self.digits)
        return values.astype(np.float32).astype(np.float64) if self.single else values

    def read(self, arrays: Mapping[str, pa.Array]) -> tuple[Floats, Mask]:
        """Its numbers, and where there is one that a float holds exactly."""
        values = arrays[self.name]
        if not self.levels:
            return values_of(values, self.type)
        known, numbers = zip(*self.levels, strict=True)
        level = pc.index_in(values, pa.array(known, self.type.arrow))
        return np.array(numbers, np.float64)[np.asarray(level.fill_null(0))], ~null_mask(level)

    def nearest(self, values: Floats) -> Floats:
        """The nearest values that it may take."""
        if self.digits >= 0:
            values = self.rounded(self.low + np.rint((values - self.low) / self.apart) * self.apart)
        return np.clip(values, self.low, self.high)

    def multiplier(self, values: Floats) -> Floats:
        """What the values multiply a product with."""
        own = self.added + self.sign * values if self.added else values**self.power
        with np.errstate(divide="ignore"):
            return 1 / own if self.divides else own

    def value(self, multiplier: Floats, old: Floats) -> Floats:
        """The values whose `multiplier` comes nearest to one, on the side of 0 of others."""
        with np.errstate(divide="ignore", invalid="ignore"):
            own = 1 / multiplier if self.divides else multiplier
            values = (own - self.added) / self.sign if self.added else own
            if self.power == 2:
                values = np.where(old < 0, -1, 1) * np.sqrt(np.maximum(values, 0))
            elif self.power == 3:
                values = np.cbrt(values)
        return self.nearest(np.where(np.isfinite(values), values, self.low))

    def describe(self) -> str:
        """What multiplies, in a sentence."""
        if self.levels:
            return f"a number for each {self.name}"
        if not self.added:
            return self.name if self.power == 1 else f"{self.name}^{self.power}"
        share = self.name if abs(self.sign) == 1 else f"{self.name} / {round(1 / abs(self.sign))}"
        return f"(1 {'+' if self.sign > 0 else '-'} {share})"


@dataclass(frozen=True)
class Product:
    """A column that is its factors multiplied, plus others, rounded to its digits, wherever none of them is null.

    Attributes:
        column: The column; what is said of a factor's part in the product means nothing here.
        factors: What it is a product of.
        scale: What the product is multiplied with.
        terms: What is added; of these, too, only name, type and values mean something.
        weights: What each of them is multiplied with.
        offset: What is added besides.
    """

    column: Factor
    factors: tuple[Factor, ...]
    scale: Fraction
    terms: tuple[Factor, ...] = ()
    weights: tuple[Fraction, ...] = ()
    offset: Fraction = Fraction(0)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        every = (self.column, *self.parts)
        categories = [part for part in self.parts if part.levels]
        check_distinct([*self.numbers, *{part.name for part in categories}], "columns of a product")
        check_equal(len(self.terms), len(self.weights), "terms and weights")
        told = all(own.levels or own.type.is_number for own in every) and len(self.numbers) > 1
        if not told or any(own.low > own.high or not own.sign for own in every):
            raise ValueError("a product is of no numbers")
        for own in categories:
            check_distinct((level for level, _ in own.levels), "levels of a category")
            pa.array([level for level, _ in own.levels], own.type.arrow)
        if not all((self.scale, *self.weights)):
            raise ValueError("a product is multiplied with nothing")

    @property
    def parts(self) -> tuple[Factor, ...]:
        """What the column is made of."""
        return self.factors + self.terms

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return tuple(dict.fromkeys((self.column.name, *(part.name for part in self.parts))))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of those that count as numbers."""
        return self.column.name, *(part.name for part in self.parts if not part.levels)

    @property
    def is_plain(self) -> bool:
        """Whether it divides by nothing."""
        return not any(factor.divides for factor in self.factors)

    def computed(self, arrays: Mapping[str, pa.Array]) -> tuple[Floats, Mask]:
        """The result, and the rows in which there is one."""
        result, there = np.full(len(arrays[self.column.name]), float(self.scale)), None
        for factor in self.factors:
            values, valid = factor.read(arrays)
            there = valid if there is None else there & valid
            with np.errstate(invalid="ignore", over="ignore"):
                result = result * factor.multiplier(values)
        assert there is not None
        for term, weight in zip(self.terms, self.weights, strict=True):
            values, valid = term.read(arrays)
            result, there = result + float(weight) * values, there & valid
        result = result + float(self.offset)
        there = there & np.isfinite(result) & (np.abs(result) < LARGEST)
        return np.where(there, result, 0.0), there

    def solved(self, arrays: Mapping[str, pa.Array], place: int, wanted: Floats) -> Floats:
        """Values of one of `parts` with which the result comes near what is wanted."""
        part, count = self.parts[place], len(self.factors)
        old, _ = values_of(arrays[part.name], part.type)
        result, _ = self.computed(arrays)
        if place >= count:
            return part.nearest(old + (wanted - result) / float(self.weights[place - count]))
        added = replace(self, scale=Fraction(0)).computed(arrays)[0]
        others = replace(self, factors=tuple(f for f in self.factors if f != part), terms=(), weights=(), offset=_ZERO)
        rest = others.computed(arrays)[0] if others.factors else np.full(len(wanted), float(self.scale))
        with np.errstate(divide="ignore", invalid="ignore"):
            return part.value((wanted - added) / rest, old)

    def off_steps(self, place: int) -> Product:
        """The same with one of `parts` of any value that has its digits."""
        parts = [replace(part, step=1) if i == place else part for i, part in enumerate(self.parts)]
        return replace(self, factors=tuple(parts[: len(self.factors)]), terms=tuple(parts[len(self.factors) :]))

    def holds(self, result: Floats, values: Floats) -> Mask:
        """Where values are the result, to their rounding."""
        exact = 1e-5 if self.column.single else 1e-9
        half = 0.5 * 10.0**-self.column.digits if self.column.digits >= 0 else 0.0
        return np.asarray(np.abs(values - result) <= half * (1 + 1e-6) + exact * np.abs(result))

    def ended(self, result: Floats) -> Floats:
        """The result, or the end of the column's range that it has left."""
        return np.clip(result, self.column.low, self.column.high)

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold something else than the product; one with a null breaks nothing."""
        result, there = self.computed(arrays)
        values, valid = values_of(arrays[self.column.name], self.column.type)
        return np.asarray(there & valid & ~self.holds(result, values))

    def describe(self) -> str:
        """The product as a sentence, such as ``total = quantity * price + shipping``."""
        above = [factor.describe() for factor in self.factors if not factor.divides]
        below = [factor.describe() for factor in self.factors if factor.divides]
        offset, how = self._rounding
        pieces = [(self.scale, " / ".join([" * ".join(above), *below]) if above else " / ".join(["", *below]))]
        pieces += [(weight, term.describe()) for term, weight in zip(self.terms, self.weights, strict=True)]
        pieces += [(offset, "")] if offset else []
        pieces.sort(key=lambda piece: piece[0] < 0)
        first, *others = (_times(abs(weight), text) for weight, text in pieces)
        signs = [" - " if weight < 0 else " + " for weight, _ in pieces[1:]]
        text = ("-" if pieces[0][0] < 0 else "") + first
        return f"{self.column.name} = {text}{''.join(s + o for s, o in zip(signs, others, strict=True))}{how}"

    @property
    def _rounding(self) -> tuple[Fraction, str]:
        """The offset without what makes rounding go one way, and that in words."""
        unit = Fraction(1, 10 ** max(self.column.digits, 0))
        for lean, how in ((_LEAN, " up"), (-_LEAN, " down")) if self.column.digits >= 0 else ():
            if not (self.offset / unit - lean) % 1:
                return self.offset - lean * unit, f", rounded{how}"
        return self.offset, ""

    def to_json(self) -> dict[str, Any]:
        """The product as plain values."""
        column, *parts = ({**vars(own), "type": str(own.type)} for own in (self.column, *self.parts))
        count = len(self.factors)
        return {
            "column": column,
            "factors": parts[:count],
            "scale": str(self.scale),
            "terms": parts[count:],
            "weights": [str(weight) for weight in self.weights],
            "offset": str(self.offset),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Product:
        """The product that `to_json` described."""
        column, *parts = (
            Factor(**{**own, "type": ColumnType.parse(own["type"]), "levels": tuple(map(tuple, own.get("levels", ())))})
            for own in (data["column"], *data["factors"], *data["terms"])
        )
        count = len(data["factors"])
        weights = tuple(map(fraction_of, data["weights"]))
        scale, offset = fraction_of(data["scale"]), fraction_of(data["offset"])
        return cls(column, tuple(parts[:count]), scale, tuple(parts[count:]), weights, offset)


def _times(weight: Fraction, text: str) -> str:
    """What stands before a piece, of which a divisor alone begins with the line."""
    number = f"{float(weight):.6g}"
    if not text or text.startswith(" / "):
        return number + text
    return text if weight == 1 else f"{number} * {text}"


def apply_products(
    arrays: Mapping[str, pa.Array], products: Sequence[Product], given: Mapping[str, Mask], computed: frozenset[str]
) -> dict[str, pa.Array]:
    """The columns, with every product computed from its parts.

    A number among its parts is changed instead where the product is given, and where it would leave the range of its
    column; it does leave it where no part can make up for that. Where all numbers are given, a category changes.

    Args:
        arrays: The columns by name, of equal length.
        products: Each after those that determine its parts.
        given: The rows in which a column must not change; nowhere, for a name that is missing.
        computed: Columns that others determine, and that do not change for a product.
    """
    result = dict(arrays)
    for own in products:
        if all(name in result for name in own.columns):
            fixed = given.get(own.column.name, np.zeros(len(result[own.column.name]), bool))
            values, valid = values_of(result[own.column.name], own.column.type)
            made, there = own.computed(result)
            rows = there & valid & ~own.holds(made, np.where(fixed, values, own.ended(made)))
            movable = [i for i, part in enumerate(own.parts) if not (part.levels or part.name in computed)]
            for place in sorted(movable, key=lambda place: -own.parts[place].different):
                free = rows & ~given.get(own.parts[place].name, np.zeros(len(rows), bool))
                if free.any():
                    _move(result, own, place, np.where(fixed, values, own.ended(made)), free)
                    made, there = own.computed(result)
                    rows = there & valid & ~own.holds(made, np.where(fixed, values, own.ended(made)))
            for place in (place for place in movable if own.parts[place].step > 1 and (rows & fixed).any()):
                # What is given holds, if no part does it on its steps then by one off them.
                free = rows & fixed & ~given.get(own.parts[place].name, np.zeros(len(rows), bool))
                _move(result, own.off_steps(place), place, values, free)
                made, there = own.computed(result)
                rows = there & valid & ~own.holds(made, np.where(fixed, values, own.ended(made)))
            for part in (part for part in own.parts if part.levels and (rows & fixed).any()):
                _relevel(result, own, part, values, rows & fixed & ~given.get(part.name, np.zeros(len(rows), bool)))
                made, there = own.computed(result)
                rows = there & valid & ~own.holds(made, np.where(fixed, values, own.ended(made)))
            rows = there & valid & ~fixed
            new = np.where(rows, own.column.rounded(made), values)
            result[own.column.name] = _with(result[own.column.name], own.column, new, rows & (new != values))
    return result


def _move(result: dict[str, pa.Array], own: Product, place: int, wanted: Floats, rows: Mask) -> None:
    """Change one part such that the result comes near what is wanted, and into its column's range."""
    part = own.parts[place]
    before, nearest = result[part.name], own.solved(result, place, wanted)
    done = np.zeros(len(rows), bool)
    # The value on its grid that comes nearest may lead out again, and then one beside it does not.
    for step in (0.0, -part.apart, part.apart) if part.apart else (0.0,):
        values = part.nearest(nearest + step)
        moved = _with(before, part, values, rows)
        made, _ = own.computed({**result, part.name: moved})
        inside = own.holds(made, own.ended(made))
        result[part.name] = _with(result[part.name], part, values, rows & ~done & (inside if step else True))
        done |= inside


def _relevel(result: dict[str, pa.Array], own: Product, part: Factor, wanted: Floats, rows: Mask) -> None:
    """Make a category the first of its values with which the result is what is wanted, if one is."""
    for level, _ in part.levels if rows.any() else ():
        tried = pa.array([level] * len(rows), part.type.arrow)
        made, there = own.computed({**result, part.name: tried})
        good = rows & there & own.holds(made, wanted)
        result[part.name] = pc.if_else(pa.array(good), tried, result[part.name])
        rows = rows & ~good


def values_of(values: pa.Array, type_: ColumnType) -> tuple[Floats, Mask]:
    """Numbers, and where there is one that a float holds exactly."""
    numbers = to_numbers(values, type_).astype(np.float64)
    with np.errstate(invalid="ignore"):
        valid = ~null_mask(values) & (np.abs(numbers) < LARGEST)
    return np.where(valid, numbers, 0.0) / 10.0**type_.scale, valid


def _with(values: pa.Array, part: Factor, made: Floats, rows: Mask) -> pa.Array:
    """``values`` with those in ``rows`` as ``made`` says."""
    if not rows.any():
        return values
    old = to_numbers(values, part.type)
    new = made
    if not part.type.is_float:
        least, most = type_range(part.type)
        new = np.clip(np.rint(made * 10.0**part.type.scale), least, min(most, LARGEST)).astype(np.int64)
    return from_numbers(np.where(rows, new, old), null_mask(values), part.type)
