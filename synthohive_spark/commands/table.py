"""One table: ``fit`` and ``sample``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthohive_spark.commands.ending import checked, run
from synthohive_spark.commands.options import REQUIRED, Debug, Engine, Format, Job, Local, Param, pairs
from synthohive_spark.commands.session import on_terminal, session
from synthohive_spark.declarations.hints import check_all
from synthohive_spark.declarations.job import FitJob, SampleJob, read_job
from synthohive_spark.declarations.names import TableName
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.directory import require_model
from synthohive_spark.model_directory.saving import check_replaceable
from synthohive_spark.model_directory.storage import Folder

if TYPE_CHECKING:
    from synthohive_spark.stages.estimator import SynthesizerTransformer

_log = get_logger(__name__)


def fit(
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help=f"Table to learn. {REQUIRED}")] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="FOLDER", help=f"Model directory to write. {REQUIRED}")
    ] = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite/--no-overwrite", help="Replace a model that is there.")
    ] = None,
    engine: Engine = None,
    param: Param = None,
    job: Job = None,
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Learn a table and save the model."""
    given = {"table": table, "model": model, "overwrite": overwrite}
    params = [*(param or []), *([] if engine is None else [f"engine={engine}"])]
    settings = checked(lambda: _fit_job(job, given, params))
    run(lambda: _fit(settings, local))


def sample(
    model: Annotated[
        str | None, typer.Option("--model", metavar="FOLDER", help=f"Model directory to read. {REQUIRED}")
    ] = None,
    rows: Annotated[int | None, typer.Option("--rows", metavar="NUMBER", help=f"How many rows. {REQUIRED}")] = None,
    output_table: Annotated[
        str | None, typer.Option("--output-table", metavar="TABLE", help=f"Table to write. {REQUIRED}")
    ] = None,
    format: Format = None,
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="NAME", help="errorifexists (default), append or overwrite.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="NUMBER", help="Fixes the rows.")] = None,
    partitions: Annotated[
        int | None, typer.Option("--partitions", metavar="NUMBER", help="Partitions of the rows.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="NAME=VALUE",
            help="What a column holds: NAME=VALUE, NAME=[A, B] or NAME={between: [1, 9]}; may be repeated.",
        ),
    ] = None,
    job: Job = None,
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Draw rows from a saved model and write them as a table."""
    arguments = {"model": model, "rows": rows, "output_table": output_table, "format": format, "mode": mode}
    arguments |= {"seed": seed, "partitions": partitions}
    settings = checked(lambda: _sample_job(job, arguments, given))
    run(lambda: _sample(settings, local))


def _fit_job(path: str | None, given: dict[str, Any], params: list[str]) -> FitJob:
    from synthohive_spark.stages.estimator import SynthesizerTransformer as Estimator  # noqa: PLC0415

    known = [param.name for param in Estimator().params]
    settings: FitJob = read_job("fit", path, {**given, "params": pairs(params, "--param")}, known)
    check_all(
        lambda: TableName.parse(settings.table),
        lambda: estimator_of(settings.params),
        lambda: Folder.at(settings.model),
    )
    return settings


def _sample_job(path: str | None, arguments: dict[str, Any], given: list[str] | None) -> SampleJob:
    settings: SampleJob = read_job("sample", path, {**arguments, "given": pairs(given, "--given")})
    check_all(lambda: TableName.parse(settings.output_table), lambda: require_model(settings.model))
    return settings


def estimator_of(params: dict[str, Any]) -> SynthesizerTransformer:
    """The estimator of these Params, all that can be told without a table checked."""
    from synthohive_spark.stages.estimator import SynthesizerTransformer as Estimator  # noqa: PLC0415

    estimator = Estimator()
    check_all(lambda: estimator.setParams(**params), estimator.check)
    return estimator


def _fit(settings: FitJob, local: str | None) -> None:
    from synthohive_spark.spark.tables import read_table  # noqa: PLC0415  (arguments are checked before Spark loads)

    check_replaceable(settings.model, overwrite=settings.overwrite)
    estimator = estimator_of({"showProgress": on_terminal(), **settings.params})
    model = estimator.fit(read_table(session(local), settings.table))
    writer = model.write().overwrite() if settings.overwrite else model.write()
    writer.save(settings.model)
    summary = model.trainingSummary
    _log.info(
        "fitted", table=settings.table, rows=summary.rows, model=settings.model, seconds=round(summary.seconds, 1)
    )


def _sample(settings: SampleJob, local: str | None) -> None:
    from synthohive_spark.spark.tables import write_table  # noqa: PLC0415
    from synthohive_spark.stages.model import SynthesizerTransformerModel  # noqa: PLC0415

    spark = session(local)
    model = SynthesizerTransformerModel.load(settings.model)
    made = model.sample(
        settings.rows, seed=settings.seed, numPartitions=settings.partitions, given=settings.given, spark=spark
    )
    write_table(made, settings.output_table, format=settings.format, mode=settings.mode)
    _log.info("written", table=settings.output_table, rows=settings.rows, format=settings.format, mode=settings.mode)
