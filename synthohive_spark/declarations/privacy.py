"""How much of the rows a model may keep."""

from __future__ import annotations

from dataclasses import dataclass

from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class Privacy:
    """How much of the rows a model may keep.

    Attributes:
        rare_category_rows: A category held by fewer rows is neither stored nor drawn, and neighbouring knots of a
            stored quantile table have at least as many rows between them. 0 turns this off. Default 5.
        extreme_rows: A range ends at the value of this rank from either end. 0 keeps the true ends. Default 5.

    Raises:
        SchemaError: If a setting is not a whole number of at least 0.
    """

    rare_category_rows: int = 5
    extreme_rows: int = 5

    def __post_init__(self) -> None:
        for name in ("rare_category_rows", "extreme_rows"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise SchemaError(f"{name} must be a whole number of at least 0, got {value!r}")

    @property
    def min_rows(self) -> int:
        """Fewest rows that anything that is kept may stand for."""
        return max(self.rare_category_rows, 1)

    @property
    def trim(self) -> int:
        """Rank, counted from 0, of the value at either end of a range."""
        return max(self.extreme_rows, 1) - 1
