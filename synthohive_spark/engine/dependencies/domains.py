"""Which values of what is learned in a column's place make values of the column that are allowed."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.rewriting import Joint
from synthohive_spark.engine.domain import Domain, bound_as


class Learned(NamedTuple):
    """What is learned in a column's place.

    Attributes:
        name: The encoded column.
        domain: Which of its values may come out.
        whole: Whether each of these makes an allowed value, whatever else a row holds.
    """

    name: str
    domain: Domain
    whole: bool


def learned_domain(dependencies: Dependencies, column: Column, domain: Domain) -> Learned | None:
    """The encoded column that tells a column's values, and which of its own may come out.

    They allow all values that ``domain`` allows, and, where a column is learned in several parts, some more.

    Args:
        dependencies: What is learned in place of what.
        column: The column.
        domain: The values that it may hold.

    Returns:
        None where only other columns tell.
    """
    together: tuple[Joint, ...] = (*dependencies.combinations, *dependencies.flags)
    for joint in together:
        if column.name in joint.names:
            return Learned(joint.names[0], _joint(joint, column, dependencies, domain), True)
    type_, bounds = column.type.arrow, domain.bounds
    if domain.values is None:
        ends = [bound_as(bounds.min, type_, up=True), bound_as(bounds.max, type_, up=False)]
    else:
        ends = [pa.scalar(value, type_) for value in domain.values]
    learned = dependencies.split(pa.table({column.name: pa.array([end.as_py() for end in ends], type_)}))
    if column.name not in learned.column_names:
        return None
    if learned.num_columns == 1 and learned.column(0).type == type_:
        return Learned(column.name, domain, True)
    values = learned.column(column.name).to_pylist()
    if domain.values is None:
        return Learned(column.name, Domain(Constraint(*values), nulls=domain.nulls), False)
    return Learned(column.name, Domain(values=tuple(dict.fromkeys(values))), learned.num_columns == 1)


def _joint(joint: Joint, column: Column, dependencies: Dependencies, domain: Domain) -> Domain:
    learned = pa.array(joint.learned, pa.string())
    values = joint.join({joint.names[0]: learned}, {}, {})[column.name]
    for own in dependencies.written:
        values = own.join([values]) if own.column == column else values
    return Domain(values=tuple(learned.filter(pa.array(domain.holds(values))).to_pylist()))
