"""Folders of files on any file system, by the path names that Spark and Databricks use."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass

from pyarrow import ArrowException, fs

from synthohive_spark.errors import SerializationError

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_RENAMED = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "gcs": "gs"}
_NEEDS_HADOOP = ("hdfs", "viewfs")


@dataclass(frozen=True)
class Folder:
    """A folder that may not exist yet.

    Attributes:
        name: The path as the user gave it, for messages.
        system: The file system it lies on.
        path: Where on that file system.
    """

    name: str
    system: fs.FileSystem
    path: str

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Folder:
        """The folder of a path: local, ``file:``, ``dbfs:/x`` (which is ``/dbfs/x``), or an object store's URI.

        Raises:
            SerializationError: If no file system here can reach it.
        """
        name = os.fspath(path)
        if not isinstance(name, str) or not name:
            raise SerializationError(f"a path must be a string that is not empty, got {path!r}")
        match = _SCHEME.match(name)
        scheme = match.group(1).lower() if match else ""
        if scheme in ("", "file", "dbfs"):
            return cls(name, fs.LocalFileSystem(), _local(name, scheme))
        rest = name[len(scheme) :]
        try:
            system, inside = fs.FileSystem.from_uri(_RENAMED.get(scheme, scheme) + rest)
        except (ArrowException, OSError, ValueError) as error:
            hint = (
                "it needs libhdfs and a Hadoop client here"
                if scheme in _NEEDS_HADOOP
                else "known are local paths, file:, dbfs:/, s3://, s3a://, abfss:// and gs://"
            )
            raise SerializationError(
                f"path {name!r} cannot be reached ({hint}): {error}; save to a local or mounted folder and copy it, "
                f"or give an object store's URI"
            ) from error
        return cls(name, system, inside.rstrip("/"))

    def names(self) -> list[str]:
        """What lies in the folder, sorted; nothing if it does not exist."""
        selector = fs.FileSelector(self.path, allow_not_found=True)
        return sorted(info.base_name for info in self._do("listed", self.system.get_file_info, selector))

    def is_file(self) -> bool:
        """Whether the path is a file, and so no folder."""
        info = self._do("looked up", self.system.get_file_info, self.path)
        return bool(info.type == fs.FileType.File)

    def read(self, name: str) -> bytes | None:
        """The content of a file, None if there is no such file."""
        try:
            with self.system.open_input_stream(self._of(name)) as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None
        except (ArrowException, OSError) as error:
            raise SerializationError(f"{name} in {self.name!r} cannot be read: {error}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in order and without seeking, as mounted object stores ask; folders are made as needed."""
        self._do("written", self._write, self._of(name), content)

    def replace(self, name: str, content: bytes) -> None:
        """Put a file in the place of another, such that a reader finds one of the two, whole."""
        if not isinstance(self.system, fs.LocalFileSystem):
            self.write(name, content)  # an object appears when its last byte is there
            return
        beside = f"{name}.{uuid.uuid4().hex[:8]}.tmp"
        self.write(beside, content)
        self._do("replaced", os.replace, self._of(beside), self._of(name))

    def remove(self, name: str) -> None:
        """Remove a folder in this one, with all that is in it."""
        self._do("removed", self.system.delete_dir, self._of(name))

    def remove_file(self, name: str) -> None:
        """Remove a file in this folder."""
        self._do("removed", self.system.delete_file, self._of(name))

    def _write(self, path: str, content: bytes) -> None:
        self.system.create_dir(path.rsplit("/", 1)[0], recursive=True)
        with self.system.open_output_stream(path, compression=None) as file:
            file.write(content)
        if isinstance(self.system, fs.LocalFileSystem):
            with open(path, "rb") as written:
                os.fsync(written.fileno())

    def _of(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _do(self, what: str, action, *arguments):  # type: ignore[no-untyped-def]
        try:
            return action(*arguments)
        except (ArrowException, OSError) as error:
            raise SerializationError(f"{self.name!r} cannot be {what}: {error}") from error


def _local(name: str, scheme: str) -> str:
    if scheme == "file":
        name = re.sub(r"^file:(//[^/]*)?", "", name, flags=re.IGNORECASE)
    elif scheme == "dbfs":
        name = "/dbfs/" + name[len("dbfs:") :].lstrip("/")
    return os.path.abspath(name)
