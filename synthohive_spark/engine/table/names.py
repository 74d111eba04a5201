"""Which columns are names: of anything, and of entities, which each row of one repeats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, source_of
from synthohive_spark.engine.dependencies.composite_fit import Named
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities_fit import find_entity_names, first_rows, may_number
from synthohive_spark.engine.dependencies.functional_fit import find_names
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from synthohive_spark.engine.table.exclusions import find_numbers_apart
from synthohive_spark.engine.table.request import FitRequest


def with_names(
    rows: pa.Table,
    table: pa.Table,
    columns: Sequence[Column],
    request: FitRequest,
    found: Dependencies,
    composites: Sequence[Named],
) -> FitRequest:
    """The request with the columns that are names.

    Args:
        rows: The training rows.
        table: The same, as `Dependencies.split` made them.
        columns: Columns of the latter.
        request: What is asked for.
        found: What holds in the rows.
        composites: See `find_composites`.
    """
    rules, least = request.rules, max(request.privacy.rare_category_rows, 2)
    whole = _entity_names(table, request, found)
    personal = {
        **dict.fromkeys(whole, table),
        **dict.fromkeys(_entity_names(rows, request, found, in_pieces=True), rows),
    }
    shaped = [own for own in found.templates.columns if isinstance(own, ShapedColumn)]
    numbers = _numbers_of_entities(rows, table, found, personal.keys(), least)
    return replace(
        request,
        rules=replace(
            rules,
            categorical=rules.categorical | _names(table, columns, request, found, composites, personal.keys(), least),
            entity_names=whole | numbers,
            partial=frozenset(part.name for own in shaped for part in own.untold),
            firsts={**rules.firsts, **first_rows(table, {name: of.column(name) for name, of in personal.items()})},
        ),
    )


def learned_as_they_are(
    columns: Sequence[Column], request: FitRequest, found: Dependencies, *, imitated: bool = True
) -> list[Column]:
    """Those of the columns that are learned whole, and may have to do with others; also those to be imitated."""
    whole = found.whole([c.name for c in columns]) - request.rules.unrelated
    whole -= frozenset() if imitated else request.rules.imitated
    return [c for c in columns if c.name in whole]


def _names(
    table: pa.Table,
    columns: Sequence[Column],
    request: FitRequest,
    found: Dependencies,
    composites: Sequence[Named],
    personal: Collection[str],
    least: int,
) -> frozenset[str]:
    """Columns whose values are names of things, each of them to be learned as a category."""
    plain = learned_as_they_are(columns, request, found, imitated=False)
    things = {c.name: least for c in plain if c.type.is_string and c.name not in personal}
    composed = {name for own in composites for name in own}
    codes = {c.name for c in columns if c.type.is_number and c.name in composed}
    return find_names(table, columns, found.computed, things) | find_numbers_apart(table, plain) | codes


def _numbers_of_entities(
    rows: pa.Table, table: pa.Table, found: Dependencies, personal: Collection[str], least: int
) -> frozenset[str]:
    """Parts of strings that tell one entity from another, and so are never real ones."""

    def tells(part: Column, name: str) -> bool:
        texts, strings = (one_array(of).drop_null().unique() for of in (table.column(part.name), rows.column(name)))
        return may_number(part, texts, strings, personal=name in personal, at_least=least)

    parts = [(own, part) for own in found.in_pieces for part in own.untold]
    return frozenset(
        part.name
        for own, part in parts
        if (own.column.name in personal if isinstance(own, ShapedColumn) else tells(part, own.column.name))
    )


def _entity_names(
    table: pa.Table, request: FitRequest, found: Dependencies, *, in_pieces: bool = False
) -> frozenset[str]:
    """Which columns are personal, as names of entities, where these are looked for; of those in pieces, or others."""
    if request.conditions:
        return frozenset()
    rules, parts = request.rules, {*found.column_of_part.values()}
    pieces = {own.column.name for own in found.in_pieces}
    known = {*rules.surrogates, *rules.unrelated, *rules.categorical}
    free = {*rules.surrogates, *rules.unrelated, *found.computed}
    others = [n for n in table.column_names if source_of(n) not in free]
    wanted = pieces if in_pieces else {c.name for c in request.generated} - {*parts, *found.computed}
    return find_entity_names(table, [c for c in request.generated if c.name in wanted - known], others)
