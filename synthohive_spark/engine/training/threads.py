"""How many threads numerical libraries use while a fit runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_running: list[Any] = []


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """BLAS and OpenMP with so many threads in here; of several fits at once, the last to end puts the limits back."""
    with _lock:
        _running.append(threadpool_limits(threads))
    try:
        yield
    finally:
        with _lock:
            first = _running[0]
            _running.pop()
            if not _running:
                first.restore_original_limits()
