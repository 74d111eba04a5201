"""Drawing the tables of a database: roots, what follows from them, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.engine.sampling.cases import Cases
from synthohive_spark.engine.table.conditions import Given, read_conditions
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.assembly import Assembly
from synthohive_spark.relational.linked_table import LinkedTable
from synthohive_spark.relational.sample_sizes import SampleSizes
from synthohive_spark.relational.spines import Spines
from synthohive_spark.relational.uniqueness import moved_column, range_of, several, told_apart
from synthohive_spark.stages.model import SynthesizerTransformerModel


@dataclass(frozen=True)
class SampleRequest:
    """What a sample of a database is asked for.

    Attributes:
        sizes: How many rows of which tables.
        seed: Fixes the rows of every table.
        given: By table, values of columns that are the same in all rows, or pairs of such values and weights.
        redraw: Whether rows that break a declared constraint are drawn again.
        parents: By table, rows that are there already, whose children are drawn.
    """

    sizes: SampleSizes
    seed: int
    given: Mapping[str, Given] = field(default_factory=dict)
    redraw: bool = False
    parents: Mapping[str, DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleOrchestrator:
    """Draws the tables of a database.

    Attributes:
        metadata: What is declared about the tables.
        models: The models of the tables' rows, by name.
        linked: The tables' places in the database.
        spark: The session.
    """

    metadata: Declarations
    models: Mapping[str, SynthesizerTransformerModel]
    linked: Mapping[str, LinkedTable]
    spark: SparkSession

    def sample(self, request: SampleRequest) -> dict[str, DataFrame]:
        """The wanted tables; lazy."""
        redraw = {n: self.metadata.table(n).constraints for n in self.linked} if request.redraw else {}
        spines = Spines(
            self.spark,
            self.linked,
            self.models,
            request.sizes.roots,
            request.seed,
            request.sizes.totals,
            {name: cases for name, given in request.given.items() if (cases := self._cases(name, given)) is not None},
            redraw,
            request.parents,
        )
        for name, size in request.sizes.roots.items():
            self.models[name].check_rows(size)
        assembly = Assembly(spines)
        return {name: self._unique(name, assembly.table(name)) for name in request.sizes.tables}

    def _unique(self, name: str, rows: DataFrame) -> DataFrame:
        """A drawn table whose rows declared columns tell apart."""
        declared = self.metadata.table(name)
        for own in several(declared.dependencies):
            model = self.models[name].table_model
            column = moved_column(own, declared, model)
            rows = told_apart(rows, own, column, *range_of(model, column))
        return rows

    def _cases(self, name: str, given: Given) -> Cases | None:
        if self.linked[name].owner is not None:
            raise SchemaError(
                f"given names table {name!r}, whose rows follow from {self.linked[name].owner.parent!r}; "  # type: ignore[union-attr]
                f"give values to that table, or rows by parents="
            )
        return read_conditions(self.models[name].table_model, given)
