"""The command line: ``synthohive COMMAND``, also by spark-submit of this file.

Exit codes: 0 done, 1 failed, 2 bad arguments.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from synthohive_spark.commands import database, doctor, table
from synthohive_spark.commands.ending import OneLineGroup
from synthohive_spark.commands.options import examples
from synthohive_spark.logs import show_logs
from synthohive_spark.version import __version__

app = typer.Typer(
    cls=OneLineGroup,
    add_completion=False,
    rich_markup_mode=None,  # plain lines in the logs of jobs
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"synthohive {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog=examples(
        "doctor --database shop",
        "propose --database shop --output shop.yaml",
        "synthesize --source shop --target shop_synthetic --metadata shop.yaml --rows customers=10000",
        "report --real shop --synthetic shop_synthetic --output report.html",
    ),
)
def _synthohive(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version, and exit.")
    ] = False,
) -> None:
    """Learn Spark tables, and write synthetic copies of them."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command(
    epilog=examples("doctor", "doctor --database shop --local ./spark", "doctor --format orc"),
)(doctor.doctor)
app.command(
    epilog=examples("propose --database shop", "propose --database shop --output shop.yaml --local ./spark"),
)(database.propose)
app.command(
    epilog=examples(
        "synthesize --source shop --target shop_synthetic --local ./spark",
        "synthesize --source shop --target shop_synthetic --metadata shop.yaml --rows customers=10000 --seed 42",
        "synthesize --job shop_job.yaml --overwrite --param max_seconds=600",
    ),
)(database.synthesize)
app.command(
    epilog=examples(
        "report --real shop --synthetic shop_synthetic --output report.html --metadata shop.yaml",
        "report --real shop --synthetic shop_synthetic --require max_tvd=0.2 --require max_copies=null",
    ),
)(database.report)
app.command(
    epilog=examples(
        "fit --table shop.customers --model models/customers --param max_seconds=600 --param idCol=customer",
        "fit --job customers_job.yaml --overwrite",
    ),
)(table.fit)
app.command(
    epilog=examples(
        "sample --model models/customers --rows 100000 --output-table shop_synthetic.customers",
        "sample --model models/customers --rows 500 --output-table north --given region=north --format orc",
    ),
)(table.sample)


def main() -> None:
    """Entry point of the ``synthohive`` command."""
    show_logs()
    app()


if __name__ == "__main__":
    # Spark-submit puts this file's folder on the path, where whoever imports mlflow would find our own module.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(os.path.abspath(__file__))]
    main()
