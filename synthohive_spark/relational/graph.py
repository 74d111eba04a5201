"""The schema graph: which table refers to which, and the order in which they are visited."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError


def fit_order(tables: Mapping[str, TableDeclaration]) -> list[str]:
    """The tables with every parent before its children, otherwise as declared; a link of a table to itself is none.

    Raises:
        SchemaError: If tables refer to one another in a circle.
    """
    sorter = TopologicalSorter(
        {name: [link.parent for link in config.fk if link.parent != name] for name, config in tables.items()}
    )
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        raise SchemaError(f"tables refer to one another in a circle: {' -> '.join(error.args[1])}") from error
    return [name for name in order if name in tables]
