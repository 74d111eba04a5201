"""Links between tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synthohive_spark.errors import SchemaError

_REFERENCE = re.compile(r"([^.]+)\.(?:\((.+)\)|(.+))", re.DOTALL)


@dataclass(frozen=True)
class ForeignKey:
    """A link: ``columns`` of a table hold the ``parent_columns`` of ``parent``.

    Raises:
        SchemaError: If a side is no list of names, or the two sides differ in length.
    """

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]

    def __post_init__(self) -> None:
        for side in ("columns", "parent_columns"):
            names = getattr(self, side)
            if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
                raise SchemaError(f"fk {side} must be a list of column names, got {names!r}")
            object.__setattr__(self, side, tuple(names))
        if not isinstance(self.parent, str):
            raise SchemaError(f"fk parent must be the name of a table, got {self.parent!r}")
        if len(self.columns) != len(self.parent_columns):
            raise SchemaError(
                f"fk {self.columns!r} has {len(self.columns)} columns, parent_columns names {len(self.parent_columns)}"
            )

    @classmethod
    def parse(cls, columns: str | Sequence[str], reference: str) -> ForeignKey:
        """Read ``"customer_id", "customers.id"`` or ``("a", "b"), "parent.(a, b)"``.

        Raises:
            SchemaError: If the reference does not have this form, or the two sides differ in length.
        """
        own = tuple(columns) if isinstance(columns, list | tuple) else (columns,)
        match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        if match is None:
            raise SchemaError(f"fk {own!r} refers to {reference!r}; give 'parent.column' or 'parent.(a, b)'")
        parent, several, one = match.groups()
        parents = tuple(part.strip() for part in several.split(",")) if several else (one,)
        if len(parents) != len(own):
            raise SchemaError(f"fk {own!r} has {len(own)} columns, {reference!r} names {len(parents)}")
        return cls(own, parent, parents)
