"""Columns of a row that are aggregates of its children's rows, such as an order's sum of its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.integrity import Digits

COUNT, SUM, MAX, MIN, AVG = "count", "sum", "max", "min", "avg"
_SHOWN = {COUNT: "number of", SUM: "sum of", MAX: "maximum of", MIN: "minimum of", AVG: "average of"}
DRAWN, NULL, ZERO = "drawn", "null", "zero"


@dataclass(frozen=True)
class Aggregate:
    """A column that holds an aggregate of the children of its row.

    Attributes:
        column: The parent's column.
        function: The aggregate, by its name in SQL: ``count``, ``sum``, ``max``, ``min`` or ``avg``.
        of: The children's column; None where they are counted.
        digits: Decimals that the column is rounded to; -1 where it is not.
        empty: What a row without children holds: ``null``, ``zero``, or what is ``drawn``.
        positive: Whether all terms of a sum are above 0, so that none is greater than what is left of it.
    """

    column: Column
    function: str
    of: str | None = None
    digits: Digits = -1
    empty: str = DRAWN
    positive: bool = False

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        known = self.function in _SHOWN and self.empty in (DRAWN, NULL, ZERO)
        if not known or (self.of is None) != (self.function == COUNT) or not self.column.type.is_quantitative:
            raise ValueError(f"{self.column.name} is no aggregate")

    @property
    def half_step(self) -> float:
        """How far the column may lie from the aggregate, since it is rounded."""
        rounds = self.digits >= 0 and (self.function == AVG or self.column.type.is_float)
        return 0.5 * 10.0**-self.digits * (1 + 1e-6) if rounds else 0.0

    def describe(self, child: str) -> str:
        """The aggregate in words.

        >>> from synthohive_spark.engine.columns import ColumnType
        >>> Aggregate(Column("goods", ColumnType("double")), "sum", "amount").describe("items")
        'goods is the sum of items.amount'
        """
        return f"{self.column.name} is the {_SHOWN[self.function]} {child}{'' if self.of is None else '.' + self.of}"

    def to_json(self) -> dict[str, Any]:
        """The aggregate as plain values."""
        return {**vars(self), "column": self.column.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Aggregate:
        """The aggregate that `to_json` described."""
        return cls(**{**data, "column": Column.from_json(data["column"])})
