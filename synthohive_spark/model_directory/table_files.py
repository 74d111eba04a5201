"""A learned table to a model directory, and back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.engine.table.self_check import check_model
from synthohive_spark.errors import SerializationError, SynthoHiveError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.pointer import json_bytes, parse_json
from synthohive_spark.model_directory.saving import write_model

_DOCUMENTS = ("transformer.json", "context_transformer.json", "data_column_info.json")


def write_table_model(
    path: str | os.PathLike[str],
    model: TableModel,
    more: Mapping[str, Any],
    *,
    overwrite: bool = False,
    record: str | None = None,
) -> None:
    """Write ``model`` as a directory.

    Args:
        path: Where to.
        model: The learned table.
        more: What the caller adds to the metadata.
        overwrite: Whether to replace a model that is there.
        record: See `synthohive_spark.model_directory.saving.write_model`.

    Raises:
        SerializationError: If something is there that may not be replaced, or cannot be written.
    """
    files, metadata = table_to_files(model)
    write_model(path, files, {**metadata, **more}, overwrite=overwrite, record=record)


def read_table_model(path: str | os.PathLike[str]) -> tuple[TableModel, dict[str, Any]]:
    """The learned table in a directory, and the directory's metadata.

    Raises:
        SerializationError: If the directory, or a file in it, is missing or altered.
    """
    directory = read_model(path)
    if "tables" in directory.metadata:
        raise SerializationError(
            f"{os.fspath(path)!r} holds the tables of a database; load it with synthohive_spark.Synthesizer.load"
        )
    return table_from_files(directory.files, directory.metadata), directory.metadata


def table_to_files(model: TableModel) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The component files of a learned table, and its metadata."""
    documents, metadata = model.to_files()
    return {**model.fitted.files, **{name: json_bytes(document) for name, document in documents.items()}}, metadata


def table_from_files(files: Mapping[str, bytes], metadata: Mapping[str, Any]) -> TableModel:
    """The learned table that `table_to_files` described.

    Raises:
        SerializationError: If a file is missing or has another structure than it should.
    """
    documents = {name: parse_json(files, name) for name in _DOCUMENTS}
    with checked_parts("the model's parts"):
        model = TableModel.from_files(documents, metadata, files)
        check_model(model)
    return model


@contextmanager
def checked_parts(what: str) -> Iterator[None]:
    """Turn whatever files that somebody else made may lead to into a `SerializationError` about ``what``."""
    try:
        yield
    except SerializationError:
        raise
    except Exception as error:
        said = str(error) if isinstance(error, SynthoHiveError | ValueError) else repr(error)
        raise SerializationError(f"{what} are not what a fit leaves: {said}") from error
