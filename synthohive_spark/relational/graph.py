"""The schema graph: which table refers to which, and the order in which they are visited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError


def parents_first(tables: Mapping[str, TableDeclaration], wanted: Collection[str] | None = None) -> list[str]:
    """The tables with every parent before its children, otherwise as declared; a link of a table to itself is none.

    Args:
        tables: The declared tables.
        wanted: Which of them; all when None.

    Raises:
        SchemaError: If tables refer to one another in a circle.
    """
    sorter = TopologicalSorter(
        {name: [link.parent for link in declared.fk if link.parent != name] for name, declared in tables.items()}
    )
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        raise SchemaError(f"tables refer to one another in a circle: {' -> '.join(error.args[1])}") from error
    return [name for name in order if name in tables and (wanted is None or name in wanted)]
