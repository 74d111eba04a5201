"""Ending fits that run in threads of their own, which no signal reaches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_cancelled: ContextVar[threading.Event | None] = ContextVar("cancelled", default=None)


@contextmanager
def cancelled_by(event: threading.Event) -> Iterator[None]:
    """Work of this thread in here ends with a KeyboardInterrupt at the next `check_cancelled` once ``event`` is set."""
    token = _cancelled.set(event)
    try:
        yield
    finally:
        _cancelled.reset(token)


def check_cancelled() -> None:
    """Raise KeyboardInterrupt if the event of `cancelled_by` is set."""
    event = _cancelled.get()
    if event is not None and event.is_set():
        raise KeyboardInterrupt
