"""How long each step took, kept in a file, since the demo runs in two processes."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Times:
    """Seconds of named steps, in a JSON file.

    Args:
        path: The file; made by the first step that ends.
        process: What this process is called before the names of its steps.
    """

    def __init__(self, path: pathlib.Path, process: str) -> None:
        self._path, self._process = path, process

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say that a step begins, and keep how long it took."""
        print(f"... {name}", flush=True)
        started = time.monotonic()
        yield
        self._path.write_text(json.dumps(self.read() | {f"{self._process}: {name}": time.monotonic() - started}))

    def read(self) -> dict[str, float]:
        """The seconds of each step so far, those of earlier processes included."""
        found: dict[str, float] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return found
