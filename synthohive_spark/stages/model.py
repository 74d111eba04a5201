"""The fitted stage: draws synthetic rows for seats, or for numbers from 0 on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pyspark.ml import Model
from pyspark.ml.util import MLReadable, MLWritable
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.hints import nearest, whole_number
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.seeds import given_or_drawn
from synthohive_spark.engine.table.conditions import Given, read_conditions
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.engine.training.summary import TrainingSummary
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.spark.generation import check_passthrough, fill_nulls, generate
from synthohive_spark.spark.given_columns import checked_rows, is_stream
from synthohive_spark.spark.schema import quote
from synthohive_spark.spark.session import active_session
from synthohive_spark.stages.id_column import IdColumn
from synthohive_spark.stages.params import SynthesizerParams
from synthohive_spark.stages.persistence import ModelReader, ModelWriter

_NUMBER = "__synthohive_number"


class SynthesizerTransformerModel(SynthesizerParams, Model, MLReadable["SynthesizerTransformerModel"], MLWritable):
    """A learned table. Made by ``SynthesizerTransformer.fit`` or ``SynthesizerTransformerModel.load``.

    Attributes:
        trainingSummary: What the fit did.
    """

    def __init__(
        self,
        table_model: TableModel | None = None,
        *,
        id_column: IdColumn | None = None,
        summary: TrainingSummary | None = None,
    ) -> None:
        super().__init__()
        self._set_defaults()
        self._table_model = table_model
        self._id_column = id_column
        self._summary = summary

    @property
    def table_model(self) -> TableModel:
        """The learned table."""
        if self._table_model is None:
            raise SynthoHiveError("this model is empty: make one with fit or load")
        return self._table_model

    @property
    def trainingSummary(self) -> TrainingSummary:
        """What the fit did."""
        if self._summary is None:
            raise SynthoHiveError("this model is empty: make one with fit or load")
        return self._summary

    @property
    def id_column(self) -> IdColumn | None:
        """The row id, which is numbered."""
        return self._id_column

    @property
    def columns(self) -> tuple[Column, ...]:
        """The learned columns in their order, condition columns at their places."""
        return self.table_model.columns

    @property
    def dependencies(self) -> tuple[str, ...]:
        """What holds in all learned rows and in every row that is drawn, such as ``end >= start in all 900 rows``."""
        return self.table_model.told

    def setParams(self, **params: Any) -> SynthesizerTransformerModel:
        """Set Params by name (``samplingSeed=7``, ``passthroughCols=["k"]``); None leaves a Param as it is."""
        self._set_named(params)
        return self

    def sample(
        self,
        n: int,
        seed: int | None = None,
        numPartitions: int | None = None,
        *,
        given: Given | None = None,
        firstId: int = 0,
        spark: SparkSession | None = None,
        redraw: Mapping[str, Constraint] | None = None,
    ) -> DataFrame:
        """``n`` synthetic rows in the schema of the learned table, drawn when the result is used.

        With ``idCol`` set at fit, that column is at its place and holds the rows' numbers, 0 to n-1.

        Args:
            n: How many rows.
            seed: Fixes the rows; drawn and logged as ``sampling_seed`` when None.
            numPartitions: Partitions of the result, which has the same rows with any number; Spark's default when None.
            given: What columns hold in all rows: a value, a list of values or a range, such as ``{"income": ">50K",
                "city": ["Rome", "Milan"], "age": Between(18, 30)}``, or a list of such mappings with weights,
                ``[({"income": ">50K"}, 1), ({"income": "<=50K"}, 1)]``, for shares of the rows. The engine
                "autoregressive" takes any columns, "ctgan" those that it was given when it learned, with values.
            firstId: The number of the first row, such that a table can be drawn in parts: the rows are those of a
                larger sample with this seed, from that one on. Default 0.
            spark: The session; the active one when None.
            redraw: Constraints that a row is drawn again for, a bounded number of times, until it keeps them.

        Raises:
            SchemaError: If ``n``, ``seed``, ``firstId`` or ``numPartitions`` is out of range, a condition column is not
                given, or a column or a value in ``given`` is not one that the model knows.
        """
        n, first = whole_number(n, "n", least=0), whole_number(firstId, "firstId", least=0)
        if numPartitions is not None:
            numPartitions = whole_number(numPartitions, "numPartitions", least=1)
        if given is None:
            self.check_no_conditions()
        cases = read_conditions(self.table_model, given)
        if first and cases is not None:
            raise SchemaError("given and firstId were both set; shares of given are those of a whole sample")
        seed = given_or_drawn(seed, "sampling_seed")
        key, number = self._id_column, F.col(_NUMBER)
        self.check_rows(first + n)
        rows = active_session(spark).range(first, first + n, 1, numPartitions).select(F.col("id").alias(_NUMBER))
        rows = rows.select(_NUMBER, *([] if key is None else [key.numbered(number)]))
        drawn = generate(
            rows,
            self.table_model.generator,
            row_id=number if key is None else F.col(quote(key.column.name)),
            passthrough=[] if key is None else [key.column.name],
            seed=seed,
            number=number,
            redraw=redraw,
            cases=None if cases is None else cases.over(n),
        )
        if key is None:
            return drawn
        order = [c.name for c in self.columns]
        order.insert(key.place, key.column.name)
        return drawn.select(*[F.col(quote(name)) for name in order])

    def impute(self, df: DataFrame, cols: Sequence[str] | None = None, seed: int | None = None) -> DataFrame:
        """``df`` with a value drawn for each null, given all that its row holds; nothing else is changed.

        Lazy, like `transform`: the values are drawn when the result is used. They have the spread that the column has
        among rows like this one, so that statistics of the filled table are true; they are no best guesses. ``idCol``
        feeds a row's noise; without one the values follow the partitioning.

        Args:
            df: Rows with all learned columns; other columns stay as they are.
            cols: The learned columns to fill; all but condition columns when None. A null in another column is taken
                for what the row holds.
            seed: Fixes the values; drawn and logged as ``sampling_seed`` when None.

        Raises:
            SchemaError: If the engine takes no condition but those it was learned with, or ``cols`` names a column that
                was not learned or is a condition column.
        """
        model = self.table_model
        free = [c.name for c in model.columns if c.name not in model.condition_names]
        fill = free if cols is None else list(cols)
        model.check_given([c.name for c in model.columns], "impute")
        for name in fill:
            if name not in free:
                raise SchemaError(f"cols names {name!r}, which is no learned column{nearest(name, free)}")
        return fill_nulls(
            checked_rows(df, model.columns, self._own_columns(df), "impute"),
            model.generator,
            row_id=self._row_id,
            seed=given_or_drawn(seed, "sampling_seed"),
            fill=[n for n in free if n in fill],
        )

    def check_no_conditions(self) -> None:
        """A `SchemaError` if there are condition columns, so that rows cannot be drawn without them."""
        if self.table_model.conditions:
            names = ", ".join(repr(c.name) for c in self.table_model.conditions)
            raise SchemaError(
                f"the model was learned with condition columns ({names}), so it cannot sample on its own: call "
                f"transform(seats) with a DataFrame that has these columns, or sample(n, given={{...}})"
            )

    def check_rows(self, n: int) -> None:
        """Check that unique columns have values for ``n`` rows; if not, a `SchemaError` says for how many."""
        for column, codec in self._unique:
            if n > codec.capacity:
                raise SchemaError(
                    f"column {column.name!r} of type {column.type} has unique values for at most "
                    f"{codec.capacity:,} rows, got n={n:,}"
                )

    @property
    def most_rows(self) -> int | None:
        """For how many rows unique columns have values; None where there is no end."""
        return min((codec.capacity for _, codec in self._unique), default=None)

    @property
    def _unique(self) -> list[tuple[Column, Codec]]:
        encoder, key = self.table_model.encoder, self._id_column
        columns: list[tuple[Column, Codec]] = list(zip(encoder.columns, encoder.codecs, strict=True))
        every = columns if key is None else [(key.column, key.codec), *columns]
        return [(column, codec) for column, codec in every if codec.unique]

    def write(self) -> ModelWriter:
        """A writer: ``write().save(path)``, ``write().overwrite().save(path)``."""
        return ModelWriter(self, self.table_model, self.attributes_to_json())

    @classmethod
    def read(cls) -> ModelReader:
        """A reader: ``read().load(path)``."""
        return ModelReader(cls)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        """One synthetic row for each seat, drawn when the result is used.

        The output is the ``passthroughCols``, then the learned columns in learned order, condition columns copied at
        their places in their learned types. ``idCol`` feeds a row's noise, so that equal ids with equal conditions give
        equal rows; without one the rows follow Spark's ``monotonically_increasing_id`` and so the partitioning.

        ``conditionCols`` can be set before to other columns than when learning, where the engine takes any condition:
        ``model.setParams(conditionCols=["income"]).transform(seats)``.
        """
        given = self.getOrDefault(self.conditionCols)
        self.table_model.check_given(given, "conditionCols")
        passed = self.getOrDefault(self.passthroughCols)
        check_passthrough(passed, self.columns)
        columns = [c for c in self.columns if c.name in given]
        named = {**self._own_columns(dataset), "passthroughCols": passed}
        return generate(
            checked_rows(dataset, columns, named, "conditionCols"),
            self.table_model.generator,
            row_id=self._row_id,
            passthrough=passed,
            seed=self.getOrDefault(self.samplingSeed),
            given=given,
        )

    def _own_columns(self, df: DataFrame) -> dict[str, Sequence[str]]:
        """The column that identifies a row of ``df``; a `SchemaError` if a stream has none."""
        name = self._optional(self.idCol)
        if name is None and is_stream(df):
            raise SchemaError(
                "the rows of a streaming DataFrame cannot be numbered: name a column that identifies a row, from which "
                "its values follow, such as by model.setParams(idCol='id')"
            )
        return {"idCol": [] if name is None else [name]}

    @property
    def _row_id(self) -> Expression:
        name = self._optional(self.idCol)
        return F.monotonically_increasing_id() if name is None else F.col(quote(name))

    def attributes_to_json(self) -> dict[str, Any]:
        """What this model is beside its learned table and its Params, as plain values."""
        summary = asdict(self.trainingSummary)
        history, checks = summary.pop("history"), summary.pop("checks")  # the table model's own metadata holds them
        key = self._id_column
        return {
            "id_column": None if key is None else key.to_json(),
            "summary": summary,
            "history": list(history),
            "checks": list(checks),
        }

    @staticmethod
    def _attributes_from_json(stage: Mapping[str, Any]) -> dict[str, Any]:
        key = stage["id_column"]
        summary: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in stage["summary"].items()}
        return {
            "id_column": None if key is None else IdColumn.from_json(key),
            "summary": TrainingSummary(
                history=tuple(stage["history"]),
                checks=tuple(stage["checks"]),
                **summary,
            ),
        }


__all__: Sequence[str] = ["SynthesizerTransformerModel", "TrainingSummary"]
