"""Columns and their types, in Spark's words but without Spark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from synthohive_spark.errors import SchemaError

_INTEGERS = {"tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(), "bigint": pa.int64()}
_PLAIN = {
    **_INTEGERS,
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
}
_INT64_DIGITS, _DECIMAL_DIGITS = 18, 38
_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_NARROWER = {
    "smallint": ("tinyint",),
    "int": ("tinyint", "smallint"),
    "bigint": ("tinyint", "smallint", "int"),
    "float": ("tinyint", "smallint"),
    "double": ("tinyint", "smallint", "int", "float"),
    "timestamp_ntz": ("date",),
}
"""Types whose values a type has as well; those of decimals follow from their digits."""
_PARAMETRIC = re.compile(r"(decimal|varchar|char)\((\d+)(?:,\s*(-?\d+))?\)")


@dataclass(frozen=True)
class ColumnType:
    """A Spark scalar type: its simple name, with precision and scale or a length where it has them."""

    name: str
    precision: int = 0
    scale: int = 0
    length: int = 0

    @classmethod
    def parse(cls, text: str) -> ColumnType:
        """Read Spark's simple string (``"decimal(10,2)"``); a type that cannot be learned is a `SchemaError`."""
        if text in _PLAIN:
            return cls(text)
        match = _PARAMETRIC.fullmatch(text)
        if match is None:
            raise SchemaError(f"type {text} cannot be learned")
        name, first, second = match.groups()
        if name == "decimal":
            if not 1 <= int(first) <= _DECIMAL_DIGITS or abs(int(second or 0)) > _DECIMAL_DIGITS:
                raise SchemaError(f"type {text} has more digits than a decimal can")
            return cls(name, precision=int(first), scale=int(second or 0))
        return cls(name, length=int(first))

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that Spark exchanges for this type."""
        if self.name == "decimal":
            return pa.decimal128(self.precision, self.scale)
        return pa.string() if self.is_string else _PLAIN[self.name]

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers of a fixed width."""
        return self.name in _INTEGERS

    @property
    def is_float(self) -> bool:
        """Whether values are binary floating point."""
        return self.name in ("float", "double")

    @property
    def is_number(self) -> bool:
        """Whether values are numbers, decimals among them."""
        return self.is_integer or self.is_float or self.name == "decimal"

    @property
    def is_quantitative(self) -> bool:
        """Whether values have an order and distances: numbers, dates and instants."""
        return self.is_number or self.is_temporal

    @property
    def fits_int64(self) -> bool:
        """Whether values can be computed with: all but decimals of more digits than 64 bits hold."""
        return self.name != "decimal" or self.precision <= _INT64_DIGITS

    @property
    def is_string(self) -> bool:
        """Whether values are text, of bounded length or not."""
        return self.name in ("string", "varchar", "char")

    @property
    def is_temporal(self) -> bool:
        """Whether values are dates or instants."""
        return self.name in ("date", "timestamp", "timestamp_ntz")

    def holds(self, other: ColumnType) -> bool:
        """Whether each value of ``other`` is a value of this type, too: a cast loses nothing, and never fails.

        >>> ColumnType("bigint").holds(ColumnType("int")), ColumnType("int").holds(ColumnType("bigint"))
        (True, False)
        """
        if self.is_string or other.is_string:
            return self.is_string and other.is_string
        if self.name == "decimal":
            whole = _INTEGER_DIGITS.get(other.name, other.precision - other.scale)
            is_exact = other.is_integer or other.name == "decimal"
            return is_exact and whole <= self.precision - self.scale and other.scale <= self.scale
        return self.name == other.name or other.name in _NARROWER.get(self.name, ())

    def __str__(self) -> str:
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return f"{self.name}({self.length})" if self.length else self.name


def source_of(name: str) -> str:
    r"""The column that a column is a part of: what comes before the mark of a part.

    >>> source_of("day\x00weekday")
    'day'
    """
    return name.partition("\x00")[0]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its type, and whether its schema allows nulls."""

    name: str
    type: ColumnType
    nullable: bool = True

    def to_json(self) -> dict[str, str | bool]:
        """The column as plain values."""
        return {"name": self.name, "type": str(self.type), "nullable": self.nullable}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Column:
        """The column that `to_json` described."""
        return cls(data["name"], ColumnType.parse(data["type"]), data["nullable"])
