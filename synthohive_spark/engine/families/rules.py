"""What holds among siblings and between them and their ancestors, in every family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock import ClockPart
from synthohive_spark.engine.dependencies.derived import DerivedColumn
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.families.aggregates import SUM, Aggregate
from synthohive_spark.engine.families.numbers import DAY, Numbers, numbers_of
from synthohive_spark.engine.families.periods import LONGEST, MOST_PERIODS, day_at, period_of, place_of
from synthohive_spark.engine.integrity import Bounds, Long

BLOCK = 128
"""Siblings that are drawn one after another; the next so many start anew, so that no family is too large."""
_MOST_DAYS = 366 * MOST_PERIODS


@dataclass(frozen=True)
class Step:
    """A column that is learned by how much it rises.

    Attributes:
        column: The column: integers, dates or instants.
        rising: Whether it rises from the sibling before, where there is one.
        base: The ancestor's column that it never lies below; None for none.
        unit: What all steps are multiples of.
        least: Smallest value that may come out.
        most: Largest value that may come out.
        start: Where the first sibling begins if a model leaves it out: what is usual, where enough families say so.
        strict: Whether no two siblings have the same value.
        pace: How much a block of siblings lies above the one before, in units for each sibling.
        daily: Whether it rises by days, and its time of day is a matter of its own.
        period: "month" or "year" where it rises by these, and the day in it is a matter of its own; empty elsewhere.
        first_day: Of one that rises by months or years, the first day that may come out.
        last_day: The last day likewise.
        span: How much the last of many siblings lies above the first, in units, where it does so however many there
            are; 0 where more siblings take longer.
    """

    column: Column
    rising: bool
    base: str | None
    unit: Annotated[int, Bounds(1, 1 << 62)]
    least: Long
    most: Long
    start: Long = 0
    strict: bool = False
    pace: float = 0.0
    span: float = 0.0
    daily: bool = False
    period: str = ""
    first_day: Annotated[int, Bounds(-_MOST_DAYS, _MOST_DAYS)] = 0
    last_day: Annotated[int, Bounds(-_MOST_DAYS, _MOST_DAYS)] = 0

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if self.least > self.most or not self.column.type.is_quantitative:
            raise ValueError(f"{self.column.name} cannot rise")
        if self.period and (self.period not in LONGEST or max(-self.least, self.most) > MOST_PERIODS):
            raise ValueError(f"{self.column.name} cannot rise by {self.period!r}")

    def of(self, numbers: Numbers) -> Numbers:
        """What is said to rise of the numbers of a column: the days of instants, or the months or years."""
        return period_of(self.days_of(numbers), self.period) if self.period else self.days_of(numbers)

    def days_of(self, numbers: Numbers) -> Numbers:
        """The days of instants that rise by days; the numbers of others."""
        return numbers // DAY if self.daily else numbers

    def places(self, values: pa.Array) -> pa.Array:
        """Where in their months or years the values of the column lie."""
        numbers, there = numbers_of(values, self.column.type)
        return pa.array(place_of(self.days_of(numbers), self.period), pa.int64(), mask=~there)

    def days(self, risen: Numbers, places: Numbers) -> Numbers:
        """The days at places within months or years, what `of` makes."""
        return np.clip(day_at(risen, places, self.period), self.first_day, self.last_day)

    def between(self, least: int, most: int) -> Step:
        """The step with the range of what rises, the days of instants that lie in it from end to end."""
        if self.daily:
            least, most = -(-least // DAY), (most + 1) // DAY - 1
        if not self.period:
            return replace(self, least=least, most=most)
        first, last = period_of(np.array([least, most]), self.period).tolist()
        return replace(self, least=first, most=last, first_day=least, last_day=most)

    @property
    def gap(self) -> int:
        """How much siblings lie apart at least."""
        return self.unit if self.strict else 0

    def block_starts(self, firsts: Numbers, blocks: Numbers, sizes: Numbers) -> Numbers:
        """Where blocks of large families start.

        Args:
            firsts: The values of the first siblings.
            blocks: How many blocks come before.
            sizes: How many siblings there are.
        """
        pace = np.where(self.span > 0, self.span / np.maximum(sizes - 1, 1), self.pace)
        pace = np.maximum(pace, float(self.strict))
        rises = np.round(pace * blocks * BLOCK).astype(np.int64)
        room = (self.most - self.gap * (sizes - 1 - blocks * BLOCK) - firsts) // self.unit
        starts: Numbers = firsts + np.maximum(np.minimum(rises, room), 0) * self.unit
        return starts

    def latest(self, firsts: Numbers, places: Numbers, sizes: Numbers) -> Numbers:
        """The greatest values that leave room for the siblings after, with arguments as above, places for blocks."""
        after = (places // BLOCK + 1) * BLOCK
        ends = np.where(after < sizes, self.block_starts(firsts, after // BLOCK, sizes) - self.gap, self.most)
        latest: Numbers = ends - self.gap * (np.minimum(after, sizes) - 1 - places)
        return latest


@dataclass(frozen=True)
class FamilyRules:
    """How the learned rows of a family become rows of the table.

    Attributes:
        columns: What comes out: the table's own columns, counts and cells.
        context: What is read of ancestors.
        copies: Columns that hold what an ancestor's column holds.
        shifts: How far such a column lies above the ancestor's, in its units, where it does not hold the same.
        places: Columns that count siblings, with the number of the first.
        constant: Columns that are the same in all rows of a family.
        distinct: Columns that are different in all rows of a family.
        steps: Columns that are learned by how much they rise.
        previous: Columns whose value in the sibling before is read.
        clock: Columns that are a part of one that rises, a date or time.
        derived: Columns that follow one that rises.
        orders: Columns that are learned by their distance from others of their row.
        rising: Which of these rise from the sibling before, and by how much at least.
        floors: Columns that are learned as they are and never lie before an ancestor's date, with its column.
        aggregates: Columns of the parent that are aggregates of its rows here.
    """

    columns: tuple[Column, ...]
    context: tuple[Column, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)
    shifts: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    constant: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    previous: tuple[str, ...] = ()
    clock: tuple[ClockPart, ...] = ()
    derived: tuple[DerivedColumn, ...] = ()
    orders: Orders = field(default_factory=Orders)
    rising: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, str] = field(default_factory=dict)
    aggregates: tuple[Aggregate, ...] = ()

    @property
    def sums(self) -> tuple[Aggregate, ...]:
        """Those of the aggregates that are sums, of which rows are given what is left for them."""
        return tuple(own for own in self.aggregates if own.function == SUM)

    @property
    def computed(self) -> frozenset[str]:
        """The columns that are computed from those that rise."""
        return frozenset([*(own.column for own in self.clock), *(own.column for own in self.derived)])

    def to_json(self) -> dict[str, Any]:
        """The rules as plain values."""
        return {
            "columns": [c.to_json() for c in self.columns],
            "context": [c.to_json() for c in self.context],
            "copies": dict(self.copies),
            "shifts": dict(self.shifts),
            "places": dict(self.places),
            "constant": list(self.constant),
            "distinct": list(self.distinct),
            "steps": [{**vars(s), "column": s.column.to_json()} for s in self.steps],
            "previous": list(self.previous),
            "clock": [c.to_json() for c in self.clock],
            "derived": [d.to_json() for d in self.derived],
            "orders": self.orders.to_json(),
            "rising": dict(self.rising),
            "floors": dict(self.floors),
            "aggregates": [a.to_json() for a in self.aggregates],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FamilyRules:
        """The rules that `to_json` described."""
        return cls(
            columns=tuple(Column.from_json(c) for c in data["columns"]),
            context=tuple(Column.from_json(c) for c in data["context"]),
            copies=dict(data["copies"]),
            shifts=dict(data["shifts"]),
            places=dict(data["places"]),
            constant=tuple(data["constant"]),
            distinct=tuple(data["distinct"]),
            steps=tuple(Step(**{**s, "column": Column.from_json(s["column"])}) for s in data["steps"]),
            previous=tuple(data["previous"]),
            clock=tuple(ClockPart.from_json(c) for c in data["clock"]),
            derived=tuple(DerivedColumn.from_json(d) for d in data["derived"]),
            orders=Orders.from_json(data["orders"]),
            rising=dict(data.get("rising", {})),
            floors=dict(data.get("floors", {})),
            aggregates=tuple(Aggregate.from_json(a) for a in data.get("aggregates", [])),
        )
