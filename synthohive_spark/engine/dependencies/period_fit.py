"""Finding the strings that say in which week, month or quarter a date or time beside them lies."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.formats import TimeFormat
from synthohive_spark.engine.dependencies.period_format import period_formats
from synthohive_spark.engine.dependencies.rewriting import split, virtual
from synthohive_spark.engine.dependencies.time_part_fit import find_time_parts
from synthohive_spark.engine.dependencies.typed import TypedColumn, Written


def find_periods(
    table: pa.Table, columns: Sequence[Column], typed: Sequence[Written], left: frozenset[str], privacy: Privacy
) -> list[TypedColumn]:
    """The strings that are periods, each with a column of times whose weeks, months or quarters they are in all rows.

    By themselves they are better learned as the few values that they are.

    Args:
        table: The rows.
        columns: The columns to look at.
        typed: What strings were found to be; those that are times count as times.
        left: Columns that are left as they are.
        privacy: See `find_time_parts`.
    """
    read = [own for own in typed if isinstance(own, TypedColumn) and isinstance(own.form, TimeFormat) and not own.words]
    known = left | {own.column.name for own in typed if isinstance(own, TypedColumn)}
    strings = [c for c in columns if c.type.is_string and c.name not in known]
    seen = {c: one_array(table.column(c.name)).drop_null() for c in strings}
    found = {c: forms for c, texts in seen.items() if len(texts) and (forms := list(period_formats(texts)))}
    if not found:
        return []
    table, columns = split(read, table), virtual(read, columns)
    times = [c for c in columns if c.type.is_temporal and c.name not in left]
    made = []
    for column, forms in found.items():
        for own in (TypedColumn(column, form) for form in forms):
            names = [c.name for c in times]
            rows = split([own], table.select([*names, column.name]))
            if find_time_parts(rows, (*times, *own.parts), frozenset(), frozenset(names), privacy):
                made.append(own)
                break
    return made
