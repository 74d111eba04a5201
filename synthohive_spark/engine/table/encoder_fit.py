"""Fitting the codecs of a table; apart from the codecs, which travel to executors without what is imported here."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any

import joblib
import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.column_sample import ColumnSample, nothing_left
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.registry import fit_codec
from synthohive_spark.engine.codecs.text_fit import fit_text, with_room
from synthohive_spark.engine.columns import Column, source_of
from synthohive_spark.engine.encoded_table import EncodedTable, stack
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table_statistics import ColumnStatistics, TableStatistics
from synthohive_spark.errors import SchemaError

NUMERIC_ENCODINGS = ("rank", "mixture")


def fit_encoder(
    table: pa.Table,
    columns: tuple[Column, ...],
    statistics: TableStatistics,
    request: FitRequest,
    most_values: int = 0,
    threads: int = 1,
) -> tuple[TableEncoder, EncodedTable]:
    """Fit a codec for each column, and encode the rows.

    Args:
        table: The training rows.
        columns: The columns to encode.
        statistics: Statistics of all rows, of which ``table`` may be a sample.
        request: What is asked for; its seed fixes the draws of ties and of rows whose value is not kept, and each
            column has a seed of its own.
        most_values: See `synthohive_spark.engine.interface.Encoding`.
        threads: Columns that are fitted beside each other; the result does not depend on it.

    Raises:
        SchemaError: If the settings leave a column without any value, or the numeric encoding is not known.
    """
    check_numeric_encoding(request.numeric_encoding)
    jobs = joblib.Parallel(n_jobs=threads, prefer="threads")
    fit = partial(_fit_column, statistics=statistics, request=request, most_values=most_values)
    # Each in a copy of this thread's context, which says what its logs are about; all made here, not by a worker.
    calls = [joblib.delayed(copy_context().run)(fit, column, table.column(column.name)) for column in columns]
    fitted = jobs(calls)
    lost = [column.name for column, (codec, _, _) in zip(columns, fitted, strict=True) if codec.size == 0]
    if lost:
        raise nothing_left(lost, request.privacy)
    encoder = TableEncoder(columns, tuple(codec for codec, _, _ in fitted))
    varying = [(codec, codes, ranks) for codec, codes, ranks in fitted if codec.varies]
    ranks = [ranks for codec, _, ranks in varying if codec.ranked]
    return encoder, stack([codes for _, codes, _ in varying], ranks, table.num_rows)


def check_numeric_encoding(name: str) -> None:
    """An encoding of numbers that is not known is a `SchemaError` that lists the known ones."""
    if name not in NUMERIC_ENCODINGS:
        raise SchemaError(
            f"numeric_encoding {name!r} (numericEncoding) is not known; choose one of {', '.join(NUMERIC_ENCODINGS)}"
        )


def _fit_column(
    column: Column, chunks: pa.ChunkedArray, statistics: TableStatistics, request: FitRequest, most_values: int
) -> tuple[Codec, Any, Any]:
    values = one_array(chunks)
    own = statistics.columns.get(column.name, ColumnStatistics(values.null_count))
    named = column.name in request.rules.categorical
    sample = ColumnSample(column, values, own, request.privacy, request.seed, most_values, named)
    fit = partial(fit_codec, rules=request.rules, numeric_encoding=request.numeric_encoding)
    firsts = request.rules.firsts.get(source_of(column.name))
    if column.name in request.rules.partial:
        there = sample.take(np.flatnonzero(~null_mask(values)))
        sample = replace(there, statistics=replace(there.statistics, real_values=own.real_values))
    if column.name in request.rules.entity_names and not column.type.is_string:
        codec: Codec = fit(_each_once(sample), rows=statistics.rows)
    elif column.name in request.rules.entity_names:
        codec = _of_entities(sample, imitated=column.name in request.rules.imitated)
    else:
        codec = fit(sample, rows=statistics.rows) if firsts is None else fit(sample.take(firsts), rows=len(firsts))
    if codec.size == 0 and firsts is not None:  # so few that nothing of them may be kept
        codec = fit(sample, rows=statistics.rows)
    if codec.size == 0:
        return codec, None, None
    words = row_words(derive_seed(request.seed, "codec", column.name), np.arange(len(values)), codec.encode_words)
    codes, ranks = codec.encode(values, words)
    return codec.with_codes(codes), codes, ranks


def _each_once(sample: ColumnSample) -> ColumnSample:
    """The sample with each value once, so that what is kept of numbers is held by several entities."""
    values = sample.values.unique()
    return replace(sample, values=values, statistics=replace(sample.statistics, nulls=values.null_count), most_values=0)


def _of_entities(sample: ColumnSample, *, imitated: bool) -> Codec:
    """Patterns of strings of which each entity has one: what they share is what several values do, not several rows."""
    values, real = sample.values, sample.statistics.real_values
    if real is None:
        real = RealValueFilter.of(sample.counts, derive_seed(sample.seed, "seen", sample.column.name))
    each = replace(sample, values=values.drop_null().unique(), statistics=ColumnStatistics(0, real_values=real))
    nulls = values.null_count / len(values)
    shares = (nulls, 1 - nulls) if nulls else (1.0,)
    made = with_room(fit_text(each, imitated=imitated), len(each.values))
    return replace(made, has_null=bool(nulls), frequencies=shares)
