"""Loggers that are quiet until a user turns them on.

Where structlog is configured, events go where it says. Elsewhere they go to the standard library's logger of the same
name, below "synthohive_spark": warnings then show, what is only worth knowing does not.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import structlog

from synthohive_spark.errors import shortened

_LONGEST = 1_000
_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))


class Logger:
    """Logs events with their values, long ones without their middle: what a file of others says may have any length.

    Args:
        name: Name of the module that logs.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def debug(self, event: str, **values: Any) -> None:
        """Log what only a developer wants to know."""
        self._log("debug", event, values)

    def info(self, event: str, **values: Any) -> None:
        """Log what a job's log should hold."""
        self._log("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        """Log what a user should look at."""
        self._log("warning", event, values)

    def _log(self, level: str, event: str, values: dict[str, Any]) -> None:
        values = {name: _cut(value) for name, value in {**_about.get(), **values}.items()}
        if structlog.is_configured():
            getattr(structlog.get_logger(self._name), level)(event, **values)
            return
        text = " ".join([event, *(f"{name}={value!r}" for name, value in values.items())])
        logging.getLogger(self._name).log(getattr(logging, level.upper()), "%s", text)


def _cut(value: Any) -> Any:
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= _LONGEST else shortened(text, _LONGEST)


@contextmanager
def logged_about(**values: Any) -> Iterator[None]:
    """Whatever this thread logs in here has these values first, so that who logs need not know what it works on."""
    token = _about.set({**_about.get(), **values})
    try:
        yield
    finally:
        _about.reset(token)


def get_logger(name: str) -> Logger:
    """The logger of a module."""
    return Logger(name)


def show_logs(level: int = logging.INFO) -> None:
    """Show what a job's log should hold on the standard error, for a program of the package's own.

    Where the user has configured structlog or the standard library's logging, nothing changes.

    Args:
        level: What is shown at least; ``logging.DEBUG`` also shows the traces of errors. Default ``logging.INFO``.
    """
    package = logging.getLogger(__name__.partition(".")[0])
    if not any(isinstance(handler, _BesideBars) for handler in package.handlers):
        if structlog.is_configured() or package.hasHandlers():
            return
        handler = _BesideBars()
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        package.addHandler(handler)
    package.setLevel(level)


class _BesideBars(logging.Handler):
    """Writes lines to the standard error above progress bars, not into them."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm.auto import tqdm  # noqa: PLC0415  (only a program of the package's own needs it)

        tqdm.write(self.format(record), file=sys.stderr)
