"""What every public method of the facade does with errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from synthohive_spark.errors import (
    ConstraintViolationError,
    SynthoHiveError,
    TrainingError,
    TrainingInterruptedError,
    was_interrupted,
)
from synthohive_spark.spark.catalog import first_line


@contextmanager
def error_boundary(action: str, kind: type[SynthoHiveError]) -> Iterator[None]:
    """Errors of ours pass as they are; any other becomes one of ``kind``, with its cause; Ctrl-C stays Ctrl-C."""
    outer = sys.exc_info()[1]
    try:
        yield
    except TrainingInterruptedError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if was_interrupted(error, outer):
            if kind is TrainingError:
                raise TrainingInterruptedError("the fit was interrupted before training began") from error
            raise KeyboardInterrupt(f"{action} was interrupted") from error
        if isinstance(error, SynthoHiveError):
            raise
        text = str(error)
        if ConstraintViolationError.__name__ in text:
            line = next(line for line in text.splitlines() if ConstraintViolationError.__name__ in line)
            raise ConstraintViolationError(line.split(": ", 1)[-1]) from error
        raise kind(f"{action} failed: {type(error).__name__}: {first_line(error)}") from error
