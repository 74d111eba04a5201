"""What a user declares about tables and about what a model may keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Constraint:
    """Bounds that generated values of a column must keep.

    Attributes:
        min: Smallest value allowed; None for no bound.
        max: Largest value allowed; None for no bound.
        dtype: Name of the type a value must be castable to, such as ``"int"``; None for the column's own.
    """

    min: float | None = None
    max: float | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise SchemaError(f"constraint has min={self.min} above max={self.max}")


@dataclass(frozen=True)
class TableConfig:
    """What is declared about one table."""

    pk: str | None = None
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


class Metadata:
    """The declared tables, by name."""

    def __init__(self) -> None:
        self.tables: dict[str, TableConfig] = {}

    def add_table(
        self,
        name: str,
        *,
        pk: str | None = None,
        constraints: Mapping[str, Constraint] | None = None,
        exclude: Sequence[str] = (),
        context: Sequence[str] = (),
    ) -> Metadata:
        """Declare a table and return this object, so that calls chain.

        Args:
            name: The table.
            pk: Its primary key: made, never learned.
            constraints: Bounds by column.
            exclude: Columns to leave out.
            context: Columns that are given when rows are drawn, not generated.

        Raises:
            SchemaError: If the table is declared already.
        """
        if name in self.tables:
            raise SchemaError(f"table {name!r} is declared already")
        self.tables[name] = TableConfig(pk, dict(constraints or {}), tuple(exclude), tuple(context))
        return self

    def table(self, name: str) -> TableConfig:
        """What is declared about ``name``; an unknown name is a `SchemaError` that lists the known ones."""
        if name not in self.tables:
            known = ", ".join(sorted(self.tables)) or "none"
            raise SchemaError(f"table {name!r} is not declared; declared tables: {known}")
        return self.tables[name]
