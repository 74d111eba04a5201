"""The row id of a learned table: a surrogate key that Spark itself counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import Whole
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.schema import column_type, restored, spark_type


@dataclass(frozen=True)
class IdColumn:
    """The row id of the learned table: its column, and its place among the columns that come out."""

    column: Column
    place: Whole

    @classmethod
    def of(cls, field: StructField, place: int) -> IdColumn:
        """The id in ``field``; a type that cannot hold row numbers is a `SchemaError`."""
        kind = field.dataType.simpleString()
        try:
            type_: ColumnType | None = column_type(field)
        except SchemaError:
            type_ = None
        if type_ is None or type_.is_temporal or type_.name == "boolean":
            raise SchemaError(
                f"idCol {field.name!r} has type {kind}, which cannot hold row numbers; choose an integer, decimal, "
                f"floating point or string column"
            )
        return cls(Column(field.name, type_, field.nullable), place)

    @property
    def codec(self) -> SequenceCodec:
        """The codec of a key that counts from 0, as of a declared one; says how many rows get an id of their own."""
        return SequenceCodec(self.column.type)

    def numbered(self, number: Expression) -> Expression:
        """The codec's values as an expression, so that rows of which only the id is wanted are not drawn."""
        value = number.cast(spark_type(self.column.type))
        if self.column.nullable:
            value = F.when(number.isNotNull(), value)  # changes the schema alone, which is to say nullable
        return restored(value, self.column)

    def to_json(self) -> dict[str, Any]:
        """The id as plain values."""
        return {"column": self.column.to_json(), "place": self.place}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> IdColumn:
        """The id that `to_json` described."""
        return cls(Column.from_json(data["column"]), data["place"])
