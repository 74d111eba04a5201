"""Folders of files on any file system, by the path names that Spark and Databricks use."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from pyarrow import ArrowException, fs

from synthohive_spark.errors import SerializationError

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):")
_LOCAL = ("", "file", "dbfs")
_RENAMED = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "gcs": "gs"}
_NEEDS_HADOOP = ("hdfs", "viewfs")
_DBFS = "/dbfs"
_TRIES = 3
_BUCKET_HINT = re.compile(r"\.? To create buckets, enable the allow_bucket_creation option\.?")
_UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


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
        """The folder of a path: local, ``file:``, ``dbfs:/x``, or an object store's URI.

        ``dbfs:/x`` is ``/dbfs/x``, and ``dbfs:/Volumes/x`` is ``/Volumes/x``.

        Raises:
            SerializationError: If no file system here can reach it.
        """
        name, scheme = _named(path)
        if scheme in _LOCAL:
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
                f"path {name!r} cannot be reached ({hint}): {_cause(error)}; save to a local or mounted folder and "
                f"copy it, or give an object store's URI"
            ) from error
        return cls(name, system, inside.rstrip("/"))

    @property
    def is_local(self) -> bool:
        """Whether it lies on a local or mounted file system, not in an object store."""
        return isinstance(self.system, fs.LocalFileSystem)

    def names(self) -> list[str]:
        """What lies in the folder, sorted; nothing if it does not exist."""
        return [name for name, _ in self.entries()]

    def entries(self, inside: str = "") -> list[tuple[str, bool]]:
        """What lies in a folder in this one, or in itself, sorted, and whether it is a folder, links followed."""
        selector = fs.FileSelector(self._of(inside), allow_not_found=True)
        infos = self._do("listed", _listed, self.system, selector)
        return sorted((info.base_name, info.type == fs.FileType.Directory) for info in infos)

    def is_file(self) -> bool:
        """Whether the path is a file, and so no folder."""
        info = self._do("looked up", self.system.get_file_info, self.path)
        return bool(info.type == fs.FileType.File)

    def read(self, name: str, most: int) -> bytes | None:
        """The content of a regular file in the folder, not behind a link, or the first ``most + 1`` bytes of it.

        None if there is no such file.
        """
        try:
            if not self.is_local:
                with self.system.open_input_file(self._of(name)) as file:
                    return bytes(file.read(min(most, file.size()) + 1))
            with self._open_regular(name) as local:
                return local.read(min(most, os.fstat(local.fileno()).st_size) + 1)
        except FileNotFoundError:
            return None
        except (ArrowException, OSError) as error:
            raise SerializationError(f"{name} in {self.name!r} cannot be read: {_cause(error)}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in order and without seeking, as mounted object stores ask; folders are made as needed."""
        self._do("written", self._write, self._of(name), content)

    def replace(self, name: str, content: bytes, *, first: bool = False) -> None:
        """Put a file in the place of another, such that a reader finds one of the two, whole.

        Args:
            name: The file.
            content: What it is to hold.
            first: Whether nothing may be there; where the file system can tell, what is there stays, and that is a
                `SerializationError`.
        """
        if not self.is_local:
            self.write(name, content)  # an object appears when its last byte is there
            return
        beside = f"{name.replace('/', '.')}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            self.write(beside, content)
            self._do("replaced", _put_first if first else os.replace, self._of(beside), self._of(name))
        except BaseException:
            self.remove(beside)
            raise

    def remove(self, name: str) -> None:
        """Remove a file, a link, or a folder with all that is in it; what is gone already is no error."""
        path = self._of(name)
        if self.is_local:
            self._do("removed", _remove, path)
            return
        info = self._do("looked up", self.system.get_file_info, path)
        delete = {fs.FileType.Directory: self.system.delete_dir, fs.FileType.File: self.system.delete_file}
        if info.type in delete:
            self._do("removed", _unless_gone, delete[info.type], path)

    def last_change(self, name: str) -> float | None:
        """When a folder or file in this one, or anything in it, was written last (Unix time); None if it is gone."""
        path = self._of(name)
        if self.is_local:
            inside = (os.path.join(at, file) for at, _, files in os.walk(path) for file in files)
            return max((t for t in map(_changed, (path, *inside)) if t is not None), default=None)
        selector = fs.FileSelector(path, allow_not_found=True, recursive=True)
        infos = self._do("listed", self.system.get_file_info, selector)
        return max((i.mtime.timestamp() for i in infos if i.mtime is not None), default=None)

    def _open_regular(self, name: str) -> BinaryIO:
        """A file opened such that neither a link nor a pipe nor a device is followed or waited for."""
        *folders, _ = name.split("/")
        for depth in range(len(folders)):
            between = "/".join(folders[: depth + 1])
            if not stat.S_ISDIR(os.lstat(self._of(between)).st_mode):
                raise OSError(f"{between} is no folder but a link or a file")
        if not stat.S_ISREG(os.lstat(self._of(name)).st_mode):
            raise OSError("it is no regular file")
        descriptor = os.open(self._of(name), os.O_RDONLY | _UNFOLLOWED)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError("it is no regular file")
        return os.fdopen(descriptor, "rb")

    def _write(self, path: str, content: bytes) -> None:
        self.system.create_dir(path.rsplit("/", 1)[0], recursive=True)
        with self.system.open_output_stream(path, compression=None) as file:
            file.write(content)
        if self.is_local and content:
            with open(path, "rb") as written:
                _synced(written.fileno())

    def _of(self, name: str) -> str:
        return f"{self.path}/{name}" if name else self.path

    def _do(self, what: str, action, *arguments):  # type: ignore[no-untyped-def]
        try:
            return action(*arguments)
        except (ArrowException, OSError) as error:
            raise SerializationError(f"{self.name!r} cannot be {what}: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    """Why a file system did not do what it was asked to, in one line."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        return os.strerror(error.errno)  # what Arrow puts round it says no more
    return _BUCKET_HINT.sub("", str(error).split("\n", 1)[0])


def _named(path: str | os.PathLike[str]) -> tuple[str, str]:
    """A path's name and its scheme; one letter is none, but a drive."""
    name = os.fspath(path)
    if not isinstance(name, str) or not name or "\0" in name:
        raise SerializationError(f"a path must be a string that is not empty and holds no null, got {path!r}")
    match = _SCHEME.match(name)
    return name, match.group(1).lower() if match else ""


def _local(name: str, scheme: str) -> str:
    if scheme == "file":
        name = re.sub(r"^file:(//[^/]*)?", "", name, flags=re.IGNORECASE)
    elif scheme == "dbfs" and (volume := re.match("(?i:dbfs):/*(Volumes/.*)", name, re.DOTALL)):
        name = f"/{volume[1]}"
    elif scheme == "dbfs":
        if not os.path.isdir(_DBFS):
            raise SerializationError(
                f"path {name!r} is {_DBFS} as a mounted folder, which this machine does not have; where DBFS is not "
                f"mounted, give a path in a Volume (/Volumes/...) or an object store's URI"
            )
        name = f"{_DBFS}/" + name[len("dbfs:") :].lstrip("/")
    return os.path.abspath(name)


def read_file(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a file that a user names, by the path names of `Folder.at`.

    Raises:
        SerializationError: If it cannot be reached or read, or has more than ``most`` bytes.
    """
    place = Folder.at(path)
    try:
        with place.system.open_input_stream(place.path, compression=None) as file:
            content = bytes(file.read(most + 1))
    except (ArrowException, OSError) as error:
        raise SerializationError(f"{place.name!r} cannot be read: {_cause(error)}") from error
    if len(content) > most:
        raise SerializationError(f"{place.name!r} has more than {most:,} bytes")
    return content


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, by the path names of `Folder.at`; folders are made as needed.

    Raises:
        SerializationError: If it cannot be reached or written; a file that was there stays, then.
    """
    place = Folder.at(path)
    if place.is_local and (os.path.isfile(place.path) or not os.path.exists(place.path)):
        folder, name = os.path.split(os.path.realpath(place.path))
        replace(place, path=folder).replace(name, content)
    else:
        place.write("", content)  # to a pipe, too


def local_folder(path: str | os.PathLike[str], what: str) -> str:
    """Where a local or mounted folder is, by the path names of `Folder.at`.

    Raises:
        SerializationError: If it is none; the message says ``what`` it is for.
    """
    name, scheme = _named(path)
    if scheme not in _LOCAL:
        raise SerializationError(f"{what} needs a local or mounted folder, got {name!r}")
    return _local(name, scheme)


def _synced(file: int) -> None:
    """Have a file written through, where that means something: not on all mounts, nor for devices."""
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def _listed(system: fs.FileSystem, selector: fs.FileSelector) -> list[fs.FileInfo]:
    """What a folder holds that others may be making: Arrow fails where it appears after its opening was tried."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            return list(system.get_file_info(selector))
    return list(system.get_file_info(selector))


def _put_first(beside: str, path: str) -> None:
    """Move a file to where none is."""
    try:
        os.link(beside, path)
    except OSError as error:
        if os.path.lexists(path):
            raise FileExistsError(f"{path} is there already") from error
        os.replace(beside, path)  # on a mount without hard links
    else:
        os.unlink(beside)


def _remove(path: str) -> None:
    """Remove what is there; another process may be removing it, too."""
    while os.path.lexists(path):
        with suppress(FileNotFoundError):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)


def _unless_gone(delete: Callable[[str], None], path: str) -> None:
    with suppress(FileNotFoundError):
        delete(path)


def _changed(path: str) -> float | None:
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return None
