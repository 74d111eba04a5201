"""A learned table: codecs and engine together, from rows to files and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa

from synthohive_spark.config import Privacy
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoder import TableEncoder
from synthohive_spark.engine.facts import TableFacts
from synthohive_spark.engine.fitting import fit_encoder
from synthohive_spark.engine.generator import RowGenerator
from synthohive_spark.engine.interface import Engine, FittedEngine, Layout
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.registry import engine_class
from synthohive_spark.engine.rules import ColumnRules
from synthohive_spark.errors import SchemaError, SerializationError, TrainingError


@dataclass(frozen=True)
class TableModel:
    """A learned table.

    Attributes:
        engine: The engine's name.
        columns: The learned columns in their order, condition columns at their places.
        encoder: Codecs of the generated columns.
        context_encoder: Codecs of the condition columns.
        layout: The encoded row.
        fitted: What the engine left behind.
    """

    engine: str
    columns: tuple[Column, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    layout: Layout
    fitted: FittedEngine

    @property
    def conditions(self) -> tuple[Column, ...]:
        """The condition columns, in learned order."""
        return self.context_encoder.columns

    @property
    def generator(self) -> RowGenerator:
        """The part that draws rows, fit to travel."""
        return RowGenerator(self.columns, self.encoder, self.context_encoder, self.fitted.sampler)

    def to_files(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The model as (JSON documents by file name, metadata), beside the engine's own ``fitted.files``."""
        documents = {
            "transformer.json": self.encoder.to_json(),
            "context_transformer.json": self.context_encoder.to_json(),
            "data_column_info.json": self.layout.to_json(),
        }
        metadata = {
            "engine": self.engine,
            "columns": [c.to_json() for c in self.columns],
            "engine_parameters": self.fitted.parameters,
            "history": self.fitted.history,
            "checks": self.fitted.checks,
        }
        return documents, metadata

    @classmethod
    def from_files(
        cls, documents: Mapping[str, Any], metadata: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> TableModel:
        """The model that `to_files` described.

        Raises:
            SerializationError: If a part is missing or has another shape than it should.
        """
        try:
            layout = Layout.from_json(documents["data_column_info.json"])
            fitted = engine_class(metadata["engine"]).load(files, metadata["engine_parameters"], layout)
            return cls(
                engine=metadata["engine"],
                columns=tuple(Column.from_json(c) for c in metadata["columns"]),
                encoder=TableEncoder.from_json(documents["transformer.json"]),
                context_encoder=TableEncoder.from_json(documents["context_transformer.json"]),
                layout=layout,
                fitted=replace(fitted, history=list(metadata["history"]), checks=list(metadata["checks"])),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, SchemaError):
                raise
            raise SerializationError(f"the model directory does not have the expected structure: {error!r}") from error


def fit_table(
    table: pa.Table,
    columns: tuple[Column, ...],
    engine: Engine,
    *,
    engine_name: str,
    seed: int,
    conditions: tuple[str, ...] = (),
    privacy: Privacy = Privacy(),  # noqa: B008  (frozen, so one shared default is safe)
    facts: TableFacts | None = None,
    progress: bool = False,
    rules: ColumnRules = ColumnRules(),  # noqa: B008
    numeric_encoding: str = "rank",
    checkpoint_dir: str | None = None,
) -> TableModel:
    """Learn a table.

    Args:
        table: The training rows, in a canonical order if the result is to be the same every time.
        columns: The columns to learn, condition columns among them, in output order.
        engine: What learns them.
        engine_name: Its name in the registry.
        seed: Fixes codecs, weights and order of training.
        conditions: Names of the columns that will be given, not generated.
        privacy: What the model may keep of the rows.
        facts: Facts about all rows, where ``table`` is a sample of them.
        progress: Whether to show a progress bar.
        rules: Columns that are not to be learned as their values suggest.
        numeric_encoding: See `synthohive_spark.engine.fitting.fit_encoder`.
        checkpoint_dir: See `synthohive_spark.engine.interface.Engine.fit`.

    Raises:
        SchemaError: If the columns leave nothing to learn, a column's values cannot be learned, or
            ``numeric_encoding`` is not known.
        TrainingError: If there are no rows, no column has a value, or training cannot end in a model.
    """
    made = tuple(c for c in columns if c.name not in conditions)
    given = tuple(c for c in columns if c.name in conditions)
    if not made:
        raise SchemaError("there is no column to generate: every column is excluded, given or the row id")
    if table.num_rows == 0:
        raise TrainingError("the table has no rows to learn from")
    facts = facts or TableFacts.of(table, columns)
    learned = [c for c in made if c.name not in rules.made]
    if learned and all(table.column(c.name).null_count == table.num_rows for c in learned):
        raise TrainingError(
            f"every column to learn is null in all of its {table.num_rows:,} rows: there is nothing to learn"
        )
    fit = partial(
        fit_encoder,
        table,
        facts=facts,
        privacy=privacy,
        seed=seed,
        numeric_encoding=numeric_encoding,
        most_values=engine.encoding.most_values,
    )
    encoder, encoded = fit(made, rules=rules)
    context_encoder, context = fit(given)
    layout = Layout(encoder.blocks, context_encoder.blocks, max(privacy.rare_category_rows, 1))
    engine_seed = derive_seed(seed, "engine")
    fitted = engine.fit(encoded, context, layout, seed=engine_seed, progress=progress, checkpoint_dir=checkpoint_dir)
    return TableModel(engine_name, columns, encoder, context_encoder, layout, fitted)
