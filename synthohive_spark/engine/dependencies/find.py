"""Finding what holds in all rows of a table; apart from `Dependencies`, which travels to executors without this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.derived_fit import find_derived_columns
from synthohive_spark.engine.dependencies.flags_fit import find_flag_sets
from synthohive_spark.engine.dependencies.functional_fit import find_functional_dependencies
from synthohive_spark.engine.dependencies.linear_fit import find_linear_relations
from synthohive_spark.engine.dependencies.null_inclusion import find_null_inclusions
from synthohive_spark.engine.dependencies.order_fit import find_orders
from synthohive_spark.engine.dependencies.product_fit import find_products
from synthohive_spark.engine.dependencies.rewriting import split, virtual
from synthohive_spark.engine.dependencies.template_fit import find_templates
from synthohive_spark.engine.dependencies.typed_fit import find_typed
from synthohive_spark.engine.encoded_table import Block, EncodedTable
from synthohive_spark.engine.table_statistics import TableStatistics
from synthohive_spark.engine.temporal.calendar_fit import find_calendar
from synthohive_spark.engine.temporal.calendar_parts import Calendar


def find_in_values(
    table: pa.Table,
    columns: Sequence[Column],
    imitated: frozenset[str],
    privacy: Privacy,
    statistics: TableStatistics,
    *,
    calendar: bool,
    given: frozenset[str] = frozenset(),
    named: frozenset[str] = frozenset(),
    unrelated: frozenset[str] = frozenset(),
) -> Dependencies:
    """What the values of columns have in common.

    Args:
        table: The training rows.
        columns: The columns to look at.
        imitated: Columns of which no value may come out, so that none is derived.
        privacy: What may be kept of the rows.
        statistics: Statistics of all rows.
        calendar: Whether dates and timestamps are to be cut into parts.
        given: Columns that will be given, not drawn.
        named: Columns that are learned by their values, whatever they say.
        unrelated: Columns of which no relation to others is looked for.
    """
    related = tuple(c for c in columns if c.name not in unrelated)
    templates = find_templates(table, related, given, imitated)
    made = {t.column.name for t in templates.columns}
    written = tuple(find_typed(table, columns, imitated | named | made, privacy))
    table, columns = split(written, table), virtual(written, columns)
    related = tuple(c for c in columns if c.name not in unrelated)
    flags = find_flag_sets(table, [c for c in related if c.name not in given])
    made |= {name for own in flags for name in own.names}
    own = tuple(c for c in related if c.name not in made)
    relations = find_linear_relations(table, own, privacy)
    free = tuple(c for c in own if c.name not in imitated)
    products = find_products(table, own, frozenset(r.column for r in relations), privacy)
    parts = {part.name for r in relations for part in r.parts}
    parts |= {part.name for p in products for part in (p.column, *p.factors)}
    followers = find_derived_columns(table, free, privacy, frozenset(parts))
    taken = {*(r.column for r in relations), *(p.column.name for p in products), *(f.column for f in followers)}
    orders = find_orders(table, own, given, frozenset(taken), privacy)
    rewritten = made | {o.column.name for o in orders.columns}
    left = tuple(c for c in columns if c.name not in rewritten)
    cut = find_calendar(table, left, privacy, statistics) if calendar else Calendar()
    return Dependencies(templates, written, flags, orders, cut, relations, products, followers)


def find_in_codes(
    found: Dependencies, table: pa.Table, names: Sequence[str], encoded: EncodedTable, blocks: Sequence[Block]
) -> Dependencies:
    """What was found in values, and what the codes of columns have in common.

    Args:
        found: What was found in values.
        table: The training rows, as `Dependencies.split` made them.
        names: The columns whose values may be looked at.
        encoded: The same rows, encoded.
        blocks: The encoded columns.
    """
    return replace(
        found,
        functional=find_functional_dependencies(table, names, encoded, blocks),
        null_inclusions=find_null_inclusions(encoded, blocks),
        blocks=tuple(block.name for block in blocks),
    )
