"""Options that several commands share, and what their texts say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from synthohive_spark.declarations.documents import read_yaml
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import show_logs

REQUIRED = "[required, here or in the job file]"


def _show_traces(debug: bool) -> None:
    if debug:
        show_logs(logging.DEBUG)


Job = Annotated[
    str | None, typer.Option("--job", metavar="FILE", help="YAML file to read arguments from; those given here win.")
]
Local = Annotated[
    str | None,
    typer.Option(
        "--local",
        metavar="FOLDER",
        help="Run an embedded session with Delta and Hive below this folder; else join Spark's own.",
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", callback=_show_traces, help="Show the trace of an error, and logs for developers.")
]
"""It does what it does when it is read: commands take it, and do not look at it."""
Engine = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAME", help="The engine that learns: ctgan (default) or autoregressive."),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", metavar="NAME=VALUE", help="A setting of the fit as NAME=VALUE, such as epochs=50; may be repeated."
    ),
]
Format = Annotated[str | None, typer.Option("--format", metavar="NAME", help="delta (default), orc or parquet.")]
MetadataFile = Annotated[
    str | None,
    typer.Option(
        "--metadata",
        metavar="FILE",
        help="YAML or JSON file of declarations; proposed from the real tables when not given.",
    ),
]
HashKeyEnv = Annotated[
    str | None,
    typer.Option(
        "--hash-key-env",
        metavar="VARIABLE",
        help="The environment variable that holds the key of hashed columns, never the key itself.",
    ),
]
Privacy = Annotated[
    list[str] | None,
    typer.Option(
        "--privacy",
        metavar="NAME=VALUE",
        help="What a model may keep of the rows, as rare_category_rows=20 or extreme_rows=20; may be repeated.",
    ),
]
Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="NAME=VALUE",
        help="A limit of the gate as NAME=VALUE, such as max_tvd=0.2 or max_copies=null; may be repeated.",
    ),
]


def examples(*lines: str) -> str:
    """The end of a help text: examples, each on a line of its own."""
    return "\b\nExamples:\n" + "\n".join(f"  synthohive {line}" for line in lines)


def pairs(texts: Sequence[str] | None, option: str, form: str = "NAME=VALUE") -> dict[str, Any] | None:
    """Values by name of an option that is given as ``NAME=VALUE``; None where it is not given."""
    return dict(_pair(text, option, form) for text in texts) if texts else None


def rows(texts: Sequence[str] | None) -> dict[str, Any] | int | None:
    """A number of rows, or such numbers by table; None where none is given."""
    if texts and len(texts) == 1 and "=" not in texts[0]:
        try:
            return int(texts[0])
        except ValueError as error:
            raise SchemaError(f"--rows must be COUNT or TABLE=COUNT, got {texts[0]!r}") from error
    return pairs(texts, "--rows", "TABLE=COUNT")


def _pair(text: str, option: str, form: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise SchemaError(f"{option} must be {form}, got {text!r}")
    try:
        return name, read_yaml(value)
    except ValueError as error:
        raise SchemaError(f"{option} {name} has a value that cannot be read: {value!r}") from error
