"""Learning a table: what holds in it, then its codecs, then the engine."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.code_orders import CodeOrders
from synthohive_spark.engine.columns import source_of
from synthohive_spark.engine.dependencies.composite_fit import find_composites
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities_fit import find_entities
from synthohive_spark.engine.dependencies.find import find_in_codes, find_in_values, with_decided_last
from synthohive_spark.engine.dependencies.functional_fit import deciding_pairs
from synthohive_spark.engine.dependencies.rewriting import part_statistics
from synthohive_spark.engine.dependencies.shaped import ShapedColumn
from synthohive_spark.engine.encoded_table import Layout
from synthohive_spark.engine.interface import Engine
from synthohive_spark.engine.limits import DEFAULT_THREADS
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.engine.table.assessment import assess, warnings_of
from synthohive_spark.engine.table.beside import find_beside
from synthohive_spark.engine.table.code_orders import find_code_orders
from synthohive_spark.engine.table.echoes import find_echoes
from synthohive_spark.engine.table.encoder_fit import check_numeric_encoding, fit_encoder
from synthohive_spark.engine.table.exclusions import find_exclusions
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.engine.table.names import learned_as_they_are, with_names
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table.rows_check import warn_of_orders, warn_of_rows
from synthohive_spark.engine.table.stand_ins import with_stand_ins
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.engine.temporal.calendar_fit import calendar_statistics
from synthohive_spark.engine.training.threads import limited_threads
from synthohive_spark.errors import SchemaError, TrainingError
from synthohive_spark.logs import get_logger

_SHOWN = 20
_log = get_logger(__name__)


def fit_table(
    table: pa.Table, engine: Engine, request: FitRequest, statistics: TableStatistics | None = None
) -> TableModel:
    """Learn a table.

    Args:
        table: The training rows, in a canonical order if the result is to be the same every time.
        engine: What learns them.
        request: What is asked for.
        statistics: Statistics of all rows, where ``table`` is a sample of them.

    Raises:
        SchemaError: If there is no column to generate, or a column's values or the numeric encoding cannot be learned.
        TrainingError: If there are no rows, no column has a value, or training cannot end in a model.
    """
    check_encoding(request.numeric_encoding, engine)
    _check_rows(table, request)
    threads = engine.settings.threads or DEFAULT_THREADS
    with limited_threads(threads):
        return _fit(table, engine, request, statistics, threads)


def _fit(
    table: pa.Table, engine: Engine, request: FitRequest, statistics: TableStatistics | None, threads: int
) -> TableModel:
    statistics = statistics or TableStatistics.of(table, request.columns)
    learned = [c for c in request.generated if c.name not in request.rules.surrogates]
    warned = warn_of_rows(table, learned, request.privacy)
    dependencies = find_in_values(
        table,
        request.learned,
        request.rules,
        request.privacy,
        statistics,
        calendar=engine.encoding.calendar,
        orders_in_codes=engine.encoding.orders,
        given=frozenset(request.conditions),
    )
    warned += warn_of_orders(dependencies, table, request)
    rows, table = table, dependencies.split(table)
    known = statistics
    statistics = calendar_statistics(dependencies.calendar, part_statistics(dependencies.rewritten, statistics))
    statistics = _with_real_values(statistics, known, rows, dependencies, request.seed)
    most_values = engine.encoding.most_values
    generated = dependencies.split_columns(request.generated)
    looked_at = [c for c in generated if c.name not in request.rules.surrogates]
    rules, plain = request.rules, learned_as_they_are(looked_at, request, dependencies, imitated=False)
    composites = find_composites(table, plain, request.privacy.min_rows)
    request = with_names(rows, table, looked_at, request, dependencies, composites)
    encoder, encoded = fit_encoder(table, generated, statistics, request, most_values, threads)
    given = dependencies.split_columns(request.context)
    context_encoder, context = fit_encoder(table, given, statistics, request, most_values, threads)
    related = [c.name for c in looked_at if source_of(c.name) not in rules.independent]
    pairs = deciding_pairs(table, related, encoder.blocks)
    encoder, encoded = with_stand_ins(encoder, encoded, table, pairs, request, statistics)
    dependencies = find_in_codes(dependencies, table, pairs, encoded, encoder.blocks, composites, request.privacy)
    if not request.conditions:
        free = [c for c in request.generated if c.name not in {*rules.surrogates, *rules.unrelated}]
        dependencies = replace(dependencies, entities=find_entities(rows, free, dependencies))
    plain = learned_as_they_are(looked_at, request, dependencies)
    exclusions = find_exclusions(table, [c.name for c in plain], encoder)
    dependencies = with_decided_last(replace(dependencies, different=tuple(exclusions)))
    layout = Layout(
        encoder.blocks,
        context_encoder.blocks,
        request.privacy.min_rows,
        dependencies.functional,
        dependencies.null_inclusions,
        tuple(find_echoes(encoder, encoded, context_encoder, context)),
        dependencies.first,
        tuple(exclusions.values()),
        () if engine.encoding.orders else find_beside(rows, dependencies, encoded, encoder.blocks),
        find_code_orders(dependencies.orders, encoder) if engine.encoding.orders else CodeOrders(),
    )
    fitted = engine.fit(encoded, context, layout, request.training)
    score = assess(fitted, encoded, context, layout, request.seed)
    warned = (*warnings_of(fitted, score, engine.settings.max_seconds), *warned)
    fitted = replace(fitted, pair_score=score, warnings=warned)
    names = tuple(c.name for c in request.context)
    if told := dependencies.told(rows):
        _log.info("dependencies_found", count=len(told), first=list(told[:_SHOWN]))
    return TableModel(engine.name, request.columns, names, encoder, context_encoder, layout, fitted, dependencies, told)


def _with_real_values(
    statistics: TableStatistics, known: TableStatistics, rows: pa.Table, found: Dependencies, seed: int
) -> TableStatistics:
    """The statistics, with the real values of a column for those of its parts that are whole strings."""
    columns = dict(statistics.columns)
    for own in found.templates.columns:
        if isinstance(own, ShapedColumn):
            name = own.column.name
            real = known.columns.get(name, ColumnStatistics(0)).real_values
            values = one_array(rows.column(name)).drop_null().unique().to_pylist()
            real = real or RealValueFilter.of(values, derive_seed(seed, "seen", name))
            columns |= {part.name: ColumnStatistics(0, real_values=real) for part in own.untold}
    return replace(statistics, columns=columns)


def check_encoding(name: str, engine: Engine) -> None:
    """The encoding of numbers must be one that the engine learns."""
    if name not in engine.encoding.numeric:
        check_numeric_encoding(name)
        raise SchemaError(
            f"the engine {engine.name!r} does not learn numeric_encoding {name!r} (numericEncoding); "
            f"leave it at {engine.encoding.numeric[0]!r}"
        )


def _check_rows(table: pa.Table, request: FitRequest) -> None:
    """There must be a column to generate, a row, and a value in what is to be learned."""
    if not request.generated:
        raise SchemaError("there is no column to generate: every column is excluded, given or the row id")
    if table.num_rows == 0:
        raise TrainingError("the table has no rows to learn from")
    learned = [c.name for c in request.generated if c.name not in request.rules.surrogates]
    if learned and all(table.column(name).null_count == table.num_rows for name in learned):
        raise TrainingError(
            f"every column to learn is null in all of its {table.num_rows:,} rows: there is nothing to learn"
        )
