"""Columns that are a part of a date or time beside them: its hour, the name of its weekday, the start of its month.

They are computed from the time once a row is drawn. What has few values is learned, too, since other columns may go
with it, and the time is moved to suit it; the rest is left out of what is learned, wherever the time tells its nulls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.codecs.numeric_common import check_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock import DAY, PARTS, Clock, part_of
from synthohive_spark.engine.dependencies.combinations import of_plain
from synthohive_spark.engine.dependencies.linear import type_range
from synthohive_spark.engine.integrity import Bounds, Long, check_equal, check_increasing

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
STARTS = {"date": "D", "start of month": "M", "start of year": "Y", "start of hour": "h", "start of minute": "m"}
"""Times that begin what a time lies in, with numpy's units; `begin` knows some more."""
FEW = ("hour", "quarter", "month", "day", "weekday", "weekday from Sunday")
"""Parts of few numbers, in the order in which times are moved to suit what was drawn."""
BEGINS = (*STARTS, "start of week", "start of quarter", "end of month")


@dataclass(frozen=True)
class TimePart:
    """``column`` as a part of a date or time, wherever neither is null.

    Attributes:
        column: The column.
        of: The column of dates or times.
        part: One of `PARTS`, for a number or for `values`; for a date or time, one of `BEGINS`.
        clock: What shows the part.
        shift: What is added to a number.
        at: Numbers of the part that are known by a value of their own; empty where the part itself is the value.
        values: The column's value for each, as plain values.
        low: Smallest time that may come out of a move to a value that was drawn, as `to_numbers` makes it.
        high: Largest one.
        learned: Whether the column is learned.
        nulls: Whether its nulls are its own, not those of the time.
    """

    column: Column
    of: Column
    part: str
    clock: Clock
    shift: Annotated[int, Bounds(-10_000, 10_000)] = 0
    at: tuple[Long, ...] = ()
    values: tuple[Any, ...] = ()
    low: Long = 0
    high: Long = 0
    learned: bool = False
    nulls: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(len(self.at), len(self.values), "parts of times and their values")
        check_increasing(self.at, "parts of times")
        begins = self.column.type.is_temporal and not self.at
        if self.part not in (BEGINS if begins else PARTS) or not self.of.type.is_temporal:
            raise ValueError(f"there is no part {self.part!r} of {self.of.type}")
        if not (begins or self.at or (self.column.type.is_number and self.column.type.fits_int64)):
            raise ValueError("a part of a time is no number")
        kinds = (
            (str,) if self.column.type.is_string else (bool,) if self.column.type.name == "boolean" else (int, float)
        )
        if not all(type(value) in kinds for value in self.values):
            raise ValueError(f"values of parts are no {self.column.type}")
        if self.column.type.is_quantitative:
            check_numbers(self.column.type, tuple(sorted(self.values)), "values of parts", strictly=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of both columns."""
        return self.column.name, self.of.name

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is learned in place of the column: nothing."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of the column of times."""
        return (self.of.name,)

    def split(self, arrays: Mapping[str, pa.Array]) -> list[pa.Array]:
        """Nothing, see `parts`."""
        return []

    def computed(self, times: Numbers) -> pa.Array:
        """The column's values for dates in days or instants in microseconds; for a part without a known value, any."""
        local, type_ = self.local(times), self.column.type
        none = np.zeros(len(times), bool)
        if self.part in BEGINS:
            made = begin(local, self.part)
            return from_numbers(made // DAY if type_.name == "date" else made, none, type_)
        part = part_of(local, self.part)
        if not self.at:
            numbers = (part + self.shift) * 10**type_.scale
            return from_numbers(numbers if type_.is_float else np.clip(numbers, *type_range(type_)), none, type_)
        places = np.minimum(np.searchsorted(np.array(self.at, np.int64), part), len(self.at) - 1)
        return of_plain(self.values, type_).take(pa.array(places))

    def number_of(self, values: pa.Array) -> Numbers:
        """The number of the part for each value, the first of several; any for a null or a value that is not known."""
        type_ = self.column.type
        if not self.at:
            numbers: Numbers = np.nan_to_num(to_numbers(values, type_) // 10**type_.scale).astype(np.int64)
            return numbers - self.shift
        places = pc.index_in(values, of_plain(self.values, type_)).fill_null(0)
        return np.asarray(np.array(self.at, np.int64)[np.asarray(places)])

    def known(self, times: Numbers) -> Mask:
        """Which times have a part with a known value."""
        if not self.at:
            return np.ones(len(times), bool)
        return np.isin(part_of(self.local(times), self.part), np.array(self.at, np.int64))

    def applied(self, arrays: Mapping[str, pa.Array], given: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed where it is not given."""
        name, of = self.column.name, self.of.name
        if of not in arrays or (self.learned and name not in arrays):
            return dict(arrays)
        rows, missing = len(arrays[of]), null_mask(arrays[of])
        drawn = arrays.get(name, pa.nulls(rows, self.column.type.arrow))
        asked = given.get(name, np.zeros(rows, bool)) if name in arrays else np.zeros(rows, bool)
        kept = drawn if self.nulls else pc.if_else(pa.array(asked), drawn, pa.scalar(None, drawn.type))
        now = ~asked & ~missing & (~null_mask(drawn) if self.nulls else True)
        made = self.computed(to_numbers(arrays[of], self.of.type))
        return {**arrays, name: pc.if_else(pa.array(now), made, kept)}

    @property
    def unit(self) -> int:
        """Microseconds in one of the time's numbers."""
        return DAY if self.of.type.name == "date" else 1

    def local(self, times: Numbers) -> Numbers:
        """What the clock shows, in microseconds."""
        return self.clock.local(times * self.unit)

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold another part; one with a null, or a part without a known value, breaks nothing."""
        column, of = arrays[self.column.name], arrays[self.of.name]
        times = to_numbers(of, self.of.type)
        there = ~null_mask(column) & ~null_mask(of) & self.known(times)
        return np.asarray(there & ~same(self.computed(times), column))

    def describe(self) -> str:
        """The dependency as a sentence, such as ``hour is the hour of sold``."""
        how = "follows" if self.at else "is"
        return f"{self.column.name} {how} the {self.part} of {self.of.name}"

    def to_json(self) -> dict[str, Any]:
        """The dependency as plain values."""
        clock = {name: list(own) for name, own in vars(self.clock).items()}
        plain = {name: getattr(self, name) for name in ("part", "shift", "low", "high", "learned", "nulls")}
        columns = {"column": self.column.to_json(), "of": self.of.to_json()}
        return {**plain, **columns, "clock": clock, "at": list(self.at), "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TimePart:
        """The dependency that `to_json` described."""
        clock = Clock(**{name: tuple(own) for name, own in data["clock"].items()})
        columns = {name: Column.from_json(data[name]) for name in ("column", "of")}
        return cls(**{**data, **columns, "clock": clock, "at": tuple(data["at"]), "values": tuple(data["values"])})


def begin(local: Numbers, part: str) -> Numbers:
    """When what a clock shows began, its date, month and so on; of months, the last day, too. In microseconds."""
    if part == "start of week":
        days = local // DAY
        return (days - (days + 3) % 7) * DAY
    times = local.astype("datetime64[us]")
    if part == "start of quarter":
        months = times.astype("datetime64[M]").astype(np.int64)
        return instants_of((months // 3 * 3).astype("datetime64[M]"))
    if part == "end of month":
        return instants_of(times.astype("datetime64[M]") + 1) - DAY
    return instants_of(times.astype(f"datetime64[{STARTS[part]}]"))


def instants_of(times: npt.NDArray[Any]) -> Numbers:
    """Times of numpy as microseconds."""
    return times.astype("datetime64[us]").astype(np.int64)


def same(one: pa.Array, other: pa.Array) -> Mask:
    """Where two arrays have the same value."""
    return np.asarray(pc.equal(one, other).fill_null(False).to_numpy(zero_copy_only=False), bool)
