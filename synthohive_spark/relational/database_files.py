"""The learned tables of a database as one model directory, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.pointer import json_bytes, parse_json
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.table_files import checked_parts, table_from_files, table_to_files
from synthohive_spark.relational.linked_table import LinkedTable, check_links
from synthohive_spark.stages.model import SynthesizerTransformerModel
from synthohive_spark.stages.persistence import stage_from_json, stage_to_json

_ROWS = "rows.json"


def write_database(
    path: str | os.PathLike[str],
    models: Mapping[str, SynthesizerTransformerModel],
    linked: Mapping[str, LinkedTable],
    attributes: Mapping[str, Any],
    *,
    overwrite: bool,
) -> None:
    """Write all tables and ``attributes``; files of a table lie in a folder of its name.

    Raises:
        SerializationError: If something is there that may not be replaced, or cannot be written.
    """
    files: dict[str, bytes] = {}
    tables = {}
    for name, table in linked.items():
        if table.kept is not None:
            files[f"{name}/{_ROWS}"] = json_bytes(_rows_to_json(table.kept))
            tables[name] = {"linked": table.to_json()}
            continue
        model = models[name]
        own, metadata = table_to_files(model.table_model)
        files.update({f"{name}/{file}": content for file, content in own.items()})
        stage = stage_to_json(model, model.attributes_to_json())
        tables[name] = {**metadata, "stage": stage, "linked": table.to_json()}
    write_model(path, files, {"database": dict(attributes), "tables": tables}, overwrite=overwrite)


def read_database(
    path: str | os.PathLike[str],
) -> tuple[dict[str, SynthesizerTransformerModel], dict[str, LinkedTable], dict[str, Any]]:
    """The models of a directory's tables, the tables' places in the database, and the directory's attributes.

    Raises:
        SerializationError: If the directory, or a file in it, is missing or altered, or holds a single table.
    """
    directory = read_model(path)
    tables, attributes = directory.metadata.get("tables"), directory.metadata.get("database")
    if not isinstance(tables, dict) or not isinstance(attributes, dict):
        raise SerializationError(
            f"{os.fspath(path)!r} holds no database; a single table is loaded with SynthesizerTransformerModel.load"
        )
    models, linked = {}, {}
    with checked_parts("the tables of the database"):
        for name, metadata in tables.items():
            own = {f.removeprefix(f"{name}/"): c for f, c in directory.files.items() if f.startswith(f"{name}/")}
            place = LinkedTable.from_json(metadata["linked"])
            if _ROWS in own:
                place = replace(place, kept=_rows_from_json(parse_json(own, _ROWS), place))
            linked[name] = place
            check_loaded(place, LinkedTable, name)
            if place.kept is None:
                table = table_from_files(own, metadata)
                models[name] = stage_from_json(SynthesizerTransformerModel, table, metadata["stage"], f"{path}/{name}")
        check_links(linked, {name: model.table_model.columns for name, model in models.items()})
    return models, linked, attributes


def _rows_to_json(rows: pa.Table) -> dict[str, Any]:
    """By column, the rows' values as text; Arrow's reader of Parquet may end the process at a hostile file."""
    return {name: _as_text(one_array(rows.column(name))) for name in rows.column_names}


def _as_text(values: pa.Array) -> list[str | None]:
    plain = pa.types.is_timestamp(values.type)
    return (values.cast(pa.int64()) if plain else values).cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _rows_from_json(data: Mapping[str, list[str | None]], table: LinkedTable) -> pa.Table:
    types = table.kept_types
    if list(data) != list(types):
        raise ValueError("kept rows and their columns do not agree")
    return pa.table({name: _from_text(data[name], type_) for name, type_ in types.items()})


def _from_text(values: list[str | None], type_: pa.DataType) -> pa.Array:
    text = pa.array(values, pa.string())
    return (text.cast(pa.int64()) if pa.types.is_timestamp(type_) else text).cast(type_)
