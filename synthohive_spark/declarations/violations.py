"""Broken constraints, in the package's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthohive_spark.errors import ConstraintViolationError


@dataclass(frozen=True)
class Violation:
    """A bound that generated values of a column break.

    Attributes:
        column: The column.
        value: The worst generated value, as text.
        bound: The bound, such as ``min=0``.
        rows: How many rows break it.
    """

    column: str
    value: str
    bound: str
    rows: int

    def __str__(self) -> str:
        return f"{self.column}: got {self.value} ({self.bound})"


def violation_error(violations: Sequence[Violation], note: str = "") -> ConstraintViolationError:
    """The error that lists ``violations``, one entry for each column and bound, with ``note`` after them."""
    return ConstraintViolationError(violation_text(violations) + (f"; {note}" if note else ""), violations)


def violation_text(violations: Sequence[Violation]) -> str:
    """``3 violations — age: got -3 (min=0); ...``."""
    many = "violation" if len(violations) == 1 else "violations"
    return f"{len(violations)} {many} — {'; '.join(map(str, violations))}"
