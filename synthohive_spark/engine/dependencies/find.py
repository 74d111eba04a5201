"""Finding what holds in all rows of a table; apart from `Dependencies`, which travels to executors without this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa

from synthohive_spark.declarations.dependencies import FixedCombinations, OneHot
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.clock_difference import find_clock_differences
from synthohive_spark.engine.dependencies.combinations import Combinations
from synthohive_spark.engine.dependencies.comparison_fit import find_comparisons
from synthohive_spark.engine.dependencies.composite_fit import Named, composites_in_codes
from synthohive_spark.engine.dependencies.declared import Declared, declared_flags
from synthohive_spark.engine.dependencies.dependencies import Dependencies, columns_of
from synthohive_spark.engine.dependencies.derived_fit import find_derived_columns
from synthohive_spark.engine.dependencies.equal_fit import find_equal_columns
from synthohive_spark.engine.dependencies.extreme_fit import find_extremes
from synthohive_spark.engine.dependencies.flag_words_fit import find_flags
from synthohive_spark.engine.dependencies.flags import FlagSet
from synthohive_spark.engine.dependencies.flags_fit import find_counted_flags, find_flag_sets
from synthohive_spark.engine.dependencies.formats import ClockFormat, TimeFormat
from synthohive_spark.engine.dependencies.functional_fit import find_functional_dependencies
from synthohive_spark.engine.dependencies.levels import Category, find_categories
from synthohive_spark.engine.dependencies.line_fit import find_lines
from synthohive_spark.engine.dependencies.linear import LinearRelation
from synthohive_spark.engine.dependencies.linear_fit import find_linear_relations
from synthohive_spark.engine.dependencies.loose_orders import loose_orders, without_lossy_orders
from synthohive_spark.engine.dependencies.null_inclusion import find_null_inclusions
from synthohive_spark.engine.dependencies.order_fit import find_orders, find_pairs
from synthohive_spark.engine.dependencies.order_levels_fit import find_orders_by_level
from synthohive_spark.engine.dependencies.period_fit import find_periods
from synthohive_spark.engine.dependencies.pieces_fit import find_pieces
from synthohive_spark.engine.dependencies.product import Factor, Product
from synthohive_spark.engine.dependencies.product_fit import find_products, product_parts
from synthohive_spark.engine.dependencies.product_levels_fit import find_products_by_level
from synthohive_spark.engine.dependencies.product_terms_fit import find_sums_of_products
from synthohive_spark.engine.dependencies.relations import Relations
from synthohive_spark.engine.dependencies.rewriting import split, virtual
from synthohive_spark.engine.dependencies.shaped_fit import find_shaped
from synthohive_spark.engine.dependencies.template import Templates
from synthohive_spark.engine.dependencies.template_fit import find_templates
from synthohive_spark.engine.dependencies.time_distance import Timed
from synthohive_spark.engine.dependencies.time_distance_fit import find_time_distances
from synthohive_spark.engine.dependencies.time_part_fit import find_time_parts, may_be_months
from synthohive_spark.engine.dependencies.typed import TypedColumn, Written
from synthohive_spark.engine.dependencies.typed_fit import find_json, find_typed
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.table_statistics import TableStatistics
from synthohive_spark.engine.temporal.calendar_fit import find_calendar
from synthohive_spark.engine.temporal.calendar_parts import Calendar


def find_in_values(
    table: pa.Table,
    columns: Sequence[Column],
    rules: ColumnRules,
    privacy: Privacy,
    statistics: TableStatistics,
    *,
    calendar: bool,
    orders_in_codes: bool = False,
    given: frozenset[str] = frozenset(),
) -> Dependencies:
    """What the values of columns have in common, and what is declared.

    Args:
        table: The training rows.
        columns: The columns to look at.
        rules: Which columns may be looked at, and what is declared.
        privacy: What may be kept of the rows.
        statistics: Statistics of all rows.
        calendar: Whether dates and timestamps are to be cut into parts.
        orders_in_codes: See `find_orders`.
        given: Columns that will be given, not drawn.
    """
    asked = {name for own in rules.declared for name in own.columns}
    known = {own.column.name for own in rules.templates}
    untouched = rules.imitated | rules.categorical | asked | known
    opened: list[Written] = [*find_json(table, columns, untouched), *find_lines(table, columns, untouched)]
    table, columns = split(opened, table), virtual(opened, columns)
    given, rules = _with_leaves(given, opened), replace(rules, unrelated=_with_leaves(rules.unrelated, opened))
    several = {n for own in rules.declared if isinstance(own, OneHot | FixedCombinations) for n in own.columns}
    free = [c for c in columns if c.name not in {*rules.unrelated, *asked}]
    typed = _find_typed(table, columns, free, rules, given, frozenset(several | known), privacy)
    templates, written = _find_texts(table, free, typed, rules, given, privacy)
    made = {own.column.name for own in templates.columns}
    told = {*rules.surrogates, *rules.unrelated, *asked, *given, *made, *(own.column.name for own in written)}
    read_flags, counts = find_flags(table, [c for c in columns if c.name not in told], privacy.min_rows)
    written += (*read_flags, *declared_flags(rules.declared, table, columns))
    table, columns = split(written, table), virtual(written, columns)
    declared = Declared.of(rules.declared, table, [c for c in columns if c.name not in made], privacy.min_rows)
    made |= declared.rewritten
    free = [c for c in columns if c.name not in {*rules.unrelated, *made}]
    flags, combinations = _find_flag_sets(table, [c for c in free if c.name not in given], declared, privacy)
    made |= {name for own in flags for name in own.names} | {name for own in combinations for name in own.names}
    own = tuple(c for c in columns if c.name not in {*(rules.unrelated - declared.ordered), *made})
    looked_at = (*own, *(formula.column for formula in declared.formulas))
    search = partial(_find_in_numbers, table, own, rules, privacy, given, declared, written, counts, orders_in_codes)
    found = _keeping_orders(search, lambda found: loose_orders(found, table, looked_at, declared.orders, given))
    found = without_lossy_orders(found, table, looked_at, given)
    made |= {o.column.name for o in (*found.orders.columns, *found.relations.timed) if o.column.type.is_temporal}
    left = tuple(c for c in columns if c.name not in made)
    untold = _untold(left, found, rules, (*opened, *written))
    return replace(
        found,
        equal=find_equal_columns(table, untold, left, given),
        templates=templates,
        written=(*opened, *written),
        combinations=combinations,
        flags=flags,
        calendar=find_calendar(table, left, privacy, statistics) if calendar else Calendar(),
    )


def _untold(
    columns: Sequence[Column], found: Dependencies, rules: ColumnRules, written: Sequence[Written]
) -> list[Column]:
    """Those of which nothing is known, and that are learned as they are written."""
    told = {name for own in found.in_values for name in columns_of(own)} | rules.unrelated | rules.surrogates.keys()
    told |= {part.name for own in written for part in own.parts}
    return [c for c in columns if c.name not in told]


def _find_texts(
    table: pa.Table,
    columns: Sequence[Column],
    typed: Sequence[Written],
    rules: ColumnRules,
    given: frozenset[str],
    privacy: Privacy,
) -> tuple[Templates, tuple[Written, ...]]:
    """Strings put together from other columns, those of ``typed`` that are not, and strings learned in pieces."""
    known = {own.column.name for own in rules.templates}
    texts = {own.column.name: own.form for own in typed if isinstance(own, TypedColumn)}
    times = {name: form for name, form in texts.items() if isinstance(form, TimeFormat)}
    understood = frozenset(own.column.name for own in typed)
    untold = [c for c in columns if c.name not in known]
    found = find_templates(table, untold, given, rules.imitated, understood, times, privacy)
    kept = {*rules.imitated, *rules.categorical, *given, *understood, *known}
    kept |= {own.column.name for own in found.columns}
    told = [c for c in columns if c.name not in understood]
    shaped = find_shaped(table, [c for c in columns if c.name not in kept], told, privacy)
    templates = Templates((*rules.templates, *found.columns, *shaped))
    made = {own.column.name for own in templates.columns}
    pieces = find_pieces(table, [c for c in columns if c.name not in kept | made], columns, privacy)
    return templates, (*(own for own in typed if own.column.name not in made), *pieces)


def _with_leaves(names: frozenset[str], opened: Sequence[Written]) -> frozenset[str]:
    """Names of columns, and of the leaves of those of JSON among them."""
    return names.union(part.name for own in opened if own.column.name in names for part in own.parts)


def _find_flag_sets(
    table: pa.Table, columns: Sequence[Column], declared: Declared, privacy: Privacy
) -> tuple[tuple[FlagSet, ...], tuple[Combinations, ...]]:
    """Sets of flags of which one is set or none, and columns of which only known combinations come out."""
    found = find_flag_sets(table, columns)
    taken = {name for own in found for name in own.names}
    counted = find_counted_flags(table, [c for c in columns if c.name not in taken], privacy.min_rows)
    return (*declared.flags, *found), (*declared.combinations, *counted)


def _find_typed(
    table: pa.Table,
    columns: Sequence[Column],
    free: Sequence[Column],
    rules: ColumnRules,
    given: frozenset[str],
    left: frozenset[str],
    privacy: Privacy,
) -> list[Written]:
    """What strings and integers are written as; periods only among ``free`` columns, nothing of those that are left."""
    left |= rules.imitated | rules.categorical
    typed = find_typed(table, columns, left, privacy)
    # Years and months are no times of day, though 202312 may look like one.
    months = {c.name for c in free if c.type.is_integer and may_be_months(table.column(c.name))}
    if months:
        read = [own for own in typed if own.column.name not in months and isinstance(own, TypedColumn) and own.is_time]
        names = {c.name for c in free}
        numbers = [c for c in virtual(read, columns) if c.name in names and (c.type.is_temporal or c.name in months)]
        told = frozenset(own.column.name for own in rules.templates)
        parts = {own.column.name for own in find_time_parts(split(read, table), numbers, given, told, privacy)}
        typed = [own for own in typed if own.column.name not in parts]
    periods = find_periods(table, free, typed, left, privacy)
    return list({own.column.name: own for own in (*typed, *periods)}.values())


def _keeping_orders(
    search: Callable[[frozenset[str]], Dependencies], loose: Callable[[Dependencies], Collection[tuple[str, str]]]
) -> Dependencies:
    """What is found such that as few declared orders as may be are loose: relations are solved for others if they can.

    Args:
        search: Finds what holds; some columns are computed from none.
        loose: The orders, lower and upper column, that rows may break whatever holds in them.
    """
    firm = frozenset[str]()
    found = search(firm)
    left = loose(found)
    for side in (1, 0):
        if not left:
            break
        more = firm.union(pair[side] for pair in left)
        other = search(more)
        if len(other.relations.every) >= len(found.relations.every) and len(still := loose(other)) < len(left):
            firm, found, left = more, other, still
    return found


def _find_in_numbers(
    table: pa.Table,
    columns: tuple[Column, ...],
    rules: ColumnRules,
    privacy: Privacy,
    given: frozenset[str],
    declared: Declared,
    written: Sequence[Written],
    counts: tuple[LinearRelation, ...],
    orders_in_codes: bool,
    firm: frozenset[str],
) -> Dependencies:
    """How numbers and times are computed from each other, and in what order they are; ``firm`` ones from none."""
    typed = [own for own in written if isinstance(own, TypedColumn)]
    clocks = {own.column.name: own.form.day for own in typed if isinstance(own.form, ClockFormat)}
    differences = find_clock_differences(table, clocks, [c for c in columns if c.name not in given])
    timed = frozenset(own.column.name for own in differences)
    plain = tuple(c for c in columns if c.name not in timed)
    kept = rules.imitated | timed | {name for pair in declared.orders for name in pair}
    of_times: tuple[Timed, ...] = find_time_parts(table, plain, given, kept, privacy)
    kept |= {own.column.name for own in of_times}
    of_times += find_time_distances(table, plain, given, kept)
    told = frozenset(own.column.name for own in of_times)
    # What real rows break, no relation that they keep can keep.
    firm |= declared.broken_orders(table) | told
    extremes = find_extremes(table, [c for c in plain if c.name not in rules.imitated], firm | given)
    firm |= {own.column.name for own in extremes}
    counted = {own.column for own in counts}
    searched = tuple(c for c in plain if c.name not in counted)
    shown = tuple(c for c in columns if c.name not in rules.imitated)
    categories = find_categories(table, shown, privacy.min_rows)
    sums, products = _find_sums_and_products(table, searched, categories, firm, privacy)
    relations = (*counts, *sums)
    related = {n for own in relations for n in own.columns} | {n for own in products for n in own.numbers}
    parts = {name for own in of_times for name in own.columns}
    parts |= {own.column for own in relations} | {own.column.name for own in products}
    made_of = Relations(linear=relations, products=products).made_of
    followers = find_derived_columns(table, shown, privacy, frozenset(parts) | firm | timed, made_of)
    # What relations are made of may follow a number of which none is made, and which follows nothing.
    led = {own.column for own in followers}
    followers = tuple(f for f in followers if f.column not in related or f.of.name not in related | led)
    computed = {r.column for r in relations} | {p.column.name for p in products} | {f.column for f in followers}
    taken = frozenset(computed) | firm | timed | given
    comparisons = find_comparisons(table, shown, taken, privacy.min_rows, made_of)
    found = Relations(of_times, relations, products, differences, declared.formulas, followers, comparisons, extremes)
    columns += tuple(own.column for own in declared.formulas)
    pairs = find_pairs(table, columns, privacy, declared.orders).beside(found.made_of)
    orders = find_orders(pairs, given, in_codes=orders_in_codes)
    orders = replace(orders, partial=find_orders_by_level(pairs, categories, given))
    return Dependencies(orders=orders, relations=found)


def _find_sums_and_products(
    table: pa.Table,
    columns: tuple[Column, ...],
    categories: Sequence[Category],
    firm: frozenset[str],
    privacy: Privacy,
) -> tuple[tuple[LinearRelation, ...], tuple[Product, ...]]:
    """The two, a column that both would compute being the product where sums can be solved for others instead.

    A multiple of another column, such as the same amount in text, is in no product: each would be found of both.
    """
    sums = find_linear_relations(table, columns, privacy, firm)
    single = {own.column for own in sums if len(own.of) == 1}
    parts = product_parts(table, [c for c in columns if c.name not in _multiples(table, sums)], privacy)
    products = find_products(table, parts, firm)
    choices = [sums]
    own = {own.column.name for own in products if own.is_plain} - single
    if own & {r.column for r in sums}:
        solved = find_linear_relations(table, columns, privacy, firm | own)
        choices = [solved, sums] if len(solved) >= len(sums) else choices

    def beside(sums: tuple[LinearRelation, ...]) -> tuple[Product, ...]:
        taken = frozenset(r.column for r in sums)
        made_of = Relations(linear=sums, products=products).made_of
        if taken & {own.column.name for own in products} or any(name in made for name, made in made_of.items()):
            return find_products(table, parts, taken | firm, sums)
        return products

    sums, products = max(((own, beside(own)) for own in choices), key=lambda both: len(both[0]) + len(both[1]))
    products = find_sums_of_products(table, parts, sums, products, firm)
    return sums, find_products_by_level(table, parts, categories, products, sums, firm)


def _multiples(table: pa.Table, sums: Sequence[LinearRelation]) -> set[str]:
    """The columns that are a multiple of another one wherever they are not null, which stands for both in products."""
    alone = [own for own in sums if len(own.of) == 1 and not (own.rough or own.offset)]
    nulls = {name: null_mask(one_array(table.column(name))) for own in alone for name in own.columns}
    return {own.column for own in alone if not (nulls[own.of[0]] & ~nulls[own.column]).any()}


def find_in_codes(
    found: Dependencies,
    table: pa.Table,
    pairs: Sequence[tuple[int, int]],
    encoded: EncodedTable,
    blocks: Sequence[Block],
    composites: Sequence[Named],
    privacy: Privacy,
) -> Dependencies:
    """What was found in values, and what the codes of columns have in common.

    Args:
        found: What was found in values.
        table: The training rows, as `Dependencies.split` made them.
        pairs: See `deciding_pairs`.
        encoded: The same rows, encoded.
        blocks: The encoded columns.
        composites: See `find_composites`.
        privacy: What may be kept of the rows.
    """
    links = find_functional_dependencies(table, (), encoded, blocks, pairs)
    return replace(
        found,
        functional=(*links, *composites_in_codes(table, composites, encoded, blocks, links, privacy.min_rows)),
        null_inclusions=find_null_inclusions(encoded, blocks),
        blocks=tuple(block.name for block in blocks),
    )


def with_decided_last(found: Dependencies) -> Dependencies:
    """Products of which parts that decide other columns, or are decided, are the last to be changed."""
    linked = {found.blocks[place] for own in found.functional for place in own.columns}
    linked |= {name for own in found.entities for name in own.columns}

    def last(parts: tuple[Factor, ...]) -> tuple[Factor, ...]:
        return tuple(replace(part, different=0) if part.name in linked else part for part in parts)

    products = (replace(own, factors=last(own.factors), terms=last(own.terms)) for own in found.relations.products)
    return replace(found, relations=replace(found.relations, products=tuple(products)))
