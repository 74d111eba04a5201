"""Columns that a user says how to compute."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.dependencies import Formula
from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import from_numbers, to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.linear import type_range
from synthohive_spark.engine.integrity import Bounds, Digits, check_equal

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FormulaColumn:
    """A column that is computed from others, wherever none of them is null.

    Attributes:
        column: The column.
        expression: See `synthohive_spark.declarations.dependencies.Formula`.
        types: Of the columns that it is made of.
        digits: Decimal digits of the column; -1 for floats of any value.
    """

    column: Column
    expression: Annotated[str, Bounds(1, 10_000)]
    types: Mapping[str, ColumnType]
    digits: Digits

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_equal(set(self.types), set(self._formula.names), "a formula and its columns")
        if not all(type_.is_quantitative for type_ in (self.column.type, *self.types.values())):
            raise ValueError("a formula is of no numbers")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return self.column.name, *self.types

    @property
    def _formula(self) -> Formula:
        return Formula(self.column.name, self.expression)

    def computed(self, arrays: Mapping[str, pa.Array]) -> tuple[Floats, Mask]:
        """The result, and the rows in which there is one."""
        values = {n: to_numbers(arrays[n], t).astype(np.float64) / 10.0**t.scale for n, t in self.types.items()}
        there = np.logical_and.reduce([~null_mask(arrays[n]) for n in self.types])
        with np.errstate(all="ignore"):
            made = np.asarray(_evaluated(self._formula.tree, values), np.float64)
        made = np.round(made, self.digits) if self.digits >= 0 else made
        return made, there & np.isfinite(made)

    def applied(self, arrays: Mapping[str, pa.Array], given: Mapping[str, Mask]) -> dict[str, pa.Array]:
        """The columns with this one computed, where it is neither given nor null."""
        name, type_ = self.column.name, self.column.type
        if name not in arrays or not all(n in arrays for n in self.types):
            return dict(arrays)
        made, there = self.computed(arrays)
        rows = there & ~null_mask(arrays[name]) & ~given.get(name, np.zeros(len(made), bool))
        old = to_numbers(arrays[name], type_)
        if not type_.is_float:
            least, most = type_range(type_)
            made = np.clip(np.rint(np.where(rows, made, 0.0) * 10.0**type_.scale), least, min(most, 2.0**53))
        numbers = np.where(rows, made, old).astype(old.dtype)
        return {**arrays, name: from_numbers(numbers, null_mask(arrays[name]), type_)}

    def broken(self, arrays: Mapping[str, pa.Array]) -> Mask:
        """Which rows hold something else; one with a null breaks nothing."""
        made, there = self.computed(arrays)
        values = to_numbers(arrays[self.column.name], self.column.type).astype(np.float64)
        values = values / 10.0**self.column.type.scale
        half = 0.5 * 10.0**-self.digits if self.digits >= 0 else 0.0
        with np.errstate(invalid="ignore"):
            off = np.abs(values - made) > half + 1e-9 * np.abs(values)
        return np.asarray(off & there & ~null_mask(arrays[self.column.name]))

    def describe(self) -> str:
        """The formula as a sentence."""
        return f"{self.column.name} = {self.expression}"

    def to_json(self) -> dict[str, Any]:
        """The column as plain values."""
        types = {name: str(type_) for name, type_ in self.types.items()}
        return {**vars(self), "column": self.column.to_json(), "types": types}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FormulaColumn:
        """The column that `to_json` described."""
        types = {name: ColumnType.parse(type_) for name, type_ in data["types"].items()}
        return cls(**{**data, "column": Column.from_json(data["column"]), "types": types})


def _evaluated(node: ast.expr, values: Mapping[str, Floats]) -> Floats | float:
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        return -_evaluated(node.operand, values)
    assert isinstance(node, ast.BinOp)
    left, right = _evaluated(node.left, values), _evaluated(node.right, values)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else np.divide(left, right)
