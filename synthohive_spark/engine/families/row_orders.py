"""Orders between the columns of a child's row, of which some are put in place after the row is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.order import OrderedColumn
from synthohive_spark.engine.dependencies.order import comparable as are_comparable
from synthohive_spark.engine.dependencies.order_fit import find_pairs
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.families.names import clock_name, gap_name
from synthohive_spark.engine.families.numbers import DAY, Numbers, comparable, is_countable, numbers_of
from synthohive_spark.errors import SchemaError

_WHOLE = ColumnType("bigint")
_FEWEST = 50
_DAYS = (-719_162, 2_932_896)
"""Of the years 1 to 9999."""


def find_row_orders(
    rows: pa.Table,
    columns: Sequence[Column],
    stepped: Collection[str],
    bases: Mapping[str, str],
    fixed: Collection[str],
    privacy: Privacy,
    declared: Sequence[tuple[str, str]] = (),
) -> Orders:
    """The columns to be learned by their distance from others of their row, each after those that bound it.

    These are the columns that are in order with one that rises among siblings or from an ancestor's date, or that all
    siblings share: no engine sees the value that such a column ends up with. Orders of others are left to the engine.

    Args:
        rows: The rows.
        columns: The columns to look at.
        stepped: Those of them that rise among siblings, or never lie before an ancestor's date.
        bases: By column, this ancestor's date.
        fixed: Those that are the same in all rows of a family, or told otherwise, which have to stay so.
        privacy: What may be kept of ranges.
        declared: Pairs of columns, lower and upper, that are kept in order whatever the rows say.
    """
    types = {c.name: c.type for c in columns if c.type.is_quantitative}
    declared = [(a, b) for a, b in declared if a in types and b in types and are_comparable(types[a], types[b])]
    placed = {*fixed, *stepped}
    if not placed:
        return Orders()
    made = {own.column.name: own for own in _fixed_distances(rows, columns, placed, fixed)}
    found = find_pairs(rows, [c for c in columns if c.name not in made], privacy, declared)
    for above in (True, False):
        for own in _touching(found.learned(above=above), placed):
            name = own.column.name
            free = name not in {*fixed, *made} and not _follows(own.sources, name, made)
            # One that is put in place already follows only another one that is.
            follows = name not in placed or placed & set(own.sources)
            if free and follows and (_is_declared(own, declared) or _keeps_base(own, bases)):
                made[name] = _widened(own, rows, columns)
    return Orders(tuple(sorted(made.values(), key=lambda own: _depth(own.column.name, made))))


def gap_columns(own: OrderedColumn) -> tuple[Column, ...]:
    """What is learned in place of a column: its distance, and of some the time of day."""
    names = gap_name(own.column.name), clock_name(own.column.name)
    return tuple(Column(name, part.type, part.nullable) for name, part in zip(names, own.parts, strict=False))


def is_exact(own: OrderedColumn, rows: pa.Table) -> bool:
    """Whether a column is as far from its bound in all rows."""
    return len(_gaps(own, rows).drop_null().unique()) == 1


def require_kept(declared: Sequence[tuple[str, str]], orders: Orders, learned: Collection[str]) -> None:
    """A `SchemaError` if a declared order is neither among these nor of columns that an engine learns as they are."""
    made = {own.column.name: own for own in orders.columns}
    for low, high in declared:
        kept = (made[high].above and _follows([high], low, made)) if high in made else False
        kept |= (not made[low].above and _follows([low], high, made)) if low in made else False
        if not kept and not {low, high} <= set(learned):
            raise SchemaError(f"{low} <= {high} cannot be kept, since other columns tell one of the two: leave it out")


def _is_declared(own: OrderedColumn, declared: Sequence[tuple[str, str]]) -> bool:
    name = own.column.name
    return any(((source, name) if own.above else (name, source)) in declared for source in own.sources)


def _gaps(own: OrderedColumn, rows: pa.Table) -> pa.Array:
    return own.split({name: one_array(rows.column(name)) for name in (own.column.name, *own.sources)})[0]


def _touching(found: Sequence[OrderedColumn], placed: Collection[str]) -> list[OrderedColumn]:
    """Those that are connected, by others or directly, with a column that is put in place."""
    reached = set(placed)
    while True:
        kept = [own for own in found if reached & {own.column.name, *own.sources}]
        more = {name for own in kept for name in (own.column.name, *own.sources)} - reached
        if not more:
            return kept
        reached |= more


def _follows(sources: Sequence[str], name: str, made: Mapping[str, OrderedColumn]) -> bool:
    """Whether a column is among those that others follow, directly or not."""
    return any(one == name or (one in made and _follows(made[one].sources, name, made)) for one in sources)


def _depth(name: str, made: Mapping[str, OrderedColumn]) -> int:
    return 1 + max(_depth(source, made) for source in made[name].sources) if name in made else 0


def _keeps_base(own: OrderedColumn, bases: Mapping[str, str]) -> bool:
    """Whether a column that never lies before an ancestor's date still does not."""
    base = bases.get(own.column.name)
    return base is None or (own.above and any(bases.get(name) == base for name in own.sources))


def _fixed_distances(
    rows: pa.Table, columns: Sequence[Column], placed: Collection[str], fixed: Collection[str]
) -> Iterator[OrderedColumn]:
    """Columns of integers or times that are always as far from one that is put in place."""
    numbers = {c.name: numbers_of(rows.column(c.name), c.type) for c in columns if is_countable(c.type)}
    told: set[str] = set()
    for other in (c for c in columns if c.name in numbers and c.name in placed):
        theirs, there = numbers[other.name]
        if other.name in told or len(np.unique(theirs[there])) < _FEWEST:
            continue
        for column in columns:
            if column.name not in numbers or column.name in {*told, *fixed, other.name}:
                continue
            own, valid = numbers[column.name]
            if column.type.is_temporal != other.type.is_temporal or (valid != there).any():
                continue
            gaps = own[valid] - comparable(theirs[valid], other.type, column.type)
            if (gaps == gaps[0]).all():
                told.add(column.name)
                yield OrderedColumn(column, (other,), bool(gaps[0] >= 0), 0, False, *_widest(column.type), 0)


def _widened(own: OrderedColumn, rows: pa.Table, columns: Sequence[Column]) -> OrderedColumn:
    """The order without the end of its range that its bounds tell; where a number says how far, without either."""
    if own.column.type.is_float:
        return own
    low, high = _widest(own.column.type)
    gaps, there = numbers_of(_gaps(own, rows), _WHOLE)
    numbers = (numbers_of(rows.column(c.name), c.type)[0] for c in columns if c.type.is_integer)
    if not own.daily and there.any() and any(_is_multiple(gaps[there], other[there]) for other in numbers):
        return replace(own, low=low, high=high)
    return replace(own, low=low) if own.above else replace(own, high=high)


def _is_multiple(gaps: Numbers, numbers: Numbers) -> bool:
    first = int(np.abs(numbers).argmax())
    times = int(gaps[first]) // max(int(numbers[first]), 1)
    return times > 0 and bool((gaps == times * numbers).all())


def _widest(type_: ColumnType) -> tuple[int, int]:
    """The range of a type of integers or times."""
    if type_.is_integer:
        most = 1 << (type_.arrow.bit_width - 1)
        return -most, most - 1
    unit = 1 if type_.name == "date" else DAY
    return _DAYS[0] * unit, _DAYS[1] * unit
