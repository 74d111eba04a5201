"""Learning the tables of a database, in the order of the schema graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from tqdm.auto import tqdm

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.errors import SynthoHiveError, TrainingError, TrainingInterruptedError, was_interrupted
from synthohive_spark.relational.graph import parents_first
from synthohive_spark.relational.parallel import first_failure
from synthohive_spark.relational.preparation import prepare
from synthohive_spark.spark.catalog import first_line
from synthohive_spark.stages.estimator import SynthesizerTransformer
from synthohive_spark.stages.model import SynthesizerTransformerModel

Models = dict[str, SynthesizerTransformerModel]


@dataclass(frozen=True)
class FitOrchestrator:
    """Learns the tables of a database, parents first.

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

    def fit(self, tables: Mapping[str, DataFrame], models: Models, *, seed: int, hash_key: bytes | None) -> None:
        """Learn ``tables`` and put each model into ``models`` as soon as it is there.

        Raises:
            SynthoHiveError: What a table's fit raised, of the same type, with the name of the table and of those
                that are learned; `TrainingError` for what is of no type of ours.
        """
        done: list[str] = []
        outer = sys.exc_info()[1]
        with tqdm(total=len(tables), desc="tables", unit="table", disable=not self.progress) as bar:

            def learn(name: str) -> None:
                bar.set_postfix_str(name)
                models[name] = self._fit_table(name, tables[name], seed, hash_key)
                done.append(name)
                bar.update()

            order = parents_first(self.metadata.tables, tables)
            failed = first_failure(learn, order, self.parallelism, self.spark)
        if failed is not None:
            name, error = failed
            raise _of_table(name, error, _kept(done), interrupted=was_interrupted(error, outer)) from error

    def _fit_table(self, name: str, df: DataFrame, seed: int, hash_key: bytes | None) -> SynthesizerTransformerModel:
        config, own_seed = self.metadata.table(name), derive_seed(seed, "table", name)
        prepared, rules = prepare(df, config, seed=own_seed, privacy=self.privacy, hash_key=hash_key)
        estimator = self.estimator(own_seed)
        estimator.setParams(excludeCols=list(config.dropped), conditionCols=list(config.context))
        return estimator.learn(prepared, rules)


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
