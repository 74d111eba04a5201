"""Names of databases and tables, validated before Spark sees them, and quoted wherever they meet SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from synthohive_spark.errors import SchemaError, shortened

Name: TypeAlias = str | Sequence[str]
"""Parts of a name between dots, or as a sequence. A part in backticks, and one of a sequence, is taken as it is."""

LONGEST_PART = 255
"""Characters of a part; no catalog takes more."""
_PLAIN = re.compile(r"[a-zA-Z0-9_]+")
_PART = re.compile(rf"({_PLAIN.pattern})|`((?:[^`]|``)+)`")
_PARTS = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


@dataclass(frozen=True)
class _QualifiedName:
    """A name of validated parts; see the kinds of it."""

    parts: tuple[str, ...]
    _what: ClassVar[str]
    _most: ClassVar[int]

    @classmethod
    def parse(cls, name: Name) -> Self:
        """Read a name.

        Args:
            name: Parts between dots: each of ASCII letters, digits and underscores, or in backticks (one inside is
                doubled); or a sequence of parts that are taken as they are.

        Raises:
            SchemaError: If it is anything else, a part is too long or holds control characters, or there are too many.
        """
        if isinstance(name, str):
            parts = _split(name, cls._what)
        elif isinstance(name, list | tuple) and name and all(isinstance(part, str) for part in name):
            parts = tuple(name)
        else:
            raise SchemaError(f"a {cls._what} must be a string or a list of its parts, got {shortened(repr(name))}")
        if len(parts) > cls._most:
            raise SchemaError(
                f"{cls._what} {_shown(name)} has {len(parts)} parts; at most {cls._most} are allowed, and a dot within "
                f"a part needs backticks round the part"
            )
        for part in parts:
            _check(part, cls._what)
        return cls(parts)

    @property
    def quoted(self) -> str:
        """The name with each part in backticks, as it goes into SQL."""
        return ".".join(map(_quote, self.parts))

    def __str__(self) -> str:
        """The name as a caller writes it: `parse` reads it back."""
        return ".".join(part if is_plain(part) else _quote(part) for part in self.parts)


@dataclass(frozen=True)
class DatabaseName(_QualifiedName):
    """A database of one or two parts: ``db`` or ``catalog.db``."""

    _what = "database name"
    _most = 2

    def table(self, table: str) -> TableName:
        """The table of this database that is called ``table``, taken as it is."""
        return TableName.parse((*self.parts, table))


@dataclass(frozen=True)
class TableName(_QualifiedName):
    """A table of one to three parts: ``table``, ``db.table`` or ``catalog.db.table``."""

    _what = "table name"
    _most = 3

    @property
    def table(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def database(self) -> DatabaseName | None:
        """What it lies in, if it says so."""
        return DatabaseName(self.parts[:-1]) if len(self.parts) > 1 else None

    def sibling(self, table: str) -> TableName:
        """The table of the same database that is called ``table``, taken as it is."""
        return TableName.parse((*self.parts[:-1], table))


def has_quoted_part(name: str) -> bool:
    """Whether ``name`` is a well-formed name with a part in backticks, which may hold what a path holds."""
    return "`" in name and _PARTS.fullmatch(name) is not None


def is_plain(part: str) -> bool:
    """Whether a part needs no backticks."""
    return _PLAIN.fullmatch(part) is not None


def _split(name: str, what: str) -> tuple[str, ...]:
    if _PARTS.fullmatch(name) is None:
        raise SchemaError(
            f"{what} {_shown(name)} is not valid: each part between dots may hold only ASCII letters, digits and "
            f"underscores; put backticks round a part with anything else, as in `dev-catalog`.shop.customers"
        )
    return tuple(plain or quoted.replace("``", "`") for plain, quoted in _PART.findall(name))


def _check(part: str, what: str) -> None:
    if not part or not part.isprintable():
        raise SchemaError(f"{what} has a part {_shown(part)} that is empty or holds control or invisible characters")
    if len(part) > LONGEST_PART:
        raise SchemaError(
            f"{what} has a part of {len(part):,} characters, {shortened(part, 40)!r}; at most {LONGEST_PART} are "
            f"allowed"
        )


def _quote(part: str) -> str:
    return "`" + part.replace("`", "``") + "`"


def _shown(name: Name) -> str:
    return shortened(repr(name), 120)
