"""Rows that keep constraints: those that break one are drawn again from their own next stream of noise."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator

DRAWS = 50
"""How often a row is drawn, at most."""


def sample_valid(generator: RowGenerator, draw: Draw, constraints: Mapping[str, Constraint]) -> pa.Table:
    """See `RowGenerator.sample`; a row that breaks a constraint is drawn up to `DRAWS` times and then left as it is.

    A row is still a function of (seed, id, conditions) alone.
    """
    rows = generator.sample(draw)
    if not constraints:
        return rows
    for stream in range(1, DRAWS):
        left = np.flatnonzero(~keeps(rows, constraints))
        if not len(left):
            break
        again = generator.sample(draw.redraw(left, stream))
        places = np.arange(rows.num_rows)
        places[left] = rows.num_rows + np.arange(len(left))
        rows = pa.concat_tables([rows, again]).combine_chunks().take(pa.array(places))
    return rows


def check_bounds(constraints: Mapping[str, Constraint], types: Mapping[str, pa.DataType]) -> None:
    """Check that constraints are of columns of these types, and that values of these can be held against them.

    Raises:
        ValueError: If one is of no column, or of one of another kind.
    """
    for name, bounds in constraints.items():
        if name not in types:
            raise ValueError(f"a constraint is of {name!r}, which is no column")
        broken(pa.chunked_array([], types[name]), bounds)


def keeps(rows: pa.Table, constraints: Mapping[str, Constraint]) -> npt.NDArray[np.bool_]:
    """Whether each row keeps all constraints; null breaks none."""
    valid = np.ones(rows.num_rows, bool)
    for name, bounds in constraints.items():
        for mask in broken(rows.column(name), bounds).values():
            valid &= ~mask
    return valid


def broken(values: pa.ChunkedArray, bounds: Constraint) -> dict[str, npt.NDArray[np.bool_]]:
    """Where values break each bound, by the bound as messages name it, such as ``min=0``."""
    found = {}
    for name, bound, breaks in (("min", bounds.min, pc.less), ("max", bounds.max, pc.greater)):
        if bound is not None:
            if pa.types.is_integer(values.type):
                mask = breaks(values.cast(pa.int64()), _whole_bound(bound, name)).fill_null(False)
            else:
                mask = breaks(values.cast(pa.float64(), safe=False), float(bound)).fill_null(False)
            if name == "max" and pa.types.is_floating(values.type):
                mask = pc.or_(mask, pc.is_nan(values).fill_null(False))  # as in Spark, NaN is above all numbers
            found[f"{name}={bound}"] = np.asarray(mask.to_numpy(), bool)
    if bounds.dtype is not None:
        found[f"dtype={bounds.dtype}"] = ~_castable(values, ColumnType.parse(bounds.dtype).arrow)
    return found


def _whole_bound(bound: float, name: str) -> pa.Scalar:
    """The whole number that is as strict a bound, for a double is no match for all of them."""
    edge = math.ceil(max(bound, -(2.0**63))) if name == "min" else math.floor(min(bound, 2.0**63))
    return pa.scalar(max(-(2**63), min(2**63 - 1, edge)), pa.int64())


def _castable(values: pa.ChunkedArray, type_: pa.DataType) -> npt.NDArray[np.bool_]:
    """Whether Spark could cast each value: text by what it says, a number if it lies in the type's range, cut off."""
    if pa.types.is_string(values.type):
        return np.array([v is None or _casts(v, type_) for v in values.to_pylist()], bool)
    if not pa.types.is_integer(type_) or pa.types.is_boolean(values.type):
        return np.ones(len(values), bool)
    numbers = np.asarray(values.cast(pa.float64(), safe=False).fill_null(0.0))
    least, most = -(2.0 ** (type_.bit_width - 1)), 2.0 ** (type_.bit_width - 1)
    inside: npt.NDArray[np.bool_] = (np.trunc(numbers) >= least) & (np.trunc(numbers) < most)
    return inside


def _casts(value: str, type_: pa.DataType) -> bool:
    try:
        pa.scalar(value, pa.string()).cast(type_)
    except pa.ArrowInvalid:
        return False
    return True
