"""Which values of a column may come out: a range, or some values."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.constraint import Constraint, instant
from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.columns import ColumnType

Mask = npt.NDArray[np.bool_]
_INSTANT = pa.timestamp("us", tz="UTC")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Domain:
    """The values that a column may hold.

    Attributes:
        bounds: Bounds of a range.
        values: Values in the column's type, None for null; None for any.
        nulls: Whether null is allowed beside a range.
    """

    bounds: Constraint = Constraint()  # noqa: RUF009  (frozen, so one shared default is safe)
    values: tuple[Any, ...] | None = None
    nulls: bool = False

    @property
    def is_one(self) -> bool:
        """Whether only one value is left."""
        return self.values is not None and len(self.values) == 1

    def holds(self, values: pa.Array) -> Mask:
        """Which of some values are allowed."""
        if self.values is not None:
            known = pa.array([v for v in self.values if v is not None], values.type)
            found = np.asarray(pc.is_in(values, known), bool)
            return found | (null_mask(values) & (None in self.values))
        inside = ~np.logical_or.reduce([np.zeros(len(values), bool), *broken(values, self.bounds).values()])
        return np.asarray(inside & (self.nulls | ~null_mask(values)))

    def nearest(self, values: pa.Array) -> pa.Array:
        """For each value the nearest that is allowed: an end of the range, or the first of some values."""
        if self.values is not None:
            instead = pa.array(self.values[:1], values.type).take(pa.array(np.zeros(len(values), np.int64)))
            return pc.if_else(pa.array(self.holds(values)), values, instead)
        low = bound_as(self.bounds.min, values.type, up=True)
        high = bound_as(self.bounds.max, values.type, up=False)
        made = values.fill_null(low if low.is_valid else high)
        for bound, inside in ((low, pc.greater_equal), (high, pc.less_equal)):
            if bound.is_valid:
                made = pc.if_else(inside(made, bound), made, bound)
        return made


def keeps(rows: pa.Table, domains: Mapping[str, Domain]) -> Mask:
    """Whether each row holds only values that are allowed."""
    valid = np.ones(rows.num_rows, bool)
    for name, domain in domains.items():
        valid &= domain.holds(rows.column(name).combine_chunks())
    return valid


def broken(values: pa.Array | pa.ChunkedArray, bounds: Constraint) -> dict[str, Mask]:
    """Where values break each bound, by the bound as messages name it, such as ``min=0``; null breaks none."""
    found = {}
    for name, bound, breaks in (("min", bounds.min, pc.less), ("max", bounds.max, pc.greater)):
        if bound is not None:
            mask: Any
            if isinstance(bound, datetime.date):
                mask = breaks(_instants(values), pa.scalar(instant(bound), _INSTANT)).fill_null(False)
            elif pa.types.is_integer(values.type):
                mask = breaks(values.cast(pa.int64()), _whole(bound, up=name == "min")).fill_null(False)
            else:
                mask = breaks(values.cast(pa.float64(), safe=False), float(bound)).fill_null(False)
            if name == "max" and pa.types.is_floating(values.type):
                mask = pc.or_(mask, pc.is_nan(values).fill_null(False))  # as in Spark, NaN is above all numbers
            found[f"{name}={bound}"] = np.asarray(mask, bool)
    if bounds.dtype is not None:
        found[f"dtype={bounds.dtype}"] = ~_castable(values, ColumnType.parse(bounds.dtype).arrow)
    return found


def check_bounds(constraints: Mapping[str, Constraint], types: Mapping[str, pa.DataType]) -> None:
    """Check that constraints are of columns of these types, and that values of these can be held against them.

    Raises:
        ValueError: If one is of no column, or of one of another kind.
    """
    for name, bounds in constraints.items():
        if name not in types:
            raise ValueError(f"a constraint is of {name!r}, which is no column")
        given = [bound for bound in (bounds.min, bounds.max) if bound is not None]
        kinds = {isinstance(bound, datetime.date) for bound in given}
        type_ = types[name]
        if kinds not in (set(), {True} if pa.types.is_temporal(type_) else {False} if _is_number(type_) else set()):
            text = "constraint min and max need a number, or dates for a date or timestamp"
            raise ValueError(f"column {name!r}: {text}, the column is {type_}")
        broken(pa.array([], type_), bounds)


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def bound_as(bound: Any, type_: pa.DataType, *, up: bool) -> pa.Scalar:
    """A bound in a column's type: where it lies between two values, the next one ``up`` or down; null for none."""
    if bound is None:
        return pa.scalar(None, type_)
    if pa.types.is_temporal(type_):
        micros = (instant(bound) - _EPOCH) // datetime.timedelta(microseconds=1)
        if pa.types.is_date(type_):
            return pa.scalar(-(-micros // _DAY) if up else micros // _DAY, pa.int32()).cast(type_)
        return pa.scalar(micros, pa.int64()).cast(type_)
    if pa.types.is_integer(type_):
        most = 2 ** (type_.bit_width - 1)
        return pa.scalar(min(max(_whole(bound, up=up).as_py(), -most), most - 1), type_)
    if pa.types.is_decimal(type_):
        rounding = decimal.ROUND_CEILING if up else decimal.ROUND_FLOOR
        with decimal.localcontext(prec=2 * type_.precision + 20):
            most = decimal.Decimal(10**type_.precision - 1).scaleb(-type_.scale)
            exact = min(max(decimal.Decimal(str(bound)), -most), most)
            return pa.scalar(exact.quantize(decimal.Decimal(1).scaleb(-type_.scale), rounding), type_)
    return pa.scalar(float(bound), pa.float64()).cast(type_)


def _whole(bound: Any, *, up: bool) -> pa.Scalar:
    """The whole number that is as strict a bound, for a double is no match for all of them."""
    edge = math.ceil(max(bound, -(2.0**63))) if up else math.floor(min(bound, 2.0**63))
    return pa.scalar(max(-(2**63), min(2**63 - 1, edge)), pa.int64())


def _instants(values: pa.Array | pa.ChunkedArray) -> Any:
    """Dates as midnight, and wall-clock times, in UTC."""
    return values.cast(pa.timestamp("us")).cast(pa.int64()).cast(_INSTANT)


def _castable(values: pa.Array | pa.ChunkedArray, type_: pa.DataType) -> Mask:
    """Whether Spark could cast each value: text by what it says, a number if it lies in the type's range, cut off."""
    if pa.types.is_string(values.type):
        return np.array([v is None or _casts(v, type_) for v in values.to_pylist()], bool)
    if not pa.types.is_integer(type_) or pa.types.is_boolean(values.type):
        return np.ones(len(values), bool)
    numbers = np.asarray(values.cast(pa.float64(), safe=False).fill_null(0.0))
    least, most = -(2.0 ** (type_.bit_width - 1)), 2.0 ** (type_.bit_width - 1)
    inside: Mask = (np.trunc(numbers) >= least) & (np.trunc(numbers) < most)
    return inside


def _casts(value: str, type_: pa.DataType) -> bool:
    try:
        pa.scalar(value, pa.string()).cast(type_)
    except pa.ArrowInvalid:
        return False
    return True
