"""A learned table: codecs and engine together, from rows to files and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.encoded_table import Layout
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.interface import FittedEngine
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.engine.table.registry import engine_class
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class TableModel:
    """A learned table.

    Attributes:
        engine: The engine's name.
        columns: The learned columns in their order, condition columns at their places.
        condition_names: Names of the condition columns.
        encoder: Codecs of the generated columns, temporal ones as parts where the engine wants that.
        context_encoder: Codecs of the condition columns, likewise.
        layout: The encoded row.
        fitted: What the engine left behind.
        dependencies: What holds in all rows.
        told: The same in words.
    """

    engine: str
    columns: tuple[Column, ...]
    condition_names: tuple[str, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    layout: Layout
    fitted: FittedEngine
    dependencies: Dependencies
    told: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Column, ...]:
        """The condition columns, in learned order."""
        return tuple(c for c in self.columns if c.name in self.condition_names)

    @property
    def codecs(self) -> dict[str, Codec]:
        """The codecs by column; of a temporal column in parts, that of the first."""
        pairs = (
            pair for own in (self.encoder, self.context_encoder) for pair in zip(own.columns, own.codecs, strict=True)
        )
        return {column.name: codec for column, codec in pairs}

    def holds_nulls(self, name: str) -> bool:
        """Whether the column had nulls when it was learned."""
        return self.codecs[name].has_null

    def check_given(self, names: Sequence[str], setting: str) -> None:
        """Check that columns of these names can be given when drawing.

        Args:
            names: The columns.
            setting: Where the user named them, for the message.

        Raises:
            SchemaError: If one is no learned column, a condition column is not among them, or the engine takes no
                other than these.
        """
        known = [c.name for c in self.columns]
        for name in names:
            if name not in known:
                raise SchemaError(f"{setting} names {name!r}, which is not a learned column{nearest(name, known)}")
        left_out = [c.name for c in self.conditions if c.name not in names]
        if left_out:
            raise SchemaError(
                f"the model was learned with condition columns, which always are given: "
                f"{', '.join(map(repr, left_out))} is missing; name it in {setting}"
            )
        more = [name for name in names if name not in self.condition_names]
        if more and not engine_class(self.engine).any_condition:
            raise SchemaError(
                f"{setting} names {', '.join(map(repr, more))}, which was not given when the model was learned, and "
                f"the engine {self.engine!r} takes no other condition: learn with "
                f"conditionCols={[*self.condition_names, *more]!r}, or with engine='autoregressive', which takes any"
            )

    @property
    def generator(self) -> RowGenerator:
        """The part that draws rows, fit to travel."""
        return RowGenerator(
            self.columns,
            self.condition_names,
            self.encoder,
            self.context_encoder,
            self.fitted.sampler,
            self.dependencies,
        )

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
            "conditions": list(self.condition_names),
            "dependencies": self.dependencies.to_json(),
            "told": list(self.told),
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

        Whatever is raised says that a part is missing, or has another structure than it should.
        """
        layout = Layout.from_json(documents["data_column_info.json"])
        check_loaded(layout, Layout, "data_column_info.json")
        fitted = engine_class(metadata["engine"]).load(files, metadata["engine_parameters"], layout)
        history, checks = metadata["history"], metadata["checks"]
        check_loaded((history, checks), tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]], "history")
        return cls(
            engine=metadata["engine"],
            columns=tuple(Column.from_json(c) for c in metadata["columns"]),
            condition_names=tuple(metadata["conditions"]),
            encoder=TableEncoder.from_json(documents["transformer.json"]),
            context_encoder=TableEncoder.from_json(documents["context_transformer.json"]),
            layout=layout,
            fitted=replace(fitted, history=history, checks=checks),
            dependencies=Dependencies.from_json(metadata["dependencies"], layout),
            told=tuple(metadata.get("told", ())),
        )
