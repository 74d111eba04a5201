"""Orders that hold where a category has some values: a stop above the entry of a sale, below that of a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.order import Mask, OrderedColumn
from synthohive_spark.engine.integrity import Bounds

_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class OrderedWhere(OrderedColumn):
    """A column that lies on one side of another one, or of 0, in some rows.

    Attributes:
        bounds: The other column; none where ``alone`` bounds it.
        category: What says in which rows.
        levels: The values that it has there.
        gap: How far apart the two lie at least.
    """

    bounds: tuple[Column, ...]
    category: Column
    levels: Annotated[tuple[Any, ...], Bounds(1)]
    gap: int | float = 0

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        super().check()
        pa.array(self.levels, self.category.type.arrow)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the bounds, and of the category."""
        return (*super().sources, self.category.name)

    def bound(self, arrays: Mapping[str, pa.Array]) -> tuple[Numbers, Mask]:
        """How near each row may come, and in which rows it counts."""
        here = self.counts(arrays[self.category.name])
        if self.bounds:
            start, known = super().bound(arrays)
            here = here & known
        else:
            start = np.full(len(here), self.alone, np.float64 if self.column.type.is_float else np.int64)
        return (start + self.gap if self.above else start - self.gap), here

    def room(self, numbers: Numbers) -> Numbers:
        """How far the bound may come to values of the column."""
        return numbers - self.gap if self.above else numbers + self.gap

    def counts(self, categories: pa.Array) -> Mask:
        """In which rows the category has one of the values."""
        return np.asarray(pc.is_in(categories, pa.array(self.levels, self.category.type.arrow)))

    def describe(self) -> str:
        """The order as a sentence, such as ``stop > entry where side is sell``."""
        sign = (">" if self.above else "<") + ("" if self.gap else "=")
        shown = [str(level) for level in self.levels[:_SHOWN]]
        if more := len(self.levels) - len(shown):
            shown.append(f"one of {more} more")
        levels = " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
        bound = self.bounds[0].name if self.bounds else f"{self.alone:g}"
        return f"{self.column.name} {sign} {bound} where {self.category.name} is {levels}"

    def to_json(self) -> dict[str, Any]:
        """The order as plain values."""
        return {**super().to_json(), "category": self.category.to_json(), "levels": list(self.levels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OrderedWhere:
        """The order that `to_json` described."""
        column, category = Column.from_json(data["column"]), Column.from_json(data["category"])
        bounds = tuple(Column.from_json(c) for c in data["bounds"])
        more = {"column": column, "bounds": bounds, "category": category, "levels": tuple(data["levels"])}
        return cls(**{**data, **more})
