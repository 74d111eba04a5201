"""Saving and loading the stages, alone or inside a Pipeline, in classic and in Connect sessions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.ml.param import Params
from pyspark.ml.util import DefaultParamsReader, DefaultParamsWriter, MLReader, MLWriter
from pyspark.sql import SparkSession

from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.errors import SerializationError
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.table_files import checked_parts, read_table_model, write_table_model
from synthohive_spark.spark.catalog import first_line

_NO_FILE_SYSTEM = re.compile(r"UnsupportedFileSystemException|Class org\.apache\.hadoop\.fs\.\S+ not found")
_log = get_logger(__name__)


class EstimatorWriter(MLWriter):
    """Writes an estimator's Params as every pyspark.ml stage does."""

    def __init__(self, estimator: Params) -> None:
        super().__init__()
        self.estimator = estimator

    def save(self, path: str) -> None:
        """Write to ``path``; one that exists is a `SerializationError` unless `overwrite` was called before."""
        spark = self.sparkSession
        line = DefaultParamsWriter._get_metadata_to_save(self.estimator, spark)
        frame = spark.createDataFrame([(line,)], schema=["value"]).coalesce(1)
        try:
            frame.write.mode("overwrite" if self.shouldOverwrite else "error").text(f"{path}/metadata")
        except (PySparkException, Py4JError) as error:
            raise SerializationError(f"the estimator could not be saved to {path!r}: {_reason(error)}") from error


class ModelWriter(MLWriter):
    """Writes a model directory."""

    def __init__(self, model: Params, table_model: TableModel, attributes: Mapping[str, Any]) -> None:
        super().__init__()
        self.model, self.table_model, self.attributes = model, table_model, attributes

    def save(self, path: str) -> None:
        """Write to ``path``; one that exists is a `SerializationError` unless `overwrite` was called before."""
        stage = stage_to_json(self.model, self.attributes)
        write_table_model(
            path, self.table_model, {"stage": stage}, overwrite=self.shouldOverwrite, record=_record(self.model)
        )


class ModelReader(MLReader[Any]):
    """Reads a model directory."""

    def __init__(self, cls: Any) -> None:
        super().__init__()
        self.cls = cls

    def load(self, path: str) -> Any:
        """Read the model at ``path``; all of it comes from the files that ``metadata.json`` names.

        Raises:
            SerializationError: If the directory, or a file in it, is missing, altered or not of such a model.
        """
        table_model, metadata = read_table_model(path)
        stage = metadata.get("stage")
        if not isinstance(stage, Mapping):
            raise SerializationError(f"{path!r} holds no pyspark.ml stage; load it with synthohive_spark.CTGAN")
        return stage_from_json(self.cls, table_model, stage, path)


class EstimatorReader(DefaultParamsReader[Any]):
    """Reads an estimator."""

    def load(self, path: str) -> Any:
        """Read the estimator at ``path``; where there is none, that is a `SerializationError`."""
        try:
            metadata = self.loadMetadata(path, self.sparkSession)
            kind = str(metadata["class"]).rpartition(".")[2]
            if kind != self.cls.__name__:
                raise SerializationError(f"{path!r} holds no {self.cls.__name__}; load it with {kind}.load")
            estimator: Any = self.cls()
            estimator._resetUid(metadata["uid"])
            self.getAndSetParams(estimator, metadata)
            return estimator
        except (PySparkException, Py4JError, KeyError, TypeError, ValueError) as error:
            why = _reason(error) if isinstance(error, PySparkException | Py4JError) else first_line(error)
            raise SerializationError(f"no estimator can be read from {path!r}: {why}") from error


def _reason(error: PySparkException | Py4JError) -> str:
    """Why Spark could not write or read a path, with the way out where there is one."""
    if isinstance(error, PySparkException) and error.getCondition() == "PATH_ALREADY_EXISTS":
        return "something is there already, which write().overwrite().save(path) replaces"
    line = first_line(error)
    if _NO_FILE_SYSTEM.search(str(error)):
        return f"Spark lacks the jars of this file system, such as hadoop-aws for s3a (spark.jars.packages): {line}"
    return line


def stage_to_json(stage: Params, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a model stage is beside its learned table, as plain values."""
    return {"uid": stage.uid, **_values(stage), **attributes}


def stage_from_json(cls: Any, table_model: TableModel, attributes: Mapping[str, Any], path: str) -> Any:
    """The model stage that `stage_to_json` described.

    Raises:
        SerializationError: If a fact is missing or has another structure than it should.
    """
    with checked_parts(f"the parts of the stage in {path!r}"):
        own = cls._attributes_from_json(attributes)
        for name, value in own.items():
            check_loaded(value, where=name)
        check_loaded(attributes["uid"], str, "uid")
        model = cls(table_model, **own)
        model._resetUid(attributes["uid"])
        _restore(model, attributes)
    return model


def _values(stage: Params) -> dict[str, dict[str, Any]]:
    return {
        "paramMap": {param.name: value for param, value in stage._paramMap.items()},
        "defaultParamMap": {param.name: value for param, value in stage._defaultParamMap.items()},
    }


def _restore(stage: Params, saved: Mapping[str, Any]) -> None:
    for kind, put in (("defaultParamMap", stage._setDefault), ("paramMap", stage._set)):
        for name, value in saved[kind].items():
            if stage.hasParam(name):
                put(**{name: value})
            else:
                _log.warning("unknown_param", param=name, reason="the model was saved by another version")


def _record(model: Params) -> str:
    """The line by which ``PipelineModel.load`` finds the class; written once, so Params are not in it."""
    session = SparkSession.getActiveSession()
    record = {
        "class": f"{type(model).__module__}.{type(model).__name__}",
        "timestamp": int(time.time() * 1000),
        "sparkVersion": session.version if session is not None else "4.0.0",
        "uid": model.uid,
        "paramMap": {},
        "defaultParamMap": {},
    }
    return json.dumps(record, separators=(",", ":"))
