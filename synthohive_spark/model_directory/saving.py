"""Writing a model directory, also beside others that write it: whole or absent, and never a pointer to nothing.

A writer fills a folder of its own, puts its pointer in the place of the one that is there, and marks its folder as
named. Each folder is named by that one write only, so of those that the pointer does not name afterwards, no pointer
ever will name

- one that is marked,
- the writer's own, which another has replaced meanwhile,
- one that nobody has written to for a day: its writer was killed.

These it removes, and leaves any other to its writer, which gives up where it takes too long. Of an object store,
nothing is asked but to put a file whole.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from synthohive_spark.errors import SerializationError
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.pointer import POINTER, VERSION_FOLDER, named_folder, pointer_to
from synthohive_spark.model_directory.storage import Folder

_RECORD, _NAMED = "metadata", "named"
_TEMPORARY = re.compile(rf"({re.escape(POINTER)}|{_RECORD}\.part-00000)\.[0-9a-f]{{8}}\.tmp")
_ABANDONED = 24 * 3600
_LONGEST_SAVE = 12 * 3600
_log = get_logger(__name__)


def write_model(
    path: str | os.PathLike[str],
    files: Mapping[str, bytes],
    metadata: Mapping[str, Any],
    *,
    overwrite: bool = False,
    record: str | None = None,
) -> None:
    """Write a model directory; until the last step, a model that was there can be read.

    What was written of a save that fails is removed. Of several that write at the same time, one wins, whole.

    Args:
        path: Where to.
        files: Component files by name.
        metadata: What else ``metadata.json`` holds.
        overwrite: Whether to replace a model that is there.
        record: The line by which ``PipelineModel.load`` finds the stage; None where the model is no stage.

    Raises:
        SerializationError: If something is there that may not be replaced, or cannot be written.
    """
    started = time.time()
    folder = Folder.at(path)
    _check_replaceable(folder, overwrite)
    version = f"v-{uuid.uuid4().hex[:12]}"
    pointer = pointer_to(version, files, metadata)
    recorded = pointing = False
    try:
        for name, content in files.items():
            folder.write(f"{version}/{name}", content)
        _check_replaceable(folder, overwrite)
        recorded = record is not None and _RECORD not in folder.names()
        if recorded:
            folder.write(f"{_RECORD}/_SUCCESS", b"")
            folder.replace(f"{_RECORD}/part-00000", f"{record}\n".encode())
        if time.time() - started > _LONGEST_SAVE:
            raise SerializationError(f"saving to {folder.name!r} took more than {_LONGEST_SAVE // 3600} hours")
        pointing = True
        folder.replace(POINTER, pointer, first=not overwrite)
    except BaseException:
        if not pointing or _is_not_named(folder, version):
            _remove_own(folder, version, recorded)
        raise
    _tidy(folder, version)


def check_replaceable(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Check that a model could be written to ``path``, before the work of making one.

    Raises:
        SerializationError: As `write_model` does.
    """
    _check_replaceable(Folder.at(path), overwrite)


def _check_replaceable(folder: Folder, overwrite: bool) -> None:
    """Check that what lies at the place may be replaced; what writers have not finished does not count."""
    if folder.is_file():
        raise SerializationError(f"{folder.name!r} is a file; a model needs a folder of its own")
    there = folder.names()
    finished = [name for name in there if not (VERSION_FOLDER.fullmatch(name) or _TEMPORARY.fullmatch(name))]
    if finished and not overwrite:
        raise SerializationError(f"{folder.name!r} is there already; give overwrite=True to replace the model in it")
    strange = [name for name in finished if name not in (_RECORD, POINTER)]
    if strange:
        raise SerializationError(
            f"{folder.name!r} holds {strange[0]!r}, which is no part of a model; choose another folder, or empty it"
        )


def _is_not_named(folder: Folder, version: str) -> bool:
    """Whether the pointer surely is not, and will not be, that of a save that failed while it was being put in place.

    An object store may have taken it though its answer was lost.
    """
    named = named_folder(folder)
    return folder.is_local and named != version and (named is not None or POINTER not in folder.names())


def _remove_own(folder: Folder, version: str, recorded: bool) -> None:
    """Remove what a save that failed has written."""
    try:
        folder.remove(version)
        if recorded and POINTER not in folder.names():
            folder.remove(_RECORD)
    except SerializationError as error:
        _log.warning("not_removed", folder=version, path=folder.name, reason=str(error))


def _tidy(folder: Folder, version: str) -> None:
    """Mark the version's folder, and remove what no pointer will name any more; see the head of this file."""
    try:
        folder.write(f"{version}/{_NAMED}", b"")
        past = [name for name in folder.names() if name == version or _is_past(folder, name)]
        named = named_folder(folder)  # only now: what is marked by now was named before
        for name in past if named is not None else ():
            if name != named:
                folder.remove(name)
    except SerializationError as error:
        _log.warning("not_removed", path=folder.name, reason=str(error))


def _is_past(folder: Folder, name: str) -> bool:
    """Whether something is a writer's that has named it, or was killed."""
    if VERSION_FOLDER.fullmatch(name):
        if folder.read(f"{name}/{_NAMED}", 0) is not None:
            return True
    elif not _TEMPORARY.fullmatch(name):
        return False
    written = folder.last_change(name)
    return written is not None and time.time() - written > _ABANDONED
