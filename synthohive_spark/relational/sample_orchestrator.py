"""Drawing the tables of a database, one after another in the order of the schema graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.table.conditions import Given
from synthohive_spark.relational.graph import parents_first
from synthohive_spark.stages.model import SynthesizerTransformerModel


@dataclass(frozen=True)
class SampleRequest:
    """What a sample of a database is asked for.

    Attributes:
        counts: How many rows of which tables.
        seed: Fixes the rows of every table.
        given: By table, values of columns that are the same in all rows, or pairs of such values and weights.
        redraw: Whether rows that break a declared constraint are drawn again.
    """

    counts: Mapping[str, int]
    seed: int
    given: Mapping[str, Given] = field(default_factory=dict)
    redraw: bool = False


@dataclass(frozen=True)
class SampleOrchestrator:
    """Draws the tables of a database, parents first, so that a table is drawn when the rows it refers to are known.

    Attributes:
        metadata: What is declared about the tables.
        models: The learned tables by name.
        spark: The session.
    """

    metadata: Declarations
    models: Mapping[str, SynthesizerTransformerModel]
    spark: SparkSession

    def sample(self, request: SampleRequest) -> dict[str, DataFrame]:
        """The wanted tables in the order of ``request.counts``; lazy."""
        drawn: dict[str, DataFrame] = {}
        for name in parents_first(self.metadata.tables, request.counts):
            drawn[name] = self._sample_table(name, request)
        return {name: drawn[name] for name in request.counts}

    def _sample_table(self, name: str, request: SampleRequest) -> DataFrame:
        return self.models[name].sample(
            request.counts[name],
            seed=derive_seed(request.seed, "sample", name),
            given=request.given.get(name),
            spark=self.spark,
            redraw=self.metadata.table(name).constraints if request.redraw else None,
        )
