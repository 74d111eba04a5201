"""Names of databases and tables, validated before Spark sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from synthohive_spark.errors import SchemaError

_PART = re.compile(r"[a-zA-Z0-9_]+")


@dataclass(frozen=True)
class TableName:
    """A table name of one to three validated parts: ``table``, ``db.table`` or ``catalog.db.table``."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, name: str) -> TableName:
        """Read ``name``; a name that is not plain letters, digits, underscores and dots is a `SchemaError`."""
        parts = _validated(name, what="table name", most=3)
        return cls(parts)

    @property
    def table(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def quoted(self) -> str:
        """The name with each part in backticks, as it goes into SQL."""
        return ".".join(f"`{part}`" for part in self.parts)

    def sibling(self, table: str) -> TableName:
        """The name of another table in the same database."""
        return TableName((*self.parts[:-1], *_validated(table, what="table name", most=1)))

    def __str__(self) -> str:
        return ".".join(self.parts)


def database_name(name: str) -> str:
    """Validate a database name of one or two parts and return it with each part in backticks."""
    return ".".join(f"`{part}`" for part in _validated(name, what="database name", most=2))


def _validated(name: str, *, what: str, most: int) -> tuple[str, ...]:
    if not isinstance(name, str):
        raise SchemaError(f"{what} must be a string, got {name!r}")
    parts = tuple(name.split("."))
    if len(parts) > most:
        raise SchemaError(f"{what} {name!r} has {len(parts)} parts; at most {most} are allowed")
    if not all(_PART.fullmatch(part) for part in parts):
        raise SchemaError(
            f"{what} {name!r} is not valid: each part between dots may hold only ASCII letters, digits and underscores"
        )
    return parts
