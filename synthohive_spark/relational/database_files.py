"""The learned tables of a database as one model directory, and back."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.table_files import checked_parts, table_from_files, table_to_files
from synthohive_spark.relational.kept_tables import LARGEST_KEPT
from synthohive_spark.relational.linked_table import LinkedTable, check_links
from synthohive_spark.stages.model import SynthesizerTransformerModel
from synthohive_spark.stages.persistence import stage_from_json, stage_to_json

_ROWS = "rows.parquet"
_BATCH, _DENSEST = 64, 64


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
    tables, attributes = directory.metadata.get("tables"), directory.metadata.get("database")
    if not isinstance(tables, dict) or not isinstance(attributes, dict):
        raise SerializationError(
            f"{os.fspath(path)!r} holds no database; a single table is loaded with SynthesizerTransformerModel.load"
        )
    models, linked = {}, {}
    with checked_parts("the tables of the database"):
        for name, metadata in tables.items():
            own = {f.removeprefix(f"{name}/"): c for f, c in directory.files.items() if f.startswith(f"{name}/")}
            kept = _rows(own[_ROWS]) if _ROWS in own else None
            linked[name] = LinkedTable.from_json(metadata["linked"], kept)
            check_loaded(linked[name], LinkedTable, name)
            if kept is None:
                table = table_from_files(own, metadata)
                models[name] = stage_from_json(SynthesizerTransformerModel, table, metadata["stage"], f"{path}/{name}")
        check_links(linked, {name: model.table_model.columns for name, model in models.items()})
    return models, linked, attributes


def _rows(content: bytes) -> pa.Table:
    """The rows of a Parquet file that is no larger than it looks."""
    size = len(content)
    file = pq.ParquetFile(io.BytesIO(content), thrift_string_size_limit=size, thrift_container_size_limit=size)
    metadata = file.metadata
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    packed = {group.column(j).compression for group in groups for j in range(metadata.num_columns)}
    if metadata.num_rows > LARGEST_KEPT or not packed <= {"UNCOMPRESSED", "SNAPPY"}:
        raise ValueError(f"kept rows are more than {LARGEST_KEPT:,}, or packed by {', '.join(map(str, packed))}")
    batches: list[pa.RecordBatch] = []
    for batch in file.iter_batches(_BATCH):
        size -= batch.nbytes // _DENSEST
        if size < 0:
            raise ValueError(f"kept rows are more than {_DENSEST} times as large as their file")
        batches.append(batch)
    return pa.Table.from_batches(batches, file.schema_arrow)


def _parquet(rows: pa.Table) -> bytes:
    with io.BytesIO() as file:
        pq.write_table(rows, file)
        return file.getvalue()
