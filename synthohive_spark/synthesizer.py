"""A database of tables: learn it, draw it, check it, write it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.hints import nearest, whole_number
from synthohive_spark.declarations.names import Name, TableName
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.seeds import given_or_drawn
from synthohive_spark.engine.table.conditions import Given
from synthohive_spark.engine.table.registry import engine_class
from synthohive_spark.errors import (
    SchemaError,
    SerializationError,
    SynthoHiveError,
    TrainingError,
)
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.model_directory.table_files import checked_parts
from synthohive_spark.relational.database_files import read_database, write_database
from synthohive_spark.relational.enforcement import ON_VIOLATION, enforce
from synthohive_spark.relational.fit_orchestrator import FitOrchestrator
from synthohive_spark.relational.fit_params import stage_params
from synthohive_spark.relational.imputation import impute_linked
from synthohive_spark.relational.learned_database import LearnedDatabase
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.relational.metadata import Metadata
from synthohive_spark.relational.sample_orchestrator import SampleOrchestrator, SampleRequest
from synthohive_spark.relational.schema_check import require_valid_schema
from synthohive_spark.relational.sources import Source, TableSource, open_tables, source_databases
from synthohive_spark.relational.table_writer import write_tables
from synthohive_spark.spark.cancellation import cancel_on_interrupt
from synthohive_spark.spark.error_boundary import error_boundary
from synthohive_spark.spark.session import active_session
from synthohive_spark.spark.sources import is_path
from synthohive_spark.stages.estimator import SynthesizerTransformer
from synthohive_spark.stages.model import SynthesizerTransformerModel
from synthohive_spark.validation.database import compare_database
from synthohive_spark.validation.report import ValidationReport

_log = get_logger(__name__)


class Synthesizer:
    """Learns a database of tables and draws synthetic copies of them.

    Args:
        metadata: What is declared about the tables.
        spark: The session; the active one when None.
        engine: The engine that learns the tables, "ctgan" or "autoregressive". Default "ctgan".
        privacy: What a model may keep of the rows.
        progress: Whether to show bars over tables and epochs. Default True.

    Attributes:
        models: The learned tables by name.

    Raises:
        SchemaError: If the engine is not known, or ``metadata`` declares no table.
    """

    def __init__(
        self,
        metadata: Metadata,
        spark: SparkSession | None = None,
        *,
        engine: str = "ctgan",
        privacy: Privacy = Privacy(),  # noqa: B008  (frozen, so one shared default is safe)
        progress: bool = True,
    ) -> None:
        engine_class(engine)
        if not isinstance(metadata, Metadata) or not metadata.tables:
            raise SchemaError("metadata must be a Metadata that declares at least one table: Metadata().add_table(...)")
        self.metadata = metadata
        self.spark = spark
        self.engine = engine
        self.privacy = privacy
        self.progress = progress
        self.models: dict[str, SynthesizerTransformerModel] = {}
        self._linked: dict[str, LinkedTable] = {}
        self._sources: tuple[str, ...] = ()

    def fit(
        self,
        source: Source,
        *,
        seed: int | None = None,
        tables: Sequence[str] | None = None,
        hash_key: str | bytes | None = None,
        parallelism: int = 1,
        **params: Any,
    ) -> Synthesizer:
        """Learn the declared tables, parents first.

        A table that fails ends the fit; the models of those that are learned stay, and ``tables`` learns the others
        later.

        Args:
            source: The name of a database, as a string or as a list of its parts, or a mapping of table names to
                DataFrames, table names or paths. Names are those that `synthohive_spark.read_table` takes.
            seed: Fixes the fit of every table; drawn and logged as ``training_seed`` when None.
            tables: The tables to learn; all declared ones when None.
            hash_key: The key of columns whose pii rule is "hash". It is not kept.
            parallelism: How many tables to learn at a time, each with ``threads`` of the driver's processors and memory
                of its own; the models are the same with any number. Default 1.
            **params: Settings of the engine, such as ``epochs``, ``batch_size``, ``learning_rate``, ``patience``,
                ``threads`` or ``max_seconds`` (for each table), and ``max_training_rows``, ``numeric_encoding`` and
                ``checkpoint_dir``, as in `synthohive_spark.SynthesizerTransformer`.

        Returns:
            This object.

        Raises:
            SchemaError: If the tables do not fit the metadata (all problems are listed), or an argument is not valid.
            TrainingError: If a table's fit cannot end in a model; `TrainingInterruptedError` if it is interrupted.
        """
        with error_boundary("fit", TrainingError), cancel_on_interrupt(active_session(self.spark)):
            given = stage_params(params)
            self._estimator(0, given).check()
            if isinstance(tables, str):
                raise SchemaError(f"tables must be a list of table names, got {tables!r}")
            if hash_key is not None and not isinstance(hash_key, str | bytes):
                raise SchemaError(f"hash_key must be text or bytes, got {type(hash_key).__name__}")
            parallelism = whole_number(parallelism, "parallelism", least=1)
            wanted = list(self.metadata.tables if tables is None else map(self._declared, tables))
            frames = open_tables(self.spark, source, wanted)
            require_valid_schema(self.metadata, frames, strict=False, privacy=self.privacy)
            others = [name for name in self.metadata.tables if name not in frames]
            frames |= open_tables(self.spark, source, others, missing_ok=True)
            seed = given_or_drawn(seed, "training_seed")
            key = hash_key.encode() if isinstance(hash_key, str) else hash_key
            orchestrator = FitOrchestrator(
                self.metadata,
                lambda own: self._estimator(own, given),
                self.privacy,
                self.progress,
                active_session(self.spark),
                parallelism,
            )
            self._sources = tuple(sorted({*self._sources, *source_databases(self.spark, source)}))
            orchestrator.fit(frames, wanted, self.models, self._linked, seed=seed, hash_key=key)
        return self

    def sample(
        self,
        rows: Mapping[str, int] | None = None,
        *,
        scale: float | None = None,
        tables: Sequence[str] | None = None,
        parents: Mapping[str, DataFrame] | None = None,
        given: Mapping[str, Given] | None = None,
        seed: int | None = None,
        enforce_constraints: bool = False,
        on_violation: str = "drop",
    ) -> dict[str, DataFrame]:
        """Draw a database; lazy, unless constraints are enforced, which takes one aggregate a table.

        Every table that is linked with one that is asked for comes out in proportion, with keys that meet.

        Args:
            rows: How many rows of which tables, such as ``{"customers": 10_000}``; of a table whose rows follow from
                another's, so many by drawing children in proportion. All tables in their learned size when None.
            scale: Rows in units of the learned ones, instead of ``rows``.
            tables: The tables to return; all that are drawn when None.
            parents: By table, rows that are there already, real or synthetic, with their keys: their children come out,
                and what these refer to. Needs the engine "autoregressive", which draws how many children a row has by
                what it holds.
            given: By table, values of columns that are the same in all rows, or pairs of such values and weights; see
                `synthohive_spark.SynthesizerTransformerModel.sample`. For tables whose rows follow from no other's.
            seed: Fixes the rows; drawn and logged as ``sampling_seed`` when None.
            enforce_constraints: Whether to check the declared constraints.
            on_violation: "drop" leaves out rows that break one, with one warning; "raise" raises; "resample" draws such
                rows again, up to 50 times each, and raises if some still break one.

        Returns:
            A DataFrame for each table, in the schema of the learned table.

        Raises:
            SchemaError: If a table is not learned, or an argument is not valid.
            ConstraintViolationError: See ``on_violation``; also if a generated value does not fit its column's type.
        """
        with error_boundary("sample", SynthoHiveError), cancel_on_interrupt(active_session(self.spark)):
            if on_violation not in ON_VIOLATION:
                raise SchemaError(f"on_violation {on_violation!r} is not known{nearest(on_violation, ON_VIOLATION)}")
            learned = self._learned
            given, parents = learned.given(given), learned.parents(parents)
            sizes = learned.sizes(rows, scale, tables, given, parents)
            seed = given_or_drawn(seed, "sampling_seed")
            redraw = enforce_constraints and on_violation == "resample"
            orchestrator = SampleOrchestrator(self.metadata, self.models, self._linked, active_session(self.spark))
            frames = orchestrator.sample(SampleRequest(sizes, seed, given, redraw, parents))
            return enforce(frames, self.metadata, on_violation) if enforce_constraints else frames

    def impute(
        self, table: str, df: DataFrame, *, cols: Sequence[str] | None = None, seed: int | None = None
    ) -> DataFrame:
        """``df``, rows of a learned table, with a value drawn for each null; lazy.

        Args:
            table: The table.
            df: Its rows; see `synthohive_spark.SynthesizerTransformerModel.impute`.
            cols: The columns to fill; all learned ones when None.
            seed: Fixes the values; drawn and logged as ``sampling_seed`` when None.

        Raises:
            SchemaError: If the table or a column is not learned, or the engine is not one that fills nulls.
        """
        with error_boundary("impute", SynthoHiveError), cancel_on_interrupt(active_session(self.spark)):
            self._learned.require_learned()
            return impute_linked(self._learned.model(table), df, cols, seed)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write all learned tables as one model directory.

        Args:
            path: Where to.
            overwrite: Whether to replace a model that is there.

        Raises:
            SerializationError: If the path holds something and ``overwrite`` is False, or cannot be written.
            SchemaError: If no table is learned.
        """
        with error_boundary("save", SerializationError):
            self._learned.require_learned()
            attributes = {"metadata": self.metadata.to_dict(), "engine": self.engine, "sources": list(self._sources)}
            attributes["privacy"] = dict(vars(self.privacy))
            write_database(path, self.models, self._linked, attributes, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], spark: SparkSession | None = None) -> Synthesizer:
        """Read what `save` wrote; neither the real tables nor a new fit are needed.

        Args:
            path: Where it is.
            spark: The session; the active one when None.

        Raises:
            SerializationError: If the directory, or a file in it, is missing or altered.
        """
        with error_boundary("load", SerializationError):
            models, linked, attributes = read_database(path)
            with checked_parts("the declarations of the database"):
                metadata, privacy = Metadata.from_dict(attributes["metadata"]), Privacy(**attributes["privacy"])
                sources = tuple(attributes["sources"])
                check_loaded(sources, tuple[str, ...], "sources")
                made = cls(metadata, spark, engine=attributes["engine"], privacy=privacy)
            made.models, made._linked, made._sources = models, linked, sources
            return made

    def save_to_hive(
        self,
        tables: Mapping[str, DataFrame],
        target_db: Name,
        *,
        overwrite: bool = False,
        format: str = "delta",
        allow_source: bool = False,
    ) -> None:
        """Write tables into a database, each whole or not at all; every name and every target is checked first.

        Args:
            tables: The tables, as `sample` returns them.
            target_db: The database, one or two parts of a name; made if it is not there.
            overwrite: Whether to replace tables that are there.
            format: "delta", or "orc" or "parquet" for Hive tables.
            allow_source: Whether to write into a database that the fit read from; ``overwrite`` must be True as well.

        Raises:
            SchemaError: If a name is not valid, a table exists and ``overwrite`` is False, or a target cannot be
                written; then nothing was.
            WriteError: If a write fails; it says which tables are in place and which are not.
        """
        with error_boundary("save_to_hive", SynthoHiveError), cancel_on_interrupt(active_session(self.spark)):
            write_tables(
                self.spark,
                tables,
                target_db,
                overwrite=overwrite,
                format=format,
                sources=() if allow_source and overwrite else self._sources,
            )

    def generate_validation_report(
        self,
        real: Source | TableSource,
        synthetic: Source | TableSource,
        output_path: str | os.PathLike[str] | None = None,
    ) -> ValidationReport:
        """Compare real and synthetic tables, and the links between them, over all rows, by Spark.

        Where the tables have been learned, rows that break what was found to hold in all of them are counted, too.
        Categories of fewer rows than ``privacy.rare_category_rows`` are no error where they are missing, as no model
        may know them: columns are compared over the others, and the report says how many rows these leave out. With
        ``Privacy(rare_category_rows=0)`` all values are compared.

        Frames are read several times: write synthetic ones that are costly to make to tables first.

        Args:
            real: A database name, or a mapping of tables to DataFrames, table names or paths (Delta where the path
                holds a Delta table, else Parquet); for a single declared table also one of these by itself.
            synthetic: Likewise.
            output_path: Where to write the report: JSON where it ends with ``.json``, else an HTML page.

        Raises:
            SchemaError: If a table cannot be found or read.
            SerializationError: If the report cannot be written there.
        """
        with (
            error_boundary("generate_validation_report", SynthoHiveError),
            cancel_on_interrupt(active_session(self.spark)),
        ):
            if output_path is not None:
                Folder.at(output_path)
            both = self._opened(real), self._opened(synthetic)
            names = [name for name in self.metadata.tables if name in both[0] and name in both[1]]
            if not names:
                raise SchemaError(
                    f"no declared table is both among the real ones ({', '.join(both[0])}) and the synthetic ones "
                    f"({', '.join(both[1])})"
                )
            learned, aggregates = self._learned.dependencies(), self._learned.aggregates()
            declared = {name: self.metadata.table(name) for name in names}
            rare = self.privacy.rare_category_rows
            report = compare_database(both[0], both[1], declared, learned, rare, aggregates)
            if output_path is not None:
                write = report.write_json if os.fspath(output_path).endswith(".json") else report.write_html
                write(output_path)
            return report

    def _opened(self, tables: Any) -> dict[str, DataFrame]:
        only = list(self.metadata.tables)
        if isinstance(tables, Mapping):
            return open_tables(self.spark, tables, [name for name in only if name in tables] or list(tables))
        if isinstance(tables, str | list | tuple) and not is_path(tables):
            name = TableName.parse(tables)
            if len(only) > 1 or name.database is None:
                return open_tables(self.spark, tables, only)
        if len(only) > 1:
            raise SchemaError(f"{len(only)} tables are declared: give a database, or a mapping of tables")
        return open_tables(self.spark, {only[0]: tables}, only)

    def _estimator(self, seed: int, params: Mapping[str, Any]) -> SynthesizerTransformer:
        return SynthesizerTransformer(
            engine=self.engine,
            seed=seed,
            rareCategoryRows=self.privacy.rare_category_rows,
            extremeRows=self.privacy.extreme_rows,
            showProgress=self.progress,
            **params,
        )

    @property
    def _learned(self) -> LearnedDatabase:
        return LearnedDatabase(self.metadata, self.models, self._linked)

    def _declared(self, name: str) -> str:
        self.metadata.table(name)
        return name
