"""Finding what holds in all families, and putting training rows into the form that an engine learns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.dependencies import Dependency, Inequality, Unique
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array, value_codes
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.clock import ClockPart, find_clock_parts
from synthohive_spark.engine.dependencies.derived import DerivedColumn
from synthohive_spark.engine.dependencies.derived_fit import find_derived_columns
from synthohive_spark.engine.dependencies.orders import Orders
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.aggregates_fit import rests_of
from synthohive_spark.engine.families.names import (
    CELL,
    LEFT,
    PLACE,
    ancestor_name,
    clock_name,
    previous_name,
    rest_name,
    step_name,
    within_name,
)
from synthohive_spark.engine.families.numbers import DAY, comparable, is_countable, numbers_of
from synthohive_spark.engine.families.row_orders import find_row_orders, gap_columns, is_exact, require_kept
from synthohive_spark.engine.families.rules import FamilyRules, Step
from synthohive_spark.engine.families.siblings import Siblings
from synthohive_spark.engine.families.steps import find_steps, rises_of
from synthohive_spark.engine.families.telling import says_something, telling_conditions

_FEWEST = 50
_CHANCE = 1e-6
_REPEATS = 7.0
_ALONE = 0.15
"""The least share of rows that are learned without a sibling before."""
_WHOLE = pa.int64()
Flags = npt.NDArray[np.bool_]
_Values = dict[str, tuple[Column, pa.Array]]


@dataclass(frozen=True)
class FamilyRows:
    """Training rows of a child table as an engine learns them.

    Attributes:
        table: Generated columns, then conditions.
        columns: The columns of ``table``.
        conditions: Names of the columns that are given when drawing.
        rules: How the learned rows become rows of the table again; None where they are rows of the table.
        firsts: By number that an ancestor holds, the places of the first rows of each such ancestor.
    """

    table: pa.Table
    columns: tuple[Column, ...]
    conditions: tuple[str, ...]
    rules: FamilyRules | None
    firsts: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)


def learn_families(
    rows: pa.Table,
    own: Sequence[Column],
    extra: Sequence[Column],
    context: Sequence[Column],
    siblings: Siblings,
    *,
    untouched: frozenset[str],
    unread: frozenset[str] = frozenset(),
    privacy: Privacy,
    declared: Sequence[Dependency] = (),
    unrelated: frozenset[str] = frozenset(),
    aggregates: Sequence[Aggregate] = (),
    held_by: Mapping[str, str] = MappingProxyType({}),
) -> FamilyRows:
    """Find what holds in all families and express the rows by it.

    Args:
        rows: Training rows with all these columns.
        own: The table's columns.
        extra: Counts and cells; of cells of rows that are referred to, whether siblings differ.
        context: Columns of ancestors.
        siblings: The families of the rows and their order.
        untouched: Columns of ``own`` that are made, not learned.
        unread: Columns of ``context`` whose values will be others when drawing: they can be copied, and say nothing.
        privacy: What may be kept of ranges.
        declared: What is known to hold in every row. Orders are kept here, where they speak of columns that are put in
            place; what else it names is learned as it is.
        unrelated: Columns of which no relation to others is looked for.
        aggregates: Columns of the parent that are aggregates of its rows; those that a row copies are left as they are.
        held_by: For columns of ``context`` whose rows will be others when drawing, the column that says which row of
            an ancestor holds them, an integer.

    Raises:
        SchemaError: If a declared order speaks of a column that is computed.
    """
    rows = rows.take(pa.array(siblings.order))
    pairs = [(d.low, d.high) for d in declared if isinstance(d, Inequality)]
    whole = {n for d in declared if not isinstance(d, Inequality | Unique) for n in d.columns}
    looked_at = [c for c in own if c.name not in untouched | whole]
    alone = unrelated - {name for pair in pairs for name in pair}
    rules = _rules(rows, looked_at, context, siblings, privacy, pairs, alone)
    said = [c for c in looked_at if c.name not in {*rules.copies, *rules.places}]
    previous = [c.name for c in (*said, *extra) if siblings.many and says_something(rows.column(c.name))]
    cells = [c for c in extra if c.type.is_string and c.name != CELL]
    rules = replace(
        rules,
        columns=(*own, *extra),
        distinct=(*rules.distinct, *_distinct(rows, cells, siblings)),
        previous=tuple(previous),
        aggregates=tuple(a for a in aggregates if ancestor_name(1, a.column.name) not in rules.copies.values()),
    )
    made = _expressed(rows, context, siblings, rules, untouched, unread)
    require_kept(pairs, rules.orders, made.table.column_names)
    numbers = {c.name for c in made.columns if c.type.is_quantitative}
    firsts = {n: _firsts(rows, held_by[n]) for n in made.conditions if n in held_by and n in numbers}
    return replace(made, firsts=firsts)


def _firsts(rows: pa.Table, holder: str) -> npt.NDArray[np.int64]:
    """The first row of each row of an ancestor."""
    there = np.flatnonzero(~null_mask(one_array(rows.column(holder))))
    held = one_array(rows.column(holder)).drop_null().to_numpy()
    return there[np.unique(held, return_index=True)[1]]


def _rules(
    rows: pa.Table,
    columns: Sequence[Column],
    context: Sequence[Column],
    siblings: Siblings,
    privacy: Privacy,
    pairs: Sequence[tuple[str, str]],
    alone: frozenset[str],
) -> FamilyRules:
    """What holds in all families of these columns; those of ``alone`` are in order with no others."""
    copies, shifts = _copies(rows, columns, context, siblings)
    left = [c for c in columns if c.name not in copies]
    places = {c.name: first for c in left if (first := siblings.counts(rows, c)) is not None}
    free = [c for c in left if c.name not in places]
    constant = [c.name for c in free if _is_constant(rows.column(c.name), siblings)]
    steps, floors = find_steps(rows, free, context, siblings, privacy)
    bases = floors | {s.column.name: s.base for s in steps if s.base is not None}
    placed = {*bases, *(s.column.name for s in steps)}
    related = [c for c in columns if c.name not in alone]
    orders = find_row_orders(rows, related, placed, bases, {*constant, *copies, *places}, privacy, pairs)
    put = [*(c for c in free if c.name in placed), *(own.column for own in orders.columns)]
    exact = {own.column.name for own in orders.columns if is_exact(own, rows)}
    clock, derived = _computed(rows, put, free, exact, privacy)
    computed = {*(own.column for own in clock), *(own.column for own in derived)}
    orders = Orders(tuple(own for own in orders.columns if not computed & {own.column.name, *own.sources}))
    ordered = {own.column.name for own in orders.columns}
    kept = tuple(s for s in steps if s.column.name not in computed | ordered)
    known = {*computed, *ordered, *constant, *(s.column.name for s in kept)}
    return FamilyRules(
        tuple(columns),
        copies=copies,
        shifts=shifts,
        places=places,
        constant=tuple(name for name in constant if name not in computed),
        distinct=_distinct(rows, [c for c in free if c.name not in known], siblings),
        steps=kept,
        clock=clock,
        derived=derived,
        orders=orders,
        rising={s.column.name: int(s.strict) for s in steps if s.rising and s.column.name in ordered},
        floors={name: base for name, base in floors.items() if name not in computed | ordered},
    )


def _expressed(
    rows: pa.Table,
    context: Sequence[Column],
    siblings: Siblings,
    rules: FamilyRules,
    untouched: frozenset[str],
    unread: frozenset[str],
) -> FamilyRows:
    made = _generated(rows, context, siblings, rules)
    given, kept = _given(rows, context, siblings, rules, unread)
    both = {**made, **given}
    table = pa.table([values for _, values in both.values()], names=list(both))
    generated = [c for n, (c, _) in made.items() if n not in untouched]
    telling = telling_conditions(table, generated, [c for c, _ in given.values()])
    columns = tuple(c for n, (c, _) in both.items() if n in made or n in telling)
    rules = replace(
        rules,
        context=tuple(c for c in context if c.name in kept | telling),
        previous=tuple(n for n in rules.previous if previous_name(n) in telling),
    )
    conditions = tuple(n for n in given if n in telling)
    return FamilyRows(table.select([c.name for c in columns]), columns, conditions, rules)


def _generated(rows: pa.Table, context: Sequence[Column], siblings: Siblings, rules: FamilyRules) -> _Values:
    """What is learned of the columns, by name."""
    made: _Values = {}
    steps = {s.column.name: s for s in rules.steps}
    ordered = {own.column.name: own for own in rules.orders.columns}
    told = {*rules.copies, *rules.places, *rules.computed}
    for column in (c for c in rules.columns if c.name not in told):
        values = one_array(rows.column(column.name))
        if column.name in ordered:
            order = ordered[column.name]
            parts = order.split({n: one_array(rows.column(n)) for n in (column.name, *order.sources)})
            made |= {c.name: (c, part) for c, part in zip(gap_columns(order), parts, strict=True)}
        elif column.name in steps:
            made |= _step_values(rows, values, steps[column.name], context, siblings)
        else:
            made[column.name] = column, values
    return made


def _step_values(
    rows: pa.Table, values: pa.Array, step: Step, context: Sequence[Column], siblings: Siblings
) -> _Values:
    """What is learned of a column that rises."""
    made: _Values = {}
    column = step.column
    rises, valid = rises_of(rows, step, {c.name: c for c in context}, siblings)
    if step.daily:
        name = clock_name(column.name)
        numbers, there = numbers_of(values, column.type)
        made[name] = Column(name, ColumnType("bigint")), pa.array(numbers % DAY, _WHOLE, mask=~there)
    if step.period:
        name = within_name(column.name)
        made[name] = Column(name, ColumnType("bigint")), step.places(values)
    if step.base is None:  # the first sibling has a value, the others a step
        starts = pc.if_else(pa.array(siblings.firsts), values, pa.nulls(len(values), values.type))
        made[column.name] = Column(column.name, column.type), starts
    name = step_name(column.name)
    made[name] = Column(name, ColumnType("bigint")), pa.array(rises // step.unit, _WHOLE, mask=~valid)
    return made


def _given(
    rows: pa.Table, context: Sequence[Column], siblings: Siblings, rules: FamilyRules, unread: frozenset[str]
) -> tuple[_Values, set[str]]:
    """What may say something of a row, by name; and the names of ancestors' columns that rules read."""
    given: _Values = {}
    for column in context:
        if column.name not in unread and says_something(rows.column(column.name)):
            given[column.name] = Column(column.name, column.type), one_array(rows.column(column.name))
    if siblings.many:
        for name, counted in ((PLACE, siblings.place), (LEFT, siblings.left)):
            given[name] = Column(name, ColumnType("bigint")), pa.array(counted, _WHOLE)
        alone = siblings.starts | _learned_alone(siblings)
        before = pa.array(np.where(alone, 0, np.arange(len(rows)) - 1), mask=alone)
        for column in (c for c in rules.columns if c.name in rules.previous):
            name = previous_name(column.name)
            given[name] = Column(name, column.type), one_array(rows.column(column.name)).take(before)
        for step in (own for own in rules.steps if own.period):
            name = previous_name(within_name(step.column.name))
            values = step.places(one_array(rows.column(step.column.name)).take(before))
            given[name] = Column(name, ColumnType("bigint")), values
    columns = {c.name: c for c in rules.columns}
    for own in rules.sums:
        name = rest_name(own.column.name)
        assert own.of is not None
        given[name] = Column(name, ColumnType("double")), rests_of(rows, own, columns[own.of], siblings)
    bases = {s.base for s in rules.steps if s.base is not None}
    summed = {ancestor_name(1, own.column.name) for own in rules.sums}
    return given, {*rules.copies.values(), *bases, *rules.floors.values(), *summed}


def _learned_alone(siblings: Siblings) -> Flags:
    """Rows that are learned without the sibling before, so that what ancestors alone say of a row is learned, too.

    First siblings are drawn from that, and where families are large there are few of them to learn it from.
    """
    rng = np.random.default_rng(len(siblings.family))
    wanted = _ALONE * len(siblings.family) - siblings.starts.sum()
    return np.asarray(rng.random(len(siblings.family)) < max(wanted, 0) / len(siblings.family), bool)


def _copies(
    rows: pa.Table, own: Sequence[Column], context: Sequence[Column], siblings: Siblings
) -> tuple[dict[str, str], dict[str, int]]:
    """Columns that hold what an ancestor's column holds in every row, the nearest ancestor's, or that at a distance."""
    copies: dict[str, str] = {}
    shifts: dict[str, int] = {}
    owned = np.flatnonzero(siblings.owned)
    if len(owned) < _FEWEST:
        return copies, shifts
    rows, firsts = rows.take(pa.array(owned)), siblings.firsts[owned]
    for column in own:
        values = one_array(rows.column(column.name))
        if pc.count_distinct(values, mode="only_valid").as_py() < 2:
            continue
        for other in context:
            if other.type == column.type and values.equals(one_array(rows.column(other.name))):
                copies[column.name] = other.name
                shifts.pop(column.name, None)
                break
            if column.name not in copies and (distance := _distance(rows, column, other, firsts)) is not None:
                copies[column.name], shifts[column.name] = other.name, distance
    return copies, shifts


def _distance(rows: pa.Table, column: Column, other: Column, firsts: Flags) -> int | None:
    """How far a column of numbers or times lies above another in all rows, beyond what chance would do.

    None where that differs, nulls do, or the families, whose ``firsts`` are told, hold too few different values to say.
    """
    own, others = column.type, other.type
    if not (is_countable(own) and is_countable(others)) or own.is_temporal != others.is_temporal:
        return None
    (numbers, valid), (theirs, there) = (numbers_of(rows.column(c.name), c.type) for c in (column, other))
    if not valid.any() or (valid != there).any():
        return None
    gaps = numbers[valid] - comparable(theirs[valid], others, own)
    if (gaps != gaps[0]).any():
        return None
    shares = np.unique(numbers[valid & firsts], return_counts=True)[1] / max((valid & firsts).sum(), 1)
    by_chance = (valid & firsts).sum() * np.log(max((shares**2).sum(), 1e-12))
    return int(gaps[0]) if by_chance < np.log(_CHANCE) else None


def _computed(
    rows: pa.Table, placed: Sequence[Column], free: Sequence[Column], exact: Collection[str], privacy: Privacy
) -> tuple[tuple[ClockPart, ...], tuple[DerivedColumn, ...]]:
    """The columns that are computed from those that are put in place, of which nothing else could tell."""
    whole = [c for c in free if not rows.column(c.name).null_count]
    stepped = [c for c in dict.fromkeys(placed) if c in whole]
    clock: list[ClockPart] = []
    for column in (c for c in stepped if c.type.is_temporal):
        known = {column.name, *(own.column for own in clock)}
        values = {c: numbers_of(rows.column(c.name), c.type)[0] for c in whole if c.type.is_integer}
        others = {c: v for c, v in values.items() if c.name not in known}
        clock += find_clock_parts(column, numbers_of(rows.column(column.name), column.type)[0], others)
    told = {own.column for own in clock}
    others_left = tuple(c for c in whole if c.name not in told)
    followers = find_derived_columns(rows, others_left, privacy) if stepped else ()
    found = [own for own in followers if own.column not in exact]
    shown = {own.of.name for own in clock}
    roots = {c.name for c in stepped} - told - {own.column for own in found if own.column not in shown}
    return tuple(clock), tuple(own for own in found if own.of.name in roots and own.column not in shown)


def _codes(values: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], Flags]:
    return value_codes(values), null_mask(one_array(values))


def _is_constant(values: pa.ChunkedArray, siblings: Siblings) -> bool:
    codes, _ = _codes(values)
    after = np.flatnonzero(~siblings.firsts)
    if len(after) < _FEWEST or (codes[after] != codes[after - 1]).any():
        return False
    shares = np.bincount(codes) / len(codes)
    return bool(len(after) * np.log(max((shares**2).sum(), 1e-12)) < np.log(_CHANCE))


def _distinct(rows: pa.Table, columns: Sequence[Column], siblings: Siblings) -> tuple[str, ...]:
    """Those of the columns in which all siblings differ."""
    return tuple(c.name for c in columns if _is_distinct(rows.column(c.name), c.type, siblings))


def _is_distinct(values: pa.ChunkedArray, type_: ColumnType, siblings: Siblings) -> bool:
    if not (type_.is_string or is_countable(type_)):
        return False
    codes, null = _codes(values)
    if null.any():
        return False
    shares = np.bincount(codes) / len(codes)
    if siblings.pairs * float((shares**2).sum()) < _REPEATS:
        return False
    return len(np.unique(np.stack([siblings.family, codes]), axis=1)[0]) == len(codes)
