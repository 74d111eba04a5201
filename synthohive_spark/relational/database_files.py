"""The learned tables of a database as one model directory, and back."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.table_files import table_from_files, table_to_files
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.stages.model import SynthesizerTransformerModel
from synthohive_spark.stages.persistence import stage_from_json, stage_to_json

_ROWS = "rows.parquet"


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
            files[f"{name}/{_ROWS}"] = _parquet(table.kept)
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
    if "database" not in directory.metadata or "tables" not in directory.metadata:
        raise SerializationError(
            f"{os.fspath(path)!r} holds no database; a single table is loaded with SynthesizerTransformerModel.load"
        )
    models, linked = {}, {}
    for name, metadata in directory.metadata["tables"].items():
        own = {f.removeprefix(f"{name}/"): c for f, c in directory.files.items() if f.startswith(f"{name}/")}
        if _ROWS in own:
            linked[name] = LinkedTable.from_json(metadata["linked"], pq.read_table(io.BytesIO(own[_ROWS])))
            continue
        table = table_from_files(own, metadata)
        models[name] = stage_from_json(SynthesizerTransformerModel, table, metadata["stage"], f"{path}/{name}")
        linked[name] = LinkedTable.from_json(metadata["linked"])
    return models, linked, directory.metadata["database"]


def _parquet(rows: pa.Table) -> bytes:
    with io.BytesIO() as file:
        pq.write_table(rows, file)
        return file.getvalue()
