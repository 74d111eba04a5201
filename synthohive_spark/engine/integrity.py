"""Whether what was read from files is what a fit could have left: types and bounds by annotations, then `check`.

Fields of dataclasses are compared with their annotations, strictly: a truth value is no number, and a number is finite.
What an annotation cannot say, such as that two fields have one length, a dataclass says in a method ``check``, which
raises ValueError. Fits do not run any of this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from synthohive_spark.errors import shortened


@dataclass(frozen=True)
class Bounds:
    """Bounds of a number, or of the length of anything else."""

    low: float
    high: float = math.inf


Share = Annotated[float, Bounds(0, 1 + 1e-9)]
Whole = Annotated[int, Bounds(0, 1 << 62)]
Long = Annotated[int, Bounds(-(1 << 63), (1 << 63) - 1)]
Digits = Annotated[int, Bounds(-1, 40)]
"""Decimal digits, -1 for any."""


def check_loaded(value: Any, hint: Any = Any, where: str = "") -> None:
    """Check a value against its annotation, and everything that is in it.

    Raises:
        ValueError: If something does not fit; the message says where.
    """
    own, arguments = get_origin(hint), get_args(hint)
    if own is Annotated:
        check_loaded(value, arguments[0], where)
        for bound in (b for b in arguments[1:] if isinstance(b, Bounds)):
            size = value if isinstance(value, int | float) else len(value)
            _require(bound.low <= size <= bound.high, where, value, f"from {bound.low:g} to {bound.high:g}")
    elif own in (Union, UnionType):
        _check_any(value, arguments, where)
    elif own is tuple and arguments[-1] is not Ellipsis:
        _require(isinstance(value, tuple) and len(value) == len(arguments), where, value, str(hint))
        for place, (item, kind) in enumerate(zip(value, arguments, strict=True)):
            check_loaded(item, kind, f"{where}[{place}]")
    elif own is not None and isinstance(own, type) and issubclass(own, Mapping):
        _require(isinstance(value, Mapping), where, value, str(hint))
        for key, item in value.items():
            check_loaded(key, arguments[0], f"a key of {where}")
            check_loaded(item, arguments[1], f"{where}[{key!r}]")
    elif own is not None and isinstance(own, type) and issubclass(own, Sequence):
        _require(isinstance(value, tuple if own is tuple else list | tuple), where, value, str(hint))
        _check_items(value, arguments[0], where)
    else:
        _check_plain(value, own or hint, where)


def check_increasing(numbers: Sequence[float] | np.ndarray[Any, Any], where: str, *, strictly: bool = True) -> None:
    """Check that finite numbers increase, or do not decrease.

    Raises:
        ValueError: If they do not.
    """
    array = np.array(numbers)
    if len(array) and (array.dtype.kind not in "if" or not np.isfinite(array).all()):
        raise ValueError(f"{where} are not finite numbers of 64 bits")
    low, high = array[:-1], array[1:]
    if not ((low < high) if strictly else (low <= high)).all():
        raise ValueError(f"{where} do not increase")


def check_equal(one: Any, other: Any, what: str) -> None:
    """Check that two things that say the same do so.

    Raises:
        ValueError: If they do not.
    """
    if one != other:
        raise ValueError(f"{what} do not agree: {shortened(repr(one), 100)} and {shortened(repr(other), 100)}")


def check_distinct(names: Iterable[Any], what: str) -> None:
    """Check that no two are the same.

    Raises:
        ValueError: If two are.
    """
    every = list(names)
    if len(set(every)) != len(every):
        raise ValueError(f"{what} come twice")


def _check_items(items: Sequence[Any], hint: Any, where: str) -> None:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if plain in (int, float, str) and items and set(map(type, items)) <= {plain, *([int] if plain is float else [])}:
        # All alike, and there may be many: those at the ends say enough of the others.
        finite = plain is not float or all(map(math.isfinite, items))
        items = (min(items), max(items)) if finite and plain is not str else items if get_args(hint) else ()
    for place, item in enumerate(items):
        check_loaded(item, hint, f"{where}[{place}]")


def _check_any(value: Any, hints: Sequence[Any], where: str) -> None:
    problems = []
    for hint in hints:
        try:
            check_loaded(value, hint, where)
        except ValueError as error:
            problems.append(error)
        else:
            return
    kinds = [get_origin(hint) or hint for hint in hints]
    likely = (p for k, p in zip(kinds, problems, strict=True) if isinstance(k, type) and isinstance(value, k))
    raise next(likely, problems[-1])


def _check_plain(value: Any, kind: Any, where: str) -> None:
    if kind in (None, NoneType):
        _require(value is None, where, value, "nothing")
    elif kind is float:
        _require(type(value) in (int, float) and math.isfinite(value), where, value, "a finite number")
    elif kind in (int, bool, str):
        _require(type(value) is kind, where, value, kind.__name__)
    elif isinstance(kind, type) and kind not in (Any, object) and not getattr(kind, "_is_protocol", False):
        _require(isinstance(value, kind), where, value, kind.__name__)
    if (is_dataclass(value) and not isinstance(value, type)) or hasattr(value, "_fields"):
        _check_fields(value, where)


def _check_fields(value: Any, where: str) -> None:
    names = [f.name for f in fields(value)] if is_dataclass(value) else value._fields
    kind: Any = type(value)
    hints = _hints(kind)
    for name in names:
        check_loaded(getattr(value, name), hints[name], f"{where}.{name}".lstrip("."))
    check = getattr(value, "check", None)
    if check is not None:
        try:
            check()
        except ValueError as error:
            raise ValueError(f"{where}: {error}".lstrip(": ")) from error


@lru_cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _require(holds: bool, where: str, value: Any, wanted: str) -> None:
    if not holds:
        raise ValueError(f"{where} must be {wanted}, got {shortened(repr(value), 100)}")
