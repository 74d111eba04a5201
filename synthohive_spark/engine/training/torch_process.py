"""What training with torch takes, whichever engine: a device, the process's switches, errors that say what to do."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synthohive_spark.engine.training.checkpoint import Checkpoint
from synthohive_spark.errors import TrainingError, TrainingInterruptedError

_ALLOCATION = re.compile(r"alloc\w* memory|out of memory|bad_alloc", re.IGNORECASE)
Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]
_lock = threading.Lock()
_before: list[int] = []


@contextmanager
def torch_training(threads: int, checkpoint: Checkpoint | None, epoch: Callable[[], int], size: str) -> Iterator[None]:
    """Trains with torch set for it; puts the settings back, and turns what can go wrong into errors of this package.

    Args:
        threads: Threads of torch and of the libraries that numpy uses.
        checkpoint: Where the state is kept, if anywhere.
        epoch: The number of the epoch that training is in.
        size: What takes memory, and what to make smaller, for the message that it ran out.

    Raises:
        TrainingError: If memory runs out.
        TrainingInterruptedError: If training is interrupted.
    """
    started = time.monotonic()
    with _torch_set_for_training(threads):
        try:
            yield
        except KeyboardInterrupt as error:
            kept = "there is no model" if checkpoint is None else f"the next fit resumes from {checkpoint.path}"
            spent = time.monotonic() - started
            raise TrainingInterruptedError(
                f"training was interrupted in epoch {epoch()}, after {spent:.0f} s; {kept}"
            ) from error
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and _ALLOCATION.search(str(error)) is None:
                raise
            raise TrainingError(
                f"training ran out of memory: {size}, take fewer rows (maxTrainingRows), exclude columns, or use a "
                f"larger driver"
            ) from error


def device_of(wanted: str) -> torch.device:
    """The device that a setting names; one that is not there is a `TrainingError`."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise TrainingError("device='cuda' was asked for, but torch finds no CUDA device; use 'auto' or 'cpu'")
    return torch.device(wanted)


def product_type(device: torch.device) -> torch.dtype:
    """bf16 for matrix products where the processor has them; elsewhere they would be slower, not faster."""
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    fast = device.type == "cuda" or any(getattr(torch.cpu, name, bool)() for name in asked)
    return torch.bfloat16 if fast else torch.float32


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser as tensors by name."""
    state = optimiser.state_dict()["state"]
    return {f"{place}.{key}": value for place, own in state.items() for key, value in own.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimiser_arrays` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        place, key = name.split(".")
        state.setdefault(int(place), {})[key] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@contextmanager
def _torch_set_for_training(threads: int) -> Iterator[None]:
    """Threads as asked for, and denormal numbers as zeros: they make matrix products up to 100 times slower.

    torch keeps both for the calling thread, so that fits in several threads do not disturb each other; but threads that
    are new to torch begin with the number set last anywhere, so each fit puts back what was before the first.
    """
    with _lock:
        own, flushing = torch.get_num_threads(), _flushes_denormals()
        before = _before[0] if _before else own
        _before.append(before)
        torch.set_flush_denormal(True)
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        with _lock:
            torch.set_num_threads(before)
            torch.set_flush_denormal(flushing)
            _before.pop()


def _flushes_denormals() -> bool:
    return bool((torch.tensor([1e-38]) * 1e-3).item() == 0.0)
