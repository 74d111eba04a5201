"""What a fit and a report found, logged to the active run."""

from __future__ import annotations

import math
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Metric, Param

from synthohive_spark.errors import SchemaError, shortened

if TYPE_CHECKING:
    from synthohive_spark.stages.model import SynthesizerTransformerModel
    from synthohive_spark.synthesizer import Synthesizer
    from synthohive_spark.validation.report import ValidationReport

_BATCH = 1_000
_LONGEST_PARAM = 500
_NOT_IN_A_NAME = re.compile(r"[^\w\-. :/]")
_FIGURES = ("rows", "training_rows", "seconds", "training_seconds", "steps", "pair_score")


def log_fit(model: SynthesizerTransformerModel | Synthesizer) -> None:
    """Log the Params, losses and scores of a fit to the active run; without one, a run is started, as MLflow does.

    Params come by their names. Metrics are ``rows``, ``training_rows``, ``seconds``, ``training_seconds``, ``steps``,
    ``pair_score``, and, with the epoch as step, the losses of each epoch and ``score``, of rows held out. Of a
    database, metrics have the table's name before theirs (``orders/loss``), and so have Params in which tables differ.
    The file ``fit/<table>.json`` (of a single table ``fit.json``) says how the fit ended, what holds in all rows, and
    what fell short.

    Args:
        model: A learned table, or a `Synthesizer` that has learned.

    Raises:
        SchemaError: If it is neither, or has learned nothing.
    """
    models = _models(model)
    run = mlflow.active_run() or mlflow.start_run()
    client, now = mlflow.MlflowClient(), int(time.time() * 1000)
    found = (own for name, one in models.items() for own in _metrics(name, one))
    metrics = [Metric(key, value, now, epoch) for key, value, epoch in found]
    params = [Param(name, shortened(str(value), _LONGEST_PARAM)) for name, value in _params(models).items()]
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])
    for start in range(0, len(params), _BATCH // 10):
        client.log_batch(run.info.run_id, params=params[start : start + _BATCH // 10])
    for name, one in models.items():
        ended = asdict(one.trainingSummary)
        del ended["history"], ended["checks"]
        mlflow.log_dict(ended, f"fit/{name}.json" if name else "fit.json")


def log_report(report: ValidationReport, name: str = "report") -> None:
    """Log the figures of a report as metrics of the active run, and the report as a page and as JSON.

    Metrics are those of each table's summary (``orders/mean_tvd``, ``orders/detector_auc``) and, where tables are
    linked, of the links (``links/hop1``).

    Args:
        report: What `Synthesizer.generate_validation_report` returned.
        name: The name of the two files, without their endings. Default "report".
    """
    values = report.to_json()
    figures = {table["name"]: table["summary"] for table in values["tables"]}
    if "database" in values:
        figures["links"] = values["database"]["summary"]
    found = {_name(table, figure): value for table, own in figures.items() for figure, value in own.items()}
    mlflow.log_metrics({key: float(value) for key, value in found.items() if _is_figure(value)})
    with tempfile.TemporaryDirectory() as folder:
        report.write_html(os.path.join(folder, f"{name}.html"))
        report.write_json(os.path.join(folder, f"{name}.json"))
        mlflow.log_artifacts(folder)


def _models(model: Any) -> Mapping[str, SynthesizerTransformerModel]:
    """The learned tables by name; a single one has none."""
    if hasattr(model, "trainingSummary"):
        return {"": model}
    models: Mapping[str, SynthesizerTransformerModel] = getattr(model, "models", {})
    if not models:
        raise SchemaError(
            f"log_fit takes a learned table or a Synthesizer that has learned one, got {type(model).__name__}"
        )
    return models


def _params(models: Mapping[str, SynthesizerTransformerModel]) -> dict[str, Any]:
    own = {name: _of_one(model) for name, model in models.items()}
    first = next(iter(own.values()))
    shared = {key for key in first if all(key in one and one[key] == first[key] for one in own.values())}
    apart = {_name(name, key): v for name, one in own.items() for key, v in one.items() if key not in shared}
    return {key: value for key, value in first.items() if key in shared} | apart


def _of_one(model: SynthesizerTransformerModel) -> dict[str, Any]:
    params = {param.name: value for param, value in model.extractParamMap().items()}
    return params | {"training_seed": model.trainingSummary.training_seed}


def _metrics(table: str, model: SynthesizerTransformerModel) -> Iterator[tuple[str, float, int]]:
    """Names, values and epochs."""
    summary = model.trainingSummary
    for record in summary.history:
        for key, value in record.items():
            if key != "epoch" and _is_figure(value):
                yield _name(table, key), float(value), record["epoch"]
    for check in summary.checks:
        if _is_figure(check["score"]):
            yield _name(table, "score"), float(check["score"]), check["epoch"]
    for figure in _FIGURES:
        value = getattr(summary, figure)
        if _is_figure(value):
            yield _name(table, figure), float(value), 0


def _name(table: str, figure: str) -> str:
    return _NOT_IN_A_NAME.sub("_", f"{table}/{figure}" if table else figure)


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
