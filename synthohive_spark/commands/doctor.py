"""Whether all is there that the other commands need: ``doctor``."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from synthohive_spark.commands.ending import FAILED, checked
from synthohive_spark.commands.options import Debug, Local
from synthohive_spark.commands.session import session
from synthohive_spark.declarations.hints import check_all, nearest
from synthohive_spark.declarations.job import FORMATS
from synthohive_spark.declarations.names import database_name
from synthohive_spark.doctor.checkup import checkup
from synthohive_spark.doctor.finding import MEND
from synthohive_spark.errors import SchemaError


def doctor(
    database: Annotated[
        str | None, typer.Option("--database", metavar="DATABASE", help="A database that will be learned.")
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar="NAME", help="The format of tables that will be written: delta, orc or parquet."
        ),
    ] = "delta",
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Check Python, Java, Spark, workers, metastore, tables and memory, and say what to mend."""
    names = [] if database is None else [partial(database_name, database)]
    checked(lambda: check_all(lambda: _check_format(format), *names))
    sick = False
    for finding in checkup(partial(session, local), database, format):
        typer.echo(str(finding))
        sick |= finding.level == MEND
    if sick:
        raise typer.Exit(FAILED)


def _check_format(name: str) -> None:
    if name not in FORMATS:
        raise SchemaError(f"--format {name!r} is not known{nearest(name, FORMATS)}")
