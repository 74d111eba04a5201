"""Which values of what is learned in a column's place make values of the column that are allowed."""

from __future__ import annotations

import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.rewriting import Joint
from synthohive_spark.engine.domain import Domain, bound_as


def learned_domain(dependencies: Dependencies, column: Column, domain: Domain) -> tuple[str, Domain] | None:
    """The encoded column that tells a column's values, and which of its own may come out.

    They allow all values that ``domain`` allows, and, where a column is learned in several parts, some more.

    Args:
        dependencies: What is learned in place of what.
        column: The column.
        domain: The values that it may hold.

    Returns:
        The name of the encoded column with its values; None where only other columns tell.
    """
    together: tuple[Joint, ...] = (*dependencies.combinations, *dependencies.flags)
    for joint in together:
        if column in joint.columns:
            return joint.names[0], _joint(joint, column.name, domain)
    type_, bounds = column.type.arrow, domain.bounds
    if domain.values is None:
        ends = [bound_as(bounds.min, type_, up=True), bound_as(bounds.max, type_, up=False)]
    else:
        ends = [pa.scalar(value, type_) for value in domain.values]
    learned = dependencies.split(pa.table({column.name: pa.array([end.as_py() for end in ends], type_)}))
    if column.name not in learned.column_names:
        return None
    if learned.num_columns == 1 and learned.column(0).type == type_:
        return column.name, domain
    values = learned.column(column.name).to_pylist()
    if domain.values is None:
        return column.name, Domain(Constraint(*values), nulls=domain.nulls)
    return column.name, Domain(values=tuple(values))


def _joint(joint: Joint, name: str, domain: Domain) -> Domain:
    learned = pa.array(joint.learned, pa.string())
    values = joint.join({joint.names[0]: learned}, {}, {})[name]
    return Domain(values=tuple(learned.filter(pa.array(domain.holds(values))).to_pylist()))
