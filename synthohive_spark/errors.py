"""Every error the package raises on purpose.

    SynthoHiveError
    ├── SchemaError (also ValueError)                a name, a column, a type or a setting does not fit the table
    ├── TrainingError (also RuntimeError)            a fit could not end in a model
    │   └── TrainingInterruptedError (also KeyboardInterrupt)   Ctrl-C, or a cancelled cell
    ├── SerializationError (also RuntimeError)       a model directory cannot be written, read or trusted
    ├── WriteError (also RuntimeError)               of several tables, not all could be written
    ├── ConstraintViolationError (also ValueError)   generated values break a rule or do not fit their type
    └── QualityError (also ValueError)               a synthetic table is worse than its gate allows

A message names the table or column, the argument or generated value seen, and the way out. It never holds a
value of a training row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

_LONGEST_CLAUSE, _LONGEST = 400, 4_000


def shortened(text: str, most: int = _LONGEST_CLAUSE) -> str:
    """``text`` without its middle where it is longer than ``most``: a name may be as long as a file is large."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _message(text: str) -> str:
    """A message whose clauses are not too long, nor it as a whole."""
    return shortened("; ".join(map(shortened, str(text).split("; "))), _LONGEST)


class SynthoHiveError(Exception):
    """Root of the tree: catch it to catch everything the package raises on purpose."""

    def in_context(self, before: str, after: str = "") -> Self:
        """A copy that says where it happened, with everything else that this one carries.

        Args:
            before: Put before the message, such as ``"table 'orders'"``, and before each of its problems.
            after: Put after the message.
        """
        copied = type(self)(f"{before}: {self}{after}")
        copied.__dict__.update(self.__dict__)
        if "problems" in copied.__dict__:
            copied.__dict__["problems"] = tuple(f"{before}: {problem}" for problem in self.__dict__["problems"])
        return copied


class SchemaError(SynthoHiveError, ValueError):
    """A name, a column, a type or a setting does not fit the table.

    Attributes:
        problems: Each problem as a sentence, where several were looked for at once; else the message alone.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(_message(message))
        self.problems = tuple(map(_message, problems or (message,)))


class TrainingError(SynthoHiveError, RuntimeError):
    """A fit could not end in a model."""


class TrainingInterruptedError(TrainingError, KeyboardInterrupt):
    """A fit was stopped from outside; whatever catches KeyboardInterrupt catches this, too."""


def was_interrupted(error: BaseException | None, outer: BaseException | None = None) -> bool:
    """Whether ``error`` is, or was raised while handling, a KeyboardInterrupt, as the bridge to the JVM does.

    Args:
        error: What was raised.
        outer: What was being handled already when the work began, and so does not count.
    """
    while error is not None and error is not outer:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


class SerializationError(SynthoHiveError, RuntimeError):
    """A model directory cannot be written, read or trusted, or a path not be reached."""

    def __init__(self, message: str) -> None:
        super().__init__(_message(message))


class WriteError(SynthoHiveError, RuntimeError):
    """Of several tables, not all could be written.

    Attributes:
        written: Names of the tables that are in place.
        missing: Names of those that are not.
    """

    def __init__(self, message: str, written: Sequence[str] = (), missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.written, self.missing = tuple(written), tuple(missing)


class ConstraintViolationError(SynthoHiveError, ValueError):
    """Generated values break a rule, or do not fit the type of their column.

    Attributes:
        violations: One entry for each column and bound; see `synthohive_spark.declarations.violations.Violation`.
    """

    def __init__(self, message: str, violations: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)


class QualityError(SynthoHiveError, ValueError):
    """A synthetic table is worse than its gate allows.

    Attributes:
        failures: One entry for each figure over its limit; see `synthohive_spark.validation.report.Failure`.
    """

    def __init__(self, message: str, failures: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(failures)
