"""Links between tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synthohive_spark.errors import SchemaError

_REFERENCE = re.compile(r"([^.]+)\.(?:\((.+)\)|(.+))", re.DOTALL)


@dataclass(frozen=True)
class ForeignKey:
    """A link: ``columns`` of a table hold the ``parent_columns`` of ``parent``."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]

    @classmethod
    def parse(cls, columns: str | Sequence[str], reference: str) -> ForeignKey:
        """Read ``"customer_id", "customers.id"`` or ``("a", "b"), "parent.(a, b)"``.

        Raises:
            SchemaError: If the reference does not have this form, or the two sides differ in length.
        """
        own = (columns,) if isinstance(columns, str) else tuple(columns)
        match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        if match is None:
            raise SchemaError(f"fk {own!r} refers to {reference!r}; give 'parent.column' or 'parent.(a, b)'")
        parent, several, one = match.groups()
        parents = tuple(part.strip() for part in several.split(",")) if several else (one,)
        if len(parents) != len(own):
            raise SchemaError(f"fk {own!r} has {len(own)} columns, {reference!r} names {len(parents)}")
        return cls(own, parent, parents)
