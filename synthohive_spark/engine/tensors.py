"""Arrays as files of safetensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load
from safetensors.numpy import save as tensor_bytes

from synthohive_spark.errors import SerializationError

__all__ = ["read_tensors", "tensor_bytes"]


def read_tensors(files: Mapping[str, bytes], name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays in the file of that name.

    Raises:
        SerializationError: If there is no such file, or it holds no arrays.
    """
    if name not in files:
        raise SerializationError(f"the model directory lacks {name}")
    try:
        return dict(load(bytes(files[name])))
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise SerializationError(f"{name} is not a file of tensors: {error}") from error
