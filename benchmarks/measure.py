"""What the two runs share: their arguments, their threads, and the meter of seconds and memory."""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import ModuleType
from typing import Any

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
ENGINES = ("ctgan", "autoregressive")
WARM_UP_ROWS = 1000


def arguments(description: str, argv: list[str] | None = None) -> argparse.Namespace:
    """What a run is told; settings that are left out are the package's defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", help="parquet file of the rows to learn")
    parser.add_argument("--out", required=True, help="parquet file for the synthetic rows")
    parser.add_argument("--engine", choices=ENGINES, default="ctgan", help="an engine of this package")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int)
    length.add_argument("--seconds", type=float, help="train for so long, however many epochs that makes")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--pac", type=int)
    parser.add_argument("--width", type=int, help="width of the two hidden layers of both networks")
    parser.add_argument("--without", help="an idea of this package to take back (benchmarks/variants.py)")
    return parser.parse_args(argv)


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings given, in the names that both packages use."""
    given = {"epochs": options.epochs, "batch_size": options.batch_size, "pac": options.pac}
    if options.width is not None:
        given |= {"generator_dim": (options.width,) * 2, "discriminator_dim": (options.width,) * 2}
    return {name: value for name, value in given.items() if value is not None}


def keep_within(threads: int) -> None:
    """Keep this process and its children to so many threads and processors, and off GPUs; call it before any import.

    Should memory run out, this process is the one to be killed, and nobody else's.
    """
    os.environ.update(dict.fromkeys(_THREADS, str(threads)), CUDA_VISIBLE_DEVICES="")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    pathlib.Path("/proc/self/oom_score_adj").write_text("1000")


class EpochClock:
    """Stands in for the progress bar of the training loop, and notes when it starts and when each epoch ends.

    Args:
        seconds: A loop over the bar ends with the epoch in which these are used up.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.marks: list[float] = []
        self._seconds = seconds
        self._items: Iterable[Any] = ()

    def __call__(self, items: Iterable[Any] = (), **_: Any) -> EpochClock:
        self.marks, self._items = [time.monotonic()], items
        return self

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            yield item
            self.update()
            if self._seconds is not None and self.marks[-1] - self.marks[0] >= self._seconds:
                return

    def update(self, *_: Any) -> None:
        self.marks.append(time.monotonic())

    def __enter__(self) -> EpochClock:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None  # whatever else a bar can show


class Meter:
    """The figures of one run. Make it right after the imports, so that these do not count as memory.

    Args:
        loop: The module with the training loop, which shows its epochs by tqdm.
        seconds: A time limit, where the package has none of its own.
    """

    def __init__(self, loop: ModuleType, seconds: float | None = None) -> None:
        if not hasattr(loop, "tqdm"):
            raise SystemExit(f"{loop.__name__} has no progress bar (tqdm), by which epochs are timed here")
        self.clock = loop.tqdm = EpochClock(seconds)
        self.figures: dict[str, Any] = {}
        self._memory = Memory()

    @contextmanager
    def fitting(self) -> Iterator[None]:
        """Time a fit: preparation is what comes before the training loop."""
        started = time.monotonic()
        yield
        ended, marks = time.monotonic(), self.clock.marks
        epochs = [end - start for start, end in pairwise(marks)]
        self.figures |= {
            "preparation_s": marks[0] - started,
            "epoch_s": statistics.median(epochs) if epochs else None,
            "training_s": ended - marks[0],
            "epochs": len(epochs),
            "fit_s": ended - started,
            "fit_peak_mb": self._memory.peak,
        }

    @contextmanager
    def drawing(self, rows: int) -> Iterator[None]:
        """Time the drawing of rows, after the warm-up."""
        started = time.monotonic()
        yield
        self.figures |= {
            "rows_per_s": rows / (time.monotonic() - started),
            "peak_mb": self._memory.peak,
        }


class Memory:
    """Memory of this process above what its imports take. Make it right after them."""

    def __init__(self) -> None:
        _load_optimiser()
        self._imported = _memory("VmRSS")

    @property
    def peak(self) -> float:
        """Resident memory at its highest so far, in MB above the imports."""
        return _memory("VmHWM") - self._imported


def _load_optimiser() -> None:
    """The first optimiser of a process makes torch import much more of itself: that is neither package's doing."""
    import torch

    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()
    torch.optim.Adam([weight]).step()


def _memory(field: str) -> float:
    """Resident memory of this process in MB: VmRSS now, VmHWM at its highest."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))
