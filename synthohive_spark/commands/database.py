"""A database: ``propose``, ``synthesize`` and ``report``."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthohive_spark.commands.ending import checked, run
from synthohive_spark.commands.options import (
    REQUIRED,
    Debug,
    Engine,
    Format,
    HashKeyEnv,
    Job,
    Local,
    MetadataFile,
    Param,
    Privacy,
    Require,
    pairs,
)
from synthohive_spark.commands.options import rows as rows_of
from synthohive_spark.commands.session import on_terminal, session
from synthohive_spark.commands.summary import summary
from synthohive_spark.commands.table import estimator_of
from synthohive_spark.declarations.hints import check_all
from synthohive_spark.declarations.job import ReportJob, SynthesizeJob, read_job
from synthohive_spark.declarations.names import DatabaseName
from synthohive_spark.declarations.privacy import Privacy as Settings
from synthohive_spark.declarations.proposal import proposal
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.saving import check_replaceable
from synthohive_spark.model_directory.storage import Folder, write_file

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from synthohive_spark.relational.metadata import Metadata

_log = get_logger(__name__)


def propose(
    database: Annotated[str, typer.Option("--database", metavar="DATABASE", help="Database to look at.")],
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="YAML file to write; else it is printed.")
    ] = None,
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Propose declarations for a database, to be read and corrected: keys, links, personal columns, with reasons."""
    places = [partial(Folder.at, output)] if output is not None else []
    checked(lambda: check_all(lambda: DatabaseName.parse(database), *places))
    run(lambda: _propose(database, output, local))


def synthesize(
    source: Annotated[
        str | None, typer.Option("--source", metavar="DATABASE", help=f"Database to learn. {REQUIRED}")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="DATABASE", help=f"Database to write. {REQUIRED}")
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            "--rows",
            metavar="[TABLE=]COUNT",
            help="How many rows, as TABLE=COUNT, which may be repeated, or COUNT of the only root; tables that are "
            "linked come out in proportion. As many as there really are when not given.",
        ),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", metavar="NUMBER", help="Rows in units of the real ones, in place of --rows."),
    ] = None,
    metadata: MetadataFile = None,
    model: Annotated[str | None, typer.Option("--model", metavar="FOLDER", help="Model directory to write.")] = None,
    engine: Engine = None,
    param: Param = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="NUMBER", help="Fixes the fit and the rows.")] = None,
    hash_key_env: HashKeyEnv = None,
    privacy: Privacy = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="HTML or JSON file of the report to write.")
    ] = None,
    require: Require = None,
    format: Format = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite/--no-overwrite", help="Replace tables and a model that are there.")
    ] = None,
    job: Job = None,
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Learn a database, draw it, compare it and write it, by arguments, a job file or both."""
    given = {"source": source, "target": target, "scale": scale, "metadata": metadata, "model": model}
    given |= {"engine": engine, "seed": seed, "sampling_seed": seed, "report": report, "format": format}
    given |= {"hash_key_env": hash_key_env, "overwrite": overwrite, "overwrite_model": overwrite}
    settings = checked(lambda: _synthesize_job(job, given, rows, param, privacy, require))
    run(lambda: _synthesize(settings, local))


def report(
    real: Annotated[str | None, typer.Option("--real", metavar="DATABASE", help=f"Real database. {REQUIRED}")] = None,
    synthetic: Annotated[
        str | None, typer.Option("--synthetic", metavar="DATABASE", help=f"Synthetic database. {REQUIRED}")
    ] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="HTML or JSON file to write.")] = None,
    metadata: MetadataFile = None,
    privacy: Privacy = None,
    require: Require = None,
    job: Job = None,
    local: Local = None,
    debug: Debug = False,
) -> None:
    """Compare synthetic tables with real ones, print a summary, and hold them against a gate."""
    given = {"real": real, "synthetic": synthetic, "output": output, "metadata": metadata}
    settings = checked(lambda: _report_job(job, given, privacy, require))
    run(lambda: _report(settings, local))


def _synthesize_job(
    path: str | None,
    given: dict[str, Any],
    rows: list[str] | None,
    params: list[str] | None,
    privacy: list[str] | None,
    require: list[str] | None,
) -> SynthesizeJob:
    from synthohive_spark.relational.fit_params import fit_params  # noqa: PLC0415

    given = {**given, "rows": rows_of(rows), "params": pairs(params, "--param")}
    given |= {"privacy": pairs(privacy, "--privacy"), "require": pairs(require, "--require")}
    settings: SynthesizeJob = read_job("synthesize", path, given, fit_params())
    check_all(
        lambda: DatabaseName.parse(settings.target),
        lambda: _check_source(settings.source),
        lambda: _require_variable(settings.hash_key_env),
        *(partial(Folder.at, path) for path in (settings.model, settings.report) if path is not None),
        lambda: _check_declared(settings),
        lambda: _check_fit_parameters(settings),
    )
    return settings


def _report_job(
    path: str | None, given: dict[str, Any], privacy: list[str] | None, require: list[str] | None
) -> ReportJob:
    given = {**given, "privacy": pairs(privacy, "--privacy"), "require": pairs(require, "--require")}
    settings: ReportJob = read_job("report", path, given)
    check_all(
        lambda: _check_source(settings.real),
        lambda: _check_source(settings.synthetic),
        *([] if settings.output is None else [partial(Folder.at, settings.output)]),
        lambda: _declared(settings.metadata),
    )
    return settings


def _check_source(source: Any) -> None:
    if isinstance(source, str):
        DatabaseName.parse(source)


def _check_fit_parameters(settings: SynthesizeJob) -> None:
    from synthohive_spark.relational.fit_params import fit_params, stage_params  # noqa: PLC0415

    known = {name: value for name, value in settings.params.items() if name in fit_params()}
    check_all(
        lambda: stage_params(settings.params),
        lambda: estimator_of({"engine": settings.engine, **stage_params(known)}),
    )


def _require_variable(name: str | None) -> None:
    if name is None or os.environ.get(name):
        return
    if re.fullmatch(r"[A-Z_][A-Z\d_]*", name) is None:
        # What is not written like a name may be the key, which no message shows.
        raise SchemaError(
            "--hash-key-env (hash_key_env) must be the name of an environment variable that is set, not the key itself"
        )
    raise SchemaError(f"--hash-key-env (hash_key_env) names the environment variable {name!r}, which is not set")


def _declared(metadata: Any) -> Metadata | None:
    """The declarations of a file or of the job itself; None where they are inferred."""
    from synthohive_spark.relational.metadata import Metadata as Declarations  # noqa: PLC0415

    if metadata is None:
        return None
    declared = Declarations.from_file(metadata) if isinstance(metadata, str) else Declarations.from_dict(metadata)
    if not declared.tables:
        raise SchemaError("metadata declares no table; leave it out to have declarations proposed")
    return declared


def _check_declared(settings: SynthesizeJob) -> None:
    declared = _declared(settings.metadata)
    if declared is not None:
        check_all(
            declared.plan,
            lambda: _tables_asked_for(settings.rows, declared),
            lambda: _require_hash_key(declared, settings.hash_key_env),
        )


def _require_hash_key(declared: Metadata, variable: str | None) -> None:
    hashed = [
        f"{name}.{column}"
        for name, table in declared.tables.items()
        for column, rule in table.pii.items()
        if rule.action == "hash" and not table.keep
    ]
    if hashed and variable is None:
        raise SchemaError(
            f"{', '.join(hashed)}: the rule 'hash' needs a secret key; put one into an environment variable and name "
            f"that by --hash-key-env, or 'hash_key_env' in the job file"
        )


def _tables_asked_for(rows: Any, metadata: Metadata) -> dict[str, int] | None:
    """How many rows of which tables; a number alone is of the only root."""
    if isinstance(rows, int):
        plan = metadata.plan().tables
        roots = [name for name, own in plan.items() if own.role == "root"]
        if len(roots) != 1:
            names = ", ".join(roots) or "none"
            raise SchemaError(
                f"rows {rows} must say of which table, as in {(roots or list(plan) or ['t'])[0]}={rows}: the tables "
                f"whose rows follow from no other's are {names}"
            )
        return {roots[0]: rows}
    check_all(*[partial(metadata.table, name) for name in rows or ()])
    return rows  # type: ignore[no-any-return]


def _metadata(declared: Any, source: Any, spark: SparkSession) -> Metadata:
    from synthohive_spark.relational.metadata import Metadata as Declarations  # noqa: PLC0415

    return _declared(declared) or Declarations.from_tables(source, spark)


def _privacy(settings: SynthesizeJob | ReportJob) -> Settings:
    return Settings(**settings.privacy.model_dump())


def _check_target(target: str, metadata: Metadata, spark: SparkSession) -> None:
    """What would be refused when all is learned and drawn is refused before."""
    from synthohive_spark.spark.catalog import table_exists  # noqa: PLC0415  (needs pyspark)

    database = DatabaseName.parse(target)
    there = [name for name in metadata.tables if table_exists(spark, database.table(name))]
    if there:
        raise SchemaError(
            f"database {database} has {', '.join(map(repr, there))} already: give --overwrite to replace what is "
            f"there, or another --target"
        )


def _propose(database: str, output: str | None, local: str | None) -> None:
    from synthohive_spark.relational.metadata import Metadata as Declarations  # noqa: PLC0415

    text = proposal(Declarations.from_database(session(local), database), f"the database {database}")
    if output is None:
        typer.echo(text, nl=False)
        return
    write_file(output, text.encode())
    _log.info("written", file=output)


def _synthesize(settings: SynthesizeJob, local: str | None) -> None:
    from synthohive_spark.synthesizer import Synthesizer  # noqa: PLC0415  (arguments are checked before Spark loads)

    if settings.model is not None:
        check_replaceable(settings.model, overwrite=settings.overwrite_model)
    spark = session(local)
    metadata = _metadata(settings.metadata, settings.source, spark)
    if not settings.overwrite:
        _check_target(settings.target, metadata, spark)
    rows = _tables_asked_for(settings.rows, metadata)
    progress = on_terminal() if settings.progress is None else settings.progress
    privacy = _privacy(settings)
    synthesizer = Synthesizer(metadata, spark, engine=settings.engine, privacy=privacy, progress=progress)
    key = os.environ[settings.hash_key_env] if settings.hash_key_env else None
    synthesizer.fit(
        settings.source, seed=settings.seed, hash_key=key, parallelism=settings.parallelism, **settings.params
    )
    if settings.model is not None:
        synthesizer.save(settings.model, overwrite=settings.overwrite_model)
    tables = synthesizer.sample(
        rows,
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


def _report(settings: ReportJob, local: str | None) -> None:
    from synthohive_spark.synthesizer import Synthesizer  # noqa: PLC0415

    spark = session(local)
    metadata = _metadata(settings.metadata, settings.real, spark)
    compared = Synthesizer(metadata, spark, privacy=_privacy(settings), progress=False)
    found = compared.generate_validation_report(settings.real, settings.synthetic, settings.output)
    typer.echo(summary(found))
    if settings.output is not None:
        _log.info("written", file=settings.output)
    if settings.require is not None:
        found.require(**settings.require.model_dump())
        typer.echo("gate: passed")
