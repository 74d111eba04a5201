"""A training's state on disk, to resume from after an interruption."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from synthohive_spark.declarations.documents import read_json
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.storage import local_folder

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]


def training_digest(table: EncodedTable, context: EncodedTable, parameters: Mapping[str, Any], seed: int) -> str:
    """A digest of all that decides a training: two with the same one are the same training."""
    digest = hashlib.sha256(json.dumps([dict(parameters), seed], sort_keys=True).encode())
    for array in (table.codes, table.ranks, context.codes, context.ranks):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def check_checkpoint_dir(folder: str | None) -> None:
    """Check that trainings can keep their state in ``folder``, before any begins.

    Raises:
        SerializationError: If it is neither local nor mounted.
    """
    if folder is not None:
        local_folder(folder, "the checkpoint_dir")


class Checkpoint:
    """One file of arrays and plain values, replaced as a whole.

    Args:
        folder: A local or mounted folder that this process can write to; another is a `SerializationError`.
        training_digest: What the training is of (data, settings, seed); it names the file, so that trainings can
            share a folder.
        seconds: Least time between two writes.
    """

    def __init__(self, folder: str, training_digest: str, seconds: float = 30.0) -> None:
        self.path = os.path.join(
            local_folder(folder, "the checkpoint_dir"), f"training-{training_digest[:16]}.safetensors"
        )
        self._seconds, self._last = seconds, time.monotonic()

    @classmethod
    def of(
        cls, folder: str | None, table: EncodedTable, context: EncodedTable, parameters: Mapping[str, Any], seed: int
    ) -> Checkpoint | None:
        """The checkpoint of a training in ``folder``; None without one."""
        return None if folder is None else cls(folder, training_digest(table, context, parameters, seed))

    @property
    def is_due(self) -> bool:
        """Whether the last write is long enough ago."""
        return time.monotonic() - self._last >= self._seconds

    def save(self, arrays: Arrays, plain: dict[str, Any]) -> None:
        """Replace the file."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(contiguous, f"{self.path}.new", {"plain": json.dumps(plain)})
        os.replace(f"{self.path}.new", self.path)
        self._last = time.monotonic()

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """What was saved last, if anything."""
        if not os.path.exists(self.path):
            return None
        try:
            with safe_open(self.path, framework="np") as file:
                plain, names = read_json((file.metadata() or {})["plain"]), file.keys()
                return {name: file.get_tensor(name) for name in names}, plain
        except (SafetensorError, KeyError, ValueError) as error:
            raise SerializationError(f"{self.path} is not a training's checkpoint: {error}; remove it") from error

    def remove(self) -> None:
        """Remove the file, when the training is over."""
        if os.path.exists(self.path):
            os.remove(self.path)
