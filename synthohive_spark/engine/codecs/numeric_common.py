"""What the codecs of numbers share: codes of null and of the special floats, the way back to values, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.codecs.interface import Codes
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds, check_distinct, check_equal, check_increasing

SPECIALS = {"nan": np.nan, "-inf": -np.inf, "inf": np.inf, "-0.0": -0.0}
"""Floats that are codes wherever enough rows hold them: those that are no plain numbers, and minus zero."""
EDGE = 1e-6
_MOST_DIGITS = 40
Step = Annotated[int, Bounds(-1, (1 << 64) - 1)]
_MOST = 2.0**64 - 2**11  # the largest float64 that fits into 64 bits


def is_special(numbers: Numbers, name: str) -> npt.NDArray[np.bool_]:
    """Where ``numbers`` are the special float of that name."""
    if name == "-0.0":
        return np.asarray((numbers == 0) & np.signbit(numbers))
    return np.asarray(np.isnan(numbers) if name == "nan" else numbers == SPECIALS[name])


def encode_apart(
    numbers: Numbers, missing: npt.NDArray[np.bool_], has_null: bool, specials: tuple[str, ...]
) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Codes of nulls, then of ``specials``, with -1 for all other rows; and which of these hold a finite number."""
    codes = np.full(len(numbers), -1, np.int32)
    if has_null:
        codes[missing] = 0
    for place, name in enumerate(specials, start=int(has_null)):
        codes[~missing & is_special(numbers, name)] = place
    return codes, ~missing & np.isfinite(numbers) & (codes < 0)


def between(low: Numbers, share: npt.NDArray[np.float64], high: Numbers, step: int, unit: int = 1) -> Numbers:
    """Numbers that lie a ``share``, from 0 to 1, of the way from ``low`` to ``high``, rounded to ``step``.

    Args:
        low: int64 or float64.
        share: How far to go.
        high: Of the type of ``low``, and for int64 a multiple of ``step`` above it.
        step: See `NumericCodec`.
        unit: See `NumericCodec`.
    """
    if low.dtype.kind == "f":
        values = low + share * (high - low)
        if unit > 1:
            apart = unit * 10.0**-step
            values = low + np.round((values - low) / apart) * apart
        return np.asarray(np.round(values, step) if step >= 0 else values)
    # Unsigned arithmetic modulo 2**64 is exact where the distance of two int64 does not fit into one.
    least = np.uint64(step)
    width = (high.view(np.uint64) - low.view(np.uint64)) // least
    offset = np.minimum(np.floor(share * (width.astype(np.float64)) + 0.5), _MOST).astype(np.uint64)
    offset = np.minimum(offset, width) * least
    return np.asarray(low.view(np.uint64) + offset).view(np.int64)


def distance(low: Numbers, high: Numbers) -> Numbers:
    """How far ``high`` lies above ``low``; of int64 exactly, where it does."""
    return high - low if low.dtype.kind == "f" else high.view(np.uint64) - low.view(np.uint64)


def shares_of(numbers: Numbers, low: Numbers, high: Numbers) -> npt.NDArray[np.float64]:
    """How far ``numbers`` lie on the way from ``low`` to ``high``, from 0 to 1; those outside count as the nearer."""
    inside = np.clip(numbers, low, high)
    if inside.dtype.kind == "f":
        return np.asarray((inside - low) / (high - low), np.float64)
    width = (high.view(np.uint64) - low.view(np.uint64)).astype(np.float64)
    return np.asarray((inside.view(np.uint64) - low.view(np.uint64)).astype(np.float64) / width)


def fields_to_json(codec: Any, name: str) -> dict[str, Any]:
    """The fields of a codec as plain values, under the codec's name."""
    plain = {f.name: getattr(codec, f.name) for f in fields(codec) if f.init}
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
    bounds = [str(bound) for bound in codec.bounds] if codec.bounds else None
    return {"codec": name, "kind": codec.kind, **plain, "type": str(codec.type), "bounds": bounds}


def fields_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the codec of which `fields_to_json` made ``data``."""
    plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
    del plain["codec"], plain["kind"]
    plain["type"] = ColumnType.parse(data["type"])
    if plain["bounds"]:
        plain["bounds"] = tuple(int(bound) for bound in plain["bounds"])
    return plain


def check_numbers(type_: ColumnType, numbers: Sequence[float | int], what: str, *, strictly: bool) -> None:
    """Check that numbers of a column are of its kind, and in order.

    Raises:
        ValueError: If they are not.
    """
    if not type_.is_float and any(type(number) is not int for number in numbers):
        raise ValueError(f"{what} are no whole numbers")
    check_increasing(np.array(numbers, np.float64) if type_.is_float else numbers, what, strictly=strictly)


def check_common(codec: Any) -> None:
    """Check what codecs of numbers have in common.

    Raises:
        ValueError: If a fit would not have left it so.
    """
    check_distinct(codec.specials, "specials")
    if not set(codec.specials) <= (SPECIALS.keys() if codec.type.is_float else set()):
        raise ValueError(f"{codec.type} has no special values {codec.specials!r}")
    check_equal(len(codec.frequencies), codec.size, "codes and frequencies")
    if not codec.type.is_quantitative or codec.size == 0:
        raise ValueError(f"there are no numbers of type {codec.type}")
    if not (-1 <= codec.step <= _MOST_DIGITS if codec.type.is_float else codec.step >= 1):
        raise ValueError(f"step {codec.step} is out of range")
    check_equal(codec.bounds is not None, codec.shift != 0, "shift and bounds")
    if codec.shift and (codec.type.name != "decimal" or codec.bounds[0] > codec.bounds[1]):
        raise ValueError("there can be no such shift and bounds")
