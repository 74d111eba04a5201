"""One table as pyspark.ml stages: `SynthesizerTransformer` learns it, `SynthesizerTransformerModel` draws it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.ml import Estimator
from pyspark.ml.util import MLReadable, MLWritable
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from synthohive_spark.declarations.hints import check_all
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.interface import Engine
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.seeds import given_or_drawn
from synthohive_spark.engine.table.fit import check_encoding, fit_table
from synthohive_spark.engine.table.registry import engine_class, make_engine
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.training.checkpoint import check_checkpoint_dir
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.spark.schema import learnable_columns, require_columns
from synthohive_spark.spark.training_data import TrainingData, collect_training_data
from synthohive_spark.stages.id_column import IdColumn
from synthohive_spark.stages.model import SynthesizerTransformerModel, TrainingSummary
from synthohive_spark.stages.params import SynthesizerParams
from synthohive_spark.stages.persistence import EstimatorReader, EstimatorWriter

__all__ = ["SynthesizerTransformer", "SynthesizerTransformerModel"]


class SynthesizerTransformer(
    SynthesizerParams, Estimator[SynthesizerTransformerModel], MLReadable["SynthesizerTransformer"], MLWritable
):
    """Learns a table.

    With a seed, two fits of the same rows on the same machine give bit-identical models, as long as all rows fit into
    ``maxTrainingRows`` (a sample follows Spark's partitioning) and no ``maxSeconds`` ends training early (it follows
    the clock).

    Args:
        engine: The engine that learns the table: "ctgan", or "autoregressive", which is more faithful and faster to
            train, and takes any condition when it draws. Default "ctgan".
        epochs: Passes over the training rows; as many as suit their number, or fit into ``maxSeconds``, when unset.
        batchSize: Rows in a training step. When unset, 500 (ctgan), or as many as suit the table (autoregressive).
        pac: Rows the critic judges together; only for ctgan, 1 when unset.
        embeddingDim: Width of the generator's noise; only for ctgan, 128 when unset.
        generatorDim: Widths of the generator's layers; only for ctgan, [256, 256] when unset.
        discriminatorDim: Widths of the critic's layers; only for ctgan, [256, 256] when unset.
        dropout: Share of hidden units that a step leaves out, against memorised rows; only for autoregressive, one that
            suits the table when unset.
        threads: Threads of a fit; 1 when unset, which suits networks of this size.
        embeddingThreshold: A categorical column of more values than this is learned by groups of them. 256 when unset.
        numericEncoding: "rank" for spikes and quantiles, which follow a column closely, or, only for ctgan, "mixture"
            for the mode-specific normalisation of the CTGAN paper. Default "rank".
        learningRate: Step size of the optimisers; the engine's own when unset.
        patience: Stop after this many epochs without a better validation score; never when unset.
        seed: Fixes a fit. When unset, each fit draws one and logs it as ``training_seed``.
        maxSeconds: Seconds that a fit may take, everything included; no limit when unset.
        maxTrainingRows: Most rows brought to the driver; a larger table is sampled. Default 1,000,000.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where it is there. Default "auto".
        checkpointDir: A folder of the driver in which the state of training is kept while it runs; a fit of the same
            rows with the same Params resumes from there after an interruption. None when unset.
        conditionCols: Columns that seats give, and that are not generated. Default none.
        excludeCols: Columns that are neither learned nor made. Default none.
        categoricalCols: Columns that are learned by their values, however many there are: strings, and numbers that are
            names, such as zip codes. Default none.
        passthroughCols: Columns of the seats that ``transform`` puts before the learned ones. Default none.
        idCol: Column that identifies a row: not learned, the source of a row's noise in ``transform``, numbered from
            0 by ``sample``. None when unset.
        samplingSeed: Seed of the rows that ``transform`` makes. Default 0.
        rareCategoryRows: A category held by fewer rows is neither kept nor drawn. Default 5; 0 turns this off.
        extremeRows: A range ends at the value of this rank from either end. Default 5; 0 keeps the true ends.
        showProgress: Whether training shows a progress bar. Default True.

    An argument of None leaves its Param unset. ``fit`` raises `SchemaError` if a named column does not exist, a column
    cannot be learned or a setting is out of range, and `TrainingError` if there are no rows, the rows do not fit into
    the driver's memory, Spark cannot read them, or training diverges.
    """

    def __init__(self, **params: Any) -> None:
        super().__init__()
        self._set_defaults()
        self._set_named(params)

    def setParams(self, **params: Any) -> SynthesizerTransformer:
        """Set Params by the names of the constructor's arguments; None leaves a Param as it is."""
        self._set_named(params)
        return self

    def write(self) -> EstimatorWriter:
        """A writer: ``write().save(path)``, ``write().overwrite().save(path)``."""
        return EstimatorWriter(self)

    @classmethod
    def read(cls) -> EstimatorReader:
        """A reader: ``read().load(path)``."""
        return EstimatorReader(cls)  # type: ignore[arg-type]

    def make_engine(self) -> Engine:
        """The engine with its settings; a Param that is unset leaves the engine's own default.

        Raises:
            SchemaError: If the engine is not known, lacks a setting, or a setting is out of range; all are listed.
        """
        made: Engine = make_engine(self.getOrDefault(self.engine), self._chosen())
        return made

    def check(self) -> None:
        """Check what the Params say without a table, before Spark does anything.

        Raises:
            SchemaError: If a Param is out of range or does not go with the engine; all of it is listed.
        """
        check_all(
            lambda: check_encoding(
                self.getOrDefault(self.numericEncoding), engine_class(self.getOrDefault(self.engine))
            ),
            self.make_engine,
            self._privacy,
            lambda: self._positive(self.maxTrainingRows),
            lambda: check_checkpoint_dir(self._optional(self.checkpointDir)),
        )

    def _fit(self, dataset: DataFrame) -> SynthesizerTransformerModel:
        return self.learn(dataset)

    def learn(self, dataset: DataFrame, rules: ColumnRules = ColumnRules()) -> SynthesizerTransformerModel:  # noqa: B008
        """See `fit`; ``rules`` name columns that are not to be learned as their values suggest."""
        started = time.monotonic()
        self.check()
        max_rows = self.getOrDefault(self.maxTrainingRows)
        schema = _schema(dataset)
        columns, id_column = self._columns(schema)
        seed = given_or_drawn(self._optional(self.seed), "training_seed")
        data = collect_training_data(dataset, columns, max_rows=max_rows, seed=derive_seed(seed, "rows"))
        return self.learn_rows(data, columns, rules, seed=seed, started=started, id_column=id_column)

    def learn_rows(
        self,
        data: TrainingData,
        columns: tuple[Column, ...],
        rules: ColumnRules,
        *,
        seed: int,
        started: float,
        id_column: IdColumn | None = None,
    ) -> SynthesizerTransformerModel:
        """Learn rows that are here.

        Args:
            data: The rows, and what is known of all rows.
            columns: Their columns.
            rules: Columns that are not to be learned as their values suggest.
            seed: Fixes the fit.
            started: When the fit was asked for, by `time.monotonic`.
            id_column: The row id, which is not among ``columns``.
        """
        fitted = fit_table(
            data.rows,
            self.make_engine(),
            FitRequest(
                columns,
                seed,
                conditions=tuple(self.getOrDefault(self.conditionCols)),
                privacy=self._privacy(),
                rules=replace(
                    rules, categorical=rules.categorical | frozenset(self.getOrDefault(self.categoricalCols))
                ),
                numeric_encoding=self.getOrDefault(self.numericEncoding),
                progress=self.getOrDefault(self.showProgress),
                checkpoint_dir=self._optional(self.checkpointDir),
                started=started,
            ),
            data.statistics,
        )
        summary = TrainingSummary.of(
            fitted.fitted,
            rows=data.statistics.rows,
            training_rows=data.rows.num_rows,
            seconds=time.monotonic() - started,
            seed=seed,
            dependencies=fitted.told,
        )
        model = SynthesizerTransformerModel(fitted, id_column=id_column, summary=summary)
        return self._copyValues(model)

    def _columns(self, schema: StructType) -> tuple[tuple[Column, ...], IdColumn | None]:
        """The columns to learn, and the row id with its place among the columns that come out."""
        conditions, excluded = self.getOrDefault(self.conditionCols), self.getOrDefault(self.excludeCols)
        id_name = self._optional(self.idCol)
        require_columns(conditions, schema.names, setting="conditionCols")
        require_columns(excluded, schema.names, setting="excludeCols")
        require_columns(self.getOrDefault(self.categoricalCols), schema.names, setting="categoricalCols")
        require_columns([] if id_name is None else [id_name], schema.names, setting="idCol")
        for name in conditions:
            if name in excluded or name == id_name:
                raise SchemaError(f"column {name!r} is in conditionCols and also excluded or the idCol; choose one")
        columns = learnable_columns(schema, [*excluded, *([] if id_name is None else [id_name])])
        self._check_passthrough(columns)
        if id_name is None or id_name in excluded:
            return columns, None
        kept = [name for name in schema.names if name not in excluded]
        return columns, IdColumn.of(schema[id_name], kept.index(id_name))

    def _check_passthrough(self, columns: tuple[Column, ...]) -> None:
        for column in columns:
            if column.name in self.getOrDefault(self.passthroughCols):
                raise SchemaError(
                    f"passthroughCols names {column.name!r}, which is also a learned column; exclude it from learning "
                    f"(excludeCols, idCol) or take it out of passthroughCols"
                )


def _schema(dataset: DataFrame) -> StructType:
    try:
        return dataset.schema
    except (PySparkException, Py4JError) as error:
        raise SchemaError(f"Spark cannot resolve the training table: {first_line(error)}") from error
