"""A learned table: codecs and engine together, from rows to files and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pyarrow as pa

from synthohive_spark.config import Privacy
from synthohive_spark.engine.calendar import Calendar
from synthohive_spark.engine.calendar_fit import find_calendar, virtual_facts
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.curves import Curve
from synthohive_spark.engine.curves_fit import find_curves
from synthohive_spark.engine.encoder import TableEncoder
from synthohive_spark.engine.facts import TableFacts
from synthohive_spark.engine.fitting import check_numeric_encoding, fit_encoder
from synthohive_spark.engine.functions import find_functions
from synthohive_spark.engine.generator import RowGenerator
from synthohive_spark.engine.interface import Engine, FittedEngine, Layout
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.registry import engine_class
from synthohive_spark.engine.rules import ColumnRules
from synthohive_spark.engine.sums import Sum
from synthohive_spark.engine.sums_fit import find_sums
from synthohive_spark.errors import SchemaError, SerializationError, TrainingError
from synthohive_spark.hints import nearest


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
        calendar: Which temporal columns are parts.
        sums: Columns that are sums of others.
        curves: Columns that follow a number.
    """

    engine: str
    columns: tuple[Column, ...]
    condition_names: tuple[str, ...]
    encoder: TableEncoder
    context_encoder: TableEncoder
    layout: Layout
    fitted: FittedEngine
    calendar: Calendar = field(default_factory=Calendar)
    sums: tuple[Sum, ...] = ()
    curves: tuple[Curve, ...] = ()

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
        return bool(getattr(self.codecs[name], "has_null", False))

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
            self.calendar,
            self.sums,
            self.curves,
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
            "calendar": self.calendar.to_json(),
            "sums": [own.to_json() for own in self.sums],
            "curves": [own.to_json() for own in self.curves],
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
                condition_names=tuple(metadata["conditions"]),
                encoder=TableEncoder.from_json(documents["transformer.json"]),
                context_encoder=TableEncoder.from_json(documents["context_transformer.json"]),
                layout=layout,
                fitted=replace(fitted, history=list(metadata["history"]), checks=list(metadata["checks"])),
                calendar=Calendar.from_json(metadata["calendar"]),
                sums=tuple(Sum.from_json(own) for own in metadata["sums"]),
                curves=tuple(Curve.from_json(own) for own in metadata["curves"]),
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
        SchemaError: If there is no column to generate, or a column's values or ``numeric_encoding`` cannot be learned.
        TrainingError: If there are no rows, no column has a value, or training cannot end in a model.
    """
    made = tuple(c for c in columns if c.name not in conditions)
    given = tuple(c for c in columns if c.name in conditions)
    learned = [c.name for c in made if c.name not in rules.made]
    _check_encoding(numeric_encoding, engine, engine_name)
    _check_rows(table, made, learned)
    facts = facts or TableFacts.of(table, columns)
    calendar, sums, curves = _found_in_values(table, columns, rules, privacy, facts, engine)
    table, facts = calendar.split(table), virtual_facts(calendar, facts)
    fit = partial(
        fit_encoder,
        table,
        facts=facts,
        privacy=privacy,
        seed=seed,
        numeric_encoding=numeric_encoding,
        most_values=engine.encoding.most_values,
    )
    encoder, encoded = fit(calendar.virtual(made), rules=rules)
    context_encoder, context = fit(calendar.virtual(given))
    functions = find_functions(table, learned, encoded, encoder.blocks)
    layout = Layout(encoder.blocks, context_encoder.blocks, max(privacy.rare_category_rows, 1), functions)
    seed = derive_seed(seed, "engine")
    fitted = engine.fit(encoded, context, layout, seed=seed, progress=progress, checkpoint_dir=checkpoint_dir)
    names = tuple(c.name for c in given)
    return TableModel(engine_name, columns, names, encoder, context_encoder, layout, fitted, calendar, sums, curves)


def _found_in_values(
    table: pa.Table,
    columns: tuple[Column, ...],
    rules: ColumnRules,
    privacy: Privacy,
    facts: TableFacts,
    engine: Engine,
) -> tuple[Calendar, tuple[Sum, ...], tuple[Curve, ...]]:
    """What columns have in common that no engine sees, for it is in their values and not in their codes."""
    own = tuple(c for c in columns if c.name not in rules.made)
    sums = find_sums(table, own, privacy)
    # A value of a band comes out as it is, and none of a column that is imitated may.
    curves = find_curves(table, tuple(c for c in own if c.name not in rules.imitated), privacy, sums)
    return find_calendar(table, own, privacy, facts) if engine.encoding.calendar else Calendar(), sums, curves


def _check_encoding(name: str, engine: Engine, engine_name: str) -> None:
    """The encoding of numbers must be one that the engine learns."""
    if name not in engine.encoding.numeric:
        check_numeric_encoding(name)
        raise SchemaError(
            f"the engine {engine_name!r} does not learn numeric_encoding {name!r} (numericEncoding); "
            f"leave it at {engine.encoding.numeric[0]!r}"
        )


def _check_rows(table: pa.Table, made: Sequence[Column], learned: Sequence[str]) -> None:
    """There must be a column to generate, a row, and a value in what is to be learned."""
    if not made:
        raise SchemaError("there is no column to generate: every column is excluded, given or the row id")
    if table.num_rows == 0:
        raise TrainingError("the table has no rows to learn from")
    if learned and all(table.column(name).null_count == table.num_rows for name in learned):
        raise TrainingError(
            f"every column to learn is null in all of its {table.num_rows:,} rows: there is nothing to learn"
        )
