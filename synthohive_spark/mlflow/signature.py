"""Signatures of learned tables: what a registry and a serving endpoint ask of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.table.registry import engine_class
from synthohive_spark.errors import SchemaError
from synthohive_spark.model_directory.pointer import read_pointer
from synthohive_spark.model_directory.storage import Folder

_TYPES = {
    "tinyint": DataType.integer,
    "smallint": DataType.integer,
    "int": DataType.integer,
    "bigint": DataType.long,
    "float": DataType.float,
    "double": DataType.double,
    "decimal": DataType.double,
    "boolean": DataType.boolean,
    "date": DataType.datetime,
    "timestamp": DataType.datetime,
    "timestamp_ntz": DataType.datetime,
}
ALL_SEATS = -1
"""The parameter ``n`` where rows are drawn for the seats that are given."""
ROW = "row"
"""What seats hold of which nothing can be given: anything, one entry for each row that is wanted."""


def inferred_signature(path: str, table: str | None = None) -> ModelSignature:
    """The signature that follows from what a model directory says of itself.

    Args:
        path: The directory.
        table: Of a database, the table that comes out unless another is asked for; the first one when None.

    Raises:
        SchemaError: If the table is not one of the database.
    """
    metadata = read_pointer(Folder.at(path))
    if "tables" in metadata:
        return _of_database(metadata["tables"], table)
    return _of_table(metadata)


def _of_table(metadata: Mapping[str, Any]) -> ModelSignature:
    """Seats hold the conditions and, where they may, the row id and any other column."""
    columns, key = [Column.from_json(c) for c in metadata["columns"]], metadata["stage"]["id_column"]
    free = {c.name for c in columns} if engine_class(metadata["engine"]).any_condition else set()
    if key is not None:
        columns.insert(key["place"], Column.from_json(key["column"]))
        free.add(key["column"]["name"])
    asked = [c for c in columns if c.name in metadata["conditions"] or c.name in free]
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(_type(c.type), c.name, required=c.name in metadata["conditions"]) for c in asked
    ]
    # Unity Catalog takes no model without inputs.
    inputs = inputs or [ColSpec(DataType.long, ROW, required=False)]
    params = [ParamSpec("n", DataType.long, ALL_SEATS), ParamSpec("seed", DataType.long, 0)]
    return ModelSignature(Schema(inputs), _outputs(columns), ParamSchema(params))


def _of_database(tables: Mapping[str, Any], table: str | None) -> ModelSignature:
    """Numbers of rows by table."""
    table = next(iter(tables)) if table is None else table
    if table not in tables:
        raise SchemaError(f"there is no table {table!r}{nearest(table, tables)}")
    inputs = Schema([ColSpec(DataType.string, "table"), ColSpec(DataType.long, "rows")])
    params = [ParamSpec("table", DataType.string, table), ParamSpec("seed", DataType.long, 0)]
    columns = [Column.from_json(c) for c in tables[table]["linked"]["columns"]]
    return ModelSignature(inputs, _outputs(columns), ParamSchema(params))


def _outputs(columns: Sequence[Column]) -> Schema:
    return Schema([ColSpec(_type(c.type), c.name, required=not c.nullable) for c in columns])


def _type(type_: ColumnType) -> DataType:
    return _TYPES.get(type_.name, DataType.string)
