"""How a command ends: 0 done, 1 failed, 2 bad arguments; whatever went wrong is a line each."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperGroup

from synthohive_spark.commands.wording import for_command_line
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.logs import get_logger

FAILED, BAD_ARGUMENTS = 1, 2
_BY_EXTRA = ("pyspark", "delta", "py4j")
_UsageError: type[Any] = typer.BadParameter.__mro__[1]  # click's, or that of the copy of click in newer typers
_log = get_logger(__name__)
Read = TypeVar("Read")


class OneLineGroup(TyperGroup):
    """Commands whose usage errors are one line."""

    def main(self, *arguments: Any, **more: Any) -> Any:
        """Run a command, and end the process as it says."""
        try:
            code = super().main(*arguments, **{**more, "standalone_mode": False})
        except _UsageError as error:
            _say(error.format_message())
            code = BAD_ARGUMENTS
        except typer.Abort:
            _say("interrupted")
            code = FAILED
        sys.exit(code)


def checked(read: Callable[[], Read]) -> Read:
    """What ``read`` makes of the arguments; a `SchemaError` is a line for each problem, and ends with 2."""
    try:
        return read()
    except SchemaError as error:
        for problem in error.problems:
            _say(for_command_line(problem))
        _trace(error)
        raise typer.Exit(BAD_ARGUMENTS) from error
    except Exception as error:
        raise _failure(error) from error


def run(work: Callable[[], None]) -> None:
    """Do the work; any error is a line, and ends with 1."""
    try:
        work()
    except typer.Exit:
        raise
    except Exception as error:
        raise _failure(error) from error


def cause(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, SynthoHiveError):
        return for_command_line(_one_line(str(error)))
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _BY_EXTRA:
        return f"there is no module {error.name!r} here; install this package with its extra 'spark'"
    try:
        from synthohive_spark.spark.catalog import first_line  # noqa: PLC0415  (needs pyspark)
    except ImportError:
        return _one_line(str(error)) or repr(error)
    return _one_line(first_line(error))


def _failure(error: Exception) -> typer.Exit:
    _say(f"{type(error).__name__}: {cause(error)}")
    _trace(error)
    return typer.Exit(FAILED)


def _say(text: str) -> None:
    typer.echo(f"synthohive: {_one_line(text)}", err=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _trace(error: BaseException) -> None:
    _log.debug("".join(traceback.format_exception(error)).rstrip())
