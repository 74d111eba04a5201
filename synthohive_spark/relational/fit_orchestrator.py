"""Learning the tables of a database: what the links say first, then each table, owners before what they own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from tqdm.auto import tqdm

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.errors import SynthoHiveError, TrainingError, TrainingInterruptedError, was_interrupted
from synthohive_spark.logs import logged_about
from synthohive_spark.relational.kept_tables import KeptRows, kept_table
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.relational.parallel import Failure, first_failure
from synthohive_spark.relational.prepared_tables import decided_references, prepare_table
from synthohive_spark.relational.table_learning import TableLearning, fit_cells
from synthohive_spark.relational.training_frames import TrainingFrames
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.stages.estimator import SynthesizerTransformer
from synthohive_spark.stages.model import SynthesizerTransformerModel

Models = dict[str, SynthesizerTransformerModel]


@dataclass(frozen=True)
class FitOrchestrator:
    """Learns the tables of a database, owners first.

    Attributes:
        metadata: What is declared about the tables.
        estimator: Makes the estimator of one table from its seed.
        privacy: What a model may keep.
        progress: Whether to show a bar over the tables.
        spark: The session.
        parallelism: How many tables to learn at a time.
    """

    metadata: Declarations
    estimator: Callable[[int], SynthesizerTransformer]
    privacy: Privacy
    progress: bool
    spark: SparkSession
    parallelism: int = 1

    def fit(
        self,
        tables: Mapping[str, DataFrame],
        wanted: Collection[str],
        models: Models,
        linked: dict[str, LinkedTable],
        *,
        seed: int,
        hash_key: bytes | None,
    ) -> None:
        """Learn ``wanted`` and put each model into ``models`` as soon as it is there.

        Args:
            tables: The tables that are wanted, and those that they may be linked with.
            wanted: The tables to learn.
            models: The learned tables' models.
            linked: The learned tables' places in the database.
            seed: Fixes the fit.
            hash_key: The key of hashed columns.

        Raises:
            SynthoHiveError: What a table's fit raised, of the same type, with the name of the table and of those
                that are learned; `TrainingError` for what is of no type of ours.
        """
        done: list[str] = []
        outer = sys.exc_info()[1]
        plan = DatabasePlan.of(self.metadata.tables, tables)
        plan = DatabasePlan({name: plan.tables[name] for name in plan.linked(wanted)})
        order = [name for name in plan.tables if name in wanted]
        learning: TableLearning | None = None
        with tqdm(total=len(order), desc="tables", unit="table", disable=not self.progress) as bar:

            def learn(name: str) -> None:
                assert learning is not None
                bar.set_postfix_str(name)
                config = self.metadata.table(name)
                if plan.tables[name].kept:
                    linked[name] = kept_table(name, learning.kept[name], learning.frames, config.pk)
                else:
                    estimator = self.estimator(derive_seed(seed, "table", name))
                    with logged_about(table=name):
                        models[name], linked[name] = learning.learn(name, config, estimator)
                done.append(name)
                bar.update()

            failed: Failure | None = None
            try:
                learning = self._learning(plan, tables, seed, hash_key)
            except (SynthoHiveError, KeyboardInterrupt) as early:
                failed = getattr(early, "table", order[0]), early
            failed = failed or first_failure(learn, order, self.parallelism, self.spark)
        if failed is not None:
            name, cause = failed
            raise _of_table(name, cause, _kept(done), interrupted=was_interrupted(cause, outer)) from cause

    def _learning(
        self, plan: DatabasePlan, tables: Mapping[str, DataFrame], seed: int, hash_key: bytes | None
    ) -> TableLearning:
        """What the links of the database say, before any table is learned."""
        prepared = {}
        for name in plan.tables:
            own_seed = derive_seed(seed, "table", name)
            try:
                with logged_about(table=name):
                    prepared[name] = prepare_table(
                        name, tables[name], self.metadata.table(name), plan, self.privacy, own_seed, hash_key
                    )
            except SynthoHiveError as error:
                error.table = name  # type: ignore[attr-defined]
                raise
        decided = decided_references(plan, prepared)
        looked_up = {
            name: [] if own.kept else [r for r in own.references if (name, r.columns) not in decided]
            for name, own in plan.tables.items()
        }
        frames = TrainingFrames(plan, prepared, looked_up)
        at_least = max(self.privacy.rare_category_rows, 1)
        cells = {name: fit_cells(frames, name, at_least, seed) for name in plan.tables if frames.is_referenced(name)}
        kept = {
            name: KeptRows.of(
                name,
                prepared[name].frame,
                prepared[name].output,
                [link.parent_columns for _, link in plan.links_to(name)],
            )
            for name, own in plan.tables.items()
            if own.kept
        }
        return TableLearning(frames, self.privacy, seed, decided, cells, kept)


def _of_table(name: str, error: BaseException, kept: str, *, interrupted: bool) -> SynthoHiveError:
    """The error of a table's fit, of its own type where it has one, with the table's name."""
    if interrupted and not isinstance(error, TrainingInterruptedError):
        return TrainingInterruptedError(f"table {name!r}: the fit was interrupted{kept}")
    if isinstance(error, SynthoHiveError):
        return error.in_context(f"table {name!r}", kept)
    return TrainingError(f"table {name!r} could not be learned: {type(error).__name__}: {first_line(error)}{kept}")


def _kept(done: list[str]) -> str:
    if not done:
        return ""
    return f" (learned and kept: {', '.join(done)}; fit(..., tables=[...]) learns the others)"
