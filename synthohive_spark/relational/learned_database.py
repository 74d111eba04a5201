"""The learned tables of a database, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.table.conditions import Given
from synthohive_spark.engine.table.registry import engine_class
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger
from synthohive_spark.relational.linked_table import LinkedTable, aggregates_of
from synthohive_spark.relational.sample_sizes import SampleSizes
from synthohive_spark.stages.model import SynthesizerTransformerModel

_log = get_logger(__name__)


@dataclass(frozen=True)
class LearnedDatabase:
    """The learned tables of a database.

    Attributes:
        metadata: What is declared about them.
        models: The models of their rows, by name.
        linked: Their places in the database, by name.
    """

    metadata: Declarations
    models: Mapping[str, SynthesizerTransformerModel]
    linked: Mapping[str, LinkedTable]

    def require_learned(self) -> None:
        """A `SchemaError` if no table is learned."""
        if not self.linked:
            raise SchemaError("no table is learned yet: call fit or load first")

    def table(self, name: str) -> LinkedTable:
        """A table's place in the database; one that is not declared or not learned is a `SchemaError`."""
        self.metadata.table(name)
        if name not in self.linked:
            raise SchemaError(f"table {name!r} is not learned; learned are {', '.join(self.linked)}")
        return self.linked[name]

    def model(self, name: str) -> SynthesizerTransformerModel:
        """The model of a table's rows; a table that is taken over as it is has none, which is a `SchemaError`."""
        if self.table(name).kept is not None:
            raise SchemaError(f"table {name!r} is taken over as it is, so it has no model")
        return self.models[name]

    def dependencies(self) -> dict[str, tuple[Dependencies, tuple[Column, ...]]]:
        """What holds in the rows of each table, and the columns of which that is known."""
        found = {}
        for name, model in self.models.items():
            own, rules = model.table_model.dependencies, self.linked[name].rules
            columns = {c.name: c for c in model.table_model.columns}
            if rules is not None:
                own = replace(own, orders=replace(own.orders, columns=(*own.orders.columns, *rules.orders.columns)))
                columns |= {c.name: c for c in rules.columns}
            found[name] = own, tuple(columns.values())
        return found

    def aggregates(self) -> dict[str, list[tuple[str, ForeignKey, Aggregate]]]:
        """By table, its columns that are aggregates of children: the children's table, its owner link, the column."""
        found = {}
        for name in self.linked:
            own = [
                (child, link, one)
                for child, of_child in aggregates_of(self.linked, name).items()
                for one in of_child
                if (link := self.linked[child].owner) is not None
            ]
            if own:
                found[name] = own
        return found

    def given(self, given: Mapping[str, Given] | None) -> Mapping[str, Given]:
        """Conditions by table, of tables that have a model.

        Raises:
            SchemaError: If they have another form, or a table has none.
        """
        if given is not None and not isinstance(given, Mapping):
            raise SchemaError(f"given must be a mapping of tables such as {{'customers': {{...}}}}, got {given!r}")
        for name in given or ():
            self.model(name)
        return given or {}

    def parents(self, parents: Mapping[str, DataFrame] | None) -> Mapping[str, DataFrame]:
        """Rows by table, of tables whose children can be drawn for rows that are there.

        Raises:
            SchemaError: If they have another form, or a table's engine takes no rows.
        """
        if parents is not None and not isinstance(parents, Mapping):
            raise SchemaError(f"parents must be a mapping such as {{'customers': df}}, got {parents!r}")
        for name in parents or ():
            engine = self.model(name).table_model.engine
            if not engine_class(engine).any_condition:
                raise SchemaError(
                    f"parents names {name!r}, and the engine {engine!r} cannot draw how many children a row has by "
                    f"what it holds: learn with engine='autoregressive'"
                )
        return parents or {}

    def sizes(
        self,
        rows: Mapping[str, int] | None,
        scale: float | None,
        tables: Sequence[str] | None,
        given: Mapping[str, Given],
        parents: Mapping[str, DataFrame],
    ) -> SampleSizes:
        """How many rows of which tables a draw has; see `synthohive_spark.Synthesizer.sample`.

        Raises:
            SchemaError: If no table is learned, or an argument is not valid.
        """
        self.require_learned()
        if rows is not None and not isinstance(rows, Mapping):
            raise SchemaError(f"rows must be a mapping such as {{'customers': 1000}}, got {rows!r}")
        if isinstance(tables, str):
            raise SchemaError(f"tables must be a list of table names, got {tables!r}")
        for name in (*(rows or ()), *(tables or ())):
            self.table(name)
        waiting = {n for n in self.models if self.metadata.table(n).context and n not in given}
        for name in rows or ():
            if name in waiting:
                raise SchemaError(
                    f"table {name!r} has context columns: give their values by given={{{name!r}: {{...}}}}, or call "
                    f"synthesizer.models[{name!r}].transform(seats)"
                )
        for name in waiting:
            _log.info("not_drawn", table=name, reason="it has context columns, which only seats can give")
        behind = self._behind(waiting - set(parents))
        for name in behind.intersection((*(rows or ()), *(tables or ()))):
            raise SchemaError(
                f"rows of {name!r} are drawn by those of {', '.join(sorted(waiting))}, which has context columns: give "
                f"their values by given="
            )
        for name in behind:
            _log.info("not_drawn", table=name, reason="it needs rows of a table that has context columns")
        there = [n for n in self.metadata.tables if (n in self.linked and n not in waiting | behind) or n in parents]
        return SampleSizes.of({n: self.linked[n] for n in there}, rows, scale, tables, parents)

    def _behind(self, waiting: Collection[str]) -> set[str]:
        """The tables that cannot be drawn without rows of others."""
        found = set(waiting)
        while more := {
            name
            for name, table in self.linked.items()
            if name not in found and any(link.parent in found for link in table.looked_up)
        }:
            found |= more
        return found - set(waiting)
