"""Model directories: written whole, verified when read, with nothing in them to execute.

metadata.json           what the model is; names the folder below and the checksums of its files; written last
v-<id>/                 safetensors, JSON, and Parquet for kept rows; of several tables, each in a folder of its name
metadata/part-00000     the pyspark.ml record, where a stage was saved; written once
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthohive_spark.errors import SerializationError
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.pointer import FORMAT_VERSION, fingerprint, read_pointer
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.version import __version__

_log = get_logger(__name__)


@dataclass(frozen=True)
class ModelDirectory:
    """A model directory, read and verified: its metadata, and its component files by name."""

    metadata: dict[str, Any]
    files: dict[str, bytes]


def require_model(path: str | os.PathLike[str]) -> None:
    """Check that there is a model at ``path``, without reading its files.

    Raises:
        SerializationError: If there is none.
    """
    read_pointer(Folder.at(path))


def read_model(path: str | os.PathLike[str]) -> ModelDirectory:
    """Read a model directory and verify every file of it.

    A format or package of another version is logged as a warning.

    Raises:
        SerializationError: If there is no model, or a file is missing, truncated or altered.
    """
    folder = Folder.at(path)
    pointer = read_pointer(folder)
    while True:
        try:
            files = _files(folder, pointer)
            break
        except SerializationError:
            # A writer may have replaced the model since its pointer was read.
            again = read_pointer(folder)
            if again == pointer:
                raise
            pointer = again
    _warn_of_versions(pointer)
    return ModelDirectory(pointer, files)


def _files(folder: Folder, pointer: Mapping[str, Any]) -> dict[str, bytes]:
    version, files = pointer["folder"], {}
    for name, expected in pointer["files"].items():
        content = folder.read(f"{version}/{name}", expected["bytes"])
        if content is None:
            raise SerializationError(f"{version}/{name} is missing in {folder.name!r}")
        if len(content) != expected["bytes"] or fingerprint(content) != expected:
            raise SerializationError(
                f"{version}/{name} in {folder.name!r} was truncated or altered: size or checksum do not match"
            )
        files[name] = content
    return files


def _warn_of_versions(pointer: Mapping[str, Any]) -> None:
    ours = {"format_version": FORMAT_VERSION, "package_version": __version__}
    for name, own in ours.items():
        if pointer.get(name) != own:
            _log.warning("version_mismatch", what=name, model=pointer.get(name), package=own)
