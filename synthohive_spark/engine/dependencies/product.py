"""Columns that are a product of others, or a quotient, kept so in the rows that are made: total = quantity * price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.dependencies.linear import fraction_of, type_range
from synthohive_spark.engine.integrity import Bounds, Digits, Whole, check_distinct

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
LARGEST = 2.0**53
"""Numbers up to here are exact as floats."""


@dataclass(frozen=True)
class Factor:
    """A column of a product.

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

    def multiplier(self, values: Floats) -> Floats:
        """What the values multiply a product with."""
        own = self.added + self.sign * values if self.added else values
        with np.errstate(divide="ignore"):
            return 1 / own if self.divides else own

    def value(self, multiplier: Floats) -> Floats:
        """The values, within their range, whose `multiplier` comes nearest to one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            own = 1 / multiplier if self.divides else multiplier
            values = (own - self.added) / self.sign if self.added else own
        values = np.where(np.isfinite(values), values, self.low)
        return np.clip(rounded(values, self.digits), self.low, self.high)

    def describe(self) -> str:
        """What multiplies, in a sentence."""
        if not self.added:
            return self.name
        share = self.name if abs(self.sign) == 1 else f"{self.name} / {round(1 / abs(self.sign))}"
        return f"(1 {'+' if self.sign > 0 else '-'} {share})"


@dataclass(frozen=True)
class Product:
    """A column that is its factors multiplied, rounded to its digits, wherever none of them is null.

    Attributes:
        column: The column; what is said of a factor's part in the product means nothing here.
        factors: What it is a product of.
        scale: What the product is multiplied with.
    """

    column: Factor
    factors: tuple[Factor, ...]
    scale: Fraction

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_distinct(self.columns, "columns of a product")
        every = (self.column, *self.factors)
        if not self.factors or any(own.low > own.high or not own.sign or not own.type.is_number for own in every):
            raise ValueError("a product is of no numbers")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return self.column.name, *(factor.name for factor in self.factors)

    @property
    def is_plain(self) -> bool:
        """Whether it divides by nothing."""
        return not any(factor.divides for factor in self.factors)

    def computed(self, arrays: Mapping[str, pa.Array]) -> tuple[Floats, Mask]:
        """The product, and the rows in which there is one."""
        product, there = np.full(len(arrays[self.column.name]), float(self.scale)), None
        for factor in self.factors:
            values, valid = values_of(arrays[factor.name], factor.type)
            there = valid if there is None else there & valid
            with np.errstate(invalid="ignore", over="ignore"):
                product = product * factor.multiplier(values)
        assert there is not None
        there = there & np.isfinite(product) & (np.abs(product) < LARGEST)
        return np.where(there, product, 0.0), there

    def holds(self, product: Floats, values: Floats) -> Mask:
        """Where values are the product, to their rounding."""
        exact = 1e-9 if self.column.type.name != "float" else 1e-5
        half = 0.5 * 10.0**-self.column.digits if self.column.digits >= 0 else 0.0
        return np.asarray(np.abs(values - product) <= half * (1 + 1e-6) + exact * np.abs(product))

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold something else than the product; one with a null breaks nothing."""
        product, there = self.computed(arrays)
        values, valid = values_of(arrays[self.column.name], self.column.type)
        return np.asarray(there & valid & ~self.holds(product, values))

    def describe(self) -> str:
        """The product as a sentence, such as ``total = quantity * price``."""
        above = [factor.describe() for factor in self.factors if not factor.divides]
        below = [factor.describe() for factor in self.factors if factor.divides]
        scale = [] if self.scale == 1 else [f"{float(self.scale):.6g}"]
        text = " * ".join([*scale, *above]) or "1"
        return f"{self.column.name} = {' / '.join([text, *below])}"

    def to_json(self) -> dict[str, Any]:
        """The product as plain values."""
        column, *factors = ({**vars(own), "type": str(own.type)} for own in (self.column, *self.factors))
        return {"column": column, "factors": factors, "scale": str(self.scale)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Product:
        """The product that `to_json` described."""
        column, *factors = (
            Factor(**{**own, "type": ColumnType.parse(own["type"])}) for own in (data["column"], *data["factors"])
        )
        return cls(column, tuple(factors), fraction_of(data["scale"]))


def apply_products(
    arrays: Mapping[str, pa.Array], products: Sequence[Product], given: Mapping[str, Mask], computed: frozenset[str]
) -> dict[str, pa.Array]:
    """The columns, with every product computed from its factors.

    A factor is changed instead where the product is given, and where it would leave the range of its column; it does
    leave it where no factor can make up for that.

    Args:
        arrays: The columns by name, of equal length.
        products: Each after those that determine its factors.
        given: The rows in which a column must not change; nowhere, for a name that is missing.
        computed: Columns that others determine, and that do not change for a product.
    """
    result = dict(arrays)
    for own in products:
        if all(part.name in result for part in (own.column, *own.factors)):
            fixed = given.get(own.column.name, np.zeros(len(result[own.column.name]), bool))
            values, valid = values_of(result[own.column.name], own.column.type)
            product, there = own.computed(result)
            wanted = np.where(fixed, values, np.clip(product, own.column.low, own.column.high))
            rows = there & valid & ~own.holds(product, wanted)
            movable = [factor for factor in own.factors if factor.name not in computed]
            for factor in sorted(movable, key=lambda f: -f.different):
                free = rows & ~given.get(factor.name, np.zeros(len(rows), bool))
                if free.any():
                    _move(result, own, factor, wanted, free)
                    product, there = own.computed(result)
                    inside = np.clip(product, own.column.low, own.column.high)
                    rows = there & valid & ~own.holds(product, np.where(fixed, values, inside))
            rows = there & valid & ~fixed
            made = np.where(rows, rounded(product, own.column.digits), values)
            result[own.column.name] = _with(result[own.column.name], own.column, made, rows & (made != values))
    return result


def _move(result: dict[str, pa.Array], own: Product, factor: Factor, wanted: Floats, rows: Mask) -> None:
    """Change one factor such that the product comes near what is wanted, and on its inner side."""
    others = Product(own.column, tuple(f for f in own.factors if f != factor), own.scale)
    rest = others.computed(result)[0] if others.factors else np.full(len(rows), float(own.scale))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = factor.value(wanted / rest)
    if factor.digits >= 0:  # rounding may lead out again
        new = _with(result[factor.name], factor, values, rows)
        outside = own.computed({**result, factor.name: new})[0]
        over = np.sign(outside - np.clip(outside, own.column.low, own.column.high))
        falls = (rest < 0) ^ factor.divides ^ (factor.sign < 0)
        step = np.where(falls, over, -over) * 10.0**-factor.digits
        values = np.clip(rounded(values + step, factor.digits), factor.low, factor.high)
    result[factor.name] = _with(result[factor.name], factor, values, rows)


def values_of(values: pa.Array, type_: ColumnType) -> tuple[Floats, Mask]:
    """Numbers, and where there is one that a float holds exactly."""
    numbers = to_numbers(values, type_).astype(np.float64)
    with np.errstate(invalid="ignore"):
        valid = ~null_mask(values) & (np.abs(numbers) < LARGEST)
    return np.where(valid, numbers, 0.0) / 10.0**type_.scale, valid


def rounded(values: Floats, digits: int) -> Floats:
    """Values of so many digits; as they are for -1."""
    return np.round(values, digits) if digits >= 0 else values


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
