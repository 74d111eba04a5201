"""Whether the driver has the memory that a fit takes."""

from __future__ import annotations

import re

from pyspark.sql import SparkSession

from synthohive_spark.doctor.finding import OK, WARNING, Finding
from synthohive_spark.doctor.session import setting
from synthohive_spark.spark.training_data import free_memory

MOST_ROWS, COLUMNS = 1_000_000, 15
"""Training rows that a fit brings to the driver by default, of a table of ordinary width."""
# Measured: 1,000,000 rows of 15 columns take 1.2 to 1.5 GB of the JVM and 0.13 GB of Python beside torch's own.
_JVM_BASE, _JVM_CELL = 0.4e9, 75
_PYTHON_BASE, _PYTHON_CELL = 1.0e9, 20
_UNITS = {"": 1 << 20, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def check_memory(spark: SparkSession, rows: int = MOST_ROWS, columns: int = COLUMNS, name: str = "") -> list[Finding]:
    """The JVM's heap, and what is free for Python, against what a fit of so many rows takes.

    Args:
        spark: The session.
        rows: Training rows.
        columns: Their columns.
        name: The table, for the message; a table of the default size when empty.
    """
    of = f"a fit of {name + ', ' if name else ''}{rows:,} rows of {columns} columns"
    cells = rows * columns
    heap = parsed_size(setting(spark, "spark.driver.memory") or "1g")
    more = f"start the session with spark.driver.memory={int((_JVM_BASE + _JVM_CELL * cells) // (1 << 30)) + 1}g"
    return [
        _compared("memory of the JVM", heap, _JVM_BASE + _JVM_CELL * cells, of, more),
        _compared("free memory", free_memory(), _PYTHON_BASE + _PYTHON_CELL * cells, of, "use a larger driver"),
    ]


def _compared(what: str, there: float, needed: float, of: str, more: str) -> Finding:
    text = f"{there / 1e9:.1f} GB; {of} takes about {needed / 1e9:.1f} GB"
    if there >= needed:
        return Finding(OK, what, text)
    return Finding(WARNING, what, f"{text}: {more}, or learn fewer rows (max_training_rows)")


def parsed_size(text: str) -> float:
    """Bytes of a size as Spark writes it, mebibytes where it names no unit.

    >>> parsed_size("3g") == 3 * 2**30, parsed_size("512") == 2**29
    (True, True)
    """
    match = re.fullmatch(r"(\d+)([bkmgt]?)b?", text.strip().lower())
    return float(match[1]) * _UNITS[match[2]] if match else 0.0
