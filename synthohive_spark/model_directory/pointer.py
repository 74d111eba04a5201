"""The pointer of a model directory: ``metadata.json``, which says what the model is and where its files lie."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from synthohive_spark.declarations.documents import read_json
from synthohive_spark.errors import SerializationError, shortened
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.version import __version__

FORMAT_VERSION = 1
POINTER = "metadata.json"
VERSION_FOLDER = re.compile(r"v-[0-9a-f]{12}")
LARGEST_POINTER = 32 << 20
LARGEST_FILE = 1 << 30
LARGEST_MODEL = 4 << 30
_LONGEST_VERSION = 40
_FILE_NAME = re.compile(r"([a-zA-Z0-9_]+/)?[a-zA-Z0-9_]+\.(json|safetensors)")


def pointer_to(version: str, files: Mapping[str, bytes], metadata: Mapping[str, Any]) -> bytes:
    """The pointer to the files in a version's folder, as it is written.

    Raises:
        SerializationError: If the model is larger than one that can be loaded.
    """
    pointer = {
        "format_version": FORMAT_VERSION,
        "package_version": __version__,
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **metadata,
        "folder": version,
        "files": {name: fingerprint(content) for name, content in sorted(files.items())},
    }
    content = json_bytes({**pointer, "checksum": _checksum(pointer)})
    if len(content) > LARGEST_POINTER:
        raise SerializationError(f"{POINTER} would have {len(content):,} bytes, and {LARGEST_POINTER:,} is the most")
    _check_sizes({name: len(own) for name, own in files.items()})
    return content


def read_pointer(folder: Folder) -> dict[str, Any]:
    """What ``metadata.json`` holds.

    Raises:
        SerializationError: If there is none, a newer version of this package wrote it in a format of its own, it was
            altered, or it names what no model has.
    """
    content = folder.read(POINTER, LARGEST_POINTER)
    if content is None:
        raise SerializationError(f"there is no model in {folder.name!r}: {POINTER} is missing")
    if len(content) > LARGEST_POINTER:
        raise SerializationError(f"{POINTER} in {folder.name!r} has more than {LARGEST_POINTER:,} bytes")
    pointer = parse_json({POINTER: content}, POINTER)
    if not isinstance(pointer, dict) or not isinstance(pointer.get("files"), dict):
        raise SerializationError(f"{POINTER} in {folder.name!r} does not describe a model")
    _check_format(pointer, folder)
    if pointer.pop("checksum", None) != _checksum(pointer):
        raise SerializationError(f"{POINTER} in {folder.name!r} was altered: its checksum does not match")
    version = pointer.get("folder")
    if not isinstance(version, str) or not VERSION_FOLDER.fullmatch(version):
        raise SerializationError(f"{POINTER} in {folder.name!r} names the folder {version!r}, which is none of ours")
    for name, expected in pointer["files"].items():
        if not _FILE_NAME.fullmatch(name):
            raise SerializationError(f"{POINTER} in {folder.name!r} names the file {name!r}, which is none of ours")
        if not isinstance(expected, dict) or type(expected.get("bytes")) is not int or expected["bytes"] < 0:
            raise SerializationError(f"{POINTER} in {folder.name!r} does not say how large {name} is")
    _check_sizes({name: expected["bytes"] for name, expected in pointer["files"].items()})
    return pointer


def named_folder(folder: Folder) -> str | None:
    """The folder that the pointer names; None where there is no pointer, or none that can be read."""
    try:
        return str(read_pointer(folder)["folder"])
    except SerializationError:
        return None


def fingerprint(content: bytes) -> dict[str, Any]:
    """What tells whether a file is as it was written."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def json_bytes(value: Any) -> bytes:
    """Plain values as JSON, the same bytes for the same values."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def parse_json(files: Mapping[str, bytes], name: str) -> Any:
    """The content of a JSON file; one that is missing or does not parse is a `SerializationError` that names it."""
    if name not in files:
        raise SerializationError(f"the model directory lacks {name}")
    try:
        return read_json(files[name].decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise SerializationError(f"{name} is not JSON that a model has: {error}") from error


def _check_format(pointer: Mapping[str, Any], folder: Folder) -> None:
    written = pointer.get("format_version")
    if type(written) is int and written > FORMAT_VERSION:
        raise SerializationError(
            f"the model in {folder.name!r} has format {written} of synthohive_spark "
            f"{shortened(str(pointer.get('package_version')), _LONGEST_VERSION)}, and this is version {__version__}, "
            f"which reads formats up to {FORMAT_VERSION}: install the version that wrote it, or a newer one"
        )


def _check_sizes(sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if size > LARGEST_FILE:
            raise SerializationError(f"the model's file {name} has {size:,} bytes, and {LARGEST_FILE:,} is the most")
    if sum(sizes.values()) > LARGEST_MODEL:
        raise SerializationError(
            f"the model's files have {sum(sizes.values()):,} bytes together, and {LARGEST_MODEL:,} is the most"
        )


def _checksum(pointer: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(pointer, sort_keys=True).encode()).hexdigest()
