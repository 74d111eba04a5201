"""The command line: ``synthohive fit``, ``sample`` and ``synthesize``, also by spark-submit.

Exit codes: 0 done, 1 failed, 2 bad arguments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthohive_spark.declarations.documents import read_yaml
from synthohive_spark.declarations.hints import check_all
from synthohive_spark.declarations.job import FitJob, SampleJob, SynthesizeJob, read_job
from synthohive_spark.declarations.names import TableName, database_name
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.logs import get_logger, show_logs
from synthohive_spark.model_directory.directory import require_model
from synthohive_spark.model_directory.saving import check_replaceable
from synthohive_spark.model_directory.storage import Folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from synthohive_spark.relational.metadata import Metadata
    from synthohive_spark.stages.estimator import SynthesizerTransformer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Learn a Spark table, and write its synthetic copy.",
)
_log = get_logger("synthohive_spark.jobs")  # also where spark-submit runs this file

_Job = Annotated[str | None, typer.Option("--job", help="YAML file to read arguments from; those given here win.")]
_Local = Annotated[
    str | None,
    typer.Option(
        "--local", help="Run an embedded session with Delta and Hive below this folder; else join Spark's own."
    ),
]
_Engine = Annotated[
    str | None, typer.Option("--engine", help="The engine that learns: ctgan (default) or autoregressive.")
]
_Model = Annotated[str | None, typer.Option("--model", help="Model directory.")]


@app.command()
def fit(
    table: Annotated[str | None, typer.Option("--table", help="Table to learn.")] = None,
    model: _Model = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite/--no-overwrite", help="Replace a model that is there.")
    ] = None,
    engine: _Engine = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A Param as NAME=VALUE, such as epochs=50; may be repeated.")
    ] = None,
    job: _Job = None,
    local: _Local = None,
) -> None:
    """Learn a table and save the model."""
    given = {"table": table, "model": model, "overwrite": overwrite}
    params = [*(param or []), *([] if engine is None else [f"engine={engine}"])]
    settings: FitJob = _checked(lambda: _fit_job(job, given, params))
    _run(lambda: _fit(settings, local))


@app.command()
def sample(
    model: _Model = None,
    rows: Annotated[int | None, typer.Option("--rows", help="How many rows.")] = None,
    output_table: Annotated[str | None, typer.Option("--output-table", help="Table to write.")] = None,
    format: Annotated[str | None, typer.Option("--format", help="delta (default), orc or parquet.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="errorifexists (default), append or overwrite.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Fixes the rows.")] = None,
    partitions: Annotated[int | None, typer.Option("--partitions", help="Partitions of the rows.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            help="What a column holds: NAME=VALUE, NAME=[A, B] or NAME={between: [1, 9]}; may be repeated.",
        ),
    ] = None,
    job: _Job = None,
    local: _Local = None,
) -> None:
    """Draw rows from a saved model and write them as a table."""
    arguments = {
        "model": model,
        "rows": rows,
        "output_table": output_table,
        "format": format,
        "mode": mode,
        "seed": seed,
        "partitions": partitions,
    }
    settings: SampleJob = _checked(lambda: _sample_job(job, arguments, given or []))
    _run(lambda: _sample(settings, local))


@app.command()
def synthesize(job: _Job = None, engine: _Engine = None, local: _Local = None) -> None:
    """Learn a database, draw it, compare it and write it, as a job file says."""
    settings: SynthesizeJob = _checked(lambda: _synthesize_job(job, {"engine": engine}))
    _run(lambda: _synthesize(settings, local))


def main() -> None:
    """Entry point of the ``synthohive`` command."""
    show_logs()
    app()


def _fit_job(path: str | None, given: dict[str, Any], params: list[str]) -> Any:
    settings = read_job("fit", path, {**given, "params": dict(_pair(text, "--param") for text in params) or None})
    check_all(
        lambda: TableName.parse(settings.table), lambda: _estimator(settings.params), lambda: Folder.at(settings.model)
    )
    return settings


def _sample_job(path: str | None, arguments: dict[str, Any], given: list[str]) -> Any:
    values = dict(_pair(text, "--given") for text in given)
    settings = read_job("sample", path, {**arguments, "given": values or None})
    check_all(lambda: TableName.parse(settings.output_table), lambda: require_model(settings.model))
    return settings


def _synthesize_job(path: str | None, given: dict[str, Any]) -> Any:
    if path is None:
        raise SchemaError("synthesize needs --job, a YAML file with the section 'synthesize'")
    settings = read_job("synthesize", path, given)
    check_all(
        lambda: database_name(settings.target),
        lambda: _require_variable(settings.hash_key_env),
        *(partial(Folder.at, path) for path in (settings.model, settings.report) if path is not None),
        lambda: _check_declared(settings),
        lambda: _check_fit_parameters(settings),
    )
    return settings


def _estimator(params: dict[str, Any]) -> SynthesizerTransformer:
    """The estimator of these Params, all that can be told without a table checked."""
    from synthohive_spark.stages.estimator import SynthesizerTransformer as Estimator  # noqa: PLC0415

    estimator = Estimator()
    check_all(lambda: estimator.setParams(**params), estimator.check)
    return estimator


def _check_fit_parameters(settings: SynthesizeJob) -> None:
    from synthohive_spark.relational.fit_params import fit_params, stage_params  # noqa: PLC0415

    known = {name: value for name, value in settings.params.items() if name in fit_params()}
    check_all(
        lambda: stage_params(settings.params),
        lambda: _estimator({"engine": settings.engine, **stage_params(known)}),
    )


def _require_variable(name: str | None) -> None:
    if name is not None and not os.environ.get(name):
        raise SchemaError(f"hash_key_env names the environment variable {name!r}, which is not set")


def _pair(text: str, option: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SchemaError(f"{option} must be NAME=VALUE, got {text!r}")
    try:
        return name, read_yaml(value)
    except ValueError as error:
        raise SchemaError(f"{option} {name} has a value that cannot be read: {value!r}") from error


def _fit(settings: FitJob, local: str | None) -> None:
    from synthohive_spark.spark.tables import read_table  # noqa: PLC0415  (arguments are checked before Spark loads)

    check_replaceable(settings.model, overwrite=settings.overwrite)
    estimator = _estimator(settings.params)
    model = estimator.fit(read_table(_session(local), settings.table))
    writer = model.write().overwrite() if settings.overwrite else model.write()
    writer.save(settings.model)
    summary = model.trainingSummary
    _log.info(
        "fitted", table=settings.table, rows=summary.rows, model=settings.model, seconds=round(summary.seconds, 1)
    )


def _sample(settings: SampleJob, local: str | None) -> None:
    from synthohive_spark.spark.tables import write_table  # noqa: PLC0415
    from synthohive_spark.stages.model import SynthesizerTransformerModel  # noqa: PLC0415

    spark = _session(local)
    model = SynthesizerTransformerModel.load(settings.model)
    made = model.sample(
        settings.rows, seed=settings.seed, numPartitions=settings.partitions, given=settings.given, spark=spark
    )
    write_table(made, settings.output_table, format=settings.format, mode=settings.mode)
    _log.info("written", table=settings.output_table, rows=settings.rows, format=settings.format, mode=settings.mode)


def _synthesize(settings: SynthesizeJob, local: str | None) -> None:
    from synthohive_spark.synthesizer import Synthesizer  # noqa: PLC0415

    if settings.model is not None:
        check_replaceable(settings.model, overwrite=settings.overwrite_model)
    spark = _session(local)
    synthesizer = Synthesizer(_metadata(settings, spark), spark, engine=settings.engine, progress=settings.progress)
    key = os.environ[settings.hash_key_env] if settings.hash_key_env else None
    synthesizer.fit(
        settings.source, seed=settings.seed, hash_key=key, parallelism=settings.parallelism, **settings.params
    )
    if settings.model is not None:
        synthesizer.save(settings.model, overwrite=settings.overwrite_model)
    tables = synthesizer.sample(
        settings.rows,
        scale=settings.scale,
        seed=settings.sampling_seed,
        enforce_constraints=settings.enforce_constraints,
        on_violation=settings.on_violation,
    )
    if settings.report is not None or settings.require is not None:
        report = synthesizer.generate_validation_report(settings.source, tables, settings.report)
        if settings.require is not None:
            report.require(**settings.require.model_dump())
    synthesizer.save_to_hive(
        tables,
        settings.target,
        overwrite=settings.overwrite,
        format=settings.format,
        allow_source=settings.allow_source,
    )
    _log.info("written", database=settings.target, tables=list(tables), format=settings.format)


def _declared(settings: SynthesizeJob) -> Metadata | None:
    """The declarations of a file or of the job itself; None where they are inferred."""
    from synthohive_spark.relational.metadata import Metadata as Declarations  # noqa: PLC0415

    if settings.metadata is None:
        return None
    if isinstance(settings.metadata, str):
        return Declarations.from_file(settings.metadata)
    return Declarations.from_dict(settings.metadata)


def _check_declared(settings: SynthesizeJob) -> None:
    declared = _declared(settings)
    if declared is not None:
        check_all(declared.plan, *[partial(declared.table, name) for name in settings.rows or ()])


def _metadata(settings: SynthesizeJob, spark: SparkSession) -> Metadata:
    from synthohive_spark.relational.metadata import Metadata as Declarations  # noqa: PLC0415

    return _declared(settings) or Declarations.from_tables(settings.source, spark)


def _session(local: str | None) -> SparkSession:
    from synthohive_spark.spark.session import active_session, embedded_session  # noqa: PLC0415

    return active_session(None, app_name="synthohive") if local is None else embedded_session(local)


def _checked(arguments: Callable[[], Any]) -> Any:
    try:
        return arguments()
    except SchemaError as error:
        for problem in error.problems:
            typer.echo(f"synthohive: {problem}", err=True)
        raise typer.Exit(2) from error


def _run(work: Callable[[], None]) -> None:
    try:
        work()
    except SynthoHiveError as error:
        typer.echo(f"synthohive: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    # Spark-submit puts this file's folder on the path, where whoever imports mlflow would find our own module.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(os.path.abspath(__file__))]
    main()
