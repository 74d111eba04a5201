"""Conditions that are the same for many rows: values of some columns, each with a share of the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.errors import SchemaError

Given = Mapping[str, Any] | Sequence[tuple[Mapping[str, Any], float]]
_FORM = '{"income": ">50K"} or [({"income": ">50K"}, 1), ({"income": "<=50K"}, 1)]'
_GOLDEN = 0.6180339887


@dataclass(frozen=True)
class Conditions:
    """Values of the given columns, with the share of the rows that has them.

    Attributes:
        columns: The given columns.
        cases: For each case the values in the order of ``columns``.
        weights: For each case its weight, above zero.
    """

    columns: tuple[Column, ...] = ()
    cases: tuple[tuple[Any, ...], ...] = ()
    weights: tuple[float, ...] = ()

    @classmethod
    def of(cls, model: TableModel, given: Given | None) -> Conditions:
        """The conditions that a user wrote.

        Args:
            model: The learned table.
            given: A mapping of columns to values, or pairs of such a mapping and a weight.

        Raises:
            SchemaError: If it has another form, or a column or a value is not one that the model knows.
        """
        if given is None or (isinstance(given, Mapping) and not given):
            return cls()
        pairs = [(given, 1)] if isinstance(given, Mapping) else list(given)
        if not pairs or not all(isinstance(p, Sequence) and len(p) == 2 and isinstance(p[0], Mapping) for p in pairs):
            raise SchemaError(f"given must be values by column, or pairs of them with a weight, such as {_FORM}")
        names = list(pairs[0][0])
        for values, weight in pairs:
            if set(values) != set(names):
                raise SchemaError(
                    f"every condition in given must name the same columns, got {names} and {list(values)}"
                )
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
                raise SchemaError(f"a weight in given must be a number above 0, got {weight!r}")
        model.check_given(names, "given")
        columns = tuple(c for c in model.columns if c.name in names)
        cases = tuple(tuple(_value(model, c, values[c.name]) for c in columns) for values, _ in pairs)
        return cls(columns, cases, tuple(float(weight) for _, weight in pairs))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the given columns."""
        return tuple(c.name for c in self.columns)

    def step(self, n: int) -> int:
        """A number whose multiples, modulo ``n``, spread the row numbers evenly, each once."""
        step = max(1, round(n * _GOLDEN)) if n < 2**31 else 1
        while math.gcd(step, max(n, 1)) > 1:
            step += 1
        return step

    def ends(self, n: int) -> list[int]:
        """Where, of ``n`` spread row numbers, each case ends; each has its share of them to within one row."""
        total = sum(self.weights)
        return [round(n * sum(self.weights[: i + 1]) / total) for i in range(len(self.weights))]

    def table(self, n: int) -> pa.Table:
        """The given columns of rows 0 to n-1."""
        places = np.arange(n) * self.step(n) % max(n, 1)
        case = np.searchsorted(np.array(self.ends(n)), places, side="right")
        arrays = [
            pa.array([values[i] for values in self.cases], column.type.arrow).take(pa.array(case))
            for i, column in enumerate(self.columns)
        ]
        return pa.table(arrays, names=list(self.names))


def _value(model: TableModel, column: Column, value: Any) -> Any:
    """The value in the column's type; one that the model cannot know is a `SchemaError`."""
    if value is None:
        if not model.holds_nulls(column.name):
            raise SchemaError(f"given sets {column.name!r} to None, but the column had no nulls when it was learned")
        return None
    try:
        cast = pa.scalar(value).cast(column.type.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"given sets {column.name!r} of type {column.type} to {value!r}: {error}") from error
    codec = model.codecs.get(column.name)
    if isinstance(codec, CategoricalCodec) and cast.as_py() not in codec.values:
        raise SchemaError(
            f"given sets {column.name!r} to {value!r}, which is not among the {len(codec.values)} values that the "
            f"model kept of it; look at its spelling (values of fewer than rareCategoryRows rows are not kept)"
        )
    return cast.as_py()
