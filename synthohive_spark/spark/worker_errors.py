"""Errors that come from the Python that Spark's workers run: one line that names PYSPARK_PYTHON."""

from __future__ import annotations

import re
import sys

_WAY_OUT = (
    "set PYSPARK_PYTHON, before the session starts, to a Python of the driver's version that has numpy, pandas and "
    f"pyarrow wherever workers run (the driver's own is {sys.executable})"
)
# What a message holds, and how to say it.
_PROBLEMS = (
    (
        re.compile(r"Python in worker has different version: (\S+) than that in driver: (\d+\.\d+)"),
        "the workers run Python {}, the driver {}",
    ),
    (re.compile(r'Cannot run program "([^"]*python[^"]*)"'), "the workers' Python {!r} cannot be run"),
    (
        re.compile(r"Error from python worker:\s*\n(?:[ \t]+.*\n)*[ \t]+(\S.*)\nPYTHONPATH was:"),
        "the workers' Python does not start ({})",
    ),
    (
        re.compile(r"(?s)(?:Python worker|worker\.py|PythonException).*ModuleNotFoundError: No module named '([^']+)'"),
        "the workers' Python has no module {!r}",
    ),
)


def interpreter_problem(message: str) -> str | None:
    """What is wrong with the workers' Python, and the way out, where a Spark error comes from it.

    Args:
        message: The error's whole message, with the traces that Spark puts in it.

    Returns:
        One line; None for any other error.
    """
    for pattern, words in _PROBLEMS:
        found = pattern.search(message)
        if found is not None:
            return f"{words.format(*found.groups())}; {_WAY_OUT}"
    return None
