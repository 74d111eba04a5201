"""Declared dependencies, checked by Spark."""

from __future__ import annotations

import ast
from functools import reduce
from operator import add, mul, sub, truediv
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F

from synthohive_spark.declarations.dependencies import Dependency, Formula, Inequality, OneHot
from synthohive_spark.spark.schema import quote

_OPERATIONS: dict[type, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}
_ROUNDED = 0.5
_EXACT = 1e-9


def breaks(own: Dependency) -> Expression | None:
    """Whether a row breaks a declared dependency, null where it says nothing of it; None where no row can.

    What a formula says counts as kept to half a unit, since the digits of its column are not known here.
    """
    if isinstance(own, Inequality):
        return F.col(quote(own.low)) > F.col(quote(own.high))
    if isinstance(own, OneHot):
        return reduce(add, (F.col(quote(name)).cast("double") for name in own.columns)) != 1
    if isinstance(own, Formula):
        made, value = _expression(own.tree), F.col(quote(own.column)).cast("double")
        return F.abs(value - made) > F.lit(_ROUNDED) + F.lit(_EXACT) * F.abs(value)
    return None


def _expression(node: ast.expr) -> Expression:
    if isinstance(node, ast.Name):
        return F.col(quote(node.id)).cast("double")
    if isinstance(node, ast.Constant):
        return F.lit(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        return -_expression(node.operand)
    assert isinstance(node, ast.BinOp)
    right = _expression(node.right)
    if isinstance(node.op, ast.Div):
        right = F.nullif(right, F.lit(0.0))
    made: Expression = _OPERATIONS[type(node.op)](_expression(node.left), right)
    return made
