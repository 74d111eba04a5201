"""Params of the stages: what an estimator is told and its model keeps."""

from __future__ import annotations

from typing import Any

from pyspark.ml.param import Param, Params, TypeConverters

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.errors import SchemaError


def _param(name: str, doc: str, converter: Any) -> Param[Any]:
    return Param(Params._dummy(), name, doc, typeConverter=converter)


class SynthesizerParams(Params):
    """Params that the estimator and its model share; a Param that has no default and is not set means "none"."""

    engine = _param("engine", "name of the engine that learns the table", TypeConverters.toString)
    epochs = _param(
        "epochs", "passes over the training rows; unset: as suits them, or maxSeconds", TypeConverters.toInt
    )
    batchSize = _param("batchSize", "rows in a training step", TypeConverters.toInt)
    pac = _param("pac", "rows the critic judges together", TypeConverters.toInt)
    embeddingThreshold = _param(
        "embeddingThreshold",
        "a categorical column of more values than this is learned by groups of them",
        TypeConverters.toInt,
    )
    numericEncoding = _param(
        "numericEncoding", "how numbers are encoded: rank (spikes and quantiles) or mixture", TypeConverters.toString
    )
    learningRate = _param("learningRate", "step size of the optimisers", TypeConverters.toFloat)
    patience = _param(
        "patience", "stop training after this many epochs without progress; unset: never", TypeConverters.toInt
    )
    seed = _param("seed", "fixes a fit; unset: drawn and logged as training_seed", TypeConverters.toInt)
    maxSeconds = _param("maxSeconds", "stop training after this many seconds; unset: no limit", TypeConverters.toFloat)
    maxTrainingRows = _param(
        "maxTrainingRows", "most rows brought to the driver; a larger table is sampled", TypeConverters.toInt
    )
    checkpointDir = _param(
        "checkpointDir",
        "folder of the driver in which training is kept, to go on after an interruption",
        TypeConverters.toString,
    )
    device = _param("device", "where to train: auto, cpu or cuda", TypeConverters.toString)
    conditionCols = _param(
        "conditionCols", "columns that are given by the seats, not generated", TypeConverters.toListString
    )
    excludeCols = _param("excludeCols", "columns that are neither learned nor made", TypeConverters.toListString)
    passthroughCols = _param(
        "passthroughCols",
        "columns of the seats that transform puts before the learned ones",
        TypeConverters.toListString,
    )
    idCol = _param(
        "idCol",
        "column that identifies a row: not learned, the source of a row's noise, numbered from 0 by sample",
        TypeConverters.toString,
    )
    samplingSeed = _param("samplingSeed", "seed of the rows that transform makes", TypeConverters.toInt)
    rareCategoryRows = _param(
        "rareCategoryRows",
        "a category held by fewer rows is neither kept nor drawn; 0 turns this off",
        TypeConverters.toInt,
    )
    extremeRows = _param(
        "extremeRows", "a range ends at the value of this rank from either end; 0 keeps the ends", TypeConverters.toInt
    )
    showProgress = _param("showProgress", "whether training shows a progress bar", TypeConverters.toBoolean)

    def _set_defaults(self) -> None:
        self._setDefault(
            engine="ctgan",
            numericEncoding="rank",
            device="auto",
            maxTrainingRows=1_000_000,
            conditionCols=[],
            excludeCols=[],
            passthroughCols=[],
            samplingSeed=0,
            rareCategoryRows=5,
            extremeRows=5,
            showProgress=True,
        )

    def _optional(self, param: Param[Any]) -> Any:
        """The value of ``param``, None where it is unset and has no default."""
        return self.getOrDefault(param) if self.isDefined(param) else None

    def _privacy(self) -> Privacy:
        return Privacy(self.getOrDefault(self.rareCategoryRows), self.getOrDefault(self.extremeRows))

    def _positive(self, param: Param[Any]) -> int:
        value = int(self.getOrDefault(param))
        if value < 1:
            raise SchemaError(f"{param.name} must be at least 1, got {value}")
        return value
