"""The session that a command works in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def session(local: str | None) -> SparkSession:
    """An embedded session below the folder ``local``; else the one that Spark's own configuration describes."""
    from synthohive_spark.spark.session import active_session, embedded_session  # noqa: PLC0415  (needs pyspark)

    return active_session(None, app_name="synthohive") if local is None else embedded_session(local)


def on_terminal() -> bool:
    """Whether progress bars make sense; in a log, they are noise."""
    return sys.stderr.isatty()
