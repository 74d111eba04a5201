"""Model directories: written whole, verified when read, with nothing in them to execute.

metadata.json           what the model is; names the folder below and the checksums of its files; written last
v-<id>/                 safetensors, JSON, and Parquet for kept rows; of several tables, each in a folder of its name
metadata/part-00000     the pyspark.ml record, where a stage was saved; written once
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthohive_spark.errors import SerializationError
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.version import __version__

FORMAT_VERSION = 1
_POINTER = "metadata.json"
_RECORD = "metadata"
_VERSION_FOLDER = re.compile(r"v-[0-9a-f]{12}")
_FILE_NAME = re.compile(r"([a-zA-Z0-9_]+/)?[a-zA-Z0-9_]+\.(json|safetensors|parquet)")
_TEMPORARY = re.compile(r"metadata\.json\.[0-9a-f]{8}\.tmp")
_log = get_logger(__name__)


@dataclass(frozen=True)
class ModelDirectory:
    """A model directory, read and verified: its metadata, and its component files by name."""

    metadata: dict[str, Any]
    files: dict[str, bytes]


def write_model(
    path: str | os.PathLike[str],
    files: Mapping[str, bytes],
    metadata: Mapping[str, Any],
    *,
    overwrite: bool = False,
    record: str | None = None,
) -> None:
    """Write a model directory; until the last step, a model that was there can be read.

    Args:
        path: Where to.
        files: Component files by name.
        metadata: What else ``metadata.json`` holds.
        overwrite: Whether to replace a model that is there.
        record: The line by which ``PipelineModel.load`` finds the stage; None where the model is no stage.

    Raises:
        SerializationError: If something is there that may not be replaced, or cannot be written.
    """
    folder = Folder.at(path)
    there = _replaceable(folder, overwrite)
    version = f"v-{uuid.uuid4().hex[:12]}"
    for name, content in files.items():
        folder.write(f"{version}/{name}", content)
    if record is not None and _RECORD not in there:
        folder.write(f"{_RECORD}/part-00000", record.encode() + b"\n")
        folder.write(f"{_RECORD}/_SUCCESS", b"")
    pointer = {
        "format_version": FORMAT_VERSION,
        "package_version": __version__,
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **metadata,
        "folder": version,
        "files": {name: _fingerprint(content) for name, content in sorted(files.items())},
    }
    folder.replace(_POINTER, json_bytes({**pointer, "checksum": _checksum(pointer)}))
    for name in there:
        if _VERSION_FOLDER.fullmatch(name):
            folder.remove(name)
        elif _TEMPORARY.fullmatch(name):
            folder.remove_file(name)


def check_replaceable(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Check that a model could be written to ``path``, before the work of making one.

    Raises:
        SerializationError: As `write_model` does.
    """
    _replaceable(Folder.at(path), overwrite)


def require_model(path: str | os.PathLike[str]) -> None:
    """Check that there is a model at ``path``, without reading its files.

    Raises:
        SerializationError: If there is none.
    """
    _pointer(Folder.at(path))


def read_model(path: str | os.PathLike[str]) -> ModelDirectory:
    """Read a model directory and verify every file of it.

    A format or package of another version is logged as a warning.

    Raises:
        SerializationError: If there is no model, or a file is missing, truncated or altered.
    """
    folder = Folder.at(path)
    pointer = _pointer(folder)
    try:
        files = _files(folder, pointer)
    except SerializationError:
        # A writer may have replaced the model since its pointer was read.
        again = _pointer(folder)
        if again == pointer:
            raise
        pointer = again
        files = _files(folder, pointer)
    _warn_of_versions(pointer)
    return ModelDirectory(pointer, files)


def json_bytes(value: Any) -> bytes:
    """Plain values as JSON, the same bytes for the same values."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def parse_json(files: Mapping[str, bytes], name: str) -> Any:
    """The content of a JSON file; one that is missing or does not parse is a `SerializationError` that names it."""
    if name not in files:
        raise SerializationError(f"the model directory lacks {name}")
    try:
        return json.loads(files[name].decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise SerializationError(f"{name} is not JSON: {error}") from error


def _replaceable(folder: Folder, overwrite: bool) -> list[str]:
    """What lies at the place to write to, if it may be replaced."""
    if folder.is_file():
        raise SerializationError(f"{folder.name!r} is a file; a model needs a folder of its own")
    there = folder.names()
    if there and not overwrite:
        raise SerializationError(f"{folder.name!r} is there already; give overwrite=True to replace the model in it")
    known = (_VERSION_FOLDER, _TEMPORARY, re.compile(f"{_RECORD}|{re.escape(_POINTER)}"))
    strange = [name for name in there if not any(pattern.fullmatch(name) for pattern in known)]
    if strange:
        raise SerializationError(
            f"{folder.name!r} holds {strange[0]!r}, which is no part of a model; choose another folder, or empty it"
        )
    return there


def _pointer(folder: Folder) -> dict[str, Any]:
    content = folder.read(_POINTER)
    if content is None:
        raise SerializationError(f"there is no model in {folder.name!r}: {_POINTER} is missing")
    pointer = parse_json({_POINTER: content}, _POINTER)
    if not isinstance(pointer, dict) or not isinstance(pointer.get("files"), dict):
        raise SerializationError(f"{_POINTER} in {folder.name!r} does not describe a model")
    if pointer.pop("checksum", None) != _checksum(pointer):
        raise SerializationError(f"{_POINTER} in {folder.name!r} was altered: its checksum does not match")
    return pointer


def _files(folder: Folder, pointer: Mapping[str, Any]) -> dict[str, bytes]:
    version = str(pointer.get("folder"))
    if not _VERSION_FOLDER.fullmatch(version):
        raise SerializationError(f"{_POINTER} in {folder.name!r} names the folder {version!r}, which is none of ours")
    files = {}
    for name, expected in pointer["files"].items():
        if not _FILE_NAME.fullmatch(name):
            raise SerializationError(f"{_POINTER} in {folder.name!r} names the file {name!r}, which is none of ours")
        content = folder.read(f"{version}/{name}")
        if content is None:
            raise SerializationError(f"{version}/{name} is missing in {folder.name!r}")
        if _fingerprint(content) != expected:
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


def _fingerprint(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _checksum(pointer: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(pointer, sort_keys=True).encode()).hexdigest()
